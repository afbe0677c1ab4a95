import json

import msgspec
import pytest

from parfeed.client.errors import ServerViolation
from parfeed.client.outbox import BUSY, MAX_UNDER_WAY, Outbox
from parfeed.client.submission import Submission
from schemas.feed import (
    MAX_MESSAGE_BYTES,
    Ack,
    Error,
    Limits,
    Outcome,
    Publish,
    Result,
    Verdict,
)


def limits(
    per_s: int = 100_000,
    message_bytes: int = MAX_MESSAGE_BYTES,
    verdict_s: float | None = 20.0,
) -> Limits:
    return Limits(
        message_bytes=message_bytes,
        subscriptions=1,
        publish_per_s=per_s,
        verdict_s=verdict_s,
    )


def open_outbox(per_s: int = 100_000) -> Outbox:
    outbox = Outbox(random=lambda: 1.0)
    outbox.connected(limits(per_s), 0.0)
    return outbox


def events(count: int, size: int = 0) -> list[bytes]:
    return [
        json.dumps({"event_id": f"e{n}", "pad": "x" * size}).encode()
        for n in range(count)
    ]


def sent(outbox: Outbox, now: float = 0.0) -> list[Publish]:
    messages = []
    while (message := outbox.message(now)) is not None:
        assert len(message) <= MAX_MESSAGE_BYTES
        messages.append(msgspec.json.decode(message, type=Publish))
    return messages


def taken(message: Publish) -> Ack:
    results = tuple(
        Result(event_id=json.loads(bytes(raw))["event_id"], offset=1)
        for raw in message.events
    )
    return Ack(id=message.id, results=results)


def unavailable(message: Publish) -> Ack:
    results = tuple(Result(event_id=None, error="unavailable") for _ in message.events)
    return Ack(id=message.id, results=results)


def ids(submission: Submission) -> list[str | None]:
    return [result.event_id if result else None for result in submission.results]


def test_events_fill_messages_up_to_the_limit_and_not_beyond() -> None:
    outbox = open_outbox()
    outbox.submit(events(100, size=2_000))
    sizes = [sum(map(len, map(bytes, each.events))) for each in sent(outbox)]
    assert sum(sizes) == sum(map(len, events(100, size=2_000)))
    assert all(size > MAX_MESSAGE_BYTES - 2_100 for size in sizes[:-1])


def test_results_stand_in_the_order_of_the_events_whatever_answer_comes_first() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(100, size=2_000))
    messages = sent(outbox)
    done = [outbox.acknowledge(taken(each), 0.0) for each in reversed(messages)]
    assert [submission] == [each for group in done for each in group]
    assert ids(submission) == [f"e{n}" for n in range(100)]
    assert not outbox.unfinished()


def test_only_so_many_messages_are_under_way() -> None:
    outbox = open_outbox()
    outbox.submit(events(1_000, size=15_000))
    messages = sent(outbox)
    assert len(messages) == MAX_UNDER_WAY
    assert outbox.wake_at(0.0) is None
    outbox.acknowledge(taken(messages[0]), 0.0)
    assert len(sent(outbox)) == 1


def test_a_lost_connection_sends_the_same_bytes_again_first_and_in_order() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(30, size=5_000))
    later = outbox.submit(events(1))
    before = sent(outbox)
    outbox.acknowledge(taken(before[1]), 0.0)
    outbox.lost()
    outbox.connected(limits(), 1.0)
    again = sent(outbox, 1.0)
    open_before = [
        raw for n, each in enumerate(before) if n != 1 for raw in each.events
    ]
    assert [raw for each in again for raw in each.events] == open_before
    for each in again:
        outbox.acknowledge(taken(each), 1.0)
    assert submission.unanswered == later.unanswered == 0


def test_an_unavailable_event_goes_again_after_a_pause_that_doubles() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2))
    now = 0.0
    for pause in (0.1, 0.2, 0.4):
        (message,) = sent(outbox, now)
        assert outbox.acknowledge(unavailable(message), now) == []
        assert outbox.wake_at(now) == pytest.approx(now + pause)
        assert sent(outbox, now + pause * 0.99) == []
        now += pause
    (message,) = sent(outbox, now)
    assert outbox.acknowledge(taken(message), now) == [submission]
    assert ids(submission) == ["e0", "e1"]


def test_the_other_events_of_a_message_keep_their_results() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(3))
    (message,) = sent(outbox)
    ok = Result(event_id="e", offset=7)
    refused = Result(event_id="e", error="invalid_field", detail="no")
    busy = Result(event_id="e", error="unavailable")
    outbox.acknowledge(Ack(id=message.id, results=(ok, busy, refused)), 0.0)
    assert submission.results == [ok, None, refused]
    (again,) = sent(outbox, 10.0)
    assert [json.loads(bytes(raw))["event_id"] for raw in again.events] == ["e1"]


