"""When a period's round is over, as the board's part that holds its lines sees it."""

from datetime import UTC, datetime
from typing import cast

from support.period_planning import NOON, line, opened
from support.planning import PERIOD

from schemas.planning import CouncilDecided
from schemas.settings import Settings
from schemas.values import Period
from streams.board.fold_progress import FoldProgress
from streams.board.planned_period import PlannedPeriod
from streams.board.recovery import PeriodRecord
from streams.market.planning.book import Book


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def period_with_lines(clock: Clock) -> tuple[PlannedPeriod, Book]:
    """A period in its first round, a bid and a plan line of the council hill in it."""
    plan = opened(quiet_s=1)
    book = Book(plan.prices)
    book.put(line("bid", "oven"))
    book.put(line("plan", "ada", council_id="hill"))
    planned = PlannedPeriod(
        Settings(),
        plan,
        record=PeriodRecord({}, {1: plan.prices}, [], book, 0, {}),
        previous="2011-W43",
        # Nothing here asks Kafka.
        progress=cast("FoldProgress", None),
        partition_of=lambda _: 0,
        on_lines=lambda _: None,
        on_cut=lambda _: None,
        wake=lambda: None,
        clock=clock,
    )
    return planned, book


def decision(revision: int, *, counts: bool) -> CouncilDecided:
    return CouncilDecided(
        event_id=f"hill-{revision}",
        occurred_at=datetime.fromtimestamp(NOON, UTC),
        product_id="bread",
        period=Period(PERIOD),
        council_id="hill",
        counts=counts,
        revision=revision,
    )


def test_who_has_to_sign_what_a_council_holds_back_is_given_the_rounds_quiet() -> None:
    clock = Clock()
    planned, book = period_with_lines(clock)
    clock.now += 10
    assert planned.plan.is_over(book.told(), clock.now)
    planned.decide(decision(1, counts=False))
    book.put(line("plan", "bob"))
    assert not planned.plan.is_over(book.told(), clock.now + 0.9)
    assert planned.plan.is_over(book.told(), clock.now + 1)


def test_a_decision_that_is_known_already_keeps_no_round_open() -> None:
    clock = Clock()
    planned, book = period_with_lines(clock)
    planned.decide(decision(2, counts=True))
    clock.now += 10
    planned.decide(decision(1, counts=False))
    assert planned.plan.is_over(book.told(), clock.now)
