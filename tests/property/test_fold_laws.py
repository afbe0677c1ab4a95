"""The laws of the fold: replay, order, cuts, exactness, and a second account of all."""

from fractions import Fraction
from operator import sub

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from support.market import (
    Sent,
    fold_sent,
    outcome,
    record,
    records,
    said,
    sums_of,
    tables,
)
from support.market_model import Model, words_of
from support.market_strategies import (
    FEW,
    LAWS,
    cuts,
    decimals,
    events,
    planning_events,
    reordered,
    repeating_events,
    streams,
    times_of_periods,
)

from schemas.codec import decode_event, decode_line, decode_market_row, encode
from schemas.rows import MarketRow
from schemas.topics import BIDS, BOARD, PURCHASES
from streams.market.batch import fold_batch
from streams.market.fold import Position, empty_row, fold
from streams.market.standing import Change
from streams.market.tables import Tables, line_key

FOREIGN = "salt"
WINDOW = 4


def run(stream, cut_before=(), **rules):
    into = tables(**rules)
    return into, fold_sent(into, stream, cut_before)


def one_at_a_time(stream, **rules):
    return run(stream, range(len(stream)), **rules)


def fold_one(into: Tables, one: Sent) -> tuple[MarketRow | None, MarketRow | None]:
    """The row that `fold_batch` makes of one record, and the one that `fold` makes."""
    event = decode_event(one.record.value)
    before_rows = dict(into.rows)
    before = {key: sums_of(into, key) for key in before_rows}
    changes = fold_batch(into, one.topic, [one.record])
    if changes.rejected:
        return None, None
    (row,) = [row for row in changes.rows if row.sequence > sequence(before_rows, row)]
    key = (row.product_id, row.period)
    change = Change(*map(sub, sums_of(into, key), before.get(key, Change())))
    alone = fold(
        before_rows.get(key) or empty_row(*key),
        event,
        Position(one.topic.name, one.record.offset, one.record.timestamp / 1000),
        change,
        into.least_ask(*key),
    )
    return row, alone


def sequence(rows: dict[tuple[str, str], MarketRow], of: MarketRow) -> int:
    before = rows.get((of.product_id, of.period))
    return before.sequence if before else 0


@given(streams(events))
@settings(LAWS)
def test_fold_of_one_event_equals_fold_batch(stream):
    into = tables()
    for one in stream:
        row, alone = fold_one(into, one)
        assert alone == row


@given(streams(events), st.data())
@settings(LAWS)
def test_folding_any_prefix_again_changes_nothing(stream, data):
    into, positions = tables(), {}
    for one in stream:
        row, _ = fold_one(into, one)
        if row is not None:
            positions[one.record.offset, one.topic.name] = (row.product_id, row.period)
    again = stream[: data.draw(st.integers(0, len(stream)))]
    for one in again:
        place = (one.record.offset, one.topic.name)
        if place in positions:
            row = into.rows[positions[place]]
            position = Position(one.topic.name, one.record.offset, 4e9)
            assert fold(row, decode_event(one.record.value), position) is row


@given(streams(repeating_events, astray=True), cuts)
@settings(LAWS)
def test_batches_cut_anywhere_end_as_one_event_at_a_time(stream, cut_before):
    rules = {"window": WINDOW, "foreign": (FOREIGN,)}
    into, changes = run(stream, cut_before, **rules)
    single, single_changes = one_at_a_time(stream, **rules)
    assert outcome(into, changes) == outcome(single, single_changes)


@given(streams(repeating_events, astray=True), cuts, st.data())
@settings(LAWS)
def test_the_order_across_topics_does_not_show_in_any_row(stream, cut_before, data):
    # Rows are compared whole, positions too: each topic's own order is kept.
    rules = {"window": WINDOW, "foreign": (FOREIGN,)}
    other = data.draw(reordered(stream))
    into, changes = run(stream, cut_before, **rules)
    shuffled, shuffled_changes = run(other, cut_before, **rules)
    assert outcome(into, changes) == outcome(shuffled, shuffled_changes)


@given(streams(events), st.data())
@settings(LAWS)
def test_the_order_within_a_topic_shows_only_in_its_positions(stream, data):
    # Revisions of one line at one revision, and prices of one moment, go by arrival.
    stream = [
        one
        for one in stream
        if b"revision" not in one.record.value
        and b'"round"' not in one.record.value
        and b"unplanned_price" not in one.record.value
    ]
    values = data.draw(st.permutations([(one.topic, one.record) for one in stream]))
    into, _ = run(stream)
    offsets = dict.fromkeys((topic.name for topic, _ in values), 0)
    other = []
    for topic, kept in values:
        other.append(Sent(topic, kept._replace(offset=offsets[topic.name])))
        offsets[topic.name] += 1
    shuffled, _ = run(other)
    assert without_positions(into) == without_positions(shuffled)


