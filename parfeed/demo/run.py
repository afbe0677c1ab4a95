"""One demo from start to end: plan a week, replay the sample, wait for the rows."""

from collections.abc import Callable
from pathlib import Path

from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.demo.planning import PlanningNow, plan_first_week
from parfeed.demo.planning_record import PlanningRecord
from parfeed.demo.replaying import replay_and_add_up
from parfeed.demo.totals import Totals
from parfeed.replay.player import Now
from parfeed.replay.source import Source
from parfeed.sources.planned_week import event_ids
from parfeed.sources.retail import DEFAULT_NAME
from schemas.rows import MarketRow
from schemas.settings import Settings


async def run_demo(
    source: Source,
    feed: Feed,
    rows: Subscription[MarketRow],
    *,
    settings: Settings,
    data_dir: Path,
    speed: float | None,
    tell: Callable[[Now], None],
    tell_planning: Callable[[PlanningNow], None],
    planned: Callable[[PlanningRecord], None],
) -> Totals:
    """
    Plan the first week, replay a source, and return what the rows say it adds up to.

    The second time it only reads: the same state gives the same numbers.

    Args:
        source: what to replay.
        feed: an open feed.
        rows: a subscription to all its rows.
        settings: of the running deployment.
        data_dir: where the replay's record lies.
        speed: how many times as fast as it happened; None for as fast as it goes.
        tell: hears how far the replay is.
        tell_planning: hears where planning is.
        planned: hears how the first week was planned, now or by an earlier start.

    Raises:
        NotPlanned: if the first week cannot be planned.
        NotSettled: if the rows do not come to hold what was handed in.
        ParfeedError: if feed or Kafka are gone for good.
    """
    planning = await plan_first_week(feed, data_dir, tell=tell_planning)
    planned(planning)
    return await replay_and_add_up(
        source,
        feed,
        rows,
        settings=settings,
        data_dir=data_dir,
        speed=speed,
        tell=tell,
        planning=planning,
        apart=event_ids(DEFAULT_NAME, planning.period),
    )
