"""The events: what they hold without being told, and that they never change."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from schemas import trading
from schemas.agenda import (
    CouncilFormed,
    CouncilSigned,
    GateClosed,
    PeriodOpened,
    PriceSet,
    ProductListed,
    RoundAnnounced,
)
from schemas.codec import decode_event, encode
from schemas.event_base import ProductEvent
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import (
    BidConfirmed,
    BidPlaced,
    CouncilDecided,
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PlanSubmitted,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.values import Period, PositiveQuantity, Price, Quantity

HEAD = '"event_id":"e-1","product_id":"22423","occurred_at":"2011-10-31T14:41:00Z"'
UNSHARED_HEAD = '"event_id":"e-1","occurred_at":"2011-10-31T14:41:00Z"'
SHARED = {
    "event_id": "e-1",
    "product_id": "22423",
    "occurred_at": datetime(2011, 10, 31, 14, 41, tzinfo=UTC),
}
UNSHARED = {name: SHARED[name] for name in ("event_id", "occurred_at")}
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
    (
        '"type":"confirmation","company_id":"c","member_id":"m","period":"2011-W44",'
        '"revision":2',
        BidConfirmed(**SHARED, company_id="c", member_id="m", period=WEEK, revision=2),
    ),
    (
        '"type":"announced_price","period":"2011-W44","announced_price":"2","round":1',
        PriceAnnounced(
            **SHARED,
            period=WEEK,
            announced_price=Price("2"),
            round=1,
            supply=Quantity("0"),
            demand=Quantity("0"),
            position=-1,
            forecast_percent=None,
            method="opening",
            flags=(),
            reason="",
        ),
    ),
    (
        '"type":"indicative_price","period":"2011-W44","indicative_price":"2",'
        '"round":1,"revision":9',
        PriceIndicated(
            **SHARED, period=WEEK, indicative_price=Price("2"), round=1, revision=9
        ),
    ),
    (
        '"type":"decision","council_id":"n","period":"2011-W44","counts":false,'
        '"revision":0',
        CouncilDecided(
            **SHARED, council_id="n", period=WEEK, counts=False, revision=0, reason=""
        ),
    ),
]

GENERAL = [
    (
        '"type":"period","period":"2011-W44"',
        PeriodAnnounced(**UNSHARED, period=WEEK, closes_at=None, revision=0),
    ),
    (
        '"type":"listing","product_id":"p","period":"2011-W44","start_price":"7"',
        ProductListed(
            **UNSHARED,
            product_id="p",
            period=WEEK,
            start_price=PositiveQuantity("7"),
            revision=0,
        ),
    ),
    (
        '"type":"opening","period":"2011-W44"',
        PeriodOpened(
            **UNSHARED,
            period=WEEK,
            round_s=None,
            quiet_s=1.0,
            closes_at=None,
            tolerance_percent=3.0,
            max_rounds=20,
            is_automatic=True,
            people_least=5,
        ),
    ),
    (
        '"type":"announcement","period":"2011-W44","round":1,"rebid":true',
        RoundAnnounced(**UNSHARED, period=WEEK, round=1, rebid=True, reason=""),
    ),
    (
        '"type":"set_price","product_id":"p","period":"2011-W44","round":1,"price":"7"',
        PriceSet(
            **UNSHARED,
            product_id="p",
            period=WEEK,
            round=1,
            price=PositiveQuantity("7"),
            reason="",
        ),
    ),
    (
        '"type":"gate","period":"2011-W44"',
        GateClosed(**UNSHARED, period=WEEK, reason=""),
    ),
    (
        '"type":"council","council_id":"n","level":"city"',
        CouncilFormed(
            **UNSHARED,
            council_id="n",
            level="city",
            parent_id=None,
            signers=(),
            signatures=0,
            threshold=None,
            revision=0,
        ),
    ),
    (
        '"type":"signature","council_id":"n","period":"2011-W44","product_id":"p",'
        '"vote":"veto","signer_id":"ada"',
        CouncilSigned(
            **UNSHARED,
            council_id="n",
            period=WEEK,
            product_id="p",
            vote="veto",
            signer_id="ada",
            reason="",
        ),
    ),
    (
        '"type":"budget","consumer_id":"j","period":"2011-W44","income":"0"',
        trading.BudgetSet(
            **UNSHARED,
            consumer_id="j",
            period=WEEK,
            income=Quantity("0"),
            unplanned_share=None,
            council_id=None,
            revision=0,
        ),
    ),
    (
        '"type":"request","consumer_id":"j","product_id":"p","company_id":"c",'
        '"quantity":"1"',
        trading.PurchaseRequested(
            **UNSHARED,
            consumer_id="j",
            product_id="p",
            company_id="c",
            quantity=PositiveQuantity("1"),
            use="any",
            greatest_price=None,
        ),
    ),
    (
        '"type":"terms","period":"2011-W44"',
        trading.TermsSet(
            **UNSHARED,
            period=WEEK,
            planned_tax=Quantity("0.05"),
            unplanned_tax=Quantity("0.15"),
            pass_through=Quantity("0.5"),
            decimals=2,
            least_share=PositiveQuantity("0.1"),
            greatest_share=PositiveQuantity("0.5"),
            pace_percent=PositiveQuantity("120"),
            rebid_percent=Quantity("0"),
            revision=0,
        ),
    ),
    (
        '"type":"rebid_request","company_id":"c","product_id":"p","period":"2011-W44"',
        trading.RebidRequested(
            **UNSHARED, company_id="c", product_id="p", period=WEEK, reason=""
        ),
    ),
    (
        '"type":"rebid_answer","product_id":"p","period":"2011-W44"',
        trading.RebidAnswered(
            **UNSHARED,
            product_id="p",
            period=WEEK,
            planned_price=None,
            stands_from=None,
            reason="",
        ),
    ),
    (
        '"type":"close","period":"2011-W44"',
        trading.PeriodClosed(**UNSHARED, period=WEEK, reason=""),
    ),
    (
        '"type":"correction","period":"2011-W44"',
        trading.CorrectionRequested(**UNSHARED, period=WEEK, reason=""),
    ),
    (
        '"type":"trading_end","period":"2011-W44"',
        trading.TradingEnded(**UNSHARED, period=WEEK),
    ),
]
CASES = [
    *((f"{text},{HEAD}", event) for text, event in LEAST),
    *((f"{text},{UNSHARED_HEAD}", event) for text, event in GENERAL),
]


@pytest.mark.parametrize(("text", "event"), CASES, ids=lambda case: str(case)[8:20])
def test_what_a_sender_may_leave_out_has_its_default(text, event):
    assert decode_event(f"{{{text}}}".encode()) == event


@pytest.mark.parametrize(("text", "event"), CASES, ids=lambda case: str(case)[8:20])
def test_fields_may_stand_in_any_order(text, event):
    backwards = ",".join(reversed(text.split(",")))
    assert decode_event(f"{{{backwards}}}".encode()) == event
    fields = msgspec.json.decode(encode(event))
    backwards = dict(reversed(fields.items()))
    assert decode_event(msgspec.json.encode(backwards)) == event


def test_every_kind_of_event_is_among_the_cases():
    assert {type(event) for _, event in CASES} == set(get_args(Event))


@pytest.mark.parametrize("event", [event for _, event in CASES], ids=type)
def test_an_event_never_changes(event):
    with pytest.raises(AttributeError, match="immutable"):
        event.event_id = "other"


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_has_an_id_a_time_and_a_tag_of_its_own(kind):
    fields = kind.__struct_fields__
    if issubclass(kind, ProductEvent):
        assert fields[:3] == ("event_id", "product_id", "occurred_at")
    else:
        assert fields[:2] == ("event_id", "occurred_at")
    assert kind.__struct_config__.tag_field == "type"
    assert kind.__struct_config__.forbid_unknown_fields
