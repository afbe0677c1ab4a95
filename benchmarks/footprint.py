"""PURE. What the runs of the startup and memory benchmarks come to."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from benchmarks.figures import Spread
from benchmarks.report import Table, number, spread, worded
from parfeed import guard

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "worker": ("-m", "streams"),
    "feed_server": ("-m", "feed_server"),
    "board": ("-m", "streams.board"),
    "ledger": ("-m", "streams.ledger"),
    "kafka": ("kafka.Kafka",),
}
"""Arguments in a row by which a process of a deployment is known."""

OURS: Final = ("worker", "feed_server")
"""What the target is about; the broker is listed apart."""

_MEGABYTE: Final = 1_000_000


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """
    One start. Seconds since the command was given.

    Attributes:
        ready_s: until the feed server answered that it is ready.
        first_row_s: until a client had the row of the first purchase it published.
    """

    ready_s: float
    first_row_s: float


class StartupResult(msgspec.Struct, frozen=True, kw_only=True):
    """All starts, and their spreads."""

    runs: list[Start]
    ready_s: Spread
    first_row_s: Spread


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """
    One demo. Resident memory in bytes.

    Attributes:
        after: at the demo's end, by role: the last sample that saw all of OURS, since
            what is being stopped has let go of some.
        peak: the most that was seen, by role.
        ours_after, ours_peak: of the worker and the feed server together.
        events: that the demo sent.
    """

    after: dict[str, int]
    peak: dict[str, int]
    ours_after: int
    ours_peak: int
    events: int


class MemoryResult(msgspec.Struct, frozen=True, kw_only=True):
    """All demos, and the spreads of what counts."""

    runs: list[Memory]
    ours_after: Spread
    ours_peak: Spread


def role_of(command: Sequence[str]) -> str | None:
    """
    Return what a process with this command line is in a deployment.

    The watchdog beside each process (parfeed/guard.py) has the same words and outlives
    it by a moment; it is nothing here.
    """
    guarding = guard.command([])
    if list(command[1 : len(guarding)]) == guarding[1:]:
        return None
    for role, words in ROLES.items():
        size = len(words)
        if any(
            tuple(command[index : index + size]) == words
            for index in range(len(command) - size + 1)
        ):
            return role
    return None


def memory_of(samples: Sequence[Mapping[str, int]], events: int) -> Memory:
    """
    Sum one demo up.

    Args:
        samples: resident bytes by role, in order, of processes that were there.
        events: that the demo sent.

    Raises:
        ValueError: if worker and feed server were never seen together.
    """
    together = [sample for sample in samples if all(role in sample for role in OURS)]
    if not together:
        raise ValueError(f"never saw {' and '.join(OURS)} together")
    roles = {role for sample in samples for role in sample}
    return Memory(
        after=dict(together[-1]),
        peak={
            role: max(sample.get(role, 0) for sample in samples)
            for role in sorted(roles)
        },
        ours_after=_ours(together[-1]),
        ours_peak=max(map(_ours, together)),
        events=events,
    )


def _ours(sample: Mapping[str, int]) -> int:
    return sum(sample[role] for role in OURS)


def startup_table(result: StartupResult) -> Table:
    """Return the starts as a table."""
    seconds = number("{:.1f} s")
    return Table(
        title="`parfeed up` on an empty directory, until",
        head=("", "time"),
        rows=[
            ("the feed answers", spread(result.ready_s, seconds)),
            ("a client has its first live row", spread(result.first_row_s, seconds)),
        ],
    )


def memory_table(result: MemoryResult) -> Table:
    """Return the memory as a table."""
    megabytes = number("{:.0f} MB")

    def row(name: str, after: Spread, peak: Spread) -> tuple[str, str, str]:
        return name, spread(after, megabytes), spread(peak, megabytes)

    def over(values: Sequence[int]) -> Spread:
        return Spread.of([value / _MEGABYTE for value in values])

    runs = result.runs
    return Table(
        title=f"resident memory, `parfeed demo --speed max --exit` "
        f"({runs[0].events:,} events)",
        head=("", "at its end", "most"),
        rows=[
            *(
                row(
                    worded(role),
                    over([run.after.get(role, 0) for run in runs]),
                    over([run.peak.get(role, 0) for run in runs]),
                )
                for role in ROLES
            ),
            row(
                "worker and feed server",
                over([run.ours_after for run in runs]),
                over([run.ours_peak for run in runs]),
            ),
        ],
    )
