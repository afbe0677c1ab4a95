"""An economy's answers as events: whole, exact, and what the codec takes."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from parfeed.economy.answer_events import (
    PARTS_PER_UNIT,
    AnswerEvents,
    Naming,
    opening_events,
)
from parfeed.economy.councils import economy_of
from parfeed.economy.economy import Economy
from parfeed.economy.reading import read_councils
from parfeed.economy.troubles import Hiding
from schemas.agenda import CouncilFormed, PeriodOpened, ProductListed
from schemas.codec import decode_event, decode_events
from schemas.errors import Refused
from schemas.planning import BidPlaced, PlanSubmitted
from schemas.values import Period
from streams.market.answers import Floats, demand_of, supply_of

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def economy() -> Economy:
    return economy_of(read_councils())


def naming(economy: Economy, **changes: object) -> Naming:
    named = Naming("run", Period("2026-W48"), economy.names)
    return named._replace(**changes)


def events_of(
    economy: Economy, round_: int = 1, **changes: object
) -> list[BidPlaced | PlanSubmitted]:
    answers = economy.answer(economy.start_prices)
    writer = AnswerEvents(naming(economy, **changes), answers)
    decoded = decode_events(writer.of_round(answers, round_, NOW))
    assert writer.count == len(decoded)
    assert not [event for event in decoded if isinstance(event, Refused)]
    return decoded  # type: ignore[return-value]


def sums(
    economy: Economy, events: list[BidPlaced | PlanSubmitted], kind: type
) -> Floats:
    total = dict.fromkeys(economy.names, Decimal(0))
    for event in events:
        if isinstance(event, kind):
            total[event.product_id] += event.quantity
    return np.array([float(units / PARTS_PER_UNIT) for units in total.values()])


def test_every_line_of_an_answer_is_one_event_that_the_codec_takes(
    economy: Economy,
) -> None:
    events = events_of(economy, round_=3)
    bids = [event for event in events if isinstance(event, BidPlaced)]
    plans = [event for event in events if isinstance(event, PlanSubmitted)]
    inputs = [plan for plan in plans if plan.for_product_id is not None]
    assert (len(bids), len(inputs), len(plans)) == (3_020, 16_471, 76_471)
    assert sum(bid.is_fixed for bid in bids) == 20
    assert {event.round for event in events} == {3}
    assert {event.revision for event in events} == {3}
    assert {event.occurred_at for event in events} == {NOW}
    assert len({event.event_id for event in events}) == len(events)
    assert {bid.company_id for bid in bids} >= {plan.consumer_id for plan in inputs}
    made = {(bid.company_id, bid.product_id) for bid in bids}
    assert made >= {(plan.consumer_id, plan.for_product_id) for plan in inputs}


def test_the_events_of_another_round_or_run_are_others(economy: Economy) -> None:
    ids = [
        {event.event_id for event in events_of(economy, round_, run=run)}
        for round_, run in ((1, "run"), (2, "run"), (1, "other"))
    ]
    assert len(set.union(*ids)) == sum(map(len, ids))


def test_sums_of_rounded_lines_are_those_of_the_answers_to_ten_digits(
    economy: Economy,
) -> None:
    events = events_of(economy)
    answers = economy.answer(economy.start_prices)
    supply = sums(economy, events, BidPlaced)
    demand = sums(economy, events, PlanSubmitted)
    np.testing.assert_allclose(supply, supply_of(answers), rtol=1e-10)
    np.testing.assert_allclose(demand, demand_of(answers), rtol=1e-10)


def test_sums_in_whole_units_would_be_true_to_seven_digits_only(
    economy: Economy,
) -> None:
    answers = economy.answer(economy.start_prices)
    in_units = answers._replace(
        plans=answers.plans._replace(quantity=answers.plans.quantity.round(6))
    )
    off = np.abs(demand_of(in_units) / demand_of(answers) - 1).max()
    assert 1e-9 < off < 1e-7


def test_schedules_go_with_their_lines(economy: Economy) -> None:
    events = events_of(economy.replaced(with_schedules=True))
    for event in events:
        is_fixed = isinstance(event, BidPlaced) and event.is_fixed
        is_input = isinstance(event, PlanSubmitted) and event.for_product_id
        assert len(event.schedule) == (0 if is_fixed or is_input else 9)
    bid = events[0]
    said = {point.price: point.quantity for point in bid.schedule}
    assert said[Decimal(700)] == bid.quantity


def test_a_consumers_council_is_named_where_there_is_one(economy: Economy) -> None:
    councils = [f"street-{number // 100}" for number in range(3_000)]
    events = events_of(economy, councils=councils)
    plans = [e for e in events if isinstance(e, PlanSubmitted) and not e.for_product_id]
    assert {plan.council_id for plan in plans} == set(councils)
    assert not [e for e in events if isinstance(e, BidPlaced) and e.team_id]


def test_names_that_mean_something_to_json_come_through(economy: Economy) -> None:
    names = ['a"b\\c', *(f"%d {name}" for name in economy.names[1:])]
    events = events_of(economy, products=names)
    assert {event.product_id for event in events} == set(names)


def test_sums_without_a_bidder_cannot_be_bid(economy: Economy) -> None:
    answers = Hiding(economy).answer(economy.start_prices)
    with pytest.raises(ValueError, match="show all lines"):
        AnswerEvents(naming(economy), answers)


def test_an_answer_of_another_layout_is_refused(economy: Economy) -> None:
    answers = economy.answer(economy.start_prices)
    fewer = answers._replace(
        bids=answers.bids._replace(quantity=answers.bids.quantity[1:])
    )
    with pytest.raises(ValueError, match=r"3020; was 3019"):
        AnswerEvents(naming(economy), answers).of_round(fewer, 1, NOW)


def test_planning_begins_with_councils_then_products_then_the_opening(
    economy: Economy,
) -> None:
    tree = [
        CouncilFormed(
            event_id="c", occurred_at=NOW, council_id="all", level="federation"
        )
    ]
    events = [
        decode_event(raw)
        for raw in opening_events(
            naming(economy), economy.start_prices, tree, NOW, quiet_s=0.25
        )
    ]
    assert events[0] == tree[0]
    *listed, opened = events[1:]
    assert [event.product_id for event in listed] == list(economy.names)  # type: ignore[union-attr]
    assert {event.start_price for event in listed} == {Decimal(700)}  # type: ignore[union-attr]
    assert {type(event) for event in listed} == {ProductListed}
    assert isinstance(opened, PeriodOpened)
    assert opened.quiet_s == 0.25
