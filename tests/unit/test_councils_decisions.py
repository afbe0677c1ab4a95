"""Decisions: whether lines count, said once, and only when it changes."""

import pytest
from support.councils import (
    NOW,
    WEEK,
    counts_of,
    decided,
    formed,
    signed,
    tell,
    wanted,
    with_events,
)

from schemas.codec import decode_event, encode

TREE = (
    formed("land", "federation", threshold=100),
    formed("port", "city", parent_id="land", threshold=20),
    formed("hill", "city", parent_id="land"),
    formed("quay", parent_id="port", threshold=10),
    formed("dock", parent_id="port"),
    formed("peak", parent_id="hill"),
)
BOTH = ("kim", "lee")


def votes(council_id, vote="approve", **changed):
    return [signed(council_id, signer, vote, **changed) for signer in BOTH]


def decisions(councils):
    return councils.decisions(NOW)


def test_lines_that_every_level_passes_need_no_decision():
    councils = with_events(*TREE, wanted("a", "quay", 10), wanted("b", "dock", 10))
    assert decisions(councils) == []


def test_a_line_over_its_councils_threshold_does_not_count():
    councils = with_events(*TREE, wanted("a", "quay", 11), wanted("b", "dock", 1))
    (decision,) = decisions(councils)
    assert decision.council_id == "quay"
    assert not decision.counts
    assert decision.revision == 1
    assert decision.period == WEEK
    assert decision.product_id == "milk"
    assert decision.occurred_at == NOW
    assert "waits for signatures of the neighbourhood quay" in decision.reason


def test_what_waits_above_stops_all_lines_below():
    councils = with_events(
        *TREE, wanted("a", "quay", 9), wanted("b", "dock", 12), wanted("c", "peak", 1)
    )
    found = decisions(councils)
    assert counts_of(found) == {"dock": False, "quay": False}
    assert all("the city port" in decision.reason for decision in found)


def test_a_decision_is_said_once():
    councils = with_events(*TREE, wanted("a", "quay", 11))
    assert len(decisions(councils)) == 1
    tell(councils, [wanted("b", "quay", 1)])
    assert decisions(councils) == []


def test_signatures_let_lines_count_again_under_a_higher_revision():
    councils = with_events(*TREE, wanted("a", "quay", 11))
    decisions(councils)
    tell(councils, votes("quay"))
    (decision,) = decisions(councils)
    assert decision.counts
    assert decision.revision == 2


def test_what_falls_to_the_threshold_counts_again():
    councils = with_events(*TREE, wanted("a", "quay", 11))
    decisions(councils)
    tell(councils, [wanted("a", "quay", 10, revision=1)])
    assert counts_of(decisions(councils)) == {"quay": True}


def test_every_level_has_to_approve():
    councils = with_events(*TREE, wanted("a", "quay", 30))
    decisions(councils)
    tell(councils, votes("quay"))
    assert decisions(councils) == []
    tell(councils, votes("port"))
    assert counts_of(decisions(councils)) == {"quay": True}


def test_levels_may_sign_in_any_order_and_ahead_of_the_lines():
    councils = with_events(*TREE, *votes("port"), *votes("quay"))
    tell(councils, [wanted("a", "quay", 30)])
    assert decisions(councils) == []


def test_what_grows_beyond_what_was_approved_waits_again():
    councils = with_events(*TREE, *votes("quay", quantity=15), wanted("a", "quay", 15))
    assert decisions(councils) == []
    tell(councils, [wanted("b", "quay", 1)])
    assert counts_of(decisions(councils)) == {"quay": False}
    tell(councils, votes("quay", quantity=16))
    assert counts_of(decisions(councils)) == {"quay": True}


def test_a_veto_takes_what_lies_below_out_and_leaves_what_lies_beside():
    councils = with_events(
        *TREE, wanted("a", "quay", 1), wanted("b", "dock", 1), wanted("c", "peak", 1)
    )
    tell(councils, votes("port", "veto"))
    found = decisions(councils)
    assert counts_of(found) == {"dock": False, "quay": False}
    assert found[0].reason == "vetoed by the city port"


def test_what_is_vetoed_below_does_not_hold_up_others():
    councils = with_events(*TREE, wanted("a", "quay", 500), wanted("b", "dock", 5))
    assert counts_of(decisions(councils)) == {"dock": False, "quay": False}
    tell(councils, votes("quay", "veto"))
    assert counts_of(decisions(councils)) == {"dock": True}


def test_a_veto_above_is_named_before_what_waits_below():
    councils = with_events(*TREE, wanted("a", "quay", 500), *votes("land", "veto"))
    (decision,) = decisions(councils)
    assert decision.reason == "vetoed by the federation land"


@pytest.mark.parametrize("council_id", [None, "mole"])
def test_lines_of_no_council_or_one_never_formed_count_by_themselves(council_id):
    councils = with_events(*TREE, wanted("a", council_id, 10**9))
    assert decisions(councils) == []


def test_forming_a_council_decides_on_the_lines_that_named_it_before():
    councils = with_events(wanted("a", "quay", 11))
    assert decisions(councils) == []
    tell(councils, TREE)
    assert counts_of(decisions(councils)) == {"quay": False}


