"""
Make live_table.svg: the demo's own table, a minute into the replayed weeks.

    .venv/bin/python docs/pictures/live_table.py

Starts `parfeed demo` on an empty directory, watches it as any client does, and keeps
what the terminal would show.
"""

import asyncio
import io
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console, Group

import parfeed
from parfeed.cli.demo_screen import DERIVED
from parfeed.cli.screen import FRAMES_PER_S, Screen

OUT: Final = Path(__file__).with_suffix(".svg")
WIDTH, HEIGHT = 112, 26
SHOWN_AFTER_S: Final = 60.0
"""Into the first replayed Monday: a few thousand sales are in the table by then."""


async def main() -> None:
    """Start the demo, watch it, keep the picture, stop the demo."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port = probing.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        demo = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("parfeed")),
            *("demo", "--data-dir", folder, "--port", str(port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _keep_picture(f"ws://127.0.0.1:{port}/")
        finally:
            demo.terminate()
            await demo.wait()


async def _keep_picture(url: str) -> None:
    unseen = Console(
        file=io.StringIO(), force_terminal=True, width=WIDTH, height=HEIGHT
    )
    async with parfeed.connect(url, timeout=60) as feed:
        rows = feed.subscribe(max_rate=FRAMES_PER_S)
        screen = Screen(feed, rows, unseen)
        try:
            async with asyncio.timeout(SHOWN_AFTER_S):
                await screen.show()
        except TimeoutError:
            pass  # it shows for ever; this long is enough
        paper = Console(
            file=io.StringIO(),
            record=True,
            force_terminal=True,
            color_system="truecolor",
            width=WIDTH,
            height=HEIGHT,
        )
        paper.print(Group(DERIVED, screen.frame()))
        paper.save_svg(str(OUT), title="parfeed demo")


if __name__ == "__main__":
    asyncio.run(main())
