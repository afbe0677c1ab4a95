"""What becomes of planned purchases, cancellations, production and unplanned prices."""

from datetime import UTC, datetime
from decimal import Decimal

from support.retail_lines import (
    a_cancellation,
    a_line,
    in_week,
    mapped,
    of_kind,
)

from parfeed.sources.cancelling import Purchases
from parfeed.sources.reading import RetailRow
from schemas.events import (
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import PlanSubmitted
from schemas.values import Price

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
