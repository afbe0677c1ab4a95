"""The machine of a period's planning, walked: what may happen, and what may not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from support.period_planning import (
    ALL_TOLD,
    NOBODY,
    NOON,
    closed,
    closing,
    listed,
    opened,
    summing,
    waiting,
)
from support.planning import said

from schemas.errors import Refused
from streams.market.planning.course import MAX_ROUNDS, NOTICE_S, Decision, Told
from streams.market.planning.period import PeriodPlan
from streams.market.planning.states import TRANSITIONS, Happening, State, moved

IN: dict[State, Callable[..., PeriodPlan]] = {
    State.LISTED: listed,
    State.ANSWERING: opened,
    State.SUMMING: summing,
    State.WAITING: waiting,
    State.CLOSING: closing,
    State.CLOSED: closed,
}


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reached(state: State) -> None:
    assert IN[state]().state is state


@pytest.mark.parametrize(
    ("state", "happening"), [(s, h) for s in State for h in Happening]
)
def test_what_is_not_in_the_table_cannot_happen(
    state: State, happening: Happening
) -> None:
    following = TRANSITIONS[state].get(happening)
    if following is not None:
        assert moved(state, happening) is following
    else:
        with pytest.raises(AssertionError, match=happening.name):
            moved(state, happening)


REBID = said("announcement", round=1, rebid=True)
STANDS = said("announcement", round=1, rebid=False)
PRICE = said("set_price", product_id="bread", round=1, price="9")
GATE = said("gate")
LISTING = said("listing", product_id="cheese", start_price="4")
OPENING = said("opening")

ASKED: dict[str, Callable[[PeriodPlan], Any]] = {
    "listing": lambda plan: plan.list_product(LISTING),
    "opening": lambda plan: plan.open(OPENING, NOON),
    "rebid": lambda plan: plan.announce(REBID, NOON),
    "stands": lambda plan: plan.announce(STANDS, NOON),
    "set_price": lambda plan: plan.set_price(PRICE),
    "gate": lambda plan: plan.gate(GATE, NOON),
}
ALLOWED = {
    State.LISTED: {"listing", "opening"},
    State.ANSWERING: {"rebid", "stands", "set_price", "gate"},
    State.SUMMING: {"rebid", "stands", "set_price", "gate"},
    State.WAITING: {"rebid", "stands", "set_price", "gate"},
    State.CLOSING: set(),
    State.CLOSED: set(),
}


@pytest.mark.parametrize(
    ("state", "asked"), [(state, asked) for state in State for asked in ASKED]
)
def test_what_people_ask_is_taken_or_refused_without_a_trace(
    state: State, asked: str
) -> None:
    plan = IN[state]()
    before = copy.deepcopy(vars(plan))
    if asked in ALLOWED[state]:
        ASKED[asked](plan)
        assert vars(plan) != before
        return
    with pytest.raises(Refused) as refused:
        ASKED[asked](plan)
    assert vars(plan) == before
    if asked in {"listing", "opening"}:
        assert refused.value.code == "already_open"
    elif state is State.LISTED:
        assert refused.value.code == "unknown_period"
    else:
        assert refused.value.code == "gate_closed"
    assert refused.value.event_id is not None


def test_a_listing_is_replaced_by_a_greater_revision_only() -> None:
    plan = listed(bread="10")
    with pytest.raises(Refused) as refused:
        plan.list_product(said("listing", product_id="bread", start_price="11"))
    assert refused.value.code == "stale_revision"
    plan.list_product(said("listing", product_id="bread", start_price="12", revision=1))
    plan.open(OPENING, NOON)
    assert plan.prices == {"bread": 12}
    assert plan.round == 1


def test_a_period_without_products_cannot_be_opened() -> None:
    plan = PeriodPlan("2011-W44")
    with pytest.raises(Refused) as refused:
        plan.open(OPENING, NOON)
    assert refused.value.code == "unknown_product"
    assert plan.state is State.LISTED


def test_a_gate_cannot_close_before_the_period_opens() -> None:
    plan = listed()
    with pytest.raises(Refused) as refused:
        plan.open(said("opening", closes_at="2011-10-01T00:00:00Z"), NOON)
    assert refused.value.code == "gate_closed"
    assert plan.state is State.LISTED


@pytest.mark.parametrize("round_", [0, 2, 1000])
def test_what_is_said_of_another_round_is_stale(round_: int) -> None:
    plan = opened()
    for event in (
        said("announcement", round=round_, rebid=True),
        said("announcement", round=round_, rebid=False),
    ):
        with pytest.raises(Refused) as refused:
            plan.announce(event, NOON)
        assert refused.value.code == "stale_round"
    with pytest.raises(Refused) as refused:
        plan.set_price(said("set_price", product_id="bread", round=round_, price="1"))
    assert refused.value.code == "stale_round"
    assert plan.state is State.ANSWERING


def test_a_price_of_a_product_that_is_not_planned_is_refused() -> None:
    plan = opened()
    with pytest.raises(Refused) as refused:
        plan.set_price(said("set_price", product_id="dates", round=1, price="1"))
    assert refused.value.code == "unknown_product"
    assert plan.set_prices == {}


def test_after_the_last_round_that_can_be_named_no_rebid_is_taken() -> None:
    plan = opened()
    plan.round = MAX_ROUNDS
    with pytest.raises(Refused) as refused:
        plan.announce(said("announcement", round=MAX_ROUNDS, rebid=True), NOON)
    assert refused.value.code == "invalid_field"
    assert plan.state is State.ANSWERING


def test_a_round_is_over_once_all_have_answered_and_it_is_quiet() -> None:
    plan = opened(quiet_s=2)
    assert not plan.is_over(ALL_TOLD, NOON + 1.9)
    plan.heard(NOON + 1.9)
    assert not plan.is_over(ALL_TOLD, NOON + 3)
    assert plan.is_over(ALL_TOLD, NOON + 3.9)
    assert not plan.is_over(ALL_TOLD._replace(answered=1), NOON + 99)


@pytest.mark.parametrize("missing", ["bids", "plans"])
def test_a_round_of_one_side_only_is_not_over_by_itself(missing: str) -> None:
    plan = opened(quiet_s=2)
    told = ALL_TOLD._replace(**{missing: 0})
    assert not plan.is_over(told, NOON + 1_000)


@pytest.mark.parametrize("told", [NOBODY, Told(1, 1, 9, 0)])
def test_a_deadline_ends_a_round_whoever_is_missing(told: Told) -> None:
    plan = opened(round_s=30)
    assert not plan.is_over(told, NOON + 29.9)
    assert plan.is_over(told, NOON + 30)


@pytest.mark.parametrize("state", [s for s in State if s is not State.ANSWERING])
def test_only_a_round_that_runs_can_be_over(state: State) -> None:
    plan = IN[state]() if state is State.LISTED else IN[state](round_s=1)
    assert not plan.is_over(ALL_TOLD, NOON + 1_000)


def test_what_follows_from_a_round_is_the_boards_or_a_persons_to_say() -> None:
    assert summing().decide(2.99) is Decision.STANDS
    assert summing().decide(3.0) is Decision.REBID
    assert summing(tolerance_percent=1).decide(2.99) is Decision.REBID
    assert summing(max_rounds=1).decide(3.0) is Decision.PERSON
    assert summing(max_rounds=1).decide(2.0) is Decision.STANDS
    assert summing().decide(None) is Decision.PERSON
    assert summing(is_automatic=False).decide(0.0) is Decision.PERSON


def test_a_person_may_ask_for_a_rebid_whatever_the_board_would_say() -> None:
    for plan in (opened(is_automatic=False), waiting(max_rounds=1), summing()):
        assert not plan.announce(REBID, NOON)
        assert plan.state is State.SUMMING
        assert plan.decide(0.0) is Decision.REBID
        plan.begin_round({"bread": plan.prices["bread"]}, NOON + 5)
        assert plan.round == 2
        assert plan.forced is None


def test_a_price_set_holds_for_the_next_round_only() -> None:
    plan = opened()
    plan.set_price(PRICE)
    assert plan.set_prices["bread"].price == 9
    plan.end_round()
    plan.begin_round(plan.prices, NOON)
    assert plan.set_prices == {}


def test_a_gate_closes_after_its_notice_or_when_it_was_to_close_anyway() -> None:
    plan = opened()
    plan.gate(GATE, NOON)
    assert plan.closes_at == NOON + NOTICE_S
    assert not plan.is_shut(NOON + NOTICE_S / 2)
    assert plan.is_shut(NOON + NOTICE_S)

    soon = opened(closes_at="2011-10-19T04:53:20.5Z")
    soon.gate(GATE, NOON)
    assert soon.closes_at == NOON + 0.5


def test_a_time_that_was_announced_closes_the_gate() -> None:
    plan = opened(closes_at="2011-10-19T05:00:00Z")
    assert plan.closes_at == NOON + 400
    assert not plan.is_gate_due(NOON + 399)
    assert plan.is_gate_due(NOON + 400)
    assert not opened().is_gate_due(NOON + 10**9)


def test_it_is_looked_again_when_time_alone_may_change_something() -> None:
    plan = opened(quiet_s=2, round_s=30, closes_at="2011-10-19T05:00:00Z")
    assert plan.next_look(NOON) == NOON + 2
    assert plan.next_look(NOON + 2) == NOON + 30
    assert plan.next_look(NOON + 30) == NOON + 400
    assert plan.next_look(NOON + 400) is None
    assert closed().next_look(NOON) is None
    assert waiting().next_look(NOON) is None


def test_a_board_that_takes_over_goes_on_in_the_round_that_runs() -> None:
    plan = opened(quiet_s=2)
    plan.resume(
        3,
        {"bread": plan.prices["bread"]},
        opened_at=NOON + 50,
        closes_at=None,
        notices=1,
    )
    assert (plan.state, plan.round) == (State.ANSWERING, 3)
    assert not plan.is_over(ALL_TOLD, NOON + 51)
    assert plan.is_over(ALL_TOLD, NOON + 52)


def test_what_was_closed_by_an_earlier_board_is_closed() -> None:
    plan = opened()
    plan.forget()
    with pytest.raises(Refused) as refused:
        plan.gate(GATE, NOON)
    assert refused.value.code == "gate_closed"


def test_without_a_deadline_only_answers_end_a_round() -> None:
    plan = opened(quiet_s=2)
    assert plan.deadline is None
    assert plan.next_look(NOON + 2) is None
    assert opened(round_s=9).deadline == NOON + 9


def test_what_was_not_opened_was_opened_with_nothing() -> None:
    with pytest.raises(AssertionError, match="has not begun"):
        _ = listed().opened_with


def test_products_are_known_by_name() -> None:
    assert listed(cheese="1", bread="2").products == ["bread", "cheese"]


def test_a_second_notice_means_that_the_gate_is_closing() -> None:
    plan = opened()
    plan.resume(2, plan.prices, opened_at=NOON, closes_at=NOON + 9, notices=2)
    assert plan.state is State.CLOSING
    assert plan.is_shut(NOON + 9)
