"""The codec: bytes in, valid structs or refusals out, and never anything else."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from schemas.board_rows import RoundRow
from schemas.codec import (
    MAX_EVENT_BYTES,
    MAX_NESTING,
    check_event,
    decode_event,
    decode_events,
    decode_line,
    decode_market_row,
    decode_rejected,
    encode,
    encode_key,
    event_type,
)
from schemas.errors import InvalidValue, Refused
from schemas.rows import (
    Amount,
    Bucket,
    Demand,
    Line,
    MarketRow,
    RejectedRecord,
    Rolling,
    Window,
)
from schemas.values import Period, from_wire

PURCHASE = {
    "type": "purchase",
    "event_id": "e-1",
    "product_id": "22423",
    "occurred_at": "2011-10-31T14:41:00Z",
    "company_id": "c-1",
    "quantity": "6",
    "unit_price": "2.95",
}
WEEK = Period("2011-W44")


def raw(**fields: object) -> bytes:
    return json.dumps({**PURCHASE, **fields}, ensure_ascii=False).encode()


def refusal_of(value: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        decode_event(value)
    return caught.value


# What is let in.


def test_an_event_survives_encode_and_decode():
    event = decode_event(raw(planned_quantity="2.50", consumer_id="Müsli"))
    assert decode_event(encode(event)) == event


def test_an_event_inside_a_message_needs_no_copy_of_its_own():
    [inside] = msgspec.json.decode(b"[" + raw() + b"]", type=list[msgspec.Raw])
    assert decode_event(inside) == decode_event(raw())


def test_letters_of_all_writings_and_escaped_ones_are_let_in():
    plain = decode_event(raw(company_id="日本 \U0001f600"))
    escaped = json.dumps({**PURCHASE, "company_id": "日本 \U0001f600"}).encode()
    assert decode_event(escaped) == plain


def test_an_event_of_16_kib_is_let_in_and_one_byte_more_is_not():
    assert decode_event(raw().ljust(MAX_EVENT_BYTES))
    assert refusal_of(raw().ljust(MAX_EVENT_BYTES + 1)).code == "too_large"


def test_of_a_field_that_is_given_twice_the_last_counts():
    twice = b'{"quantity":"9",' + raw()[1:]
    assert decode_event(twice).quantity == 6


@pytest.mark.parametrize(
    "moment",
    [
        "2000-01-01T00:00:00Z",
        "1999-12-31T23:00:00-01:00",
        "2099-12-31T23:59:59.999999Z",
        "2100-01-01T00:00:00+00:01",
    ],
)
def test_times_count_from_2000_to_2099_whatever_their_offset(moment):
    assert decode_event(raw(occurred_at=moment))


@pytest.mark.parametrize(
    "moment",
    [
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00+00:01",
        "2100-01-01T00:00:00Z",
        "2099-12-31T23:00:00-01:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_times_outside_of_2000_to_2099_are_refused(moment):
    refused = refusal_of(raw(occurred_at=moment))
    assert refused.code == "invalid_field"
    assert "between the years 2000 and 2100" in refused.detail
    assert "`$.occurred_at`" in refused.detail
    assert refused.event_id == "e-1"


# What a refusal says.


def test_a_planned_part_larger_than_its_whole_is_refused():
    refused = refusal_of(raw(planned_quantity="6.000001"))
    assert str(refused) == (
        "invalid_field: must be at most the quantity 6, was 6.000001 "
        "- at `$.planned_quantity`"
    )
    assert refused.event_id == "e-1"


def test_check_event_holds_for_events_that_were_made_by_hand_too():
    event = decode_event(raw(planned_quantity="6"))
    check_event(event)
    with pytest.raises(Refused):
        check_event(msgspec.structs.replace(event, quantity=Decimal(5)))


@pytest.mark.parametrize("field", ["event_id", "product_id", "company_id"])
def test_a_control_character_is_refused_with_its_field(field):
    refused = refusal_of(raw(**{field: "a\x7fb"}))
    assert refused.code == "invalid_field"
    assert f"was 'a\\x7fb' - at `$.{field}`" in refused.detail
    assert refused.event_id == (None if field == "event_id" else "e-1")


@pytest.mark.parametrize(
    ("event_id", "known"),
    [("e-1", "e-1"), ("x" * 64, "x" * 64), ("x" * 65, None), ("a\n", None), (5, None)],
)
def test_a_refusal_names_its_event_where_the_id_is_one(event_id, known):
    assert refusal_of(raw(event_id=event_id, quantity="0")).event_id == known


def test_an_unhashable_value_is_refused_as_clearly_as_any_other():
    refused = refusal_of(raw(quantity=["6"]))
    assert "must be a decimal in quotes" in refused.detail
    assert "was ['6'] - at `$.quantity`" in refused.detail


def test_an_unknown_field_is_named_without_its_control_characters():
    assert "unknown field `a\\u000ab`" in refusal_of(raw(**{"a\nb": 1})).detail


@pytest.mark.parametrize(
    ("kind", "was"),
    [("sale", '"sale"'), (5, "5"), (None, "null"), ("", '""'), ({}, "{}")],
)
def test_an_unknown_type_is_answered_with_the_known_ones(kind, was):
    refused = refusal_of(raw(type=kind))
    assert refused.code == "unknown_type"
    assert refused.detail == (
        "must be one of announced_price, announcement, bid, budget, cancellation, "
        "close, confirmation, correction, council, decision, gate, indicative_price, "
        "listing, opening, period, plan, planned_price, price, production, purchase, "
        "rebid_answer, rebid_request, request, set_price, signature, terms, "
        f"trading_end, was {was} - at `$.type`"
    )
    assert refused.event_id == "e-1"


def test_a_type_that_is_no_utf8_is_unknown_or_malformed_but_never_an_error():
    bad = raw(type="@").replace(b"@", b"\xff")
    assert refusal_of(bad).code in {"unknown_type", "malformed"}


def test_a_missing_type_is_called_missing():
    assert "was missing - at `$.type`" in refusal_of(b"{}").detail


@pytest.mark.parametrize("value", [b"[]", b"5", b'"x"', b"null", b"", b"{}{}"])
def test_what_is_not_one_object_is_malformed(value):
    refused = refusal_of(value)
    assert refused.code == "malformed"
    assert refused.detail.startswith("not one JSON object: ")
    assert refused.event_id is None


@pytest.mark.parametrize("token", [b"NaN", b"Infinity", b'"a\n"', b'"a\xff"'])
def test_what_json_has_not_is_malformed_and_says_near_which_field(token):
    value = raw(company_id="@").replace(b'"@"', token)
    refused = refusal_of(value)
    assert refused.code == "malformed"
    assert refused.detail.endswith("- near `$.company_id`")


def test_a_value_of_the_wrong_type_before_the_fault_does_not_hide_it():
    refused = refusal_of(b'{"type":5,"event_id":NaN}')
    assert refused.code == "malformed"


@pytest.mark.parametrize("field", ["type", "event_id", "quantity", "unknown"])
@pytest.mark.parametrize("depth", [*range(900, 1000, 7), 5000])
def test_deep_nesting_is_refused_alike_however_deep_the_stack_is(field, depth):
    deep = raw(**{field: "@"}).replace(b'"@"', b"[" * depth + b"]" * depth)
    refused = refusal_of(deep)
    assert str(refused) == f"malformed: nested {depth + 1} deep; an event is flat"
    assert str(decode_events([deep])[0]) == str(refused)


def test_shallow_nesting_is_refused_with_its_field():
    depth = MAX_NESTING - 1
    value = raw(quantity="@").replace(b'"@"', b"[" * depth + b"]" * depth)
    refused = refusal_of(value)
    assert refused.code == "invalid_field"
    assert refused.detail.endswith("at `$.quantity`")


def test_brackets_inside_of_texts_do_not_nest():
    assert decode_event(raw(company_id="[{" * 30)).company_id == "[{" * 30
    refused = refusal_of(raw(company_id='"[{' * 20, quantity="0"))
    assert refused.detail.endswith("at `$.quantity`")


def test_a_text_without_end_costs_no_more_than_its_length():
    # Quadratic time would be seconds here.
    hostile = b'{"type":"' + b'\\"' * (MAX_EVENT_BYTES // 2 - 10)
    assert refusal_of(hostile).code == "malformed"


# Batches.

SAMPLES = [
    raw(),
    raw(company_id="Müsli"),
    raw(company_id="a\\b"),
    raw(company_id="a\x7f"),
    raw(quantity="0"),
    raw(planned_quantity="7"),
    raw(occurred_at="1999-12-31T00:00:00Z"),
    raw(quantity=[]),
    raw().ljust(MAX_EVENT_BYTES + 1),
    b"",
    b"\xff",
    b"[" * 3000,
]


def one_by_one(values: list[bytes]) -> list[object]:
    results: list[object] = []
    for value in values:
        try:
            results.append(decode_event(value))
        except Refused as refused:
            results.append(str(refused))
    return results


def in_one_batch(values: list[bytes]) -> list[object]:
    return [
        str(result) if isinstance(result, Refused) else result
        for result in decode_events(values)
    ]


@pytest.mark.parametrize("first", range(len(SAMPLES)))
@pytest.mark.parametrize("second", range(len(SAMPLES)))
def test_a_batch_decodes_as_its_values_do_one_by_one(first, second):
    for values in (
        [SAMPLES[first], SAMPLES[second]],
        [SAMPLES[0], SAMPLES[first], SAMPLES[second], SAMPLES[0]],
    ):
        assert in_one_batch(values) == one_by_one(values)


def test_a_long_batch_of_small_events_is_no_large_event():
    values = [raw(event_id=f"e-{n}") for n in range(200)]
    assert sum(map(len, values)) > MAX_EVENT_BYTES
    assert in_one_batch(values) == one_by_one(values)


def test_an_empty_batch_is_empty():
    assert decode_events([]) == []


def test_a_record_without_a_value_is_refused_in_its_place():
    first, second, third = decode_events([raw(), None, raw()])
    assert first == third == decode_event(raw())
    assert str(second) == "malformed: the record has no value"


# Rows.


def test_a_row_survives_encode_and_decode():
    row = MarketRow(
        product_id="22423",
        period=WEEK,
        sequence=3,
        positions={"purchases": 7},
        demand=Demand(planned=Decimal("1.50")),
    )
    assert decode_market_row(encode(row)) == row
    assert encode(decode_market_row(encode(row))) == encode(row)


def test_rows_hold_no_scientific_notation_however_small_their_sums():
    tiny = Decimal("0.000001") * Decimal("0.000001")
    nothing = Decimal("0.0000") * Decimal("0.0000")
    row = MarketRow(
        product_id="1E-7",
        period=WEEK,
        demand=Demand(
            planned_purchases=Amount(quantity=Decimal("1E+2"), value=-tiny),
            unplanned_purchases=Amount(value=nothing),
        ),
        rolling=Rolling(
            minute=Window(buckets=(Bucket(start=60, quantity=Decimal(1), value=tiny),))
        ),
    )
    written = json.loads(encode(row))
    assert written["product_id"] == "1E-7"
    assert written["demand"]["planned_purchases"] == {
        "quantity": "100",
        "value": "-0.000000000001",
    }
    assert written["demand"]["unplanned_purchases"]["value"] == "0.00000000"
    assert written["rolling"]["minute"]["buckets"] == [[60, "1", "0.000000000001"]]
    assert decode_market_row(encode(row)) == row


def test_the_boards_rows_hold_none_either():
    row = RoundRow(period=WEEK, round=2, denied_budget=Decimal("1E-12"))
    assert b'"denied_budget":"0.000000000001"' in encode(row)


@pytest.mark.parametrize("text", ["1E-12", "-1E-7", "0E-8", "1E+2", "1.5E-9"])
def test_one_small_sum_is_enough_to_be_written_out(text):
    row = MarketRow(product_id="x", period=WEEK, demand=Demand(planned=Decimal(text)))
    assert json.loads(encode(row))["demand"]["planned"] == f"{Decimal(text):f}"


def test_a_product_that_is_called_like_a_number_changes_nothing():
    moment = datetime(2011, 10, 31, 14, 41, 7, 250_000, tzinfo=UTC)
    row = MarketRow(product_id="85123E", period=WEEK, occurred_at=moment)
    called = MarketRow(product_id="1E-7", period=WEEK, occurred_at=moment)
    assert encode(called) == encode(row).replace(b"85123E", b"1E-7")


def test_lines_and_rejected_records_survive_encode_and_decode():
    line = Line(
        kind="plan",
        product_id="22423",
        period=WEEK,
        party_id="17850",
        amount=Decimal("12.5"),
        revision=2,
    )
    assert decode_line(encode(line)) == line
    rejected = RejectedRecord(
        code="malformed",
        detail="?",
        topic="bids",
        partition=0,
        offset=1,
        value=bytes(range(256)),
    )
    assert decode_rejected(encode(rejected)) == rejected


@pytest.mark.parametrize("decode", [decode_market_row, decode_line, decode_rejected])
def test_bytes_that_no_worker_wrote_are_an_error(decode):
    with pytest.raises(msgspec.DecodeError):
        decode(raw())


def test_a_records_key_is_a_json_list_whatever_its_parts_hold():
    assert encode_key("22423", "2011-W44") == b'["22423","2011-W44"]'
    assert encode_key("a", "b,c") != encode_key("a,b", "c")
    assert json.loads(encode_key('"', "日本", WEEK)) == ['"', "日本", WEEK]


def test_rows_ignore_fields_of_a_newer_version():
    row = MarketRow(product_id="22423", period=WEEK)
    newer = encode(row)[:-1] + b',"added_later":{"x":1}}'
    assert decode_market_row(newer) == row


# What must not happen.


def test_the_event_type_is_the_tag():
    assert event_type(decode_event(raw())) == "purchase"


def test_a_struct_without_a_text_tag_is_no_event():
    with pytest.raises(AssertionError, match="Amount has no text tag"):
        event_type(Amount())  # type: ignore[arg-type]  # that is the point


def test_a_value_without_a_wire_form_is_not_guessed():
    class Odd(msgspec.Struct):
        value: complex

    with pytest.raises(NotImplementedError, match="complex"):
        encode(Odd(1j))


def test_the_cache_of_values_holds_no_refused_ones():
    size = from_wire.cache_info().currsize
    for n in range(100):
        with pytest.raises(InvalidValue):
            from_wire(Period, f"never {n}")
    assert from_wire.cache_info().currsize == size
