"""PURE. What the runs of the throughput benchmark come to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from benchmarks.figures import Spread, ratios
from benchmarks.report import Table, number, spread, worded
from benchmarks.usage import quietness

WORKER: Final = "worker"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """
    One process's run.

    Attributes:
        events_per_s: the rate.
        measured_events, measured_s: what it was measured on.
        cpu_us_per_event: of the process itself, user and system.
        broker_cpu_us_per_event: of the embedded Kafka meanwhile; None of another.
        events_per_row: how many events a row that was written holds, on average; None
            of the ceiling, which writes none.
        others_cores: that went to processes which were no part of the run.
        points: how far it was when: [seconds, events], start-up and warm-up included.
    """

    events_per_s: float
    measured_events: int
    measured_s: float
    cpu_us_per_event: float
    broker_cpu_us_per_event: float | None
    others_cores: float
    points: list[tuple[float, int]]
    events_per_row: float | None = None

    @property
    def events_per_cpu_s(self) -> float:
        """Events per second of CPU time, which is per second and core."""
        return 1_000_000 / self.cpu_us_per_event


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """
    All runs on products drawn one way.

    Attributes:
        event_bytes: mean length of an event.
        runs: by who ran, in the order of the rounds; None for who was left out.
        events_per_s, events_per_cpu_s, cpu_us_per_event, broker_cpu_us_per_event,
            events_per_row: over the rounds, by who ran.
        ratios: of the worker's rate to each other one's, round by round.
    """

    event_bytes: float
    runs: dict[str, list[Run] | None]
    events_per_s: dict[str, Spread | None]
    events_per_cpu_s: dict[str, Spread | None]
    cpu_us_per_event: dict[str, Spread | None]
    broker_cpu_us_per_event: dict[str, Spread | None]
    events_per_row: dict[str, Spread | None]
    ratios: dict[str, Spread | None]


def sum_up(
    event_bytes: float, runs: Mapping[str, list[Run]], left_out: Sequence[str] = ()
) -> Rates:
    """
    Sum the runs up.

    Args:
        event_bytes: mean length of an event.
        runs: by who ran, each as many as there were rounds.
        left_out: who did not run.
    """
    all_runs: dict[str, list[Run] | None] = {**runs, **dict.fromkeys(left_out)}

    def over(figure: Callable[[Run], float | None]) -> dict[str, Spread | None]:
        spreads: dict[str, Spread | None] = {}
        for name, ran in all_runs.items():
            values = [value for run in ran or () if (value := figure(run)) is not None]
            spreads[name] = Spread.of(values) if values else None
        return spreads

    def rates(name: str) -> list[float] | None:
        ran = all_runs.get(name)
        return None if ran is None else [run.events_per_s for run in ran]

    ours = rates(WORKER)
    return Rates(
        event_bytes=event_bytes,
        runs=all_runs,
        events_per_s=over(lambda run: run.events_per_s),
        events_per_cpu_s=over(lambda run: run.events_per_cpu_s),
        cpu_us_per_event=over(lambda run: run.cpu_us_per_event),
        broker_cpu_us_per_event=over(lambda run: run.broker_cpu_us_per_event),
        events_per_row=over(lambda run: run.events_per_row),
        ratios={
            f"{WORKER}/{name}": ratios(ours, theirs)
            if ours is not None and (theirs := rates(name)) is not None
            else None
            for name in all_runs
            if name != WORKER
        },
    )


def table(draw: str, rates: Rates) -> Table:
    """Return the runs as a table: median (least to greatest)."""
    return Table(
        title=f"products drawn {'evenly' if draw == 'even' else 'by Zipf’s law'}, "
        f"events of {rates.event_bytes:.0f} bytes",
        head=(
            "",
            "events/s",
            "worker is",
            "events/s and core",
            "CPU per event",
            "Kafka's CPU per event",
            "events per row",
        ),
        rows=[
            (
                worded(name),
                spread(rates.events_per_s[name]),
                spread(rates.ratios.get(f"{WORKER}/{name}"), number("{:.2f}")),
                spread(rates.events_per_cpu_s[name]),
                spread(rates.cpu_us_per_event[name], number("{:.2f} µs")),
                spread(rates.broker_cpu_us_per_event[name], number("{:.2f} µs")),
                spread(rates.events_per_row[name], number("{:.1f}")),
            )
            for name in rates.runs
        ],
        notes=quietness(
            [run.others_cores for ran in rates.runs.values() for run in ran or ()]
        ),
    )
