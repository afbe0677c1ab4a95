"""Private rows: found by party, shown to those who may, and on no other channel."""

import json
from decimal import Decimal
from typing import Any

import pytest
from support.by_the_letter import ledger_record
from support.fake_wire import Market, Wire

from feed_server.selection import Selection
from feed_server.subscriptions import Group, Groups
from feed_server.view import View
from schemas.channels import CHANNELS
from schemas.errors import IntegrityError
from schemas.feed import Quote
from schemas.settings import Settings
from schemas.trading_rows import CardRow, CostRow, OfferRow, StatementRow
from schemas.values import Period

WEEK = Period("2011-W44")
NEXT = Period("2011-W45")
ADA, BOB = "consumer/ada", "consumer/bob"


def card(party: str, sequence: int = 1, period: Period = WEEK) -> CardRow:
    return CardRow(period=period, party=party, sequence=sequence)


def statement(party: str, account: str = "planned", part: int = 0) -> StatementRow:
    return StatementRow(
        period=WEEK, party=party, account=f"{party}/{account}", part=part
    )


def cost() -> CostRow:
    return CostRow(
        period=WEEK,
        company_id="mill",
        of_product_id="rye",
        unit_cost=Decimal(3),
        planned_price=Decimal(2),
    )


@pytest.fixture
def market() -> Market:
    return Market(private_partitions=2)


def card_of(party: str, period: Period | None = None) -> dict[str, Any]:
    return {"channel": "consumer", "party": party, "period": period}


def test_the_cursor_has_the_private_partitions_behind_the_others(
    market: Market,
) -> None:
    market.change("rye")
    market.write(card(ADA))
    offsets = market.channels.view.cursor.offsets
    assert len(offsets) == 4
    assert (sum(offsets[:2]), sum(offsets[2:])) == (1, 1)


def test_a_party_gets_its_own_rows_and_no_other_partys(market: Market) -> None:
    for row in (card(ADA), card(BOB), statement(ADA), cost()):
        market.write(row)
    wire = Wire(market)
    (snapshot,) = wire.subscribe(**card_of(ADA))
    assert [row["party"] for row in snapshot["rows"]] == [ADA]
    market.write(card(BOB, 2))
    assert wire.tick() == []
    market.write(card(ADA, 2))
    (update,) = wire.tick()
    assert [(row["party"], row["sequence"]) for row in update["rows"]] == [(ADA, 2)]
    wire.beat()


def test_statements_and_costs_are_the_partys_of_their_rows(market: Market) -> None:
    for row in (statement(ADA), statement(ADA, part=1), statement(BOB), cost()):
        market.write(row)
    wire = Wire(market)
    (own,) = wire.subscribe("s", channel="statements", party=ADA)
    assert [row["part"] for row in own["rows"]] == [0, 1]
    (boards,) = wire.subscribe("c", channel="costs", party="board")
    assert [row["company_id"] for row in boards["rows"]] == ["mill"]
    (nobodys,) = wire.subscribe("n", channel="costs", party=ADA)
    assert nobodys["rows"] == []


def test_a_party_can_ask_for_one_period_and_resume(market: Market) -> None:
    for row in (card(ADA), card(ADA, period=NEXT)):
        market.write(row)
    wire = Wire(market)
    (snapshot,) = wire.subscribe(**card_of(ADA, NEXT))
    assert [row["period"] for row in snapshot["rows"]] == [NEXT]
    away = wire.reader.cursors["s"]
    for row in (card(ADA, 2), card(ADA, 2, NEXT), card(BOB, 1, NEXT)):
        market.write(row)
    (update,) = wire.subscribe(**card_of(ADA, NEXT), resume=away)
    assert [(r["party"], r["period"]) for r in update["rows"]] == [(ADA, NEXT)]


