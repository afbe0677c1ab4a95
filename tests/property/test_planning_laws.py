"""
The laws of planning: what stands and what it adds up to is decided by what was said.

Not by the order in which prices, decisions and lines were folded, nor by where the
worker was stopped, nor by how many partitions there are.
"""

from fractions import Fraction

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from support.market import (
    MONDAY_S,
    Sent,
    SentRecord,
    fold_sent,
    moment,
    outcome,
    raw,
    said,
    sums_of,
    tables,
)
from support.market_strategies import (
    FEW,
    LAWS,
    cuts,
    planning_events,
    quantities,
    reordered,
    streams,
    times_of_periods,
)

from schemas.codec import decode_line, decode_market_row, encode
from schemas.topics import BIDS, BOARD, SOURCES, TOPIC_OF_EVENT


def run(stream, cut_before=()):
    into = tables()
    return into, fold_sent(into, stream, cut_before)


@given(streams(planning_events), cuts, st.data())
@settings(LAWS)
def test_no_line_answers_otherwise_for_the_order_of_prices_and_decisions(
    stream, cut_before, data
):
    other = data.draw(reordered(stream))
    into, changes = run(stream, cut_before)
    shuffled, shuffled_changes = run(other, cut_before)
    assert outcome(into, changes) == outcome(shuffled, shuffled_changes)


@given(streams(planning_events), cuts)
@settings(LAWS)
def test_what_rows_say_of_planning_is_the_sum_of_the_lines(stream, cut_before):
    into, _ = run(stream, cut_before)
    for key, row in into.rows.items():
        sums, planning = sums_of(into, key), row.planning
        assert (row.supply.planned, row.demand.planned) == (sums.supply, sums.demand)
        assert (planning.bids, planning.plans) == (sums.bids, sums.plans)
        assert (planning.denied, planning.denied_quantity) == sums[4:]


@given(streams(planning_events), cuts, st.integers(0, 30))
@settings(LAWS)
def test_tables_put_back_from_rows_and_lines_go_on_as_if_nothing_was(
    stream, cut_before, at
):
    into, changes = run(stream, cut_before)
    stopped, first = run(stream[:at], cut_before)
    restored = tables()
    for row in stopped.rows.values():
        restored.put_row(decode_market_row(encode(row)))
    for line in stopped.lines.values():
        restored.put_line(decode_line(encode(line)))
    rest = fold_sent(restored, stream[at:], ())
    assert outcome(restored, [*first, *rest]) == outcome(into, changes)


@given(streams(times_of_periods), cuts)
@settings(LAWS)
def test_the_times_of_a_period_change_one_line_and_no_row(stream, cut_before):
    into, changes = run(stream, cut_before)
    assert not into.rows
    assert {line.kind for line in into.lines.values()} <= {"period"}
    assert set(into.gates) == {line.period for line in into.lines.values()}
    taken = len(stream) - sum(len(change.rejected) for change in changes)
    assert taken >= len(into.lines)


# Four products, so that four partitions have something each.
lines_of_products = st.builds(
    lambda event, product_id: {**event, "product_id": product_id},
    planning_events,
    st.sampled_from(["bread", "salt", "oil", "wool"]),
)


@given(streams(lines_of_products, max_size=40), cuts)
@settings(LAWS)
def test_four_partitions_come_to_the_sums_of_one(stream, cut_before):
    whole, _ = run(stream, cut_before)
    parts = {}
    for place, product_id in enumerate(["bread", "salt", "oil", "wool"]):
        into = tables(partition=place)
        offsets = dict.fromkeys((topic.name for topic in SOURCES), 0)
        own = []
        for topic, record in stream:
            if orjson.loads(record.value)["product_id"] == product_id:
                own.append(Sent(topic, record._replace(offset=offsets[topic.name])))
                offsets[topic.name] += 1
        fold_sent(into, own, ())
        parts |= into.rows
    assert without_positions(parts) == without_positions(whole.rows)


def without_positions(rows):
    return {
        key: {**orjson.loads(encode(row)), "positions": None}
        for key, row in rows.items()
    }


# In the order of time: what the board says comes before the lines that it is about.


@st.composite
def gates_and_lines(draw):
    """Lines before, at and after a period's opening and its gate, as they arrive."""
    opened, closes = draw(st.integers(1, 20)), draw(st.integers(20, 40))
    times = draw(st.lists(st.integers(0, 50), max_size=20).map(sorted))
    lines = []
    for number, at in enumerate(times):
        event = said(
            "bid",
            event_id=f"b-{number}",
            product_id=draw(st.sampled_from(["bread", "salt"])),
            company_id=draw(st.sampled_from(["bakery", "mill"])),
            quantity=draw(quantities),
            revision=draw(st.integers(0, 5)),
        )
        lines.append(Sent(BIDS, SentRecord(number, MONDAY_S * 1000 + at, raw(event))))
    at = MONDAY_S * 1000 + opened
    words = [
        said("announced_price", event_id="a-1"),
        said("period", event_id="p-1", closes_at=moment(closes / 1000)),
    ]
    board = [
        Sent(BOARD, SentRecord(number, at, raw(event)))
        for number, event in enumerate(words)
    ]
    place = sum(time < opened for time in times)
    return lines, board, place


@given(gates_and_lines(), st.data())
@settings(LAWS)
def test_a_gate_judges_by_when_lines_arrived_not_by_when_they_are_folded(case, data):
    # The board's word may be folded as early as one likes, as after an outage.
    lines, board, latest = case
    earlier = data.draw(st.integers(0, latest))
    into, changes = run([*lines[:latest], *board, *lines[latest:]])
    other, other_changes = run([*lines[:earlier], *board, *lines[earlier:]])
    assert outcome(into, changes) == outcome(other, other_changes)


@given(st.permutations(["mill", "farm", "mill", "shop"]), st.integers(0, 3))
@settings(FEW)
def test_a_joint_bid_counts_from_the_last_members_confirmation_on(order, again):
    members = ["mill", "farm", "shop"]
    sent = [said("bid", event_id="b", quantity="9", revision=again, members=members)]
    sent += [
        said("confirmation", event_id=f"c-{place}", member_id=member, revision=again)
        for place, member in enumerate(order)
    ]
    into, confirmed = tables(), set()
    for offset, event in enumerate(sent):
        record = SentRecord(offset, (MONDAY_S + 86_400) * 1000, raw(event))
        changes = fold_sent(into, [Sent(TOPIC_OF_EVENT[event["type"]], record)], ())
        assert not changes[0].rejected
        confirmed.add(event.get("member_id"))
        (row,) = into.rows.values()
        counts = confirmed.issuperset(members)
        assert Fraction(row.supply.planned) == (9 if counts else 0)
        assert row.planning.bids == counts
    (line,) = into.lines.values()
    assert line.terms.confirmed == tuple(members)