def test_a_parent_formed_later_decides_on_what_lies_below():
    councils = with_events(formed("quay", parent_id="port"), wanted("a", "quay", 30))
    assert decisions(councils) == []
    tell(councils, [formed("port", "city", threshold=20)])
    assert counts_of(decisions(councils)) == {"quay": False}


def test_moving_a_council_puts_it_under_other_decisions():
    councils = with_events(*TREE, wanted("a", "dock", 30), wanted("b", "peak", 30))
    assert counts_of(decisions(councils)) == {"dock": False}
    tell(councils, [formed("dock", parent_id="hill", revision=1)])
    assert counts_of(decisions(councils)) == {"dock": True}
    tell(councils, [formed("hill", "city", parent_id="port", revision=1)])
    assert decisions(councils) == []  # refused: a city is not above a city
    tell(councils, [formed("peak", parent_id="port", revision=1)])
    assert counts_of(decisions(councils)) == {"peak": False}


def test_another_threshold_decides_anew():
    councils = with_events(*TREE, wanted("a", "quay", 11))
    decisions(councils)
    tell(councils, [formed("quay", parent_id="port", threshold=11, revision=1)])
    assert counts_of(decisions(councils)) == {"quay": True}


def test_changed_signers_may_complete_a_veto():
    councils = with_events(*TREE, wanted("a", "dock", 1), signed("dock", "kim", "veto"))
    assert decisions(councils) == []
    tell(councils, [formed("dock", parent_id="port", signatures=1, revision=1)])
    assert counts_of(decisions(councils)) == {"dock": False}


def test_a_bids_team_is_decided_on_apart_from_consumers():
    bid = wanted("mill", "bakers", 30, kind="bid")
    councils = with_events(
        formed("bakers", "team", parent_id="bread-inc", threshold=10),
        formed("bread-inc", "firm"),
        *TREE,
        bid,
        wanted("a", "bakers", 99),
        wanted("dairy", "quay", 99, kind="bid"),
    )
    assert counts_of(decisions(councils)) == {"bakers": False}
    tell(councils, votes("bakers"))
    assert counts_of(decisions(councils)) == {"bakers": True}


def test_products_and_periods_are_decided_on_apart_and_in_order():
    councils = with_events(
        *TREE,
        wanted("a", "quay", 11, product_id="wine", period="2026-W01"),
        wanted("a", "quay", 11, product_id="milk", period="2026-W02"),
        wanted("a", "quay", 11, product_id="beer", period="2026-W02"),
    )
    keys = [(found.period, found.product_id) for found in decisions(councils)]
    assert keys == [("2026-W01", "wine"), ("2026-W02", "beer"), ("2026-W02", "milk")]


def test_what_the_workers_know_is_not_said_again():
    councils = with_events(*TREE, decided("quay", False, 3), wanted("a", "quay", 11))
    assert decisions(councils) == []
    tell(councils, [wanted("a", "quay", 1, revision=1)])
    (decision,) = decisions(councils)
    assert (decision.counts, decision.revision) == (True, 4)


def test_what_the_workers_hold_wrongly_is_put_right():
    councils = with_events(*TREE, wanted("a", "quay", 1))
    tell(councils, [decided("quay", False, 7)])
    (decision,) = decisions(councils)
    assert (decision.counts, decision.revision) == (True, 8)


def test_an_echo_of_an_earlier_decision_changes_nothing():
    councils = with_events(*TREE, decided("quay", True, 4), wanted("a", "quay", 11))
    (decision,) = decisions(councils)
    assert decision.revision == 5
    tell(councils, [decided("quay", True, 4)])
    assert decisions(councils) == []
    tell(councils, [decided("quay", False, 5)])
    assert decisions(councils) == []


def test_who_asks_for_nothing_yet_is_decided_on_by_all_above():
    councils = with_events(*TREE, wanted("a", "peak", 101), wanted("b", "dock", 0))
    assert counts_of(decisions(councils)) == {"dock": False, "peak": False}
    tell(councils, [wanted("b", "dock", 5, revision=1)])
    assert decisions(councils) == []


def test_a_council_known_by_a_decision_only_is_decided_on_by_all_above():
    councils = with_events(*TREE, decided("dock", True, 1))
    assert decisions(councils) == []
    tell(councils, [wanted("a", "peak", 101)])
    assert counts_of(decisions(councils)) == {"dock": False, "peak": False}


def test_a_decision_may_be_known_before_its_council_is():
    councils = with_events(decided("quay", False, 3))
    assert decisions(councils) == []
    tell(councils, TREE)
    assert counts_of(decisions(councils)) == {"quay": True}


def test_a_highest_council_puts_right_what_was_known_before_it_was_formed():
    councils = with_events(decided("land", False, 3))
    assert decisions(councils) == []
    tell(councils, TREE)
    assert counts_of(decisions(councils)) == {"land": True}


def test_the_same_decision_has_the_same_id_and_is_a_valid_event():
    first, second = (
        decisions(with_events(*TREE, wanted("a", "quay", 11)))[0] for _ in range(2)
    )
    assert first == second
    assert decode_event(encode(first)) == first


def test_the_longest_names_make_a_valid_decision():
    name = "ö" * 64
    councils = with_events(
        formed(name, threshold=1), wanted("a", name, 2, product_id="ü" * 64)
    )
    (decision,) = decisions(councils)
    assert decode_event(encode(decision)) == decision
