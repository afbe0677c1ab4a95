"""`parfeed board council`, `waits`, `approve`, `veto`: what councils do in planning."""

import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    PeriodOption,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    ProductArgument,
    Reach,
    ReasonOption,
    TimeoutOption,
    file_of,
    said_now,
    typed,
    typed_if,
)

if TYPE_CHECKING:
    from parfeed.client.rows import Update
    from schemas.board_rows import CouncilRow
    from schemas.values import PositiveQuantity

CouncilArgument = Annotated[
    str, typer.Argument(metavar="COUNCIL", help="A council_id.")
]
SignerOption = Annotated[
    str, typer.Option("--signer", help="Who signs: one of the council's signers.")
]

_WIDTH_WITHOUT_TERMINAL: Final = 120

_COUNCIL = """
Examples:

  parfeed board council councils.csv

The file is CSV with a header, or JSON lines, with the fields council_id, level,
parent_id, signers (ada|grace), signatures (how many a decision takes), threshold
(units that pass without), revision. Levels: neighbourhood, city, state, federation;
team, firm, vertical, industry.
"""
_WAITS = """
Examples:

  parfeed board waits

  parfeed board waits --council hill --json
"""
_SIGN = """
Examples:

  parfeed board {vote} hill 2011-W44 bread --signer ada
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=_COUNCIL)(council)
    app.command(epilog=_WAITS)(waits)
    app.command(epilog=_SIGN.format(vote="approve"))(approve)
    app.command(epilog=_SIGN.format(vote="veto"))(veto)


def council(
    file: Annotated[
        str, typer.Argument(help="CSV or JSON lines; - for the standard input.")
    ],
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Form councils, or change them: their place in the tree and who signs.

    A council that is named again is replaced.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning.council_lines import read_councils

    councils = read_councils(file_of(file), said_now())
    if not councils:
        typer.echo("The file names no councils; nothing was sent.")
        return
    ask(
        [event for _, event in councils],
        f"{len(councils):,} {'council' if len(councils) == 1 else 'councils'} formed",
        reach=Reach(url, config, wait, timeout),
        lines=[number for number, _ in councils],
    )


def waits(
    council: Annotated[
        str | None, typer.Option("--council", help="Of this council only.")
    ] = None,
    period: PeriodOption = None,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Show which lines wait for signatures.

    With --json one object: {"cursor": "...", "rows": [...]}.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.planning.waiting import waiting
    from parfeed.signals import run

    taken = run(_councils(feed_address(url, config), period, wait))
    if taken is None:
        raise typer.Exit(130)
    rows = waiting(taken.changed, council)
    with ended_by_reader():
        if json:
            import msgspec

            from schemas.codec import encode

            cursor = msgspec.json.encode(taken.cursor)
            lines = b",".join(encode(row) for row in rows)
            sys.stdout.buffer.write(b'{"cursor":%b,"rows":[%b]}\n' % (cursor, lines))
        else:
            from rich.console import Console

            from parfeed.cli.board_tables import councils_table

            if not rows:
                typer.echo("Nothing waits for a signature.")
                return
            console = Console()
            if not console.is_terminal:
                console = Console(width=_WIDTH_WITHOUT_TERMINAL)
            console.print(councils_table(rows, width=console.width))


async def _councils(
    url: str, period: str | None, wait_s: float
) -> "Update[CouncilRow]":
    from parfeed.cli.planning.asking import open_feed

    async with open_feed(url, wait_s) as feed:
        async for update in feed.subscribe("councils", period=period):
            if update.is_snapshot:
                return update
    raise AssertionError("a subscription ended without a word")


def approve(
    council: CouncilArgument,
    period: PeriodArgument,
    product: ProductArgument,
    signer: SignerOption,
    up_to: Annotated[
        str | None,
        typer.Option(
            "--up-to",
            metavar="QUANTITY",
            help="The approval goes so far and no further.",
            show_default="whatever is asked until the gate closes",
        ),
    ] = None,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """Sign for a council's line of a product: it counts."""
    from parfeed.planning import cells

    _sign(
        "approve",
        (council, period, product),
        signer,
        reason,
        Reach(url, config, wait, timeout),
        up_to=typed_if("--up-to", up_to, cells.positive),
    )


def veto(
    council: CouncilArgument,
    period: PeriodArgument,
    product: ProductArgument,
    signer: SignerOption,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """Sign against a council's line of a product: what lies below it does not count."""
    _sign(
        "veto",
        (council, period, product),
        signer,
        reason,
        Reach(url, config, wait, timeout),
    )


def _sign(
    vote: Literal["approve", "veto"],
    line: tuple[str, str, str],
    signer: str,
    reason: str,
    reach: Reach,
    *,
    up_to: "PositiveQuantity | None" = None,
) -> None:
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.agenda import CouncilSigned

    council_id = typed("COUNCIL", line[0], cells.identifier)
    period = typed("PERIOD", line[1], cells.period)
    product_id = typed("PRODUCT", line[2], cells.identifier)
    said = said_now()
    event = CouncilSigned(
        event_id=said.new_id(),
        occurred_at=said.at,
        council_id=council_id,
        period=period,
        product_id=product_id,
        vote=vote,
        signer_id=typed("--signer", signer, cells.identifier),
        reason=reason,
        quantity=up_to,
    )
    # Who signed is said to nobody, not even on this screen.
    ask(
        [event],
        f"Signed: {vote} {product_id} of {council_id} in {period}; see what still "
        f"waits with: parfeed board waits --council {council_id}",
        reach=reach,
    )
