"""The state as a whole: periods of any length, restarts, what was written before."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.market import event_of, moment
from support.trading_scenes import (
    DAY,
    HOUR,
    NEXT_WEEK,
    WEEK,
    asked,
    bought,
    card_of,
    decided,
    denied_line,
    made,
    market,
    plan_line,
    planned_price,
    posted,
    round_price,
    rows_of,
)

from schemas.rows import Terms
from schemas.values import Period
from streams.market.periods import Calendar
from streams.market.trading.period import span_of
from streams.market.trading.state import TradingState

D = Decimal
HALF = 3.5 * DAY


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        ("2011-W44", "2011-10-31T00:00:00+00:00", "2011-11-07T00:00:00+00:00"),
        ("2011-W52", "2011-12-26T00:00:00+00:00", "2012-01-02T00:00:00+00:00"),
        ("2012-02-29", "2012-02-29T00:00:00+00:00", "2012-03-01T00:00:00+00:00"),
        ("2011-10-31T23", "2011-10-31T23:00:00+00:00", "2011-11-01T00:00:00+00:00"),
    ],
)
def test_a_period_lasts_from_its_first_moment_to_that_of_the_next(period, begin, end):
    span = span_of(Period(period))
    assert (span.begin.isoformat(), span.end.isoformat()) == (begin, end)
    assert span.gone_at(span.end) == span.length
    assert span.gone_at(span.begin) == 0


def test_hours_have_cards_of_their_own():
    state = TradingState(Calendar("hour"))
    state.take(bought("e-1", at=HOUR - 1))
    state.take(bought("e-2", at=HOUR))
    cards = {row.period: row.purchases for row in rows_of(state, "card")}
    assert cards == {"2011-10-31T00": 1, "2011-10-31T01": 1}


def test_times_are_shown_in_utc():
    state = market(
        bought("e-1", occurred_at="2011-11-01T02:30:00+02:30"),
        posted("Z", "9.00"),
    )
    card = card_of(state)
    assert card.newest[0].occurred_at.isoformat() == moment(DAY)
    assert card.occurred_at.isoformat() == moment(DAY)


def test_a_report_and_a_purchase_may_have_the_same_event_id():
    state = market(made("e-1", "5"), bought("e-1"))
    assert card_of(state).purchases == 1


def test_lines_of_other_kinds_change_nothing():
    state = market()
    state.changed_rows()
    state.put_line(plan_line("3", "board", kind="planned_price"))
    assert state.changed_rows() == []


def test_a_line_that_is_put_again_replaces_the_one_before():
    state = market(lines=[plan_line("3"), plan_line("5"), plan_line("2")])
    request = asked("request", quantity="3", use="planned")
    assert decided(state, request) == "line_exceeded"


def test_a_decision_on_a_councils_lines_reaches_its_own_members_only():
    state = market(
        lines=[denied_line(council_id="street"), denied_line(party_id="bob")]
    )
    state.decide(asked("budget", "b-2", consumer_id="bob"))
    state.changed_rows()
    veto = plan_line("0", "street", kind="decision")
    state.put_line(veto)
    assert {row.party: row.moved for row in rows_of(state, "card")} == {
        "consumer/ada": 0
    }
    state.put_line(plan_line("1", "street", kind="decision"))
    assert card_of(state).moved == 90


def test_a_line_denied_for_its_least_quantity_is_worth_its_price():
    terms = Terms(
        least_quantity=D(5),
        schedule=((D(4), D(8)), (D(12), D(0))),
        when_denied="use_unplanned",
    )
    state = market(lines=[plan_line("0", quantity=D(8), terms=terms, round=1)])
    state.take(round_price("12.00", 1))
    # At 10.00 it wants 2 units of at least 5; at 12.00 none, so that all count.
    assert card_of(state).moved == 96


def test_a_price_that_stands_later_only_is_a_persons_to_change():
    state = TradingState(Calendar("week"))
    state.decide(asked("terms", rebid_percent="50"))
    state.put_line(plan_line("10"))
    state.put_line(plan_line("10", "X", kind="bid"))
    state.take(planned_price(at=5 * DAY))
    state.take(bought("e-1", "10", HALF, planned_quantity="10"))
    # Before there is a planned price nothing is planned.
    assert card_of(state).planned_spent == 0
    assert state.decide(asked("rebid_request", "r-2")).events == ()


def test_rows_that_were_written_before_are_counted_on_and_not_written_again():
    facts = [bought("e-1", "2"), made("m-1", "9", unit_cost="12")]
    state = market(*facts, lines=[plan_line("100")])
    written = state.changed_rows()
    assert {row.sequence for row in written} == {1}
    restarted = market(*facts, lines=[plan_line("100")])
    for row in written:
        restarted.put_row(replace(row, sequence=7))
    assert restarted.changed_rows() == []
    restarted.take(bought("e-2"))
    assert card_of(restarted).sequence == 8


def test_an_alert_is_remembered_by_its_row():
    state = market(bought("e-1", "60", HALF), lines=[plan_line("100")])
    (pace,) = rows_of(state, "alert")
    fewer = market(bought("e-1", "55", HALF), lines=[plan_line("100")])
    assert rows_of(fewer, "alert") == []
    fewer = market(bought("e-1", "55", HALF), lines=[plan_line("100")])
    fewer.put_row(pace)
    (stands,) = rows_of(fewer, "alert")
    assert (stands.is_raised, stands.value) == (True, D("110.00"))


def test_a_requested_rebid_is_restored_and_can_be_answered():
    facts = [bought("e-1", "60", HALF)]
    state = market(*facts, lines=[plan_line("100")])
    request = asked("rebid_request")
    decision = state.decide(request).decision
    restarted = market(*facts, lines=[plan_line("100")])
    restarted.restore(request, decision)
    answer = asked("rebid_answer", "r-2", planned_price="11")
    made_ = restarted.decide(answer)
    assert made_.events[0].planned_price == 11
    again = market(*facts, lines=[plan_line("100")])
    for each in (request, answer):
        again.restore(each, decision)
    assert decided(again, asked("rebid_answer", "r-3")) == "unknown_rebid"


def test_terms_and_budgets_are_restored_as_they_were_taken():
    state = TradingState(Calendar("week"))
    taken = market().decide(asked("terms", "t-2", revision=4)).decision
    # Whatever is in use by now: it was taken before that.
    state.take(bought("e-1"))
    state.restore(asked("terms", "t-2", revision=4), taken)
    state.restore(asked("budget", unplanned_share="0.9"), taken)
    card = card_of(state)
    assert card.income == 1000
    assert card.unplanned_spent == D("8.80")


def test_what_was_decided_of_a_settled_period_is_not_restored():
    state = market(lines=[plan_line("10")])
    request = asked("request", "r-9")
    decision = state.decide(request).decision
    state.forget(WEEK)
    for each in (request, asked("budget"), asked("rebid_request")):
        state.restore(each, decision)
    state.put_line(plan_line("3"))
    for row in (card_of(market()),):
        state.put_row(row)
    for fact in (made("m-1", "3"), round_price("9", 1), planned_price(), bought("e")):
        state.take(fact)
    assert state.changed_rows() == []


def test_an_event_of_somebody_elses_under_an_authorised_id_is_not_authorised():
    decision = market(lines=[plan_line("10")]).decide(asked("request")).decision
    for changed in ({"consumer_id": None}, {"consumer_id": "bob"}):
        state = market(bought("r-1", **changed), lines=[plan_line("10")])
        state.changed_rows()
        state.restore(asked("request"), decision)
        assert state.changed_rows() == []


def test_a_product_of_a_later_period_is_another():
    state = market(lines=[plan_line("10")])
    state.decide(asked("budget", "b-2", period=NEXT_WEEK))
    later = asked("request", at=8 * DAY, use="planned")
    assert decided(state, later) == "line_exceeded"
    indicated = event_of("indicative_price")
    state.changed_rows()
    state.take(indicated)
    assert state.changed_rows() == []


def test_a_line_that_is_not_denied_moves_nothing():
    state = market(lines=[denied_line(limit="10.01")])
    assert card_of(state).moved == 0


def test_a_card_of_lines_alone_is_not_shown_when_its_consumer_asks_in_vain():
    state = market(lines=[plan_line("3", "bob")])
    state.changed_rows()
    assert decided(state, asked("request", consumer_id="bob")) == "unknown_card"
    # Somebody else's purchase takes nothing from bob, who has no card yet.
    state.take(bought("e-1", "3", planned_quantity="3"))
    assert [row.party for row in rows_of(state, "card")] == ["consumer/ada"]


def test_a_company_that_asks_a_price_in_a_later_period_first_keeps_it():
    state = market(posted("Z", "9.00", 8 * DAY))
    state.forget(WEEK)
    state.take(posted("Z", "9.50", 9 * DAY))
    (offer,) = [row for row in rows_of(state, "offer") if row.company_id == "Z"]
    assert offer.unplanned_price == D("9.50")


def test_a_request_before_any_planned_price_stands_is_unplanned():
    state = TradingState(Calendar("week"))
    state.decide(asked("budget"))
    state.put_line(plan_line("10"))
    state.take(planned_price(at=5 * DAY))
    state.take(posted("X", "8.00"))
    made_ = state.decide(asked("request", quantity="2"))
    assert made_.decision.planned_quantity == 0
    restarted = TradingState(Calendar("week"))
    restarted.restore(asked("request", quantity="2"), made_.decision)
    restarted.take(planned_price(at=5 * DAY))
    card = card_of(restarted)
    assert (card.planned_spent, card.newest[0].planned_price) == (0, None)
