"""A batch of records: what it changes, what it refuses and why."""

from decimal import Decimal

import pytest
from support.market import (
    MONDAY_S,
    fold_said,
    moment,
    raw,
    record,
    records,
    said,
    tables,
)

from schemas.codec import MAX_EVENT_BYTES
from schemas.errors import IntegrityError
from schemas.rows import MarketRow
from schemas.topics import BIDS, BOARD, PRODUCTION, PURCHASES, SOURCES, TOPIC_OF_EVENT
from streams.market.batch import Changes, fold_batch, remember_batch

DAY_S = 86_400
WEEK_S = 7 * DAY_S


def purchases(*event_ids, **changed):
    return [said("purchase", event_id=event_id, **changed) for event_id in event_ids]


def refusals(changes):
    return [(one.offset, one.code) for one in changes.rejected]


def only_refusal(topic, value, into=None, **placed):
    changes = fold_batch(into or tables(), topic, [record(value, **placed)])
    assert not changes.rows
    assert not changes.lines
    (refused,) = changes.rejected
    return refused


def test_no_records_change_nothing():
    assert fold_batch(tables(), PURCHASES, []) == Changes([], [], [])


def test_a_batch_changes_each_row_once():
    into = tables()
    sent = [
        said("purchase", event_id=f"e-{at}", occurred_at=moment(at * 3_600))
        for at in range(-30, 24)
    ]
    changes = fold_batch(into, PURCHASES, records(sent, first=5))
    assert {row.period: row.sequence for row in changes.rows} == {
        "2011-W43": 30,
        "2011-W44": 24,
    }
    assert [row.positions for row in changes.rows] == [
        {"purchases": 34},
        {"purchases": 58},
    ]
    assert into.rows == {("bread", row.period): row for row in changes.rows}


def test_purchases_and_cancellations_of_one_batch_meet_in_the_row():
    sent = [*purchases("e-1"), said("cancellation", event_id="e-2"), *purchases("e-3")]
    (row,) = fold_batch(tables(), PURCHASES, records(sent)).rows
    assert row.sequence == 3
    assert row.positions == {"purchases": 2}
    assert row.demand.unplanned_purchases.quantity == 4
    assert row.demand.unplanned_cancellations.quantity == 1


def test_arrivals_that_run_backwards_leave_the_newest():
    # The broker's clock was set back between two records.
    sent = [
        record(said("purchase", event_id=f"e-{at}"), at, DAY_S - at) for at in (0, 1)
    ]
    (row,) = fold_batch(tables(), PURCHASES, sent).rows
    assert row.received_at.timestamp() == MONDAY_S + DAY_S


# Refusals


def test_what_is_no_event_is_refused_with_its_bytes_and_place():
    refused = only_refusal(PURCHASES, b"{]", tables(partition=3), offset=7)
    assert (refused.code, refused.value) == ("malformed", b"{]")
    assert (refused.topic, refused.partition, refused.offset) == ("purchases", 3, 7)


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_refused(value):
    refused = only_refusal(BIDS, value)
    assert (refused.code, refused.value, refused.event_id) == ("malformed", b"", None)


def test_of_an_endless_record_no_more_is_kept_than_an_event_may_have():
    refused = only_refusal(PURCHASES, b"x" * 1_000_000)
    assert refused.code == "too_large"
    assert refused.value == b"x" * MAX_EVENT_BYTES


def test_a_bad_record_does_not_keep_the_next_from_being_folded():
    sent = [*purchases("e-1"), b"?", *purchases("e-2")]
    changes = fold_batch(tables(), PURCHASES, records(sent))
    assert refusals(changes) == [(1, "malformed")]
    assert changes.rows[0].sequence == 2


EVERYWHERE = {"period", "trading_end"}
"""Kinds that lie in every partition, and in no row."""


@pytest.mark.parametrize("kind", sorted(TOPIC_OF_EVENT))
@pytest.mark.parametrize("topic", SOURCES, ids=lambda topic: topic.name)
def test_an_event_is_taken_from_its_own_topic_only(kind, topic):
    into = tables()
    if kind == "confirmation":
        fold_said(into, said("bid", event_id="e-0", members=["mill"]))
    changes = fold_batch(into, topic, [record(said(kind), 1)])
    if topic is TOPIC_OF_EVENT[kind]:
        assert not changes.rejected
        assert len(changes.rows) == (kind not in EVERYWHERE)
    else:
        (refused,) = changes.rejected
        assert (refused.code, refused.event_id) == ("wrong_topic", "e-1")
        assert f"a {kind} was sent to {topic.name}, which takes" in refused.detail
        assert not changes.rows


