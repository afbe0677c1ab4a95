"""The ledger without Kafka: what a file says, refuses, closes, asks and corrects."""

import json
from decimal import Decimal

import pytest
from support.market import moment, raw, said
from support.settlement import WORKED_EXAMPLE, bytes_of, settled

from parfeed.settlement.offline import BATCH, OfflineLedger
from parfeed.settlement.printing import json_pieces, period_lines, refused_text
from schemas.codec import decode_event, encode
from schemas.errors import Refused
from streams.market.periods import Calendar

HOUR = 3_600
SUNDAY = moment(-HOUR)
LATER = moment(8 * 24 * HOUR)


def tea(kind, event_id, *, at=SUNDAY, **more):
    return said(kind, event_id=event_id, product_id="tea", occurred_at=at, **more)


def sale(event_id, of, company, quantity, price, *, hour=10, planned=None):
    return tea(
        "purchase",
        event_id,
        at=moment(hour * HOUR),
        consumer_id=of,
        company_id=company,
        quantity=quantity,
        unit_price=price,
        planned_quantity=planned,
    )


def asked(kind, event_id, *, at=LATER, **more):
    return said(kind, event_id=event_id, occurred_at=at, **more)


def lives_in(consumer, council, **more):
    return asked(
        "budget",
        f"b-{consumer}",
        at=SUNDAY,
        consumer_id=consumer,
        income="9000",
        council_id=council,
        **more,
    )


PLANNED = [
    asked("terms", "terms-0", at=SUNDAY, planned_tax="0.04", unplanned_tax="0.2"),
    tea("bid", "bid", company_id="Z", quantity="100"),
    tea("plan", "plan", consumer_id="ann", quantity="100"),
    tea("planned_price", "price", planned_price="10.00"),
    lives_in("bob", "elm-street"),
    lives_in("cat", "elm-street"),
]
TRADED = [
    sale("z", "ann", "Z", "100", "10.00", planned="100"),
    sale("x", "bob", "X", "20", "8.00"),
    sale("y", "cat", "Y", "10", "11.00"),
]
CLOSE = asked("close", "close")
CORRECTION = asked("correction", "correction")


def ledger_of(*events, length="week"):
    ledger = OfflineLedger(Calendar(length))
    for line, event in enumerate(events, start=1):
        ledger.take(line, raw(event), decode_event(raw(event)))
    return ledger


def periods_of(*events):
    return list(ledger_of(*events).settled())


def codes(ledger):
    return [(refused.line, refused.code) for refused in ledger.refused]


def test_the_worked_example_comes_to_the_same_bytes_as_in_the_ledger():
    [period] = periods_of(*PLANNED, *TRADED, CLOSE)
    assert (period.period, period.is_closed) == ("2011-W44", True)
    [settlement] = period.settlements
    assert bytes_of(settlement) == bytes_of(settled(WORKED_EXAMPLE))


def test_a_period_that_is_not_closed_is_settled_as_it_stands():
    closed, open_ = (periods_of(*PLANNED, *TRADED, *end) for end in ([CLOSE], []))
    assert [period.is_closed for period in (*closed, *open_)] == [True, False]
    assert bytes_of(closed[0].settlements[0]) == bytes_of(open_[0].settlements[0])


def test_the_order_of_trades_and_lines_does_not_show():
    [straight] = periods_of(*PLANNED, *TRADED, CLOSE)
    [turned] = periods_of(PLANNED[0], *TRADED[1:], *reversed(PLANNED[1:]), TRADED[0])
    assert bytes_of(straight.settlements[0]) == bytes_of(turned.settlements[0])


def test_what_the_workers_refuse_is_refused_with_its_line():
    ledger = ledger_of(
        *PLANNED,
        *TRADED,
        TRADED[0],
        tea("plan", "old", consumer_id="ann", quantity="1"),
        tea("plan", "day", consumer_id="ann", period="2011-10-31"),
    )
    [period] = ledger.settled()
    assert codes(ledger) == [
        (10, "duplicate"),
        (11, "stale_revision"),
        (12, "invalid_field"),
    ]
    assert ledger.taken == 9
    assert bytes_of(period.settlements[0]) == bytes_of(settled(WORKED_EXAMPLE))


