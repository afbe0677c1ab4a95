"""Options of the commands that talk to a feed, and what they become."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from parfeed.cli.options import settings_from

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        "-u",
        help="The feed's address.",
        show_default="this machine's feed, by the settings",
    ),
]
ProductsOption = Annotated[
    str,
    typer.Option(
        "--products",
        help="Only these products: a,b,c. [dim]All: *[/dim]",
        metavar="IDS",
    ),
]
ChannelOption = Annotated[
    Literal[
        "market",
        "rounds",
        "councils",
        "offers",
        "alerts",
        "fame",
        "settlements",
        "consumer",
        "statements",
        "costs",
    ],
    typer.Option(
        "--channel",
        help="Whose rows: products, rounds of planning, councils' lines, companies' "
        "offers and so on. The last three are private: name a --party.",
    ),
]
PartyOption = Annotated[
    str | None,
    typer.Option(
        "--party",
        help="Of a private channel, whose rows: consumer/17850, company/mill, "
        "council/leeds or board.",
        show_default=False,
    ),
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period", help="Only this period, such as 2011-W44.", show_default="all"
    ),
]
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait", min=0.0, help="Seconds to wait for a feed that is not there yet."
    ),
]

DEFAULT_WAIT_S: Final = 5.0
"""A feed server that starts needs 1 to 3 s; a person who forgot to start one should
not wait for long to be told."""

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound to
# A server that listens on all addresses is reached on this one.


def feed_address(url: str | None, config: Path | None = None) -> str:
    """
    Return the address that was given, or that of this machine's feed.

    Raises:
        InvalidRequest: if what was given is no address.
        InvalidSettings: if the settings do not fit.
    """
    from parfeed.client.address import feed_url

    if url is not None:
        return feed_url(url)
    settings = settings_from(config)
    host = _EVERYWHERE.get(settings.host, settings.host)
    place = f"[{host}]" if ":" in host else host
    return feed_url(f"ws://{place}:{settings.port}")


def products_of(text: str) -> list[str]:
    """Read `--products`."""
    products = [product_id.strip() for product_id in text.split(",")]
    return [product_id for product_id in products if product_id] or ["*"]
