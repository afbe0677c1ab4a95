"""Events become lines: what each changes, what is refused, and who is not named."""

import logging
from decimal import Decimal

import pytest
from support.market import MONDAY_S, SentRecord, fold_said, raw, record, said, tables

from schemas.topics import BIDS, BOARD, TOPIC_OF_EVENT
from schemas.values import Period
from streams.market.batch import fold_batch

WEEK = Period("2011-W44")
CLOSES = "2011-11-01T00:00:10Z"  # ten seconds after what `record` stamps
CLOSED_S = 86_400 + 10


def folded(*events):
    into = tables()
    changes = fold_said(into, *numbered(events))
    assert not [one for change in changes for one in change.rejected]
    return into


def numbered(events, first=0):
    return [
        {**event, "event_id": f"e-{number}"}
        for number, event in enumerate(events, first)
    ]


def row_of(into):
    return into.rows["bread", "2011-W44"]


def refusal(into, event, received_s=86_400.0, offset=99):
    event = {**event, "event_id": "the refused one"}
    changes = fold_batch(
        into, TOPIC_OF_EVENT[event["type"]], [record(event, offset, received_s)]
    )
    assert not changes.rows
    assert not changes.lines
    (refused,) = changes.rejected
    return refused


def bid(quantity="10", **fields):
    return said("bid", quantity=quantity, **fields)


def plan(quantity="10", **fields):
    return said("plan", quantity=quantity, **fields)


def announced(price, round_=1, **fields):
    return said("announced_price", announced_price=price, round=round_, **fields)


# Lines


def test_a_line_holds_all_that_was_said():
    into = folded(
        plan(
            revision=3,
            round=2,
            council_id="street",
            for_product_id="cake",
            greatest_price="9",
        )
    )
    (line,) = into.lines.values()
    assert (line.kind, line.party_id, line.revision) == ("plan", "ada", 3)
    assert (line.quantity, line.amount, line.round, line.offset) == (10, 10, 2, 0)
    assert (line.council_id, line.for_product_id) == ("street", "cake")
    assert line.terms.limit == 9
    assert type(line.quantity) is Decimal


def test_a_companys_inputs_stand_apart_by_the_product_that_needs_them():
    into = folded(
        plan("1", revision=5),
        plan("2", for_product_id="cake"),
        plan("4", for_product_id="beer"),
        plan("8", for_product_id="beer", revision=1),
    )
    assert row_of(into).demand.planned == 11
    assert row_of(into).planning.plans == 3
    assert refusal(into, plan(for_product_id="cake")).code == "stale_revision"


def test_a_teams_bid_and_a_councils_line_go_by_one_field():
    into = folded(bid(team_id="bakers"), plan(council_id="street"))
    assert [line.council_id for line in into.lines.values()] == ["bakers", "street"]


# Prices


def test_a_price_answers_for_lines_before_and_after_it():
    limits = {"greatest_price": "2"}
    into = folded(
        plan("10", consumer_id="a", **limits),
        plan("7", consumer_id="b"),
        announced("3"),
        plan("5", consumer_id="c", **limits),
    )
    row = row_of(into)
    assert row.demand.planned == 7
    assert (row.planning.denied, row.planning.denied_quantity) == (2, 15)
    assert (row.planning.plans, row.planning.round, row.price.announced) == (1, 1, 3)
    fold_said(into, *numbered([announced("2", 2)], 9), first=9)
    row = row_of(into)
    assert row.demand.planned == 22
    assert (row.planning.denied, row.planning.denied_quantity) == (0, 0)
    assert (row.planning.plans, row.planning.round) == (3, 2)


def test_a_price_writes_the_lines_whose_answers_changed_and_no_others():
    into = folded(
        bid("10", company_id="a", least_price="2"),
        bid("10", company_id="b", least_price="1"),
        bid("10", company_id="c"),
        announced("3"),
    )
    (changes,) = fold_said(into, *numbered([announced("1.5", 2)], 9), first=9)
    assert {(line.kind, line.party_id, line.amount) for line in changes.lines} == {
        ("announced_price", "board", Decimal("1.5")),
        ("bid", "a", 0),
    }
    assert [line.offset for line in changes.lines] == [-1, 0]
    assert len(changes.rows) == 1
    assert row_of(into).supply.planned == 20


def test_once_a_planned_price_stands_lines_answer_at_it():
    into = folded(
        bid("10", least_price="2"),
        announced("3"),
        said("planned_price", planned_price="1"),
    )
    assert row_of(into).supply.planned == 0
    fold_said(into, *numbered([announced("5", 2)], 9), first=9)
    assert (row_of(into).supply.planned, row_of(into).price.announced) == (0, 5)


@pytest.mark.parametrize("round_", [1, 2])
def test_a_price_of_an_earlier_or_the_same_round_is_stale(round_):
    into = folded(bid("10", least_price="2"), announced("3", 2))
    assert refusal(into, announced("1", round_)).code == "stale_revision"
    assert row_of(into).supply.planned == 10


