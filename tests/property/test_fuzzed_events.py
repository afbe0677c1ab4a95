"""
Whatever bytes come: an event, or a refusal with a published code. Never else.

The batch decoder takes a shortcut past the check of each event where the whole batch
looks clean; most of what follows tries to make it disagree with decoding one by one.
"""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.codec import (
    check_event,
    decode_event,
    decode_events,
    decode_rejected,
    encode,
)
from schemas.errors import MAX_DETAIL, REFUSALS, Refused
from schemas.events import Event
from schemas.feed import ClientMessage
from schemas.rows import RejectedRecord
from schemas.values import Period, from_wire, is_printable

# Valid fields.

IDENTIFIERS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]),
    min_size=1,
    max_size=64,
)
CENTS = st.decimals(0, 10**12, places=2).map(lambda value: f"{value:f}")
QUANTITIES = st.integers(0, 10**18).map(lambda n: f"{n // 10**6}.{n % 10**6:06}")
PRICES = st.builds(lambda sign, text: sign + text, st.sampled_from(["", "-"]), CENTS)
OFFSETS = st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(
    datetime(2000, 1, 3),  # noqa: DTZ001  # bounds of naive times; zones come beside
    datetime(2099, 12, 29),  # noqa: DTZ001
    timezones=OFFSETS,
).map(datetime.isoformat)
PERIODS = st.dates(date(2000, 1, 3), date(2099, 12, 20)).flatmap(
    lambda day: st.sampled_from(
        [
            f"{day:%Y-%m-%d}",
            f"{day:%Y-%m-%d}T07",
            "{}-W{:02}".format(*day.isocalendar()[:2]),
        ]
    )
)
POSITIVE = QUANTITIES.filter(lambda text: Decimal(text) > 0)
POINTS = st.lists(st.tuples(POSITIVE, QUANTITIES).map(list), max_size=4)
# By the tag, where a field of one name has other bounds in other events.
FIELDS_OF = {
    "plan": {
        # Prices rise and what is wanted falls; a bid's both rise.
        "schedule": POINTS.map(lambda points: schedule(points, falls=True)),
    },
    "bid": {"schedule": POINTS.map(lambda points: schedule(points, falls=False))},
    "council": {
        "signers": st.lists(IDENTIFIERS, min_size=3, max_size=5, unique=True),
        "signatures": st.integers(0, 3),
    },
    "rebid_answer": {"planned_price": POSITIVE},
    "request": {"greatest_price": QUANTITIES},
}
FIELDS = {
    "event_id": IDENTIFIERS,
    "product_id": IDENTIFIERS,
    "occurred_at": TIMES,
    "company_id": IDENTIFIERS,
    "consumer_id": IDENTIFIERS,
    "cancels": IDENTIFIERS,
    "member_id": IDENTIFIERS,
    "team_id": IDENTIFIERS,
    "delegate_id": IDENTIFIERS,
    "for_product_id": IDENTIFIERS,
    "council_id": IDENTIFIERS.map(lambda text: f"of {text}"[:64]),
    "parent_id": IDENTIFIERS.map(lambda text: f"up {text}"[:64]),
    "signer_id": IDENTIFIERS,
    "members": st.lists(
        IDENTIFIERS.map(lambda text: f"{text[:60]} too"), max_size=3, unique=True
    ),
    "quantity": POSITIVE,
    "supply": QUANTITIES,
    "demand": QUANTITIES,
    "least_quantity": QUANTITIES,
    "threshold": QUANTITIES,
    "unit_cost": QUANTITIES,
    "income": QUANTITIES,
    "unplanned_share": QUANTITIES,
    "planned_tax": QUANTITIES,
    "unplanned_tax": QUANTITIES,
    "pass_through": QUANTITIES,
    "rebid_percent": QUANTITIES,
    "least_share": POSITIVE,
    "greatest_share": POSITIVE,
    "pace_percent": POSITIVE,
    "decimals": st.integers(0, 6),
    "use": st.sampled_from(["any", "planned", "unplanned"]),
    "stands_from": TIMES,
    "price": POSITIVE,
    "start_price": POSITIVE,
    "announced_price": PRICES,
    "indicative_price": PRICES,
    "greatest_price": PRICES,
    "least_price": PRICES,
    "forecast_percent": PRICES,
    "round": st.integers(0, 1_000),
    "max_rounds": st.integers(1, 100),
    "priority": st.integers(0, 9),
    "people_least": st.integers(1, 1_000),
    "position": st.integers(-1, 2**53),
    "round_s": st.floats(0.001, 604_800),
    "quiet_s": st.floats(0.001, 604_800),
    "tolerance_percent": st.floats(0.001, 100),
    "closes_at": TIMES,
    "when_denied": st.sampled_from(["drop", "use_unplanned"]),
    "method": st.sampled_from(["opening", "shares", "sums", "bounded", "person"]),
    "flags": st.lists(st.sampled_from(["no_bid", "no_demand"]), max_size=2),
    "vote": st.sampled_from(["approve", "veto"]),
    "level": st.sampled_from(["neighbourhood", "city", "team", "industry"]),
    "is_fixed": st.booleans(),
    "is_automatic": st.booleans(),
    "rebid": st.booleans(),
    "counts": st.booleans(),
    "unit_price": PRICES,
    "unplanned_price": PRICES,
    "planned_price": PRICES,
    "period": PERIODS,
    "revision": st.integers(0, 2**53 - 1),
    "reason": st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]),
        max_size=200,
    ),
}


