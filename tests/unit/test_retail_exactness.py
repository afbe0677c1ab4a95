"""The mapping against a second, independent reading of the packaged sales."""

from collections import Counter, defaultdict
from fractions import Fraction

from support.independent_reading import Sums, read_sample

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.opening import SAMPLE_FIRST_WEEK, open_sample
from parfeed.sources.retail import map_retail
from schemas.events import PurchaseCancelled, PurchaseRecorded


def test_quantity_and_value_per_product_and_week_equal_an_independent_reading() -> None:
    reading = read_sample()
    sums: defaultdict[tuple[str, str], Sums] = defaultdict(Sums)
    refused: Counter[str] = Counter()
    rows = 0
    for item in map_retail(open_sample(), SAMPLE_FIRST_WEEK):
        match item:
            case RefusedRow():
                refused[item.reason] += 1
                rows += 1
            case PurchaseRecorded():
                of_week = sums[item.product_id, f"{item.occurred_at:%G-W%V}"]
                quantity = Fraction(item.quantity)
                of_week.bought += quantity
                of_week.paid += quantity * Fraction(item.unit_price)
                rows += 1
            case PurchaseCancelled():
                of_week = sums[item.product_id, f"{item.occurred_at:%G-W%V}"]
                quantity = Fraction(item.quantity)
                of_week.given_back += quantity
                of_week.paid_back += quantity * Fraction(item.unit_price)
                rows += 1
    assert rows == reading.rows == 32_444
    assert refused == reading.refused
    assert sums.keys() == reading.sums.keys()
    for key, of_week in sums.items():
        assert vars(of_week) == vars(reading.sums[key]), key


def test_no_more_is_given_back_of_a_purchase_than_was_bought() -> None:
    left: dict[str, Fraction] = {}
    planned_left: dict[str, Fraction] = {}
    for item in map_retail(open_sample(), SAMPLE_FIRST_WEEK):
        if isinstance(item, PurchaseRecorded):
            left[item.event_id] = Fraction(item.quantity)
            planned_left[item.event_id] = Fraction(item.planned_quantity)
        elif isinstance(item, PurchaseCancelled) and item.cancels is not None:
            left[item.cancels] -= Fraction(item.quantity)
            planned_left[item.cancels] -= Fraction(item.planned_quantity)
            assert left[item.cancels] >= planned_left[item.cancels] >= 0, item.event_id
        elif isinstance(item, PurchaseCancelled):
            assert item.planned_quantity == 0
