"""
PURE. Events on their way to the feed: in messages, answered one by one.

- An event stays here until it has a result, over any number of connections. What was
  under way when a connection went is sent again as it was: it counts once by its
  event_id.
- At most `MAX_UNDER_WAY` messages are unanswered, and one while the feed says that it
  cannot take more just now; after such an answer there is a pause that doubles.
- No faster than the feed allows, so that it need not refuse.
- Results stand at the place of their event; a refusal for good is a result.
- Who asked for verdicts gets an outcome per event as well. A verdict that a lost
  connection took along is `unknown`: nothing is sent again for its sake.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from parfeed.client.backoff import Backoff
from parfeed.client.errors import ServerViolation
from parfeed.client.submission import Submission
from schemas.codec import MAX_EVENT_BYTES, MAX_NESTING
from schemas.feed import (
    MAX_MESSAGE_BYTES,
    Ack,
    Error,
    Limits,
    Result,
    Verdict,
)

MAX_UNDER_WAY: Final = 16
"""Unanswered messages: 16 of some 250 events at 25 ms to an answer are 160,000/s; and
1 MiB, which any connection carries. More would only wait in the server."""

BUSY: Final = Backoff(first_s=0.1, cap_s=5.0)
"""The pause after the feed could not take events."""

PACE_S: Final = 0.05
"""The pause when the allowed rate is used up: then there is enough for a message again,
not for one event at a time."""

RETRYABLE: Final = frozenset({"unavailable"})
"""Refusals of a single event that say nothing against the event."""

_SHARE: Final = 0.9
# Of the allowed rate: what the server's clock and ours disagree about stays below it.

LOST: Final = "the connection was lost before the verdict came"
GIVES_NONE: Final = "this feed gives no verdicts"
SENT_AGAIN: Final = "it was sent again after a lost answer; the first one was taken"

_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode

_ROOM: Final = 400
# Levels of nesting, of the 1,000 that Python has, left for the reader's own calls.

_VERDICT: Final = b'],"verdict":true}'

_Place = tuple[int, Submission, int]
# (order over all submissions, submission, index in it). Orders differ, so a heap never
# compares submissions.


class _Fresh:
    # A submission of which not all events have been sent once.
    __slots__ = ("first", "next", "submission")

    def __init__(self, submission: Submission, first: int) -> None:
        self.submission = submission
        self.first = first
        self.next = 0


class Outbox:
    """
    All events of one client that have no result yet.

    Args:
        random: gives numbers from 0 to 1, for the jitter.
    """

    def __init__(self, *, random: Callable[[], float]) -> None:
        self._random = random
        self._orders = 0
        self._messages = 0
        self._fresh: deque[_Fresh] = deque()
        self._again: list[_Place] = []
        self._under_way: dict[str, list[_Place]] = {}
        # Acknowledged messages whose verdict is to come; None for an event that went
        # another way.
        self._judged: dict[str, list[_Place | None]] = {}
        self._gives_verdicts = False
        self._message_bytes = MAX_MESSAGE_BYTES
        self._rate = 0.0
        self._allowance = 0.0
        self._filled_at = 0.0
        self._paused_until = 0.0
        # Failures in a row, and the last message that was sent before the newest of
        # them: the answers to those before it say nothing new.
        self._busy = 0
        self._busy_since = 0

    # Handing in.

    def submit(
        self, events: Sequence[bytes], *, wants_verdict: bool = False
    ) -> Submission:
        """
        Take events, one JSON object each.

        What is no JSON or too large gets its result at once and is never sent: in a
        message it would spoil the others.

        Args:
            events: in the order in which they are to be sent.
            wants_verdict: whether to ask what became of them in the end.
        """
        submission = Submission(events, wants_verdict=wants_verdict)
        first = self._orders
        self._orders += len(events)
        for index, event in enumerate(events):
            if (refusal := _refusal(event)) is not None:
                submission.settle(index, refusal)
        if submission.unanswered:
            self._fresh.append(_Fresh(submission, first))
        return submission

    def withdraw(self, submission: Submission) -> None:
        """Forget what is not sent yet of events whose sender has gone."""
        submission.is_withdrawn = True
        self._fresh = deque(
            fresh for fresh in self._fresh if fresh.submission is not submission
        )
        self._again = [place for place in self._again if place[1] is not submission]
        heapq.heapify(self._again)

    def unfinished(self) -> bool:
        """Tell whether any event has no result yet."""
        return bool(self._fresh or self._again or self._under_way or self._judged)

    # The connection.

    def connected(self, limits: Limits, now: float) -> None:
        """Take over what a new session may send."""
        self._message_bytes = min(limits.message_bytes, MAX_MESSAGE_BYTES)
        self._rate = limits.publish_per_s * _SHARE
        self._gives_verdicts = limits.verdict_s is not None
        # Half a second's worth: with what flows in meanwhile it stays below a second's.
        self._allowance = self._burst
        self._filled_at = now
        self._paused_until = now

    def lost(self) -> list[Submission]:
        """
        Take back what was under way; it goes again, first and in its order.

        Returns:
            The submissions that are done now, since no verdict will come for them.
        """
        for places in self._under_way.values():
            self._put_back(places)
        self._under_way.clear()
        done: list[Submission] = []
        for judged in self._judged.values():
            for place in judged:
                if place is not None:
                    place[1].judge_unknown(place[2], LOST)
                    _note_done(place[1], done)
        self._judged.clear()
        return done

    # Sending.

    def message(self, now: float) -> bytes | None:
        """Make the next `publish` message; None if there is none to send just now."""
        window = 1 if self._busy else MAX_UNDER_WAY
        if len(self._under_way) >= window or now < self._paused_until:
            return None
        self._refill(now)
        most = int(self._allowance)
        if most < 1:
            self._paused_until = now + PACE_S
            return None
        self._messages += 1
        message_id = f"p{self._messages}"
        head = b'{"type":"publish","id":"%b","events":[' % message_id.encode()
        left = self._message_bytes - len(head) - len(_VERDICT)
        places: list[_Place] = []
        events: list[bytes] = []
        while len(places) < most and (place := self._next_place()) is not None:
            event = place[1].events[place[2]]
            left -= len(event) + 1
            if places and (
                left < 0 or place[1].wants_verdict is not places[0][1].wants_verdict
            ):
                heapq.heappush(self._again, place)
                break
            places.append(place)
            events.append(event)
        if not places:
            return None
        self._allowance -= len(places)
        self._under_way[message_id] = places
        asks = self._gives_verdicts and places[0][1].wants_verdict
        return head + b",".join(events) + (_VERDICT if asks else b"]}")

    def wake_at(self, now: float) -> float | None:
        """
        Return when `message` will have one though nothing arrives.

        None if only an answer or new events can change what it says.
        """
        window = 1 if self._busy else MAX_UNDER_WAY
        if len(self._under_way) >= window or not (self._fresh or self._again):
            return None
        return max(now, self._paused_until)

    # Answers.

    def acknowledge(self, ack: Ack, now: float) -> list[Submission]:
        """
        Put results in their places.

        Returns:
            The submissions that are complete now.

        Raises:
            ServerViolation: if the answer does not have one result per event.
        """
        places = self._under_way.get(ack.id)
        if places is None:
            raise ServerViolation(f"an answer to {ack.id!r}, which was not asked")
        if len(places) != len(ack.results):
            raise ServerViolation(
                f"{len(ack.results)} results for {len(places)} events of {ack.id}"
            )
        del self._under_way[ack.id]
        again: list[_Place] = []
        done: list[Submission] = []
        judged: list[_Place | None] = []
        for place, result in zip(places, ack.results, strict=True):
            submission, index = place[1], place[2]
            waits = False
            if result.error in RETRYABLE:
                again.append(place)
            else:
                submission.settle(index, result)
                if submission.wants_verdict:
                    waits = result.error is None and self._gives_verdicts
                    if result.error is None and not waits:
                        place[1].judge_unknown(place[2], GIVES_NONE)
                _note_done(submission, done)
            judged.append(place if waits else None)
        if any(judged):
            self._judged[ack.id] = judged
        if again:
            self._pause(ack.id, now)
            self._put_back(again)
        elif _number(ack.id) > self._busy_since:
            self._busy = 0
        return done

    def refuse(self, error: Error, now: float) -> list[Submission] | None:
        """
        Take the refusal of a whole message.

        Returns:
            The submissions that are complete now; None if the message is not ours.
        """
        if error.id is None or (places := self._under_way.pop(error.id, None)) is None:
            return None
        if error.retry:
            self._pause(error.id, now)
            self._put_back(places)
            return []
        done: list[Submission] = []
        for _, submission, index in places:
            result = Result(
                event_id=_event_id(submission.events[index]),
                error=error.code,
                detail=error.message,
            )
            submission.settle(index, result)
            _note_done(submission, done)
        return done

    def judge(self, verdict: Verdict) -> list[Submission]:
        """
        Put outcomes in their places.

        Returns:
            The submissions that are done now.

        Raises:
            ServerViolation: if the verdict does not have one outcome per event.
        """
        places = self._judged.pop(verdict.id, None)
        if places is None:
            # All its events were refused, or went again: nothing is told by it.
            return []
        if len(places) != len(verdict.results):
            raise ServerViolation(
                f"{len(verdict.results)} outcomes for {len(places)} events of "
                f"{verdict.id}"
            )
        done: list[Submission] = []
        for place, outcome in zip(places, verdict.results, strict=True):
            if place is None:
                continue
            if outcome.error == "duplicate" and place[1].was_sent_again(place[2]):
                place[1].judge_unknown(place[2], SENT_AGAIN)
            else:
                place[1].judge(place[2], outcome)
            _note_done(place[1], done)
        return done

    # Private.

    @property
    def _burst(self) -> float:
        return max(1.0, self._rate / 2)

    def _refill(self, now: float) -> None:
        earned = max(0.0, now - self._filled_at) * self._rate
        self._allowance = min(self._burst, self._allowance + earned)
        self._filled_at = now

    def _pause(self, message_id: str, now: float) -> None:
        if _number(message_id) <= self._busy_since:
            return
        self._busy += 1
        self._busy_since = self._messages
        self._paused_until = max(
            self._paused_until, now + BUSY.delay_s(self._busy, self._random)
        )

    def _put_back(self, places: Sequence[_Place]) -> None:
        for place in places:
            if not place[1].is_withdrawn:
                place[1].goes_again(place[2])
                heapq.heappush(self._again, place)

    def _next_place(self) -> _Place | None:
        if self._again:
            return heapq.heappop(self._again)
        while self._fresh:
            fresh = self._fresh[0]
            submission, index = fresh.submission, fresh.next
            fresh.next += 1
            if fresh.next == len(submission.results):
                self._fresh.popleft()
            if submission.results[index] is None:
                return fresh.first + index, submission, index
        return None


def _note_done(submission: Submission, done: list[Submission]) -> None:
    if submission.is_done and submission not in done:
        done.append(submission)


def _number(message_id: str) -> int:
    return int(message_id[1:])


def _refusal(event: bytes) -> Result | None:
    # The server refuses the same, event by event, but only what it can take apart.
    if len(event) > MAX_EVENT_BYTES:
        return Result(
            event_id=_event_id(event) if len(event) < MAX_MESSAGE_BYTES else None,
            error="too_large",
            detail=f"{len(event)} bytes; {MAX_EVENT_BYTES} may be",
        )
    try:
        event.decode()
        _decode_raw(event)
        if event.count(b"[") + event.count(b"{") > MAX_NESTING:
            # The server's decoder has less room than ours: what it could not take
            # apart would spoil the message for the events beside it.
            _decode_raw(_ROOM * b"[" + event + _ROOM * b"]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        return Result(
            event_id=None, error="malformed", detail=f"not one JSON object: {exc}"
        )
    return None


class _Head(msgspec.Struct):
    event_id: object = None


_decode_head = msgspec.json.Decoder(_Head).decode


def _event_id(event: bytes) -> str | None:
    try:
        event_id = _decode_head(event).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return event_id if isinstance(event_id, str) else None
