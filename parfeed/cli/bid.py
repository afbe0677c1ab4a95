"""
`parfeed bid`: what a company will make, as plain numbers, by options, form or file.

For small companies (IRB-2): no program, no JSON. The bid is answered at once with what
it adds to; nothing of a file is sent unless all of it can be read.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption
from parfeed.cli.planning.given_bid import Given, check_alone, one_bid
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    Reach,
    TimeoutOption,
    column_help,
    file_of,
    said_now,
    typed,
    typed_if,
)

if TYPE_CHECKING:
    from parfeed.planning.bids import Bid
    from schemas.values import Period

_NEXT: Final = "next"

_EXAMPLES = """
Examples:

  parfeed bid                                  a form; shows the market while you type

  parfeed bid --product bread --quantity 100 --company bakery --least-price 2.90

  parfeed bid --product bread --quantity 100 --company bakery --schedule 3:80,3.5:120 --input flour=60

  parfeed bid --template > bids.csv; parfeed bid bids.csv --company bakery --period next

  parfeed bid --product bread --company bakery --withdraw

  parfeed bid --confirm mill --product flour --period 2011-W44 --revision 7 --as dairy

A file is CSV with a header, or JSON lines; its columns are shown by --template.
"""  # noqa: E501 - a command stands in one line


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(bid)


def bid(
    file: Annotated[
        str | None,
        typer.Argument(
            help="Bids as CSV or JSON lines; - for the standard input.",
            show_default=False,
        ),
    ] = None,
    product: Annotated[
        str | None, typer.Option("--product", help="What the company will make.")
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option("--quantity", help="Units at the announced price."),
    ] = None,
    company: Annotated[
        str | None, typer.Option("--company", help="Who makes it.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            help="When: such as 2011-W44, or next.",
            show_default="the one that is being planned, else the next",
        ),
    ] = None,
    least_price: Annotated[
        str | None, typer.Option("--least-price", help="Below it nothing is made.")
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="P:Q,P:Q",
            help="What is made at other prices; answers rounds for you.",
        ),
    ] = None,
    fixed: Annotated[
        bool,
        typer.Option("--fixed", help="It is simply there, whatever the price."),
    ] = False,
    team: Annotated[
        str | None, typer.Option("--team", help="The team or firm that estimates it.")
    ] = None,
    delegate: Annotated[
        str | None,
        typer.Option(
            "--delegate",
            metavar="VERTICAL",
            help="Who answers rounds for the company.",
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="COMPANY",
            help="A joint bid: another company that must confirm it; again for more.",
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="PRODUCT=QUANTITY",
            help="What is needed for it; again for more.",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="A greater one replaces the bid.",
            show_default="the time in microseconds since 1970",
        ),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the bid back.")
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm",
            metavar="COMPANY",
            help="Confirm the joint bid of this company.",
        ),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option("--as", metavar="MEMBER", help="With --confirm: who confirms."),
    ] = None,
    template: Annotated[
        bool,
        typer.Option("--template", help="Print the header of a file of bids and end."),
    ] = False,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Bid: say what a company will make in a period, and see at once what it adds to.

    What is missing is asked for at a terminal. With --json a line for each bid.
    """
    from parfeed.planning.bids import COLUMNS
    from parfeed.planning.bids import template as header

    if template:
        typer.echo(header())
        typer.echo(column_help(COLUMNS), err=True)
        return
    given = {
        "--product": product,
        "--quantity": quantity,
        "--least-price": least_price,
        "--schedule": schedule,
        "--fixed": fixed,
        "--team": team,
        "--delegate": delegate,
        "--with": with_,
        "--input": inputs,
        "--revision": revision,
        "--withdraw": withdraw,
        "--as": member,
        "--company": company,
        "FILE": file,
    }
    if confirm is not None:
        check_alone("--confirm", given, besides=_CONFIRMING)
        _confirm(
            confirm,
            given,
            period,
            reach=Reach(url, config, wait, timeout),
        )
        return
    if member is not None:
        raise typer.BadParameter("goes with --confirm", param_hint="--as")
    if file is not None:
        check_alone("FILE", given, besides={"FILE", "--company"})
    if withdraw:
        check_alone("--withdraw", given, besides=_WITHDRAWING)
        given["--quantity"] = "0"
    terminal = sys.stdin.isatty() and sys.stderr.isatty() and not json
    missing = [name for name in _ASKED if given[name] is None]
    if file is None and missing and not terminal:
        raise typer.BadParameter(
            "without a terminal nothing is asked for; missing: " + ", ".join(missing)
        )
    _bid(
        given,
        period,
        as_json=json,
        asks=file is None and bool(missing),
        reach=Reach(url, config, wait, timeout),
    )