def without_positions(of: Tables):
    return {key: {**words_of(row), "positions": None} for key, row in of.rows.items()}


@given(
    streams(repeating_events, astray=True)
    | streams(planning_events | times_of_periods, astray=True),
    cuts,
)
@settings(LAWS, max_examples=400)
def test_rows_and_refusals_equal_a_second_account_in_fractions(stream, cut_before):
    into, changes = run(stream, cut_before, window=WINDOW, foreign=(FOREIGN,))
    model = Model(WINDOW, 3_600, FOREIGN)
    for topic, kept in stream:
        model.take(topic, kept.offset, kept.timestamp, orjson.loads(kept.value))
    assert {key: words_of(row) for key, row in into.rows.items()} == model.rows()
    assert [one[:3] for one in outcome(into, changes).rejected] == sorted(model.refused)


@given(streams(repeating_events, astray=True), cuts)
@settings(LAWS)
def test_every_record_is_folded_into_one_row_or_refused(stream, cut_before):
    into, changes = run(stream, cut_before, window=WINDOW, foreign=(FOREIGN,))
    refused = sum(len(change.rejected) for change in changes)
    assert sum(row.sequence for row in into.rows.values()) + refused == len(stream)


@given(streams(repeating_events), cuts)
@settings(LAWS)
def test_the_last_change_of_a_key_is_what_the_tables_hold(stream, cut_before):
    into, changes = run(stream, cut_before)
    rows, lines = {}, {}
    for change in changes:
        assert len({(row.product_id, row.period) for row in change.rows}) == len(
            change.rows
        )
        for row in change.rows:
            rows[row.product_id, row.period] = row
        for line in change.lines:
            lines[line_key(line)] = line
    assert rows == into.rows
    assert lines == into.lines


@given(streams(events))
@settings(LAWS)
def test_rows_and_lines_survive_encoding_byte_for_byte(stream):
    into, _ = run(stream)
    for row in into.rows.values():
        raw = encode(row)
        assert decode_market_row(raw) == row
        assert encode(decode_market_row(raw)) == raw
        assert orjson.dumps(orjson.loads(raw)) == raw
    for line in into.lines.values():
        raw = encode(line)
        assert decode_line(raw) == line
        assert encode(decode_line(raw)) == raw
        assert orjson.dumps(orjson.loads(raw)) == raw


@given(streams(events), st.integers(0, 30), st.integers(0, 30))
@settings(LAWS)
def test_no_row_ever_says_minus_zero_or_uses_an_exponent(stream, cut, other):
    into, _ = run(stream, (cut, other))
    for row in into.rows.values():
        for text in texts_of(orjson.loads(encode(row))):
            assert text.strip("0.") != "-", row
            assert "E" not in text


def texts_of(value):
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in ("product_id", "period", "unplanned_company", "type"):
                yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)
    elif isinstance(value, str):
        yield value


@given(
    st.lists(st.tuples(decimals(1, 10**12), decimals(-(10**12), 10**12)), min_size=1),
    st.integers(1, 50),
)
@settings(FEW)
def test_nothing_is_rounded_in_thousands_of_large_purchases(sales, times):
    # The greatest amounts with the most decimals, over and over.
    sales = [*sales, ("999999999999.999999", "999999999999.999999")] * times
    into = tables(window=100_000)
    sent = [
        said("purchase", event_id=f"e-{i}", quantity=quantity, unit_price=price)
        for i, (quantity, price) in enumerate(sales)
        if quantity.strip("0.")
    ]
    changes = fold_batch(into, PURCHASES, records(sent))
    assert not changes.rejected
    (row,) = into.rows.values()
    bought = row.demand.unplanned_purchases
    assert Fraction(bought.quantity) == sum(Fraction(one["quantity"]) for one in sent)
    assert Fraction(bought.value) == sum(
        Fraction(one["quantity"]) * Fraction(one["unit_price"]) for one in sent
    )


@given(st.permutations(range(6)), cuts)
@settings(FEW)
def test_any_order_of_revisions_ends_at_the_greatest(order, cut_before):
    into = tables()
    stream = [
        Sent(topic, record({**event, "event_id": f"{kind}-{revision}"}, offset))
        for position, revision in enumerate(order)
        for offset, (topic, kind, event) in enumerate(revisions(revision), 3 * position)
    ]
    fold_sent(into, stream, cut_before)
    (row,) = into.rows.values()
    assert (row.supply.planned, row.demand.planned, row.price.planned) == (50, 500, 5)
    assert {line.revision for line in into.lines.values()} == {5}


def revisions(revision):
    yield (
        BOARD,
        "planned_price",
        said("planned_price", planned_price=str(revision), revision=revision),
    )
    yield BIDS, "bid", said("bid", quantity=str(revision * 10), revision=revision)
    yield BIDS, "plan", said("plan", quantity=str(revision * 100), revision=revision)
