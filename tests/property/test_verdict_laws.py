"""
Verdicts of an agenda whose board dies and whose judge reads late, in any interleaving.

A second account of the whole way in one place: a log, a board that takes it in
transactions, the topic `rejected` as a committed reader sees it, and the judge's loop.
"""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from feed_server.verdicts import REFUSALS_PER_EVENT, Question, Verdicts
from schemas.feed import Result
from schemas.rows import RejectedRecord

LANE = ("agenda", 0)


class Kafka:
    """The agenda and `rejected`, with one transaction under way at most."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.committed = 0
        # What was refused, in its order; None where a transaction was aborted.
        self.rejected: list[RejectedRecord | None] = []
        self.stable = 0

    def take(self, count: int) -> int:
        """The board takes some of the agenda; its refusals are not final yet."""
        end = min(len(self.log), self.committed + count)
        for offset in range(self.committed, end):
            if self.log[offset] in self.log[:offset]:
                self.rejected.append(
                    RejectedRecord(
                        code="duplicate",
                        detail="seen before",
                        topic="agenda",
                        partition=0,
                        offset=offset,
                        value=b"{}",
                        event_id=self.log[offset],
                    )
                )
        return end

    def commit(self, end: int) -> None:
        self.committed = end
        self.stable = len(self.rejected)

    def abort(self) -> None:
        for place in range(self.stable, len(self.rejected)):
            self.rejected[place] = None
        self.stable = len(self.rejected)


class Judge:
    """The loop of feed_server/judge.py, a turn at a time."""

    def __init__(self, kafka: Kafka) -> None:
        self.verdicts = Verdicts(1_000, 20.0)
        self._kafka = kafka
        self._position = 0
        # What was looked at: the committed offset, and where `rejected` ends then.
        self._committed: int | None = None
        self._target: int | None = None

    def turn(self, most: int) -> None:
        end = min(self._kafka.stable, self._position + most)
        records = self._kafka.rejected[self._position : end]
        self._position = end
        if not self.verdicts.waiting:
            self._committed = self._target = None
            return
        for record in records:
            if record is not None:
                self.verdicts.note(record)
        if self._committed is None:
            if self.verdicts.lanes():
                self._committed = self._kafka.committed
        elif self._target is None:
            # Asked for after the offset, and so much may happen in between.
            self._target = len(self._kafka.rejected)
        elif self._position >= self._target:
            self.verdicts.settle({LANE: self._committed})
            self._committed = self._target = None


Step = tuple[str, int]

steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "store", "acknowledge", "hand in", "take", "commit", "die"]
            + ["turn"] * 3
        ),
        st.integers(0, 2),
    ),
    # Fewer steps rarely lead one event all its way.
    min_size=30,
    max_size=60,
)


@settings(max_examples=200)
@given(steps)
# What was refused after the offsets were looked at, and before the end of `rejected`.
@example(
    [("hand in", 0), ("turn", 0), ("take", 2), ("commit", 0), ("turn", 0), ("turn", 0)]
)
# A judge that has not read as far as what it was told.
@example(
    [("hand in", 0), ("take", 2), ("commit", 0), ("turn", 0), ("turn", 0), ("turn", 0)]
)
def test_of_one_event_id_the_first_alone_is_ever_accepted(script: list[Step]) -> None:
    kafka = Kafka()
    judge = Judge(kafka)
    asked: list[tuple[Question, list[str]]] = []
    known: list[list[str]] = []
    stored: list[tuple[Question, list[Result]]] = []
    under_way: int | None = None
    told: list[tuple[Question, list[Result]]] = []

    def do(what: str, number: int) -> None:
        nonlocal under_way
        if what == "hand in":
            # An event and its repetition, all the way to Kafka at once.
            for each in ("ask", "ask", "store", "store", "acknowledge", "acknowledge"):
                do(each, number)
        elif what == "ask":
            if sum(ids.count(f"e{number}") for ids in known) > REFUSALS_PER_EVENT - 2:
                return
            ids = [f"e{number}"] * (1 + len(known) % 2)
            asked.append((judge.verdicts.ask(ids), ids))
            known.append(ids)
        elif what == "store" and asked:
            question, ids = asked.pop(0)
            begin = len(kafka.log)
            kafka.log += ids
            results = [
                Result(event_id=name, topic="agenda", partition=0, offset=begin + n)
                for n, name in enumerate(ids)
            ]
            stored.append((question, results))
        elif what == "acknowledge" and stored:
            question, results = stored.pop(number % len(stored))
            judge.verdicts.acknowledge(question, results, 0.0)
            told.append((question, results))
        elif what == "take" and under_way is None:
            under_way = kafka.take(number)
        elif what == "commit" and under_way is not None:
            kafka.commit(under_way)
            under_way = None
        elif what == "die":
            kafka.abort()
            under_way = None
        elif what == "turn":
            judge.turn(number)

    for step in script:
        do(*step)
    # What is left goes its way: then everything has its verdict.
    for what in ("store", "acknowledge"):
        for _ in range(len(script)):
            do(what, 0)
    for step in (("commit", 0), ("take", 1_000), ("commit", 0)):
        do(*step)
    for _ in range(8):
        do("turn", 1_000)

    for question, results in told:
        for outcome, result in zip(question.answer(), results, strict=True):
            assert result.offset is not None
            is_first = kafka.log.index(str(result.event_id)) == result.offset
            assert outcome.verdict == ("accepted" if is_first else "refused"), outcome
