"""The laws of settlement, over any market: sums, order, repetition, scale, shares."""

import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.market import event_of
from support.market_strategies import FEW, LAWS
from support.settlement import (
    WEEK,
    Market,
    bought,
    bytes_of,
    line_of,
    markets,
    planned_at,
    settled,
    terms,
    value_of,
)
from support.settlement_model import exact_balances

from parfeed.settlement.offline import OfflineLedger
from schemas.codec import encode
from schemas.events import PurchaseCancelled, PurchaseRecorded
from schemas.planning import PlannedPriceAnnounced
from schemas.trading import TermsSet
from schemas.values import Price, Quantity
from streams.market.periods import Calendar
from streams.market.settlement.correction import correct
from streams.market.settlement.ledger import Ledger, balances_of
from streams.market.settlement.statements import LINES_PER_PART, lines_of

TRADES = (PurchaseRecorded, PurchaseCancelled)


def unit_of(market: Market) -> Decimal:
    """The currency's smallest unit."""
    [decimals] = [e.decimals for e in market.events if isinstance(e, TermsSet)] or [2]
    return Decimal(1).scaleb(-decimals)


def check_money(settlement, unit):
    """All that must be true of any settlement's money."""
    ledger, total = Ledger(), Decimal(0)
    for posting in settlement.postings:
        ledger.post(posting)
        for entry in posting.entries:
            assert entry.amount % unit == 0
            total += entry.amount
        assert total == 0
    assert ledger.in_order() == settlement.balances
    for account, balance in settlement.balances.items():
        if account.startswith("board/clearing/"):
            assert balance == 0
    by_account = settlement.standing.statements
    assert list(by_account) == list(settlement.balances)
    for account, parts in by_account.items():
        lines = lines_of(parts)
        assert sum(line.amount for line in lines) == settlement.balances[account]
        assert {part.total for part in parts} == {settlement.balances[account]}
        assert all(len(part.lines) <= LINES_PER_PART for part in parts)
        for line in lines:
            assert abs(value_of(line.formula) - Fraction(line.amount)) < unit


@LAWS
@given(markets())
def test_all_accounts_sum_to_zero_after_every_posting(market):
    check_money(settled(market), unit_of(market))


@FEW
@given(markets(most_trades=40))
def test_large_markets_keep_the_same_laws(market):
    check_money(settled(market), unit_of(market))


@LAWS
@given(markets(), st.randoms(use_true_random=False))
def test_the_order_of_events_changes_not_a_byte(market, chance):
    events, lines = list(market.events), list(market.lines)
    chance.shuffle(events)
    chance.shuffle(lines)
    authorised = list(market.authorised.items())
    chance.shuffle(authorised)
    shuffled = Market(tuple(events), tuple(lines), dict(authorised))
    assert bytes_of(settled(shuffled)) == bytes_of(settled(market))


@LAWS
@given(markets())
def test_taking_everything_twice_and_settling_twice_changes_nothing(market):
    once = settled(market)
    twice = settled(Market(market.events * 2, market.lines * 2, market.authorised))
    assert bytes_of(twice) == bytes_of(once)
    again = correct(once, twice)
    assert again.revision == once.revision
    assert (again.postings, again.statements, again.rows) == ((), (), ())
    assert again.balances == once.balances


@LAWS
@given(markets())
def test_how_a_number_is_spelt_does_not_show(market):
    # What is drawn has six decimals; senders may leave out those that say nothing.
    def shorter(value):
        return type(value)(f"{value.normalize():f}")

    events = [
        replace(
            event,
            quantity=shorter(event.quantity),
            unit_price=shorter(event.unit_price),
        )
        if isinstance(event, TRADES)
        else replace(event, planned_price=shorter(event.planned_price))
        if isinstance(event, PlannedPriceAnnounced)
        else event
        for event in market.events
    ]
    lines = [replace(line, amount=shorter(line.amount)) for line in market.lines]
    spelt = Market(tuple(events), tuple(lines), market.authorised)
    assert bytes_of(settled(spelt)) == bytes_of(settled(market))


@LAWS
@given(markets(), st.data())
def test_a_correction_leads_to_what_would_have_been_settled_at_once(market, data):
    late = data.draw(st.sets(st.sampled_from(range(len(market.events) + 1))))
    first = [
        event
        for number, event in enumerate(market.events)
        if number not in late or not isinstance(event, TRADES)
    ]
    before, whole = settled(market.with_events(first)), settled(market)
    corrected = correct(before, whole)
    assert balances_of([*before.postings, *corrected.postings]).items() >= {
        (name, amount) for name, amount in whole.balances.items() if amount
    }
    standing = corrected.standing
    for account in standing.statements:
        parts = standing.statements[account]
        due = whole.balances.get(account, Decimal(0))
        assert sum(line.amount for line in lines_of(parts)) == due
    for row in corrected.statements:
        assert row.revision == 1
        assert row.corrects == (0 if row.account in before.balances else None)
    assert {row.product_id: replace(row, revision=0) for row in whole.rows} == {
        name: replace(row, revision=0) for name, row in standing.rows.items()
    }
    again = correct(corrected, whole)
    assert again.postings == again.statements == again.rows == ()


