"""The ledger's desk: each request decided once, in its order, by whichever ledger."""

import pytest
from support.market import record
from support.trading import PERIOD, at, said

from schemas.codec import encode
from schemas.errors import Refused
from schemas.settings import Settings
from schemas.trading_rows import DecisionRow, SettledRow
from streams.ledger.desk import Desk
from streams.ledger.fact_index import FactIndex
from streams.market.periods import Calendar
from streams.market.trading.state import TradingState

SOLD = ("purchases", 0)


def desk(index: FactIndex | None = None) -> Desk:
    return Desk(Settings(), TradingState(Calendar("week")), index or FactIndex())


def decide(on: Desk, event, offset: int = 0, received_s: float = 86_400.0):
    sent = record(encode(event), offset, received_s)
    return on.decide(0, sent, event)[0]


def settled(revision: int = 0, event_id: str = "close", cut: int = 5) -> SettledRow:
    return SettledRow(
        period=PERIOD, revision=revision, event_id=event_id, cuts={"purchases-0": cut}
    )


def test_a_decision_names_the_record_that_it_answers():
    row = decide(desk(), said("budget", consumer_id="ann", income="9"), offset=7)
    assert (row.partition, row.offset, row.code) == (0, 7, None)


def test_a_request_that_is_sent_again_is_decided_once():
    on = desk()
    event = said("budget", consumer_id="ann", income="9")
    assert decide(on, event, 0).code is None
    assert decide(on, event, 1).code == "duplicate"


def test_no_event_at_all_is_answered_too():
    row, said_because = desk().decide(
        0, record(b"?", 3), Refused("malformed", "no JSON")
    )
    assert (row.event_id, row.offset, row.code) == (None, 3, "malformed")
    assert not said_because


def test_an_event_of_another_topic_is_refused():
    row = decide(desk(), said("production", quantity="1"))
    assert (row.code, "takes budget" in row.detail) == ("wrong_topic", True)


def test_a_request_ahead_of_its_arrival_is_refused():
    event = said("budget", consumer_id="ann", income="9", occurred_at=at(2))
    assert decide(desk(), event, received_s=3_600).code is None
    assert decide(desk(), event, received_s=3_599).code == "occurred_in_future"


def test_a_period_of_another_length_is_refused():
    event = said("close", period="2011-10-31")
    assert decide(desk(), event).code == "invalid_field"


def test_once_a_period_is_closed_nothing_else_of_it_is_taken():
    on = desk()
    close = said("close", event_id="close")
    assert decide(on, close).code is None
    assert on.ending == {PERIOD: "close"}
    late = [
        said("close"),
        said("budget", consumer_id="ann", income="9"),
        said("request", consumer_id="ann", quantity="1"),
        said("rebid_answer"),
    ]
    codes = {decide(on, event, number).code for number, event in enumerate(late, 1)}
    assert codes == {"period_settled"}


def test_a_period_that_is_not_settled_cannot_be_corrected():
    on = desk()
    assert decide(on, said("correction")).code == "not_settled"
    decide(on, said("close"), 1)
    assert decide(on, said("correction"), 2).code == "not_settled"


@pytest.mark.parametrize(("newest", "code"), [(5, "nothing_to_correct"), (6, None)])
def test_a_correction_needs_something_that_came_too_late(newest, code):
    index = FactIndex()
    index.add(PERIOD, SOLD, newest)
    on = desk(index)
    on.settle(settled(cut=5))
    assert decide(on, said("correction")).code == code


def test_two_corrections_are_not_made_at_once():
    index = FactIndex()
    index.add(PERIOD, SOLD, 9)
    on = desk(index)
    on.settle(settled())
    assert decide(on, said("correction"), 0).code is None
    assert decide(on, said("correction"), 1).code == "not_settled"


def test_what_is_settled_is_due_no_more():
    on = desk()
    decide(on, said("close", event_id="close"))
    on.settle(settled())
    assert not on.ending
    assert [row.revision for row in on.settled[PERIOD]] == [0]


def restored(kind: str, event_id: str, *rows: SettledRow) -> Desk:
    on = desk()
    for row in rows:
        on.settle(row)
    event = said(kind, event_id=event_id)
    decision = DecisionRow(event_id=event_id, partition=0, offset=0)
    on.restore(0, record(encode(event)), event, decision)
    return on


def test_a_close_that_was_not_settled_is_due_again_after_a_restart():
    assert restored("close", "close").ending == {PERIOD: "close"}


def test_a_close_that_was_settled_is_not_settled_again_after_a_restart():
    assert not restored("close", "close", settled()).ending


def test_a_correction_is_made_once_across_restarts():
    first = settled()
    assert restored("correction", "c-1", first).correcting == {PERIOD: "c-1"}
    made = settled(revision=1, event_id="c-1")
    assert not restored("correction", "c-1", first, made).correcting


def test_a_request_that_was_decided_before_is_a_duplicate_after_a_restart():
    on = desk()
    event = said("budget", consumer_id="ann", income="9")
    decision = DecisionRow(event_id=event.event_id, partition=0, offset=0)
    on.restore(0, record(encode(event)), event, decision)
    assert decide(on, event, 1).code == "duplicate"
    assert PERIOD in on.budgets
