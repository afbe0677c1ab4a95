"""
PURE. Events that were handed in together, and what came of each.

A result says where an event lies, or that it was refused at once; an outcome, for who
asked for verdicts, what became of it in the end. Both stand at the place of their event
and are final.
"""

from collections.abc import Sequence

from schemas.feed import Outcome, Result


class Submission:
    """
    Args:
        events: one JSON object each.
        wants_verdict: whether outcomes are asked for.

    Attributes:
        events, wants_verdict: as they were given.
        results: one per event, in its place; None while there is none.
        outcomes: the same of verdicts, if they were asked for.
        unanswered: how many have no result.
        is_withdrawn: whether nobody waits for it any more.
    """

    __slots__ = (
        "_sent_again",
        "_unjudged",
        "events",
        "is_withdrawn",
        "outcomes",
        "results",
        "unanswered",
        "wants_verdict",
    )

    def __init__(self, events: Sequence[bytes], *, wants_verdict: bool = False) -> None:
        self.events = events
        self.wants_verdict = wants_verdict
        self.results: list[Result | None] = [None] * len(events)
        self.outcomes: list[Outcome | None] = [None] * len(events)
        self.unanswered = len(events)
        self.is_withdrawn = False
        self._unjudged = len(events) if wants_verdict else 0
        self._sent_again: set[int] = set()

    @property
    def is_done(self) -> bool:
        """Tell whether nothing more will come for it."""
        return not self.unanswered and not self._unjudged

    def goes_again(self, index: int) -> None:
        """Note that an event is sent again, although it may have been taken."""
        self._sent_again.add(index)

    def was_sent_again(self, index: int) -> bool:
        """Tell whether an event may have been taken before it got its result."""
        return index in self._sent_again

    def settle(self, index: int, result: Result) -> None:
        """Put a result in its place. That of a refused event is its outcome, too."""
        if self.results[index] is not None:
            raise AssertionError(f"event {index} has a result already")
        self.results[index] = result
        self.unanswered -= 1
        if self.wants_verdict and result.error is not None:
            self.judge(
                index,
                Outcome(
                    event_id=result.event_id,
                    verdict="refused",
                    error=result.error,
                    detail=result.detail,
                ),
            )

    def judge(self, index: int, outcome: Outcome) -> None:
        """Put an outcome in its place."""
        if self.outcomes[index] is not None:
            raise AssertionError(f"event {index} has an outcome already")
        self.outcomes[index] = outcome
        self._unjudged -= 1

    def judge_unknown(self, index: int, why: str) -> None:
        """Say that nobody will tell what became of a stored event."""
        result = self.results[index]
        if result is None:
            raise AssertionError(f"event {index} is judged before it has a result")
        self.judge(
            index,
            Outcome(
                event_id=result.event_id,
                verdict="unknown",
                topic=result.topic,
                partition=result.partition,
                offset=result.offset,
                detail=why,
            ),
        )
