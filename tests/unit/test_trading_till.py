"""What a till approves, what it declines and why; nothing else changes."""

from decimal import Decimal

import pytest
from support.trading_scenes import (
    DAY,
    HOUR,
    asked,
    bought,
    card_of,
    decided,
    given_back,
    market,
    plan_line,
    planned_price,
    posted,
    round_price,
)

from streams.market.periods import Calendar
from streams.market.trading.state import TradingState

D = Decimal


def test_what_is_left_of_the_line_comes_first_and_the_rest_at_the_companys_price():
    state = market(lines=[plan_line("3")])
    made = decided(state, asked("request", "r-1", quantity="5"))
    row = made.decision
    assert (row.planned_quantity, row.unplanned_quantity) == (D(3), D(2))
    assert (row.planned_price, row.unit_price) == (D("10.00"), D("8.00"))
    assert row.cost == 3 * D("10.20") + 2 * D("8.80")
    assert (row.code, row.consumer_id) == (None, "ada")
    (purchase,) = made.events
    assert purchase.event_id == "r-1"
    assert (purchase.quantity, purchase.planned_quantity) == (D(5), D(3))
    assert (purchase.unit_price, purchase.company_id) == (D("8.00"), "X")


def test_a_purchase_that_is_all_planned_is_recorded_at_the_planned_price():
    state = market(lines=[plan_line("3")])
    made = decided(state, asked("request", quantity="3", company_id="Z"))
    assert made.events[0].unit_price == D("10.00")
    assert made.decision.unit_price is None


def test_unplanned_use_leaves_the_line_alone():
    state = market(lines=[plan_line("3")])
    row = decided(state, asked("request", quantity="2", use="unplanned")).decision
    assert (row.planned_quantity, row.planned_price) == (0, None)
    assert row.cost == D("17.60")


def test_an_approval_is_booked_at_once_and_counts_once_when_it_comes_back():
    state = market(lines=[plan_line("3")])
    made = decided(state, asked("request", quantity="5"))
    card = card_of(state)
    assert card.planned_spent == D("30.60")
    assert card.unplanned_spent == D("17.60")
    assert card.planned_left == D(900) - D("30.60")
    assert card.unplanned_left == D(100) - D("17.60")
    assert card.loss == 2 * D("-1.40")
    assert (card.purchases, card.newest[0].is_authorised) == (1, True)
    state.take(made.events[0])
    assert state.changed_rows() == []


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("line_exceeded", {"use": "planned", "quantity": "4"}),
        ("unknown_offer", {"company_id": "Z", "quantity": "4"}),
        ("unknown_offer", {"at": -HOUR + HOUR / 2, "use": "unplanned"}),
        ("price_exceeded", {"quantity": "4", "greatest_price": "7.99"}),
        ("unknown_product", {"product_id": "salt"}),
        ("unknown_card", {"consumer_id": "bob"}),
        ("card_exceeded", {"use": "unplanned", "quantity": "11.363637"}),
        ("card_exceeded", {"quantity": "14.363637"}),
    ],
)
def test_a_request_that_is_declined_changes_nothing(code, changed):
    state = market(lines=[plan_line("3")])
    if changed.get("at", 0) < 0:
        # Before the first price, in the week before.
        state.decide(asked("budget", "b-43", period="2011-W43"))
        state.take(planned_price("10.00", period="2011-W43"))
    state.changed_rows()
    assert decided(state, asked("request", **changed)) == code
    assert state.changed_rows() == []
    # What was there to be bought is there.
    row = decided(state, asked("request", "r-2", quantity="14")).decision
    assert (row.planned_quantity, row.unplanned_quantity) == (D(3), D(11))


def test_a_card_can_be_spent_to_the_last_and_no_further():
    state = market(budget="880")
    # The unplanned card holds 88.00: ten units at 8.80.
    assert decided(state, asked("request", "r-1", quantity="10")).decision.cost == 88
    assert card_of(state).unplanned_left == 0
    assert decided(state, asked("request", "r-2", quantity="0.000001")) == (
        "card_exceeded"
    )


def test_the_price_bound_is_of_the_unplanned_part_only():
    state = market(lines=[plan_line("3")])
    made = decided(state, asked("request", quantity="3", greatest_price="1"))
    assert made.decision.planned_quantity == 3