def schedule(points: list[list[str]], *, falls: bool) -> list[list[str]]:
    prices = sorted({point[0] for point in points}, key=Decimal)
    prices = [b for a, b in pairwise(["0", *prices]) if Decimal(a) < Decimal(b)]
    quantities = sorted((point[1] for point in points), key=Decimal, reverse=falls)
    return [list(point) for point in zip(prices, quantities, strict=False)]


def objects_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    tag = str(kind.__struct_config__.tag)
    fields = {
        field.encode_name: {**FIELDS, **FIELDS_OF.get(tag, {})}[field.encode_name]
        for field in msgspec.structs.fields(kind)
        if field.encode_name != "planned_quantity"
    }
    return st.fixed_dictionaries({"type": st.just(tag), **fields})


VALID_OBJECTS = st.one_of([objects_of(kind) for kind in get_args(Event)])
ESCAPED = st.booleans()


def written(value: dict[str, Any], *, escaped: bool = True) -> bytes:
    return json.dumps(value, ensure_ascii=escaped).encode()


# One thing wrong.

WRONG_TOKENS = [
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e400",
    b"-1e400",
    b"5",
    b"5.5",
    b"-0",
    b"true",
    b"null",
    b"{}",
    b"[]",
    b'["6"]',
    b'""',
    b'"' + b"x" * 65 + b'"',
    b'"' + b"x" * 5000 + b'"',
    b'"' + b"x" * 17_000 + b'"',
    b'"a\n"',
    b'"a\x00"',
    b'"a\\u0000"',
    b'"a\\n"',
    b'"a\x7f"',
    b'"a\xc2\x85"',
    '"a\u2028b"'.encode(),
    b'"a\\u2029"',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\xed\xa0\x80"',
    b'"\xff"',
    b'"\xc0\xaf"',
    b'"NaN"',
    b'"sNaN"',
    b'"-Infinity"',
    b'"1e400"',
    b'"-0"',
    b'"1E+2"',
    b'"0001-01-01T00:00:00+23:59"',
    b'"9999-12-31T23:59:59-23:59"',
    b'"0000-01-01T00:00:00Z"',
    b'"2011-10-31T14:41:00"',
    b'"2011-10-31T14:41:60Z"',
    b'"2011-10-31T14:41:00.9999999999Z"',
    b"9" * 400,
    b"9" * 5000,
    b"[" * 20 + b"]" * 20,
    b"[" * 500 + b"]" * 500,
    b"[" * 990 + b"]" * 990,
    b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 700 + b"1" + b"}" * 700,
    b'"',
    b"",
    b'"purchase"',
    b'"market"',
    b'"1000000000000"',
    b'"1999-12-31T23:59:59Z"',
    b'"2099-12-31T23:59:59-01:00"',
]
NEVER_PRINTABLE = [
    b'"a\n"',
    b'"a\x00"',
    b'"a\\u0000"',
    b'"a\\n"',
    b'"a\x7f"',
    b'"a\xc2\x85"',
    '"a\u2028b"'.encode(),
    b'"a\\u2029"',
    b'"\\ud800"',
    b'"\xff"',
]
MARK = "\U000f0000"  # stands where the wrong token goes


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    value = draw(VALID_OBJECTS)
    field = draw(st.sampled_from([*value, "unknown", "planned_quantity"]))
    how = draw(st.sampled_from(["token", "missing", "cut", "twice", "byte"]))
    if how == "missing":
        value.pop(field, None)
        return written(value, escaped=draw(ESCAPED))
    if how == "token":
        value[field] = MARK
        marked = written(value, escaped=False)
        return marked.replace(f'"{MARK}"'.encode(), draw(st.sampled_from(WRONG_TOKENS)))
    raw = written(value, escaped=draw(ESCAPED))
    if how == "twice":
        return raw[:-1] + b"," + written({field: draw(st.text(max_size=5))})[1:]
    at = draw(st.integers(0, len(raw) - 1))
    if how == "cut":
        return raw[:at]
    return raw[:at] + draw(st.binary(min_size=1, max_size=2)) + raw[at + 1 :]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()  # NaN and the infinities too: Python writes them
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
VALUES = st.one_of(
    VALID_OBJECTS.flatmap(lambda v: ESCAPED.map(lambda e: written(v, escaped=e))),
    mutated(),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=100),
)


