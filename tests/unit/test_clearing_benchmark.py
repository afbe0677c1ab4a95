"""The clearing benchmark: what it plays, and how plays become tables."""

import asyncio
from typing import Any

import pytest

from benchmarks import clearing
from benchmarks.clearing_cases import COUNCILS, TROUBLES, Case, Run, play_case
from benchmarks.clearing_tables import (
    councils_table,
    drawn_table,
    noise_table,
    timed_table,
    troubled_table,
)
from benchmarks.report import text

SMALL = Case(economy="ces", seed=3, products=10)


def run(
    case: Case = SMALL, worst: tuple[float, ...] = (90, 2.5), **changed: Any
) -> Run:
    def to(level: float) -> int | None:
        return next((k for k, w in enumerate(worst, 1) if w < level), None)

    values: dict[str, Any] = {
        "case": case,
        "products": 10,
        "worst_percent": list(worst),
        "rounds_to": {str(level): to(level) for level in (5, 3, 1)},
        "alarm": None,
        "farthest_price": 1.0,
        "floor_percent": None,
        "noiseless_percent": None,
        "rule_s": [0.25, 0.5],
    }
    return Run(**{**values, **changed})


def test_the_published_rule_is_played_on_the_published_economy() -> None:
    # All of its path: test_playing.py.
    found = play_case(Case(rule="published", start_price=700.0), 12)
    assert found.rounds_to == {"5": 11, "3": None, "1": None}
    assert found.products == 50
    assert len(found.rule_s) == 11


def test_a_play_ends_below_1_percent_or_with_its_rounds() -> None:
    found = play_case(SMALL, 30)
    assert found.worst_percent[-1] < 1 <= min(found.worst_percent[:-1])
    assert found.farthest_price == pytest.approx(1, abs=0.1)
    assert len(play_case(SMALL, 2).worst_percent) == 2


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_is_played_to_its_end_whatever_comes(trouble: str) -> None:
    case = Case(economy="mixed", seed=3, products=12, trouble=trouble)
    found = play_case(case, 8)
    assert 1 < len(found.worst_percent) <= 8
    assert (found.floor_percent is not None) == (trouble == "noise")
    assert (found.noiseless_percent is not None) == (trouble == "noise")


def test_what_the_board_sees_changes_the_play() -> None:
    plays = [
        play_case(Case(economy="ces", seed=3, products=10, sees=sees), 3)
        for sees in ("bids", "schedules", "sums")
    ]
    assert plays[0].worst_percent[0] == pytest.approx(plays[2].worst_percent[0])
    assert len({play.worst_percent[1] for play in plays}) == 3


def test_everything_is_played_and_every_play_is_in_one_place() -> None:
    plan = clearing.Plan(
        economies=4, troubled=1, rounds=2, published_rounds=3, sizes=(12,)
    )
    result = asyncio.run(clearing.run(plan))
    assert len(result.councils) == 10
    assert len(result.drawn) == 5 * 4
    assert len(result.troubled) == 2 * (len(TROUBLES) - 1)
    assert len(result.noisy) == 2 * clearing.NOISE_SEEDS
    assert [found.products for found in result.timed] == [50, 12]
    for found in (*result.councils, *result.drawn, *result.troubled):
        most = 3 if found.case.rule == "published" else 2
        assert 1 <= len(found.worst_percent) <= most


def test_councils_stand_beside_the_published_rule() -> None:
    shown = councils_table(
        [
            run(Case(start_price=7.0), (90, 2.5, 0.5)),
            run(Case(start_price=7.0, sees="sums"), (90, 4)),
            run(Case(start_price=7.0, rule="published"), (90, 80, 70, 4, 2)),
        ]
    )
    assert [*shown.rows] == [
        ("from 7", "2", "2", "3", "4", "5", "never"),
        ("from 7, nothing but sums", "2", "never", "never", "4", "5", "never"),
    ]


def test_a_play_that_never_settles_is_the_worst_of_its_group() -> None:
    settled = [run(Case(economy="ces", seed=k), (90, 2, 0.5)) for k in range(3)]
    never = run(Case(economy="limits", seed=9), (90, 80))
    [whole, ces, limits] = drawn_table([*settled, never]).rows
    assert whole == ("bids seen", "4", "75.0%", "2", "never", "never", "3")
    assert ces == ("bids seen: ces", "3", "100.0%", "2", "2", "2", "3")
    assert limits[2:] == ("0.0%", "never", "never", "never", "never")


def test_a_trouble_is_settled_or_alarmed_or_neither() -> None:
    def in_trouble(economy: str, seed: int, *worst: float, **changed: Any) -> Run:
        return run(Case(economy=economy, seed=seed, trouble="late"), worst, **changed)

    shown = troubled_table(
        [
            in_trouble(COUNCILS, 0, 90, 95, 99, alarm=3),
            in_trouble("ces", 0, 90, 2, alarm=2),
            in_trouble("ces", 1, 90, 95, 99, alarm=3),
            in_trouble("ces", 2, 90, 95, 44),
        ]
    )
    assert [*shown.rows] == [
        (
            "a fifth answer two rounds late",
            *("alarm in 3", "99.0 %", "1 of 3", "never", "1", "1", "99.0 %"),
        )
    ]


def test_noise_is_told_in_times_of_its_floor() -> None:
    def noisy(case: Case, sixth: float) -> Run:
        return run(
            case,
            (90, 50, 20, 10, 9, sixth),
            floor_percent=4.0,
            noiseless_percent=sixth / 4,
        )

    councils = [
        noisy(Case(trouble="noise", trouble_seed=seed), sixth)
        for seed, sixth in enumerate((5.0, 6.0, 40.0))
    ]
    drawn = [
        noisy(Case(economy="ces", seed=seed, trouble="noise"), 4.0 * (1 + seed))
        for seed in range(11)
    ]
    shown = noise_table([*councils, *drawn])
    assert [*shown.rows] == [
        (COUNCILS, "1", "4.00", *("1.50",) * 3, *("0.38",) * 3),
        (
            *("drawn economies", "11", "4.00"),
            *("6.00", "10.00", "11.00"),
            *("1.50", "2.50", "2.75"),
        ),
    ]


def test_the_rules_time_is_shown_of_the_first_round_and_the_slowest() -> None:
    shown = timed_table([run(products=10_000)])
    assert text(shown).splitlines()[-1].split() == ["10,000", "0.250", "0.500"]
