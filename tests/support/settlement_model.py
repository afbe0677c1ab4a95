"""
A second account of settlement: ECONOMICS.md by the letter, in fractions, unrounded.

Written without a look at the code that it is compared with: every trade by itself, no
groups, no postings, only what each account comes to.
"""

from collections import defaultdict
from fractions import Fraction

from support.settlement import Market

from schemas.events import PurchaseCancelled, PurchaseRecorded
from schemas.planning import PlannedPriceAnnounced
from schemas.trading import BudgetSet, TermsSet

Balances = dict[str, Fraction]


def exact_balances(market: Market) -> Balances:
    """What each account comes to before any rounding."""
    money: Balances = defaultdict(Fraction)
    trades = [
        event
        for event in market.events
        if isinstance(event, PurchaseRecorded | PurchaseCancelled)
    ]
    for product_id in {event.product_id for event in trades}:
        _settle(market, product_id, trades, money)
    return dict(money)


def _settle(market: Market, product_id: str, trades, money: Balances) -> None:
    a, b, c = Fraction("0.05"), Fraction("0.15"), Fraction("0.5")
    pool_of = {}
    for event in market.events:
        if isinstance(event, TermsSet):
            a, b = Fraction(event.planned_tax), Fraction(event.unplanned_tax)
            c = Fraction(event.pass_through)
        if isinstance(event, BudgetSet) and event.council_id:
            pool_of[event.consumer_id] = event.council_id
    mine = [line for line in market.lines if line.product_id == product_id]
    plan: Balances = defaultdict(Fraction)
    bids: Balances = defaultdict(Fraction)
    for line in mine:
        (plan if line.kind == "plan" else bids)[line.party_id] += Fraction(line.amount)
    parts = _split(market, product_id, trades, dict(plan))

    tax = clearing = Fraction()
    over_plan: Balances = defaultdict(Fraction)
    overpaid: Balances = defaultdict(Fraction)
    turnover: Balances = defaultdict(Fraction)
    of_buyers: Balances = defaultdict(Fraction)
    of_sellers: Balances = defaultdict(Fraction)
    sold_at: dict[str, Balances] = defaultdict(lambda: defaultdict(Fraction))
    for trade, planned, unplanned, p in parts:
        who, seller = trade.consumer_id or "-", f"company/{trade.company_id}"
        if planned:
            buyer = f"consumer/{who}/planned"
            money[buyer] -= p * planned * (1 + a / 2)
            money[seller] += p * planned * (1 - a / 2)
            tax += a * p * planned
            of_buyers[buyer] += a / 2 * p * planned
            of_sellers[seller] += a / 2 * p * planned
            sold_at[trade.company_id][p] += planned
        if unplanned:
            u = Fraction(trade.unit_price)
            p = u if p is None else p
            buyer = f"consumer/{who}/unplanned"
            pool = f"council/{pool_of.get(trade.consumer_id, '-')}/pool"
            money[buyer] -= u * unplanned * (1 + b / 2)
            money[seller] += p * unplanned - b * u * unplanned / 2
            tax += b * u * unplanned
            of_buyers[buyer] += b / 2 * u * unplanned
            of_sellers[seller] += b / 2 * u * unplanned
            turnover[seller] += u * unplanned
            over_plan[seller] += (u - p) * unplanned
            overpaid[pool] += (u - p) * unplanned
            clearing += (u - p) * unplanned
    newest_first = [Fraction(e.planned_price) for e in _prices(market, product_id)]
    if any(bids.values()):
        for company_id, sold in sold_at.items():
            beyond = sum(sold.values()) - bids[company_id]
            for p in dict.fromkeys(newest_first):
                units = max(Fraction(), min(beyond, sold.get(p, Fraction())))
                beyond -= units
                money[f"company/{company_id}"] -= p * units * (1 - a / 2)
                of_sellers[f"company/{company_id}"] -= p * units * a / 2
                clearing += p * units * (1 - a / 2)

    money["board/tax"] += tax
    if clearing < 0:
        under = {k: -v for k, v in over_plan.items() if v < 0}
        by_board = min((1 - c) * -clearing if under else -clearing, max(tax, 0))
        weights = under or {k: v for k, v in turnover.items() if v > 0}
        if not weights:
            by_board = -clearing
        _share(money, weights, clearing + by_board)
        money["board/tax"] -= by_board
        tax -= by_board
    elif clearing > 0:
        for part, gains in ((c, over_plan), (1 - c, overpaid)):
            weights = {k: v for k, v in gains.items() if v > 0}
            _share(money, weights or {"board/tax": Fraction(1)}, part * clearing)

    wanted = sum(plan.values(), Fraction())
    actual = sum((p + u for _, p, u, _ in parts), Fraction())
    e = Fraction(1)
    if newest_first and wanted > 0:
        e = min(e, abs(actual - wanted) / wanted)
    bore = of_buyers if actual > wanted else of_sellers
    weights = {name: paid for name, paid in bore.items() if paid > 0}
    if weights and tax > 0 and actual != wanted:
        _share(money, weights, e * tax)
        money["board/tax"] -= e * tax


def _split(market: Market, product_id: str, trades, plan):
    parts = []
    bought: Balances = defaultdict(Fraction)

    def key(trade):
        asked = trade.event_id in market.authorised
        return (not asked, trade.occurred_at, trade.event_id)

    for trade in sorted(trades, key=key):
        if trade.product_id != product_id:
            continue
        who, claims = trade.consumer_id, Fraction(trade.planned_quantity)
        units = Fraction(trade.quantity)
        p = _price(market, product_id, trade.occurred_at)
        if p is None or who is None:
            planned = Fraction()
        elif trade.event_id in market.authorised:
            planned = Fraction(market.authorised[trade.event_id])
        elif isinstance(trade, PurchaseCancelled):
            planned = -min(claims, bought[who])
        else:
            planned = min(claims, max(plan.get(who, Fraction()) - bought[who], 0))
        bought[who] += planned
        whole = -units if isinstance(trade, PurchaseCancelled) else units
        parts.append((trade, planned, whole - planned, p))
    return parts


def _prices(market: Market, product_id: str):
    announced = [
        event
        for event in market.events
        if isinstance(event, PlannedPriceAnnounced) and event.product_id == product_id
    ]
    return sorted(announced, key=lambda event: -event.revision)


def _price(market: Market, product_id: str, moment):
    for event in _prices(market, product_id):
        if event.stands_from is None or event.stands_from <= moment:
            return Fraction(event.planned_price)
    return None


def _share(money: Balances, weights: Balances, amount: Fraction) -> None:
    whole = sum(weights.values())
    for name, weight in weights.items():
        money[name] += amount * weight / whole
