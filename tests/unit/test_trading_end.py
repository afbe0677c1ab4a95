"""The end of a period's trading, as the workers take it."""

import pytest
from support.market import (
    fold_said,
    raw,
    record,
    records,
    said,
    tables,
)

from schemas.rows import Line
from schemas.topics import BOARD, PRODUCTION, PURCHASES, TOPIC_OF_EVENT
from streams.market.batch import fold_batch

END = said("trading_end", event_id="end-44", period="2011-W44")
LATER = "2011-11-08T14:00:00Z"


def refusals(changes) -> list[tuple[int, str]]:
    return [(refused.offset, refused.code) for refused in changes.rejected]


def only_refusal(topic, event, into=None):
    changes = fold_batch(into or tables(), topic, [record(event)])
    assert not changes.rows
    (refused,) = changes.rejected
    return refused


def ended(into):
    """Fold the end of the period into the tables."""
    return fold_batch(into, BOARD, [record(END, 9)])


def closings(changes) -> dict[str, int]:
    return {
        line.party_id: line.offset for line in changes.lines if line.kind == "closing"
    }


def test_a_closing_says_up_to_where_each_topic_counts():
    into = tables()
    sold = [said("purchase", event_id="s-1"), said("purchase", event_id="s-2")]
    fold_batch(into, PURCHASES, records(sold, 5))
    fold_batch(into, PRODUCTION, [record(said("production", event_id="m-1"), 3)])
    assert closings(ended(into)) == {"purchases": 6, "production": 3}


def test_a_period_in_which_nothing_happened_is_cut_before_everything():
    assert closings(ended(tables())) == {"purchases": -1, "production": -1}


def test_what_happened_in_another_period_does_not_move_the_cut():
    into = tables()
    fold_batch(into, PURCHASES, [record(said("purchase", event_id="s-1"), 5)])
    after = said("purchase", event_id="s-2", occurred_at=LATER)
    fold_batch(into, PURCHASES, [record(after, 6, received_s=9 * 86_400)])
    assert closings(ended(into))["purchases"] == 5


@pytest.mark.parametrize(
    "kind", ["purchase", "cancellation", "production", "price", "bid", "plan", "period"]
)
def test_an_event_of_a_settled_period_is_refused(kind):
    into = tables()
    ended(into)
    refused = only_refusal(TOPIC_OF_EVENT[kind], said(kind), into)
    assert (refused.code, refused.event_id) == ("period_settled", "e-1")
    assert "2011-W44" in refused.detail


def test_each_purchase_of_a_settled_period_is_refused_and_the_others_count():
    into = tables()
    ended(into)
    sent = [
        said("purchase", event_id="e-1"),
        said("purchase", event_id="e-2", occurred_at=LATER),
        said("purchase", event_id="e-3"),
    ]
    changes = fold_batch(into, PURCHASES, records(sent, received_s=9 * 86_400))
    assert refusals(changes) == [(0, "period_settled"), (2, "period_settled")]
    assert [(row.period, row.sequence) for row in changes.rows] == [("2011-W45", 1)]


def test_what_came_before_the_end_in_one_batch_counts_and_what_came_after_does_not():
    into = tables()
    price = said("planned_price", event_id="p-1")
    late = said("planned_price", event_id="p-2", revision=1)
    changes = fold_batch(into, BOARD, records([price, END, late]))
    assert refusals(changes) == [(2, "period_settled")]
    assert [row.price.planned for row in changes.rows] == [pytest.approx(1.25)]


def test_trading_ends_once():
    into = tables()
    ended(into)
    again = said("trading_end", event_id="end-again")
    assert only_refusal(BOARD, again, into).code == "period_settled"


def test_nothing_is_kept_of_a_settled_period_but_its_end_and_standing_prices():
    into = tables()
    for kind in ("purchase", "bid", "plan", "planned_price", "price"):
        fold_said(into, said(kind, event_id=f"e-{kind}"))
    ended(into)
    assert not into.rows
    assert {key[0] for key in into.lines} == {"price", "closing"}
    changes = fold_batch(
        into,
        PURCHASES,
        [
            record(
                said("purchase", event_id="next", occurred_at=LATER),
                20,
                received_s=9 * 86_400,
            )
        ],
    )
    assert changes.rows[0].price.unplanned_company == "bakery"


def test_a_settled_period_is_not_put_back_in_whatever_order_it_is_read():
    source = tables()
    fold_said(source, said("purchase", event_id="s-1"))
    row = source.rows["bread", "2011-W44"]
    lines = [line for line in ended(source).lines if line.kind == "closing"]
    bid = Line(
        kind="bid",
        product_id="bread",
        period=row.period,
        party_id="bakery",
        amount=row.supply.planned,
        revision=0,
    )
    first, then = tables(), tables()
    for line in lines:
        first.put_line(line)
    first.put_line(bid)
    first.put_row(row)
    then.put_row(row)
    then.put_line(bid)
    for line in lines:
        then.put_line(line)
    for put in (first, then):
        assert not put.rows
        assert {key[0] for key in put.lines} == {"closing"}
        assert only_refusal(PURCHASES, said("purchase"), put).code == "period_settled"


def test_a_settled_period_named_by_another_length_is_an_invalid_field():
    event = raw(said("trading_end", period="2011-10-31"))
    assert b"2011-10-31" in event
    refused = only_refusal(BOARD, said("trading_end", period="2011-10-31"))
    assert refused.code == "invalid_field"