def test_a_purchase_astray_is_refused_even_beside_events_of_its_product():
    sent = [said("production", event_id="e-1"), *purchases("e-2")]
    changes = fold_batch(tables(), PRODUCTION, records(sent))
    assert refusals(changes) == [(1, "wrong_topic")]
    assert changes.rows[0].sequence == 1


@pytest.mark.parametrize(
    "kind", [tag for topic in SOURCES for tag in sorted(topic.event_types - EVERYWHERE)]
)
def test_a_product_of_another_partition_is_refused(kind):
    refused = only_refusal(
        TOPIC_OF_EVENT[kind], said(kind), tables(partition=2, foreign=("bread",))
    )
    assert (refused.code, refused.event_id) == ("wrong_partition", "e-1")
    assert "bread does not belong in partition 2" in refused.detail


def test_each_purchase_of_another_partitions_product_is_refused():
    changes = fold_batch(
        tables(foreign=("bread",)), PURCHASES, records(purchases("e-1", "e-2"))
    )
    assert [one.event_id for one in changes.rejected] == ["e-1", "e-2"]


@pytest.mark.parametrize("kind", ["bid", "plan", "planned_price"])
def test_a_period_of_another_length_is_refused(kind):
    event = said(kind, period="2011-10-31")
    refused = only_refusal(TOPIC_OF_EVENT[kind], event)
    assert (refused.code, refused.event_id) == ("invalid_field", "e-1")
    assert refused.detail == (
        "must be a week such as 2011-W44, was '2011-10-31' - at `$.period`"
    )


@pytest.mark.parametrize("kind", ["purchase", "cancellation", "bid"])
def test_an_event_ahead_of_its_arrival_is_refused_and_one_at_the_limit_is_not(kind):
    topic = TOPIC_OF_EVENT[kind]
    sent = [
        said(kind, event_id="e-1", occurred_at=moment(3_600), revision=None),
        said(kind, event_id="e-2", occurred_at=moment(3_600.001), revision=None),
    ]
    changes = fold_batch(tables(), topic, records(sent, received_s=0))
    (refused,) = changes.rejected
    assert (refused.code, refused.event_id) == ("occurred_in_future", "e-2")
    assert "lies 3600 s ahead of its arrival; 3600 s may be" in refused.detail
    assert changes.rows[0].sequence == 1


def test_a_late_event_counts_in_the_period_it_belongs_to():
    into = tables()
    fold_said(into, *purchases("e-1"))
    late = said("purchase", event_id="e-2", occurred_at=moment(-600 * WEEK_S))
    fold_batch(into, PURCHASES, [record(late, 1)])
    assert {period for _, period in into.rows} == {"2011-W44", "2000-W18"}


@pytest.mark.parametrize("kind", ["purchase", "cancellation", "production", "price"])
def test_an_event_counts_in_the_week_it_happened_in_to_the_microsecond(kind):
    into = tables()
    for at, text in enumerate(("2011-10-30T23:59:59.999999Z", "2011-10-31T00:00:00Z")):
        event = said(kind, event_id=text, occurred_at=text)
        (row,) = fold_batch(into, TOPIC_OF_EVENT[kind], [record(event, at)]).rows
        assert row.period == ("2011-W43", "2011-W44")[at]


@pytest.mark.parametrize("kind", ["purchase", "bid"])
@pytest.mark.parametrize("timestamp_ms", [4_102_444_800_000, 2**63 - 1])
def test_a_record_stamped_beyond_the_wires_times_is_refused(kind, timestamp_ms):
    stamped = record(said(kind))._replace(timestamp=timestamp_ms)
    changes = fold_batch(tables(), TOPIC_OF_EVENT[kind], [stamped])
    (refused,) = changes.rejected
    assert (refused.code, refused.event_id) == ("invalid_field", "e-1")
    assert "LogAppendTime" in refused.detail


