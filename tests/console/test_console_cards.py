"""A consumer's cards: what is left, what was lost, and by which purchase."""

from decimal import Decimal

import pytest
from support.console import MIDWEEK, WEEK, desk_of, market_row, written

from parfeed.client.row_kinds import CARD_ROWS
from parfeed.console.status import Link
from schemas.codec import encode
from schemas.trading_rows import CardPurchase, CardRow
from schemas.values import Period

LINK = Link(condition="live")


def purchase(event_id: str = "e-1", **changed) -> CardPurchase:
    return CardPurchase(
        **{
            "event_id": event_id,
            "product_id": "bread",
            "company_id": "mill",
            "occurred_at": MIDWEEK,
            "unplanned_quantity": Decimal(2),
            "unit_price": Decimal(11),
            "planned_price": Decimal(10),
            "loss": Decimal("3.80"),
            **changed,
        }
    )


def consumer_desk(**card):
    desk = desk_of(market_row("bread"), view="consumer", consumer_id="ada")
    if card:
        row = CardRow(period=Period(WEEK), party="consumer/ada", **card)
        desk.take_rows([CARD_ROWS.key_of(encode(row))], [row])
    return desk


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({}, "no cards"),
        ({"loss": Decimal("0.001")}, "no income known"),
        (
            {
                "has_budget": True,
                "planned_left": Decimal("80.005"),
                "unplanned_left": Decimal(20),
                "loss": Decimal("3.80"),
            },
            "planned card 80.00 left, unplanned card 20.00 left, lost 3.80",
        ),
        (
            {
                "has_budget": True,
                "planned_left": Decimal(80),
                "unplanned_left": Decimal(-5),
                "loss": Decimal(-2),
            },
            "planned card 80.00 left, unplanned card OVERDRAWN by 5.00, saved 2.00",
        ),
    ],
)
def test_what_is_left_and_what_was_lost_is_always_to_be_seen(card, words):
    facts = written(consumer_desk(**card).header(LINK, 160))[1]
    assert facts.startswith("ada  ")
    assert f"  {words}" in facts


def test_the_purchases_are_a_table_of_their_own_the_newest_first():
    later = MIDWEEK.replace(hour=15)
    desk = consumer_desk(
        newest=(
            purchase("e-2", occurred_at=later, loss=Decimal("-1.4"), product_id="milk"),
            purchase("e-1"),
        )
    )
    desk.next_table(1)
    desk.arrange(0, anew=True)
    head, milk, bread = written(desk.lines(80, 3))
    assert head.split()[0] == "When▼"
    assert milk.startswith("▸  2011-11-03 15:00Z")
    assert milk.endswith("-1.40")
    assert bread.startswith(" ! ")
    assert bread.endswith("+3.80")


def test_a_snapshot_without_a_card_leaves_none():
    desk = consumer_desk(newest=(purchase(),))
    desk.begin_cards()
    assert desk.cards.card is None
    desk.next_table(1)
    desk.arrange(0, anew=True)
    assert "no purchases here" in written(desk.lines(80, 2))[1]


def test_details_of_a_purchase_say_what_each_part_cost():
    desk = consumer_desk(newest=(purchase(is_authorised=True),))
    desk.next_table(1)
    desk.arrange(0, anew=True)
    assert desk.details(90, MIDWEEK) == [
        "── bread from mill, 2011-11-03 12:00:00Z",
        "0 planned at 10.00, 2 unplanned at 11.00, before tax",
        "lost +3.80 against the plan, tax included",
        "asked for before; e-1",
    ]
