"""What a shop's rows become: one event or one refusal each, plans derived from them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.retail_lines import (
    HEADER,
    MONDAYS,
    a_line,
    in_week,
    mapped,
    of_kind,
    refusals,
)

from parfeed.sources.dirt import REASONS, RefusedRow, kind_of
from parfeed.sources.opening import SAMPLE_FIRST_WEEK, open_sample
from parfeed.sources.reading import UnknownLayout
from parfeed.sources.retail import RetailMapping, company_of, map_retail
from schemas.codec import decode_event, encode
from schemas.errors import InvalidValue
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
)
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted

# Rows and dirt


def test_a_sale_becomes_a_purchase_with_its_row_in_the_id() -> None:
    (purchase,) = of_kind(PurchaseRecorded, mapped([a_line(6)]))
    assert purchase.event_id == "retail:0000001"
    assert purchase.product_id == "85123A"
    assert purchase.consumer_id == "17850"
    assert purchase.company_id == "company-85"
    assert purchase.quantity == 6
    assert purchase.unit_price == Decimal("2.55")
    assert purchase.planned_quantity == 0
    assert purchase.occurred_at == datetime(2011, 8, 8, 8, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        (a_line(1, invoice="A563185", code="B", price="11062.06"), "bad_debt"),
        (a_line(1, invoice="A563186", code="B", price="-11062.06"), "bad_debt"),
        (a_line(1, code="POST"), "service_code"),
        (a_line(1, code="m"), "service_code"),
        (a_line(1, code="BANK CHARGES"), "service_code"),
        (a_line(1, code="gift_0001_20"), "service_code"),
        (a_line(-1, invoice="C536379", code="D"), "service_code"),
        (a_line(-1, invoice="C536379"), "cancellation"),
        (a_line(-1, invoice="C536379", price="0"), "write_off"),
        (a_line(-1, price="0"), "write_off"),
        (a_line(-1, price="2.55"), "write_off"),
        (a_line(1, price="0"), "unpriced"),
        (a_line(1, price="-1"), "unpriced"),
        (a_line(1, code="PADS"), "purchase"),
        (a_line(1, customer=""), "purchase"),
        (a_line(80995), "purchase"),
        (a_line("six"), "unreadable"),
        (a_line("1.5"), "unreadable"),
        (a_line(0), "unreadable"),
        (a_line("9" * 13), "unreadable"),
        (a_line(code=""), "unreadable"),
        (a_line(code="9" * 21), "unreadable"),
        (a_line(code="85\x07"), "unreadable"),
        (a_line(code="85\udcff"), "unreadable"),
        (a_line(customer="1" * 21), "unreadable"),
        (a_line(invoice=""), "unreadable"),
        (a_line(price="nan"), "unreadable"),
        (a_line(price="1e3"), "unreadable"),
        (a_line(price=""), "unreadable"),
        (a_line(time="1 December"), "unreadable"),
        (a_line(time="1970-01-01 00:00:00"), "unreadable"),
        (a_line(time="2100-01-01 00:00:00"), "unreadable"),
        ("536365,85123A,6\n", "unreadable"),
        ("\n", "unreadable"),
    ],
)
def test_every_row_becomes_exactly_one_event_or_refusal(
    line: str, becomes: str
) -> None:
    items = mapped([line])
    purchases = of_kind(PurchaseRecorded, items)
    cancellations = of_kind(PurchaseCancelled, items)
    counts = {"purchase": len(purchases), "cancellation": len(cancellations)}
    counts.update(Counter(refusals(items)))
    assert {kind: count for kind, count in counts.items() if count} == {becomes: 1}


def test_an_unreadable_row_is_named_and_the_next_one_is_read() -> None:
    items = mapped([a_line(1), a_line("six"), a_line(3)])
    (refused,) = of_kind(RefusedRow, items)
    assert refused.row == 2
    assert refused.detail == "must be a quantity of whole units other than 0, was 'six'"
    assert [purchase.event_id for purchase in of_kind(PurchaseRecorded, items)] == [
        "retail:0000001",
        "retail:0000003",
    ]


def test_a_cell_too_large_for_csv_is_refused_and_the_next_row_is_read() -> None:
    items = mapped([a_line(code="x" * 200_000), a_line(3)])
    assert refusals(items) == ["unreadable"]
    assert len(of_kind(PurchaseRecorded, items)) == 1


def test_rows_are_numbered_by_their_own_column_where_there_is_one() -> None:
    items = list(
        map_retail(
            [
                f"Row,{HEADER}",
                f"300017,{a_line(1)}",
                f"x,{a_line(1)}",
            ]
        )
    )
    (purchase,) = of_kind(PurchaseRecorded, items)
    assert purchase.event_id == "retail:0300017"
    assert refusals(items) == ["unreadable"]


def test_a_file_of_another_layout_is_refused_with_the_columns_it_lacks() -> None:
    with pytest.raises(
        UnknownLayout, match=r"lacks the columns InvoiceNo, .*UnitPrice"
    ):
        list(map_retail(["Quantity,CustomerID\n"]))
    with pytest.raises(UnknownLayout):
        list(map_retail([]))
    with pytest.raises(UnknownLayout, match="no CSV header"):
        list(map_retail(["x" * 200_000]))


def test_a_byte_order_mark_hides_no_column() -> None:
    items = list(map_retail([f"\ufeff{HEADER}", a_line(1)]))
    assert len(of_kind(PurchaseRecorded, items)) == 1


def test_a_time_with_an_offset_is_taken_to_utc() -> None:
    items = mapped([a_line(1, time="2011-08-08 08:26:00+02:00")])
    (purchase,) = of_kind(PurchaseRecorded, items)
    assert purchase.occurred_at == datetime(2011, 8, 8, 6, 26, tzinfo=UTC)


def test_exact_duplicates_are_two_scans() -> None:
    purchases = of_kind(PurchaseRecorded, mapped([a_line(6), a_line(6)]))
    assert sum(purchase.quantity for purchase in purchases) == 12
    assert len({purchase.event_id for purchase in purchases}) == 2


def test_codes_keep_their_case_and_share_a_company() -> None:
    purchases = of_kind(
        PurchaseRecorded, mapped([a_line(code="dc1"), a_line(code="DC1")])
    )
    assert [purchase.product_id for purchase in purchases] == ["dc1", "DC1"]
    assert company_of("dc1") == company_of("DC1") == "company-DC"


def test_files_with_rows_of_their_own_have_ids_of_their_own() -> None:
    items = list(map_retail([HEADER, a_line(1)], name="corner"))
    (purchase,) = of_kind(PurchaseRecorded, items)
    assert purchase.event_id == "corner:0000001"
    for name in ("", "ninechars", "a\nb"):
        with pytest.raises(InvalidValue):
            RetailMapping(name=name)


# Plans, bids, prices


def test_a_plan_is_the_mean_of_the_four_weeks_before_in_quarters() -> None:
    lines = [in_week(0, 4), in_week(2, 2), in_week(3, 1), in_week(4, 1)]
    (plan,) = of_kind(PlanSubmitted, mapped(lines))
    assert plan.event_id == "retail:plan:2011-W32:17850:85123A"
    assert (plan.period, plan.consumer_id) == ("2011-W32", "17850")
    assert plan.quantity == Decimal("1.75")


def test_what_was_given_back_is_planned_no_more() -> None:
    lines = [
        in_week(0, 4),
        in_week(1, -4, invoice="C1"),
        in_week(2, 3, customer="12347"),
        in_week(4, 1),
    ]
    (plan,) = of_kind(PlanSubmitted, mapped(lines))
    assert (plan.consumer_id, plan.quantity) == ("12347", Decimal("0.75"))


def test_refused_rows_are_no_history() -> None:
    lines = [
        in_week(0, -3),
        in_week(1, 5, code="POST"),
        in_week(2, 7, price="0"),
        in_week(4, 1),
    ]
    derived = PlanSubmitted | BidPlaced | PlannedPriceAnnounced
    assert [item for item in mapped(lines) if isinstance(item, derived)] == []


def test_a_bid_is_what_was_sold_before_to_known_and_unknown_customers() -> None:
    lines = [in_week(0, 4), in_week(1, 5, customer=""), in_week(4, 1)]
    items = mapped(lines)
    (bid,) = of_kind(BidPlaced, items)
    assert (bid.company_id, bid.quantity) == ("company-85", Decimal("2.25"))
    assert [plan.quantity for plan in of_kind(PlanSubmitted, items)] == [1]


@pytest.mark.parametrize(
    ("prices", "median"),
    [
        (["2.55"], "2.55"),
        (["1", "2", "2", "100"], "2"),
        (["1", "2", "3"], "2"),
        (["1.01", "1.04"], "1.025"),
        (["10", "10.00"], "10"),
        (["0.000001", "0.000002"], "0.000002"),
    ],
)
def test_the_planned_price_is_the_median_of_the_four_weeks_before(
    prices: Sequence[str], median: str
) -> None:
    lines = [in_week(week, 50, price=price) for week, price in enumerate(prices)]
    (announced,) = of_kind(PlannedPriceAnnounced, mapped([*lines, in_week(4, 1)]))
    assert str(announced.planned_price) == median
    assert announced.period == "2011-W32"
    assert "derived" in announced.reason


def test_what_was_paid_back_is_no_price_of_a_purchase() -> None:
    lines = [
        in_week(0, 50, price="2"),
        in_week(1, -1, invoice="C1", price="9"),
        in_week(2, -1, invoice="C2", price="9"),
        in_week(4, 1),
    ]
    (announced,) = of_kind(PlannedPriceAnnounced, mapped(lines))
    assert announced.planned_price == 2


def test_without_four_weeks_before_nothing_is_planned() -> None:
    items = mapped([in_week(1, 4), in_week(3, 2), in_week(4, 1)])
    assert of_kind(PlanSubmitted, items) == []
    assert of_kind(BidPlaced, items) == []


def test_a_week_without_sales_is_planned_all_the_same() -> None:
    items = mapped([in_week(0, 4), a_line(1, time="2011-08-29 10:00:00")])
    assert [plan.period for plan in of_kind(PlanSubmitted, items)] == ["2011-W32"]


def test_weeks_before_the_first_are_history_and_not_replayed() -> None:
    lines = [
        in_week(0, 4),
        a_line("six", time=MONDAYS[0]),
        in_week(3, 4),
        in_week(4, 1),
    ]
    items = mapped(lines, "2011-W32")
    assert [purchase.event_id for purchase in of_kind(PurchaseRecorded, items)] == [
        "retail:0000004"
    ]
    assert refusals(items) == []
    assert [plan.quantity for plan in of_kind(PlanSubmitted, items)] == [2]
    with pytest.raises(InvalidValue, match="ISO week"):
        RetailMapping("2011-08-08")


def test_derived_events_come_before_their_week_and_production_in_it() -> None:
    items = mapped([in_week(0, 4), in_week(4, 1)])
    monday = datetime(2011, 8, 8, tzinfo=UTC)
    for event in of_kind(PlanSubmitted, items) + of_kind(BidPlaced, items):
        assert event.occurred_at < monday
    (made,) = of_kind(ProductionReported, items)[1:]
    assert made.occurred_at == monday


# The whole


@pytest.fixture(scope="module")
def sample() -> list[Event | RefusedRow]:
    with open_sample() as lines:
        return list(map_retail(lines, SAMPLE_FIRST_WEEK))


def test_the_same_file_makes_the_same_bytes(sample: list[Event | RefusedRow]) -> None:
    with open_sample() as lines:
        again = [encode(item) for item in map_retail(lines, SAMPLE_FIRST_WEEK)]
    assert again == [encode(item) for item in sample]


def test_the_samples_events_pass_the_codec_and_no_id_comes_twice(
    sample: list[Event | RefusedRow],
) -> None:
    events = [item for item in sample if not isinstance(item, RefusedRow)]
    for event in events:
        assert decode_event(encode(event)) == event
    assert len({event.event_id for event in events}) == len(events)


def test_the_sample_holds_every_kind_of_dirt_but_unreadable_rows(
    sample: list[Event | RefusedRow],
) -> None:
    assert set(refusals(sample)) == REASONS.keys() - {"unreadable"}


def test_a_rows_kind_is_decided_in_one_order() -> None:
    assert kind_of("A1", "POST", -1, False) == "bad_debt"
    assert kind_of("C1", "POST", -1, False) == "service_code"
    assert kind_of("C1", "85123A", -1, False) == "write_off"
    assert kind_of("C1", "85123A", 1, True) == "purchase"
