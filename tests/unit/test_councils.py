"""The councils as a whole: rows, what waits, prices, restarts, names of two sides."""

from decimal import Decimal

import pytest
from support.councils import (
    NOW,
    WEEK,
    counts_of,
    decided,
    formed,
    priced,
    rows_of,
    signed,
    tell,
    wanted,
    with_events,
)

from schemas.errors import Refused
from schemas.rows import Terms
from streams.market.councils.councils import Councils

CITY = formed("port", "city", threshold=20)
QUAY = formed("quay", parent_id="port", threshold=10)
LIMITED = Terms(limit=Decimal(3))
CROWD = [wanted(f"c{number}", "quay", 2) for number in range(6)]


def code_of(councils: Councils, event) -> str:
    (code,) = tell(councils, [event])
    return code


def test_a_row_says_what_a_council_is_asked_for():
    councils = with_events(CITY, QUAY, *CROWD)
    row = rows_of(councils)["quay"]
    assert (row.quantity, row.people, row.level) == (12, 6, "neighbourhood")
    assert (row.parent_id, row.status, row.needed) == ("port", "waits", 2)
    assert (row.signatures, row.sequence, row.occurred_at) == (0, 1, NOW)
    assert rows_of(councils) == {}


def test_a_row_counts_the_approvals_that_go_as_far_as_what_is_asked():
    councils = with_events(CITY, QUAY, *CROWD, signed("quay", "kim", quantity=11))
    assert rows_of(councils)["quay"].signatures == 0
    tell(councils, [signed("quay", "lee", quantity=12)])
    row = rows_of(councils)["quay"]
    assert (row.signatures, row.status, row.sequence) == (1, "waits", 2)
    tell(councils, [signed("quay", "max")])
    row = rows_of(councils)["quay"]
    assert (row.signatures, row.status, row.sequence) == (2, "approved", 3)


def test_councils_that_nobody_asks_anything_have_no_rows():
    assert rows_of(with_events(CITY, QUAY)) == {}


def test_a_signed_line_has_a_row_before_anybody_asks():
    councils = with_events(CITY, signed("port", "kim"))
    row = rows_of(councils)["port"]
    assert (row.quantity, row.people, row.signatures) == (0, 0, 1)


def test_a_vote_that_was_refused_makes_no_row():
    councils = with_events(CITY)
    assert code_of(councils, signed("port", "ann")) == "not_a_signer"
    assert rows_of(councils) == {}


def test_what_waits_is_listed_with_who_signed():
    councils = with_events(
        CITY,
        QUAY,
        *CROWD,
        signed("quay", "kim", "veto"),
        signed("quay", "max", quantity=11),
        signed("quay", "lee"),
        wanted("x", "port", 9, period="2026-W03"),
    )
    (waiting,) = councils.waits()
    assert waiting.council_id == "quay"
    assert (waiting.product_id, waiting.period) == ("milk", WEEK)
    assert (waiting.quantity, waiting.people, waiting.threshold) == (12, 6, 10)
    assert (waiting.approved_by, waiting.vetoed_by) == (("lee",), ("kim",))
    assert (waiting.needed, waiting.missing) == (2, 1)
    assert councils.waits("2026-W03") == []
    assert councils.waits(WEEK) == [waiting]


def test_what_waits_does_not_say_what_rows_withhold():
    councils = with_events(CITY, QUAY, *CROWD)
    assert councils.waits()[0].quantity == 12
    for number in range(6):
        tell(councils, [wanted(f"c{number}", "quay", 0, revision=1)])
        tell(councils, [wanted("rich", "quay", 99)])
        (waiting,) = (line for line in councils.waits() if line.council_id == "quay")
    assert (waiting.quantity, waiting.people) == (None, None)


def test_what_waits_does_not_say_what_is_withheld_beside_another():
    councils = with_events(CITY, QUAY, *CROWD)
    tell(councils, [formed("dock", parent_id="port", threshold=1)])
    tell(councils, [wanted("rich", "dock", 99)])
    shown = {line.council_id: line.quantity for line in councils.waits()}
    assert shown == {"port": 111, "quay": None, "dock": None}


def test_asking_what_waits_takes_no_row_away():
    councils = with_events(CITY, QUAY, *CROWD)
    councils.waits()
    assert set(rows_of(councils)) == {"quay", "port"}


def test_what_is_vetoed_or_approved_does_not_wait():
    vetoes = [signed("quay", signer, "veto") for signer in ("kim", "lee")]
    assert with_events(CITY, QUAY, *CROWD, *vetoes).waits() == []
    approvals = [signed("quay", signer) for signer in ("kim", "lee")]
    assert with_events(CITY, QUAY, *CROWD, *approvals).waits() == []