def test_the_prices_of_the_moment_of_the_request_count():
    state = market(posted("X", "6.00", 2 * DAY), lines=[plan_line("3")])
    state.take(planned_price("12.00", 4, 2 * DAY))
    before = decided(state, asked("request", "r-1", DAY, quantity="4")).decision
    after = decided(state, asked("request", "r-2", 3 * DAY, quantity="2")).decision
    assert (before.planned_price, before.unit_price) == (D(10), D(8))
    assert (after.planned_price, after.unit_price) == (None, D(6))


def test_an_event_id_that_was_used_is_declined():
    state = market(bought("r-1"))
    assert decided(state, asked("request", "r-1")) == "duplicate"


def test_what_a_shop_reported_is_not_taken_from_it_by_a_later_request():
    state = market(
        bought("e-1", "6", planned_quantity="6", unit_price="10"),
        given_back("e-2", "6", 2 * DAY, planned_quantity="6", unit_price="10"),
        lines=[plan_line("10")],
    )
    made = decided(state, asked("request", at=3 * DAY, quantity="10", use="planned"))
    assert made == "line_exceeded"
    made = decided(state, asked("request", at=3 * DAY, quantity="4", use="planned"))
    assert made.decision.planned_quantity == 4


def test_what_an_authorised_purchase_gave_back_may_be_bought_again():
    state = market(lines=[plan_line("10")])
    decided(state, asked("request", "r-1", quantity="10"))
    state.take(given_back("e-2", "6", 2 * DAY, planned_quantity="6"))
    made = decided(state, asked("request", "r-2", 3 * DAY, quantity="6", use="planned"))
    assert made.decision.planned_quantity == 6


def test_a_reported_purchase_may_overdraw_a_card_and_a_request_then_may_not():
    state = market(bought("e-1", "20"))
    assert card_of(state).unplanned_left == D(100) - 20 * D("8.80")
    assert decided(state, asked("request", quantity="0.000001")) == "card_exceeded"


def test_a_purchase_that_is_paid_for_is_approved_on_an_overdrawn_card():
    state = market(bought("e-1", "20"), posted("Z", "-1.00"))
    made = decided(state, asked("request", company_id="Z", quantity="2"))
    assert made.decision.cost == D("-2.20")


def test_a_late_request_cannot_take_back_what_a_fallen_price_moved_and_was_spent():
    # 900 on the planned card; the line's 80 units fall from 10.00 to 5.00 on Tuesday,
    # and save 408 with tax.
    state = market(lines=[plan_line("80")])
    state.take(planned_price("5.00", 4, DAY))
    assert card_of(state).saved == D(408)
    spent = asked("request", "r-1", 2 * DAY, quantity="57", use="unplanned")
    assert decided(state, spent).decision.cost == D("501.60")
    # At Monday's price it would pay 10.00 a unit, and nothing would be saved on it.
    late = asked("request", "r-2", HOUR, quantity="10", use="planned")
    assert decided(state, late) == "card_exceeded"
    later = asked("request", "r-3", 2 * DAY, quantity="10", use="planned")
    assert decided(state, later).decision.cost == D("51")


def test_a_request_for_a_settled_period_is_refused():
    state = market()
    state.forget(asked("close").period)
    assert decided(state, asked("request")) == "period_settled"


def test_a_refused_request_opens_no_period():
    state = TradingState(Calendar("week"))
    assert decided(state, asked("request")) == "unknown_product"
    assert decided(state, asked("rebid_answer")) == "unknown_product"
    assert decided(state, asked("budget", period="2011-10-31")) == "invalid_field"
    assert state._books == {}


def test_closes_and_corrections_are_not_decided_here():
    with pytest.raises(AssertionError, match="PeriodClosed is decided by the ledger"):
        market().decide(asked("close"))


def test_what_has_moved_to_the_other_card_pays_for_no_planned_units():
    # The line saves more than the planned card holds, so that all of it has moved.
    state = market(lines=[plan_line("500", round=1)])
    state.take(round_price("20.00", 1))
    assert card_of(state).planned_left == 0
    assert decided(state, asked("request", use="planned")) == "card_exceeded"
    assert decided(state, asked("request", use="unplanned")).decision.code is None
