"""PURE. What the plays of the clearing benchmark come to."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from benchmarks.clearing_cases import COUNCILS, NOISE_ROUND, Run
from benchmarks.figures import percentile
from benchmarks.report import NOTHING, Table, worded

K = TypeVar("K")

LEVELS = ("5", "3", "1")
SETTLED = "3"
"""Percent below which prices stand."""


def councils_table(runs: Sequence[Run]) -> Table:
    """Return the plays of the published economy."""
    rows = []
    published = {
        run.case.start_price: run for run in runs if run.case.rule == "published"
    }
    for run in runs:
        case = run.case
        if case.rule != "ours":
            continue
        name = f"from {case.start_price:,.0f}"
        if case.sees != "bids":
            name += f", {_SEEN[case.sees]}"
        peer = published.get(case.start_price)
        rows.append(
            (
                name,
                *(_rounds(run.rounds_to[level]) for level in LEVELS),
                *(
                    NOTHING if peer is None else _rounds(peer.rounds_to[level])
                    for level in LEVELS
                ),
            )
        )
    return Table(
        title="6,000 councils, 50 products: rounds until every product is within",
        head=("", "5 %", "3 %", "1 %", *(f"published rule, {n} %" for n in LEVELS)),
        rows=rows,
    )


def drawn_table(runs: Sequence[Run]) -> Table:
    """Return the plays of drawn economies, by what is seen and how they want."""
    rows = []
    groups = _grouped(runs, lambda run: (run.case.rule, run.case.sees))
    for (rule, sees), of_group in groups.items():
        name = _SEEN[sees] if rule == "ours" else "published rule"
        rows.append(_drawn_row(name, of_group))
        if rule == "ours" and sees == "bids":
            by_kind = _grouped(of_group, lambda run: run.case.economy)
            for kind, of_kind in by_kind.items():
                rows.append(_drawn_row(f"{name}: {worded(kind)}", of_kind))
    sizes = [run.products for run in runs]
    return Table(
        title=f"drawn economies of {min(sizes)} to {max(sizes)} products",
        head=("", "plays", "settled", "median", "nine of ten", "worst", "to 1 %"),
        rows=rows,
        notes=[
            "Rounds until every product is within 3 %; the last column, within 1 % "
            "(median). A play that did not settle has no round."
        ],
    )


def _drawn_row(name: str, runs: Sequence[Run]) -> tuple[str, ...]:
    rounds = _ordered(run.rounds_to[SETTLED] for run in runs)
    to_one = _ordered(run.rounds_to["1"] for run in runs)
    return (
        name,
        f"{len(runs):,}",
        f"{sum(r < _NEVER for r in rounds) / len(runs):.1%}",
        _rounds_of(percentile(rounds, 50)),
        _rounds_of(percentile(rounds, 90)),
        _rounds_of(rounds[-1]),
        _rounds_of(percentile(to_one, 50)),
    )


def troubled_table(runs: Sequence[Run]) -> Table:
    """Return the plays in trouble, each trouble a row."""
    rows = []
    for trouble, of_trouble in _grouped(runs, lambda run: run.case.trouble).items():
        [councils] = [run for run in of_trouble if run.case.economy == COUNCILS]
        drawn = [run for run in of_trouble if run.case.economy != COUNCILS]
        settled = [run for run in drawn if run.rounds_to[SETTLED] is not None]
        alarmed = [run for run in drawn if run not in settled and run.alarm is not None]
        rest = len(drawn) - len(settled) - len(alarmed)
        left = [run.worst_percent[-1] for run in drawn if run not in settled]
        alarm = councils.alarm
        rows.append(
            (
                _TROUBLES.get(trouble, worded(trouble)),
                _rounds(councils.rounds_to[SETTLED])
                if councils.rounds_to[SETTLED] is not None or alarm is None
                else f"alarm in {alarm}",
                f"{councils.worst_percent[-1]:.1f} %",
                f"{len(settled)} of {len(drawn)}",
                _rounds_of(
                    percentile(_ordered(run.rounds_to[SETTLED] for run in drawn), 50)
                )
                if drawn
                else NOTHING,
                str(len(alarmed)),
                str(rest),
                f"{max(left):.1f} %" if left else NOTHING,
            )
        )
    return Table(
        title="in trouble",
        head=(
            "",
            "councils: rounds",
            "last worst",
            "drawn: settled",
            "median rounds",
            "alarm",
            "neither",
            "worst left",
        ),
        rows=rows,
    )


def noise_table(runs: Sequence[Run]) -> Table:
    """Return the plays under noise against the noise's own floor."""
    groups = _grouped(runs, lambda run: (run.case.economy, run.case.seed))
    ratios: dict[str, list[tuple[float, float, float]]] = {}
    for (economy, _), of_economy in groups.items():
        floors = [run.floor_percent for run in of_economy]
        floor = next(floor for floor in floors if floor is not None)
        came = statistics.median(
            run.worst_percent[NOISE_ROUND - 1] for run in of_economy
        )
        without = statistics.median(run.noiseless_percent or 0 for run in of_economy)
        name = COUNCILS if economy == COUNCILS else "drawn economies"
        ratios.setdefault(name, []).append((floor, came / floor, without / floor))

    def spread(values: Iterable[float]) -> tuple[str, str, str]:
        ordered = sorted(values)
        return (
            f"{statistics.median(ordered):.2f}",
            f"{percentile(ordered, 90):.2f}",
            f"{ordered[-1]:.2f}",
        )

    return Table(
        title=f"10 % noise on every line in every round: round {NOISE_ROUND}",
        head=(
            "",
            "economies",
            "floor %",
            *("times the floor: median", "nine of ten", "worst"),
            *("without the noise: median", "nine of ten", "worst"),
        ),
        rows=[
            (
                name,
                str(len(of)),
                f"{statistics.median(floor for floor, _, _ in of):.2f}",
                *spread(came for _, came, _ in of),
                *spread(without for _, _, without in of),
            )
            for name, of in ratios.items()
        ],
        notes=[
            "The floor is the worst imbalance that the noise alone makes at prices "
            "which clear; of the floors the median is shown. The last columns are what "
            "the prices of that round would make without the noise, in times of the "
            "floor."
        ],
    )


