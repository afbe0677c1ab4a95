"""What a shop's week is planned with: derived from the four weeks before."""

from decimal import Decimal

import pytest
from support.retail_lines import in_week, of_kind

from parfeed.sources.history import quarters
from parfeed.sources.opening import (
    SAMPLE_FIRST_WEEK,
    SAMPLE_ITEMS,
    SAMPLE_ITEMS_TRADED,
    open_sample,
)
from parfeed.sources.planned_week import (
    ELSEWHERE,
    FEDERATION,
    SIGNED,
    PlannedWeek,
    council_of,
    event_ids,
    planned_week,
    signatures,
)
from parfeed.sources.reading import COUNTRY_COLUMN, read_rows
from parfeed.sources.retail import map_retail
from schemas.agenda import CouncilFormed, ProductListed
from schemas.codec import decode_events, encode
from schemas.errors import InvalidValue, Refused
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted

HEADER = (
    f"InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,{COUNTRY_COLUMN}\n"
)


def derived(*lines: str, country: str = "United Kingdom") -> PlannedWeek:
    located = [f"{line.strip()},{country}\n" for line in lines]
    return planned_week(read_rows([HEADER, *located]), "2011-W32", "shop")


@pytest.fixture(scope="module")
def sample() -> PlannedWeek:
    with open_sample() as lines:
        return planned_week(read_rows(lines), SAMPLE_FIRST_WEEK, "retail")


def councils_of(week: PlannedWeek) -> dict[str, CouncilFormed]:
    return {event.council_id: event for event in of_kind(CouncilFormed, week.agenda)}


def test_all_of_it_is_what_the_codec_takes(sample: PlannedWeek) -> None:
    events = [*sample.agenda, *sample.lines, sample.opening]
    assert decode_events([encode(event) for event in events]) == events
    assert len({event.event_id for event in events}) == len(events)


def test_all_of_its_events_are_known_by_their_ids_and_no_replayed_one_is(
    sample: PlannedWeek,
) -> None:
    apart = event_ids("retail", sample.period)
    signed = signatures(sample, "retail", FEDERATION, "84568")
    for event in (*sample.agenda, *sample.lines, *signed, sample.opening):
        assert event.event_id.startswith(apart)
    with open_sample() as lines:
        for item in map_retail(lines, SAMPLE_FIRST_WEEK, "retail", SAMPLE_FIRST_WEEK):
            assert not getattr(item, "event_id", "").startswith(apart)


def test_the_week_that_is_planned_derives_its_lines_here_and_not_in_the_replay(
    sample: PlannedWeek,
) -> None:
    with open_sample() as lines:
        replayed = list(map_retail(lines, SAMPLE_FIRST_WEEK))
    with open_sample() as lines:
        traded = list(
            map_retail(lines, SAMPLE_FIRST_WEEK, planned_week=SAMPLE_FIRST_WEEK)
        )
    assert (len(replayed), len(traded)) == (SAMPLE_ITEMS, SAMPLE_ITEMS_TRADED)
    kinds = (BidPlaced, PlanSubmitted, PlannedPriceAnnounced)
    left_out = [
        event
        for event in replayed
        if isinstance(event, kinds) and event.period == SAMPLE_FIRST_WEEK
    ]
    gone = {event.event_id for event in left_out}
    assert [
        item for item in replayed if getattr(item, "event_id", None) not in gone
    ] == traded
    # The same lines under the same ids, and they say more here.
    lines_here = {event.event_id: event for event in sample.lines}
    for event in of_kind(BidPlaced, left_out) + of_kind(PlanSubmitted, left_out):
        mine = lines_here.pop(event.event_id)
        assert mine.quantity == event.quantity  # type: ignore[attr-defined]
    assert not lines_here
    medians = {
        event.product_id: event.planned_price
        for event in of_kind(PlannedPriceAnnounced, left_out)
    }
    listed = of_kind(ProductListed, sample.agenda)
    assert {event.product_id: event.start_price for event in listed} == medians


