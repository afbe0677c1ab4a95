"""PURE. What the runs of the latency benchmark come to."""

from collections.abc import Mapping
from typing import Final

import msgspec

from benchmarks.figures import Spread, percentile
from benchmarks.matching import Matched, Published, Seen
from benchmarks.purchases import Draw
from benchmarks.report import Table, number, spread, worded
from benchmarks.usage import quietness

PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)

KEPT_SHARE: Final = 0.98
"""Of the rate: less was not this load."""

LATE_LIMIT_MS: Final = 20.0
"""A publisher whose batches are later than this at its p99 has made bursts of them."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to run.

    Attributes:
        rates: events per second, one run after another.
        seconds: that count.
        warm_up_s: before them.
        rounds: how often every rate is run.
        draw: how products are drawn.
    """

    rates: tuple[int, ...] = (5_000,)
    seconds: float = 20.0
    warm_up_s: float = 5.0
    rounds: int = 3
    draw: Draw = "even"


class Latencies(msgspec.Struct, frozen=True, kw_only=True):
    """
    One run. Times in milliseconds.

    Attributes:
        reached_rate: events per second that were really handed in.
        is_kept: whether that was the rate asked for, evenly.
        events: that count.
        unseen: of them, not seen within DRAIN_S after the last ack.
        update_ms: from handing in to the update, by percentile, and `max`.
        ack_ms: from handing in to the ack, by percentile, and `max`.
        late_ms: how late the publisher itself was, p99.
        updates_per_s, rows_per_update: what the subscriber got.
        merged: versions of rows that were skipped because newer ones followed.
        cores: CPU seconds per second of each process.
        others_cores: that went to processes which were no part of the run.
    """

    reached_rate: float
    is_kept: bool
    events: int
    unseen: int
    update_ms: dict[str, float]
    ack_ms: dict[str, float]
    late_ms: float
    updates_per_s: float
    rows_per_update: float
    merged: int
    cores: dict[str, float]
    others_cores: float


class LatencyResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        runs: by rate, in the order of the rounds.
        update_ms: by rate and percentile, over the rounds.
    """

    plan: Plan
    runs: dict[str, list[Latencies]]
    update_ms: dict[str, dict[str, Spread]]


def sum_up(plan: Plan, runs: dict[str, list[Latencies]]) -> LatencyResult:
    """Sum the runs up; at least one of every rate."""
    return LatencyResult(
        plan=plan,
        runs=runs,
        update_ms={
            rate: {
                name: Spread.of([one.update_ms[name] for one in ran])
                for name in ran[0].update_ms
            }
            for rate, ran in runs.items()
        },
    )


def percentiles_ms(ordered_ns: list[int]) -> dict[str, float]:
    """Return the percentiles of ascending nanoseconds in milliseconds, and `max`."""
    found = {
        f"p{percent:g}": percentile(ordered_ns, percent) / 1e6
        for percent in PERCENTILES
    }
    return {**found, "max": ordered_ns[-1] / 1e6}


def latencies(
    matched: Matched,
    published: Published,
    seen: Seen,
    asked_rate: int,
    window_ns: tuple[int, int],
    cores: Mapping[str, float],
    others_cores: float,
) -> Latencies:
    """
    Sum a run up.

    Args:
        matched: its events.
        published: what was handed in.
        seen: what arrived.
        asked_rate: events per second.
        window_ns: from when to when events count.
        cores: CPU seconds per second of each process.
        others_cores: of processes which were no part of the run.

    Raises:
        ValueError: if no event was seen at all.
    """
    if not matched.latencies_ns:
        raise ValueError(f"none of {matched.unseen} events was seen by the subscriber")
    begin_ns, end_ns = window_ns
    seconds = (end_ns - begin_ns) / 1e9
    late_ns = sorted(
        late
        for sent, late in zip(published.sent_ns, published.late_ns, strict=True)
        if begin_ns <= sent < end_ns
    )
    late_ms = percentile(late_ns, 99) / 1e6
    arrived = [at for at in seen.at_ns if begin_ns <= at < end_ns]
    updates = len(set(arrived))
    events = len(matched.acks_ns)
    return Latencies(
        reached_rate=events / seconds,
        is_kept=events / seconds >= KEPT_SHARE * asked_rate
        and late_ms <= LATE_LIMIT_MS,
        events=events,
        unseen=matched.unseen,
        update_ms=percentiles_ms(matched.latencies_ns),
        ack_ms=percentiles_ms(matched.acks_ns),
        late_ms=late_ms,
        updates_per_s=updates / seconds,
        rows_per_update=len(arrived) / max(updates, 1),
        merged=seen.merged,
        cores=dict(cores),
        others_cores=others_cores,
    )


def tables(result: LatencyResult) -> list[Table]:
    """Return the latencies, and what the processes used."""
    plan = result.plan
    names = [*(f"p{percent:g}" for percent in PERCENTILES), "max"]
    milliseconds = number("{:.1f}")
    notes = [
        f"Run {index + 1} at {int(rate):,} events/s did not keep the rate: "
        f"{one.reached_rate:,.0f} events/s, publisher {one.late_ms:.0f} ms late (p99)."
        for rate, ran in result.runs.items()
        for index, one in enumerate(ran)
        if not one.is_kept
    ] + [
        f"Run {index + 1} at {int(rate):,} events/s: {one.unseen} events not seen."
        for rate, ran in result.runs.items()
        for index, one in enumerate(ran)
        if one.unseen
    ]
    shown = Table(
        title=f"publish to update in ms, {plan.seconds:g} s after {plan.warm_up_s:g} s "
        f"of warm-up, products drawn {'evenly' if plan.draw == 'even' else 'by Zipf'}",
        head=("events/s", "reached", *names, "ack p99"),
        rows=[
            (
                f"{int(rate):,}",
                spread(Spread.of([one.reached_rate for one in ran])),
                *(spread(result.update_ms[rate][name], milliseconds) for name in names),
                spread(Spread.of([one.ack_ms["p99"] for one in ran]), milliseconds),
            )
            for rate, ran in result.runs.items()
        ],
        notes=notes
        + quietness([one.others_cores for ran in result.runs.values() for one in ran]),
    )
    processes = list(next(iter(result.runs.values()))[0].cores)
    used = Table(
        title="cores used, and what a subscriber of everything gets",
        head=("events/s", *map(worded, processes), "updates/s", "rows per update"),
        rows=[
            (
                f"{int(rate):,}",
                *(
                    spread(
                        Spread.of([one.cores[name] for one in ran]), number("{:.2f}")
                    )
                    for name in processes
                ),
                spread(Spread.of([one.updates_per_s for one in ran])),
                spread(
                    Spread.of([one.rows_per_update for one in ran]), number("{:.1f}")
                ),
            )
            for rate, ran in result.runs.items()
        ],
    )
    return [shown, used]
