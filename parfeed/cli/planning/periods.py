"""What the channel `rounds` shows: rounds of a period, and what is being planned."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parfeed.cli.planning.asking import shown
from schemas.board_rows import RoundRow
from schemas.values import Period

if TYPE_CHECKING:
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


def status_of(row: RoundRow) -> list[str]:
    """Return a period's status, by its newest round, in lines for a person."""
    from parfeed.cli.planning.round_lines import status_lines

    return status_lines([row], datetime.now(UTC).astimezone())
