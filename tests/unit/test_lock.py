import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parfeed.errors import AlreadyRunning
from parfeed.lock import DirectoryLock, holder, read_owner
from schemas.errors import InvalidSettings


async def test_a_locked_directory_says_who_runs_there_and_where(tmp_path: Path) -> None:
    first = DirectoryLock(tmp_path / "lock")
    await first.acquire({"address": "ws://127.0.0.1:8765/"})
    second = DirectoryLock(tmp_path / "lock")
    with pytest.raises(AlreadyRunning) as raised:
        await second.acquire({})
    text = str(raised.value)
    assert f"process {os.getpid()}" in text
    assert "ws://127.0.0.1:8765/" in text
    assert str(tmp_path) in text
    assert not second.held
    first.release()


async def test_a_released_lock_is_free(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path / "made" / "lock")
    await lock.acquire({})
    assert holder(lock.path) == {"pid": str(os.getpid())}
    lock.release()
    assert holder(lock.path) is None
    await lock.acquire({})
    lock.release()


async def test_a_lock_waits_for_the_children_of_a_dead_owner(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = DirectoryLock(path)
    await first.acquire({})
    child = await asyncio.create_subprocess_exec(  # lives until its input ends
        sys.executable,
        "-c",
        "import sys; sys.stdin.read()",
        stdin=asyncio.subprocess.PIPE,
        pass_fds=(first.fd,),
    )
    first.note({"pid": _pid_of_nobody()})
    first.release()
    second = DirectoryLock(path)
    waiting = asyncio.create_task(second.acquire({}))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    assert child.stdin is not None
    child.stdin.close()
    await child.wait()
    await waiting
    assert read_owner(path)["pid"] == str(os.getpid())
    second.release()


async def test_a_lock_gives_up_on_children_that_do_not_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = DirectoryLock(path)
    await first.acquire({})
    first.note({"pid": _pid_of_nobody()})
    with pytest.raises(AlreadyRunning):
        await DirectoryLock(path).acquire({}, patience_s=0.1)
    first.release()


@pytest.mark.parametrize("note", ["", "{", "[1]", "3"])
def test_a_note_that_is_none_is_nobody(tmp_path: Path, note: str) -> None:
    (tmp_path / "lock").write_text(note)
    assert read_owner(tmp_path / "lock") == {}
    assert holder(tmp_path / "lock") is None


async def test_a_directory_that_cannot_be_made_names_the_option(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "data" / "lock"
    with pytest.raises(InvalidSettings, match="--data-dir"):
        await DirectoryLock(path).acquire({})
    assert holder(path) is None


def test_a_lock_that_was_never_taken_is_free(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None


def _pid_of_nobody() -> str:
    # A process that has ended and been waited for.
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return str(ended.pid)
