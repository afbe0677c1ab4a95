"""
PURE. What each form asks: a price, a bid, a quote, thresholds, a search.

A form looks at the product's newest row whenever it is drawn, so that what it says
moves with the market while somebody thinks.
"""

from collections.abc import Callable
from decimal import Decimal

from parfeed.cli.layout import plain
from parfeed.cli.numbers import money, number
from parfeed.console.alerts import KINDS, read_thresholds, write_thresholds
from parfeed.console.desk import Desk
from parfeed.console.economics import cents
from parfeed.console.errors import Unfit
from parfeed.console.forms import Asked
from parfeed.console.products import Product
from parfeed.console.what_if import bid_effect, price_effect, quote
from parfeed.console.wishes import amount_of, read_price, read_quantity
from schemas.values import Price, Quantity

_WIDTH = 16


def chosen_product(desk: Desk) -> Product:
    """
    Return the product that a form is opened for.

    Raises:
        Unfit: if no product is chosen.
    """
    chosen = desk.chosen
    product = desk.products.get(chosen) if isinstance(chosen, str) else None
    if product is None:
        raise Unfit("no product is chosen; choose one with the arrows")
    return product


def company_of(desk: Desk) -> str:
    """
    Return the company that speaks.

    Raises:
        Unfit: if the console is nobody's.
    """
    if desk.company_id is None:
        raise Unfit("nobody said whose console this is: parfeed console --company NAME")
    return desk.company_id


def ask_price(desk: Desk, say: Callable[[Product, Price], None]) -> Asked:
    """
    Ask for the company's unplanned price of the chosen product.

    Args:
        desk: what is shown.
        say: says the price.

    Raises:
        Unfit: if there is no company or no product.
    """
    company, product = company_of(desk), chosen_product(desk)
    product_id = product.glance.product_id
    newest = _newest(desk, product)

    def question(text: str) -> str:
        price = money(read_price(text), _WIDTH)
        return f"Does {plain(company)} ask {price} for {plain(product_id)} from now on?"

    return Asked(
        title=f"unplanned price of {plain(product_id)}",
        begin="" if product.own_price is None else f"{product.own_price:f}",
        effect=lambda text: price_effect(
            newest(),
            amount_of(text, read_price),
            company,
            desk.products.taxes,
            desk.products.offers,
        ),
        question=question,
        check=read_price,
        say=lambda text: say(newest(), read_price(text)),
    )


def ask_bid(desk: Desk, say: Callable[[Product, Quantity], None]) -> Asked:
    """
    Ask for the company's bid for the chosen product in the period that is shown.

    Args:
        desk: what is shown.
        say: says the bid.

    Raises:
        Unfit: if there is no company or no product.
    """
    company, product = company_of(desk), chosen_product(desk)
    row, taxes = product.glance, desk.products.taxes
    newest = _newest(desk, product)

    def question(text: str) -> str:
        quantity = read_quantity(text)
        if not quantity:
            return (
                f"Does {plain(company)} withdraw its bid for {plain(row.product_id)} "
                f"in {plain(row.period)}?"
            )
        return (
            f"Does {plain(company)} bid {number(quantity, _WIDTH)} of "
            f"{plain(row.product_id)} for {plain(row.period)}?"
        )

    return Asked(
        title=f"bid for {plain(row.product_id)} in {plain(row.period)}",
        begin="" if product.own_bid is None else f"{product.own_bid:f}",
        effect=lambda text: bid_effect(newest(), amount_of(text, read_quantity), taxes),
        question=question,
        check=read_quantity,
        say=lambda text: say(newest(), read_quantity(text)),
    )


def ask_quote(desk: Desk) -> Asked:
    """
    Ask how many units a quote is for.

    Raises:
        Unfit: if no product is chosen.
    """
    product = chosen_product(desk)
    newest, taxes = _newest(desk, product), desk.products.taxes

    def answer(text: str) -> None:
        lines = quote(newest(), read_quantity(text), taxes)
        name = plain(product.glance.product_id)
        desk.message = f"{text.strip()} of {name}: {'; '.join(lines)}"

    return Asked(
        title=f"how many of {plain(product.glance.product_id)}",
        begin="1",
        effect=lambda text: quote(newest(), amount_of(text, read_quantity), taxes),
        check=read_quantity,
        say=answer,
    )


def ask_thresholds(desk: Desk) -> Asked:
    """Ask for the thresholds of alerts."""

    def change(text: str) -> None:
        desk.alerts.change(_thresholds(text))
        desk.products.look_again()
        # What stands already is seen; the bell is for what is new.
        desk.alerts.raised()
        desk.message = f"alerts: {write_thresholds(desk.alerts.thresholds)}"

    return Asked(
        title="thresholds",
        begin=write_thresholds(desk.alerts.thresholds),
        effect=lambda text: [f"{kind}: {about}" for kind, about in KINDS.items()],
        check=_thresholds,
        say=change,
    )


def ask_search(desk: Desk, changed: Callable[[], None]) -> Asked:
    """
    Ask what to search for; rows are shown while it is typed.

    Args:
        desk: what is shown.
        changed: called when other rows are to be shown.
    """
    sheet = desk.table.sheet

    def effect(text: str) -> list[str]:
        if text.strip() != sheet.search:
            sheet.search_for(text)
            changed()
        return [f"{len(sheet.keys):,} of {sheet.total:,} {sheet.name}"]

    return Asked(
        title="search",
        begin=sheet.search,
        effect=effect,
        check=str,
        say=lambda text: sheet.search_for(text),
    )


def price_said(company: str, product: Product, price: Decimal) -> str:
    """Return what a posted price says, for the user."""
    name = plain(product.glance.product_id)
    return f"{plain(company)} asks {money(cents(price), _WIDTH)} for {name}"


def bid_said(company: str, product: Product, quantity: Decimal) -> str:
    """Return what a bid says, for the user."""
    row = product.glance
    if not quantity:
        return f"{plain(company)} withdraws its bid for {plain(row.product_id)}"
    return (
        f"{plain(company)} bids {number(quantity, _WIDTH)} of {plain(row.product_id)} "
        f"for {plain(row.period)}"
    )


def _newest(desk: Desk, product: Product) -> Callable[[], Product]:
    # The row as it is by now; the one that the form was opened for if another period
    # is shown meanwhile.
    row = product.glance

    def newest() -> Product:
        now = desk.products.get(row.product_id)
        return product if now is None or now.glance.period != row.period else now

    return newest


def _thresholds(text: str) -> dict[str, float]:
    return {
        kind: threshold
        for kind, threshold in read_thresholds([text]).items()
        # What is not named any more is not watched any more.
        if f"{kind}=" in text
    }