def test_a_record_without_a_timestamp_is_refused():
    stamped = record(said("purchase"))._replace(timestamp=-1)
    changes = fold_batch(tables(), PURCHASES, [stamped])
    assert refusals(changes) == [(0, "occurred_in_future")]


# Duplicates


def test_an_event_sent_twice_counts_once():
    into = tables()
    changes = fold_batch(into, PURCHASES, records(purchases("e-1", "e-1", "e-2")))
    (refused,) = changes.rejected
    assert (refused.offset, refused.code, refused.event_id) == (1, "duplicate", "e-1")
    assert changes.rows[0].sequence == 2
    again = fold_batch(into, PURCHASES, records(purchases("e-2"), 3))
    assert refusals(again) == [(3, "duplicate")]
    assert not again.rows


def test_the_same_id_counts_once_on_each_topic():
    into = tables()
    fold_said(into, said("purchase"), said("bid"), said("production"))
    assert into.rows["bread", "2011-W44"].sequence == 3


def test_an_id_counts_again_when_it_has_left_the_window():
    into = tables(window=4)
    changes = fold_batch(into, PURCHASES, records(purchases(*"abcda")))
    assert refusals(changes) == []
    changes = fold_batch(into, PURCHASES, records(purchases(*"aeaf"), 5))
    assert refusals(changes) == [(5, "duplicate"), (7, "duplicate")]


def test_a_refused_event_uses_up_its_id_but_what_cannot_be_decoded_does_not():
    into = tables()
    sent = [
        said("purchase", event_id="e-1", quantity="none"),
        said("purchase", event_id="e-1"),
        said("bid", event_id="e-2"),
        said("purchase", event_id="e-2"),
    ]
    changes = fold_batch(into, PURCHASES, records(sent))
    assert refusals(changes) == [
        (0, "invalid_field"),
        (2, "wrong_topic"),
        (3, "duplicate"),
    ]


def test_remembered_records_answer_like_folded_ones():
    sent = [
        said("purchase", event_id="e-1", quantity="none"),
        b"?",
        None,
        said("bid", event_id="e-2"),
        *purchases("e-3", "e-3", "e-4"),
    ]
    folded, remembered = tables(window=20), tables(window=20)
    fold_batch(folded, PURCHASES, records(sent))
    span = remembered.seen_ids(PURCHASES).span_to_read(len(sent))
    remember_batch(remembered, PURCHASES, records(sent)[span.start : span.stop])
    for into in (folded, remembered):
        again = records(purchases("e-1", "e-2", "e-3", "e-4"), len(sent))
        assert refusals(fold_batch(into, PURCHASES, again)) == [
            (8, "duplicate"),
            (9, "duplicate"),
            (10, "duplicate"),
        ]


# Lines


def test_a_bid_makes_a_line_that_its_next_revision_replaces():
    into = tables()
    first = fold_said(into, said("bid", quantity="10", revision=1))[0]
    second = fold_said(
        into, said("bid", event_id="e-2", quantity="4", revision=2), first=1
    )[0]
    assert [line.amount for change in (first, second) for line in change.lines] == [
        10,
        4,
    ]
    assert second.rows[0].supply.planned == 4
    (line,) = into.lines.values()
    assert (line.kind, line.party_id, line.revision) == ("bid", "bakery", 2)
    assert type(line.amount) is Decimal


def test_revisions_of_one_batch_leave_one_line():
    sent = [
        said(
            "plan", event_id=f"e-{revision}", quantity=str(revision), revision=revision
        )
        for revision in range(5)
    ]
    changes = fold_batch(tables(), BIDS, records(sent))
    assert [line.amount for line in changes.lines] == [4]
    assert changes.rows[0].demand.planned == 4


@pytest.mark.parametrize("kind", ["bid", "plan", "planned_price"])
@pytest.mark.parametrize("revision", [4, 5])
def test_an_earlier_or_equal_revision_is_stale(kind, revision):
    into = tables()
    fold_said(into, said(kind, revision=5))
    stale = said(kind, event_id="e-2", revision=revision)
    refused = only_refusal(TOPIC_OF_EVENT[kind], stale, into, offset=1)
    assert (refused.code, refused.event_id) == ("stale_revision", "e-2")
    assert refused.detail == (
        f"revision 5 of this {kind} line stands already; was {revision}"
    )
    assert into.rows["bread", "2011-W44"].sequence == 1