# One valid object of each kind, for what is tried out to the last combination.
GOLDEN = Path(__file__).parent.parent / "wire" / "golden" / "events"
OBJECTS = [json.loads(file.read_bytes()) for file in sorted(GOLDEN.iterdir())]


def with_token(value: dict[str, Any], field: str, token: bytes) -> bytes:
    marked = written({**value, field: MARK}, escaped=False)
    return marked.replace(f'"{MARK}"'.encode(), token)


# The laws.


def outcome(value: bytes) -> Event | tuple[str, str, str | None]:
    try:
        return decode_event(value)
    except Refused as refused:
        return refused.code, refused.detail, refused.event_id


def assert_lawful(result: Event | tuple[str, str, str | None]) -> None:
    if isinstance(result, tuple):
        code, detail, event_id = result
        assert code in REFUSALS
        assert 0 < len(detail) <= MAX_DETAIL
        assert is_printable(detail)
        if code in {"invalid_field", "unknown_type"}:
            assert "`" in detail
        assert event_id is None or (0 <= len(event_id) <= 64 and is_printable(event_id))
    else:
        check_event(result)
        for field in result.__struct_fields__:
            held = getattr(result, field)
            for part in held if isinstance(held, tuple) else (held,):
                assert not isinstance(part, str) or is_printable(part)
        assert decode_event(encode(result)) == result


def batch_outcomes(values: list[bytes]) -> list[Event | tuple[str, str, str | None]]:
    return [
        (result.code, result.detail, result.event_id)
        if isinstance(result, Refused)
        else result
        for result in decode_events(values)
    ]


@given(VALID_OBJECTS, ESCAPED)
def test_a_valid_event_is_let_in_and_survives_encode_and_decode(value, escaped):
    event = decode_event(written(value, escaped=escaped))
    again = decode_event(encode(event))
    assert again == event
    assert encode(again) == encode(event)
    for field, held in value.items():
        if isinstance(held, str | int) and field not in {
            "type",
            "occurred_at",
            "closes_at",
            "stands_from",
        }:
            assert str(getattr(event, field)) == str(held)


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: value["event_id"])
def test_every_wrong_token_in_every_field_has_its_refusal(value):
    good = written(value, escaped=False)
    event = decode_event(good)
    for field in (*value, "unknown"):
        for token in WRONG_TOKENS:
            bad = with_token(value, field, token)
            result = outcome(bad)
            assert_lawful(result)
            if token in NEVER_PRINTABLE:
                assert isinstance(result, tuple), (field, token)
                assert field in result[1] or field in {"type", "unknown"}
            # Alone, and among neighbours that are clean.
            assert batch_outcomes([bad]) == [result]
            assert batch_outcomes([good, bad, good]) == [event, result, event]


