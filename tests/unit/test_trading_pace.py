"""Pace, its alert, requested rebids and their answers."""

from decimal import Decimal

import pytest
from support.market import moment
from support.trading_scenes import (
    DAY,
    HOUR,
    WEEK,
    asked,
    bid,
    bought,
    card_of,
    decided,
    given_back,
    made,
    market,
    plan_line,
    planned_price,
    posted,
    rows_of,
)

D = Decimal
HALF = 3.5 * DAY


def paced(quantity="60", at=HALF, **terms):
    """100 units are planned; so many are bought when half the week is gone."""
    state = market(lines=[plan_line("100")])
    if terms:
        state.decide(asked("terms", "t-2", revision=1, **terms))
    state.take(bought("e-1", quantity, at))
    return state


def alerts(state):
    return {row.kind: row for row in rows_of(state, "alert")}


def test_pace_is_what_was_bought_against_the_plan_and_the_time_gone():
    alert = alerts(paced("60"))["pace"]
    assert (alert.value, alert.threshold) == (D("120.00"), D("120"))
    assert alert.is_raised
    assert alert.since.isoformat() == moment(HALF)
    assert (alert.product_id, alert.period) == ("bread", WEEK)


def test_a_pace_below_the_threshold_raises_nothing():
    assert "pace" not in alerts(paced("59.99"))


def test_without_a_plan_or_early_in_the_period_there_is_no_pace():
    state = market(bought("e-1", "1000", HALF))
    assert "pace" not in alerts(state)
    state = paced("90", at=8 * HOUR)
    assert "pace" not in alerts(state)
    assert "pace" in alerts(paced("90", at=9 * HOUR))


def test_an_alert_passes_only_once_the_pace_is_a_tenth_below():
    state = paced("60")
    assert alerts(state)["pace"].is_raised
    state.take(given_back("e-2", "5.9", HALF))
    alert = alerts(state)["pace"]
    assert (alert.is_raised, alert.value) == (True, D("108.20"))
    assert alert.since.isoformat() == moment(HALF)
    state.take(given_back("e-3", "0.11", HALF + HOUR))
    alert = alerts(state)["pace"]
    assert not alert.is_raised
    assert alert.since.isoformat() == moment(HALF + HOUR)


def test_a_pace_that_moves_within_a_percent_is_no_news():
    state = paced("60.1")
    assert alerts(state)["pace"].value == D("120.20")
    state.take(bought("e-2", "0.1", HALF))
    assert alerts(state) == {}
    state.take(bought("e-3", "0.4", HALF))
    assert alerts(state)["pace"].value == D("121.20")


def test_time_goes_by_events_of_any_kind():
    state = paced("60")
    assert alerts(state)["pace"].is_raised
    state.take(made("m-1", "1", 6 * DAY))
    assert not alerts(state)["pace"].is_raised


def test_a_fifth_more_than_planned_raises_a_deviation():
    state = paced("119.99", 6.5 * DAY)
    assert "deviation" not in alerts(state)
    state.take(bought("e-2", "0.01", 6.5 * DAY))
    alert = alerts(state)["deviation"]
    assert (alert.value, alert.threshold, alert.is_raised) == (20, 20, True)


# Requested rebids


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("unknown_product", {"product_id": "salt"}),
        ("unknown_offer", {"company_id": "Z"}),
        ("invalid_field", {"period": "2011-10-31"}),
    ],
)
def test_a_rebid_that_nobody_can_request_is_refused(code, changed):
    assert decided(paced(), asked("rebid_request", **changed)) == code


def test_a_rebid_needs_a_pace():
    assert decided(paced("59.99"), asked("rebid_request")) == "pace_too_low"
    assert decided(market(), asked("rebid_request")) == "pace_too_low"


def test_a_company_with_a_bid_may_request_a_rebid():
    state = paced()
    state.put_line(bid("10", "Z"))
    made_ = state.decide(asked("rebid_request", company_id="Z", reason="sold out"))
    assert (made_.decision.code, made_.events) == (None, ())
    alert = alerts(state)["rebid_requested"]
    assert (alert.company_id, alert.reason) == ("Z", "sold out")
    assert (alert.value, alert.threshold, alert.is_raised) == (120, 120, True)


def test_a_person_answers_with_a_price_for_the_rest_of_the_period():
    state = paced()
    state.decide(asked("rebid_request"))
    made_ = state.decide(
        asked("rebid_answer", "r-2", planned_price="11.00", reason="flour is short")
    )
    (price,) = made_.events
    assert (price.planned_price, price.revision) == (D("11.00"), 4)
    assert (price.product_id, price.period) == ("bread", WEEK)
    # A microsecond behind the newest purchase: that one stays as it was.
    assert price.stands_from.isoformat() == moment(HALF + 1e-6)
    rows = alerts(state)
    assert not rows["rebid_requested"].is_raised
    answered = rows["rebid_answered"]
    assert (answered.value, answered.threshold) == (D("11.00"), D("10.00"))
    assert (answered.is_raised, answered.reason) == (True, "flour is short")
    assert decided(state, asked("rebid_answer", "r-3")) == "unknown_rebid"


