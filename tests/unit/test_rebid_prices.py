"""A price for the rest of a period: what is paid changes, what was planned does not."""

from decimal import Decimal

from support.market import fold_said, said, tables

from schemas.codec import decode_line, encode
from streams.market.standing import Standing

D = Decimal
LIMITED = said(
    "plan", event_id="e-1", quantity="10", greatest_price="1.30", consumer_id="ada"
)
SCHEDULED = said(
    "bid", event_id="e-2", quantity="10", schedule=[["1.00", "10"], ["2.00", "20"]]
)
PLANNED = said("planned_price", event_id="e-3", planned_price="1.25", revision=3)
REBID = said(
    "planned_price",
    event_id="e-4",
    planned_price="1.50",
    revision=4,
    stands_from="2011-11-03T00:00:00Z",
)
VETO = said("decision", event_id="e-5")
TAKEN_BACK = said("decision", event_id="e-6", revision=1, counts=True)


def folded(*events):
    into = tables()
    changes = fold_said(into, *events)
    assert not [one for change in changes for one in change.rejected]
    return into


def row_of(into):
    return into.rows["bread", "2011-W44"]


def test_a_rebid_shows_its_price_and_leaves_the_plan_as_it_was_made():
    before = row_of(folded(LIMITED, SCHEDULED, PLANNED))
    after = row_of(folded(LIMITED, SCHEDULED, PLANNED, REBID))
    assert after.price.planned == D("1.50")
    assert (before.supply.planned, before.demand.planned) == (D("12.5"), D(10))
    assert after.supply.planned == before.supply.planned
    assert after.demand.planned == before.demand.planned
    assert after.planning == before.planning


def test_a_decision_after_a_rebid_answers_at_the_price_of_the_plan():
    line = {**LIMITED, "council_id": "street"}
    row = row_of(folded(line, PLANNED, REBID, VETO, TAKEN_BACK))
    assert row.demand.planned == 10


def test_a_worker_that_starts_anew_answers_at_the_price_of_the_plan():
    into = folded(PLANNED, REBID)
    key = ("planned_price", "bread", "2011-W44", "board", "")
    line = decode_line(encode(into.lines[key]))
    assert line.amount == D("1.50")
    standing = Standing()
    standing.put(key, line)
    assert standing.price == D("1.25")


def test_a_second_rebid_keeps_the_price_of_the_plan():
    later = {**REBID, "event_id": "e-7", "revision": 5, "planned_price": "0.90"}
    into = folded(SCHEDULED, PLANNED, REBID, later)
    assert row_of(into).price.planned == D("0.90")
    assert row_of(into).supply.planned == D("12.5")


def test_a_price_for_the_rest_of_a_period_without_one_before_is_answered():
    row = row_of(folded(LIMITED, REBID))
    assert row.demand.planned == 0
