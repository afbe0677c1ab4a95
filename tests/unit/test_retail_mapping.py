"""What a shop's rows become: one event or one refusal each, plans derived from them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest

from parfeed.sources.cancelling import Purchases
from parfeed.sources.dirt import REASONS, RefusedRow, kind_of
from parfeed.sources.opening import SAMPLE_FIRST_WEEK, open_sample
from parfeed.sources.reading import RetailRow, UnknownLayout
from parfeed.sources.retail import RetailMapping, company_of, map_retail
from schemas.codec import decode_event, encode
from schemas.errors import InvalidValue
from schemas.events import (
    BidPlaced,
    Event,
    PlannedPriceAnnounced,
    PlanSubmitted,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.values import Price

Kind = TypeVar("Kind")

HEADER = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"

MONDAYS = ("2011-07-11", "2011-07-18", "2011-07-25", "2011-08-01", "2011-08-08")
"""Of 2011-W28 to W32."""


def a_line(
    quantity: int | str = 6,
    *,
    invoice: str = "536365",
    code: str = "85123A",
    time: str = "2011-08-08 08:26:00",
    price: str = "2.55",
    customer: str = "17850",
) -> str:
    return f"{invoice},{code},{quantity},{time},{price},{customer}\n"


def in_week(index: int, quantity: int, **cells: str) -> str:
    """Make a line of the week `index` after W28; those of W32 are replayed."""
    return a_line(quantity, time=f"{MONDAYS[index]} 10:00:00", **cells)


def a_cancellation(quantity: int, **cells: str) -> str:
    return a_line(-quantity, invoice="C536379", **cells)


def mapped(
    lines: Iterable[str], first_week: str | None = None
) -> list[Event | RefusedRow]:
    return list(map_retail([HEADER, *lines], first_week))


def of_kind(kind: type[Kind], items: Iterable[object]) -> list[Kind]:
    return [item for item in items if isinstance(item, kind)]


def refusals(items: Iterable[object]) -> list[str]:
    return [refused.reason for refused in of_kind(RefusedRow, items)]


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


# Planned purchases


def test_a_purchase_fulfils_its_plan_line_up_to_what_is_left_of_it() -> None:
    lines = [in_week(0, 10), *(in_week(4, quantity) for quantity in (2, 3, 1))]
    purchases = of_kind(PurchaseRecorded, mapped(lines, "2011-W32"))
    planned = [purchase.planned_quantity for purchase in purchases]
    assert planned == [2, Decimal("0.5"), 0]


def test_what_is_left_of_a_plan_ends_with_its_week() -> None:
    lines = [in_week(0, 8), a_line(1, time="2011-08-15 10:00:00")]
    items = mapped(lines, "2011-W32")
    assert [plan.period for plan in of_kind(PlanSubmitted, items)] == ["2011-W32"]
    (purchase,) = of_kind(PurchaseRecorded, items)
    assert purchase.planned_quantity == 0


def test_nobody_fulfils_the_plan_of_another() -> None:
    lines = [in_week(0, 8), in_week(4, 1, customer="12347"), in_week(4, 1, customer="")]
    purchases = of_kind(PurchaseRecorded, mapped(lines, "2011-W32"))
    assert [purchase.planned_quantity for purchase in purchases] == [0, 0]


def test_a_row_that_comes_after_its_week_has_ended_fulfils_no_plan() -> None:
    lines = [in_week(0, 8), in_week(4, 1), in_week(3, 5)]
    late = of_kind(PurchaseRecorded, mapped(lines))[-1]
    assert late.event_id == "retail:0000003"
    assert late.planned_quantity == 0


def test_a_row_long_after_its_week_counts_there_and_is_no_history() -> None:
    lines = [
        in_week(0, 8, customer="12347"),
        a_line(1, time="2011-08-15 10:00:00"),
        in_week(0, 4),
        in_week(0, -1, invoice="C1"),
        a_line(1, time="2011-08-22 10:00:00"),
    ]
    items = mapped(lines)
    late = of_kind(PurchaseRecorded, items)[2]
    (cancellation,) = of_kind(PurchaseCancelled, items)
    assert late.occurred_at == cancellation.occurred_at
    assert cancellation.cancels == late.event_id
    plans = [plan for plan in of_kind(PlanSubmitted, items) if plan.period > "2011-W32"]
    assert [(plan.consumer_id, plan.quantity) for plan in plans] == [
        ("17850", Decimal("0.25"))
    ]


def test_only_replayed_weeks_are_planned() -> None:
    lines = [in_week(0, 8), in_week(4, 8), a_line(1, time="2011-08-15 10:00:00")]
    plans = of_kind(PlanSubmitted, mapped(lines, "2011-W33"))
    assert [plan.period for plan in plans] == ["2011-W33"]


# Cancellations


def test_a_cancellation_names_the_latest_purchase_with_units_left() -> None:
    lines = [
        a_line(5),
        a_line(5),
        a_line(5, price="2.60"),
        a_line(5, customer="12347"),
        a_cancellation(3, price="2.550"),
        a_cancellation(3),
        a_cancellation(3),
    ]
    cancellations = of_kind(PurchaseCancelled, mapped(lines))
    assert [cancellation.cancels for cancellation in cancellations] == [
        "retail:0000002",
        "retail:0000001",
        None,
    ]
    assert [cancellation.quantity for cancellation in cancellations] == [3, 3, 3]


def test_a_cancellation_of_an_unknown_customer_names_no_purchase() -> None:
    lines = [a_line(5, customer=""), a_cancellation(5, customer="")]
    (cancellation,) = of_kind(PurchaseCancelled, mapped(lines))
    assert cancellation.cancels is None
    assert cancellation.planned_quantity == 0


def test_units_beyond_the_plan_are_given_back_first() -> None:
    # A plan of 2.5 units; 4 are bought, of which 2.5 fulfil it.
    lines = [in_week(0, 10), in_week(4, 4), *[in_week(4, -1, invoice="C1")] * 4]
    cancellations = of_kind(PurchaseCancelled, mapped(lines, "2011-W32"))
    planned = [cancellation.planned_quantity for cancellation in cancellations]
    assert planned == [0, Decimal("0.5"), 1, 1]


def test_what_was_given_back_may_be_bought_under_the_plan_again() -> None:
    lines = [
        in_week(0, 8),
        in_week(4, 2),
        in_week(4, -2, invoice="C1"),
        in_week(4, 3),
    ]
    purchases = of_kind(PurchaseRecorded, mapped(lines, "2011-W32"))
    assert [purchase.planned_quantity for purchase in purchases] == [2, 2]


def test_what_an_earlier_week_gave_back_changes_no_plan_of_this_one() -> None:
    next_week = {"time": "2011-08-15 10:00:00"}
    lines = [
        in_week(0, 20),
        in_week(4, 5),
        a_line(-5, invoice="C1", **next_week),
        a_line(3, **next_week),
    ]
    items = mapped(lines, "2011-W32")
    (cancellation,) = of_kind(PurchaseCancelled, items)
    assert cancellation.planned_quantity == 5
    # The plan for W33 is 5 / 4: W28 is forgotten, W32 had 5.
    assert of_kind(PurchaseRecorded, items)[-1].planned_quantity == Decimal("1.25")


def test_memory_of_purchases_is_bounded() -> None:
    def row(number: int, quantity: int) -> RetailRow:
        moment = datetime(2011, 8, 8, tzinfo=UTC)
        code = "once" if number == 0 else f"code-{number % 3}"
        return RetailRow(number, "1", code, quantity, moment, Price("1"), "17850")

    purchases = Purchases(limit=4)
    for number in range(10):
        purchases.add(row(number, 1), f"retail:{number}", 5000, 0)
    assert len(purchases) == 4
    found = [purchases.take_back(row(number, -1)) for number in range(10)]
    named = sorted(cancelled.event_id for cancelled in found if cancelled)
    assert named == [f"retail:{number}" for number in range(6, 10)]


# Production and unplanned prices


def test_what_is_sold_was_made() -> None:
    # A bid of 2: made as the week begins. 5 are sold, 2 come back, 3 are sold.
    lines = [
        in_week(0, 8),
        in_week(4, 1),
        in_week(4, 4),
        in_week(4, -2, invoice="C1"),
        in_week(4, 3),
    ]
    made = of_kind(ProductionReported, mapped(lines, "2011-W32"))
    assert [(event.event_id, event.quantity) for event in made] == [
        ("retail:made:2011-W32:85123A", 2),
        ("retail:made:0000003", 3),
        ("retail:made:0000005", 1),
    ]


def test_the_stock_ends_with_its_week() -> None:
    lines = [in_week(0, 8), a_line(1, time="2011-08-15 10:00:00")]
    made = of_kind(ProductionReported, mapped(lines, "2011-W32"))
    assert [(event.event_id, event.quantity) for event in made] == [
        ("retail:made:2011-W32:85123A", 2),
        ("retail:made:0000002", 1),
    ]


def test_a_price_is_posted_each_time_the_latest_sale_changes_it() -> None:
    prices = ["2.55", "2.55", "2.550", "4.95", "2.55"]
    posted = of_kind(
        UnplannedPricePosted, mapped([a_line(1, price=price) for price in prices])
    )
    assert [event.event_id for event in posted] == [
        "retail:price:0000001",
        "retail:price:0000004",
        "retail:price:0000005",
    ]
    assert [event.unplanned_price for event in posted] == [
        Decimal("2.55"),
        Decimal("4.95"),
        Decimal("2.55"),
    ]
    # A price replaces one only if it is later: the file's minutes are too coarse.
    moments = [event.occurred_at for event in posted]
    assert moments == sorted(set(moments))


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
