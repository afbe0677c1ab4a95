"""The whole way on real sales: what the feed ends with is what the file holds."""

import asyncio
import json
import os
import signal
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from support.independent_reading import Sums, read_sample
from support.polling import SCALE, eventually
from support.processes import free_port

from parfeed.client.connection import connect
from parfeed.client.subscription import Subscription
from parfeed.lock import holder
from parfeed.replay.finding import find_source
from parfeed.replay.record import FOLDER, load
from parfeed.replay.run import open_record, replay
from parfeed.sources.opening import SAMPLE_FIRST_WEEK
from parfeed.supervisor import LOCK_NAME, Supervisor
from schemas.rows import Amount, MarketRow
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

KEYS = [
    "events",
    "folded",
    "rejected",
    "products",
    "purchased_quantity",
    "purchased_value",
    "cancelled_quantity",
    "seconds",
]


async def start_demo(
    data_dir: Path, speed: str = "max"
) -> tuple[asyncio.subprocess.Process, Path]:
    log = data_dir.with_suffix(".log")
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "parfeed", "demo", "--speed", speed),
            *("--exit", "--json", "--data-dir", str(data_dir)),
            *("--port", str(free_port())),
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    return process, log


async def totals_of_a_demo(data_dir: Path) -> dict[str, object]:
    process, log = await start_demo(data_dir)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 240 * SCALE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, log.read_text()
    (line,) = out.decode().splitlines()
    totals: dict[str, object] = json.loads(line)
    return totals


def sums_of(row: MarketRow) -> Sums:
    def both(one: Amount, other: Amount) -> tuple[Fraction, Fraction]:
        return (
            Fraction(one.quantity) + Fraction(other.quantity),
            Fraction(one.value) + Fraction(other.value),
        )

    sums, demand = Sums(), row.demand
    sums.bought, sums.paid = both(demand.planned_purchases, demand.unplanned_purchases)
    sums.given_back, sums.paid_back = both(
        demand.planned_cancellations, demand.unplanned_cancellations
    )
    return sums


async def all_rows(rows: Subscription) -> list[MarketRow]:
    await eventually(lambda: rows.is_current and rows.cursor)
    return list(rows.rows.values())


def check_the_planned_week(rows: list[MarketRow]) -> None:
    planned = [row for row in rows if row.period == SAMPLE_FIRST_WEEK]
    by_board = [row for row in planned if row.planning.round]
    assert len(by_board) == 2_610, "every product listed has the board's price"
    for row in by_board:
        assert row.price.planned == row.price.announced, row.product_id
        balance = row.imbalance
        if row.supply.planned and row.demand.planned:
            assert balance is not None
            assert abs(balance.percent) < 3, row.product_id
    # The board's clock is today's; the week's is its own.
    times = [row.occurred_at for row in planned if row.occurred_at is not None]
    assert {moment.year for moment in times} == {2011}
    assert any(row.rolling.day.quantity for row in planned)


async def test_a_demo_is_exact_to_the_last_digit_and_the_same_the_second_time(
    tmp_path: Path,
) -> None:
    reading = read_sample()
    totals = await totals_of_a_demo(tmp_path / "demo")
    assert list(totals) == KEYS
    assert totals["rejected"] == reading.refused
    assert totals["events"] == totals["folded"] + sum(reading.refused.values())  # type: ignore[operator]
    expected = list(reading.sums.values())
    for key, of in (
        ("purchased_quantity", sum(sums.bought for sums in expected)),
        ("purchased_value", sum(sums.paid for sums in expected)),
        ("cancelled_quantity", sum(sums.given_back for sums in expected)),
    ):
        assert Fraction(Decimal(str(totals[key]))) == of, key

    assert await totals_of_a_demo(tmp_path / "demo") == totals

    # The same data served again: every product and week by itself.
    settings = Settings(data_dir=str(tmp_path / "demo"), port=free_port())
    async with (
        Supervisor(settings) as running,
        connect(running.url, open_timeout=30 * SCALE) as feed,
    ):
        rows = await all_rows(feed.subscribe())
    check_the_planned_week(rows)
    found = {(row.product_id, str(row.period)): sums_of(row) for row in rows}
    for key, sums in reading.sums.items():
        assert vars(found.pop(key)) == vars(sums), key
    # What is left was planned and not bought.
    for key, sums in found.items():
        assert vars(sums) == vars(Sums()), key


