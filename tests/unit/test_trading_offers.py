"""What companies ask outside of the plan, against the planned price."""

from decimal import Decimal

from support.market import moment
from support.trading_scenes import (
    DAY,
    HOUR,
    NEXT_WEEK,
    WEEK,
    asked,
    bought,
    market,
    planned_price,
    posted,
    rows_of,
)

from streams.market.periods import Calendar
from streams.market.trading.state import TradingState

D = Decimal


def offers(state, period=WEEK):
    return {
        row.company_id: row for row in rows_of(state, "offer") if row.period == period
    }


def test_the_worked_examples_offers():
    rows = offers(market())
    assert {name: row.loss for name, row in rows.items()} == {
        "X": D("-1.40"),
        "Y": D("1.90"),
    }
    x, y = rows["X"], rows["Y"]
    assert (x.unplanned_price, x.planned_price) == (D("8.00"), D("10.00"))
    assert (x.unplanned_cost, x.planned_cost) == (D("8.80"), D("10.20"))
    assert (x.rank, y.rank, x.sellers, y.sellers) == (1, 2, 2, 2)
    assert x.stands_since.isoformat() == moment(0)


def test_without_a_planned_price_there_is_no_loss():
    state = TradingState(Calendar("week"))
    state.take(posted("X", "8.00"))
    row = offers(state)["X"]
    assert (row.planned_price, row.planned_cost, row.loss) == (None, None, None)
    assert row.unplanned_cost == D("8.00") * D("1.075")


def test_companies_of_one_price_share_a_rank():
    state = market(posted("Z", "8.00"), posted("A", "9.00"))
    ranks = {name: row.rank for name, row in offers(state).items()}
    assert ranks == {"X": 1, "Z": 1, "A": 3, "Y": 4}


def test_only_the_offers_that_changed_are_said_again():
    state = market()
    state.changed_rows()
    state.take(posted("Y", "7.00", DAY))
    rows = offers(state)
    assert {name: (row.rank, row.sequence) for name, row in rows.items()} == {
        "X": (2, 2),
        "Y": (1, 2),
    }
    state.take(posted("Y", "7.50", DAY + HOUR))
    assert list(offers(state)) == ["Y"]
    state.take(posted("Y", "7.50", DAY + HOUR))
    assert state.changed_rows() == []


def test_a_price_that_is_posted_again_stands_since_it_was_asked_first():
    state = market(
        posted("X", "9.00", HOUR),
        posted("X", "8.00", DAY),
        posted("X", "8.00", 2 * DAY),
    )
    assert offers(state)["X"].stands_since.isoformat() == moment(DAY)


def test_a_price_that_comes_late_changes_nothing_of_a_later_one():
    state = market(posted("X", "9.00", DAY))
    state.changed_rows()
    state.take(posted("X", "5.00", HOUR))
    assert offers(state) == {}


def test_of_two_prices_of_one_moment_the_lower_one_stands_whichever_came_first():
    for prices in (("7.00", "9.00"), ("9.00", "7.00")):
        state = market(*(posted("X", price, DAY) for price in prices))
        assert offers(state)["X"].unplanned_price == 7


def test_a_price_stands_through_later_periods():
    state = market()
    state.take(planned_price("12.00", period=NEXT_WEEK))
    rows = offers(state, NEXT_WEEK)
    assert rows["X"].unplanned_price == D("8.00")
    assert rows["X"].planned_price == D("12.00")
    state.take(posted("X", "6.00", 8 * DAY))
    assert offers(state, NEXT_WEEK)["X"].unplanned_price == D("6.00")


def test_a_price_of_a_later_period_is_no_business_of_an_earlier_one():
    state = market()
    state.changed_rows()
    state.take(posted("X", "6.00", 8 * DAY))
    assert {row.period for row in rows_of(state, "offer")} == {NEXT_WEEK}


def test_a_settled_periods_prices_stand_in_those_that_follow():
    state = market(posted("X", "7.00", 2 * DAY), posted("X", "7.00", 3 * DAY))
    state.take(posted("Y", "9.00", 8 * DAY))
    state.forget(WEEK)
    state.take(planned_price("12.00", period=NEXT_WEEK))
    rows = offers(state, NEXT_WEEK)
    assert rows["X"].stands_since.isoformat() == moment(2 * DAY)
    assert rows["Y"].unplanned_price == 9
    state.decide(asked("budget", "b-2", period=NEXT_WEEK))
    made = state.decide(asked("request", at=7 * DAY))
    assert made.decision.unit_price == 7


def test_a_price_that_is_late_for_a_settled_period_stands_in_the_next():
    state = market()
    state.forget(WEEK)
    state.take(posted("X", "7.00", 6 * DAY))
    state.take(planned_price("12.00", period=NEXT_WEEK))
    assert offers(state, NEXT_WEEK)["X"].unplanned_price == 7


def test_a_new_planned_price_shows_once_the_next_purchase_would_have_it():
    state = market(bought("e-1", at=DAY))
    state.changed_rows()
    state.take(planned_price("9.00", 4, 2 * DAY))
    assert offers(state) == {}
    state.take(bought("e-2", at=2 * DAY))
    rows = offers(state)
    assert {row.planned_price for row in rows.values()} == {D("9.00")}


def test_other_terms_show_in_every_offer():
    state = TradingState(Calendar("week"))
    state.take(planned_price())
    state.take(posted("X", "8.00"))
    assert offers(state)["X"].unplanned_cost == D("8.00") * D("1.075")
    state.decide(asked("terms"))
    assert offers(state)["X"].unplanned_cost == D("8.80")