_ASKED: Final = ("--company", "--product", "--quantity")
_CONFIRMING: Final = frozenset({"--product", "--revision", "--as"})
_WITHDRAWING: Final = frozenset({"--product", "--company", "--input", "--revision"})


def _confirm(company: str, given: Given, period: str | None, reach: Reach) -> None:
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.planning import BidConfirmed

    needed = {"--period": period, **{name: given[name] for name in _CONFIRMING}}
    if missing := sorted(name for name, value in needed.items() if value is None):
        raise typer.BadParameter(
            f"{', '.join(missing)} must be named too", param_hint="--confirm"
        )
    said = said_now()
    event = BidConfirmed(
        event_id=said.new_id(),
        occurred_at=said.at,
        product_id=typed("--product", str(needed["--product"]), cells.identifier),
        company_id=typed("--confirm", company, cells.identifier),
        member_id=typed("--as", str(needed["--as"]), cells.identifier),
        period=typed("--period", str(period), cells.period),
        revision=typed("--revision", str(needed["--revision"]), cells.revision),
    )
    ask(
        [event],
        f"{event.member_id} confirms revision {event.revision} of {company}'s bid for "
        f"{event.product_id} in {event.period}; it counts once every member has",
        reach=reach,
    )


def _bid(
    given: Given, period: str | None, *, as_json: bool, asks: bool, reach: Reach
) -> None:
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.planning.asking import finish
    from parfeed.cli.planning.periods import next_period, planned_period
    from parfeed.planning import cells
    from parfeed.planning.bids import read_bids
    from parfeed.signals import run

    named = None if period in (None, _NEXT) else str(period)
    of = typed_if("--period", named, cells.period)
    company = given["--company"]
    if isinstance(company, str):
        typed("--company", company, cells.identifier)
    raw = None if given["FILE"] is None else file_of(str(given["FILE"]))

    def bids_of(of: "Period") -> "list[Bid]":
        if raw is not None:
            own = None if company is None else str(company)
            return read_bids(raw, company_id=own, period=of)
        return [one_bid(given, of)]

    address = feed_address(reach.url, reach.config)
    upcoming = next_period(reach.config)
    if not asks and not bids_of(of or upcoming):
        # What cannot be read is told before anything is connected to.
        typer.echo("The file holds no bids; nothing was sent.")
        return

    async def bidding() -> bool:
        from parfeed.cli.planning.asking import open_feed
        from parfeed.cli.planning.bid_report import report
        from parfeed.cli.planning.bidding import place

        async with open_feed(address, reach.wait_s) as feed:
            chosen = of or (upcoming if period == _NEXT else None)
            when = chosen or await planned_period(feed, upcoming)
            if asks:
                from parfeed.cli.planning.form_screen import ask_for

                filled = await ask_for(feed, when, {n: given[n] for n in _ASKED})
                if filled is None:
                    typer.echo("Nothing was sent.", err=True)
                    return False
                given.update(filled)
            placed = await place(
                feed, bids_of(when), said_now(), timeout_s=reach.timeout_s
            )
            return report(placed, as_json=as_json)

    with ended_by_reader():
        finish(run(bidding()))
