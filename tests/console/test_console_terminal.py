"""The console in a real terminal: what it looks like, and how it ends."""

import re

import pytest
from rich.cells import cell_len
from support.console import WEEK, market_row
from support.feed import RowWriter, kill, start_feed
from support.processes import Processes, environ_of, free_port
from support.tmux import FINISHED, on_tmux

from schemas.settings import Settings

pytestmark = pytest.mark.kafka

COLOURED = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


def environ(settings: Settings, **more: str) -> dict[str, str]:
    known = environ_of(settings, **more)
    if "NO_COLOR" not in more:
        known.pop("NO_COLOR", None)
    return known


async def test_without_a_server_it_says_what_to_do_and_ends_by_a_key() -> None:
    nobody = Settings(port=free_port())
    with on_tmux(80, 24, environ(nobody), "console") as screen:
        lines = await screen.shows("CONNECTING", "start one with: parfeed up")
        assert all(cell_len(line) <= 80 for line in lines)
        screen.press("q")
        await screen.shows(f"{FINISHED} 0")


async def test_ctrl_c_ends_it_and_gives_the_terminal_back() -> None:
    nobody = Settings(port=free_port())
    with on_tmux(80, 24, environ(nobody), "console", "--board") as screen:
        await screen.shows("CONNECTING")
        screen.press("C-c")
        await screen.shows(f"{FINISHED} 0")
        # The terminal echoes what is typed again.
        screen.press("back", "Enter")
        await screen.shows("back")


async def test_a_company_sees_its_market_at_80_by_24_and_at_200_by_60(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    async with RowWriter(settings) as writer:
        await writer.write(
            market_row(f"item-{number:03}", supply=90 + number % 40, least="9.50")
            for number in range(120)
        )
    options = ("--company", "bakery", "--period", WEEK)
    with on_tmux(80, 24, environ(settings), "console", *options) as screen:
        lines = await screen.shows("LIVE", "item-000", "bakery", "1/120", "? help")
        assert len(lines) == 24
        assert all(cell_len(line) <= 80 for line in lines)
        assert lines[3].split()[:4] == ["Product▲", "Supply", "Demand", "Imbal."]
        assert lines[4].startswith("▸  item-000")
        assert COLOURED.search(screen.styled())
        screen.press("p")
        await screen.shows("unplanned price of item-000", "Esc closes")
        screen.press("8.5")
        await screen.shows("you would be the cheapest, before mill at 9.50")
        screen.press("Enter")
        await screen.shows("Does bakery ask 8.50 for item-000 from now on?")
        screen.press("Escape")
        await screen.shows("Esc closes")
        screen.press("Escape")
        await screen.shows("? help", "item-015")
        screen.resize(200, 60)
        lines = await screen.shows("Loss/unit", "Least from", "item-050")
        assert all(cell_len(line) <= 200 for line in lines)
        await kill(server)
        await screen.shows("RECONNECTING", "OLD", "item-000")
        await start_feed(settings, processes)
        await screen.shows("LIVE", within_s=40)
        screen.press("q")
        await screen.shows(f"{FINISHED} 0")


async def test_without_colour_every_colour_is_a_word(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with RowWriter(settings) as writer:
        await writer.write([market_row("bread", supply=200)])
    plain = environ(settings, NO_COLOR="1")
    options = ("--consumer", "ada", "--period", WEEK)
    with on_tmux(80, 24, plain, "console", *options) as screen:
        await screen.shows("LIVE", "bread", "+66.7% red")
        assert not COLOURED.search(screen.styled())