def test_a_bid_that_was_made_after_the_gate_is_refused():
    gate = asked("period", "gate", at=SUNDAY, closes_at=moment(-600))
    late = tea("bid", "late", at=moment(-60), company_id="Y", quantity="50")
    ledger = ledger_of(gate, late)
    assert list(ledger.settled()) == []
    assert codes(ledger) == [(2, "gate_closed")]


def test_what_comes_after_the_close_is_brought_in_by_a_correction():
    late = sale("late", "dan", "Y", "5", "12.00")
    ledger = ledger_of(*PLANNED, *TRADED, CLOSE, late, CORRECTION)
    [period] = ledger.settled()
    first, corrected = period.settlements
    assert (first.revision, corrected.revision) == (0, 1)
    assert bytes_of(first) == bytes_of(settled(WORKED_EXAMPLE))
    [at_once] = periods_of(*PLANNED, *TRADED, late)
    assert corrected.balances == at_once.settlements[0].balances
    assert ledger.refused == []
    assert ledger.taken == 12


def test_what_comes_after_the_close_is_refused_where_nobody_corrects():
    late = sale("late", "dan", "Y", "5", "12.00")
    ledger = ledger_of(*PLANNED, *TRADED, CLOSE, late)
    [period] = ledger.settled()
    assert len(period.settlements) == 1
    assert codes(ledger) == [(11, "period_settled")]


def test_a_correction_that_moves_no_money_makes_no_settlement():
    made = tea("production", "made", at=moment(HOUR))
    [period] = periods_of(*PLANNED, *TRADED, CLOSE, made, CORRECTION)
    assert len(period.settlements) == 1


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([CORRECTION], "not_settled"),
        ([CLOSE, CORRECTION], "nothing_to_correct"),
        ([CLOSE, asked("close", "again")], "period_settled"),
        ([CLOSE, CLOSE], "duplicate"),
        ([CLOSE, asked("budget", "late")], "period_settled"),
        ([asked("close", "day", period="2011-10-31")], "invalid_field"),
        ([asked("correction", "day", period="2011-10-31")], "invalid_field"),
        ([asked("terms", "t", planned_tax="2")], "invalid_field"),
        ([*TRADED, asked("terms", "t")], "terms_in_use"),
        ([asked("terms", "t"), asked("terms", "u")], "stale_revision"),
        ([asked("budget", "b", unplanned_share="0.9")], "share_out_of_window"),
    ],
)
def test_requests_are_refused_as_the_ledger_refuses_them(events, code):
    ledger = ledger_of(*events)
    list(ledger.settled())
    assert codes(ledger) == [(len(events), code)]


# Purchases that are asked for

REQUEST = tea(
    "request",
    "till",
    at=moment(12 * HOUR),
    consumer_id="ann",
    company_id="Y",
    quantity="120",
)
ANNS = [
    lives_in("ann", "oak", unplanned_share="0.5"),
    tea("price", "asks", company_id="Y", unplanned_price="11.00"),
]


def test_a_purchase_that_is_authorised_counts_with_the_split_approved_for_it():
    # Ann buys 100 at another till an hour before; the approval comes first.
    ledger = ledger_of(*PLANNED, *ANNS, REQUEST, TRADED[0])
    [period] = ledger.settled()
    assert ledger.refused == []
    [first] = [
        posting
        for posting in period.settlements[0].postings
        if posting.formula.startswith("p = ")
    ]
    assert "company/Y" in {entry.account for entry in first.entries}
    assert first.formula == "p = 10.00, q = 100, a = 0.04"


def test_the_purchase_that_a_copied_topic_repeats_is_there_already():
    made = sale("till", "ann", "Y", "120", "11.00", hour=12, planned="100")
    ledger = ledger_of(*PLANNED, *ANNS, REQUEST, made)
    [period] = ledger.settled()
    assert ledger.refused == []
    assert dict(ledger.left_out) == {"purchase": 1}
    assert period.settlements[0].rows[0].actual == 120
    assert ledger.taken == len(PLANNED) + len(ANNS) + 1


def test_a_purchase_that_is_declined_is_refused_and_changes_nothing():
    ledger = ledger_of(*PLANNED, REQUEST)
    [period] = ledger.settled()
    assert codes(ledger) == [(7, "unknown_card")]
    assert period.settlements[0].postings == ()


