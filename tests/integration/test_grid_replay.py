"""Hours of a real grid through Kafka, a worker and the feed, compared to the digit."""

from fractions import Fraction

import msgspec
import pytest
from support.commands import run
from support.feed import address, start_feed
from support.grid_rows import check_row
from support.independent_grid import read_grid_sample
from support.polling import SCALE, eventually
from support.processes import Processes
from support.traffic import folded_count, read_rejected, read_topic

from parfeed.client.connection import connect
from schemas.settings import Settings
from schemas.topics import SOURCES

pytestmark = pytest.mark.kafka

NIGHTS = {
    # Local days, and the hours that they have together.
    "an hour twice": ("2023-10-28", "2023-10-30", 24 + 25 + 24),
    "an hour never": ("2024-03-30", "2024-04-01", 24 + 23 + 24),
    "no forecast of what is no wind or sun": ("2024-02-13", "2024-02-13", 24),
}


async def replay(settings: Settings, first: str, last: str, *more: str) -> dict:
    done = await run(
        settings,
        *("replay", "grid", "--from", first, "--until", last),
        *("--speed", "max", "--json", *more),
    )
    assert done.code == 0, done.err
    said: dict = done.json
    assert said["refused"] == {}
    return said


async def test_the_feeds_rows_are_the_files_hours_to_the_last_digit(
    settings: Settings, processes: Processes
) -> None:
    settings = msgspec.structs.replace(settings, period="hour")
    await processes.worker(settings)
    await start_feed(settings, processes)
    accepted = 0
    for first, last, hours in NIGHTS.values():
        said = await replay(settings, first, last)
        assert said["report"]["hours"] == hours
        accepted += said["accepted"]

    async def is_folded() -> bool:
        return await folded_count(settings) == accepted

    await eventually(is_folded, within_s=60)
    assert await read_rejected(settings) == []
    file = read_grid_sample()
    async with connect(address(settings), open_timeout=10 * SCALE) as feed:
        assert feed.period_length == "hour"
        rows = feed.subscribe()
        await eventually(lambda: rows.is_current and len(rows.rows) > 0)
        found = {str(row.period): row for row in rows.rows.values()}
    assert len(found) == sum(hours for _, _, hours in NIGHTS.values())
    assert {row.product_id for row in found.values()} == {"electricity"}
    for period, row in found.items():
        check_row(row, file[period])
    # Both prices below zero are among them, and both hours of one name.
    assert any(row.price.planned < 0 for row in found.values())  # type: ignore[operator]
    assert {"2023-10-29T00", "2023-10-29T01"} <= found.keys()

    # Again from the start, by another record: what the feed has counts once.
    for first, last, _ in NIGHTS.values():
        again = await replay(settings, first, last, "--from-start")
        assert again["accepted"] > 0
    refused = accepted

    async def is_refused() -> bool:
        return len(await read_rejected(settings)) == refused

    await eventually(is_refused, within_s=60)
    assert {record.code for record in await read_rejected(settings)} == {"duplicate"}
    assert await folded_count(settings) == accepted


async def test_hours_are_not_sent_to_a_feed_of_weeks(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    done = await run(settings, "replay", "grid", "--speed", "max")
    assert done.code == 1
    assert "this feed by the week" in done.err
    assert "PARFEED_PERIOD=hour parfeed up" in done.err
    assert "Traceback" not in done.err
    for topic in SOURCES:
        assert await read_topic(settings, topic) == []


async def test_a_dry_run_needs_no_feed_and_says_what_not_planning_cost(
    settings: Settings,
) -> None:
    day = ("--from", "2023-10-29", "--until", "2023-10-29")
    done = await run(settings, "replay", "grid", *day, "--dry-run", "--json")
    assert done.code == 0, done.err
    said = done.json
    hours = [
        h for p, h in read_grid_sample().items() if "10-28T22" <= p[5:] < "10-29T23"
    ]
    report = said["report"]
    assert report["hours"] == 25
    assert Fraction(report["not_planning"]["loss"]) == sum(h.loss for h in hours)
    assert said["events"] > 400
    text = await run(settings, "replay", "grid", *day, "--dry-run")
    assert text.code == 0
    assert "25 hours, 2023-10-28 22:00 to 2023-10-29 22:00 UTC" in text.out
    assert "Not planning cost " in text.out
    refused = await run(settings, "replay", "retail", *day, "--dry-run")
    assert refused.code == 1
    assert "no grid's hours" in refused.err