def test_a_councils_vetoed_line_stays_out_when_its_threshold_goes():
    vetoes = [signed("quay", signer, "veto") for signer in ("kim", "lee")]
    councils = with_events(CITY, QUAY, *CROWD, *vetoes)
    tell(councils, [formed("quay", parent_id="port", revision=1)])
    assert councils.waits() == []
    assert counts_of(councils.decisions(NOW)) == {"quay": False}


def test_an_unknown_council_is_signed_for_by_nobody():
    councils = with_events(QUAY)
    assert code_of(councils, signed("port", "kim")) == "unknown_council"


def test_a_bids_council_is_signed_for():
    councils = with_events(
        formed("bakers", "team", threshold=1), wanted("m", "bakers", 5, kind="bid")
    )
    assert code_of(councils, signed("bakers", "ann")) == "not_a_signer"
    tell(councils, [signed("bakers", "kim"), signed("bakers", "lee")])
    assert rows_of(councils)["bakers"].status == "approved"


@pytest.mark.parametrize(
    "event",
    [
        formed("quay", "team"),
        formed("port", "firm"),
        formed("bakers", "team", parent_id="port"),
        formed("bakers", "team", parent_id="quay"),
    ],
)
def test_a_name_belongs_to_one_side(event):
    councils = with_events(QUAY)
    with pytest.raises(Refused) as caught:
        councils.form(event)
    assert caught.value.code == "invalid_field"
    assert "consumers" in caught.value.detail
    assert councils.council("bakers") is None


def test_a_council_that_could_never_decide_is_refused():
    councils = Councils()
    event = formed("quay", threshold=5, signers=(), signatures=0)
    assert code_of(councils, event) == "invalid_field"
    assert councils.council("quay") is None


def test_a_council_is_known_as_it_stands():
    councils = with_events(QUAY, formed("bakers", "team"))
    assert councils.council("quay") == QUAY
    assert councils.council("bakers").level == "team"
    assert councils.council("port") is None


def test_lines_answer_to_the_announced_price_whichever_comes_first():
    line = wanted("a", "quay", 30, terms=LIMITED)
    for events in ([line, priced(4, 1)], [priced(4, 1), line]):
        councils = with_events(CITY, QUAY, *events)
        assert councils.decisions(NOW) == []
        tell(councils, [priced(3, 2)])
        assert counts_of(councils.decisions(NOW)) == {"quay": False}
        tell(councils, [priced(4, 1)])  # of an earlier round: nothing new
        assert councils.decisions(NOW) == []


def test_other_lines_change_nothing():
    councils = with_events(CITY, QUAY)
    for kind in ("price", "planned_price", "indicative_price", "period"):
        tell(councils, [wanted("x", "quay", 99, kind=kind)])
    assert councils.decisions(NOW) == []
    assert rows_of(councils) == {}


def test_a_restart_goes_on_where_it_was():
    events = [CITY, QUAY, *CROWD, signed("quay", "kim"), priced(2, 1)]
    before = with_events(*events)
    assert counts_of(before.decisions(NOW)) == {"quay": False}
    rows = rows_of(before)
    after = Councils()
    for row in rows.values():
        after.restore(row)
    tell(after, [*reversed(CROWD), decided("quay", False, 1), *events])
    assert after.decisions(NOW) == []
    assert rows_of(after) == {}
    tell(after, [signed("quay", "lee")])
    (decision,) = after.decisions(NOW)
    assert (decision.counts, decision.revision) == (True, 2)
    assert rows_of(after)["quay"].sequence == rows["quay"].sequence + 1


def test_a_row_that_does_not_hold_any_more_is_written_anew():
    row = rows_of(with_events(CITY, *(wanted(f"c{n}", "port", 1) for n in range(5))))
    after = with_events(CITY)
    after.restore(row["port"])
    renewed = rows_of(after)["port"]
    assert (renewed.quantity, renewed.people, renewed.sequence) == (0, 0, 2)


def test_a_forgotten_period_is_as_if_it_had_never_been():
    councils = with_events(CITY, QUAY, *CROWD, priced(4, 3))
    other = [wanted(f"c{number}", "quay", 2, period="2026-W03") for number in range(6)]
    tell(councils, other)
    councils.protect(WEEK, 2)
    councils.forget(WEEK)
    assert [found.period for found in councils.decisions(NOW)] == ["2026-W03"]
    assert {row.period for row in councils.rows(NOW)} == {"2026-W03"}
    tell(councils, [formed("quay", threshold=1, revision=1)])
    tell(councils, [wanted("a", "quay", 30, terms=LIMITED)])
    (found,) = councils.decisions(NOW)
    assert (found.period, found.revision) == (WEEK, 1)
    people = {row.period: row.people for row in councils.rows(NOW)}
    assert people == {WEEK: None, "2026-W03": 6}


def test_forgetting_the_only_period_leaves_the_councils():
    councils = with_events(CITY, QUAY, *CROWD)
    councils.forget(WEEK)
    assert councils.council("quay") == QUAY
    assert councils.decisions(NOW) == []
    assert councils.waits() == []
