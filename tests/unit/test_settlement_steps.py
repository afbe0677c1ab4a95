"""The four steps one by one: bids exceeded, tax eaten up, nobody who overpaid."""

from decimal import Decimal

import pytest
from support.settlement import (
    Market,
    bought,
    line_of,
    planned_at,
    returned,
    settled,
    terms,
)

from streams.market.settlement.adjustment import adjustment
from streams.market.settlement.sales import sales_of
from streams.market.settlement.shares import Shares
from streams.market.settlement.split import Split, trade_of

TAX, CLEARING = "board/tax", "board/clearing/tea"


def entries(settlement, step):
    """The entries of a step's postings, in their order."""
    return [
        {entry.account: f"{entry.amount}" for entry in posting.entries}
        for posting in settlement.postings
        if posting.step == step
    ]


def market(*events, lines=(), **rates):
    return Market((terms(**rates), *events), tuple(lines))


# Step 1


def test_planned_units_are_paid_at_the_planned_price_whatever_the_shop_says():
    sale = bought("1", "ann", "mill", "10", "99.00", planned="10")
    [posting] = entries(
        settled(market(planned_at("10"), sale, lines=[line_of("plan", "ann", "10")])),
        "planned_sale",
    )
    assert posting == {
        "consumer/ann/planned": "-102.00",
        "company/mill": "98.00",
        TAX: "4.00",
    }


def test_what_was_given_back_is_taken_off_and_booked_once():
    sale = bought("1", "ann", "mill", "10", "10", planned="10")
    back = returned("2", "ann", "mill", "4", "10", planned="4", hour=11)
    lines = [line_of("plan", "ann", "10")]
    [posting] = entries(
        settled(market(planned_at("10"), sale, back, lines=lines)), "planned_sale"
    )
    assert posting["company/mill"] == "58.80"


def test_what_was_given_back_whole_is_not_booked_at_all():
    sale = bought("1", "ann", "mill", "10", "10")
    back = returned("2", "ann", "mill", "10", "10", hour=11)
    made = settled(market(sale, back))
    assert made.postings == made.statements == ()


def test_units_beyond_the_bid_are_not_paid_and_go_to_clearing():
    sale = bought("1", "ann", "mill", "10", "10", planned="10")
    lines = [line_of("plan", "ann", "10"), line_of("bid", "mill", "7")]
    made = settled(market(planned_at("10"), sale, lines=lines))
    paid, unpaid = entries(made, "planned_sale")
    assert paid["company/mill"] == "98.00"
    assert unpaid == {"company/mill": "-29.40", CLEARING: "29.40"}
    # Nobody overpaid: it stays with the board.
    [adjusted] = entries(made, "adjustment")
    assert adjusted == {TAX: "29.40", CLEARING: "-29.40"}
    [row] = made.rows
    assert (f"{row.tax}", f"{row.clearing}") == ("4.00", "29.40")
    assert (f"{row.eaten}", f"{row.kept}") == ("0.00", "33.40")


def test_a_company_without_a_bid_is_not_paid_where_others_have_bid():
    sale = bought("1", "ann", "mill", "10", "10", planned="10")
    lines = [line_of("plan", "ann", "10"), line_of("bid", "other", "7")]
    made = settled(market(planned_at("10"), sale, lines=lines))
    assert made.balances["company/mill"] == 0


@pytest.mark.parametrize("bids", [[], [line_of("bid", "other", "0")]])
def test_everybody_is_paid_where_no_bid_comes_to_anything(bids):
    sale = bought("1", "ann", "mill", "10", "10", planned="10")
    lines = [line_of("plan", "ann", "10"), *bids]
    made = settled(market(planned_at("10"), sale, lines=lines))
    assert made.balances["company/mill"] == Decimal("98.00")


def test_units_beyond_the_bid_are_those_at_the_newest_price():
    events = [
        planned_at("10"),
        planned_at("20", revision=1, hour=12),
        bought("1", "ann", "mill", "5", "10", planned="5", hour=10),
        bought("2", "ann", "mill", "5", "10", planned="5", hour=13),
    ]
    lines = [line_of("plan", "ann", "10"), line_of("bid", "mill", "3")]
    made = settled(market(*events, lines=lines, planned_tax="0"))
    unpaid = [entry for entry in entries(made, "planned_sale") if CLEARING in entry]
    assert unpaid == [
        {"company/mill": "-100.00", CLEARING: "100.00"},
        {"company/mill": "-20.00", CLEARING: "20.00"},
    ]


# Step 2


def test_without_a_planned_price_the_gauge_is_the_price_that_was_asked():
    made = settled(market(bought("1", "ann", "mill", "10", "8.00")))
    [sale] = entries(made, "unplanned_sale")
    assert sale == {"council/-/pool": "-88.00", "company/mill": "72.00", TAX: "16.00"}
    assert CLEARING not in made.balances
    assert made.rows[0].planned_price is None


def test_what_is_given_away_is_paid_for_by_clearing():
    made = settled(market(planned_at("10"), bought("1", "-", "mill", "3", "0")))
    assert entries(made, "unplanned_payment") == []
    [sale] = entries(made, "unplanned_sale")
    assert sale == {"company/mill": "30.00", CLEARING: "-30.00"}


def test_the_pool_passes_on_to_the_unit_what_it_was_paid():
    # 0.33 * 0.01 * 1.1 rounds once, not once in and once out.
    made = settled(market(bought("1", "ann", "mill", "0.33", "0.05")))
    assert made.balances["council/-/pool"] == 0


# Step 3