def test_what_was_bought_before_keeps_its_price():
    state = market(
        bought("e-1", "60", HALF, planned_quantity="60"),
        lines=[plan_line("100")],
        budget="5000",
    )
    state.decide(asked("rebid_request"))
    state.decide(asked("rebid_answer", "r-2", planned_price="9.00"))
    assert card_of(state).planned_spent == 60 * D("10.20")
    early = asked("request", "r-3", HOUR, quantity="2")
    late = asked("request", "r-4", HALF + 1, quantity="2")
    assert state.decide(early).decision.planned_price == 10
    assert state.decide(late).decision.planned_price == 9


def test_an_answer_never_counts_for_what_was_bought_before_it():
    state = paced()
    state.decide(asked("rebid_request"))
    answer = asked("rebid_answer", "r-2", planned_price="11", stands_from=moment(DAY))
    (price,) = state.decide(answer).events
    assert price.stands_from.isoformat() == moment(HALF + 1e-6)


def test_an_answer_may_count_from_later_on():
    state = paced()
    state.decide(asked("rebid_request"))
    answer = asked(
        "rebid_answer", "r-2", planned_price="11", stands_from=moment(5 * DAY)
    )
    (price,) = state.decide(answer).events
    assert price.stands_from.isoformat() == moment(5 * DAY)
    request = asked("request", "r-3", 4 * DAY, quantity="1")
    assert state.decide(request).decision.planned_price == 10


def test_an_answer_for_another_time_than_the_period_is_refused():
    state = paced()
    state.decide(asked("rebid_request"))
    for at in (-1e-6, 7 * DAY):
        answer = asked("rebid_answer", planned_price="11", stands_from=moment(at))
        assert decided(state, answer) == "invalid_field"
    assert decided(state, asked("rebid_answer", planned_price="11")) != "invalid_field"


def test_an_answer_without_a_request_is_refused():
    answer = asked("rebid_answer", planned_price="11")
    assert decided(paced(), answer) == "unknown_rebid"
    assert decided(market(), asked("rebid_answer", product_id="salt")) == (
        "unknown_product"
    )


def test_a_declined_rebid_changes_no_price_and_can_be_requested_again():
    state = paced()
    state.decide(asked("rebid_request"))
    made_ = state.decide(asked("rebid_answer", "r-2", reason="it is only Thursday"))
    assert made_.events == ()
    answered = alerts(state)["rebid_answered"]
    assert (answered.is_raised, answered.value) == (False, None)
    state.decide(asked("rebid_request", "r-3"))
    assert alerts(state)["rebid_requested"].is_raised


def test_the_board_answers_by_itself_with_the_root_of_the_pace():
    state = paced("72", rebid_percent="50", planned_tax="0.04", unplanned_tax="0.2")
    (price,) = state.decide(asked("rebid_request")).events
    # 10.00 times the root of 1.44.
    assert price.planned_price == D("12.00")
    rows = alerts(state)
    assert not rows["rebid_requested"].is_raised
    assert rows["rebid_answered"].value == D("12.00")
    assert "144.00 %" in price.reason


def test_an_automatic_answer_keeps_its_bounds_and_is_given_once():
    state = paced("72", rebid_percent="5")
    (price,) = state.decide(asked("rebid_request")).events
    assert price.planned_price == D("10.50")
    assert state.decide(asked("rebid_request", "r-2")).events == ()
    assert not alerts(state)["rebid_answered"].is_raised


def test_an_automatic_price_is_rounded_towards_the_price_before():
    state = paced("65", rebid_percent="50")
    # 10.00 times the root of 1.30 is 11.4017...
    (price,) = state.decide(asked("rebid_request")).events
    assert price.planned_price == D("11.40")


def test_an_automatic_answer_lowers_a_price_whose_sales_lag_behind():
    state = paced("32", rebid_percent="50", pace_percent="50")
    # 10.00 times the root of 0.64.
    (price,) = state.decide(asked("rebid_request")).events
    assert price.planned_price == D("8.00")


def test_a_price_of_nothing_is_left_to_a_person():
    state = market(lines=[plan_line("100", product_id="salt")])
    state.decide(asked("terms", "t-2", revision=1, rebid_percent="50"))
    state.take(planned_price("0", product_id="salt"))
    state.take(posted("X", "1", product_id="salt"))
    state.take(bought("e-1", "90", HALF, product_id="salt"))
    assert state.decide(asked("rebid_request", product_id="salt")).events == ()
    assert alerts(state)["rebid_requested"].is_raised


def test_an_answer_that_comes_back_as_a_fact_changes_nothing():
    state = paced()
    state.decide(asked("rebid_request"))
    made_ = state.decide(asked("rebid_answer", "r-2", planned_price="11.00"))
    state.changed_rows()
    state.take(made_.events[0])
    assert state.changed_rows() == []
