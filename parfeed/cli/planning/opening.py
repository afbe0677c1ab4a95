"""`parfeed board open` and `close`: how a period's planning begins and ends."""

from typing import TYPE_CHECKING, Annotated

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    Reach,
    ReasonOption,
    TimeoutOption,
    said_now,
    typed,
    typed_if,
)

if TYPE_CHECKING:
    from parfeed.client.feed import Feed

_OPENING = """
Examples:

  parfeed board open 2011-W44 --round 60

  parfeed board open 2011-W44 --closes-at 2011-10-30T18:00 --tolerance 1%

  parfeed board open 2011-W44 --by-hand
"""
_CLOSING = """
Examples:

  parfeed board close 2011-W44 --reason "harvest is in"
"""
_WEEK_S = 604_800.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("open", epilog=_OPENING)(open_period)
    app.command("close", epilog=_CLOSING)(close)


def open_period(
    period: PeriodArgument,
    round_s: Annotated[
        float | None,
        typer.Option(
            "--round",
            metavar="SECONDS",
            max=_WEEK_S,
            help="How long a round waits for those who must answer.",
            show_default="as long as it takes",
        ),
    ] = None,
    quiet_s: Annotated[
        float,
        typer.Option(
            "--quiet",
            metavar="SECONDS",
            max=_WEEK_S,
            help="A round ends early when all have answered and no line has come for "
            "so long.",
        ),
    ] = 1.0,
    closes_at: Annotated[
        str | None,
        typer.Option(
            "--closes-at",
            metavar="TIME",
            help="When the gate closes at the latest; local time unless it has an "
            "offset.",
            show_default="when prices stand",
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance",
            metavar="PERCENT",
            help="Prices stand once every imbalance is smaller.",
        ),
    ] = "3%",
    max_rounds: Annotated[
        int,
        typer.Option(
            "--max-rounds", min=1, max=100, help="After so many a person is asked."
        ),
    ] = 20,
    by_hand: Annotated[
        bool,
        typer.Option(
            "--by-hand",
            help="A person ends each round: parfeed board announce, stand, close.",
        ),
    ] = False,
    people_least: Annotated[
        int,
        typer.Option(
            "--people-least",
            min=1,
            max=1_000,
            help="Public sums of fewer people are withheld.",
        ),
    ] = 5,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Begin the planning of a period: round 1 is announced for the products listed.

    The board then answers rounds by itself, unless --by-hand.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.agenda import PeriodOpened

    for name, seconds in (("--round", round_s), ("--quiet", quiet_s)):
        if seconds is not None and seconds <= 0:
            raise typer.BadParameter(
                f"must be above 0 seconds, was {seconds:g}", param_hint=name
            )
    of = typed("PERIOD", period, cells.period)
    at = typed_if("--closes-at", closes_at, cells.moment)
    said = said_now()
    event = PeriodOpened(
        event_id=said.new_id(),
        occurred_at=said.at,
        period=of,
        round_s=round_s,
        quiet_s=quiet_s,
        closes_at=at,
        tolerance_percent=typed("--tolerance", tolerance, cells.percentage),
        max_rounds=max_rounds,
        is_automatic=not by_hand,
        people_least=people_least,
    )

    async def announced(feed: "Feed") -> list[str]:
        from parfeed.cli.planning.periods import first_round, status_of

        return status_of(await first_round(feed, of, timeout_s=timeout))

    ask(
        [event],
        f"Planning of {of} is open"
        + ("" if at is None else f" until {at.astimezone():%Y-%m-%d %H:%M %Z}")
        + f"; follow it with: parfeed board status {of} --follow",
        reach=Reach(url, config, wait, timeout),
        then=announced,
    )


def close(
    period: PeriodArgument,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Close the gate of a period now: what comes later is refused.

    The prices announced last become the planned prices.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.agenda import GateClosed

    of = typed("PERIOD", period, cells.period)
    said = said_now()

    async def closed(feed: "Feed") -> list[str]:
        from parfeed.cli.planning.periods import closed_period, status_of

        return status_of(await closed_period(feed, of, timeout_s=timeout))

    ask(
        [
            GateClosed(
                event_id=said.new_id(), occurred_at=said.at, period=of, reason=reason
            )
        ],
        f"The gate of {of} is closed",
        reach=Reach(url, config, wait, timeout),
        then=closed,
    )