@pytest.mark.parametrize("code", ["rate_exceeded", "overloaded"])
def test_a_message_refused_for_now_goes_again_and_one_at_a_time(code: str) -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(20, size=15_000))
    first, *others = sent(outbox)
    for each in (first, *others):
        error = Error(id=each.id, code=code, message="later", retry=True)
        assert outbox.refuse(error, 0.0) == []
    # All were under way together, so that was one refusal, not so many in a row.
    assert outbox.wake_at(0.0) == pytest.approx(BUSY.first_s)
    now = BUSY.first_s
    (probe,) = sent(outbox, now)
    assert probe.events == first.events
    outbox.acknowledge(taken(probe), now)
    for each in sent(outbox, now):
        outbox.acknowledge(taken(each), now)
    assert submission.unanswered == 0


def test_a_message_refused_for_good_is_the_result_of_its_events() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2))
    (message,) = sent(outbox)
    error = Error(id=message.id, code="malformed", message="why", retry=False)
    assert outbox.refuse(error, 0.0) == [submission]
    assert submission.results == [
        Result(event_id=f"e{n}", error="malformed", detail="why") for n in range(2)
    ]


def test_an_error_of_something_else_is_not_ours() -> None:
    error = Error(id="s1", code="unknown_channel", message="", retry=False)
    assert open_outbox().refuse(error, 0.0) is None


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (b"{", "malformed"),
        (b"", "malformed"),
        (b'{"a":1}{"a":2}', "malformed"),
        (b'{"a":"\xff"}', "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b"[" * 8_000 + b"]" * 8_000, "malformed"),
        (b'{"event_id":"big","pad":"%b"}' % (b"x" * 16_384), "too_large"),
        (b"x" * 20_000, "too_large"),
        (b"x" * 1_000_000, "too_large"),
    ],
)
def test_what_would_spoil_a_message_is_refused_here(event: bytes, code: str) -> None:
    outbox = open_outbox()
    submission = outbox.submit([*events(1), event])
    assert submission.results[0] is None
    refused = submission.results[1]
    assert refused is not None
    assert refused.error == code
    (message,) = sent(outbox)
    assert message.events == (msgspec.Raw(events(1)[0]),)


def test_brackets_in_a_text_are_no_nesting() -> None:
    outbox = open_outbox()
    outbox.submit([json.dumps({"reason": "[{" * 3_000}).encode()])
    assert len(sent(outbox)) == 1


def test_a_submission_of_refused_events_is_complete_at_once() -> None:
    outbox = open_outbox()
    assert outbox.submit([b"{"]).unanswered == 0
    assert outbox.submit([]).unanswered == 0
    assert not outbox.unfinished()


def test_the_rate_stays_below_what_the_feed_allows_in_any_second() -> None:
    outbox = open_outbox(per_s=1_000)
    outbox.submit(events(5_000))
    now, log = 0.0, []
    while outbox.unfinished():
        for message in sent(outbox, now):
            log.append((now, len(message.events)))
            outbox.acknowledge(taken(message), now)
        wake_at = outbox.wake_at(now)
        assert wake_at is None or wake_at > now
        now = now if wake_at is None else wake_at
    assert now < 6
    for start, _ in log:
        assert sum(n for at, n in log if start <= at < start + 1) <= 1_000 + 400


def test_an_answer_that_nothing_asked_for_breaks_the_protocol() -> None:
    outbox = open_outbox()
    with pytest.raises(ServerViolation, match="not asked"):
        outbox.acknowledge(Ack(id="p9", results=()), 0.0)


def test_an_answer_with_too_few_results_breaks_the_protocol_and_changes_nothing() -> (
    None
):
    outbox = open_outbox()
    submission = outbox.submit(events(2))
    (message,) = sent(outbox)
    with pytest.raises(ServerViolation, match="1 results for 2 events"):
        outbox.acknowledge(Ack(id=message.id, results=(Result(event_id="e0"),)), 0.0)
    assert submission.unanswered == 2
    outbox.acknowledge(taken(message), 0.0)
    assert submission.unanswered == 0


def test_what_was_withdrawn_is_not_sent_again() -> None:
    outbox = open_outbox()
    under_way = outbox.submit(events(1))
    (message,) = sent(outbox)
    waiting = outbox.submit(events(1))
    outbox.withdraw(waiting)
    outbox.withdraw(under_way)
    assert sent(outbox) == []
    outbox.acknowledge(unavailable(message), 0.0)
    outbox.lost()
    assert sent(outbox, 10.0) == []
    assert not outbox.unfinished()


def test_an_old_answer_does_not_end_the_pause_that_a_newer_refusal_began() -> None:
    outbox = open_outbox()
    outbox.submit(events(12, size=15_000))
    first, second, third = sent(outbox)
    outbox.acknowledge(unavailable(second), 0.0)
    outbox.acknowledge(taken(first), 0.0)
    outbox.acknowledge(taken(third), 0.0)
    (probe,) = sent(outbox, BUSY.first_s)
    outbox.acknowledge(unavailable(probe), BUSY.first_s)
    assert outbox.wake_at(BUSY.first_s) == pytest.approx(3 * BUSY.first_s)


