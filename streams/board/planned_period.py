"""
One period's planning in the hands of the board: its plan, its lines, its rounds.

`step` does what is due by now and says what is to be published. Nothing here decides:
when what happens is the plan's (course.py), which prices the rule's.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from schemas.board_rows import bids_position
from schemas.planning import CouncilDecided
from schemas.rows import Line
from schemas.settings import Settings
from streams.board.fold_progress import FoldProgress
from streams.board.line_reader import LineReader
from streams.board.publisher import Step
from streams.board.recovery import PeriodRecord
from streams.market.answers import Round
from streams.market.planning.announcing import (
    indicated,
    planned_prices,
    rebid,
    times,
)
from streams.market.planning.book import BID, is_confirmed, is_withdrawn
from streams.market.planning.course import Decision
from streams.market.planning.outcome import outcome
from streams.market.planning.period import PeriodPlan
from streams.market.planning.proposing import Proposals, propose, round_of
from streams.market.planning.round_rows import (
    answered_row,
    closed_row,
    figures_of,
    opened_row,
)
from streams.market.planning.states import State

log = logging.getLogger(__name__)

INDICATE_EVERY_S: Final = 2.0
"""Indicative prices and a round's figures are for people, who do not read faster; and
each is an event or a row for everybody."""

INDICATE_SHARE: Final = 0.1
"""Of the board's time at most, for indicative prices: with ten thousand products one
computation takes a second, and then there is one every ten."""

LOOK_AGAIN_S: Final = 0.05
"""How often is looked whether the fold has caught up with the end of a round."""


class PlannedPeriod:
    """
    A period that is being planned.

    Args:
        settings: of the deployment.
        plan: opened.
        record: what is known of its rounds.
        previous: the period before, whose bidders may be excluded from this one.
        progress: how far the workers are.
        partition_of: of a product.
        on_lines: is given the period's lines too.
        on_cut: adds what has been decided of them, before they are summed up.
        wake: called when there may be something to do.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        plan: PeriodPlan,
        *,
        record: PeriodRecord,
        previous: str,
        progress: FoldProgress,
        partition_of: Callable[[str], int],
        on_lines: Callable[[list[Line]], None],
        on_cut: Callable[[Step], None],
        wake: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.plan = plan
        self._rows = dict(record.rows)
        self._prices = dict(record.prices)
        self._rounds = list(record.rounds)
        self._book = record.book
        self._progress = progress
        self._partition_of = partition_of
        self._on_lines = on_lines
        self._on_cut = on_cut
        self._wake = wake
        self._clock = clock
        self._bid_before: set[str] = set()
        self._reader = LineReader(settings, [plan.period, previous], self._take)
        self._reading: asyncio.Task[None] | None = None
        # What `bids` is to be folded up to before the round or the gate is done.
        self._targets: dict[int, int] | None = None
        self._is_changed = False
        # How often S, D or a price has changed, and what the rule came to last: after
        # how many changes, and to what.
        self._changes = 0
        self._proposed: tuple[int, Proposals] | None = None
        self._flagged: frozenset[str] = frozenset()
        self._shown = dict(record.shown)
        self._indicated = record.indicated
        self._indicate_at = 0.0
        # By when it was certainly published when the gate closes.
        self._noticed_at = clock()

    # Its lines

    def start(self) -> asyncio.Task[None]:
        """Read its lines from now on. You must await the task, or `close`."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._reader.run())
            # Whoever sleeps must hear of its end, see `check`.
            self._reading.add_done_callback(lambda _: self._wake())
        return self._reading

    @property
    def is_restored(self) -> bool:
        """Whether all lines that there were when reading began are in the book."""
        return self._reader.is_restored.is_set()

    def check(self) -> None:
        """Raise what the reading of lines died of, if it did."""
        if self._reading is not None and self._reading.done():
            self._reading.result()

    async def close(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    def _take(self, lines: list[Line]) -> None:
        now = self._clock()
        own = []
        for line in lines:
            if line.period == self.plan.period:
                own.append(line)
            elif line.kind == BID and not is_withdrawn(line) and is_confirmed(line):
                self._bid_before.add(line.party_id)
        if own:
            if self._book.put_all(own):
                self._note_change()
                self.plan.heard(now)
            self._on_lines(own)
        self._wake()

    # What is due

    def next_look(self, now: float) -> float | None:
        """Return when to step again although nothing has come; None if never."""
        times = [self.plan.next_look(now)]
        if self._targets is not None or self._is_due(now):
            times.append(now + LOOK_AGAIN_S)
        if self._is_changed and self.plan.state in (State.ANSWERING, State.WAITING):
            times.append(max(now, self._indicate_at))
        return min((at for at in times if at is not None), default=None)

    async def step(self, step: Step) -> None:
        """Do what is due once it is restored, and add what is to be said of it."""
        plan, now = self.plan, self._clock()
        if plan.is_gate_due(now):
            plan.close_gate("The time that was announced for it has come.", now)
            self._targets = None
        if plan.is_over(self._book.told(), now):
            await self._end_round(now)
        if plan.state is State.SUMMING:
            await self._sum_up(step)
        elif plan.is_shut(now):
            await self._finish(step)
        elif self._is_changed and now >= self._indicate_at:
            await self._show(step)

    def announce_times(self, step: Step) -> None:
        """Say when the gate closes."""
        self.plan.notices += 1
        step.events.append(times(self.plan, self._clock()))
        self._targets = None

    def decide(self, decision: CouncilDecided) -> None:
        """Let a council's decision hold, and give those time who answer it."""
        if self._book.decide(
            decision.product_id, decision.council_id, decision.counts, decision.revision
        ):
            self._note_change()
            self.plan.heard(self._clock())

    def noticed(self) -> None:
        """Take note that the gate's closing is published."""
        self._noticed_at = self._clock()

    # Private

    def _is_due(self, now: float) -> bool:
        plan = self.plan
        return plan.is_over(self._book.told(), now) or plan.is_shut(now)

    async def _end_round(self, now: float) -> None:
        # What has reached Kafka by now was said in time.
        targets = await self._progress.ends()
        is_late = self.plan.deadline is not None and now >= self.plan.deadline
        # Everybody who is known has answered. If the workers are behind, somebody
        # who is not known yet may have, too.
        if is_late or await self._is_folded(targets):
            self.plan.end_round()
            self._targets = targets

    async def _is_folded(self, targets: Mapping[int, int]) -> bool:
        reader = self._reader
        return await self._progress.is_folded(
            targets, reader.complete_to, reader.lines_read
        )

    async def _sum_up(self, step: Step) -> None:
        if self._targets is None:
            self._targets = await self._progress.ends()
        if not await self._is_folded(self._targets):
            return
        self._targets = None
        self._on_cut(step)
        plan, book = self.plan, self._book
        answered = round_of(plan.prices, book)
        positions = dict(self._reader.complete_to)
        proposals = await self._propose(answered)
        self._note(proposals)
        figures = figures_of(book, self._flagged)
        decision = plan.decide(figures.worst_percent)
        now = self._clock()
        if decision is Decision.REBID:
            announced = rebid(
                plan,
                proposals.by_product,
                book.sums,
                lambda product_id: positions[self._partition_of(product_id)] - 1,
                now,
            )
            reason = plan.forced or (
                f"{figures.worst_product_id} was off by {figures.worst_percent:.2f} %."
            )
            self._rounds.append(answered)
            self._update_row(step, positions)
            plan.begin_round(
                {one.product_id: +one.announced_price for one in announced}, now
            )
            self._prices[plan.round] = plan.prices
            book.begin_round(plan.round, plan.prices)
            step.events += announced
            row = opened_row(
                plan,
                announced,
                alarm=proposals.alarm,
                reason=reason,
                agenda=step.taken_before,
            )
            self._rows[plan.round] = row
            step.rows.append(row)
            self._note_change()
            log.info("%s: round %d announced", plan.period, plan.round)
        elif decision is Decision.STANDS:
            plan.close_gate(
                f"Every product is within {plan.opened_with.tolerance_percent:g} %.",
                now,
            )
            self.announce_times(step)
            self._update_row(step, positions)
            log.info("%s: the prices of round %d stand", plan.period, plan.round)
        else:
            plan.wait(_waits_for(plan, figures.worst_percent))
            self._update_row(step, positions)
            log.info("%s: round %d waits for a person", plan.period, plan.round)

    async def _finish(self, step: Step) -> None:
        plan, now = self.plan, self._clock()
        if self._targets is None:
            if plan.closes_at is None:
                raise AssertionError(f"the gate of {plan.period} closes at no time")
            # No gate closes before the workers can know of it.
            shut_at = max(plan.closes_at, self._noticed_at)
            self._targets = await self._progress.ends_at(shut_at)
        if not await self._is_folded(self._targets):
            return
        self._on_cut(step)
        positions = dict(self._reader.complete_to)
        self._update_row(step, positions)
        row = self._rows[plan.round]
        worst = (
            "nothing to balance"
            if row.worst_percent is None
            else (f"{row.worst_product_id} is off by {row.worst_percent} % at most")
        )
        reason = f"{plan.gate_reason} Round {plan.round}: {worst}."[:1000]
        of = outcome(self._book.entries(), self._prices, self._bid_before)
        step.events += planned_prices(plan, reason, now)
        step.rows.append(closed_row(row, reason, of, now))
        plan.finish()
        log.info("%s: planned prices stand since round %d", plan.period, plan.round)

    async def _show(self, step: Step) -> None:
        # A round on its way: its figures, and what the rule would announce now.
        began = time.monotonic()
        plan = self.plan
        self._is_changed = False
        if plan.state in (State.ANSWERING, State.WAITING):
            proposals = await self._propose(round_of(plan.prices, self._book))
            self._note(proposals)
            events = indicated(
                plan,
                proposals.by_product,
                self._shown,
                self._indicated + 1,
                self._clock(),
            )
            if events:
                self._indicated += 1
                self._shown |= {
                    one.product_id: float(one.indicative_price) for one in events
                }
                step.events += events
        self._update_row(step, {})
        cost = time.monotonic() - began
        self._indicate_at = self._clock() + max(INDICATE_EVERY_S, cost / INDICATE_SHARE)

    async def _propose(self, answered: Round) -> Proposals:
        # What was shown and has not changed since need not be computed again.
        changes = self._changes
        if self._proposed is not None and self._proposed[0] == changes:
            return self._proposed[1]
        # In a thread: it takes up to seconds, in which Kafka must hear from us.
        proposals = await asyncio.to_thread(
            propose,
            [*self._rounds, answered],
            self._book.products,
            self.plan.opened_with.tolerance_percent,
        )
        self._proposed = changes, proposals
        return proposals

    def _note_change(self) -> None:
        self._is_changed = True
        self._changes += 1

    def _note(self, proposals: Proposals) -> None:
        self._flagged = frozenset(
            name for name, one in proposals.by_product.items() if one.flags
        )

    def _update_row(self, step: Step, positions: Mapping[int, int]) -> None:
        plan = self.plan
        before = self._rows[plan.round]
        row = answered_row(
            before,
            plan,
            self._book.told(),
            figures_of(self._book, self._flagged),
            {bids_position(n): end - 1 for n, end in positions.items()},
            self._clock(),
        )
        if row is not before:
            self._rows[plan.round] = row
            step.rows.append(row)


def _waits_for(plan: PeriodPlan, worst_percent: float | None) -> str:
    if not plan.opened_with.is_automatic:
        return "The round is over; a person says whether its prices stand."
    if worst_percent is None:
        return "No product is both bid and wanted; a person says how it goes on."
    return (
        f"Round {plan.round} is the last that the board announces by itself; a person "
        "says how it goes on."
    )
