"""The benchmarks' own arithmetic: a wrong ruler measures nothing."""

import json
import random
import struct
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from benchmarks.__main__ import main
from benchmarks.commits import Commit, Point, parse_commit, progress, window
from benchmarks.delays import Latencies, Plan, latencies, percentiles_ms, sum_up, tables
from benchmarks.figures import Spread, percentile, ratios
from benchmarks.footprint import (
    MemoryResult,
    Start,
    StartupResult,
    memory_of,
    memory_table,
    role_of,
    startup_table,
)
from benchmarks.matching import Matched, Published, Seen, match
from benchmarks.purchases import DRAWS, PRODUCTS, Draw, Purchases
from benchmarks.rates import WORKER, Run, table
from benchmarks.rates import sum_up as sum_rates_up
from benchmarks.report import Table, markdown, spread, text
from benchmarks.usage import (
    MACHINE,
    Sample,
    cores_of_others,
    cpu_between,
    quietness,
)
from parfeed import guard
from schemas.codec import decode_event, encode
from schemas.events import PurchaseRecorded
from streams.market.periods import Calendar

BEGIN = datetime(2026, 1, 5, 8, 0, 0, 250_000, tzinfo=UTC)


# The events.


@pytest.mark.parametrize("draw", DRAWS)
def test_every_event_is_a_valid_purchase_of_some_215_bytes(draw: Draw) -> None:
    purchases = Purchases(draw)
    product_ids = purchases.product_ids
    for number, raw in purchases.take(5_000, BEGIN, 20_000):
        event = decode_event(raw)
        assert isinstance(event, PurchaseRecorded)
        assert event.product_id == product_ids[number]
        assert 210 <= len(raw) <= 225
        # The template writes what the codec would, zeros behind a second apart.
        written = msgspec.json.decode(encode(event))
        ours = msgspec.json.decode(raw)
        assert list(ours) == list(written)
        assert {**ours, "occurred_at": None} == {**written, "occurred_at": None}


def test_the_same_seed_makes_the_same_events() -> None:
    first, again, other = Purchases("zipf"), Purchases("zipf"), Purchases("zipf", 8)
    made = list(first.take(3_000, BEGIN, 100))
    assert made == [
        *again.take(1_000, BEGIN, 100),
        # In two goes the times begin anew; everything else goes on.
        *_at_times_of(made[1_000:], again.take(2_000, BEGIN, 100)),
    ]
    assert made != list(other.take(3_000, BEGIN, 100))


def _at_times_of(of: Any, events: Any) -> Any:
    for (_, like), (number, raw) in zip(of, events, strict=True):
        moment = msgspec.json.decode(raw)["occurred_at"].encode()
        wanted = msgspec.json.decode(like)["occurred_at"].encode()
        yield number, raw.replace(moment, wanted)


def test_no_two_events_share_an_id() -> None:
    purchases = Purchases("even")
    ids = [
        msgspec.json.decode(raw)["event_id"]
        for _ in range(3)
        for _, raw in purchases.take(500, BEGIN, 100)
    ]
    assert len(set(ids)) == 1_500


def test_event_time_moves_at_its_rate() -> None:
    events = [decode_event(raw) for _, raw in Purchases("even").take(301, BEGIN, 100)]
    times = [event.occurred_at for event in events]
    assert times[0] == BEGIN
    assert (times[-1] - BEGIN).total_seconds() == 3.0
    assert times == sorted(times)
    calendar = Calendar("week")
    assert {calendar[int(t.timestamp() // calendar.slice_s)] for t in times} == {
        "2026-W02"
    }


@pytest.mark.parametrize("draw", DRAWS)
def test_the_totals_are_what_the_events_add_up_to(draw: Draw) -> None:
    purchases = Purchases(draw)
    planned = planned_value = unplanned = unplanned_value = Decimal(0)
    for _, raw in purchases.take(4_000, BEGIN, 1_000):
        event = decode_event(raw)
        assert isinstance(event, PurchaseRecorded)
        rest = event.quantity - event.planned_quantity
        planned += event.planned_quantity
        planned_value += event.planned_quantity * event.unit_price
        unplanned += rest
        unplanned_value += rest * event.unit_price
    assert purchases.totals == (
        4_000,
        planned,
        planned_value,
        unplanned,
        unplanned_value,
    )


def test_evenly_drawn_products_are_drawn_alike_and_zipf_has_a_heavy_tail() -> None:
    counts = {
        draw: Counter(n for n, _ in Purchases(draw).take(80_000, BEGIN, 20_000))
        for draw in DRAWS
    }
    assert len(counts["even"]) == PRODUCTS
    assert max(counts["even"].values()) < 3 * 80_000 / PRODUCTS
    assert counts["zipf"].most_common(1)[0][0] == 0
    assert counts["zipf"][0] / 80_000 == pytest.approx(0.1127, abs=0.01)
    assert sum(counts["zipf"][n] for n in range(100)) / 80_000 == pytest.approx(
        0.585, abs=0.02
    )


# Figures.


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 1_001)]
    assert percentile(values, 50) == 500
    assert percentile(values, 99) == 990
    assert percentile(values, 99.9) == 999
    assert percentile(values, 100) == 1_000
    assert percentile([7.0], 0.1) == 7


