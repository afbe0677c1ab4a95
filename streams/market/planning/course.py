"""
PURE. The course of one period's planning: where it stands, what is due, what follows.

Time comes in as `now`, in seconds since 1970. Nothing is refused here: what people ask
for, and whether it fits, is period.py's.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from schemas.agenda import PeriodOpened, PriceSet
from streams.market.planning.states import (
    OPEN,
    ROUND_RUNS,
    Happening,
    State,
    moved,
)

NOTICE_S: Final = 1.0
"""From the announcement of the gate's closing until it closes. Every worker must have
folded the notice before it holds, or it takes a line that another would refuse: a
worker is at most a batch (0.2 s) and a commit (25 ms) behind the topics' ends."""


MAX_ROUNDS: Final = 1_000
"""The greatest round that an event can name (schemas/values.py)."""


class Told(NamedTuple):
    """
    How far the answers to the round that runs are.

    Attributes:
        bids, plans: lines that stand and count.
        expected: those that a person must answer for.
        answered: those of them that answer the round that runs.
    """

    bids: int
    plans: int
    expected: int
    answered: int


class Decision(Enum):
    """What follows from a round."""

    REBID = "new prices are announced"
    STANDS = "the prices stand"
    PERSON = "a person decides"


class Course:
    """
    The course of a period's planning.

    Attributes:
        period: its name.
        state: where it stands; see states.py.
        opening: what it was opened with.
        round: that runs; 0 before the first.
        prices: announced for it, by product.
        opened_at: when they were.
        closes_at: when the gate closes, where that is announced.
        notices: how many times the period's times were announced.
        gate_reason: why the gate closes.
        set_prices: what persons set for the next round, by product.
        forced: why a person asks for a rebid; None if none does.
        waits_for: why a person is waited for; empty if none is.
    """

    def __init__(self, period: str) -> None:
        self.period = period
        self.state = State.LISTED
        self.opening: PeriodOpened | None = None
        self.round = 0
        self.prices: dict[str, Decimal] = {}
        self.opened_at = 0.0
        self.closes_at: float | None = None
        self.notices = 0
        self.gate_reason = ""
        self.set_prices: dict[str, PriceSet] = {}
        self.forced: str | None = None
        self.waits_for = ""
        self._heard_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether planning has begun and is not at its end."""
        return self.state in OPEN

    @property
    def opened_with(self) -> PeriodOpened:
        """What it was opened with. Ask only once it is."""
        if self.opening is None:
            raise AssertionError(f"planning of {self.period} has not begun")
        return self.opening

    @property
    def deadline(self) -> float | None:
        """Until when the round waits for those who must answer."""
        round_s = self.opened_with.round_s
        return None if round_s is None else self.opened_at + round_s

    # What is due

    def heard(self, now: float) -> None:
        """Take note that a line has come."""
        self._heard_at = now

    def is_over(self, told: Told, now: float) -> bool:
        """Tell whether the round that runs is over, as far as lines have come."""
        if self.state is not State.ANSWERING:
            return False
        if self.deadline is not None and now >= self.deadline:
            return True
        # In the first round nobody is known yet who must answer: as long as one side
        # is missing there is nothing to balance, however quiet it is.
        return (
            told.bids > 0
            and told.plans > 0
            and told.answered >= told.expected
            and now >= self._quiet_at
        )

    def is_gate_due(self, now: float) -> bool:
        """Tell whether the time that was announced for the gate has come."""
        return (
            self.state in ROUND_RUNS
            and self.closes_at is not None
            and now >= self.closes_at
        )

    def is_shut(self, now: float) -> bool:
        """Tell whether the gate has closed and planned prices are due."""
        return (
            self.state is State.CLOSING
            and self.closes_at is not None
            and now >= self.closes_at
        )

    def next_look(self, now: float) -> float | None:
        """Return when something may be due by time alone; None if nothing is."""
        times = []
        if self.state is State.ANSWERING:
            times.append(self._quiet_at)
            if self.deadline is not None:
                times.append(self.deadline)
        if self.closes_at is not None and self.is_open:
            times.append(self.closes_at)
        return min((time for time in times if time > now), default=None)

    def decide(self, worst_percent: float | None) -> Decision:
        """
        Say what follows from the round that is over.

        Args:
            worst_percent: the greatest |imbalance| of a product that is not flagged;
                None if there is none.
        """
        opening = self.opened_with
        if self.forced is not None:
            return Decision.REBID
        if not opening.is_automatic:
            return Decision.PERSON
        if worst_percent is None:
            return Decision.PERSON
        if worst_percent < opening.tolerance_percent:
            return Decision.STANDS
        if self.round >= min(opening.max_rounds, MAX_ROUNDS):
            return Decision.PERSON
        return Decision.REBID

    # Moving on

    def begin_round(self, prices: Mapping[str, Decimal], now: float) -> None:
        """Announce a round's prices."""
        if self.state is State.SUMMING:
            self.state = moved(self.state, Happening.REBID)
        self.round += 1
        self.prices = dict(prices)
        self.opened_at = self._heard_at = now
        self.set_prices = {}
        self.forced = None
        self.waits_for = ""

    def end_round(self) -> None:
        """End the round that runs."""
        self.state = moved(self.state, Happening.ROUND_OVER)
        self.waits_for = ""

    def wait(self, reason: str) -> None:
        """Wait for a person."""
        self.state = moved(self.state, Happening.PERSON_NEEDED)
        self.waits_for = reason

    def close_gate(self, reason: str, now: float) -> None:
        """Close the gate after a notice, or at the time announced if that is sooner."""
        self.state = moved(self.state, Happening.GATE)
        self.gate_reason = reason
        at = now + NOTICE_S
        self.closes_at = at if self.closes_at is None else min(self.closes_at, at)

    def resume(
        self,
        round_: int,
        prices: Mapping[str, Decimal],
        *,
        opened_at: float,
        closes_at: float | None,
        notices: int,
    ) -> None:
        """
        Go on where a board before this one was; the plan is just opened.

        Args:
            round_: that runs.
            prices: announced for it.
            opened_at: when they were.
            closes_at: when the gate closes, as it was announced last.
            notices: how often it was announced. The first time is at the opening; the
                second means that the gate is closing.
        """
        self.round = round_
        self.prices = dict(prices)
        self.opened_at = self._heard_at = opened_at
        self.closes_at = closes_at
        self.notices = notices
        self.set_prices = {}
        if notices > 1:
            self.state = moved(self.state, Happening.GATE)
            self.gate_reason = "The board closed the gate."

    def forget(self) -> None:
        """Note that planning came to its end under a board before this one."""
        self.state = State.CLOSED

    def finish(self) -> None:
        """Let the planned prices stand."""
        self.state = moved(self.state, Happening.PLANNED)

    # Private

    @property
    def _quiet_at(self) -> float:
        return self._heard_at + self.opened_with.quiet_s
