"""What a signal does to a program that runs by `signals.run`: in one of its own."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio
from parfeed import signals

async def main():
    try:
        print("up", flush=True)
        await asyncio.Event().wait()
    finally:
        print("putting away", flush=True)
        if {slow}:
            await asyncio.Event().wait()

print(signals.run(main()))
"""


def start(slow: bool) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(slow=slow)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    return program


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_program_put_away_what_it_has(number: int) -> None:
    program = start(slow=False)
    program.send_signal(number)
    assert program.communicate(timeout=20) == ("putting away\nNone\n", "")
    assert program.returncode == 0


def test_a_second_signal_does_not_wait() -> None:
    program = start(slow=True)
    program.send_signal(signal.SIGINT)
    assert program.stdout is not None
    assert program.stdout.readline() == "putting away\n"
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)
    assert program.returncode == 130