def test_a_rebid_that_is_answered_counts_from_its_moment_on():
    asks = tea("rebid_request", "rebid", at=moment(13 * HOUR), company_id="Z")
    answer = tea(
        "rebid_answer",
        "answer",
        at=moment(14 * HOUR),
        planned_price="12",
        stands_from=moment(15 * HOUR),
    )
    late = sale("after", "bob", "X", "5", "8.00", hour=16)
    ledger = ledger_of(*PLANNED, *TRADED, asks, answer, late)
    [period] = ledger.settled()
    assert ledger.refused == []
    formulas = [posting.formula for posting in period.settlements[0].postings]
    assert "u = 8.00, p = 12.00, q = 5, b = 0.2" in formulas
    assert "u = 8.00, p = 10.00, q = 20, b = 0.2" in formulas


# What is of no concern


def test_the_boards_agenda_and_the_end_of_trading_are_left_out_and_counted():
    ledger = ledger_of(
        asked("trading_end", "end"), asked("gate", "g"), asked("opening", "o")
    )
    assert list(ledger.settled()) == []
    assert dict(ledger.left_out) == {"trading_end": 1, "gate": 1, "opening": 1}
    assert ledger.taken == 0


def test_more_events_than_a_batch_holds_count_like_few():
    count = BATCH + 5
    events = [sale(f"s{number}", "bob", "X", "1", "1.00") for number in range(count)]
    [period] = periods_of(*events)
    assert period.settlements[0].rows[0].actual == count


def test_periods_are_days_where_the_calendar_says_so():
    ledger = ledger_of(*TRADED, length="day")
    [period] = ledger.settled()
    assert period.period == "2011-10-31"


# Printing


def test_the_json_is_one_object_with_everything_in_it():
    ledger = ledger_of(*PLANNED, *TRADED, CLOSE, CLOSE)
    ledger.refuse(99, Refused("malformed", "broken"))
    found = json.loads(b"".join(json_pieces(ledger, ledger.settled())))
    [period] = found["periods"]
    assert (period["period"], period["is_closed"]) == ("2011-W44", True)
    [settlement] = period["settlements"]
    expected = settled(WORKED_EXAMPLE)
    for name in ("postings", "statements", "rows"):
        rows = [json.loads(encode(row)) for row in getattr(expected, name)]
        assert settlement[name] == rows
    assert settlement["balances"] == {
        name: f"{amount}" for name, amount in expected.balances.items()
    }
    assert found["taken"] == 10
    assert [(each["line"], each["code"]) for each in found["refused"]] == [
        (11, "duplicate"),
        (99, "malformed"),
    ]
    assert found["left_out"] == {}


def test_several_periods_are_one_list():
    other = sale("next", "bob", "X", "1", "1.00", hour=24 * 8)
    late = sale("late", "bob", "X", "1", "1.00")
    ledger = ledger_of(*TRADED, other, CLOSE, late, CORRECTION)
    found = json.loads(b"".join(json_pieces(ledger, ledger.settled())))
    assert [period["period"] for period in found["periods"]] == ["2011-W44", "2011-W45"]
    assert [len(period["settlements"]) for period in found["periods"]] == [2, 1]


def test_the_summary_says_who_got_and_paid_what():
    [period] = periods_of(
        *PLANNED, *TRADED, CLOSE, sale("late", "dan", "Y", "5", "12"), CORRECTION
    )
    lines = period_lines(period)
    assert lines[0] == "2011-W44 (closed): 1 product, 7 postings, 11 accounts"
    named = {line.split()[0]: line.split()[-1] for line in lines[1:6]}
    last = period.settlements[-1].balances
    assert named["sum"] == "0.00"
    assert named["board"] == f"{last['board/tax']:,}"
    assert lines[6].startswith("  tax: 106.00 collected, ")
    assert lines[7].startswith("  correction 1: ")
    assert sum(last.values()) == Decimal(0)


def test_a_refused_line_is_said_with_its_number_and_nothing_that_steers_a_terminal():
    ledger = ledger_of()
    ledger.refuse(3, Refused("malformed", "broken"))
    ledger.refuse(4, Refused("duplicate", "twice"), "e\x1b[2J")
    assert [refused_text(refused) for refused in ledger.refused] == [
        "line 3: malformed: broken",
        "line 4: duplicate: twice (e\\u001b[2J)",
    ]
