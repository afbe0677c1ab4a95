"""Which terms of trade stand in a period, and which may be set."""

from decimal import Decimal

import pytest
from support.trading_scenes import (
    NEXT_WEEK,
    WEEK,
    asked,
    bought,
    card_of,
    decided,
    market,
)

from schemas.errors import Refused
from schemas.values import Period
from streams.market.trading.loss import (
    cost_planned,
    cost_unplanned,
    loss_of_unit,
    rates_of,
)
from streams.market.trading.terms import DEFAULT_TERMS, TermsOfTrade

D = Decimal


def terms(event_id="t-1", **changed):
    return asked("terms", event_id, **changed)


def code_of(check, event, in_use=()):
    with pytest.raises(Refused) as refused:
        check(event, in_use)
    return refused.value.code


def test_the_worked_examples_costs_and_losses():
    example = terms()
    assert rates_of(example) == (D("1.02"), D("1.1"))
    assert cost_planned(D("10.00"), example) == D("10.20")
    assert cost_unplanned(D("8.00"), example) == D("8.80")
    assert loss_of_unit(D("8.00"), D("10.00"), example) == D("-1.40")
    assert loss_of_unit(D("11.00"), D("10.00"), example) == D("1.90")


def test_costs_are_exact_at_the_bounds_of_the_wire():
    odd = terms(planned_tax="0.000001", unplanned_tax="0.999999")
    most = D("999999999999.999999")
    assert cost_planned(most, odd) == D("1000000499999.9999989999995")
    assert cost_unplanned(most, odd) == D("1499999499999.9999985000005")


def test_until_any_are_set_the_defaults_stand():
    assert TermsOfTrade().at(WEEK) is DEFAULT_TERMS
    assert DEFAULT_TERMS.planned_tax == D("0.05")


def test_the_newest_at_or_before_a_period_stand_in_it():
    known = TermsOfTrade()
    late, early = terms("t-1", period="2012-W01"), terms("t-2", period="2011-W40")
    for each in (late, early):
        known.check(each, ())
        known.put(each)
    assert known.at(Period("2011-W39")) is DEFAULT_TERMS
    assert known.at(Period("2011-W40")) is early
    assert known.at(Period("2011-W52")) is early
    assert known.at(Period("2012-W01")) is late
    assert known.at(Period("2030-W01")) is late


def test_a_greater_revision_replaces_terms_and_no_other_does():
    known = TermsOfTrade()
    known.put(terms(revision=2))
    for revision in (1, 2):
        later = terms(revision=revision, planned_tax="0.5")
        assert code_of(known.check, later) == "stale_revision"
        known.put(later)
    assert known.at(WEEK).planned_tax == D("0.04")
    known.put(terms(revision=3, planned_tax="0.5"))
    assert known.at(WEEK).planned_tax == D("0.5")


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("planned_tax", {"planned_tax": "1.000001"}),
        ("unplanned_tax", {"unplanned_tax": "2"}),
        ("pass_through", {"pass_through": "1.1"}),
        ("least_share", {"least_share": "0.6"}),
        ("greatest_share", {"greatest_share": "1"}),
        ("rebid_percent", {"rebid_percent": "100"}),
    ],
)
def test_terms_that_cannot_be_are_refused_by_their_field(field, changed):
    with pytest.raises(Refused, match=rf"invalid_field: .* at `\$\.{field}`"):
        TermsOfTrade().check(terms(**changed), ())


def test_terms_of_a_period_in_use_stand():
    known = TermsOfTrade()
    known.put(terms("t-1", period="2011-W40"))
    known.put(terms("t-2", period="2011-W46"))
    # The 44th week has those of the 40th.
    assert code_of(known.check, terms(period="2011-W43"), [WEEK]) == "terms_in_use"
    assert code_of(known.check, terms(period=WEEK), [WEEK]) == "terms_in_use"
    replaced = terms(period="2011-W40", revision=1)
    assert code_of(known.check, replaced, [WEEK]) == "terms_in_use"
    known.check(terms(period=NEXT_WEEK), [WEEK])
    known.check(terms(period="2011-W39"), [WEEK])


def test_terms_change_until_the_first_purchase_is_taken():
    state = market()
    state.decide(terms("t-2", revision=1, least_share="0.25"))
    assert card_of(state).unplanned_left == 250
    state.take(bought("e-1"))
    later = terms("t-3", revision=2)
    assert decided(state, later) == "terms_in_use"
    state.decide(terms("t-4", period=NEXT_WEEK))


def test_terms_of_settled_periods_stand():
    state = market()
    state.forget(NEXT_WEEK)
    # The next week was settled under this week's.
    assert decided(state, terms("t-2", revision=1)) == "terms_in_use"
    assert decided(state, terms("t-3", period=NEXT_WEEK)) == "period_settled"


def test_a_share_outside_of_a_later_window_counts_as_its_nearest_end():
    state = market(budget=None)
    state.decide(asked("budget", unplanned_share="0.5"))
    state.decide(terms("t-2", revision=1, greatest_share="0.4"))
    assert card_of(state).unplanned_share == D("0.4")
    state.decide(terms("t-3", revision=2, least_share="0.5", greatest_share="0.9"))
    assert card_of(state).unplanned_share == D("0.5")
