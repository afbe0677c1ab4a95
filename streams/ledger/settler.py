"""
Settles the periods that end, one after the other, beside the ledger's turns.

What it makes is published by the ledger, in one transaction with the row that says so:
a period is settled once, however often a ledger dies over it, and every attempt comes
to the same bytes.
"""

import asyncio
from collections.abc import Collection

from schemas.settings import Settings
from schemas.topics import PRODUCTION, PURCHASES
from schemas.trading import TradingEnded
from schemas.trading_rows import SettledRow
from schemas.values import Period
from streams.board.fold_progress import FoldProgress
from streams.ledger.desk import Desk
from streams.ledger.fact_index import Cuts, FactIndex, Place, cut_name, cuts_of
from streams.ledger.publisher import Step
from streams.ledger.settling import Known, PeriodLines, read_book, read_lines
from streams.market.settlement.book import PeriodBook
from streams.market.settlement.correction import correct
from streams.market.settlement.settling import Settlement, settle
from streams.market.trading.period import span_of


class Settler:
    """
    Settles what the desk says is ending or to be corrected.

    Args:
        settings: of the deployment.
        desk: of the ledger.
        index: where facts lie.
        ended: periods whose end of trading lies in `board`; its owner adds to it.

    Attributes:
        made: settlements to be published, one at a time.
        read_to: by place, up to where the ledger has read.
    """

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        index: FactIndex,
        ended: Collection[str],
    ) -> None:
        self.made: asyncio.Queue[Step] = asyncio.Queue(1)
        self.read_to: dict[Place, int] = {}
        self._settings = settings
        self._desk = desk
        self._index = index
        self._ended = ended
        self._news = asyncio.Event()
        self._news.set()

    def look(self) -> None:
        """Note that the desk may have decided that something ends."""
        self._news.set()

    def note(self, taken: dict[Place, int]) -> None:
        """Note how far the ledger has read and published."""
        self.read_to.update(taken)
        self._news.set()

    async def run(self) -> None:
        """
        Settle until cancelled.

        Raises:
            IntegrityError: if a law of the books is broken.
        """
        while True:
            self._news.clear()
            for period in sorted(self._desk.ending):
                await self._settle(Period(period))
            for period in sorted(self._desk.correcting):
                await self._correct(Period(period))
            await self._news.wait()

    # Private

    async def _settle(self, period: Period) -> None:
        if period not in self._ended:
            await self._until_folded()
            await self.made.put(Step(events=[_trading_end(period)]))
        lines = await read_lines(self._settings, period)
        await self._until_read(lines.cuts)
        settlement = await self._settled(period, lines, [lines.cuts])
        await self._publish(settlement, lines.cuts, self._desk.ending[period])

    async def _correct(self, period: Period) -> None:
        lines = await read_lines(self._settings, period)
        before = [cuts_of(row) for row in self._desk.settled[period]]
        cuts = {place: self.read_to.get(place, 0) - 1 for place in lines.cuts}
        settlement = await self._settled(period, lines, [*before, cuts])
        await self._publish(settlement, cuts, self._desk.correcting[period])

    async def _settled(
        self, period: Period, lines: PeriodLines, chain: list[Cuts]
    ) -> Settlement:
        # The first settlement and each correction, one from the other: nothing of
        # them is kept but up to where each one counted.
        known = self._known(period)
        settlement = None
        for cuts in chain:
            book = await read_book(
                self._settings, period, known, lines.lines, self._index, cuts
            )
            settlement = await asyncio.to_thread(_on, settlement, book)
        if settlement is None:
            raise AssertionError(f"{period} has no cuts to be settled by")
        return settlement

    async def _until_folded(self) -> None:
        # What shops were told is stored when somebody closed the period counts in it,
        # however far behind the workers were.
        for topic in (PURCHASES, PRODUCTION):
            progress = await FoldProgress.open(self._settings, topic)
            try:
                await progress.until_committed(await progress.ends())
            finally:
                await progress.close()

    async def _until_read(self, cuts: Cuts) -> None:
        while any(self.read_to.get(place, 0) <= cut for place, cut in cuts.items()):
            self._news.clear()
            await self._news.wait()

    def _known(self, period: Period) -> Known:
        desk = self._desk
        return Known(
            tuple(desk.budgets.get(period, {}).values()),
            tuple(desk.terms),
            {
                event_id: decision.planned_quantity
                for event_id, decision in desk.authorised.get(period, {}).items()
            },
        )

    async def _publish(self, settlement: Settlement, cuts: Cuts, event_id: str) -> None:
        row = SettledRow(
            period=settlement.period,
            revision=settlement.revision,
            event_id=event_id,
            postings=len(settlement.postings),
            cuts={cut_name(place): cuts[place] for place in sorted(cuts)},
        )
        step = Step(
            settled=[row],
            postings=list(settlement.postings),
            rows=[*settlement.statements, *settlement.rows],
        )
        await self.made.put(step)
        while row.revision >= len(self._desk.settled.get(row.period, ())):
            self._news.clear()
            await self._news.wait()


def _trading_end(period: Period) -> TradingEnded:
    # Said again by a later ledger it is the same, and counts once.
    return TradingEnded(
        event_id=f"trading-end-{period}",
        occurred_at=span_of(period).end,
        period=period,
    )


def _on(before: Settlement | None, book: PeriodBook) -> Settlement:
    settlement = settle(book)
    return settlement if before is None else correct(before, settlement)
