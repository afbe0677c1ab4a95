"""
Processes that die with their starter, however it dies.

Each test starts a starter of its own, since the starter must be killed.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.polling import SCALE, eventually
from support.processes import lives

from parfeed import guard
from parfeed.process import ChildProcess

STARTER = """
import asyncio, sys
from pathlib import Path
from parfeed.process import ChildProcess

async def main():
    child = await ChildProcess.start(sys.argv[2:], log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def start_starter(log: Path, program: str) -> tuple[subprocess.Popen[str], int]:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(log), sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    return starter, int(starter.stdout.readline())


@pytest.mark.parametrize("program", [SLEEPER, STUBBORN], ids=["polite", "stubborn"])
async def test_a_child_ends_when_its_starter_is_killed_hard(
    tmp_path: Path, program: str
) -> None:
    log = tmp_path / "child.log"
    starter, child = start_starter(log, program)
    try:
        await eventually(lambda: "up" in log.read_text())
        assert lives(child)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        await eventually(lambda: not lives(child), within_s=guard.GRACE_S + 5)
    finally:
        starter.kill()
        starter.communicate()
        if lives(child):
            os.kill(child, signal.SIGKILL)


async def test_the_pid_and_the_exit_code_are_the_commands_own(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = await ChildProcess.start(
        [sys.executable, "-c", "import os; print(os.getpid()); raise SystemExit(7)"],
        log=log,
    )
    assert await child.wait() == 7
    assert log.read_text() == f"{child.pid}\n"


async def test_a_signal_to_the_pid_reaches_the_command(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = await ChildProcess.start([sys.executable, "-c", SLEEPER], log=log)
    await eventually(lambda: "up" in log.read_text())
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL


async def test_what_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = await ChildProcess.start([sys.executable, "-c", STUBBORN], log=log)
    await eventually(lambda: "up" in log.read_text())
    assert await child.stop(within_s=0.1) == -signal.SIGKILL


async def test_what_the_command_inherits_is_free_as_soon_as_the_command_has_ended(
    tmp_path: Path,
) -> None:
    # Were the watchdog to hold a lock too, the next start would meet it.
    read_end, write_end = os.pipe()
    log = tmp_path / "child.log"
    child = await ChildProcess.start(
        [sys.executable, "-c", SLEEPER], log=log, inherited_fds=(write_end,)
    )
    os.close(write_end)
    await eventually(lambda: "up" in log.read_text())
    (watchdog,) = children(child.pid)
    os.kill(watchdog, signal.SIGSTOP)
    try:
        child.kill()
        await child.wait()
        end = await asyncio.wait_for(asyncio.to_thread(os.read, read_end, 1), 5 * SCALE)
    finally:
        os.kill(watchdog, signal.SIGCONT)
    os.close(read_end)
    assert end == b""


async def test_a_command_that_is_not_there_says_so(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = await ChildProcess.start(["/nowhere/at-all"], log=log)
    assert await child.wait() == 127
    assert "cannot run /nowhere/at-all" in log.read_text()


def test_the_guard_without_a_command_says_how_to_use_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "parfeed.guard"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_the_guard_imports_only_what_starts_at_once() -> None:
    home = str(Path(guard.__file__).parent)
    show = (
        f"import sys; sys.path.insert(0, {home!r}); import guard; print(*sys.modules)"
    )
    interpreter = guard.command([])[:-1]
    loaded = subprocess.run(
        [*interpreter, "-c", show], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"asyncio", "typing", "subprocess", "parfeed"} & set(loaded)


async def test_a_log_that_has_grown_large_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parfeed.process.MAX_LOG_BYTES", 10)
    log = tmp_path / "child.log"
    log.write_text("more than ten bytes")
    child = await ChildProcess.start([sys.executable, "-c", "print('new')"], log=log)
    await child.wait()
    assert log.read_text() == "new\n"
    assert (tmp_path / "child.log.old").read_text() == "more than ten bytes"


async def test_the_guard_costs_little_time(tmp_path: Path) -> None:
    began = time.perf_counter()
    child = await ChildProcess.start(["/bin/sh", "-c", ":"], log=tmp_path / "log")
    await child.wait()
    # 20 ms here; a guard that imported our packages would take half a second.
    assert time.perf_counter() - began < 0.4 * SCALE
