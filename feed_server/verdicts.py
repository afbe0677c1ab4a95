"""
PURE. What became of events after they were stored: folded, heard, decided, or refused.

Workers and the board commit how far they have taken a topic in the same transaction as
what they refused of it. So an event below a committed offset is decided for good, and
it was refused exactly if its refusal lies in `rejected`, all of which up to that
commit must have been read. Both are seen from here by whoever reads Kafka, and told:
`note` each refusal, `settle` with the offsets whose refusals have all been noted.

Of a request the ledger writes what it decided, in the transaction in which it took it:
`hear` each decision.

Rules:
- Refusals and decisions are noted by event_id from before the event is stored (`ask`),
  since one may be read before Kafka's confirmation is; they count for their place
  alone.
- What waits is bounded by `limit` events, and each by time: then it is `unknown`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from feed_server.errors import Overloaded
from schemas.feed import Outcome, Result
from schemas.rows import RejectedRecord
from schemas.topics import REQUESTS
from schemas.trading_rows import DecisionRow

VERDICT_S: Final = 20.0
"""How long after its `ack` a verdict comes at the latest. Results become final every
`commit_interval_s` (5 s) while events come; a worker that takes over needs 10 s."""

REFUSALS_PER_EVENT: Final = 8
"""Refusals with an event's id that are kept until it is known where it lies, and as
many decisions. It may be sent more than once at a time; who sends it more often than
this learns nothing."""

LATE: Final = "nobody said in time what became of it"
CROWDED: Final = "too many events with its event_id were refused meanwhile"
NOT_READ: Final = "what was refused cannot be read just now"

Lane = tuple[str, int]
"""A topic's name and a partition."""

Place = tuple[str, int, int]
"""And an offset in it."""


class Question:
    """
    One `publish` whose sender wants to know.

    Attributes:
        outcomes: one per event, in its place; None while it is open.
        waits_until: when what is open becomes unknown; None before the `ack`.
    """

    __slots__ = ("event_ids", "is_void", "open", "outcomes", "results", "waits_until")

    def __init__(self, event_ids: Sequence[str | None]) -> None:
        self.event_ids = event_ids
        self.outcomes: list[Outcome | None] = [None] * len(event_ids)
        self.results: Sequence[Result] = ()
        # Places that are not decided: index of the event by (topic, partition, offset).
        self.open: dict[Place, int] = {}
        self.waits_until: float | None = None
        self.is_void = False

    @property
    def is_answered(self) -> bool:
        """Tell whether every event has its outcome."""
        return None not in self.outcomes

    def answer(self) -> tuple[Outcome, ...]:
        """Return the outcomes; it must be answered."""
        outcomes = tuple(each for each in self.outcomes if each is not None)
        if len(outcomes) != len(self.outcomes):
            raise AssertionError("an answer was asked for before it is there")
        return outcomes