def test_lines_of_parties_products_and_periods_stand_apart():
    into = tables()
    fold_said(
        into,
        said("bid", event_id="e-1"),
        said("bid", event_id="e-2", company_id="mill"),
        said("bid", event_id="e-3", product_id="salt"),
        said("bid", event_id="e-4", period="2011-W45"),
        said("plan", event_id="e-5", consumer_id="bakery"),
    )
    assert len(into.lines) == 5
    assert into.rows["bread", "2011-W44"].supply.planned == 20


# Prices


def priced(event_id, price, at_s=0, company_id="bakery"):
    return said(
        "price",
        event_id=event_id,
        company_id=company_id,
        unplanned_price=price,
        occurred_at=moment(at_s),
    )


def test_a_price_shows_in_its_own_and_all_later_rows():
    into = tables()
    weeks = ["2011-W43", "2011-W44", "2011-W45"]
    fold_said(into, *(said("bid", event_id=week, period=week) for week in weeks))
    (changes,) = fold_said(into, priced("p-1", "1.75"), first=9)
    assert [(row.period, row.sequence) for row in changes.rows] == [
        ("2011-W44", 2),
        ("2011-W45", 1),
    ]
    assert [into.rows["bread", week].price.unplanned for week in weeks] == [
        None,
        Decimal("1.75"),
        Decimal("1.75"),
    ]
    assert changes.rows[1].positions == {"bids": 2}


def test_a_row_that_begins_later_has_the_price_that_stands():
    into = tables()
    fold_said(into, priced("p-1", "1.75"))
    (changes,) = fold_said(into, said("bid", period="2011-W50"))
    assert changes.rows[0].price.unplanned == Decimal("1.75")
    (changes,) = fold_said(into, said("bid", event_id="e-2", period="2011-W40"))
    assert changes.rows[0].price.unplanned is None


def test_the_least_price_of_all_companies_shows_with_its_company():
    into = tables()
    fold_said(
        into,
        priced("p-1", "3"),
        priced("p-2", "2", company_id="mill"),
        priced("p-3", "2", company_id="farm"),
    )
    price = into.rows["bread", "2011-W44"].price
    assert (price.unplanned, price.unplanned_company) == (2, "farm")


def test_a_company_replaces_its_price_and_an_older_one_is_stale():
    into = tables()
    fold_said(into, priced("p-1", "3", 60), priced("p-2", "4", 60.000001))
    changes = fold_said(into, priced("p-3", "1", 60), first=2)
    assert refusals(changes[0]) == [(2, "stale_revision")]
    # Of one moment, what was said last counts.
    fold_said(into, priced("p-4", "5", 60.000001), first=3)
    assert into.rows["bread", "2011-W44"].price.unplanned == 5


def test_prices_of_one_batch_show_in_the_rows_that_the_batch_begins():
    sent = [
        priced("p-1", "3"),
        said("production", event_id="e-1", occurred_at=moment(-60)),
        priced("p-2", "1", -60, "mill"),
        priced("p-3", "9", company_id="mill"),
    ]
    into = tables()
    fold_batch(into, PRODUCTION, records(sent))
    assert [
        into.rows["bread", period].price.unplanned
        for period in ("2011-W43", "2011-W44")
    ] == [1, 3]


def test_a_planned_price_makes_the_boards_line():
    into = tables()
    fold_batch(into, BOARD, [record(said("planned_price"))])
    (line,) = into.lines.values()
    assert (line.kind, line.party_id) == ("planned_price", "board")
    assert into.rows["bread", "2011-W44"].price.planned == Decimal("1.25")


# Integrity


def test_rows_that_lack_what_the_lines_say_stop_the_fold():
    into = tables()
    fold_said(into, said("bid"))
    into.put_row(MarketRow(product_id="bread", period="2011-W44"))
    with pytest.raises(IntegrityError, match="fell below zero"):
        fold_said(into, said("bid", event_id="e-2", quantity="0", revision=1), first=1)


def test_what_is_sent_is_bytes():
    # The builders are no part of what they test: one event, as it lies in Kafka.
    assert raw(said("production")) == (
        b'{"type": "production", "event_id": "e-1", "product_id": "bread", '
        b'"occurred_at": "2011-10-31T14:00:00Z", "company_id": "bakery", '
        b'"quantity": "5"}'
    )