@given(VALUES)
@example(b"")
@example(b"\xef\xbb\xbf{}")
def test_whatever_comes_is_an_event_or_a_refusal(value):
    assert_lawful(outcome(value))


@given(VALUES)
def test_whatever_is_refused_can_be_written_down_and_read_again(value):
    [refused] = decode_events([value])
    if isinstance(refused, Refused):
        record = RejectedRecord(
            code=refused.code,
            detail=refused.detail,
            topic="purchases",
            partition=0,
            offset=0,
            value=value,
            event_id=refused.event_id,
        )
        assert decode_rejected(encode(record)) == record


@settings(max_examples=300)
@given(st.lists(VALUES, max_size=8))
def test_a_batch_decodes_as_its_values_do_one_by_one(values):
    assert batch_outcomes(values) == [outcome(value) for value in values]


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                b'{"type":"production","event_id":"a',
                b'","product_id":"p',
                b'","occurred_at":"2011-10-31T14:41:00Z","company_id":"c',
                b'","quantity":"1"}',
                b"\\",
                b'"',
                b"u0000",
                b"\x7f",
                b"\xc2",
                b"\x85",
                b"}",
                b"{",
            ]
        ),
        min_size=1,
        max_size=14,
    ),
    st.lists(st.integers(0, 100), max_size=5),
)
def test_nothing_hides_where_one_value_ends_and_the_next_begins(parts, cuts):
    whole = b"".join(parts)
    at = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    good = (
        b'{"type":"production","event_id":"g","product_id":"p",'
        b'"occurred_at":"2011-10-31T14:41:00Z","company_id":"c","quantity":"1"}'
    )
    values = [
        good,
        *(whole[a:b] for a, b in pairwise(at)),
        good,
    ]
    assert batch_outcomes(values) == [outcome(value) for value in values]


@given(
    st.datetimes(timezones=OFFSETS | st.just(UTC)),
    st.sampled_from(["week", "day", "hour"]),
)
@example(datetime(2000, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "day")
@example(datetime(2100, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "hour")
@example(datetime(2000, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=-1))), "week")
@example(datetime(2100, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=-1))), "day")
def test_every_time_that_is_let_in_lies_in_a_period_that_is_let_in(moment, length):
    value = {
        "type": "production",
        "event_id": "e",
        "product_id": "p",
        "occurred_at": moment.isoformat(),
        "company_id": "c",
        "quantity": "1",
    }
    result = outcome(written(value))
    if isinstance(result, tuple):
        assert result[0] == "invalid_field"
        return
    utc = result.occurred_at.astimezone(UTC)
    if length == "week":
        assert Period("{}-W{:02}".format(*utc.isocalendar()[:2]))
    else:
        assert Period(f"{utc:%Y-%m-%d}" if length == "day" else f"{utc:%Y-%m-%dT%H}")


decode_client = msgspec.json.Decoder(ClientMessage, dec_hook=from_wire).decode

MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "subscribe", "unsubscribe", "publish", "ping"])},
    optional={
        "id": IDENTIFIERS | JSON,
        "channel": st.just("market") | JSON,
        "products": st.lists(IDENTIFIERS, max_size=3) | JSON,
        "period": PERIODS | JSON,
        "mode": st.sampled_from(["stream", "conflated"]) | JSON,
        "max_rate": st.floats() | JSON,
        "resume": st.text() | JSON,
        "events": st.lists(VALID_OBJECTS, max_size=3) | JSON,
        "token": st.text() | JSON,
        "client": st.text() | JSON,
    },
)


@given(MESSAGES.map(lambda value: json.dumps(value).encode()) | VALUES)
def test_whatever_a_client_sends_is_a_message_or_an_error_of_the_decoder(raw):
    try:
        message = decode_client(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Those three, and no other: the server's decoder turns them into its codes.
        return
    assert decode_client(encode(message)) == message