@pytest.mark.parametrize(
    "name", [name for name, channel in CHANNELS.items() if not channel.is_private]
)
@pytest.mark.parametrize("resumes", [False, True])
def test_no_public_subscription_ever_shows_a_private_row(
    market: Market, name: str, resumes: bool
) -> None:
    wire = Wire(market)
    wire.subscribe(channel=name)
    for row in (card(ADA), statement(ADA), cost()):
        market.write(row)
    market.change("rye")
    lists = [("*",)] if not CHANNELS[name].is_by_product else [("*",), (ADA, "rye")]
    said = []
    for products in lists:
        resume = wire.reader.cursors["s"] if resumes else None
        said += wire.subscribe(channel=name, products=products, resume=resume)
        for row in (card(ADA, 2), statement(ADA, part=2), cost()):
            market.write(row)
        said += wire.tick()
    assert {row["type"] for message in said for row in message.get("rows", ())} <= {
        "market"
    }
    assert "consumer/" not in json.dumps(said)


def test_who_may_not_see_is_told_so_and_nothing_else(market: Market) -> None:
    market.write(card(ADA))
    far = Wire(market, address="10.0.0.7")
    near = Wire(market, Settings(private_channels="nobody"))
    told = []
    for wire in (far, near):
        for party in (ADA, "consumer/nobody-at-all"):
            (error,) = wire.subscribe(**card_of(party))
            told.append((error["type"], error["code"], error["id"], error["message"]))
            (refused,) = wire.say(Quote(id="s", product_id="rye", party=party))
            told.append(
                (refused["type"], refused["code"], refused["id"], refused["message"])
            )
        assert wire.session.subscriptions == {}
    assert len(set(told)) == 1
    assert told[0][:3] == ("error", "not_yours", "s")
    anybody = Wire(market, Settings(private_channels="everybody"), address="10.0.0.7")
    assert anybody.subscribe(**card_of(ADA))[0]["type"] == "snapshot"


def test_a_refused_subscription_leaves_the_one_that_it_would_replace(
    market: Market,
) -> None:
    wire = Wire(market, address="10.0.0.7")
    wire.subscribe("mine")
    wire.subscribe("mine", **card_of(ADA))
    market.change("rye")
    wire.tick()
    assert wire.reader.sequences("mine") == {"rye": 1}


def test_a_change_of_one_card_looks_at_its_own_partys_groups_only() -> None:
    groups = Groups()
    own = {}
    for number in range(1_000):
        selection = Selection(channel="consumer", party=f"consumer/{number}")
        own[number] = Group((selection, False, None), ())
        groups.add(own[number])
    assert list(groups.wanting("consumer", "consumer/7", WEEK)) == [own[7]]
    assert list(groups.wanting("consumer", "*", WEEK)) == []
    for group in own.values():
        groups.remove(group)
    assert len(groups) == 0
    assert groups._channels["consumer"].of_name == {}


def test_rows_for_nobody_in_particular_are_never_looked_up() -> None:
    view = View("ab", 1, 1)
    everybodys = Selection(channel="consumer")
    with pytest.raises(AssertionError, match="for nobody"):
        view.rows(everybodys)
    with pytest.raises(AssertionError, match="for nobody"):
        Groups().add(Group((everybodys, False, None), ()))


OFFER = OfferRow(
    product_id="rye", period=WEEK, company_id="mill", unplanned_price=Decimal(3)
)


@pytest.mark.parametrize(
    ("partition", "record", "says"),
    [
        (0, ledger_record(card(ADA)), "market partition 0 .*consumer lies among publ"),
        (1, ledger_record(OFFER), "accounts partition 0 .*offers lies among private"),
        (
            1,
            (
                b'["*","2011-W44","card","consumer/ada"]',
                b'{"type":"card","product_id":"*","period":"2011-W44"}',
            ),
            "says nobody's party",
        ),
    ],
)
def test_a_row_in_the_wrong_place_stops_the_process_and_is_shown_to_nobody(
    partition: int, record: tuple[bytes, bytes], says: str
) -> None:
    view = View("ab", 1, 1)
    with pytest.raises(IntegrityError, match=says):
        view.apply(partition, 0, *record)
    assert len(view) == 0
    assert str(view.cursor) == "ab:0.0"


def test_a_row_never_changes_hands() -> None:
    view = View("ab", 1, 1)
    key, value = ledger_record(card(ADA))
    view.apply(1, 0, key, value)
    with pytest.raises(IntegrityError):
        view.apply(1, 1, key, ledger_record(card(BOB, 2))[1])
    assert [row.value for row in view.rows(Selection(channel="consumer", party=ADA))]
    assert view.rows(Selection(channel="consumer", party=BOB)) == []
