from datetime import UTC, datetime
from typing import Any

import pytest

from feed_server.routing import route
from schemas import agenda, planning, values
from schemas.codec import decode_event
from schemas.errors import Refused
from schemas.events import Event
from schemas.topics import AGENDA, BIDS, BOARD, BOARD_ONLY, TOPIC_OF_EVENT
from schemas.values import Period, PositiveQuantity, Quantity

WHO_AND_WHEN: dict[str, Any] = {
    "event_id": "e-1",
    "occurred_at": datetime(2011, 10, 28, 9, 0, tzinfo=UTC),
}
WEEK = Period("2011-W44")

OF_PRODUCTS: list[Event] = [
    planning.BidPlaced(
        **WHO_AND_WHEN,
        product_id="rye",
        company_id="mill",
        period=WEEK,
        quantity=Quantity("1"),
    ),
    planning.PlanSubmitted(
        **WHO_AND_WHEN,
        product_id="rye",
        consumer_id="ada",
        period=WEEK,
        quantity=Quantity("1"),
    ),
    planning.BidConfirmed(
        **WHO_AND_WHEN,
        product_id="rye",
        company_id="mill",
        member_id="farm",
        period=WEEK,
        revision=1,
    ),
]

OF_PERIODS: list[Event] = [
    agenda.ProductListed(
        **WHO_AND_WHEN,
        product_id="rye",
        period=WEEK,
        start_price=PositiveQuantity("2"),
    ),
    agenda.PeriodOpened(**WHO_AND_WHEN, period=WEEK),
    agenda.RoundAnnounced(**WHO_AND_WHEN, period=WEEK, round=1, rebid=True),
    agenda.PriceSet(
        **WHO_AND_WHEN,
        product_id="rye",
        period=WEEK,
        round=1,
        price=PositiveQuantity("2"),
    ),
    agenda.GateClosed(**WHO_AND_WHEN, period=WEEK),
    agenda.CouncilSigned(
        **WHO_AND_WHEN,
        council_id="north",
        period=WEEK,
        product_id="rye",
        vote="veto",
        signer_id="ada",
    ),
]


@pytest.mark.parametrize("event", OF_PRODUCTS, ids=lambda e: type(e).__name__)
def test_an_event_of_a_product_goes_to_the_bids_under_its_product(event: Event) -> None:
    assert route(event) == (BIDS, b"rye")


@pytest.mark.parametrize("event", OF_PERIODS, ids=lambda e: type(e).__name__)
def test_what_is_asked_of_the_board_goes_to_the_agenda_under_its_period(
    event: Event,
) -> None:
    assert route(event) == (AGENDA, b"2011-W44")


def test_a_council_goes_to_the_agenda_under_its_own_name() -> None:
    north = agenda.CouncilFormed(**WHO_AND_WHEN, council_id="north", level="city")
    assert route(north) == (AGENDA, b"north")


def test_a_planned_price_may_be_handed_in_where_no_board_plans() -> None:
    price = decode_event(
        b'{"type":"planned_price","event_id":"e-1","product_id":"rye",'
        b'"occurred_at":"2011-10-28T09:00:00Z","period":"2011-W44",'
        b'"planned_price":"2.00"}'
    )
    assert route(price) == (BOARD, b"rye")


def test_a_planned_price_where_a_board_plans_is_nobody_elses_to_set() -> None:
    price = planning.PlannedPriceAnnounced(
        **WHO_AND_WHEN,
        product_id="rye",
        period=WEEK,
        planned_price=values.Price("9.99"),
    )
    with pytest.raises(Refused, match="board_only"):
        route(price, {str(WEEK)})
    assert route(price, {"2011-W45"}) == (BOARD, b"rye")


def test_what_only_the_board_says_is_refused_and_names_its_event() -> None:
    decision = planning.CouncilDecided(
        **WHO_AND_WHEN,
        product_id="rye",
        council_id="north",
        period=WEEK,
        counts=False,
        revision=1,
    )
    with pytest.raises(Refused) as refused:
        route(decision)
    assert (refused.value.code, refused.value.event_id) == ("board_only", "e-1")


def test_a_periods_times_are_the_boards_to_say() -> None:
    times = planning.PeriodAnnounced(**WHO_AND_WHEN, period=WEEK)
    with pytest.raises(Refused, match="board_only"):
        route(times)


def test_these_are_all_the_kinds_of_the_agenda() -> None:
    tags = {event.__struct_config__.tag for event in OF_PERIODS} | {"council"}
    assert tags == AGENDA.event_types
    assert not tags & BOARD_ONLY
    assert TOPIC_OF_EVENT.keys() >= tags
