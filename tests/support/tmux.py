"""A real terminal: tmux, with a server of its own that ends with the test."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from support.commands import PARFEED
from support.polling import eventually

FINISHED = "FINISHED WITH"
"""What stands on the screen once the command has ended, and then its exit code."""


class Screen:
    """A terminal of tmux; made by `on_tmux`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def press(self, *keys: str) -> None:
        """Press keys, as tmux calls them."""
        self._tmux("send-keys", *keys)

    def lines(self) -> list[str]:
        """What is to be seen, line by line."""
        return self._tmux("capture-pane", "-p").split("\n")[:-1]

    def styled(self) -> str:
        """What is to be seen, with what colours it."""
        return self._tmux("capture-pane", "-p", "-e")

    def resize(self, width: int, height: int) -> None:
        """Make the terminal another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    async def shows(self, *words: str, within_s: float = 30) -> list[str]:
        """Wait until all of these are to be seen, and return the lines."""
        seen: list[str] = []

        def look() -> bool:
            seen[:] = self.lines()
            text = "\n".join(seen)
            assert all(word in text for word in words), text
            return True

        await eventually(look, within_s=within_s, every_s=0.1)
        return seen

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._name, arguments[0], "-t", "main", *arguments[1:]]
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def on_tmux(
    width: int, height: int, environ: Mapping[str, str], *arguments: str
) -> Iterator[Screen]:
    """Run `parfeed` in a terminal of this size; skipped where there is no tmux."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing; install it: apt-get install tmux")
        pytest.skip("needs tmux: apt-get install tmux")
    name = f"parfeed-{uuid.uuid4().hex[:8]}"
    clean = {key: value for key, value in environ.items() if not key.startswith("TMUX")}
    line = " ".join([*PARFEED, *arguments])
    subprocess.run(
        [
            *("tmux", "-L", name, "-f", os.devnull, "new-session", "-d", "-s", "main"),
            *("-x", str(width), "-y", str(height)),
            f"{line}; echo {FINISHED} $?; exec cat",
        ],
        check=True,
        env=clean,
    )
    try:
        yield Screen(name)
    finally:
        subprocess.run(["tmux", "-L", name, "kill-server"], check=False)