@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"]
)
async def test_a_demo_that_was_ended_goes_on_where_it_stopped(
    tmp_path: Path, how: signal.Signals
) -> None:
    data_dir = tmp_path / "demo"
    process, log = await start_demo(data_dir, speed="200000")

    def is_under_way() -> bool:
        assert process.returncode is None, log.read_text()
        records = [load(path) for path in (data_dir / FOLDER).glob("*.json")]
        return any(record and record.items > 20_000 for record in records)

    await eventually(is_under_way, within_s=120, every_s=0.05)
    began = time.monotonic()
    os.kill(process.pid, how)
    assert await process.wait() == (130 if how is signal.SIGINT else -how)
    await eventually(lambda: holder(data_dir / LOCK_NAME) is None, within_s=10)
    if how is signal.SIGINT:
        assert time.monotonic() - began < 5 * SCALE, "Ctrl-C takes 5 s at most"
    (path,) = (data_dir / FOLDER).glob("*.json")
    before = load(path)
    assert before is not None
    assert not before.is_finished

    totals = await totals_of_a_demo(data_dir)
    said = log.read_text().rpartition("Going on where it stopped")[2].split()
    assert int(said[0].replace(",", "")) == before.items
    reading = read_sample()
    assert totals["rejected"] == reading.refused
    assert totals["events"] == totals["folded"] + sum(reading.refused.values())  # type: ignore[operator]
    bought = sum(sums.bought for sums in reading.sums.values())
    assert Fraction(Decimal(str(totals["purchased_quantity"]))) == bought


async def test_a_demo_killed_while_it_plans_goes_on_and_plans_once(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / "demo"
    process, log = await start_demo(data_dir)

    def rounds_run() -> bool:
        assert process.returncode is None, log.read_text()
        return "the board announces prices" in log.read_text()

    await eventually(rounds_run, within_s=120, every_s=0.05)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await eventually(lambda: holder(data_dir / LOCK_NAME) is None, within_s=10)
    assert not list((data_dir / FOLDER).glob("*.json")), "trading has not begun"

    totals = await totals_of_a_demo(data_dir)
    reading = read_sample()
    assert totals["rejected"] == reading.refused
    assert totals["events"] == totals["folded"] + sum(reading.refused.values())  # type: ignore[operator]
    said = log.read_text()
    assert said.count("the gate is closed and the planned prices stand") == 1
    assert said.count("was planned before it was traded") == 1


async def replayed_by_command(
    source: Path, url: str, data_dir: Path
) -> tuple[int | None, dict[str, object]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parfeed", "replay", str(source), "--speed", "max"),
        *("--url", url, "--json", "--data-dir", str(data_dir)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60 * SCALE)
    answer: dict[str, object] = json.loads(out)
    return process.returncode, answer


async def test_a_file_of_events_replayed_twice_counts_once(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    lines = [
        {
            "type": "purchase",
            "event_id": f"e{number}",
            "product_id": f"p{number % 7}",
            "company_id": "c",
            "occurred_at": "2011-08-08T08:26:00Z",
            "quantity": "1",
            "unit_price": "2.50",
        }
        for number in range(1_000)
    ]
    events.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    source = find_source(str(events))
    settings = Settings(data_dir=str(tmp_path / "data"), port=free_port())
    async with (
        Supervisor(settings) as running,
        connect(running.url, open_timeout=30 * SCALE) as feed,
    ):
        rows = feed.subscribe()
        for _ in range(2):
            path, record = await open_record(
                source, feed, tmp_path / "data", from_start=True
            )
            await replay(source, feed, path, record, speed=None)
            assert (record.accepted, record.refused) == (1_000, {})

        # By the command, with a line that is none.
        events.write_bytes(events.read_bytes() + b'\n{"type":"purchase"}\n')
        code, answer = await replayed_by_command(events, running.url, tmp_path / "data")
        assert code == 1
        assert (answer["accepted"], answer["refused"]) == (1_000, {})
        assert answer["no_event"] == {"invalid_field": 1}

        # One more after them: when it is there, so are they.
        last = {**lines[0], "event_id": "last"}
        for number in range(7):
            await feed.publish(
                [{**last, "event_id": f"last-{number}", "product_id": f"p{number}"}]
            )

        def is_there() -> bool:
            return sum(row.sequence for row in rows.rows.values()) == 1_007

        await eventually(is_there, within_s=30)
        quantity = sum(
            row.demand.unplanned_purchases.quantity for row in rows.rows.values()
        )
    assert quantity == 1_007
