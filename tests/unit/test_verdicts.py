"""Verdicts: final, exact by place, bounded in number and in time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed_server.errors import Overloaded
from feed_server.verdicts import (
    CROWDED,
    LATE,
    NOT_READ,
    REFUSALS_PER_EVENT,
    Question,
    Verdicts,
)
from schemas.feed import Outcome, Result
from schemas.rows import RejectedRecord
from schemas.trading_rows import DecisionRow


def verdicts(limit: int = 100, patience_s: float = 20.0) -> Verdicts:
    return Verdicts(limit, patience_s)


def at(offset: int, event_id: str = "e", partition: int = 0) -> Result:
    return Result(event_id=event_id, topic="bids", partition=partition, offset=offset)


def refusal(
    offset: int, event_id: str | None = "e", partition: int = 0
) -> RejectedRecord:
    return RejectedRecord(
        code="gate_closed",
        detail="it closed",
        topic="bids",
        partition=partition,
        offset=offset,
        value=b"{}",
        event_id=event_id,
    )


def said(question: Question) -> list[str | None]:
    return [each.verdict if each else None for each in question.outcomes]


def test_what_lies_below_the_committed_offset_and_was_not_refused_is_accepted() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    assert not open_.acknowledge(question, [at(5)], 0.0)
    assert open_.lanes() == {("bids", 0)}
    assert open_.settle({("bids", 0): 5}) == []
    assert open_.settle({("bids", 0): 6}) == [question]
    (outcome,) = question.answer()
    assert (outcome.verdict, outcome.topic, outcome.offset) == ("accepted", "bids", 5)
    assert open_.waiting == 0
    assert open_.lanes() == set()


def test_what_was_refused_says_why_and_where() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.acknowledge(question, [at(5)], 0.0)
    open_.note(refusal(5))
    assert open_.settle({("bids", 0): 6}) == [question]
    (outcome,) = question.answer()
    assert (outcome.verdict, outcome.error, outcome.detail) == (
        "refused",
        "gate_closed",
        "it closed",
    )
    assert (outcome.topic, outcome.partition, outcome.offset) == ("bids", 0, 5)


def test_a_refusal_alone_is_not_final_until_its_offset_is_committed() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.acknowledge(question, [at(5)], 0.0)
    open_.note(refusal(5))
    assert open_.settle({}) == []
    assert open_.settle({("bids", 1): 9}) == []
    assert said(question) == [None]


def test_a_refusal_that_is_read_before_the_event_is_confirmed_counts() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.note(refusal(5))
    open_.acknowledge(question, [at(5)], 0.0)
    open_.settle({("bids", 0): 6})
    assert said(question) == ["refused"]


def test_a_refusal_of_the_same_id_elsewhere_is_anothers() -> None:
    open_ = verdicts()
    question = open_.ask(["e", "e"])
    open_.acknowledge(question, [at(5), at(6)], 0.0)
    open_.note(refusal(6))
    open_.note(refusal(4))
    open_.note(refusal(5, partition=1))
    assert open_.settle({("bids", 0): 7}) == [question]
    assert said(question) == ["accepted", "refused"]


def test_what_was_refused_at_once_needs_no_verdict() -> None:
    open_ = verdicts()
    question = open_.ask([None, "e"])
    results = [Result(event_id=None, error="malformed", detail="x"), at(5)]
    assert not open_.acknowledge(question, results, 0.0)
    open_.settle({("bids", 0): 6})
    assert said(question) == ["refused", "accepted"]
    assert question.answer()[0].error == "malformed"
    only = open_.ask([None])
    assert open_.acknowledge(only, results[:1], 0.0)


def test_an_event_whose_place_kafka_no_longer_knows_is_unknown() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    nowhere = Result(event_id="e", topic="bids", partition=0)
    assert open_.acknowledge(question, [nowhere], 0.0)
    assert said(question) == ["unknown"]


def test_what_nobody_decides_in_time_is_unknown() -> None:
    open_ = verdicts(patience_s=20.0)
    question = open_.ask(["e", "f"])
    assert open_.expire(99.0) == []
    open_.acknowledge(question, [at(5), at(9, "f")], 100.0)
    open_.settle({("bids", 0): 6})
    assert open_.expire(119.9) == []
    assert open_.expire(120.0) == [question]
    assert said(question) == ["accepted", "unknown"]
    assert question.answer()[1].detail == LATE


def test_when_refusals_may_have_been_missed_nothing_is_guessed() -> None:
    open_ = verdicts()
    stored, on_its_way = open_.ask(["e"]), open_.ask(["f"])
    open_.acknowledge(stored, [at(5)], 0.0)
    assert open_.void() == [stored]
    assert stored.answer()[0].detail == NOT_READ
    assert open_.acknowledge(on_its_way, [at(6, "f")], 0.0)
    assert said(on_its_way) == ["unknown"]
    later = open_.ask(["g"])
    assert not open_.acknowledge(later, [at(7, "g")], 0.0)


def test_no_more_may_wait_than_the_limit() -> None:
    open_ = verdicts(limit=3)
    first = open_.ask(["a", "b"])
    with pytest.raises(Overloaded):
        open_.ask(["c", "d"])
    assert open_.waiting == 2
    open_.drop(first)
    open_.drop(first)
    assert open_.waiting == 0
    open_.ask(["a", "b", "c"])


def test_refusals_that_nobody_waits_for_are_not_kept() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    for event_id in ("x", None):
        open_.note(refusal(5, event_id))
    assert open_._refused == {}
    open_.note(refusal(5))
    assert list(open_._refused) == ["e"]
    open_.acknowledge(question, [at(5)], 0.0)
    open_.settle({("bids", 0): 6})
    assert open_._refused == open_._watched == {}


def test_an_id_that_is_refused_too_often_at_once_is_unknown_and_takes_no_memory() -> (
    None
):
    open_ = verdicts()
    question = open_.ask(["e"])
    for offset in range(10, 100):
        open_.note(refusal(offset))
    assert len(open_._refused["e"]) == REFUSALS_PER_EVENT + 1
    open_.acknowledge(question, [at(5)], 0.0)
    open_.settle({("bids", 0): 6})
    assert question.answer()[0].detail == CROWDED


def test_an_id_that_two_ask_about_is_watched_until_both_know() -> None:
    open_ = verdicts()
    first, second = open_.ask(["e"]), open_.ask(["e"])
    open_.acknowledge(first, [at(5)], 0.0)
    open_.settle({("bids", 0): 6})
    open_.note(refusal(6))
    open_.acknowledge(second, [at(6)], 0.0)
    open_.settle({("bids", 0): 7})
    assert (said(first), said(second)) == (["accepted"], ["refused"])


def test_an_answer_is_not_given_before_it_is_there() -> None:
    with pytest.raises(AssertionError, match="before it is there"):
        verdicts().ask(["e"]).answer()


@given(
    refused=st.sets(st.integers(0, 19)),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    steps=st.lists(st.integers(0, 20), max_size=6),
)
def test_in_the_end_every_event_has_exactly_the_verdict_that_is_true(
    refused: set[int], sizes: list[int], steps: list[int]
) -> None:
    open_ = verdicts()
    questions, offset = [], 0
    for size in sizes:
        offsets = range(offset, offset + size)
        question = open_.ask([f"e{n}" for n in offsets])
        questions.append((question, offsets))
        open_.acknowledge(question, [at(n, f"e{n}") for n in offsets], 0.0)
        offset += size
    answered: list[Question] = []
    for step in [*sorted(steps), 20]:
        # Refusals below the committed offset have been read; later ones may have been.
        for n in sorted(refused):
            if n < step + 3:
                open_.note(refusal(n, f"e{n}"))
        answered += open_.settle({("bids", 0): step})
    assert len(answered) == len(questions) == len(set(answered))
    assert open_.waiting == 0
    for question, offsets in questions:
        assert said(question) == [
            "refused" if n in refused else "accepted" for n in offsets
        ]


# Requests, which the ledger decides.


def request(offset: int, event_id: str = "e", partition: int = 0) -> Result:
    return Result(
        event_id=event_id, topic="requests", partition=partition, offset=offset
    )


def approval(offset: int, event_id: str | None = "e", **changes: object) -> DecisionRow:
    facts = {
        "event_id": event_id,
        "partition": 0,
        "offset": offset,
        "consumer_id": "ada",
        "planned_quantity": Decimal(6),
        "unplanned_quantity": Decimal(1),
        "planned_price": Decimal("2.55"),
        "unit_price": Decimal("2.95"),
        "cost": Decimal("18.85375"),
        **changes,
    }
    return DecisionRow(**facts)  # type: ignore[arg-type]


def decline(offset: int, event_id: str = "e") -> DecisionRow:
    return DecisionRow(
        event_id=event_id,
        partition=0,
        offset=offset,
        code="card_exceeded",
        detail="18.85 is needed",
    )


def test_a_request_is_answered_by_its_decision_and_needs_no_commit() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    assert not open_.acknowledge(question, [request(5)], 0.0)
    assert open_.lanes() == set()
    assert open_.settle({("requests", 0): 9}) == []
    assert open_.hear(approval(5)) == [question]
    (outcome,) = question.answer()
    assert (outcome.verdict, outcome.topic, outcome.offset) == (
        "accepted",
        "requests",
        5,
    )
    assert (outcome.planned_quantity, outcome.unplanned_quantity) == (6, 1)
    assert (outcome.planned_price, outcome.unit_price, outcome.cost) == (
        Decimal("2.55"),
        Decimal("2.95"),
        Decimal("18.85375"),
    )
    assert open_.waiting == 0


def test_a_declined_request_says_why_and_costs_nothing() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.acknowledge(question, [request(5)], 0.0)
    assert open_.hear(decline(5)) == [question]
    (outcome,) = question.answer()
    assert (outcome.verdict, outcome.error, outcome.detail, outcome.cost) == (
        "refused",
        "card_exceeded",
        "18.85 is needed",
        None,
    )


def test_what_is_no_purchase_is_taken_without_figures() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.acknowledge(question, [request(5)], 0.0)
    open_.hear(DecisionRow(event_id="e", partition=0, offset=5))
    (outcome,) = question.answer()
    assert outcome == Outcome(
        event_id="e", verdict="accepted", topic="requests", partition=0, offset=5
    )


def test_a_decision_that_is_heard_before_the_request_is_confirmed_counts() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    assert open_.hear(decline(4)) == []
    assert open_.hear(approval(5)) == []
    assert open_.acknowledge(question, [request(5)], 0.0)
    assert said(question) == ["accepted"]
    assert open_._heard == open_._watched == open_._requests == {}


def test_the_same_request_twice_has_a_decision_each() -> None:
    open_ = verdicts()
    question = open_.ask(["e", "e"])
    open_.acknowledge(question, [request(5), request(6)], 0.0)
    assert open_.hear(approval(5)) == []
    assert open_.hear(decline(6)) == [question]
    assert said(question) == ["accepted", "refused"]


def test_requests_and_other_events_of_one_message_are_each_judged_their_own_way() -> (
    None
):
    open_ = verdicts()
    question = open_.ask(["e", "f"])
    open_.acknowledge(question, [request(5), at(5, "f")], 0.0)
    assert open_.lanes() == {("bids", 0)}
    assert open_.hear(approval(5)) == []
    assert open_.settle({("bids", 0): 6}) == [question]
    assert said(question) == ["accepted", "accepted"]


def test_a_request_that_nobody_decides_in_time_is_unknown() -> None:
    open_ = verdicts(patience_s=20.0)
    question = open_.ask(["e"])
    open_.acknowledge(question, [request(5)], 100.0)
    assert open_.expire(120.0) == [question]
    assert question.answer()[0].detail == LATE
    assert open_.hear(approval(5)) == []
    assert open_._requests == {}


def test_decisions_on_others_requests_are_not_kept() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    open_.acknowledge(question, [request(5)], 0.0)
    for row in (approval(7, "x"), approval(8, None), approval(5, partition=1)):
        assert open_.hear(row) == []
    assert "x" not in open_._heard
    assert said(question) == [None]


def test_decisions_of_an_id_that_is_sent_without_end_take_no_memory() -> None:
    open_ = verdicts()
    question = open_.ask(["e"])
    for offset in range(10, 100):
        open_.hear(approval(offset))
    assert len(open_._heard["e"]) == REFUSALS_PER_EVENT + 1
    open_.drop(question)
    assert open_._heard == {}
