"""Offers: who is how dear, and which taxes they are reckoned with."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.console import desk_of, market_row, offer_row, written

from parfeed.client.row_kinds import OFFER_ROWS
from parfeed.console.asking import ask_price
from parfeed.console.economics import Taxes
from parfeed.console.forms import Form
from parfeed.console.offers import Offers, taxes_in
from schemas.codec import encode


def offers_of(**prices) -> Offers:
    offers = Offers()
    offers.take([offer_row(name, price) for name, price in prices.items()])
    return offers


prices = st.decimals("0.01", 100, places=2)


@given(st.dictionaries(st.sampled_from("abcdef"), prices, min_size=1), prices)
def test_a_rank_counts_the_sellers_who_ask_less(asked, mine):
    rank = offers_of(**asked).rank_at("bread", "bakery", mine)
    assert rank.rank == 1 + sum(price < mine for price in asked.values())
    assert rank.sellers == len(asked) + 1
    assert rank.cheapest[1] == min(asked.values())


def test_the_companys_own_offer_is_not_its_rival():
    offers = offers_of(bakery="7.00", mill="9.00")
    assert offers.rank_at("bread", "bakery", Decimal(8)) == (1, 2, ("mill", 9))
    assert offers_of(bakery="7.00").rank_at("bread", "bakery", Decimal(8)) == (
        1,
        1,
        None,
    )


def test_nobody_offers_what_no_offer_is_known_of():
    assert Offers().rank_at("bread", "bakery", Decimal(8)) is None
    assert Offers().own("bread", "bakery") is None
    assert Offers().taxes is None


@given(prices, prices)
def test_taxes_are_read_off_an_offer_exactly(planned, unplanned):
    taxes = taxes_in(offer_row("mill", unplanned, planned=planned))
    assert taxes == Taxes(planned=Decimal("0.04"), unplanned=Decimal("0.20"))


def test_an_offer_without_a_price_to_compare_with_says_nothing_of_taxes():
    assert taxes_in(offer_row("mill", "8.00", planned=None)) is None
    assert taxes_in(offer_row("mill", "0", planned="10")) is None


def test_a_companys_screen_has_its_rank_and_reckons_with_the_feeds_taxes():
    desk = desk_of(market_row("bread", least="8.00"))
    row = offer_row("bakery", "11.00", rank=2, sellers=2)
    desk.take_rows([OFFER_ROWS.key_of(encode(row))], [row])
    bread = desk.products.get("bread")
    assert bread.own_price == 11
    assert bread.own_loss == Decimal("1.90")
    head, line = written(desk.lines(200, 2))
    assert "Rank" in head
    assert "2/2" in line
    assert "+1.90" in line
    form = Form(ask_price(desk, lambda *_: None))
    form.type("8")
    assert "saves 1.40" in form.lines()[1]
    desk.begin_offers()
    assert desk.products.get("bread").own_price is None


def test_a_products_row_knows_the_companys_price_before_its_offer_does():
    desk = desk_of(market_row("bread", least="9.50", seller="bakery"))
    row = offer_row("bakery", "9.00")
    desk.take_rows([OFFER_ROWS.key_of(encode(row))], [row])
    assert desk.products.get("bread").own_price == Decimal("9.50")


def test_a_form_says_the_rank_that_a_price_would_have():
    desk = desk_of(market_row("bread"))
    for name, price in {"mill": "9.00", "farm": "10.00"}.items():
        row = offer_row(name, price)
        desk.take_rows([OFFER_ROWS.key_of(encode(row))], [row])
    form = Form(ask_price(desk, lambda *_: None))
    for typed, words in {
        "8": "rank 1 of 3 sellers: the cheapest; then mill asks 9.00",
        "9.5": "rank 2 of 3 sellers: mill asks 9.00, -0.50 against you",
    }.items():
        form.type(typed)
        assert words in form.lines()
    desk.begin_offers()
    row = offer_row("bakery", "10.00")
    desk.take_rows([OFFER_ROWS.key_of(encode(row))], [row])
    assert "rank 1 of 1 sellers: nobody else offers it unplanned" in form.lines()
