"""The period that is shown: the one that trades, or the one that is planned."""

import pytest
from support.console import MIDWEEK, WEEK, round_row

from parfeed.console.periods import (
    neighbour,
    newest_rounds,
    planned_periods,
    shown_period,
    trading_period,
)

NEXT = "2011-W45"


def test_the_period_that_trades_is_the_markets_or_the_clocks():
    later = MIDWEEK.replace(year=2026)
    assert trading_period(MIDWEEK, later, "week") == WEEK
    assert trading_period(None, MIDWEEK, "day") == "2011-11-03"


def test_a_period_is_planned_while_its_newest_round_is():
    rows = [
        round_row(2, NEXT, phase="trading"),
        round_row(1, NEXT),
        round_row(10, WEEK),
        round_row(9, WEEK, phase="closed"),
    ]
    assert planned_periods(rows) == [WEEK]
    assert newest_rounds(rows)[WEEK].round == 10


@pytest.mark.parametrize(
    ("view", "planned", "empty", "shown"),
    [
        ("company", [], [], WEEK),
        ("company", [NEXT], [], WEEK),
        ("company", [NEXT], [WEEK], NEXT),
        ("company", [], [WEEK], WEEK),
        ("company", [NEXT], [WEEK, NEXT], NEXT),
        ("consumer", [NEXT], [], WEEK),
        ("board", [WEEK, NEXT], [], NEXT),
        ("board", [], [], WEEK),
    ],
)
def test_who_looks_sees_what_matters_to_them(view, planned, empty, shown):
    assert shown_period(view, WEEK, planned, empty) == shown


@pytest.mark.parametrize(
    ("period", "length", "after"),
    [
        (WEEK, "week", NEXT),
        ("2011-W52", "week", "2012-W01"),
        ("2011-10-31", "day", "2011-11-01"),
        ("2011-10-31T23", "hour", "2011-11-01T00"),
    ],
)
def test_a_neighbour_is_the_next_period_and_back_again(period, length, after):
    assert neighbour(period, 1, length) == after
    assert neighbour(after, -1, length) == period
