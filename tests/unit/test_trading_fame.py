"""Fame for what was made beyond bid and sold; costs above the price, for the board."""

from decimal import Decimal

from support.trading_scenes import (
    DAY,
    HOUR,
    WEEK,
    bid,
    bought,
    made,
    market,
    planned_price,
    rows_of,
)

D = Decimal


def fame(state):
    return {row.company_id: row for row in rows_of(state, "fame")}


def costs(state):
    return {row.company_id: row for row in rows_of(state, "cost")}


def test_what_is_made_within_the_bid_or_sold_earns_no_fame():
    state = market(made("m-1", "100"), lines=[bid("100")])
    assert fame(state) == {}
    state.take(made("m-2", "20"))
    state.take(bought("e-1", "120"))
    assert fame(state) == {}


def test_what_is_made_beyond_bid_and_sold_earns_a_place():
    state = market(
        made("m-1", "130"),
        made("m-2", "50", company_id="Y"),
        made("m-3", "30", company_id="Z"),
        bought("e-1", "110"),
        lines=[bid("100"), bid("20", "Y")],
    )
    rows = fame(state)
    assert {name: row.overproduced for name, row in rows.items()} == {
        "X": 20,
        "Y": 30,
        "Z": 30,
    }
    assert {name: row.rank for name, row in rows.items()} == {"X": 3, "Y": 1, "Z": 1}
    x = rows["X"]
    assert (x.bid, x.produced, x.sold) == (100, 130, 110)
    assert (x.product_id, x.period) == ("bread", WEEK)


def test_fame_that_was_sold_after_all_stays_with_nothing_in_it():
    state = market(made("m-1", "10"))
    assert fame(state)["X"].overproduced == 10
    state.take(bought("e-1", "10"))
    row = fame(state)["X"]
    assert (row.overproduced, row.sequence) == (0, 2)


def test_a_report_counts_once():
    state = market(made("m-1", "10"), made("m-1", "10"), made("m-2", "1"))
    assert fame(state)["X"].produced == 11


def test_a_cost_above_the_planned_price_is_named_to_the_board():
    state = market(
        made("m-1", "1", unit_cost="10.01"),
        made("m-2", "1", company_id="Y", unit_cost="10.00"),
        made("m-3", "1", company_id="Z"),
    )
    rows = costs(state)
    assert list(rows) == ["X"]
    row = rows["X"]
    assert (row.unit_cost, row.planned_price) == (D("10.01"), D("10.00"))
    assert (row.party, row.product_id, row.of_product_id) == ("board", "*", "bread")


def test_the_cost_that_was_reported_last_counts_whichever_came_first():
    reports = [
        made("m-1", "1", HOUR, unit_cost="12"),
        made("m-2", "1", 2 * HOUR, unit_cost="11"),
    ]
    for each in (reports, reversed(reports)):
        assert costs(market(*each))["X"].unit_cost == 11


def test_a_company_that_can_afford_the_price_again_is_said_so():
    state = market(made("m-1", "1", unit_cost="12"))
    assert costs(state)["X"].planned_price == 10
    state.take(planned_price("13.00", 4, DAY))
    state.take(bought("e-1", at=2 * DAY))
    assert costs(state)["X"].planned_price == 13


def test_without_a_planned_price_nobody_is_named():
    state = market(made("m-1", "1", unit_cost="12", product_id="salt"))
    assert costs(state) == {}
