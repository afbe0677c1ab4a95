"""Where facts lie."""

from schemas.trading_rows import SettledRow
from streams.ledger.fact_index import FactIndex, cut_name, cuts_of

SOLD, MADE = ("purchases", 0), ("production", 0)


def index() -> FactIndex:
    filled = FactIndex()
    for offset in (3, 5, 9):
        filled.add("2011-W44", SOLD, offset)
    filled.add("2011-W44", MADE, 0)
    filled.add("2011-W45", SOLD, 7)
    return filled


def test_facts_count_up_to_the_cut_and_with_it():
    found = index().offsets("2011-W44", {SOLD: 5, MADE: 0})
    assert found == {SOLD: {3, 5}, MADE: {0}}


def test_a_place_that_is_cut_before_everything_has_no_facts():
    assert index().offsets("2011-W44", {SOLD: 2, MADE: -1}) == {}


def test_a_place_without_a_cut_has_no_facts():
    assert index().offsets("2011-W44", {}) == {}


def test_what_lies_behind_the_cuts_came_too_late():
    assert index().count_after("2011-W44", {SOLD: 5, MADE: 0}) == 1
    assert index().count_after("2011-W44", {SOLD: 9, MADE: 0}) == 0
    assert index().count_after("2011-W44", {}) == 4


def test_a_period_in_which_nothing_happened_has_nothing():
    assert index().offsets("2011-W01", {SOLD: 9}) == {}
    assert index().count_after("2011-W01", {}) == 0


def test_a_rows_cuts_are_read_back_as_they_were():
    row = SettledRow(
        period="2011-W44",
        revision=0,
        event_id="close",
        cuts={cut_name(SOLD): 5, cut_name(("production", 12)): -1},
    )
    assert cuts_of(row) == {SOLD: 5, ("production", 12): -1}