class Verdicts:
    """
    All questions that are open.

    Args:
        limit: events that may wait.
        patience_s: how long after its `ack` an event waits.
    """

    def __init__(self, limit: int, patience_s: float) -> None:
        self._limit = limit
        self._patience_s = patience_s
        self._waiting = 0
        self._questions: dict[Question, None] = {}
        # By event_id: how many open events have it, and the refusals read since.
        self._watched: dict[str, int] = {}
        self._refused: dict[str, dict[Place, RejectedRecord]] = {}
        self._heard: dict[str, dict[Place, DecisionRow]] = {}
        # Requests whose decision has not been heard, by where they lie.
        self._requests: dict[Place, Question] = {}

    @property
    def waiting(self) -> int:
        """Return how many events wait for their verdict."""
        return self._waiting

    # Asking.

    def ask(self, event_ids: Sequence[str | None]) -> Question:
        """
        Watch for refusals of events that are about to be stored.

        Afterwards `acknowledge` the question, or `drop` it if nothing was stored.

        Raises:
            Overloaded: if too many wait already. Nothing has changed then.
        """
        if self._waiting + len(event_ids) > self._limit:
            raise Overloaded(self._waiting, len(event_ids), self._limit)
        question = Question(event_ids)
        self._questions[question] = None
        self._waiting += len(event_ids)
        for event_id in event_ids:
            if event_id is not None:
                self._watched[event_id] = self._watched.get(event_id, 0) + 1
        return question

    def acknowledge(
        self, question: Question, results: Sequence[Result], now: float
    ) -> bool:
        """
        Take in where the events lie.

        Returns:
            Whether that answers the question already.
        """
        question.results = results
        question.waits_until = now + self._patience_s
        for index, result in enumerate(results):
            if result.error is not None:
                question.outcomes[index] = _outcome(result, "refused")
            elif result.topic is None or result.partition is None:
                raise AssertionError(f"a result without a place: {result}")
            elif question.is_void or result.offset is None:
                question.outcomes[index] = _outcome(result, "unknown", NOT_READ)
            else:
                place = (result.topic, result.partition, result.offset)
                question.open[place] = index
                if result.topic == REQUESTS.name:
                    self._requests[place] = question
                    heard = self._heard.get(result.event_id or "", {})
                    if place in heard:
                        self._decide(heard[place], place)
        return self._finished(question)

    def drop(self, question: Question) -> None:
        """Forget a question."""
        if question not in self._questions:
            return
        del self._questions[question]
        self._waiting -= len(question.event_ids)
        for place in question.open:
            self._requests.pop(place, None)
        for event_id in question.event_ids:
            if event_id is None:
                continue
            left = self._watched[event_id] - 1
            if left:
                self._watched[event_id] = left
            else:
                del self._watched[event_id]
                self._refused.pop(event_id, None)
                self._heard.pop(event_id, None)

    # What was read.

    def note(self, refusal: RejectedRecord) -> None:
        """Take in a refusal, if anybody waits for one like it."""
        event_id = refusal.event_id
        if event_id is None or event_id not in self._watched:
            return
        kept = self._refused.setdefault(event_id, {})
        if len(kept) <= REFUSALS_PER_EVENT:
            kept[refusal.topic, refusal.partition, refusal.offset] = refusal

    def hear(self, decision: DecisionRow) -> list[Question]:
        """
        Take in what the ledger decided on a request.

        Returns:
            The question that is answered by it, if one is.
        """
        place = (REQUESTS.name, decision.partition, decision.offset)
        question = self._requests.get(place)
        if question is not None:
            self._decide(decision, place)
            return [question] if self._finished(question) else []
        event_id = decision.event_id
        if event_id is not None and event_id in self._watched:
            kept = self._heard.setdefault(event_id, {})
            if len(kept) <= REFUSALS_PER_EVENT:
                kept[place] = decision
        return []

    def lanes(self) -> set[Lane]:
        """Return the partitions in which stored events wait for a commit."""
        return {
            (topic, partition)
            for question in self._questions
            for topic, partition, _ in question.open
            if topic != REQUESTS.name
        }

    def settle(self, committed: Mapping[Lane, int]) -> list[Question]:
        """
        Decide on what lies below committed offsets.

        Args:
            committed: the next offset to be taken of partitions; every refusal that was
                committed with it, or before, has been noted.

        Returns:
            The questions that are answered now.
        """
        for question in self._questions:
            for place, index in list(question.open.items()):
                topic, partition, offset = place
                # A commit tells that the ledger took a request, not how it decided.
                if topic != REQUESTS.name and offset < committed.get(
                    (topic, partition), 0
                ):
                    del question.open[place]
                    question.outcomes[index] = self._decided(question, index, place)
        return self._take_finished()

    def expire(self, now: float) -> list[Question]:
        """Give up what has waited for too long; return the questions answered now."""
        for question in self._questions:
            if question.waits_until is not None and now >= question.waits_until:
                self._give_up(question, LATE)
        return self._take_finished()

    def void(self) -> list[Question]:
        """
        Give up everything: refusals may have been missed.

        Returns:
            The questions that are answered now. Those whose events are on their way to
            Kafka are, once they are acknowledged.
        """
        for question in self._questions:
            question.is_void = True
            self._give_up(question, NOT_READ)
        return self._take_finished()

    # Private.

    def _decide(self, decision: DecisionRow, place: Place) -> None:
        question = self._requests.pop(place)
        index = question.open.pop(place)
        question.outcomes[index] = _decided_outcome(question.results[index], decision)

    def _give_up(self, question: Question, why: str) -> None:
        for place, index in question.open.items():
            self._requests.pop(place, None)
            question.outcomes[index] = _outcome(question.results[index], "unknown", why)
        question.open.clear()

    def _decided(self, question: Question, index: int, place: Place) -> Outcome:
        result = question.results[index]
        kept = self._refused.get(result.event_id or "", {})
        refusal = kept.get(place)
        if refusal is not None:
            return _outcome(result, "refused", refusal.detail, refusal.code)
        if len(kept) > REFUSALS_PER_EVENT:
            return _outcome(result, "unknown", CROWDED)
        return _outcome(result, "accepted")

    def _take_finished(self) -> list[Question]:
        return [each for each in list(self._questions) if self._finished(each)]

    def _finished(self, question: Question) -> bool:
        if not question.is_answered:
            return False
        self.drop(question)
        return True


def _decided_outcome(result: Result, decision: DecisionRow) -> Outcome:
    if decision.code is not None:
        return _outcome(result, "refused", decision.detail, decision.code)
    taken = _outcome(result, "accepted")
    if not decision.planned_quantity and not decision.unplanned_quantity:
        return taken
    return msgspec.structs.replace(
        taken,
        planned_quantity=decision.planned_quantity,
        unplanned_quantity=decision.unplanned_quantity,
        planned_price=decision.planned_price,
        unit_price=decision.unit_price,
        cost=decision.cost,
    )


def _outcome(
    result: Result,
    verdict: Literal["accepted", "refused", "unknown"],
    detail: str | None = None,
    error: str | None = None,
) -> Outcome:
    return Outcome(
        event_id=result.event_id,
        verdict=verdict,
        topic=result.topic,
        partition=result.partition,
        offset=result.offset,
        error=error or result.error,
        detail=detail or result.detail,
    )