def test_a_percentile_covers_its_share_of_any_values() -> None:
    chance = random.Random(1)
    for _ in range(200):
        values = sorted(chance.choices(range(20), k=chance.randrange(1, 60)))
        percent = chance.choice([0.1, 10, 50, 90, 99, 99.9, 100])
        found = percentile(values, percent)
        covered = sum(value <= found for value in values) / len(values)
        assert covered >= percent / 100 - 1e-9
        below = sum(value < found for value in values) / len(values)
        assert below < percent / 100


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 100.1)])
def test_no_value_or_no_such_percentile_is_an_error(
    values: list[float], percent: float
) -> None:
    with pytest.raises(ValueError, match="a percentile"):
        percentile(values, percent)


def test_a_spread_has_the_median_and_the_extremes() -> None:
    assert Spread.of([5, 1, 4, 2, 90]) == Spread(median=4, min=1, max=90)
    with pytest.raises(ValueError, match="none"):
        Spread.of([])


def test_ratios_are_those_of_each_round() -> None:
    assert ratios([1, 4, 9], [2, 4, 3]) == Spread(median=1, min=0.5, max=3)


# Commits.


def _key(group: str, topic: str, partition: int, version: int = 1) -> bytes:
    texts = [part.encode() for part in (group, topic)]
    lengths = [struct.pack(">h", len(part)) for part in texts]
    return b"".join(
        [
            struct.pack(">h", version),
            *(part for pair in zip(lengths, texts, strict=True) for part in pair),
            struct.pack(">i", partition),
        ]
    )


def test_a_commit_is_read_from_kafkas_record() -> None:
    value = struct.pack(">hqi", 3, 4_711, -1) + b"\0\0" + struct.pack(">q", 5)
    assert parse_commit(_key("g", "tópico", 2), value, 1_500) == Commit(
        "g", "tópico", 2, 4_711, 1.5
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (None, b""),
        (b"", b""),
        (_key("g", "t", 0), None),
        (struct.pack(">hh", 2, 1) + b"g", b"\0\0"),
    ],
)
def test_what_is_no_commit_is_left_out(key: bytes | None, value: bytes | None) -> None:
    assert parse_commit(key, value, 0) is None


def test_a_point_is_a_whole_round_of_commits() -> None:
    commits = [
        Commit("g", "t", partition, offset, at_s)
        for partition, offset, at_s in [
            (0, 10, 1.00),
            (1, 20, 1.02),
            (1, 35, 2.05),  # the partitions commit in any order
            (0, 25, 2.06),
            (0, 30, 3.00),  # partition 1 had nothing new
        ]
    ]
    assert progress(commits, 1.0) == [
        Point(1.02, 30),
        Point(2.06, 60),
        Point(3.00, 65),
    ]


def test_a_run_is_measured_between_its_warm_up_and_its_end() -> None:
    points = [Point(1, 100), Point(2, 400), Point(3, 800), Point(4, 1_000)]
    assert window(points, 200, 1_000) == (Point(2, 400), Point(3, 800))
    assert window(points, 0, 1_000) == (Point(1, 100), Point(3, 800))


def test_a_run_without_two_points_is_not_measured() -> None:
    points = [Point(1, 100), Point(2, 1_000)]
    assert window(points, 0, 1_000) is None
    assert window([], 0, 1_000) is None


# What processes use.


def test_cpu_time_is_interpolated_between_samples() -> None:
    samples = [Sample(10, 1.0), Sample(11, 2.0), Sample(13, 4.0)]
    assert cpu_between(samples, 10, 13) == 3.0
    assert cpu_between(samples, 10.5, 12) == pytest.approx(1.5)
    for outside in (9.9, 13.3):
        with pytest.raises(ValueError, match="no samples around"):
            cpu_between(samples, outside, 12)