def test_an_indicative_price_shows_and_answers_for_nothing():
    into = folded(
        bid("10", least_price="2"),
        announced("3"),
        said("indicative_price", indicative_price="1", revision=7),
    )
    assert (row_of(into).supply.planned, row_of(into).price.indicative) == (10, 1)
    stale = said("indicative_price", indicative_price="2", revision=7)
    assert refusal(into, stale).code == "stale_revision"


def test_a_withdrawn_line_is_not_denied():
    into = folded(plan("10", greatest_price="1"), announced("3"))
    assert row_of(into).planning.denied == 1
    fold_said(into, *numbered([plan("0", revision=1)], 9), first=9)
    assert row_of(into).planning.denied == 0


def test_a_bid_without_quantity_but_with_a_schedule_is_no_withdrawal():
    into = folded(
        bid("0", schedule=[["2", "5"], ["3", "8"]]),
        announced("2.5"),
    )
    assert row_of(into).supply.planned == Decimal("6.5")


# Decisions


def decision(counts, revision, council_id="street"):
    return said("decision", council_id=council_id, counts=counts, revision=revision)


def test_a_councils_lines_leave_the_sums_and_come_back():
    into = folded(
        plan("10", consumer_id="a", council_id="street"),
        plan("7", consumer_id="b", council_id="square"),
        plan("3", consumer_id="c"),
        bid("5", team_id="street"),
        decision(False, 0),
        plan("2", consumer_id="d", council_id="street"),
    )
    row = row_of(into)
    assert (row.demand.planned, row.supply.planned) == (10, 0)
    assert (row.planning.plans, row.planning.bids) == (2, 0)
    out = into.lines["plan", "bread", "2011-W44", "a", ""]
    assert (out.amount, out.quantity) == (0, 10)
    (changes,) = fold_said(into, *numbered([decision(True, 1)], 9), first=9)
    assert len(changes.lines) == 4
    row = row_of(into)
    assert (row.demand.planned, row.supply.planned) == (22, 5)
    assert (row.planning.plans, row.planning.bids) == (4, 1)


def test_lines_that_do_not_count_are_not_denied():
    into = folded(
        plan("10", council_id="street", greatest_price="1"),
        announced("3"),
        decision(False, 0),
    )
    assert row_of(into).planning.denied == 0
    fold_said(into, *numbered([decision(True, 1)], 9), first=9)
    assert row_of(into).planning.denied_quantity == 10


def test_an_earlier_decision_is_stale():
    into = folded(plan(council_id="street"), decision(True, 2))
    assert refusal(into, decision(False, 2)).code == "stale_revision"
    assert refusal(into, decision(False, 1), offset=100).code == "duplicate"
    assert row_of(into).demand.planned == 10


# Joint bids


def confirmation(member_id="mill", revision=0):
    return said("confirmation", member_id=member_id, revision=revision)


def test_a_joint_bid_waits_for_each_member():
    into = folded(bid(members=["mill", "farm"]), confirmation("farm"))
    assert row_of(into).supply.planned == 0
    (line,) = into.lines.values()
    assert (line.terms.confirmed, line.quantity, line.offset) == (("farm",), 10, 1)
    (changes,) = fold_said(into, *numbered([confirmation("mill")], 9), first=9)
    assert changes.lines[0].terms.confirmed == ("mill", "farm")
    assert row_of(into).supply.planned == 10
    assert row_of(into).planning.bids == 1


def test_a_new_revision_has_to_be_confirmed_again():
    into = folded(
        bid(members=["mill"]), confirmation(), bid("8", members=["mill"], revision=1)
    )
    assert row_of(into).supply.planned == 0
    assert refusal(into, confirmation()).code == "unknown_bid"


def test_to_confirm_twice_counts_as_an_event_and_changes_nothing_else():
    into = folded(bid(members=["mill"]), confirmation(), confirmation())
    assert row_of(into).sequence == 3
    assert (row_of(into).supply.planned, row_of(into).planning.bids) == (10, 1)


@pytest.mark.parametrize(
    ("before", "detail"),
    [
        ([], "no joint bid stands here to confirm"),
        ([bid()], "no joint bid stands here to confirm"),
        ([bid(least_price="1")], "no joint bid stands here to confirm"),
        (
            [bid(members=["mill"], revision=4)],
            "revision 4 of the joint bid stands; was 0",
        ),
    ],
)
def test_what_is_not_there_cannot_be_confirmed(before, detail):
    refused = refusal(folded(*before), confirmation())
    assert (refused.code, refused.detail) == ("unknown_bid", detail)


def test_who_is_no_member_cannot_confirm():
    refused = refusal(folded(bid(members=["mill", "farm"])), confirmation("ada"))
    assert refused.code == "not_a_member"
    assert "2 other companies" in refused.detail


# Periods


def period(closes_at=None, revision=0, **fields):
    return said("period", closes_at=closes_at, revision=revision, **fields)


