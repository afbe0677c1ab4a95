"""
A lock on a directory, held by the kernel, with a note of who holds it.

The lock is on an open file, and children that inherit the file hold it too: a data
directory is free when the last process that works in it is gone, and not before.
After a hard kill the children need a moment to follow; `acquire` waits for them.
"""

import asyncio
import fcntl
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from parfeed.errors import AlreadyRunning
from schemas.errors import InvalidSettings

_POLL_S: Final = 0.05


class DirectoryLock:
    """A lock file in a directory; not reentrant."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def fd(self) -> int:
        """The open file, to be inherited by children."""
        if self._fd is None:
            raise AssertionError(f"{self.path} is not locked by us")
        return self._fd

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._fd is not None

    async def acquire(self, owner: dict[str, str], patience_s: float = 10.0) -> None:
        """
        Take the lock and note `owner` and our pid in it.

        Args:
            owner: what a second one should be told, an `address` for example.
            patience_s: how long to wait for the children of an owner that is dead.

        Raises:
            AlreadyRunning: if its owner lives, or its children do not end in time.
            InvalidSettings: if the directory cannot be made or written to.
        """
        fd = self._open()
        deadline = time.monotonic() + patience_s
        try:
            while not _try_lock(fd):
                found = read_owner(self.path)
                if _lives(found) or time.monotonic() > deadline:
                    raise AlreadyRunning(self.path, found)
                await asyncio.sleep(_POLL_S)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        self.note(owner)

    def note(self, owner: dict[str, str]) -> None:
        """Replace the note of who holds the lock."""
        text = msgspec.json.encode({"pid": str(os.getpid()), **owner})
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text, 0)

    def release(self) -> None:
        """Let go. Children that inherited the lock keep it until they end."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise InvalidSettings(
                f"{self.path.parent} cannot be used ({exc.strerror}); choose another "
                "directory with --data-dir or PARFEED_DATA_DIR"
            ) from exc


def read_owner(path: Path) -> dict[str, str]:
    """Return the note of who holds the lock, empty if there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def holder(path: Path) -> dict[str, str] | None:
    """Return who holds the lock now; None if it is free."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return {}  # somebody else's
    try:
        return None if _try_lock(fd) else read_owner(path)
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(owner: dict[str, str]) -> bool:
    try:
        os.kill(int(owner["pid"]), 0)
    except (KeyError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
