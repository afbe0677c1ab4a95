"""What a grid's hours become: day-ahead forecasts as plans, the day as trading."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from support.grid_lines import CELLS, HEADER, an_hour, grid_items

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid import Item, map_grid
from parfeed.sources.grid_reading import PLANNED, PRODUCED, Days
from parfeed.sources.opening import GRID_SAMPLE, open_sample
from schemas.codec import decode_events, encode
from schemas.errors import InvalidValue
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted
from streams.market.periods import period_of


def events_of(items: list[Item]) -> list[Event]:
    return [item for item in items if not isinstance(item, RefusedRow)]


def by_id(items: list[Item]) -> dict[str, Event]:
    return {event.event_id: event for event in events_of(items)}


def an_event(kind: type[Event], items: list[Item]) -> Event:
    (event,) = [event for event in events_of(items) if type(event) is kind]
    return event


def test_a_planned_hour_is_a_price_bids_and_a_plan_line_of_the_day_before() -> None:
    items = grid_items([an_hour("2023-06-01T12:00:00")])
    price, *bids, plan = planning = events_of(items)[:14]
    assert isinstance(price, PlannedPriceAnnounced)
    assert str(price.planned_price) == "-5.17"
    assert isinstance(plan, PlanSubmitted)
    assert str(plan.quantity) == "50000.25"
    bid_for = {
        bid.company_id: bid.quantity for bid in bids if isinstance(bid, BidPlaced)
    }
    assert bid_for.keys() == PRODUCED.keys()
    for name in ("wind-offshore", "wind-onshore", "photovoltaics"):
        assert str(bid_for.pop(name)) == CELLS[PLANNED[name]]
    assert str(sum(bid_for.values())) == CELLS[PLANNED["other"]]
    assert {str(event.period) for event in planning} == {"2023-06-01T10"}  # type: ignore[union-attr]
    # The auction closes at noon, local time.
    assert {event.occurred_at.date() for event in planning} == {date(2023, 5, 31)}
    assert price.occurred_at == datetime(2023, 5, 31, 10, 24, tzinfo=UTC)


def test_what_was_made_is_reported_by_source_within_the_hour() -> None:
    items = grid_items([an_hour("2023-06-01T12:00:00", actual_nuclear_mwh="0.00")])
    made = {
        event.company_id: str(event.quantity)
        for event in events_of(items)
        if isinstance(event, ProductionReported)
    }
    expected = {name: CELLS[column] for name, column in PRODUCED.items()}
    del expected["nuclear"]  # of nothing there is no report
    assert made == expected


@pytest.mark.parametrize(
    ("planned", "actual", "within", "beyond"),
    [
        ("100.25", "90.50", "90.50", None),
        ("100.25", "100.25", "100.25", None),
        ("100.25", "110.50", "100.25", "10.25"),
        ("0.00", "110.50", None, "110.50"),
        ("", "110.50", None, "110.50"),
        ("100.25", "0.00", None, None),
        ("100.25", "", None, None),
    ],
)
def test_load_is_bought_as_planned_up_to_the_plan_and_unplanned_beyond_it(
    planned: str, actual: str, within: str | None, beyond: str | None
) -> None:
    items = grid_items([an_hour(planned_load_mwh=planned, actual_load_mwh=actual)])
    bought = [each for each in events_of(items) if isinstance(each, PurchaseRecorded)]
    unplanned = [each for each in bought if each.event_id.endswith(":unplanned")]
    fulfil = [each for each in bought if each not in unplanned]
    assert str(sum(each.quantity for each in fulfil)) == (within or "0")
    for each in fulfil:
        assert each.planned_quantity == each.quantity
        assert str(each.unit_price) == "-5.17"
    assert [str(each.quantity) for each in unplanned] == ([beyond] if beyond else [])
    for each in unplanned:
        assert not each.planned_quantity
        assert str(each.unit_price) == "231.47"
        assert each.company_id == "grid"


def test_the_balancing_price_is_asked_before_anything_is_bought_at_it() -> None:
    items = grid_items([an_hour()])
    asked = an_event(UnplannedPricePosted, items)
    assert isinstance(asked, UnplannedPricePosted)
    assert str(asked.unplanned_price) == "231.47"
    bought = by_id(items)["grid:bought:2023-06-01T10:unplanned"]
    assert asked.occurred_at < bought.occurred_at


def test_an_hour_without_a_price_has_its_units_refused_and_not_guessed() -> None:
    items = grid_items(
        [an_hour(day_ahead_price_eur_mwh="", balancing_price_eur_mwh="")]
    )
    refused = [item for item in items if isinstance(item, RefusedRow)]
    assert Counter(item.reason for item in refused) == {
        "missing_value": 2,
        "unpriced": 2,
    }
    assert [item.detail for item in refused[2:]] == [
        "50000.25 MWh planned in an hour without that price",
        "10.25 MWh unplanned in an hour without that price",
    ]
    kinds = {type(event) for event in events_of(items)}
    assert kinds == {BidPlaced, PlanSubmitted, ProductionReported}


def test_every_event_of_an_hour_counts_in_the_hour_in_utc() -> None:
    night = ["01", "02", "02", "03"]
    items = grid_items([an_hour(f"2023-10-29T{hour}:00:00") for hour in night])
    periods: Counter[str] = Counter()
    for event in events_of(items):
        named = getattr(event, "period", None)
        period = named or period_of(event.occurred_at, "hour")
        assert str(period) in event.event_id
        periods[str(period)] += 1
    names = ("2023-10-28T23", "2023-10-29T00", "2023-10-29T01", "2023-10-29T02")
    # A price, 12 bids, a plan; 12 reports, a price asked; purchases of 12 and of grid
    # within the plan and one beyond it.
    assert periods == dict.fromkeys(names, 41)


@pytest.fixture(scope="module")
def sample() -> list[Event]:
    """The events of the packaged hours, made once: 150,000 of them."""
    return events_of(list(map_grid(open_sample(GRID_SAMPLE))))


def test_events_come_in_the_order_of_their_time(sample: list[Event]) -> None:
    moments = [event.occurred_at for event in sample]
    assert moments == sorted(moments)


def test_the_same_hours_make_the_same_events_wherever_they_stand(
    sample: list[Event],
) -> None:
    with open_sample(GRID_SAMPLE) as lines:
        header, *rows = lines
    whole = {event.event_id: event for event in sample}
    part = by_id(
        list(map_grid([header, *rows], Days(date(2024, 3, 30), date(2024, 4, 1))))
    )
    # Rows of their own file, in which the day begins late and ends early.
    torn = by_id(list(map_grid([header, *rows[3_830:3_840]])))
    # Three days, in one of which the clocks go forward.
    assert len([each for each in part if each.startswith("grid:planned-price")]) == 71
    for events in (part, torn):
        assert events
        for event_id, event in events.items():
            assert encode(event) == encode(whole[event_id])


def test_every_event_of_the_sample_is_what_the_wire_takes_with_an_id_of_its_own(
    sample: list[Event],
) -> None:
    assert len({event.event_id for event in sample}) == len(sample)
    decoded = decode_events([encode(event) for event in sample])
    assert decoded == sample


def test_a_file_of_nothing_becomes_nothing_and_refusals_alone_stay() -> None:
    assert grid_items([]) == []
    (refused,) = grid_items(["\n"])
    assert isinstance(refused, RefusedRow)


@pytest.mark.parametrize("name", ["", "n" * 9, "a\x07"])
def test_a_name_that_fits_no_event_id_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        map_grid([HEADER], name=name)


def test_files_with_names_of_their_own_share_no_event_id() -> None:
    ours, theirs = (
        by_id(list(map_grid([HEADER, an_hour()], name=name)))
        for name in ("grid", "other")
    )
    assert not ours.keys() & theirs.keys()
