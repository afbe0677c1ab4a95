"""Textual is loaded by the console alone: other commands start as fast as before."""

import json
import subprocess
import sys

import pytest

MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded(*statements: str) -> list[str]:
    code = "; ".join([*statements, MODULES])
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", ["parfeed.cli.app", "parfeed.cli.console"])
def test_the_command_line_does_not_load_the_screens_library(module):
    modules = loaded(f"import {module}")
    assert module in modules
    assert "textual" not in modules
    assert not any(name.startswith("parfeed.console") for name in modules)


def test_what_the_console_shows_is_known_without_the_screens_library():
    modules = loaded("import parfeed.console.desk", "import parfeed.console.asking")
    assert "textual" not in modules


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "parfeed", "console", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "needs a terminal"),
        (("--board", "--consumer", "ada"), "--consumer"),
        (("--board", "--company", "bakery"), "--company"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused_with_the_cure(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
