"""What became of everybody at the gate."""

from decimal import Decimal

from support.period_planning import line, terms

from schemas.board_rows import MAX_NAMED
from schemas.rows import Line
from streams.market.planning.book import Book
from streams.market.planning.outcome import Outcome, named, outcome

FIRST = {"bread": Decimal(10), "cheese": Decimal(5)}
LAST = {"bread": Decimal(12), "cheese": Decimal(4)}


def came_to(*lines: Line, before: tuple[str, ...] = ()) -> Outcome:
    book = Book(FIRST)
    for one in lines:
        book.put(one)
    book.begin_round(2, LAST)
    return outcome(book.entries(), {1: FIRST, 2: LAST}, before)


def test_who_bid_before_and_does_not_now_is_excluded() -> None:
    of = came_to(
        line("bid", "bakery"),
        line("bid", "mill"),
        line("bid", "mill", quantity="0", offset=1),
        before=("farm", "bakery"),
    )
    assert of.excluded == ["farm", "mill"]
    assert of.priced_out == []


def test_a_joint_bid_that_nobody_confirmed_is_no_bid() -> None:
    of = came_to(line("bid", "bakery", terms=terms(members=("mill",))))
    assert of.excluded == ["bakery"]


def test_who_asks_more_than_the_planned_price_is_priced_out_and_not_excluded() -> None:
    of = came_to(
        line("bid", "dear", terms=terms(limit="12.5")),
        line("bid", "fair", terms=terms(limit="12")),
        before=("dear",),
    )
    assert of.priced_out == ["dear"]
    assert of.excluded == []


def test_denied_lines_budgets_are_those_of_the_first_price_they_answered() -> None:
    of = came_to(
        line("plan", "ada", quantity="3", terms=terms(limit="11")),
        line(
            "plan",
            "bob",
            quantity="2",
            terms=terms(limit="11", when_denied="use_unplanned"),
        ),
        line("plan", "cy", quantity="9", terms=terms(limit="12")),
        line("plan", "dee", quantity="9"),
    )
    assert of.denied == 2
    assert of.denied_budget == 50
    assert of.moved_budget == 20


def test_a_line_denied_from_the_start_is_worth_its_limit() -> None:
    of = came_to(line("plan", "ada", quantity="3", terms=terms(limit="8")))
    assert of.denied_budget == 24


def test_a_line_that_answered_a_later_round_was_planned_at_its_price() -> None:
    of = came_to(line("plan", "ada", quantity="3", round=2, terms=terms(limit="11")))
    assert of.denied_budget == 33  # its limit: 12 was denied then


def test_an_input_has_no_card_to_move_money_to() -> None:
    of = came_to(
        line(
            "plan",
            "bakery",
            for_product_id="cheese",
            terms=terms(limit="11", when_denied="use_unplanned"),
        )
    )
    assert of.denied == 1
    assert of.moved_budget == 0


def test_vetoed_lines_are_not_denied() -> None:
    book = Book(FIRST)
    book.put(line("plan", "ada", council_id="north", terms=terms(limit="11")))
    book.decide("bread", "north", False, 1)
    book.begin_round(2, LAST)
    assert outcome(book.entries(), {1: FIRST, 2: LAST}, ()).denied == 0


def test_a_row_names_so_many_companies_and_no_more() -> None:
    assert len(named([f"company-{n}" for n in range(MAX_NAMED + 5)])) == MAX_NAMED