def test_a_plan_line_keeps_its_budget_at_every_point_up_to_the_greatest_price() -> None:
    week = derived(in_week(0, 40), in_week(3, 40))
    (plan,) = of_kind(PlanSubmitted, week.lines)
    assert plan.quantity == 20
    for point in plan.schedule:
        assert point.price * point.quantity == pytest.approx(51, abs=1e-4)
    assert plan.greatest_price == 8 * Decimal("2.55")
    assert plan.schedule[-1].price == plan.greatest_price
    assert (Decimal("2.55"), Decimal(20)) in [
        (point.price, point.quantity) for point in plan.schedule
    ]


def test_a_bid_is_in_proportion_to_the_price() -> None:
    (bid,) = of_kind(BidPlaced, derived(in_week(0, 40), in_week(3, 40)).lines)
    assert bid.quantity == 20
    least, most = bid.schedule
    assert (most.price, most.quantity) == (Decimal("20.4"), 160)
    assert least.quantity / least.price == pytest.approx(
        most.quantity / most.price, rel=Decimal("0.001")
    )


def test_prices_too_small_for_two_points_have_one() -> None:
    week = derived(in_week(0, 4, price="0.000002"))
    for line in week.lines:
        prices = [point.price for point in line.schedule]  # type: ignore[attr-defined]
        assert prices == sorted(set(prices))


def test_customers_are_in_their_countrys_council_and_it_in_its_region() -> None:
    week = derived(in_week(0, 4), country="Channel Islands")
    (plan,) = of_kind(PlanSubmitted, week.lines)
    councils = councils_of(week)
    assert plan.council_id == "channel-islands"
    assert councils["channel-islands"].parent_id == "british-isles"
    assert councils["channel-islands"].level == "neighbourhood"
    assert councils["british-isles"].parent_id == FEDERATION
    assert councils[FEDERATION].parent_id is None


def test_a_country_of_no_region_lies_elsewhere() -> None:
    councils = councils_of(derived(in_week(0, 4), country="Japan"))
    assert councils["japan"].parent_id == ELSEWHERE
    assert council_of("???") == ELSEWHERE


def test_a_customer_without_a_country_has_no_council() -> None:
    week = derived(in_week(0, 4), country="")
    (plan,) = of_kind(PlanSubmitted, week.lines)
    assert plan.council_id is None
    assert list(councils_of(week)) == [FEDERATION]


def test_the_products_wanted_most_wait_for_the_federation(sample: PlannedWeek) -> None:
    threshold = councils_of(sample)[FEDERATION].threshold
    assert threshold is not None
    wanted: dict[str, Decimal] = {}
    for plan in of_kind(PlanSubmitted, sample.lines):
        wanted[plan.product_id] = wanted.get(plan.product_id, 0) + plan.quantity
    assert sum(quantity > threshold for quantity in wanted.values()) == SIGNED
    assert {council.threshold for council in councils_of(sample).values()} == {
        threshold,
        None,
    }


def test_two_of_three_clerks_sign_for_whatever_is_asked(sample: PlannedWeek) -> None:
    signed = signatures(sample, "retail", FEDERATION, "84568")
    federation = councils_of(sample)[FEDERATION]
    assert len(signed) == federation.signatures == 2
    assert len({each.event_id for each in signed}) == 2
    for each in signed:
        assert each.signer_id in federation.signers
        assert (each.vote, each.quantity) == ("approve", None)
        assert not isinstance(decode_events([encode(each)])[0], Refused)


def test_sales_of_the_week_itself_plan_nothing() -> None:
    assert not derived(in_week(4, 4)).lines


def test_a_week_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValue, match="an ISO week"):
        planned_week([], "2011-08-08", "shop")


def test_a_quantity_is_the_mean_of_the_four_weeks() -> None:
    (bid,) = of_kind(BidPlaced, derived(in_week(1, 9)).lines)
    assert bid.quantity == quarters(9)
