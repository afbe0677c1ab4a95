"""The board's events and the rounds' rows, made of what it knows."""

from decimal import Decimal

import msgspec
import pytest
from support.period_planning import ALL_TOLD, NOON, line, listed, opened, terms
from support.planning import PERIOD, said

from schemas.board_rows import AGENDA_POSITION, bids_position
from schemas.codec import check_event, decode_event, encode
from streams.market.planning.announcing import (
    Proposal,
    indicated,
    opening_prices,
    planned_prices,
    price_of,
    quantity_of,
    rebid,
    times,
)
from streams.market.planning.book import Book, Sums
from streams.market.planning.event_ids import MAX_ID, event_id
from streams.market.planning.outcome import Outcome
from streams.market.planning.period import PeriodPlan
from streams.market.planning.round_rows import (
    answered_row,
    closed_row,
    figures_of,
    opened_row,
)

NO_SUMS = Sums()


def proposal(price: float = 12.0, **fields: object) -> Proposal:
    return Proposal(price, -0.5, "shares", ())._replace(**fields)


def announced(plan: PeriodPlan, of: Proposal, sums: Sums = NO_SUMS) -> object:
    [event] = rebid(plan, {"bread": of}, lambda _: sums, lambda _: 41, NOON + 9)
    assert decode_event(encode(event)) == event
    check_event(event)
    return event


def test_the_opening_announces_what_was_listed() -> None:
    plan = listed(bread="10", cheese="0.05")
    plan.open(said("opening"), NOON)
    events = opening_prices(plan)
    assert [(e.product_id, e.announced_price, e.round) for e in events] == [
        ("bread", 10, 1),
        ("cheese", Decimal("0.05"), 1),
    ]
    assert {e.method for e in events} == {"opening"}
    assert {e.position for e in events} == {-1}


def test_a_price_says_what_it_came_from() -> None:
    event = announced(opened(), proposal(), Sums(Decimal(30), Decimal(50)))
    assert (event.announced_price, event.round) == (12, 2)
    assert (event.supply, event.demand, event.position) == (30, 50, 41)
    assert event.forecast_percent == Decimal("-0.5")
    assert event.method == "shares"
    assert event.event_id == f"{PERIOD}.2.bread"
    assert event.reason == "Demand is larger by 50.00 %; -0.50 % is expected."


@pytest.mark.parametrize(
    ("flags", "words"), [(("no_bid",), "Nobody bids"), (("no_demand",), "Nobody wants")]
)
def test_a_price_that_stays_says_why(flags: tuple[str, ...], words: str) -> None:
    event = announced(opened(), proposal(flags=flags), Sums(Decimal(30), Decimal(0)))
    assert event.flags == flags
    assert words in event.reason


def test_a_price_of_nothing_stays_and_says_so() -> None:
    assert "Nothing is bid or planned" in announced(opened(), proposal()).reason


def test_a_persons_price_goes_before_the_rules() -> None:
    plan = opened()
    plan.set_price(
        said("set_price", product_id="bread", round=1, price="9", reason="Flour.")
    )
    event = announced(plan, proposal())
    assert (event.announced_price, event.method) == (9, "person")
    assert event.reason == "Flour."
    assert event.forecast_percent is None


def test_a_persons_reason_for_a_rebid_is_everybodys_to_read() -> None:
    plan = opened()
    plan.announce(said("announcement", round=1, rebid=True, reason="A drought."), NOON)
    event = announced(plan, proposal(), Sums(Decimal(30), Decimal(50)))
    assert event.reason.startswith("A drought. Demand is larger")


@pytest.mark.parametrize(
    ("value", "price"),
    [
        (1e-30, "0.000001"),
        (12.3456785, "12.345678"),
        (1e30, "1000000000000"),
        (0.1, "0.100000"),
    ],
)
def test_a_binary_price_becomes_one_that_the_wire_holds(
    value: float, price: str
) -> None:
    assert price_of(value) == Decimal(price)


def test_a_sum_beyond_the_wires_largest_quantity_is_said_as_that() -> None:
    assert quantity_of(Decimal(10) ** 15) == Decimal(10) ** 12


def test_indicative_prices_are_published_where_they_moved() -> None:
    plan = opened()
    assert indicated(plan, {"bread": proposal(10.009)}, {}, 1, NOON) == []
    [event] = indicated(plan, {"bread": proposal(10.02)}, {}, 1, NOON)
    assert (event.indicative_price, event.round, event.revision) == (
        Decimal("10.02"),
        1,
        1,
    )
    assert indicated(plan, {"bread": proposal(10.021)}, {"bread": 10.02}, 2, NOON) == []
    assert indicated(plan, {"bread": proposal(10.0)}, {"bread": 10.02}, 2, NOON)


