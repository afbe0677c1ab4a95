"""What the forms ask, and what becomes of the answers."""

from decimal import Decimal

import pytest
from support.console import desk_of, market_row, raw

from parfeed.console.asking import (
    ask_bid,
    ask_price,
    ask_quote,
    ask_search,
    ask_thresholds,
    bid_said,
    chosen_product,
    company_of,
    price_said,
)
from parfeed.console.errors import Unfit
from parfeed.console.forms import Form, Stage
from parfeed.console.saying import verdict_line
from schemas.feed import Outcome


def nothing(*_: object) -> None:
    return


def test_a_price_is_asked_for_with_its_effect_and_said_after_a_yes():
    said: list[tuple[str, Decimal]] = []
    desk = desk_of(market_row("bread", least="9.00", seller="mill"))
    form = Form(ask_price(desk, lambda product, price: said.append(
        (product.glance.product_id, price))))  # fmt: skip
    assert form.asked.title == "unplanned price of bread"
    form.type("8.50")
    assert any("you would be the cheapest" in line for line in form.lines())
    form.enter()
    assert form.lines()[0] == "Does bakery ask 8.50 for bread from now on?"
    form.enter()
    assert said == [("bread", Decimal("8.50"))]


def test_a_form_moves_with_the_market_while_somebody_thinks():
    desk = desk_of(market_row("bread", least="9.00"))
    form = Form(ask_price(desk, nothing))
    form.type("8.50")
    desk.products.take(raw("bread", least="8.00"))
    assert any("mill stays the cheapest at 8.00" in line for line in form.lines())
    # Another period is shown meanwhile: the form keeps the row it was opened for.
    desk.begin_market("2011-W45")
    desk.products.take(raw("bread", period="2011-W45", least="1.00"))
    assert any("at 9.00" in line for line in form.lines())


def test_a_form_begins_with_what_stands():
    desk = desk_of(market_row("bread", least="9.00", seller="bakery"))
    desk.products.own_bid_taken("bread", "2011-W44", Decimal(40))
    assert Form(ask_price(desk, nothing)).text == "9.00"
    assert Form(ask_bid(desk, nothing)).text == "40"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("120", "Does bakery bid 120 of bread for 2011-W44?"),
        ("0", "Does bakery withdraw its bid for bread in 2011-W44?"),
    ],
)
def test_a_bid_is_asked_for_by_what_it_is(text, question):
    said: list[Decimal] = []
    form = Form(ask_bid(desk_of(market_row()), lambda _, units: said.append(units)))
    form.type(text)
    form.enter()
    assert form.lines()[0] == question
    form.enter()
    assert said == [Decimal(text)]


def test_who_is_nobody_or_chooses_nothing_is_told_so():
    with pytest.raises(Unfit, match="--company NAME"):
        ask_price(desk_of(market_row(), company_id=None), nothing)
    with pytest.raises(Unfit, match="no product is chosen"):
        ask_bid(desk_of(), nothing)
    with pytest.raises(Unfit, match="no product is chosen"):
        ask_quote(desk_of(view="consumer"))
    desk = desk_of(market_row())
    assert company_of(desk) == "bakery"
    assert chosen_product(desk).glance.product_id == "bread"


def test_a_quote_is_answered_and_stays_to_be_read():
    desk = desk_of(market_row("bread", least="9.00"), view="consumer")
    form = Form(ask_quote(desk))
    form.type("3")
    form.enter()
    assert form.stage is Stage.SAID
    assert desk.message == (
        "3 of bread: planned: 30.75 with tax; unplanned from mill: 29.02 with tax; "
        "saves 1.73"
    )


def test_thresholds_that_are_left_out_are_not_watched_any_more():
    desk = desk_of(market_row(supply=112), thresholds={"imbalance": 20, "pace": 1.5})
    form = Form(ask_thresholds(desk))
    assert form.text == "imbalance=20 pace=1.5"
    form.type("imbalance=10")
    form.enter()
    assert desk.alerts.thresholds == {"imbalance": 10}
    assert len(desk.alerts) == 1
    # It stood before anybody asked for it: seen, but not rung.
    assert not desk.alerts.raised()
    form = Form(ask_thresholds(desk))
    form.type("imbalance=much")
    form.enter()
    assert "a number above 0" in form.lines()[0]


def test_a_search_shows_rows_while_it_is_typed():
    desk = desk_of(market_row("bread"), market_row("rolls"))
    drawn: list[list[str]] = []

    def changed() -> None:
        desk.arrange(0, anew=True)
        drawn.append(list(desk.table.sheet.keys))

    form = Form(ask_search(desk, changed))
    for typed in ("r", "ro"):
        form.type(typed)
        form.lines()
    assert drawn == [["bread", "rolls"], ["rolls"]]
    assert form.lines() == ["1 of 2 products"]
    form.enter()
    assert form.stage is Stage.SAID


def test_what_was_said_is_told_in_words():
    product = chosen_product(desk_of(market_row()))
    assert price_said("bakery", product, Decimal("8.5")) == "bakery asks 8.50 for bread"
    assert bid_said("bakery", product, Decimal(0)).startswith("bakery withdraws")
    assert bid_said("bakery", product, Decimal(9)) == (
        "bakery bids 9 of bread for 2011-W44"
    )


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(event_id="e", verdict="accepted"), "accepted: it"),
        (
            Outcome(event_id="e", verdict="refused", error="gate_closed", detail="now"),
            "REFUSED: it: gate_closed: now",
        ),
        (
            Outcome(event_id="e", verdict="unknown"),
            "NOT KNOWN: it: nobody said in time",
        ),
    ],
)
def test_a_verdict_is_told_in_one_line(outcome, line):
    assert verdict_line(outcome, "it") == line
