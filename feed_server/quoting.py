"""
PURE. Which rows a quote is answered from, as this server has them.

A product's rows of all periods are never looked through: what is needed is found by
their periods, and decoded once.
"""

from collections.abc import Iterable, Iterator

import msgspec

from feed_server.quote import quote, quoted_period
from feed_server.selection import Selection
from feed_server.view import RowVersion, View
from schemas.channels import CONSUMER, MARKET_CHANNEL, OFFERS
from schemas.codec import decode_market_row
from schemas.feed import Quote, Quoted
from schemas.rows import MarketRow
from schemas.trading_rows import CardRow, OfferRow
from schemas.values import from_wire

_decode_offer = msgspec.json.Decoder(OfferRow, dec_hook=from_wire).decode
_decode_card = msgspec.json.Decoder(CardRow, dec_hook=from_wire).decode


def answer(asked: Quote, view: View) -> Quoted | None:
    """
    Return what a quantity costs; None if there is nothing to say of the product.

    Args:
        asked: by somebody who may see the party's card, if one is named.
        view: the rows as they are.
    """
    product = frozenset({asked.product_id})
    offered = view.rows(Selection(channel=OFFERS.name, products=product))
    rows = view.rows(Selection(channel=MARKET_CHANNEL.name, products=product))
    newest_offer = max(offered, key=_period, default=None)
    period = quoted_period(
        asked,
        [] if newest_offer is None else [_decode_offer(newest_offer.value)],
        _newest_priced(rows),
    )
    if period is None:
        return None
    market = next(_of_period(rows, period), None)
    quoted = quote(
        asked,
        period,
        offers=[_decode_offer(each.value) for each in _of_period(offered, period)],
        market=None if market is None else decode_market_row(market.value),
        card=_card(asked.party, period, view),
    )
    if not quoted.offers and quoted.planned_price is None:
        return None
    return quoted


def _newest_priced(rows: Iterable[RowVersion]) -> Iterator[MarketRow]:
    # The newest row with a planned price. Few periods are announced ahead of that one.
    for version in sorted(rows, key=_period, reverse=True):
        row = decode_market_row(version.value)
        if row.price.planned is not None:
            yield row
            return


def _card(party: str | None, period: str, view: View) -> CardRow | None:
    if party is None:
        return None
    cards = view.rows(Selection(channel=CONSUMER.name, party=party, period=period))
    return _decode_card(cards[0].value) if cards else None


def _of_period(versions: Iterable[RowVersion], period: str) -> Iterator[RowVersion]:
    return (version for version in versions if version.period == period)


def _period(version: RowVersion) -> str:
    return version.period
