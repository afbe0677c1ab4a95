"""One event into one row: what each kind changes, and nothing else."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.market import MONDAY_S, event_of

from schemas.errors import IntegrityError
from schemas.rows import Amount, MarketRow, Planning
from streams.market.fold import Ask, Draft, Position, empty_row, fold
from streams.market.standing import change_between

EMPTY = empty_row("bread", "2011-W44")
RECEIVED = MONDAY_S + 86_400.5


def at(offset=0, topic="purchases", received_at=RECEIVED):
    return Position(topic, offset, received_at)


def units(quantity, value):
    return Amount(quantity=Decimal(quantity), value=Decimal(value))


def folded(*events, row=EMPTY, **more):
    for event in events:
        row = fold(row, event, at(row.positions.get("purchases", -1) + 1), **more)
    return row


def test_an_empty_row_says_nothing():
    assert MarketRow(product_id="bread", period="2011-W44") == EMPTY


def test_an_unplanned_purchase_adds_to_demand_mean_and_windows():
    row = folded(event_of("purchase", quantity="2", unit_price="1.50"))
    assert row.demand.unplanned_purchases == units("2", "3.00")
    assert row.demand.planned_purchases == units("0", "0")
    assert row.price.unplanned_mean == Decimal("1.5")
    for window in (row.rolling.minute, row.rolling.hour, row.rolling.day):
        assert (window.quantity, window.value) == (2, 3)
    assert row.imbalance is None


def test_a_planned_purchase_adds_to_planned_demand_alone():
    row = folded(event_of("purchase", quantity="2", planned_quantity="2.0"))
    assert row.demand.planned_purchases == units("2.0", "3")
    assert row.demand.unplanned_purchases == units("0", "0")
    assert row.price == EMPTY.price
    assert row.rolling == EMPTY.rolling


def test_a_purchase_in_part_planned_is_split_exactly():
    row = folded(event_of("purchase", quantity="2", planned_quantity="0.000001"))
    assert row.demand.planned_purchases == units("0.000001", "0.0000015")
    assert row.demand.unplanned_purchases == units("1.999999", "2.9999985")
    assert row.rolling.day.quantity == Decimal("1.999999")


def test_purchases_of_one_slice_are_added_up_in_one_bucket():
    row = folded(
        event_of("purchase", occurred_at="2011-10-31T14:00:01Z"),
        event_of("purchase", occurred_at="2011-10-31T14:00:09.999999Z"),
    )
    (bucket,) = row.rolling.minute.buckets
    assert (bucket.start, bucket.quantity) == (MONDAY_S + 14 * 3_600, 4)


def test_a_draft_adds_up_what_it_is_given_before_it_is_finished():
    row = Draft(EMPTY)
    for offset, planned in enumerate(("0", "1", "2")):
        event = event_of("purchase", quantity="2", planned_quantity=planned)
        row.fold(event, MONDAY_S + 5.0, RECEIVED, offset)
    for offset in (3, 4):
        event = event_of("cancellation", quantity="2", planned_quantity="1")
        row.fold(event, MONDAY_S + 5.0, RECEIVED, offset)
    finished = row.finish("purchases")
    assert finished.sequence == 5
    assert finished.positions == {"purchases": 4}
    assert finished.demand.planned_purchases == units("3", "4.5")
    assert finished.demand.unplanned_purchases == units("3", "4.5")
    assert finished.demand.unplanned_cancellations == units("2", "3")


def test_purchases_added_together_make_the_row_that_they_make_singly():
    events = [
        event_of("purchase", quantity="2.5", planned_quantity=planned, unit_price=price)
        for planned in ("0", "0.5", "2.5")
        for price in ("1.1", "-0.1", "0")
    ]
    together = Draft(EMPTY)
    occurred_s = events[0].occurred_at.timestamp()
    start = int(occurred_s)
    together.add_purchases(events[:5], start, occurred_s, RECEIVED, 4)
    together.add_purchases(events[5:], start, occurred_s, RECEIVED, 8)
    assert together.finish("purchases") == folded(*events)


def test_a_cancellation_is_kept_apart_from_what_it_cancels():
    row = folded(
        event_of("purchase", quantity="2", planned_quantity="1"),
        event_of("cancellation", quantity="2", planned_quantity="1", unit_price="1"),
    )
    assert row.demand.planned_purchases == units("1", "1.5")
    assert row.demand.planned_cancellations == units("1", "1")
    assert row.demand.unplanned_cancellations == units("1", "1")
    assert row.rolling.day.quantity == 1


def test_a_price_below_zero_makes_sums_below_zero_but_never_minus_zero():
    row = folded(
        event_of("cancellation", unit_price="-5"),
        event_of("purchase", unit_price="-0.000001", quantity="0.000001"),
    )
    assert str(row.demand.planned_cancellations.value) == "0"
    assert row.demand.unplanned_cancellations.value == -5
    assert row.demand.unplanned_purchases.value == Decimal("-1e-12")
    assert str(row.price.unplanned_mean) == "-0.000001"


def answered(kind, before, after, row=EMPTY):
    change = change_between(kind, Decimal(before), Decimal(after))
    return folded(event_of(kind, quantity=str(after)), row=row, change=change)


def test_a_bid_and_a_plan_make_the_imbalance():
    row = answered("plan", 0, 100, answered("bid", 0, 110))
    assert (row.supply.planned, row.demand.planned) == (110, 100)
    assert (str(row.imbalance.percent), row.imbalance.colour) == ("9.52", "yellow")
    assert (row.planning.bids, row.planning.plans) == (1, 1)


@pytest.mark.parametrize("kind", ["bid", "plan"])
def test_a_revision_takes_back_what_the_one_before_it_added(kind):
    row = answered(kind, 10, 4, answered(kind, 0, 10))
    assert row.supply.planned + row.demand.planned == 4
    assert row.planning.bids + row.planning.plans == 1
    row = answered(kind, 4, 0, row)
    assert row.supply.planned + row.demand.planned == 0
    assert row.planning == EMPTY.planning
    assert row.imbalance is None


@pytest.mark.parametrize("kind", ["bid", "plan"])
def test_taking_back_more_than_there_is_stops_the_fold(kind):
    with pytest.raises(IntegrityError, match=r"bread in 2011-W44 .*-10"):
        answered(kind, 10, 0)


def test_what_lines_are_denied_stands_beside_the_sums():
    denied = change_between("plan", Decimal(0), Decimal(0), denied_after=Decimal(7))
    row = folded(event_of("plan", quantity="7"), change=denied)
    assert (row.planning.denied, row.planning.denied_quantity) == (1, 7)
    assert row.planning.plans == 0
    back = change_between("plan", Decimal(0), Decimal(7), denied_before=Decimal(7))
    row = folded(event_of("plan", quantity="7"), row=row, change=back)
    assert row.planning == Planning(plans=1)


def test_an_announced_price_brings_its_round_and_leaves_the_planned_one():
    row = folded(
        event_of("planned_price", planned_price="2"),
        event_of(
            "announced_price",
            announced_price="3",
            round=4,
            forecast_percent="-1.5",
            flags=["no_bid"],
        ),
        event_of("indicative_price", indicative_price="3.5"),
    )
    price = row.price
    assert (price.planned, price.announced, price.indicative) == (2, 3, Decimal("3.5"))
    assert {type(one) for one in (price.announced, price.indicative)} == {Decimal}
    assert row.planning == Planning(
        round=4, forecast_percent=Decimal("-1.5"), flags=("no_bid",)
    )
    row = folded(event_of("announced_price", announced_price="3", round=5), row=row)
    assert row.planning == Planning(round=5)
    assert row.price.indicative == Decimal("3.5")


def test_purchases_leave_what_is_planned():
    row = folded(event_of("announced_price"), event_of("indicative_price"))
    bought = folded(event_of("purchase"), row=answered("bid", 0, 10, row))
    assert bought.planning == Planning(round=1, bids=1)
    assert (bought.price.announced, bought.price.indicative) == (
        Decimal("1.25"),
        Decimal("1.3"),
    )
    assert bought.supply.planned == 10


def test_production_adds_up():
    row = folded(event_of("production", quantity="5"), event_of("production"))
    assert row.supply.produced == 10
    assert row.imbalance is None


def test_the_newest_planned_price_replaces_the_one_before():
    row = folded(
        event_of("planned_price", planned_price="2"),
        event_of("planned_price", planned_price="-0"),
    )
    assert str(row.price.planned) == "0"
    assert type(row.price.planned) is Decimal
    assert row.price.difference is None


def test_the_difference_is_what_is_asked_over_the_planned_price():
    row = folded(event_of("planned_price", planned_price="2"))
    row = folded(event_of("price"), row=row, ask=Ask(Decimal("1.75"), "bakery"))
    assert row.price.unplanned == Decimal("1.75")
    assert row.price.unplanned_company == "bakery"
    assert row.price.difference == Decimal("-0.25")


def test_an_ask_that_is_not_said_stays_and_one_that_is_gone_goes():
    ask = Ask(Decimal("1.75"), "bakery")
    row = folded(event_of("purchase"), ask=ask)
    row = folded(event_of("purchase"), event_of("price"), row=row)
    assert (row.price.unplanned, row.price.unplanned_company) == ask
    draft = Draft(row)
    draft.set_ask(None)
    gone = draft.finish("production")
    assert (gone.price.unplanned, gone.price.unplanned_company) == (None, None)
    assert (gone.sequence, gone.positions) == (row.sequence, row.positions)


def test_a_record_at_or_below_the_position_of_its_topic_changes_nothing():
    row = fold(EMPTY, event_of("purchase"), at(7))
    for offset in (0, 6, 7):
        assert fold(row, event_of("purchase"), at(offset)) is row
    assert fold(row, event_of("bid"), at(0, "bids")).positions == {
        "purchases": 7,
        "bids": 0,
    }
    assert fold(row, event_of("purchase"), at(8)).sequence == 2


def test_the_times_are_those_of_the_newest_event_whatever_the_order():
    late = event_of("purchase", occurred_at="2011-10-31T15:00:00.123456+02:00")
    row = fold(EMPTY, late, at(0, received_at=RECEIVED))
    row = fold(row, event_of("bid"), at(0, "bids", RECEIVED - 10))
    row = fold(row, event_of("purchase"), at(1, received_at=RECEIVED - 20))
    assert row.occurred_at == datetime(2011, 10, 31, 14, tzinfo=UTC)
    assert row.received_at.timestamp() == RECEIVED


def test_the_boards_word_moves_no_time_and_no_window() -> None:
    # A replayed week is planned by a board whose clock is years ahead.
    sold = folded(event_of("purchase", occurred_at="2011-10-31T14:00:00Z"))
    event = event_of("planned_price", occurred_at="2026-11-22T18:00:00Z")
    row = fold(sold, event, Position("board", 0, RECEIVED))
    assert row.price.planned is not None
    assert row.occurred_at == sold.occurred_at
    assert row.rolling == sold.rolling


def test_a_time_keeps_its_microseconds_to_the_end_of_the_century():
    for text in ("2011-10-31T14:00:00.000001Z", "2099-12-31T23:59:59.999999Z"):
        row = folded(event_of("purchase", occurred_at=text))
        assert row.occurred_at == datetime.fromisoformat(text)