def test_planned_prices_are_those_of_the_last_round() -> None:
    plan = opened()
    [event] = planned_prices(plan, "Balanced.", NOON)
    assert (event.planned_price, event.revision, event.reason) == (10, 1, "Balanced.")


def test_the_times_say_when_the_gate_closes() -> None:
    plan = opened()
    assert times(plan, NOON).closes_at is None
    plan.close_gate("Enough.", NOON)
    plan.notices += 1
    said_later = times(plan, NOON)
    assert said_later.closes_at.timestamp() == NOON + 1
    assert said_later.revision == 2


def test_an_event_id_is_as_long_as_one_may_be_and_tells_names_apart() -> None:
    assert event_id(PERIOD, 2, "bread") == "2011-W44.2.bread"
    long = "x" * 64
    assert len(event_id(PERIOD, 2, long)) == MAX_ID
    assert event_id(PERIOD, 2, long) == event_id(PERIOD, 2, long)
    assert event_id(PERIOD, 2, long) != event_id(PERIOD, 3, long)
    assert event_id(PERIOD, 2, long + "a") != event_id(PERIOD, 2, long + "b")


# Rounds' rows.


def row_and_book() -> tuple[PeriodPlan, object, Book]:
    plan = opened(round_s=30)
    row = opened_row(plan, opening_prices(plan), alarm=False, reason="Begun.", agenda=7)
    return plan, row, Book(plan.prices)


def test_a_round_begins_with_its_deadline_and_place_in_the_agenda() -> None:
    _, row, _ = row_and_book()
    assert row.deadline.timestamp() == NOON + 30
    assert row.positions == {AGENDA_POSITION: 7}
    assert (row.products, row.sequence, row.phase) == (1, 1, "planning")
    assert row.worst_percent is None


def test_a_row_has_a_new_version_only_if_something_changed() -> None:
    plan, row, book = row_and_book()
    book.put(line("bid", "bakery", quantity="10"))
    book.put(line("plan", "ada", quantity="10.2"))
    figures = figures_of(book, frozenset())
    assert figures.within == (0, 1, 1)
    later = answered_row(row, plan, ALL_TOLD, figures, {bids_position(0): 41}, NOON + 1)
    assert later.sequence == 2
    assert later.worst_percent == Decimal("1.98")
    assert later.worst_product_id == "bread"
    assert (later.expected, later.answered) == (2, 2)
    assert later.positions == {AGENDA_POSITION: 7, bids_position(0): 41}
    same = answered_row(
        later, plan, ALL_TOLD, figures, {bids_position(0): 41}, NOON + 2
    )
    assert same is later
    assert msgspec.json.decode(encode(later))["positions"] == {
        "agenda": 7,
        "bids-0": 41,
    }


def test_a_flagged_product_is_not_the_worst() -> None:
    book = Book({"bread": Decimal(10), "cheese": Decimal(5)})
    book.put(line("plan", "ada", product_id="cheese"))
    assert figures_of(book, frozenset()).worst_percent == 200
    assert figures_of(book, frozenset({"cheese"})).worst_percent is None


def test_who_waits_for_a_person_says_so_and_raises_the_alarm() -> None:
    plan, row, book = row_and_book()
    plan.end_round()
    plan.wait("A person says.")
    later = answered_row(row, plan, ALL_TOLD, figures_of(book, frozenset()), {}, NOON)
    assert later.alarm
    assert later.reason == "A person says."


def test_the_last_version_says_what_became_of_everybody() -> None:
    _, row, _ = row_and_book()
    of = Outcome(["mill"], ["dear"], 3, Decimal("50.0000000001"), Decimal(20))
    last = closed_row(row, "Balanced.", of, NOON)
    assert (last.phase, last.prices_stand, last.reason) == ("closed", True, "Balanced.")
    assert (last.excluded, last.excluded_count) == (("mill",), 1)
    assert (last.priced_out, last.priced_out_count) == (("dear",), 1)
    assert last.denied == 3
    assert encode(last).count(b'"denied_budget":"50"') == 1


def test_forecasts_of_flagged_products_are_not_the_rounds() -> None:
    plan = opened()
    quiet = announced(plan, proposal(flags=("no_bid",), forecast_percent=-200.0))
    plan.end_round()
    plan.begin_round({"bread": Decimal(12)}, NOON)
    row = opened_row(plan, [quiet], alarm=True, reason="On.", agenda=0)
    assert row.forecast_percent is None
    assert row.alarm
    assert row.method == "shares"


def test_terms_are_built_as_the_workers_build_them() -> None:
    # The builder of these tests, held to what a worker's line is.
    assert terms(("1", "2"), limit="3").schedule == ((Decimal(1), Decimal(2)),)
