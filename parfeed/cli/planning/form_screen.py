"""
The form of `parfeed bid` on a terminal, with the market beside what is typed.

The terminal is put into a mode in which keys come one by one, and back again however
the form ends. Rows of the product that is typed are subscribed to while it is typed,
so supply, demand and prices move on screen as the feed sends them.
"""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from parfeed.cli.layout import plain
from parfeed.cli.planning.effect import foreseen, standing
from parfeed.planning import cells
from parfeed.planning.errors import UnfitCell
from parfeed.planning.form import Field, Form, Keys
from schemas.rows import MarketRow
from schemas.values import Period

if TYPE_CHECKING:
    from parfeed.client.feed import Feed

PRODUCT: Final = "--product"
QUANTITY: Final = "--quantity"

_PROMPTS: Final = {
    "--company": ("Company", cells.identifier),
    PRODUCT: ("Product", cells.identifier),
    QUANTITY: ("Quantity", cells.quantity),
}
_READ_BYTES: Final = 4_096


async def ask_for(
    feed: "Feed", period: Period, given: Mapping[str, object]
) -> dict[str, str] | None:
    """
    Ask for what a bid lacks.

    Args:
        feed: an open feed.
        period: that is bid for.
        given: by the option's name, what is known already; None for what is not.

    Returns:
        All of it as texts that fit; None if who types gave up.
    """
    form = Form(
        [
            Field(name, prompt, kind, "" if given[name] is None else str(given[name]))
            for name, (prompt, kind) in _PROMPTS.items()
        ]
    )
    screen = _FormScreen(feed, period, form)
    return await screen.filled()


class _FormScreen:
    def __init__(self, feed: "Feed", period: Period, form: Form) -> None:
        self._feed = feed
        self._period = period
        self._form = form
        self._changed = asyncio.Event()
        self._keys = Keys()
        self._product = ""
        self._row: MarketRow | None = None
        self._watching: asyncio.Task[None] | None = None

    async def filled(self) -> dict[str, str] | None:
        form = self._form
        console = Console(stderr=True)
        with (
            _single_keys(sys.stdin.fileno()) as fd,
            Live(console=console, auto_refresh=False) as live,
            self._read_by_loop(fd),
        ):
            try:
                while not (form.is_done or form.is_cancelled):
                    self._changed.clear()
                    await self._follow()
                    live.update(self.frame(), refresh=True)
                    await self._changed.wait()
                live.update(self.frame(), refresh=True)
            finally:
                await self._stop_watching()
        return form.values if form.is_done else None

    def frame(self) -> RenderableType:
        lines = [Text(f"A bid for {self._period}", style="bold")]
        for number, field in enumerate(self._form.fields):
            is_typed = number == self._form.at and not self._form.is_done
            lines.append(
                Text.assemble(
                    "> " if is_typed else "  ",
                    (f"{field.prompt:<9}", "bold" if is_typed else ""),
                    plain(field.text),
                    ("_", "blink") if is_typed else "",
                    (f"  {field.fault}", "red") if field.fault else "",
                )
            )
        lines.append(Text(f"  {self._beside()}", style="cyan"))
        hint = "Enter: next, last one sends.  Up, Down: other field.  Ctrl-C: give up."
        lines.append(Text(hint, style="dim"))
        return Group(*lines)

    # Private

    def _beside(self) -> str:
        if not self._product:
            return "Type a product to see where it stands."
        row = self._row
        if row is None:
            return f"Nothing is known yet of {plain(self._product)} in {self._period}."
        text = f"{plain(row.product_id)}: {standing(row)}"
        try:
            more = Decimal(cells.quantity(self._form.values[QUANTITY]))
        except UnfitCell:
            return text
        return f"{text}\n  {foreseen(row, more)}"

    async def _follow(self) -> None:
        product = self._form.values[PRODUCT][:64]
        if product == self._product:
            if self._watching is not None and self._watching.done():
                # It ends only when the feed is gone for good.
                self._watching.result()
            return
        await self._stop_watching()
        self._product, self._row = product, None
        if product:
            self._watching = asyncio.create_task(self._watch(product))
            self._watching.add_done_callback(lambda _: self._changed.set())

    async def _watch(self, product: str) -> None:
        async with self._feed.subscribe(
            products=[product], period=self._period
        ) as rows:
            async for _ in rows:
                self._row = next(iter(rows.rows.values()), None)
                self._changed.set()

    async def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None

    @contextmanager
    def _read_by_loop(self, fd: int) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_reader(fd, self._read, fd)
        try:
            yield
        finally:
            loop.remove_reader(fd)

    def _read(self, fd: int) -> None:
        raw = os.read(fd, _READ_BYTES)
        if not raw:
            # The terminal is gone.
            self._form.is_cancelled = True
        for key in self._keys.feed(raw):
            self._form.press(key)
        self._changed.set()


@contextmanager
def _single_keys(fd: int) -> Iterator[int]:
    before = termios.tcgetattr(fd)
    # Ctrl-C stays a signal.
    tty.setcbreak(fd, termios.TCSANOW)
    try:
        yield fd
    finally:
        termios.tcsetattr(fd, termios.TCSANOW, before)