def verdict(message: Publish, *outcomes: str | tuple[str, str]) -> Verdict:
    return Verdict(
        id=message.id,
        results=tuple(
            Outcome(event_id=None, verdict=each)
            if isinstance(each, str)
            else Outcome(event_id=None, verdict=each[0], error=each[1])
            for each in outcomes
        ),
    )


def said(submission: Submission) -> list[str | None]:
    return [each.verdict if each else None for each in submission.outcomes]


def test_who_asks_for_verdicts_is_done_when_they_have_come() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2), wants_verdict=True)
    (message,) = sent(outbox)
    assert message.verdict
    assert outbox.acknowledge(taken(message), 0.0) == []
    assert not submission.unanswered
    assert outbox.unfinished()
    answer = verdict(message, "accepted", ("refused", "gate_closed"))
    assert outbox.judge(answer) == [submission]
    assert said(submission) == ["accepted", "refused"]
    assert submission.is_done
    assert not outbox.unfinished()


def test_who_does_not_ask_is_not_asked_for() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(1))
    (message,) = sent(outbox)
    assert not message.verdict
    assert outbox.acknowledge(taken(message), 0.0) == [submission]
    assert outbox.judge(verdict(message, "accepted")) == []


def test_events_of_those_who_ask_and_of_others_travel_apart() -> None:
    outbox = open_outbox()
    for asks in (False, True, False):
        outbox.submit(events(2), wants_verdict=asks)
    messages = sent(outbox)
    assert [(m.verdict, len(m.events)) for m in messages] == [
        (False, 2),
        (True, 2),
        (False, 2),
    ]


def test_what_is_refused_at_once_is_its_outcome_and_waits_for_nothing() -> None:
    outbox = open_outbox()
    submission = outbox.submit([b"no json", *events(1)], wants_verdict=True)
    (message,) = sent(outbox)
    refused = Ack(id=message.id, results=(Result(event_id="e0", error="board_only"),))
    assert outbox.acknowledge(refused, 0.0) == [submission]
    assert [o.error for o in submission.outcomes if o] == ["malformed", "board_only"]
    assert said(submission) == ["refused", "refused"]


def test_a_verdict_that_a_lost_connection_took_along_is_unknown() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2), wants_verdict=True)
    (message,) = sent(outbox)
    outbox.acknowledge(taken(message), 0.0)
    assert outbox.lost() == [submission]
    assert said(submission) == ["unknown", "unknown"]
    assert sent(outbox) == []


def test_what_goes_again_gets_the_verdict_of_the_message_that_was_taken() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2), wants_verdict=True)
    (first,) = sent(outbox)
    half = (Result(event_id="e0", offset=1), Result(event_id=None, error="unavailable"))
    assert outbox.acknowledge(Ack(id=first.id, results=half), 0.0) == []
    (second,) = sent(outbox, now=10.0)
    assert outbox.acknowledge(taken(second), 10.0) == []
    told = verdict(first, "accepted", ("refused", "unavailable"))
    assert outbox.judge(told) == []
    assert outbox.judge(verdict(second, "accepted")) == [submission]
    assert said(submission) == ["accepted", "accepted"]


def test_a_duplicate_of_what_was_sent_again_says_nothing_about_the_first() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(2), wants_verdict=True)
    sent(outbox)
    outbox.lost()
    outbox.connected(limits(), 1.0)
    (message,) = sent(outbox, now=1.0)
    outbox.acknowledge(taken(message), 1.0)
    told = verdict(message, ("refused", "duplicate"), ("refused", "gate_closed"))
    assert outbox.judge(told) == [submission]
    assert said(submission) == ["unknown", "refused"]


def test_a_duplicate_of_what_was_sent_once_is_refused() -> None:
    outbox = open_outbox()
    submission = outbox.submit(events(1), wants_verdict=True)
    (message,) = sent(outbox)
    outbox.acknowledge(taken(message), 0.0)
    outbox.judge(verdict(message, ("refused", "duplicate")))
    assert said(submission) == ["refused"]


def test_a_feed_that_gives_no_verdicts_is_not_asked_and_nothing_is_known() -> None:
    outbox = Outbox(random=lambda: 1.0)
    outbox.connected(limits(verdict_s=None), 0.0)
    submission = outbox.submit(events(1), wants_verdict=True)
    (message,) = sent(outbox)
    assert not message.verdict
    assert outbox.acknowledge(taken(message), 0.0) == [submission]
    assert said(submission) == ["unknown"]


def test_a_verdict_with_too_few_outcomes_breaks_the_protocol() -> None:
    outbox = open_outbox()
    outbox.submit(events(2), wants_verdict=True)
    (message,) = sent(outbox)
    outbox.acknowledge(taken(message), 0.0)
    with pytest.raises(ServerViolation, match="1 outcomes for 2 events"):
        outbox.judge(verdict(message, "accepted"))
