"""
An economy plans live: its bidders answer the board's rounds through a feed.

Listings and the opening go in, and then, each time the board has announced a price for
every product, all answers to those prices; until the planned prices stand. What a round
took is told stage by stage:

- answer: computing what all say, and writing it as events;
- publish: until the feed has acknowledged the last of them: it lies in Kafka;
- fold: until the feed's rows hold them all;
- board: until the next round's prices are in the rows, or the planned ones; the quiet
  that the board waits for at the end of a round is part of it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
import numpy as np

from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.economy.answer_events import AnswerEvents, Naming, opening_events
from parfeed.economy.economy import Bidders
from parfeed.economy.live_market import LiveMarket
from schemas.agenda import CouncilFormed
from schemas.errors import ParfeedError
from schemas.feed import Result
from schemas.rows import MarketRow
from schemas.values import Period
from streams.market.answers import Answers, imbalance_percent

CHUNK: Final = 4_000
"""Events that are handed in together: some twenty steps of the progress bar a round."""

STALLED_S: Final = 60.0
"""Without any change of the rows. A worker or board that died hard is started again and
has read its state within 15 s."""

Stage = Literal["opening", "answering", "publishing", "folding", "deciding"]


class LiveFailed(ParfeedError):
    """Planning that did not come to its end: its text says where it stands."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is to be planned, and how.

    Attributes:
        run: what event ids begin with; another for each run.
        period: that is planned; new to the feed.
        tolerance_percent: below it prices stand.
        quiet_s: for so long no line may come before a round ends.
        max_rounds: after so many it is given up.
        councils: the consumers' tree, the highest first, and of each consumer the name
            of its council; both empty for none.
    """

    run: str
    period: Period
    tolerance_percent: float = 3.0
    quiet_s: float = 0.5
    max_rounds: int = 30
    councils: tuple[CouncilFormed, ...] = ()
    council_of: tuple[str, ...] = ()


class Doing(msgspec.Struct, frozen=True):
    """
    Where it is.

    Attributes:
        round: the round; 0 while planning is opened.
        done, total: of events, or of products, as the stage has it.
    """

    round: int
    stage: Stage
    done: int
    total: int


class LiveRound(msgspec.Struct, frozen=True, kw_only=True):
    """
    A round as it came. Seconds of each stage as the module's head has them.

    Attributes:
        ended_s: since the opening was handed in, until its answers were in the rows.
        worst_percent: the greatest imbalance, without its sign.
        worst_product: whose it is.
        forecast_percent: the greatest that the board expected; None in the first.
        within_1, within_3, within_5: products closer to clearing than that.
        prices, supply, demand: by product, in the economy's order and units.
    """

    round: int
    events: int
    answer_s: float
    publish_s: float
    fold_s: float
    board_s: float
    ended_s: float
    worst_percent: float
    worst_product: str
    forecast_percent: float | None
    within_1: int
    within_3: int
    within_5: int
    prices: tuple[float, ...]
    supply: tuple[float, ...]
    demand: tuple[float, ...]


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """
    The whole of it.

    Attributes:
        events: bids and plan lines of all rounds.
        seconds: from handing in the opening until the planned prices were in the rows.
    """

    events: int
    rounds: tuple[LiveRound, ...]
    planned_prices: tuple[float, ...]
    seconds: float


async def plan_live(
    feed: Feed,
    bidders: Bidders,
    asked: Asked,
    *,
    doing: Callable[[Doing], None] = lambda doing: None,
    came: Callable[[LiveRound], None] = lambda round_: None,
) -> Planned:
    """
    Plan an economy through a feed, as its bidders.

    Args:
        feed: an open feed of a deployment with a board.
        bidders: who answer.
        asked: what is planned.
        doing: hears often where it is; returns at once.
        came: hears of each round that is over; returns at once.

    Raises:
        LiveFailed: if the feed refuses an event, nothing comes for `STALLED_S`, or
            prices do not stand after `max_rounds`.
        FeedError: if the feed ended for good.
    """
    live = _Live(feed, bidders, asked, doing)
    async with feed.subscribe(period=asked.period) as rows:
        await live.open(rows)
        rounds: list[LiveRound] = []
        while not live.market.is_planned:
            round_ = await live.round(rows, len(rounds) + 1)
            rounds.append(round_)
            came(round_)
        return Planned(
            events=sum(each.events for each in rounds),
            rounds=tuple(rounds),
            planned_prices=tuple(live.market.planned_prices().tolist()),
            seconds=live.elapsed_s(),
        )


class _Live:
    def __init__(
        self, feed: Feed, bidders: Bidders, asked: Asked, doing: Callable[[Doing], None]
    ) -> None:
        self.market = LiveMarket(bidders.names)
        self._feed = feed
        self._bidders = bidders
        self._asked = asked
        self._doing = doing
        self._naming = Naming(asked.run, asked.period, bidders.names, asked.council_of)
        # The first answer shows which lines there are.
        self._events = AnswerEvents(self._naming, bidders.answer(bidders.start_prices))
        self._began_s = 0.0

    def elapsed_s(self) -> float:
        return round(time.perf_counter() - self._began_s, 4)

    async def open(self, rows: Subscription[MarketRow]) -> None:
        async for update in rows:
            if update.is_snapshot and update.changed:
                raise LiveFailed(
                    f"the feed has rows of {self._asked.period} already; name a period "
                    "that is new to it with --period"
                )
            break
        asked = self._asked
        self._began_s = time.perf_counter()
        await self._publish(
            opening_events(
                self._naming,
                self._bidders.start_prices,
                asked.councils,
                datetime.now(UTC),
                quiet_s=asked.quiet_s,
                tolerance_percent=asked.tolerance_percent,
            ),
            0,
        )
        await self._announced(rows, 1)

    async def round(self, rows: Subscription[MarketRow], number: int) -> LiveRound:
        if number > self._asked.max_rounds:
            raise LiveFailed(
                f"prices did not settle in {self._asked.max_rounds} rounds; allow more "
                "--rounds or a wider --tolerance"
            )
        market = self.market
        prices, expected = market.prices(), market.forecast_percent()
        at = [time.perf_counter()]
        self._doing(Doing(number, "answering", 0, self._events.count))
        answers = self._bidders.answer(prices)
        events = self._events.of_round(answers, number, datetime.now(UTC))
        at.append(time.perf_counter())
        results = await self._publish(events, number)
        at.append(time.perf_counter())
        await self._folded(rows, number, _newest(answers, results, len(prices)))
        at.append(time.perf_counter())
        ended_s = self.elapsed_s()
        supply, demand = market.sums()
        await self._announced(rows, number + 1)
        at.append(time.perf_counter())
        answer_s, publish_s, fold_s, board_s = np.diff(at).round(4).tolist()
        percent = np.abs(imbalance_percent(supply, demand))
        percent[~self._bidders.tradable] = 0
        worst = int(percent.argmax())
        traded = percent[self._bidders.tradable]
        return LiveRound(
            round=number,
            events=len(events),
            answer_s=answer_s,
            publish_s=publish_s,
            fold_s=fold_s,
            board_s=board_s,
            ended_s=ended_s,
            worst_percent=round(float(percent[worst]), 6),
            worst_product=self._bidders.names[worst],
            forecast_percent=expected,
            within_1=int((traded < 1).sum()),
            within_3=int((traded < 3).sum()),
            within_5=int((traded < 5).sum()),
            prices=tuple(prices.tolist()),
            supply=tuple(supply.tolist()),
            demand=tuple(demand.tolist()),
        )

    # Private

    async def _publish(self, events: Sequence[bytes], number: int) -> list[Result]:
        # All at once: the client keeps as much under way as the feed takes, and
        # nothing waits for an answer in between.
        done = 0
        stage: Stage = "publishing" if number else "opening"

        async def hand_in(chunk: Sequence[bytes]) -> list[Result]:
            nonlocal done
            results = await self._feed.publish(chunk)
            done += len(chunk)
            self._doing(Doing(number, stage, done, len(events)))
            return results

        tasks = [
            asyncio.create_task(hand_in(events[begin : begin + CHUNK]))
            for begin in range(0, len(events), CHUNK)
        ]
        try:
            answered = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        results = [result for chunk in answered for result in chunk]
        refused = [result for result in results if result.error is not None]
        if refused:
            raise LiveFailed(
                f"the feed refused {len(refused):,} of {len(events):,} events; the "
                f"first, {refused[0].event_id}: {refused[0].error}: {refused[0].detail}"
            )
        return results

    async def _announced(self, rows: Subscription[MarketRow], number: int) -> None:
        market, total = self.market, len(self._bidders.names)
        stage: Stage = "deciding" if number > 1 else "opening"

        def is_so() -> bool:
            done = market.announced(number)
            self._doing(Doing(number - 1, stage, done, total))
            return done == total or market.is_planned

        await self._until(rows, is_so, f"prices of round {number}")

    async def _folded(
        self, rows: Subscription[MarketRow], number: int, newest: Sequence[int]
    ) -> None:
        market, total = self.market, len(newest)

        def is_so() -> bool:
            done = market.folded(newest)
            self._doing(Doing(number, "folding", done, total))
            # Where a connection was lost an event can lie in Kafka twice, and the
            # second one is in no row: the board going on says the same.
            return (
                done == total or market.announced(number + 1) > 0 or market.is_planned
            )

        await self._until(rows, is_so, f"the answers to round {number} in the rows")

    async def _until(
        self, rows: Subscription[MarketRow], is_so: Callable[[], bool], what: str
    ) -> None:
        while not is_so():
            try:
                async with asyncio.timeout(STALLED_S):
                    update = await anext(rows)
            except TimeoutError as exc:
                raise LiveFailed(
                    f"waited {STALLED_S:.0f} s for {what} and no row changed; see the "
                    "logs of board and worker, and `parfeed board show`"
                ) from exc
            self.market.note(update.changed)


def _newest(
    answers: Answers, results: Sequence[Result], products: int
) -> Sequence[int]:
    # By product, where in `bids` the last of its events lies.
    offsets = np.array(
        [-1 if result.offset is None else result.offset for result in results]
    )
    product = np.concatenate(
        [answers.bids.product, answers.inputs.product, answers.plans.product]
    )
    newest = np.full(products, -1)
    np.maximum.at(newest, product, offsets)
    found: list[int] = newest.tolist()
    return found