def test_a_process_that_ended_between_two_samples_went_on_until_then() -> None:
    samples = [Sample(10, 1.0), Sample(11, 2.0), Sample(13, 4.0)]
    assert cpu_between(samples, 10, 13.1) == pytest.approx(3.1)


def test_what_others_use_is_told() -> None:
    samples = {
        MACHINE: [Sample(0, 100.0), Sample(10, 115.0)],
        1: [Sample(0, 0.0), Sample(10, 8.0)],
        2: [Sample(0, 5.0), Sample(10, 7.0)],
    }
    assert cores_of_others(samples, 0, 10) == pytest.approx(0.5)
    assert quietness([0.05, 0.01]) == []
    (note,) = quietness([0.05, 0.52])
    assert "0.5 cores" in note


# Matching.


def _published(**changed: Any) -> Published:
    values: dict[str, Any] = {
        "sent_ns": [0, 1_000, 2_000],
        "late_ns": [0, 0, 0],
        "acked_ns": [100, 1_200, 2_300],
        "sizes": [2, 1, 2],
        # Two products, in partitions of their own: offsets count up in each.
        "products": [0, 1, 0, 1, 0],
        "offsets": [10, 5, 11, 6, 12],
    }
    return Published(**{**values, **changed})


def _seen(rows: list[tuple[int, int, int]]) -> Seen:
    return Seen(
        product_ids=["b", "a"],
        at_ns=[at for at, _, _ in rows],
        products=[product for _, product, _ in rows],
        positions=[position for _, _, position in rows],
        updates=len({at for at, _, _ in rows}),
        merged=0,
    )


def test_an_event_is_seen_with_the_first_row_that_reached_its_offset() -> None:
    # Product "a" is the publisher's 0 and the subscriber's 1; its row at 11 merges two.
    seen = _seen([(500, 0, 5), (1_700, 1, 11), (2_600, 1, 12), (2_600, 0, 7)])
    found = match(_published(), seen, ["a", "b"], 0, 10_000)
    assert found.unseen == 0
    assert found.latencies_ns == sorted([1_700, 500, 700, 600, 600])
    assert found.acks_ns == sorted([100, 100, 200, 300, 300])


def test_a_row_that_comes_again_changes_nothing() -> None:
    rows = [(500, 0, 5), (1_700, 1, 11), (2_600, 1, 12), (2_600, 0, 7)]
    # A snapshot brings the rows of all periods, older ones too.
    again = _seen([*rows[:2], (1_800, 1, 11), (1_800, 1, 9), (1_800, 0, 5), *rows[2:]])
    assert match(_published(), again, ["a", "b"], 0, 10_000) == match(
        _published(), _seen(rows), ["a", "b"], 0, 10_000
    )


def test_what_was_never_seen_is_counted() -> None:
    found = match(_published(), _seen([(500, 0, 5)]), ["a", "b"], 0, 10_000)
    assert (len(found.latencies_ns), found.unseen) == (1, 4)


def test_events_outside_the_window_do_not_count() -> None:
    seen = _seen([(500, 0, 5), (1_700, 1, 11), (2_600, 1, 12), (2_600, 0, 7)])
    found = match(_published(), seen, ["a", "b"], 1_000, 2_000)
    assert found == Matched([700], [200], 0)


# Results.


def _latencies(asked: int, **changed: Any) -> Latencies:
    seen = _seen([(500, 0, 5), (1_700, 1, 11), (2_600, 1, 12), (2_600, 0, 7)])
    published = _published(**changed)
    matched = match(published, seen, ["a", "b"], 0, 10_000)
    return latencies(
        matched, published, seen, asked, (0, 10_000), {"worker": 0.5}, 0.02
    )


def test_a_rate_that_was_not_reached_is_told() -> None:
    # 5 events in 10 us are 500,000/s.
    assert _latencies(500_000).is_kept
    assert not _latencies(520_000).is_kept
    assert not _latencies(500_000, late_ns=[0, 0, 25_000_000]).is_kept
    slow = sum_up(Plan(rates=(520_000,)), {"520000": [_latencies(520_000)]})
    shown, _ = tables(slow)
    assert any("did not keep the rate" in note for note in shown.notes)


def test_a_run_that_saw_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of 7 events"):
        latencies(Matched([], [], 7), _published(), _seen([]), 1, (0, 1), {}, 0.0)


