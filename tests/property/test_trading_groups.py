"""One consumer's purchases of one product: adding them one by one is splitting them."""

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st
from support.market_strategies import LAWS
from support.trading_scenes import (
    DAY,
    HOUR,
    bought,
    given_back,
    plan_line,
    planned_price,
)

from schemas.values import EXACT
from streams.market.settlement.split import split_purchases, trade_of
from streams.market.trading.groups import Group, Purchase, Totals
from streams.market.trading.prices import Prices

D = Decimal
times = st.sampled_from([0, HOUR, HOUR, DAY, 3 * DAY])
amounts = st.sampled_from(["1", "2", "3", "5"])


@st.composite
def purchases(draw):
    """Trades, some of them authorised with a planned part."""
    found = []
    for n in range(draw(st.integers(1, 9))):
        make = draw(st.sampled_from([bought, bought, given_back]))
        quantity = draw(amounts)
        claimed = draw(st.sampled_from(["0", "1", quantity]))
        event = make(f"e-{n}", quantity, draw(times), planned_quantity=claimed)
        is_authorised = make is bought and draw(st.booleans())
        found.append((trade_of(event), D(claimed) if is_authorised else None))
    return found


@st.composite
def markets(draw):
    """The prices of a product, of one step or of several."""
    prices = Prices()
    for revision in range(draw(st.integers(0, 3))):
        at = draw(st.none() | times)
        prices.take(planned_price(draw(st.sampled_from(["9", "10"])), revision, at))
    return prices


def group_of(prices, units):
    group = Group("bread", prices)
    group.put_lines(plan_line(str(units)), D(units))
    return group


def made(prices, trade, approved):
    return Purchase(trade, "bread", prices, approved)


@LAWS
@given(st.data(), purchases(), markets(), st.integers(0, 9))
def test_a_group_comes_to_what_the_split_says_in_whatever_order_it_is_filled(
    data, drawn, prices, units
):
    with localcontext(EXACT):
        group = group_of(prices, units)
        by_name = {}
        for trade, approved in data.draw(st.permutations(drawn)):
            purchase = by_name[trade.event_id] = made(prices, trade, approved)
            group.add(purchase)
        totals = group.totals()
        splits = split_purchases(
            [trade for trade, _ in drawn],
            line=D(units),
            prices=prices.planned,
            authorised={
                trade.event_id: approved
                for trade, approved in drawn
                if approved is not None
            },
        )
        assert totals.paid == sum(
            each.planned * (each.planned_price or 0) for each in splits
        )
        assert totals.spent == sum(
            each.unplanned * each.trade.unit_price for each in splits
        )
        assert totals.reference == sum(
            each.unplanned * (each.planned_price or 0) for each in splits
        )
        for each in splits:
            assert by_name[each.trade.event_id].planned == each.planned


@LAWS
@given(purchases(), markets(), st.integers(0, 9))
def test_trying_a_purchase_leaves_no_trace_and_tells_what_it_comes_to(
    drawn, prices, units
):
    *before, (trade, approved) = drawn
    with localcontext(EXACT):
        group = group_of(prices, units)
        added = [made(prices, *each) for each in before]
        for purchase in added:
            group.add(purchase)
        totals, left = group.totals(), group.line_left()
        planned = [each.planned for each in added]
        tried = group.totals_with(made(prices, trade, approved))
        assert group.totals() == totals
        assert [each.planned for each in added] == planned
        assert group.line_left() == left
        group.add(made(prices, trade, approved))
        assert group.totals() == tried


@LAWS
@given(purchases(), st.integers(0, 9))
def test_what_is_left_for_a_request_is_taken_from_nobody(drawn, units):
    with localcontext(EXACT):
        prices = Prices()
        prices.take(planned_price())
        group = group_of(prices, units)
        added = [made(prices, *each) for each in drawn]
        for purchase in added:
            group.add(purchase)
        group.totals()
        left = group.line_left()
        before = [each.planned for each in added if each.trade.quantity > 0]
        assert 0 <= left <= units
        if left:
            request = trade_of(bought("r", str(left), 2 * DAY))
            group.add(made(prices, request, left))
            group.totals()
            after = [each.planned for each in added if each.trade.quantity > 0]
            assert after == before


def test_a_group_without_purchases_comes_to_nothing():
    assert Group("bread", Prices()).totals() == Totals()


def test_an_authorised_purchase_takes_the_line_from_those_that_were_reported():
    with localcontext(EXACT):
        prices = Prices()
        prices.take(planned_price())
        group = group_of(prices, 5)
        reported = made(prices, trade_of(bought("e", "4", planned_quantity="4")), None)
        group.add(reported)
        group.add(made(prices, trade_of(bought("r", "3", 2 * DAY)), D(3)))
        assert group.totals().paid == 50
        assert reported.planned == 2


def test_units_that_came_back_too_early_come_back_after_all():
    with localcontext(EXACT):
        prices = Prices()
        prices.take(planned_price())
        group = group_of(prices, 5)
        back = trade_of(given_back("e", "2", HOUR, planned_quantity="2"))
        group.add(made(prices, back, None))
        assert group.totals().spent == -16
        group.add(made(prices, trade_of(bought("r", "3", DAY)), D(3)))
        assert (group.totals().paid, group.totals().spent) == (10, 0)
