"""What a quantity costs, from the rows that a feed server has."""

from decimal import Decimal

from feed_server.quote import quote, quoted_period
from schemas.feed import MAX_QUOTED, Quote
from schemas.rows import MarketRow, PriceView
from schemas.trading_rows import CardRow, OfferRow
from schemas.values import Period, PositiveQuantity

D = Decimal
WEEK = Period("2011-W44")


def asked(quantity="1", period=None):
    return Quote(
        id="q-1", product_id="bread", quantity=PositiveQuantity(quantity), period=period
    )


def offer(company_id, price, *, period=WEEK, planned="10", rank=1):
    # a = 4 %, b = 20 %: the worked example.
    u, p = D(price), None if planned is None else D(planned)
    return OfferRow(
        product_id="bread",
        period=period,
        company_id=company_id,
        unplanned_price=u,
        planned_price=p,
        loss=None if p is None else u * D("1.1") - p * D("1.02"),
        rank=rank,
        planned_cost=None if p is None else p * D("1.02"),
        unplanned_cost=u * D("1.1"),
    )


def market(planned, period=WEEK):
    price = PriceView(planned=None if planned is None else D(planned))
    return MarketRow(product_id="bread", period=period, price=price)


def test_the_worked_example_quoted_for_three_units():
    quoted = quote(asked("3"), WEEK, offers=[offer("Y", "11", rank=2), offer("X", "8")])
    assert (quoted.planned_price, quoted.planned_cost) == (D(10), D("30.6"))
    assert [each.company_id for each in quoted.offers] == ["X", "Y"]
    assert [each.cost for each in quoted.offers] == [D("26.4"), D("36.3")]
    assert [each.loss for each in quoted.offers] == [D("-4.2"), D("5.7")]
    assert [each.rank for each in quoted.offers] == [1, 2]
    assert quoted.sellers == 2
    assert (quoted.planned_left, quoted.unplanned_left) == (None, None)


def test_where_nobody_offers_the_product_the_markets_planned_price_is_quoted():
    quoted = quote(asked(), WEEK, offers=[], market=market("2.50"))
    assert (quoted.planned_price, quoted.planned_cost) == (D("2.50"), None)
    assert (quoted.offers, quoted.sellers) == ((), 0)


def test_without_a_planned_price_there_is_a_cost_and_no_loss():
    quoted = quote(
        asked("2"), WEEK, offers=[offer("X", "8", planned=None)], market=market(None)
    )
    assert (quoted.planned_price, quoted.planned_cost) == (None, None)
    assert (quoted.offers[0].cost, quoted.offers[0].loss) == (D("17.6"), None)


def test_a_card_says_what_is_left():
    card = CardRow(
        period=WEEK,
        party="consumer/ada",
        planned_left=D("80"),
        unplanned_left=D("-0.5"),
    )
    quoted = quote(asked(), WEEK, offers=[], card=card)
    assert (quoted.planned_left, quoted.unplanned_left) == (D("80"), D("-0.5"))


def test_a_quote_names_the_cheapest_and_says_how_many_there_are():
    offers = [offer(f"c{n:03}", str(n)) for n in range(MAX_QUOTED + 5, 0, -1)]
    quoted = quote(asked(), WEEK, offers=offers)
    assert len(quoted.offers) == MAX_QUOTED
    assert quoted.offers[0].company_id == "c001"
    assert quoted.sellers == MAX_QUOTED + 5


def test_amounts_at_the_bounds_are_exact():
    quoted = quote(
        asked("999999999999.999999"), WEEK, offers=[offer("X", "999999999999.999999")]
    )
    unit = D("999999999999.999999")
    assert quoted.offers[0].cost == D("1099999999999999997800000.0000000000011")
    assert quoted.offers[0].unplanned_price == unit


def test_a_quote_is_about_the_newest_period_that_is_offered_or_planned():
    later = Period("2011-W45")
    assert quoted_period(asked(), [], []) is None
    assert quoted_period(asked(), [], [market(None)]) is None
    assert quoted_period(asked(), [], [market("1")]) == WEEK
    assert quoted_period(asked(), [offer("X", "8")], [market("1", later)]) == later
    assert quoted_period(asked(), [offer("X", "8", period=later)], []) == later


def test_a_period_that_is_named_is_taken_as_it_is():
    named = Period("2011-W40")
    assert quoted_period(asked(period=named), [offer("X", "8")], []) == named
