"""Whatever lies on a topic is folded or refused, and can be written; nothing raises."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.market import SentRecord, record, records, said, tables
from support.market_strategies import FEW, LAWS, events

from schemas.codec import decode_line, decode_market_row, decode_rejected, encode
from schemas.errors import MAX_DETAIL, REFUSALS
from schemas.rows import Amount
from schemas.topics import SOURCES, TOPIC_OF_EVENT
from streams.market.batch import fold_batch

KAFKAS_LARGEST = 1_000_000

MIN_OFFSETS = ["+00:00", "Z", "+23:59", "-23:59", "+14:00", "-12:00", "", "+99:99"]

# What a broken or hostile sender puts where something else should be.
odd_texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "",
            "\x00",
            "\ud800",
            "\udfff\ud800",
            "\u2028",
            "\uffff",
            "\U0010ffff",
            "a" * 64,
            "a" * 65,
            "\U0001f35e" * 64,
            "__class__",
            "../..",
            "NaN",
            "sNaN",
            "-Infinity",
            "1e400",
            "1E-7",
            "-0",
            "0.0000001",
            "1000000000000",
            "1000000000000.000001",
            "-1000000000000",
            "9" * 5_000,
            "2011-W53",
            "2011-W00",
            "2099-W53",
            "1999-W52",
            "2011-10-31T24",
            "2011-02-29",
        ]
    ),
)
odd_times = st.builds(
    "{}{}".format,
    st.sampled_from(
        [
            "0000-01-01T00:00:00",
            "0001-01-01T00:00:00",
            "1970-01-01T00:00:00",
            "1999-12-31T23:59:59.999999",
            "2000-01-01T00:00:00",
            "2011-10-31T24:00:00",
            "2016-12-31T23:59:60",
            "2099-12-31T23:59:59.999999",
            "2099-12-31T23:59:59.9999999",
            "2100-01-01T00:00:00",
            "9999-12-31T23:59:59.999999",
            "10000-01-01T00:00:00",
        ]
    ),
    st.sampled_from(MIN_OFFSETS),
)
odd_numbers = st.one_of(
    st.integers(),
    st.integers(2**53 - 2, 2**64 + 2),
    st.floats(),
    st.sampled_from([10**400, -(10**400), True, False, None]),
)
odd = st.recursive(
    st.one_of(odd_texts, odd_times, odd_numbers),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = sorted({field for kind in TOPIC_OF_EVENT for field in said(kind)} | {
    "planned_quantity", "consumer_id", "cancels", "revision", "reason", "unknown",
})  # fmt: skip

mutated = st.builds(
    lambda event, changes, gone: {
        key: value for key, value in {**event, **changes}.items() if key not in gone
    },
    events,
    st.dictionaries(st.sampled_from(FIELDS), odd, max_size=3),
    st.sets(st.sampled_from(FIELDS), max_size=1),
).map(lambda event: json.dumps(event).encode())

spoilt = st.builds(
    lambda value, at, put_in: (
        value[: at % len(value)] + put_in + value[at % len(value) :]
    ),
    mutated,
    st.integers(0, 2_000),
    st.binary(max_size=4),
)
values = st.one_of(
    st.none(),
    st.binary(max_size=200),
    mutated,
    spoilt,
    st.sampled_from(
        [
            b"",
            b"null",
            b"[]",
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"\xff\xfe",
            b'{"type":"purchase","event_id":"\xed\xa0\x80"}',
            b'{"type":"bid","revision":' + b"9" * 10_000 + b"}",
            b" " * 20_000,
        ]
    ),
)
timestamps = st.one_of(
    st.just(1_320_105_600_000),
    st.sampled_from([-(2**63), -1, 0, 2**31, 4_102_444_799_999, 4_102_444_800_000]),
    st.integers(-(2**63), 2**63 - 1),
)


def fold_and_write(into, topic, batch):
    """
    Fold, then write out what was changed, as the worker does, and count.

    Returns:
        How many records were refused, how many were folded into rows, and how many
        were the end of a period, which is in no row and lets its rows go.
    """
    before = {key: row.sequence for key, row in into.rows.items()}
    changes = fold_batch(into, topic, batch)
    folded = sum(
        row.sequence - before.get((row.product_id, row.period), 0)
        for row in changes.rows
    )
    ends = {line.period for line in changes.lines if line.kind == "closing"}
    for row in changes.rows:
        assert decode_market_row(encode(row)) == row
    for line in changes.lines:
        assert decode_line(encode(line)) == line
    for refused in changes.rejected:
        assert refused.code in REFUSALS
        assert len(refused.detail) <= MAX_DETAIL
        written = encode(refused)
        assert decode_rejected(written) == refused
        assert len(written) < KAFKAS_LARGEST / 20
    return len(changes.rejected), folded, len(ends)


@given(
    st.lists(st.tuples(st.sampled_from(SOURCES), values, timestamps), max_size=12),
    st.sampled_from(["week", "day", "hour"]),
)
@example([(TOPIC_OF_EVENT["bid"], b"\xf0" * KAFKAS_LARGEST, 0)], "week")
@settings(LAWS, max_examples=400)
def test_arbitrary_bytes_and_broken_events_are_folded_or_refused(sent, length):
    into, told = tables(length=length, window=4), 0
    for topic in SOURCES:
        batch = [
            SentRecord(offset, timestamp, value)
            for offset, (place, value, timestamp) in enumerate(sent)
            if place is topic
        ]
        told += sum(fold_and_write(into, topic, batch))
    assert told == len(sent)


@given(st.sampled_from(SOURCES), st.lists(values, max_size=5))
@settings(FEW)
def test_the_next_good_event_is_folded_whatever_came_before(topic, before):
    into = tables()
    fold_batch(into, topic, records(before))
    kind = max(topic.event_types - {"period", "trading_end"})
    good = said(kind, event_id="the good one", product_id="a product of its own")
    changes = fold_batch(into, topic, [record(good, len(before))])
    assert not changes.rejected
    assert [row.product_id for row in changes.rows] == ["a product of its own"]


@pytest.mark.parametrize("price", ["1000000000000", "-1000000000000", "0.000001", "-0"])
@pytest.mark.parametrize("quantity", ["1000000000000", "0.000001"])
@pytest.mark.parametrize("planned", [False, True])
def test_extreme_amounts_neither_overflow_nor_round(price, quantity, planned):
    into = tables(window=100_000)
    sent = [
        said(
            kind,
            event_id=f"{kind}-{number}",
            quantity=quantity,
            unit_price=price,
            planned_quantity=quantity if planned else None,
        )
        for number in range(1_000)
        for kind in ("purchase", "cancellation")
    ]
    assert fold_and_write(into, TOPIC_OF_EVENT["purchase"], records(sent))[0] == 0
    for kind in ("bid", "plan"):
        lines = [
            said(kind, event_id=f"{kind}-{party}", quantity=quantity, **{who: party})
            for who in ["company_id" if kind == "bid" else "consumer_id"]
            for party in map(str, range(1_000))
        ]
        first = 0 if kind == "bid" else 1_000
        assert not fold_and_write(into, TOPIC_OF_EVENT[kind], records(lines, first))[0]
    (row,) = into.rows.values()
    assert row.sequence == 4_000
    assert row.imbalance.percent == 0
    assert encode(row).count(b"E") == 0


def test_a_sum_of_a_trillion_times_a_trillion_a_million_times_stays_exact():
    # A million events would make a slow test: the row says that it has them.
    into = tables()
    event = said("purchase", quantity="999999999999.999999", unit_price="0.000001")
    fold_batch(into, TOPIC_OF_EVENT["purchase"], [record(event)])
    (row,) = into.rows.values()
    many = Amount(quantity=Decimal(10) ** 18, value=Decimal(10) ** 30)
    into.put_row(replace(row, demand=replace(row.demand, unplanned_purchases=many)))
    again = {**event, "event_id": "e-2"}
    fold_batch(into, TOPIC_OF_EVENT["purchase"], [record(again, 1)])
    (row,) = into.rows.values()
    added = Fraction("999999999999.999999") * Fraction("0.000001")
    assert Fraction(row.demand.unplanned_purchases.value) == 10**30 + added


@pytest.mark.parametrize("stamp", MIN_OFFSETS)
@pytest.mark.parametrize("length", ["week", "day", "hour"])
def test_times_at_the_ends_of_the_wires_years_have_a_period_or_are_refused(
    stamp, length
):
    into = tables(length=length)
    kinds = ["purchase", "production", "price"]
    for year_end in ("1999-12-31T23:59:59.999999", "2000-01-01T00:00:00",
                     "2099-12-31T23:59:59.999999", "2100-01-01T00:00:00"):  # fmt: skip
        for kind in kinds:
            event = said(kind, event_id=year_end, occurred_at=f"{year_end}{stamp}")
            stamped = record(event)._replace(timestamp=4_102_444_799_999)
            fold_and_write(into, TOPIC_OF_EVENT[kind], [stamped])
    assert all("1999" <= period <= "2100" for _, period in into.rows)
