from decimal import Decimal

import msgspec
import pytest
from support.joined import council_bytes, round_bytes, row_bytes

from parfeed.client.errors import InvalidRequest
from parfeed.client.row_kinds import (
    CARD_ROWS,
    COST_ROWS,
    COUNCIL_ROWS,
    MARKET_ROWS,
    ROUND_ROWS,
    ROW_KINDS,
    STATEMENT_ROWS,
    row_kind,
)
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import CHANNELS
from schemas.codec import encode
from schemas.rows import MarketRow
from schemas.trading_rows import CardRow, CostRow, StatementRow
from schemas.values import Period


def test_the_client_knows_every_channel() -> None:
    assert list(ROW_KINDS) == list(CHANNELS)
    assert all(row_kind(name).channel is CHANNELS[name] for name in CHANNELS)


def test_a_channel_that_it_does_not_know_is_refused_with_those_that_it_does() -> None:
    with pytest.raises(InvalidRequest, match="statements, costs, was 'gossip'"):
        row_kind("gossip")


def test_rows_are_named_by_what_tells_them_apart_in_their_channel() -> None:
    assert MARKET_ROWS.key_of(row_bytes("rye")) == ("rye", "2011-W44")
    assert ROUND_ROWS.key_of(round_bytes(3, 1)) == ("*", "2011-W44", 3)
    assert COUNCIL_ROWS.key_of(council_bytes("rye", "north", 1)) == (
        "rye",
        "2011-W44",
        "north",
    )


def test_rows_are_decoded_as_the_struct_of_their_channel() -> None:
    assert MARKET_ROWS.decode(row_bytes("rye", sequence=7)) == MarketRow(
        product_id="rye", period="2011-W44", sequence=7
    )
    assert ROUND_ROWS.decode(round_bytes(3, 7)) == RoundRow(
        period="2011-W44", round=3, sequence=7
    )
    assert COUNCIL_ROWS.decode(council_bytes("rye", "north", 7)) == CouncilRow(
        product_id="rye",
        period="2011-W44",
        council_id="north",
        sequence=7,
        level="city",
    )


WEEK = Period("2011-W44")
STATEMENT = StatementRow(
    period=WEEK,
    party="consumer/17850",
    account="consumer/17850/planned",
    revision=1,
    part=2,
    parts=3,
    corrects=0,
)
CARD = CardRow(period=WEEK, party="consumer/17850", sequence=4)
COST = CostRow(
    period=WEEK,
    company_id="mill",
    of_product_id="rye",
    unit_cost=Decimal(2),
    planned_price=Decimal(1),
)


def test_rows_of_private_channels_are_named_by_their_period_first() -> None:
    assert CARD_ROWS.key_of(encode(CARD)) == (WEEK, "consumer/17850")
    assert STATEMENT_ROWS.key_of(encode(STATEMENT)) == (
        WEEK,
        "consumer/17850/planned",
        1,
        2,
    )
    assert COST_ROWS.key_of(encode(COST)) == (WEEK, "mill", "rye")
    assert CARD_ROWS.decode(encode(CARD)) == CARD
    assert STATEMENT_ROWS.decode(encode(STATEMENT)) == STATEMENT


@pytest.mark.parametrize("name", CHANNELS)
def test_a_row_is_named_by_the_values_of_its_channels_fields(name: str) -> None:
    kind = ROW_KINDS[name]
    fields = kind.channel.named_by
    numbers = {"round", "revision", "part"}
    values = {field: 7 if field in numbers else f"a {field}" for field in fields}
    assert kind.key_of(msgspec.json.encode({**values, "more": [1]})) == tuple(
        values.values()
    )