# Prices are scaled by a hundred and the smallest unit with them, so that rounding
# scales too and the law holds to the last unit.
@LAWS
@given(markets())
def test_scaling_all_prices_scales_all_money(market):
    by = 100

    def scaled(value):
        assume(abs(value) * by <= 10**12)
        return Price(f"{value * by:.6f}")

    events = []
    for event in market.events:
        if isinstance(event, TRADES):
            events.append(replace(event, unit_price=scaled(event.unit_price)))
        elif isinstance(event, PlannedPriceAnnounced):
            events.append(replace(event, planned_price=scaled(event.planned_price)))
        elif not isinstance(event, TermsSet):
            events.append(event)
    rates = {"planned_tax": Quantity("0.04"), "unplanned_tax": Quantity("0.2")}
    cents = replace(terms(), decimals=2, **rates)
    whole = replace(terms(), decimals=0, **rates)
    kept = [e for e in market.events if not isinstance(e, TermsSet)]
    small = settled(market.with_events([*kept, cents]))
    large = settled(market.with_events([*events, whole]))
    assert {name: amount * by for name, amount in small.balances.items()} == (
        large.balances
    )
    assert [[e.amount * by for e in posting.entries] for posting in small.postings] == [
        [e.amount for e in posting.entries] for posting in large.postings
    ]


@LAWS
@given(markets())
def test_no_plan_and_no_tax_moves_nobodys_money_but_buyers_to_sellers(market):
    untaxed = replace(terms("0", "0"), decimals=6)
    events = [event for event in market.events if isinstance(event, TRADES)]
    settlement = settled(Market((*events, untaxed)))
    paid: dict[str, Fraction] = {}
    for event in events:
        sign = -1 if isinstance(event, PurchaseCancelled) else 1
        value = Fraction(event.unit_price) * Fraction(event.quantity) * sign
        buyer = f"consumer/{event.consumer_id or '-'}/unplanned"
        seller = f"company/{event.company_id}"
        paid[buyer] = paid.get(buyer, Fraction()) - value
        paid[seller] = paid.get(seller, Fraction()) + value
    # Less than a millionth per trade is rounded.
    for account, balance in settlement.balances.items():
        if account.startswith(("board/", "council/")):
            assert balance == 0
        else:
            off = Fraction(balance) - paid[account]
            assert abs(off) < Fraction(len(events), 10**6)


@LAWS
@given(markets())
def test_what_is_settled_is_what_the_formulas_of_the_economics_come_to(market):
    exact = exact_balances(market)
    settlement = settled(market)
    # Every posting rounds by less than a unit, and passes on what others rounded.
    most = unit_of(market) * (2 * len(settlement.postings) + 2)
    for account in {*exact, *settlement.balances}:
        balance = Fraction(settlement.balances.get(account, 0))
        assert abs(balance - exact.get(account, 0)) <= Fraction(most), account


@FEW
@given(markets(), st.randoms(use_true_random=False))
def test_a_file_of_the_same_events_settles_to_the_same_bytes(market, chance):
    market = market._replace(lines=(), authorised={})
    trades = [event for event in market.events if isinstance(event, TRADES)]
    chance.shuffle(trades)
    # Terms come before trade, and of a price's revisions the later one later.
    others = [event for event in market.events if not isinstance(event, TRADES)]
    others.sort(key=lambda event: (not isinstance(event, TermsSet), event.revision))
    ledger = OfflineLedger(Calendar("week"))
    closed = event_of("close", event_id="close")
    for line, event in enumerate([*others, *trades, closed], start=1):
        ledger.take(line, encode(event), event)
    periods = {period.period: period for period in ledger.settled()}
    assert ledger.refused == []
    [settlement] = periods[WEEK].settlements
    assert bytes_of(settlement) == bytes_of(settled(market))


@settings(LAWS, max_examples=3)
@given(st.integers(0, 2**32))
def test_thousands_of_accounts_keep_the_laws(seed):
    chance = random.Random(seed)
    consumers = [f"c{number:04}" for number in range(2_000)]
    events = [terms(), planned_at("12.34")]
    lines = [line_of("bid", "mill-1", "900")]
    for number, consumer in enumerate(consumers):
        quantity = f"{chance.randrange(1, 10**7)}.{chance.randrange(10**6):06}"
        price = f"{chance.randrange(20)}.{chance.randrange(100):02}"
        planned = chance.choice(["0", quantity])
        seller = f"mill-{chance.randrange(30)}"
        events.append(
            bought(f"e{number}", consumer, seller, quantity, price, planned=planned)
        )
        lines.append(line_of("plan", consumer, f"{chance.randrange(1, 10**7)}"))
    settlement = settled(Market(tuple(events), tuple(lines)))
    assert len(settlement.balances) > 2_000
    check_money(settlement, Decimal("0.01"))