def test_a_periods_times_make_one_line_and_no_row():
    into = tables(foreign=("bread",), partition=3)
    changes = fold_batch(into, BOARD, [record(period(CLOSES))])
    assert not changes.rows
    assert not changes.rejected
    (line,) = changes.lines
    assert (line.kind, line.product_id, line.party_id) == ("period", "*", "board")
    assert line.amount == (MONDAY_S + CLOSED_S) * 10**6
    assert line.quantity == (MONDAY_S + 86_400) * 10**6
    assert into.gates == {"2011-W44": (line.quantity, line.amount, 0)}


def test_a_gate_is_not_closed_before_the_board_has_said_so():
    into = tables()
    fold_batch(into, BOARD, [record(period("2011-10-31T00:00:00Z"))])
    (line,) = into.lines.values()
    assert line.amount == line.quantity


def test_a_later_word_moves_the_gate_and_leaves_the_opening():
    into = tables()
    fold_batch(into, BOARD, [record(period())])
    again = {**period(CLOSES, revision=1), "event_id": "e-2"}
    fold_batch(into, BOARD, [record(again, 1, 86_405.0)])
    (gate,) = into.gates.values()
    opened, closes = MONDAY_S + 86_400, MONDAY_S + CLOSED_S
    assert gate == (opened * 10**6, closes * 10**6, 1)
    assert refusal(into, period(revision=1)).code == "stale_revision"


def test_a_closed_gate_does_not_open_again():
    into = folded(period(CLOSES))
    refused = refusal(into, period(revision=1), CLOSED_S + 0.001)
    assert refused.code == "gate_closed"
    assert into.gates["2011-W44"].revision == 0


def test_a_period_of_another_length_is_refused():
    assert refusal(tables(), period(period="2011-10-31")).code == "invalid_field"


@pytest.mark.parametrize("event", [bid("0", revision=1), plan(), confirmation()])
def test_what_arrives_after_the_gate_is_refused_and_at_it_is_not(event):
    into = folded(announced("1"), period(CLOSES), bid(members=["mill"]))
    refused = refusal(into, event, CLOSED_S + 0.001)
    assert refused.code == "gate_closed"
    assert refused.detail == (
        "the gate of 2011-W44 closed at 2011-11-01T00:00:10+00:00; this reached Kafka "
        "at 2011-11-01T00:00:10.001000+00:00"
    )
    changes = fold_batch(into, BIDS, [record(event, 100, CLOSED_S)])
    assert not changes.rejected


@pytest.mark.parametrize("event", [bid(), plan()])
def test_a_product_without_an_announced_price_is_not_planned(event):
    into = folded(period(), announced("1", product_id="salt"))
    refused = refusal(into, event)
    assert refused.code == "unknown_product"
    assert refused.detail.startswith("bread is not planned in 2011-W44")
    assert "bread" not in {product_id for product_id, _ in into.rows}
    later = {**event, "period": "2011-W45"}
    assert not fold_batch(into, BIDS, [record(later, 100)]).rejected


def test_what_came_before_the_opening_is_free_whenever_it_is_folded():
    into = folded(period())
    changes = fold_batch(into, BIDS, [record(bid(), 0, 86_399.999)])
    assert not changes.rejected


def test_a_refused_first_event_leaves_no_row_even_where_a_price_is_asked():
    into = folded(said("price"), period(period="2011-W45"))
    refusal(into, bid(period="2011-W45"))
    assert {period for _, period in into.rows} == {"2011-W44"}


# Privacy


def test_no_refusal_and_no_log_line_names_a_consumer(caplog):
    caplog.set_level(logging.DEBUG)
    secret = "the-secret-consumer"
    into = folded(announced("1"), period(CLOSES), plan(consumer_id=secret, revision=3))
    late, early = CLOSED_S + 1, 86_400.0
    cases = [
        (plan(consumer_id=secret, revision=3), early),
        (plan(consumer_id=secret, revision=9), late),
        (plan(consumer_id=secret, product_id="salt"), early),
        (plan(consumer_id=secret, period="2011-10-31"), early),
        (plan(consumer_id=secret + "\x7f"), early),
        (plan(consumer_id=secret, quantity="-1"), early),
        (plan(consumer_id=secret, occurred_at="2011-12-31T00:00:00Z"), early),
        (plan(consumer_id=secret, event_id=secret), early),
        (plan(consumer_id=secret, schedule=[["1", "1"], ["1", "1"]]), early),
        (confirmation(secret), early),
        ({**said("signature", signer_id=secret)}, early),
        ({**said("council", signers=[secret, secret])}, early),
    ]
    refused = [
        one
        for number, (event, at) in enumerate(cases)
        for again in range(2)  # the second time a duplicate, where it was read
        for one in fold_batch(
            into,
            BIDS,
            [
                SentRecord(
                    100 + 2 * number + again,
                    round((MONDAY_S + at) * 1000),
                    raw({**event, "event_id": f"{secret}-{number}"}),
                )
            ],
        ).rejected
    ]
    assert len(refused) == 2 * len(cases)
    assert {"duplicate", "stale_revision", "gate_closed", "unknown_product"} <= {
        one.code for one in refused
    }
    assert not [one.detail for one in refused if secret in one.detail]
    assert secret not in caplog.text
