"""The rows: whole, frozen, and read alike by older and newer programs."""

import json
from decimal import Decimal
from typing import get_args, get_type_hints

import msgspec
import pytest

from schemas.codec import decode_market_row, encode
from schemas.errors import REFUSALS
from schemas.rows import (
    ZERO,
    Amount,
    Colour,
    Demand,
    Imbalance,
    Line,
    MarketRow,
    PriceView,
    RejectedRecord,
    Supply,
    Window,
)
from schemas.values import Period

ROW = MarketRow(product_id="22423", period=Period("2011-W44"))


def test_a_row_before_any_event_is_all_zero_and_unknown():
    assert ROW.sequence == 0
    assert ROW.positions == {}
    assert ROW.supply == Supply(planned=ZERO, produced=ZERO)
    assert ROW.demand.planned_purchases == Amount(quantity=ZERO, value=ZERO)
    assert ROW.price == PriceView()
    assert ROW.price.planned is ROW.imbalance is ROW.occurred_at is None
    assert ROW.rolling.day == Window()


def test_rows_do_not_share_their_positions():
    other = MarketRow(product_id="x", period=Period("2011-W44"))
    other.positions["purchases"] = 1
    assert ROW.positions == {}


@pytest.mark.parametrize("part", [ROW, ROW.supply, ROW.demand, ROW.price, ROW.rolling])
def test_a_row_never_changes_after_it_is_made(part):
    field = part.__struct_fields__[0]
    with pytest.raises(AttributeError, match="immutable"):
        setattr(part, field, None)


def test_a_row_of_an_older_program_gets_the_defaults_of_what_it_lacks():
    older = b'{"type":"market","product_id":"22423","period":"2011-W44"}'
    assert decode_market_row(older) == ROW


def test_a_rows_numbers_are_texts_and_a_bucket_is_a_list():
    row = json.loads(encode(ROW))
    assert row["supply"] == {"planned": "0", "produced": "0"}
    assert row["demand"]["planned_purchases"] == {"quantity": "0", "value": "0"}
    assert set(row) == {"type", *MarketRow.__struct_fields__}


def test_no_row_holds_a_number_that_a_reader_could_round():
    # JavaScript reads every number as a double.
    for struct in (Amount, Supply, Demand, PriceView, Imbalance, Window, Line):
        assert float not in get_type_hints(struct).values()


def test_an_imbalance_has_one_of_the_published_colours():
    assert get_args(Colour) == ("blue", "green", "yellow", "orange", "red")
    raw = b'{"percent":"1.00","colour":"purple"}'
    with pytest.raises(msgspec.ValidationError, match="purple"):
        msgspec.json.decode(raw, type=Imbalance)
    assert msgspec.json.decode(
        raw.replace(b"purple", b"blue"), type=Imbalance
    ) == Imbalance(percent=Decimal("1.00"), colour="blue")


def test_a_rejected_record_keeps_the_bytes_as_they_were():
    record = RejectedRecord(
        code=next(iter(REFUSALS)),
        detail="",
        topic="bids",
        partition=0,
        offset=9,
        value=b"\xff\x00",
    )
    assert json.loads(encode(record))["value"] == "/wA="