def test_what_exceeds_the_tax_on_the_product_falls_to_companies_again():
    sale = bought("1", "ann", "mill", "10", "1.00")
    made = settled(market(planned_at("10"), sale, unplanned_tax="0.2"))
    # Clearing -90.00, c half of it 45.00; the tax is 2.00 and all that the board eats.
    [adjusted] = entries(made, "adjustment")
    assert adjusted == {TAX: "-2.00", "company/mill": "-88.00", CLEARING: "90.00"}
    assert made.rows[0].eaten == 2


def test_companies_give_back_in_proportion_to_what_they_sold_under_plan():
    events = [
        planned_at("10"),
        bought("1", "ann", "mill", "10", "9"),
        bought("2", "ann", "farm", "10", "7"),
        bought("3", "bob", "shop", "10", "11"),
    ]
    made = settled(market(*events, unplanned_tax="1"))
    [adjusted] = entries(made, "adjustment")
    assert adjusted == {
        TAX: "-15.00",
        "company/farm": "-11.25",
        "company/mill": "-3.75",
        CLEARING: "30.00",
    }


def test_above_zero_companies_and_councils_share_what_was_overpaid():
    events = [
        planned_at("10"),
        bought("1", "ann", "mill", "10", "12"),
        bought("2", "bob", "farm", "10", "9"),
    ]
    made = settled(market(*events))
    [adjusted] = entries(made, "adjustment")
    assert adjusted == {
        "company/mill": "5.00",
        "council/-/pool": "5.00",
        CLEARING: "-10.00",
    }


def test_a_shortfall_of_rounding_alone_falls_to_who_sold_where_there_is_no_tax():
    # What lies over the plan and what lies under it are the same, and round apart.
    events = [
        planned_at("10"),
        bought("1", "ann", "mill", "1", "10.005"),
        bought("2", "ann", "mill", "1", "9.995"),
    ]
    [adjusted] = entries(settled(market(*events, unplanned_tax="0")), "adjustment")
    assert adjusted == {"company/mill": "-0.01", CLEARING: "0.01"}


def test_a_shortfall_of_nobody_is_eaten_from_the_tax():
    shares = Shares(
        {"company/mill": Decimal(0)}, {}, {"company/mill": Decimal(9)}, {}, {}
    )
    made = adjustment("tea", Decimal("-0.01"), Decimal("5.00"), shares, terms())
    assert made is not None
    assert {side.account: f"{side.amount}" for side in made.sides} == {
        TAX: "-0.01",
        CLEARING: "0.01",
    }


def test_what_costs_nothing_is_not_booked():
    free = [
        planned_at("0"),
        bought("1", "ann", "mill", "5", "3", planned="5"),
        bought("2", "bob", "mill", "5", "0"),
    ]
    lines = [line_of("plan", "ann", "5"), line_of("bid", "mill", "1")]
    made = settled(market(*free, lines=lines))
    assert made.postings == ()
    assert (made.rows[0].actual, made.rows[0].error_percent) == (10, 100)


def test_units_that_are_planned_have_a_planned_price():
    trade = trade_of(bought("1", "ann", "mill", "5", "3", planned="5"))
    with pytest.raises(AssertionError, match="without a planned price"):
        sales_of([Split(trade, Decimal(5), Decimal(0), None)])


def test_tax_that_was_given_back_is_nothing_to_eat_from():
    back = returned("1", "ann", "mill", "2", "5")
    cheap = bought("2", "bob", "farm", "9", "9")
    made = settled(market(planned_at("10"), back, cheap, unplanned_tax="0"))
    assert made.rows[0].eaten == 0


# Step 4


def plan_of(units, *sales, **rates):
    lines = [line_of("plan", "ann", units)]
    return settled(market(planned_at("10"), *sales, lines=lines, **rates))


def test_tax_goes_back_to_companies_when_less_was_bought_than_planned():
    sale = bought("1", "ann", "mill", "80", "10", planned="80")
    made = plan_of("100", sale)
    [given] = entries(made, "tax_returned")
    assert given == {"company/mill": "6.40", TAX: "-6.40"}
    assert made.rows[0].error_percent == 20


def test_nothing_is_returned_when_exactly_the_plan_was_bought():
    made = plan_of("80", bought("1", "ann", "mill", "80", "10", planned="80"))
    assert entries(made, "tax_returned") == []
    assert made.rows[0].error_percent == 0


def test_all_tax_goes_back_to_consumers_when_nothing_was_planned():
    made = settled(market(planned_at("10"), bought("1", "ann", "mill", "10", "10")))
    [given] = entries(made, "tax_returned")
    assert given == {"consumer/ann/unplanned": "20.00", TAX: "-20.00"}
    assert made.rows[0].kept == 0


def test_without_a_planned_price_the_error_is_whole_whatever_was_planned():
    sale = bought("1", "ann", "mill", "80", "10")
    made = settled(market(sale, lines=[line_of("plan", "ann", "100")]))
    [given] = entries(made, "tax_returned")
    assert given == {"company/mill": "160.00", TAX: "-160.00"}
    assert made.rows[0].error_percent == 100


def test_the_error_is_whole_at_most():
    made = plan_of("10", bought("1", "ann", "mill", "50", "10", planned="50"))
    assert made.rows[0].error_percent == 100


def test_without_tax_nothing_is_returned():
    sale = bought("1", "ann", "mill", "50", "10", planned="50")
    made = plan_of("10", sale, planned_tax="0", unplanned_tax="0")
    assert entries(made, "tax_returned") == []


def test_tax_that_nobody_bore_on_the_side_that_was_misled_stays():
    # Less than planned was bought, and what was sold was not paid: it bore no tax.
    sale = bought("1", "ann", "mill", "50", "10", planned="50")
    lines = [line_of("plan", "ann", "100"), line_of("bid", "other", "1")]
    made = settled(market(planned_at("10"), sale, lines=lines))
    assert entries(made, "tax_returned") == []
