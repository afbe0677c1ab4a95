"""
`parfeed board audit`: every announced price, computed anew from the topics.

The one command of planning that reads Kafka itself: an audit that believed the feed
would prove nothing.
"""

import json as json_of
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from parfeed.cli.options import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    settings_from,
)
from parfeed.cli.planning.options import PeriodArgument, typed

if TYPE_CHECKING:
    from parfeed.progress import Progress
    from schemas.settings import Settings
    from schemas.values import Period
    from streams.board.audit import Difference, RoundAudit
    from streams.board.topic_reading import Reading

DIFFERENCES_SHOWN: Final = 20
"""Of a round, to people; --json has all of them."""

_EXAMPLES = """
Examples:

  parfeed board audit 2011-W44

  PARFEED_BROKER=kafka-1:9092 parfeed board audit 2011-W44 --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(audit)


def audit(
    period: PeriodArgument,
    json: JsonOption = False,
    data_dir: DataDirOption = None,
    config: ConfigOption = None,
) -> None:
    """
    Compute every announced price of a period again, from the bids in Kafka.

    Prints per round how many prices and sums were compared and which differ; ends
    with 1 if any does. With --json one object. On a terminal a bar shows how far it is.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.planning import cells
    from parfeed.signals import run

    of = typed("PERIOD", period, cells.period)
    settings = _with_broker(settings_from(config, data_dir))
    with _shown() as show:
        rounds = run(_audited(settings, of, show))
    if rounds is None:
        raise typer.Exit(130)
    with ended_by_reader():
        if json:
            typer.echo(json_of.dumps(as_json(of, rounds)))
        else:
            typer.echo("\n".join(audit_lines(of, rounds)))
    if any(each.differences for each in rounds):
        raise typer.Exit(1)


def _shown() -> "AbstractContextManager[Progress]":
    from rich.console import Console

    from parfeed.cli.progress import shown_progress
    from parfeed.progress import silent

    console = Console(stderr=True)
    # A word on the standard error is a fault to whoever runs this from a timer.
    return shown_progress(console) if console.is_terminal else nullcontext(silent)


def _with_broker(settings: "Settings") -> "Settings":
    import msgspec

    from parfeed.broker import known_address
    from schemas.errors import InvalidSettings

    if settings.broker:
        return settings
    address = known_address(Path(settings.data_dir))
    if address is None:
        raise InvalidSettings(
            f"no Kafka has run in {settings.data_dir}; name its directory with "
            "--data-dir, or a Kafka of your own in PARFEED_BROKER"
        )
    return msgspec.structs.replace(settings, broker=address)


async def _audited(
    settings: "Settings", period: "Period", show: "Progress"
) -> "list[RoundAudit]":
    from aiokafka.errors import KafkaError

    from parfeed.errors import BrokerFailed
    from parfeed.planning.errors import NothingToAudit
    from parfeed.progress import Step
    from streams.board.audit import NotPlanned
    from streams.board.audit import audit as audited

    def tell(now: "Reading") -> None:
        show(
            Step(
                what=now.what,
                done=now.done,
                total=now.total or None,
                unit="records",
            )
        )

    try:
        return await audited(settings, str(period), tell=tell)
    except NotPlanned as exc:
        raise NothingToAudit(
            f"{period} was never opened; see what is planned with: parfeed board status"
        ) from exc
    except KafkaError as exc:
        raise BrokerFailed(
            f"Kafka at {settings.broker} does not answer ({exc!r}); start it with "
            "`parfeed up`, or name another in PARFEED_BROKER"
        ) from exc


def audit_lines(period: str, rounds: "list[RoundAudit]") -> list[str]:
    """Return what an audit found, in lines for people."""
    if not rounds:
        return [f"{period}: no prices were announced"]
    lines = []
    for each in rounds:
        differ = len({difference.product_id for difference in each.differences})
        # Round 1 has the prices listed; there are no sums behind them.
        sums = 2 * each.products if each.round > 1 else 0
        found = f"{differ:,} differ" if differ else "all as announced"
        lines.append(
            f"round {each.round}: {each.products:,} prices and {sums:,} sums computed "
            f"again, {found}"
        )
        lines += [
            f"  {_difference(difference)}"
            for difference in each.differences[:DIFFERENCES_SHOWN]
        ]
        if len(each.differences) > DIFFERENCES_SHOWN:
            lines.append(f"  ... and {len(each.differences) - DIFFERENCES_SHOWN} more")
    return lines


def as_json(period: str, rounds: "list[RoundAudit]") -> dict[str, Any]:
    """Return what an audit found, for programs."""
    return {
        "period": period,
        "differences": sum(len(each.differences) for each in rounds),
        "rounds": [
            {
                "round": each.round,
                "products": each.products,
                "differences": [
                    {
                        "product_id": difference.product_id,
                        "figure": difference.figure,
                        "announced": _text(difference.announced),
                        "recomputed": _text(difference.recomputed),
                    }
                    for difference in each.differences
                ],
            }
            for each in rounds
        ],
    }


def _difference(difference: "Difference") -> str:
    from parfeed.cli.layout import plain

    said = f"{difference.announced:f}"
    figure = difference.figure.replace("_", " ")
    if difference.recomputed is None:
        return f"{plain(difference.product_id)}: {figure} {said} follows from nothing"
    return (
        f"{plain(difference.product_id)}: {figure} {said} was announced, "
        f"{difference.recomputed:f} is right"
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
