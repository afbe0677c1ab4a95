"""The events: what they hold without being told, and that they never change."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from schemas.codec import decode_event, encode
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted
from schemas.values import Period, PositiveQuantity, Price, Quantity

HEAD = '"event_id":"e-1","product_id":"22423","occurred_at":"2011-10-31T14:41:00Z"'
SHARED = {
    "event_id": "e-1",
    "product_id": "22423",
    "occurred_at": datetime(2011, 10, 31, 14, 41, tzinfo=UTC),
}
WEEK = Period("2011-W44")

LEAST = [
    (
        '"type":"purchase","company_id":"c","quantity":"3","unit_price":"2.50"',
        PurchaseRecorded(
            **SHARED,
            company_id="c",
            quantity=PositiveQuantity("3"),
            unit_price=Price("2.50"),
            planned_quantity=Quantity("0"),
            consumer_id=None,
        ),
    ),
    (
        '"type":"cancellation","company_id":"c","quantity":"3","unit_price":"2.50"',
        PurchaseCancelled(
            **SHARED,
            company_id="c",
            quantity=PositiveQuantity("3"),
            unit_price=Price("2.50"),
            planned_quantity=Quantity("0"),
            consumer_id=None,
            cancels=None,
        ),
    ),
    (
        '"type":"plan","consumer_id":"j","period":"2011-W44","quantity":"0"',
        PlanSubmitted(
            **SHARED, consumer_id="j", period=WEEK, quantity=Quantity("0"), revision=0
        ),
    ),
    (
        '"type":"bid","company_id":"c","period":"2011-W44","quantity":"0"',
        BidPlaced(
            **SHARED, company_id="c", period=WEEK, quantity=Quantity("0"), revision=0
        ),
    ),
    (
        '"type":"production","company_id":"c","quantity":"1"',
        ProductionReported(**SHARED, company_id="c", quantity=PositiveQuantity("1")),
    ),
    (
        '"type":"price","company_id":"c","unplanned_price":"-1"',
        UnplannedPricePosted(**SHARED, company_id="c", unplanned_price=Price("-1")),
    ),
    (
        '"type":"planned_price","period":"2011-W44","planned_price":"0"',
        PlannedPriceAnnounced(
            **SHARED, period=WEEK, planned_price=Price("0"), revision=0, reason=""
        ),
    ),
]


@pytest.mark.parametrize(("text", "event"), LEAST, ids=lambda case: str(case)[8:20])
def test_what_a_sender_may_leave_out_has_its_default(text, event):
    assert decode_event(f"{{{text},{HEAD}}}".encode()) == event


@pytest.mark.parametrize(("text", "event"), LEAST, ids=lambda case: str(case)[8:20])
def test_fields_may_stand_in_any_order(text, event):
    assert decode_event(f"{{{HEAD},{text}}}".encode()) == event
    fields = msgspec.json.decode(encode(event))
    backwards = dict(reversed(fields.items()))
    assert decode_event(msgspec.json.encode(backwards)) == event


def test_every_kind_of_event_is_among_the_cases():
    assert {type(event) for _, event in LEAST} == set(get_args(Event))


@pytest.mark.parametrize("event", [event for _, event in LEAST], ids=type)
def test_an_event_never_changes(event):
    with pytest.raises(AttributeError, match="immutable"):
        event.event_id = "other"


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_has_an_id_a_product_a_time_and_a_tag_of_its_own(kind):
    fields = kind.__struct_fields__
    assert fields[:3] == ("event_id", "product_id", "occurred_at")
    assert kind.__struct_config__.tag_field == "type"
    assert kind.__struct_config__.forbid_unknown_fields
