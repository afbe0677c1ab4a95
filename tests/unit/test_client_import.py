"""`import parfeed` must cost nothing: every command and every script pays it."""

import subprocess
import sys

import pytest

import parfeed

IMPORT_LIMIT_MS = 30


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_the_package_loads_neither_client_nor_libraries() -> None:
    heavy = ("asyncio", "websockets", "msgspec", "typer", "rich", "parfeed.client")
    program = f"import sys, parfeed; print([n for n in {heavy!r} if n in sys.modules])"
    assert run(program) == "[]"


def test_importing_the_package_is_quick() -> None:
    program = (
        "import time; begun = time.perf_counter(); import parfeed; "
        "print((time.perf_counter() - begun) * 1000)"
    )
    # The best of a few: the machine may be busy with something else.
    assert min(float(run(program)) for _ in range(5)) < IMPORT_LIMIT_MS


def test_every_public_name_can_be_had() -> None:
    for name in parfeed.__all__:
        assert getattr(parfeed, name).__name__ == name
        assert name in dir(parfeed)
    with pytest.raises(AttributeError, match="'nothing'"):
        parfeed.nothing  # noqa: B018
