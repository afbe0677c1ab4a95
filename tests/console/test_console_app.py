"""The console as it is used: keys on a screen that a real feed server keeps."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from support.console import WEEK, council_row, market_row, offer_row, round_row, written
from support.feed import RowWriter, address, kill, start_feed
from support.polling import eventually
from support.processes import Processes, free_port
from support.traffic import read_topic
from textual.pilot import Pilot

from parfeed.cli.planning.options import said_now
from parfeed.console.alerts import Alerts
from parfeed.console.app import ConsoleApp
from parfeed.console.desk import Desk
from parfeed.console.following import Following
from parfeed.console.help import HelpScreen
from schemas.codec import decode_event, encode
from schemas.events import UnplannedPricePosted
from schemas.settings import Settings
from schemas.topics import BIDS, TOPIC_OF_EVENT
from schemas.values import Price
from streams.market.periods import period_of

pytestmark = pytest.mark.kafka

Open = Pilot[None]


@asynccontextmanager
async def opened(
    url: str, desk: Desk, *, pinned: str | None = WEEK, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ConsoleApp, Open]]:
    """Open a console on a terminal that nobody sees."""
    app = ConsoleApp(
        desk,
        lambda: Following(url, desk, products=["*"], length="week", pinned=pinned),
        length="week",
        said=said_now,
    )
    async with app.run_test(size=size) as pilot:
        yield app, pilot


def desk_for(view: str = "company", **thresholds: float) -> Desk:
    company = "bakery" if view == "company" else None
    return Desk(view, Alerts(thresholds), company_id=company)  # type: ignore[arg-type]


def condition(app: ConsoleApp) -> str:
    return app.following.link().condition


@pytest.fixture(autouse=True)
def _no_colour_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    return


async def test_rows_appear_change_and_are_searched_filtered_and_sorted_by_keys(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    desk = desk_for(imbalance=20)
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk) as (app, pilot),
    ):
        await writer.write([market_row("bread"), market_row("milk", supply=300)])
        await eventually(lambda: desk.table.sheet.keys == ["bread", "milk"])
        assert condition(app) == "live"
        await pilot.press("down")
        assert desk.chosen == "milk"
        await pilot.press("slash", *"BRE", "enter")
        assert desk.table.sheet.keys == ["bread"]
        await pilot.press("escape")
        assert len(desk.table.sheet.keys) == 2
        await pilot.press("a")
        assert desk.table.sheet.keys == ["milk"]
        await pilot.press("a", "s", "s", "s")
        assert desk.table.sheet.sorted_by.column.title == "Imbal."
        assert desk.table.sheet.keys == ["milk", "bread"]
        await pilot.press("r")
        assert desk.table.sheet.keys == ["bread", "milk"]
        await writer.write([market_row("bread", supply=50, sequence=2)])
        await eventually(lambda: desk.products.get("bread").glance.sequence == 2)
        await eventually(lambda: "bread" in desk.alerts.standing)


async def test_a_price_is_typed_confirmed_and_reaches_kafka(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    await processes.worker(settings)
    desk = desk_for()
    now = datetime.now(UTC)
    week = str(period_of(now, "week"))
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk, pinned=week) as (app, pilot),
    ):
        await writer.write([market_row("bread", period=week, occurred_at=now)])
        await eventually(lambda: desk.chosen == "bread")
        # Keys that arrive together take effect in their order.
        await pilot.press("p", *"9.99", "backspace", "backspace", *"50", "enter")
        assert app.form_pane.form is not None
        assert app.form_pane.form.lines()[0] == (
            "Does bakery ask 9.50 for bread from now on?"
        )
        await pilot.press("enter")
        assert app.form_pane.form is None
        await eventually(
            lambda: desk.message == "accepted: bakery asks 9.50 for bread", within_s=40
        )
        product = desk.products.get("bread")
        assert product is not None
        assert product.own_price == Price("9.50")
    [record] = await read_topic(settings, TOPIC_OF_EVENT["price"])
    event = decode_event(record.value)
    assert isinstance(event, UnplannedPricePosted)
    assert (event.company_id, event.product_id) == ("bakery", "bread")
    assert event.unplanned_price == Price("9.50")
    assert abs(event.occurred_at - now) < timedelta(minutes=5)


async def test_a_form_that_is_left_says_nothing(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    desk = desk_for()
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk) as (app, pilot),
    ):
        await writer.write([market_row("bread")])
        await eventually(lambda: desk.chosen == "bread")
        await pilot.press("b", *"12", "enter", "escape", "escape")
        assert app.form_pane.form is None
        await pilot.press("b", *"twelve", "enter")
        assert app.form_pane.form is not None
        assert "a number of units" in app.form_pane.form.lines()[0]
        await pilot.press("escape")
        # Keys are the table's again.
        await pilot.press("x")
        assert desk.has_bell
    assert await read_topic(settings, BIDS) == []


async def test_a_killed_server_is_seen_and_come_back_to(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    desk = desk_for()
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk) as (app, pilot),
    ):
        await writer.write([market_row("bread")])
        await eventually(lambda: condition(app) == "live" and desk.chosen == "bread")
        await kill(server)
        await eventually(lambda: condition(app) == "reconnecting")
        head = written(desk.header(app.following.link(), 200))[0]
        assert head.startswith(" RECONNECTING ")
        # What there was stays readable, and keys are answered.
        await pilot.press("d")
        assert written(desk.lines(80, 2))[1].startswith("▸  bread")
        await start_feed(settings, processes)
        await writer.write([market_row("bread", sequence=2), market_row("milk")])
        await eventually(
            lambda: condition(app) == "live" and len(desk.products) == 2, within_s=30
        )
        assert app.following.link().losses == 1


async def test_without_a_server_the_screen_says_so_and_ends_by_a_key() -> None:
    url = f"ws://127.0.0.1:{free_port()}/"
    desk = desk_for()
    async with opened(url, desk) as (app, pilot):
        await eventually(lambda: "parfeed up" in app.following.link().note)
        assert condition(app) == "connecting"
        await pilot.press("p")
        assert "no product is chosen" in desk.message
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await pilot.press("q")
        await eventually(lambda: not app.is_running)


async def test_a_board_goes_through_its_tables_of_the_period_that_is_planned(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    desk = desk_for("board")
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk, pinned=None) as (_, pilot),
    ):
        await writer.write(
            [
                market_row("bread", occurred_at=datetime(2011, 10, 27, tzinfo=UTC)),
                round_row(1),
                council_row("north", status="waits", needed=2),
            ]
        )
        await eventually(lambda: desk.products.period == WEEK and len(desk.products))
        await pilot.press("tab")
        assert desk.table.sheet.name == "rounds"
        assert len(desk.table.sheet.keys) == 1
        await pilot.press("tab")
        await eventually(lambda: len(desk.councils) == 1)
        await pilot.press("r")
        assert "north" in written(desk.lines(80, 3))[1]
        await pilot.press("tab", "tab", "right_square_bracket")
        await eventually(lambda: desk.products.period == "2011-W45")
        assert desk.is_pinned
        await pilot.press("n")
        await eventually(lambda: desk.products.period == WEEK)


async def test_offers_and_cards_are_followed_beside_the_market(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    desk = Desk("consumer", Alerts({}), consumer_id="ada")
    async with (
        RowWriter(settings) as writer,
        opened(address(settings), desk) as (app, pilot),
    ):
        await writer.write([market_row("bread"), offer_row("mill", "9.00")])
        await eventually(lambda: desk.products.offers.of("bread"))
        await eventually(lambda: condition(app) == "live")
        # The rates are those that the offer was reckoned with.
        assert desk.products.taxes.planned == Decimal("0.04")
        assert "no cards" in written(desk.header(app.following.link(), 120))[1]
        await pilot.press("tab")
        assert desk.table.sheet.name == "purchases"


async def test_a_company_has_no_keys_of_a_consumer_and_the_other_way_round() -> None:
    url = f"ws://127.0.0.1:{free_port()}/"
    for view, key in (("company", "u"), ("consumer", "p")):
        async with opened(url, desk_for(view)) as (app, pilot):
            await pilot.press(key)
            assert app.form_pane.form is None
            assert not app.desk.message


@pytest.mark.parametrize("size", [(20, 6), (80, 24), (200, 60)])
async def test_any_terminal_is_drawn_in_every_theme(size: tuple[int, int]) -> None:
    url = f"ws://127.0.0.1:{free_port()}/"
    desk = desk_for()
    async with opened(url, desk, size=size) as (app, pilot):
        desk.begin_market(WEEK)
        rows = [market_row(f"product-{number}") for number in range(100)]
        desk.products.take([encode(row) for row in rows])
        for _ in range(3):
            await pilot.press("l", "d", "G", "pageup", "w", "down")
            await asyncio.sleep(0)
        assert desk.chosen is not None
        assert app.is_running