def timed_table(runs: Sequence[Run]) -> Table:
    """Return what the rule took."""
    return Table(
        title="seconds of the rule, per round",
        head=("products", "first", "most"),
        rows=[
            (f"{run.products:,}", f"{run.rule_s[0]:.3f}", f"{max(run.rule_s):.3f}")
            for run in runs
        ],
    )


_NEVER = float("inf")
_SEEN = {
    "bids": "bids seen",
    "schedules": "with schedules",
    "unsaid": "no limit said",
    "sums": "nothing but sums",
}
_TROUBLES = {
    "jumps": "increasing returns, all or nothing",
    "falls": "increasing returns, falling supply",
    "no_makers": "a product that nobody makes",
    "no_wanters": "a product that nobody wants",
    "dominated": "one bidder with 90 % of a market",
    "late": "a fifth answer two rounds late",
    "lying": "a fifth state inputs up to 3 times off",
    "swapping": "a fifth state each other's inputs",
    "half_hidden": "half are known as sums only",
    "late_lying_noise": "late, lying and noise together",
}


def _grouped(runs: Iterable[Run], key: Callable[[Run], K]) -> dict[K, list[Run]]:
    found: dict[K, list[Run]] = {}
    for run in runs:
        found.setdefault(key(run), []).append(run)
    return found


def _ordered(rounds: Iterable[int | None]) -> list[float]:
    return sorted(_NEVER if number is None else number for number in rounds)


def _rounds(number: int | None) -> str:
    return "never" if number is None else str(number)


def _rounds_of(number: float) -> str:
    return "never" if number == _NEVER else f"{number:.0f}"
