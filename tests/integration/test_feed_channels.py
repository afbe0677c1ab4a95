"""Several channels on one log: real Kafka, real servers, readers by the letter."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from support.by_the_letter import council_record, round_record, row_key, row_value
from support.feed import address, start_feed, value_at
from support.feed_process import another, ready
from support.polling import eventually
from support.processes import Processes
from support.sockets import Socket

import parfeed
from schemas.agenda import (
    CouncilFormed,
    CouncilSigned,
    GateClosed,
    PeriodOpened,
    PriceSet,
    ProductListed,
    RoundAnnounced,
)
from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import decode_event, encode
from schemas.cursor import Cursor
from schemas.event_base import EventBase
from schemas.feed import Ping
from schemas.planning import (
    BidConfirmed,
    BidPlaced,
    CouncilDecided,
    PeriodAnnounced,
    PlanSubmitted,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.rows import MarketRow
from schemas.settings import Settings
from schemas.topics import AGENDA, BIDS, MARKET, full_name
from schemas.values import Period, PositiveQuantity, Price, Quantity

pytestmark = pytest.mark.kafka

WEEK = Period("2011-W44")
WHO_AND_WHEN: dict[str, Any] = {
    "occurred_at": datetime(2011, 10, 28, 9, 0, tzinfo=UTC),
    "period": WEEK,
}
OF_RYE: dict[str, Any] = {**WHO_AND_WHEN, "product_id": "rye"}

Record = tuple[bytes, bytes]


async def write(settings: Settings, *records: Record) -> None:
    """Write rows of any channel, all into partition 1."""
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for key, value in records:
            await producer.send_and_wait(
                full_name(settings.topic_prefix, MARKET), value, key, partition=1
            )


def market_record(product_id: str, sequence: int = 1) -> Record:
    return row_key(product_id), row_value(product_id, sequence)


async def in_step(socket: Socket, *names: str) -> dict[str, Any]:
    """Ask for a heartbeat, whose checksums the reader compares."""
    await socket.say(Ping())
    beat = await socket.until(
        lambda message: (
            message["type"] == "heartbeat" and set(message["checksum"]) == set(names)
        )
    )
    assert all(socket.reader.cursors[name] == beat["cursor"] for name in names)
    return beat


async def test_each_channel_gets_its_own_rows_and_one_cursor_serves_all(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with Socket(settings) as socket:
        await socket.subscribe("m")
        await socket.subscribe("r", channel="rounds")
        await socket.subscribe("c", channel="councils", products=("rye",))
        await write(
            settings,
            round_record(1),
            market_record("rye"),
            council_record("north", "rye"),
            council_record("north", "salt"),
            round_record(2),
            round_record(1, sequence=2),
        )
        await socket.until(lambda _: len(socket.reader.rows["r"]) == 2)
        await in_step(socket, "m", "r", "c")
        rows = socket.reader.rows
    assert list(rows["m"]) == [("rye", WEEK)]
    assert set(rows["r"]) == {("*", WEEK, 1), ("*", WEEK, 2)}
    assert list(rows["c"]) == [("rye", WEEK, "north")]


async def test_rows_of_other_channels_move_the_cursor_and_bring_nothing_else(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    other = another(settings)
    await ready(processes, other)
    await write(settings, round_record(1))
    async with Socket(settings) as socket:
        await socket.subscribe("r", channel="rounds")
        # The round was written beside the server's reading.
        await socket.until(lambda _: len(socket.reader.rows["r"]) == 1)
        before = (await in_step(socket, "r"))["cursor"]
        told = len(socket.reader.updates["r"])
        await write(settings, *(market_record("rye", n) for n in range(1, 9)))
        beat: dict[str, Any] = {"cursor": before}
        while beat["cursor"] == before:
            beat = await in_step(socket, "r")
        reader = socket.reader
    assert len(reader.updates["r"]) == told
    # Anywhere, from the cursor of a heartbeat: nothing is missing, nothing comes twice.
    await eventually(lambda: _has_read(other, beat["cursor"]))
    async with Socket(other, reader) as back:
        resumed = await back.subscribe("r", channel="rounds", resume=beat["cursor"])
        assert (resumed["type"], resumed["rows"]) == ("update", [])
        await write(settings, market_record("rye", 9), round_record(2))
        await back.until(lambda _: len(reader.rows["r"]) == 2)
        await in_step(back, "r")
    assert "resync" not in {message["type"] for message in reader.others}


async def _has_read(settings: Settings, cursor: str) -> bool:
    async with Socket(settings) as socket:
        here = Cursor.parse((await socket.subscribe())["cursor"])
    return here.covers(Cursor.parse(cursor))


async def test_a_client_that_was_away_gets_what_changed_in_its_channel_only(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    await write(settings, round_record(1), council_record("north", "rye"))
    async with Socket(settings) as socket:
        await socket.subscribe("c", channel="councils")
        reader = socket.reader
    await write(
        settings,
        market_record("rye"),
        council_record("south", "rye"),
        round_record(2),
        council_record("north", "rye", sequence=2),
    )
    await eventually(lambda: _rows(settings, 5))
    async with Socket(settings, reader) as back:
        resumed = await back.subscribe(
            "c", channel="councils", resume=reader.cursors["c"]
        )
        assert [row["council_id"] for row in resumed["rows"]] == ["south", "north"]
        await in_step(back, "c")


async def _rows(settings: Settings, count: int) -> bool:
    async with Socket(settings) as socket:
        for name in ("market", "rounds", "councils"):
            await socket.subscribe(name, channel=name)
        return sum(map(len, socket.reader.rows.values())) == count


async def test_our_client_reads_typed_rows_of_every_channel(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        market = feed.subscribe()
        rounds = feed.subscribe("rounds", period="2011-W44")
        councils = feed.subscribe("councils", products=["rye"])
        await write(
            settings,
            round_record(1),
            round_record(1, period="2011-W45"),
            market_record("rye"),
            council_record("north", "rye"),
        )
        await eventually(lambda: market.rows and rounds.rows and councils.rows and True)
        assert dict(rounds.rows)["*", WEEK, 1] == RoundRow(
            period=WEEK, round=1, sequence=1
        )
        assert isinstance(market.rows["rye", WEEK], MarketRow)
        assert isinstance(councils.rows["rye", WEEK, "north"], CouncilRow)
        assert len(market.rows) == len(rounds.rows) == len(councils.rows) == 1
        proved = feed.watermark
        await eventually(lambda: feed.watermark is not proved)
        assert (feed.gaps, feed.mismatches) == (0, 0)


HANDED_IN: list[EventBase] = [
    ProductListed(event_id="a-0", **OF_RYE, start_price=PositiveQuantity("2")),
    PeriodOpened(event_id="a-1", **WHO_AND_WHEN),
    RoundAnnounced(event_id="a-2", **WHO_AND_WHEN, round=1, rebid=True),
    PriceSet(event_id="a-3", **OF_RYE, round=1, price=PositiveQuantity("3")),
    GateClosed(event_id="a-4", **WHO_AND_WHEN),
    CouncilFormed(
        event_id="a-5",
        occurred_at=WHO_AND_WHEN["occurred_at"],
        council_id="north",
        level="city",
    ),
    CouncilSigned(
        event_id="a-6", **OF_RYE, council_id="north", vote="veto", signer_id="ada"
    ),
]
BIDS_HANDED_IN: list[EventBase] = [
    BidPlaced(event_id="b-0", **OF_RYE, company_id="mill", quantity=Quantity("5")),
    PlanSubmitted(event_id="b-1", **OF_RYE, consumer_id="ada", quantity=Quantity("1")),
    BidConfirmed(
        event_id="b-2", **OF_RYE, company_id="mill", member_id="farm", revision=0
    ),
]
THE_BOARDS: list[EventBase] = [
    PriceAnnounced(event_id="x-0", **OF_RYE, announced_price=Price("2"), round=1),
    PriceIndicated(
        event_id="x-1", **OF_RYE, indicative_price=Price("2"), round=1, revision=1
    ),
    CouncilDecided(event_id="x-2", **OF_RYE, council_id="n", counts=True, revision=1),
    PeriodAnnounced(event_id="x-3", **WHO_AND_WHEN),
]


async def test_every_event_that_a_client_may_say_is_found_where_its_ack_says(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    events = [*HANDED_IN, *BIDS_HANDED_IN]
    async with parfeed.connect(address(settings), timeout=10) as feed:
        results = await feed.publish(events)
    agenda, bids = results[: len(HANDED_IN)], results[len(HANDED_IN) :]
    assert [(r.topic, r.partition, r.offset) for r in agenda] == [
        ("agenda", 0, offset) for offset in range(len(HANDED_IN))
    ]
    assert {(r.topic, r.partition) for r in bids} == {("bids", bids[0].partition)}
    for event, result in zip(events, results, strict=True):
        topic = AGENDA if result.topic == "agenda" else BIDS
        assert result.partition is not None
        assert result.offset is not None
        stored = await value_at(settings, topic, result.partition, result.offset)
        assert stored == encode(event)
        assert decode_event(stored) == event


async def test_what_only_the_board_says_is_refused_and_the_rest_is_taken(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        results = await feed.publish([*THE_BOARDS, HANDED_IN[0]])
    assert [(r.event_id, r.error) for r in results] == [
        ("x-0", "board_only"),
        ("x-1", "board_only"),
        ("x-2", "board_only"),
        ("x-3", "board_only"),
        ("a-0", None),
    ]


async def test_a_server_that_starts_later_loads_all_channels(
    settings: Settings, processes: Processes
) -> None:
    await write(settings, round_record(1), market_record("rye"))
    await write(settings, (b'["rye","2011-W44","gossip","m"]', _GOSSIP))
    await write(settings, council_record("north", "rye"), round_record(1, sequence=2))
    await ready(processes, settings)
    async with Socket(settings) as socket:
        for name in ("market", "rounds", "councils"):
            await socket.subscribe(name, channel=name)
        await in_step(socket, "market", "rounds", "councils")
        assert [
            len(socket.reader.rows[n]) for n in ("market", "rounds", "councils")
        ] == [
            1,
            1,
            1,
        ]
        assert socket.reader.sequences("rounds") == {"*": 2}


# A row of a channel from later on: it moves the cursor, and nobody can ask for it.
_GOSSIP = b'{"type":"gossip","product_id":"rye","period":"2011-W44","company_id":"m"}'


async def test_many_of_each_channel_stay_in_step_while_all_change(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)

    async def reads(channel: str, mode: str) -> int:
        async with Socket(settings) as socket:
            await socket.subscribe("s", channel=channel, mode=mode)
            last = {"market": "p-9", "rounds": "*", "councils": "p-9"}[channel]
            await socket.until(
                lambda _: socket.reader.sequences("s").get(last, 0) == 20
            )
            await in_step(socket, "s")
            return len(socket.reader.rows["s"])

    reading = [
        asyncio.create_task(reads(channel, mode))
        for channel in ("market", "rounds", "councils")
        for mode in ("conflated", "stream")
    ]
    for sequence in range(1, 21):
        await write(
            settings,
            *(market_record(f"p-{n}", sequence) for n in range(10)),
            round_record(1, sequence),
            *(council_record("north", f"p-{n}", sequence) for n in range(10)),
        )
    assert await asyncio.gather(*reading) == [10, 10, 1, 1, 10, 10]
