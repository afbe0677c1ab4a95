"""What the channel `rounds` shows: rounds of a period, and what is being planned."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from parfeed.cli.options import settings_from
from parfeed.cli.planning.asking import shown
from schemas.board_rows import RoundRow
from schemas.values import Period

if TYPE_CHECKING:
    from pathlib import Path

    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription


def rounds_in(subscription: "Subscription[RoundRow]") -> list[RoundRow]:
    """Return the rows of the channel `rounds`, by period and round."""
    rows = subscription.rows.values()
    return sorted(rows, key=lambda row: (str(row.period), row.round))


async def first_round(feed: "Feed", period: Period, *, timeout_s: float) -> RoundRow:
    """Wait until a period has a round, and return its newest."""
    return await later_round(feed, period, 0, timeout_s=timeout_s)


async def later_round(
    feed: "Feed", period: Period, round_: int, *, timeout_s: float
) -> RoundRow:
    """
    Wait until a round after the one named is announced, and return the newest.

    Raises:
        NotShown: if it is not, in time.
    """

    def look(rounds: "Subscription[RoundRow]") -> RoundRow | None:
        later = [row for row in rounds_in(rounds) if row.round > round_]
        return later[-1] if later else None

    async with feed.subscribe("rounds", period=period) as rounds:
        return await shown(
            rounds,
            look,
            timeout_s=timeout_s,
            what=f"round {round_ + 1} of {period} was not announced",
        )


async def standing_prices(
    feed: "Feed", period: Period, round_: int, *, timeout_s: float
) -> RoundRow:
    """
    Wait until the prices of a round stand, and return the round.

    Raises:
        NotShown: if they do not, in time.
    """

    def look(rounds: "Subscription[RoundRow]") -> RoundRow | None:
        found = (row for row in rounds_in(rounds) if row.round == round_)
        return next((row for row in found if row.prices_stand), None)

    async with feed.subscribe("rounds", period=period) as rounds:
        return await shown(
            rounds,
            look,
            timeout_s=timeout_s,
            what=f"the prices of round {round_} of {period} did not stand",
        )


async def closed_period(feed: "Feed", period: Period, *, timeout_s: float) -> RoundRow:
    """
    Wait until the gate of a period is closed, and return its newest round.

    Raises:
        NotShown: if it is not, in time.
    """

    def look(rounds: "Subscription[RoundRow]") -> RoundRow | None:
        found = rounds_in(rounds)
        return found[-1] if found and found[-1].phase != "planning" else None

    async with feed.subscribe("rounds", period=period) as rounds:
        return await shown(
            rounds,
            look,
            timeout_s=timeout_s,
            what=f"the gate of {period} was not closed",
        )


async def periods_in_planning(feed: "Feed") -> list[Period]:
    """Return the periods whose planning goes on, in their order."""
    newest: dict[str, RoundRow] = {}
    async with feed.subscribe("rounds") as rounds:
        async for update in rounds:
            if update.is_snapshot:
                break
        for row in rounds_in(rounds):
            newest[str(row.period)] = row
    return [Period(period) for period, row in newest.items() if row.phase == "planning"]


async def planned_period(feed: "Feed", upcoming: Period) -> Period:
    """
    Return the period that is being planned; the upcoming one if none is.

    Raises:
        typer.BadParameter: if several are.
    """
    planned = await periods_in_planning(feed)
    if len(planned) > 1:
        raise typer.BadParameter(
            f"{', '.join(planned)} are being planned; name one of them",
            param_hint="--period",
        )
    return planned[0] if planned else upcoming


def next_period(config: "Path | None") -> Period:
    """Return the period after this one, by the calendar."""
    from streams.market.periods import period_of

    length = settings_from(config).period
    ahead = {"week": timedelta(weeks=1), "day": timedelta(days=1)}
    now = datetime.now(UTC)
    return period_of(now + ahead.get(length, timedelta(hours=1)), length)


def status_of(row: RoundRow) -> list[str]:
    """Return a period's status, by its newest round, in lines for a person."""
    from parfeed.cli.planning.round_lines import status_lines

    return status_lines([row], datetime.now(UTC).astimezone())