def test_latencies_are_told_in_milliseconds() -> None:
    assert percentiles_ms([1_000_000, 2_000_000]) == {
        "p50": 1.0,
        "p90": 2.0,
        "p99": 2.0,
        "p99.9": 2.0,
        "max": 2.0,
    }


def _run(rate: float, cpu_us: float = 5.0) -> Run:
    return Run(
        events_per_s=rate,
        measured_events=1_000,
        measured_s=1_000 / rate,
        cpu_us_per_event=cpu_us,
        broker_cpu_us_per_event=None,
        others_cores=0.01,
        points=[],
    )


def test_rates_are_summed_up_and_who_is_left_out_is_null() -> None:
    found = sum_rates_up(
        218.0,
        {WORKER: [_run(100), _run(120)], "ceiling": [_run(200), _run(300)]},
        ["kafka_streams"],
    )
    assert found.events_per_s[WORKER] == Spread(median=110, min=100, max=120)
    assert found.ratios["worker/ceiling"] == Spread(median=0.45, min=0.4, max=0.5)
    assert found.events_per_cpu_s["ceiling"] == Spread(
        median=200_000, min=200_000, max=200_000
    )
    written = json.loads(msgspec.json.encode(found))
    assert written["runs"]["kafka_streams"] is None
    assert written["ratios"]["worker/kafka_streams"] is None
    assert len(written["runs"][WORKER]) == 2
    names = [row[0] for row in table("even", found).rows]
    assert names == ["worker", "ceiling", "kafka streams"]


def test_processes_are_known_by_their_arguments() -> None:
    python = "/venv/bin/python"
    assert role_of([python, "-m", "streams"]) == "worker"
    assert role_of([python, "-m", "feed_server"]) == "feed_server"
    assert role_of([python, "-m", "streams.board"]) == "board"
    assert role_of(["java", "-Xmx512m", "kafka.Kafka", "x.properties"]) == "kafka"
    assert role_of([python, "-m", "parfeed", "demo"]) is None
    assert role_of([]) is None
    # A watchdog has the words of what it watches over, and hardly any memory.
    assert role_of(guard.command([python, "-m", "streams"])) is None


def test_memory_is_that_at_the_end_and_at_most() -> None:
    samples = [
        {"worker": 50},
        {"worker": 90, "feed_server": 60, "kafka": 300},
        {"worker": 80, "feed_server": 65, "kafka": 310},
        {"worker": 20, "kafka": 305},
    ]
    found = memory_of(samples, 9)
    assert (found.ours_after, found.ours_peak, found.events) == (145, 150, 9)
    assert found.after == {"worker": 80, "feed_server": 65, "kafka": 310}
    assert found.peak["kafka"] == 310
    with pytest.raises(ValueError, match="never saw"):
        memory_of([{"worker": 1}, {"feed_server": 1}], 9)


def test_starts_and_memory_are_shown_as_tables() -> None:
    starts = [Start(ready_s=4.0, first_row_s=6.0), Start(ready_s=5.0, first_row_s=7.0)]
    started = StartupResult(
        runs=starts, ready_s=Spread.of([4.0, 5.0]), first_row_s=Spread.of([6.0, 7.0])
    )
    assert "6.5 s (6.0 s to 7.0 s)" in text(startup_table(started))
    run = memory_of([{"worker": 90_000_000, "feed_server": 60_000_000}], 1_234)
    held = MemoryResult(
        runs=[run], ours_after=Spread.of([150.0]), ours_peak=Spread.of([150.0])
    )
    assert "150 MB" in text(memory_table(held))


def test_a_table_is_written_for_terminals_and_for_markdown() -> None:
    shown = Table("sums", ("who", "n"), [("a|b", "1"), ("long name", "1,000")], ["So."])
    assert text(shown).splitlines() == [
        "sums",
        "",
        "who            n",
        "---------  -----",
        "a|b            1",
        "long name  1,000",
        "",
        "So.",
    ]
    assert markdown(shown).splitlines() == [
        "**sums**",
        "",
        "| who | n |",
        "| --- | ---: |",
        "| a\\|b | 1 |",
        "| long name | 1,000 |",
        "",
        "So.",
    ]


def test_a_spread_of_one_value_shows_no_extremes() -> None:
    assert spread(Spread.of([1_234.0])) == "1,234"
    assert spread(Spread.of([1.0, 2.0, 4.0])) == "2 (1 to 4)"
    assert spread(None) == "-"


def test_a_count_below_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["throughput", "--rounds", "0"])
    assert "must be at least 1, was 0" in capsys.readouterr().err
