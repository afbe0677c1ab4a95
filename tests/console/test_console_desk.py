"""All that a console shows, drawn for terminals of any size."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from support.console import (
    MIDWEEK,
    WEEK,
    bucket,
    council_row,
    desk_of,
    market_row,
    raw,
    round_row,
    written,
)

from parfeed.client.row_kinds import ALERT_ROWS, COUNCIL_ROWS, ROUND_ROWS
from parfeed.console.desk import LOOKED_AT
from parfeed.console.details import HEIGHT
from parfeed.console.status import Link
from schemas.codec import encode
from schemas.rows import Rolling, Window
from schemas.trading_rows import AlertRow
from schemas.values import Period

NOW = datetime(2011, 11, 3, 12, tzinfo=UTC)
LINK = Link(url="ws://feed/", condition="live", lag_ms=3.0, silence_s=0.1)


def take_rounds(desk, *rows):
    desk.take_rows([ROUND_ROWS.key_of(encode(row)) for row in rows], rows)


def take_councils(desk, *rows):
    desk.take_rows([COUNCIL_ROWS.key_of(encode(row)) for row in rows], rows)


def test_a_companys_table_in_80_columns_has_all_that_it_must_react_to():
    sold = Rolling(hour=Window(buckets=(bucket(10, 2, 18), bucket(0, 4, 40))))
    desk = desk_of(
        market_row("bread", supply=110, least="9.50", bought=60, rolling=sold),
        market_row("rolls", least="12.00", seller="bakery"),
    )
    head, bread, rolls = written(desk.lines(80, 3))
    assert head.split() == [
        "Product▲",
        "Supply",
        "Demand",
        "Imbal.",
        "Price",
        "Mine",
        "Differ.",
        "Pace",
        *("Dem.", "~", "Pri.", "~"),
    ]
    assert bread == (
        "▸  bread         110     100   +9.5%   10.00       ·   -0.50  1.20 "
        "▁▁▁▁▅█     ▁█"
    )
    assert rolls == (
        "   rolls         100     100   +0.0%   10.00   12.00   +2.00  0.00"
    )


def test_a_wide_screen_has_the_loss_and_the_cheapest_seller_too():
    desk = desk_of(market_row("bread", least="9.50"))
    head, bread = written(desk.lines(200, 2))
    for title in ("Least", "Loss/unit", "Least from", "unplanned", "Mean unpl."):
        assert title in head
    assert "mill" in bread
    assert "-0.04" in bread  # 9.50 * 1.075 - 10.00 * 1.025


def test_the_order_and_the_sorted_column_are_seen():
    desk = desk_of(market_row("a", supply=105), market_row("b", supply=50))
    for _ in range(3):
        desk.sort_next(1, 80)
    desk.arrange(0, anew=True)
    lines = written(desk.lines(80, 3))
    assert "Imbal.▼" in lines[0]
    assert desk.table.sheet.keys == ["b", "a"]


names = st.text(min_size=1, max_size=64).filter(
    lambda text: text.isprintable() and text.strip()
)


@settings(max_examples=60)
@given(
    st.lists(names, max_size=6, unique=True),
    st.sampled_from(["company", "consumer", "board"]),
    st.integers(20, 220),
    st.integers(0, 30),
    st.booleans(),
)
def test_every_line_fits_whatever_products_are_called(
    product_ids, view, width, height, with_words
):
    rows = [market_row(name, least="1e-6" if not at else None) for at, name in
            enumerate(product_ids)]  # fmt: skip
    desk = desk_of(*rows, view=view, with_words=with_words)
    lines = written(desk.lines(width, height))
    assert len(lines) <= height
    # The table's own columns may be wider than the narrowest terminal; the widget cuts.
    if width >= 40:
        assert all(cell_len(line) <= width for line in lines)
    assert all(cell_len(line) <= width for line in written(desk.header(LINK, width)))
    assert all("\n" not in line for line in desk.details(width, NOW))


def test_a_product_with_an_alert_or_a_mark_has_a_sign():
    desk = desk_of(
        market_row("amiss", supply=200),
        market_row("marked"),
        market_row("plain"),
        thresholds={"imbalance": 20},
    )
    desk.products.mark("marked")
    lines = written(desk.lines(80, 4))
    assert [line[1] for line in lines[1:]] == ["!", "*", " "]
    assert "1 alerts: amiss imbalance +66.7%;" in written(desk.header(LINK, 80))[2]


def test_without_colours_a_colour_is_a_word():
    desk = desk_of(market_row("bread", supply=200), with_words=True)
    assert "+66.7% red" in written(desk.lines(80, 2))[1]


def test_the_header_says_what_is_shown_and_how_much_of_the_period_is_gone():
    desk = desk_of(market_row("a"), market_row("b"), has_bell=True)
    desk.table.sheet.search_for("a")
    desk.is_pinned = True
    desk.arrange(0, anew=True)
    facts = written(desk.header(LINK, 120))[1]
    assert facts.startswith(
        f"bakery  {WEEK}, 50% gone (pinned)  1/1 of 2  search a  bell  ~ last hour"
    )


def test_planning_is_told_of_wherever_one_looks():
    desk = desk_of(market_row("a"))
    take_rounds(
        desk,
        round_row(1, "2011-W45"),
        round_row(
            2,
            "2011-W45",
            worst_percent=Decimal("4.2"),
            expected=20,
            answered=12,
            deadline=NOW,
            alarm=True,
        ),
    )
    lines = written(desk.header(LINK, 160))
    planning = "planning 2011-W45 round 2 worst 4.20% 8 to answer until 12:00:00Z"
    assert planning in lines[1]
    assert "STABILITY ALARM 2011-W45" in lines[2]
    desk.begin_rounds()
    assert written(desk.header(LINK, 160))[2] == "no alerts"


def test_a_board_sees_products_rounds_and_what_waits_for_signatures():
    desk = desk_of(market_row("a"), market_row("b", supply=50), view="board")
    assert desk.table.sheet.keys == ["b", "a"]
    take_rounds(desk, *(round_row(n) for n in (9, 10)))
    take_councils(
        desk,
        council_row("north", status="waits", signatures=1, needed=3),
        council_row("south", status="waits", signatures=2, needed=3),
        council_row("east", status="approved"),
    )
    desk.next_table(1)
    desk.arrange(0, anew=True)
    rounds = written(desk.lines(80, 10))
    assert rounds[1].split()[1] == WEEK
    assert [row[2] for row in desk.table.sheet.keys] == [10, 9]
    desk.next_table(1)
    desk.arrange(0, anew=True)
    waits = written(desk.lines(80, 10))
    assert ("south" in waits[1], "north" in waits[2], len(waits)) == (True, True, 3)
    assert waits[1][1] == "!"
    assert waits[1].endswith("2/3")
    desk.next_table(2)
    assert desk.table.sheet.name == "products"


def test_a_board_sees_the_alerts_of_the_feed_that_stand():
    desk = desk_of(view="board")
    rows = [
        AlertRow(
            product_id=product_id,
            period=Period(WEEK),
            kind="rebid_requested",
            is_raised=is_raised,
            since=MIDWEEK,
            value=Decimal(180),
            threshold=Decimal(150),
            company_id="bakery",
            reason="the mill burnt down",
        )
        for product_id, is_raised in (("bread", True), ("milk", False))
    ]
    desk.take_rows([ALERT_ROWS.key_of(encode(row)) for row in rows], rows)
    desk.next_table(-1)
    desk.arrange(0, anew=True)
    [_, line] = written(desk.lines(140, 9))
    assert line.startswith("▸! bread")
    for words in ("rebid requested", "raised", "2011-11-03 12:00Z", "180", "the mill"):
        assert words in line
    assert "180 where 150 raises it" in "\n".join(desk.details(80, NOW))
    desk.begin_told()
    desk.arrange(0, anew=True)
    assert "no alerts of the feed here" in written(desk.lines(80, 2))[1]


def test_an_empty_table_says_why():
    desk = desk_of(view="board")
    assert "no products here" in written(desk.lines(80, 3))[1]
    assert len(desk.lines(80, 1)) == 1
    desk = desk_of(market_row("a"))
    desk.table.sheet.search_for("zzz")
    desk.arrange(0, anew=True)
    assert (
        "none of 1 products (search zzz: Esc ends it" in written(desk.lines(80, 3))[1]
    )
    assert desk.chosen is None


def test_details_say_where_a_figure_comes_from():
    row = market_row("bread", least="9.50", positions={"bids": 12, "purchases": 7})
    text = "\n".join(desk_of(row).details(100, NOW))
    for words in (
        "bread in 2011-W44",
        "saves 0.04",
        "least unplanned 9.50 mill",
        "supply 100 of 2 bids",
        "demand 100 of 9 lines",
        "complete up to bids 12, purchases 7; version 1",
    ):
        assert words in text


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_details_of_any_row_have_room_below_the_table(tab):
    desk = desk_of(market_row("bread"), view="board")
    take_rounds(desk, round_row(3, reason="because", deadline=NOW + timedelta(1)))
    take_councils(desk, council_row(status="waits", needed=2, people=7, quantity=9))
    desk.next_table(tab)
    desk.arrange(0, anew=True)
    lines = desk.details(80, NOW)
    assert 1 < len(lines) <= HEIGHT
    assert lines[0].startswith("── ")
    assert all(len(line) <= 80 for line in lines)


def test_without_a_chosen_row_details_say_so():
    assert desk_of().details(80, NOW) == ["── no row is chosen"]


def test_a_snapshot_of_another_period_leaves_nothing_of_the_old_one():
    desk = desk_of(market_row("bread", supply=200), thresholds={"imbalance": 20})
    desk.begin_market("2011-W45")
    assert len(desk.products) == 0
    assert len(desk.alerts) == 0
    assert desk.products.gone == 0


def test_pace_falls_while_nothing_is_sold_and_its_alert_ends():
    rows = [market_row(f"p{n:03}", bought=90) for n in range(LOOKED_AT + 10)]
    desk = desk_of(*rows, thresholds={"pace": 1.5})
    assert len(desk.alerts) == len(rows)
    later = MIDWEEK + timedelta(days=3)
    desk.tell_time(later)
    assert len(desk.alerts) == 10
    desk.tell_time(later)
    assert len(desk.alerts) == 0


def test_what_was_accepted_here_is_the_companys_until_the_feed_says_else():
    desk = desk_of(market_row("bread", least="9.00", seller="mill"))
    desk.products.own_price_taken("bread", Decimal(11))
    desk.products.own_bid_taken("bread", WEEK, Decimal(40))
    bread = desk.products.get("bread")
    assert (bread.own_price, bread.own_bid) == (11, 40)
    assert bread.difference == 1
    desk.products.take(raw("bread", least="8.00", seller="bakery"))
    assert desk.products.get("bread").own_price == 8


def test_mine_are_the_products_that_the_company_marked_or_offers():
    desk = desk_of(
        market_row("bread", least="9.00", seller="bakery"),
        market_row("milk"),
        market_row("rolls", least="9.00", seller="mill"),
    )
    desk.products.mark("milk")
    desk.table.sheet.filter_by("mine")
    desk.arrange(0, anew=True)
    assert desk.table.sheet.keys == ["bread", "milk"]
    assert desk.products.mark("milk") is False


def test_a_window_is_another_every_time_and_comes_round():
    desk = desk_of(market_row("bread"))
    assert [desk.next_window() for _ in range(3)] == ["day", "minute", "hour"]
    assert not any(desk.trend("unheard-of").quantities)
