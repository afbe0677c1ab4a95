"""Signatures: k of n, what is decided stands, an approval goes as far as it says."""

from decimal import Decimal

import pytest
from support.councils import formed, signed

from schemas.errors import Refused
from streams.market.councils.signatures import Ballot, status_of

COUNCIL = formed("quay", threshold=10, signers=("kim", "lee", "max"), signatures=2)


def ballot(*events, council=COUNCIL) -> Ballot:
    made = Ballot()
    for event in events:
        made.sign(council, event)
    return made


def refusal(made: Ballot, event, council=COUNCIL) -> str:
    before = (made.approved, made.is_vetoed, made.approving(council, Decimal(0)))
    with pytest.raises(Refused) as caught:
        made.sign(council, event)
    after = (made.approved, made.is_vetoed, made.approving(council, Decimal(0)))
    assert before == after
    assert event.signer_id not in str(caught.value)
    return caught.value.code


def approve(signer_id, quantity=None):
    return signed("quay", signer_id, quantity=quantity)


def veto(signer_id):
    return signed("quay", signer_id, "veto")


def status(made, quantity, council=COUNCIL):
    return status_of(council, made, Decimal(quantity))


def test_up_to_its_threshold_a_line_passes_by_itself():
    assert status(None, "10") == "passes"
    assert status(None, "10.000001") == "waits"


def test_without_a_threshold_every_quantity_passes():
    assert status(None, "1000000000000", formed("quay")) == "passes"


def test_k_signers_approve_and_fewer_do_not():
    assert status(ballot(approve("kim")), 11) == "waits"
    assert status(ballot(approve("kim"), approve("max")), 11) == "approved"


def test_what_is_approved_and_small_passes():
    assert status(ballot(approve("kim"), approve("max")), 10) == "passes"


def test_k_signers_veto_and_fewer_do_not():
    assert status(ballot(veto("kim")), 11) == "waits"
    assert status(ballot(veto("kim"), veto("lee")), 11) == "vetoed"


def test_a_veto_takes_out_what_would_pass_by_itself_too():
    assert status(ballot(veto("kim"), veto("lee")), 1) == "vetoed"
    open_council = formed("quay")
    made = ballot(veto("kim"), veto("lee"), council=open_council)
    assert status(made, 1, open_council) == "vetoed"


def test_an_approval_goes_up_to_its_quantity_and_no_further():
    made = ballot(approve("kim", 20), approve("lee", 30))
    assert made.approved == 20
    assert status(made, 20) == "approved"
    assert status(made, 21) == "waits"
    assert made.approving(COUNCIL, Decimal(21)) == ("lee",)


def test_what_grew_beyond_is_approved_by_approving_more():
    made = ballot(approve("kim", 20), approve("lee", 30), approve("kim", 25))
    assert made.approved == 25
    assert ballot(approve("kim", 20), approve("lee")).approved == 20
    assert status(ballot(approve("kim"), approve("lee")), 10**12) == "approved"


def test_others_may_approve_what_grew_beyond():
    made = ballot(approve("kim", 20), approve("lee", 20), approve("max", 50))
    assert made.approved == 20
    made.sign(COUNCIL, approve("kim", 40))
    assert made.approved == 40


def test_who_is_no_signer_is_refused():
    assert refusal(ballot(), approve("ann")) == "not_a_signer"
    assert refusal(ballot(), veto("ann")) == "not_a_signer"


def test_a_signer_has_one_vote():
    assert refusal(ballot(approve("kim")), approve("kim")) == "already_signed"
    assert refusal(ballot(approve("kim")), approve("kim", 99)) == "already_signed"
    assert refusal(ballot(approve("kim", 20)), approve("kim", 20)) == "already_signed"
    assert refusal(ballot(approve("kim")), veto("kim")) == "already_signed"
    assert refusal(ballot(veto("kim")), approve("kim")) == "already_signed"
    assert refusal(ballot(veto("kim")), veto("kim")) == "already_signed"


def test_an_approval_after_the_veto_is_refused():
    made = ballot(veto("kim"), veto("lee"))
    assert refusal(made, approve("max")) == "already_decided"
    assert refusal(made, veto("max")) == "already_decided"


def test_a_veto_after_the_approval_is_refused():
    made = ballot(approve("kim", 20), approve("lee", 20))
    assert refusal(made, veto("max")) == "already_decided"
    assert refusal(made, veto("kim")) == "already_decided"


def test_an_approval_of_what_is_approved_is_refused():
    made = ballot(approve("kim", 20), approve("lee", 20))
    assert refusal(made, approve("max", 20)) == "already_decided"


def test_an_approval_of_what_passes_by_itself_is_refused():
    assert refusal(ballot(), approve("kim", 10)) == "already_decided"
    assert refusal(ballot(), approve("kim"), formed("quay")) == "already_decided"


def test_votes_count_while_who_cast_them_is_a_signer():
    made = ballot(approve("kim"))
    others = formed("quay", threshold=10, signers=("lee", "max"), signatures=2)
    made.sign(others, approve("lee"))
    assert made.approved == 0
    assert made.approving(others, Decimal(1)) == ("lee",)
    made.count(COUNCIL)
    assert status(made, 11) == "approved"


def test_what_is_decided_stands_when_the_signers_change():
    others = formed("quay", threshold=10, signers=("ann",), signatures=1)
    approved = ballot(approve("kim", 20), approve("lee", 20))
    approved.count(others)
    assert status(approved, 20, others) == "approved"
    vetoed = ballot(veto("kim"), veto("lee"))
    vetoed.count(others)
    assert status(vetoed, 20, others) == "vetoed"


def test_an_approval_stands_when_fewer_vetoes_would_have_been_enough():
    made = ballot(veto("max"), approve("kim", 20), approve("lee", 20))
    made.count(formed("quay", threshold=10, signatures=1))
    assert not made.is_vetoed
    assert made.approved == 20


def test_fewer_signatures_needed_decide_what_is_signed_already():
    fewer = formed("quay", threshold=10, signatures=1)
    made = ballot(approve("kim", 20))
    made.count(fewer)
    assert made.approved == 20


def test_where_both_are_complete_at_once_the_line_stays_out():
    made = ballot(approve("kim"), veto("lee"))
    made.count(formed("quay", threshold=10, signatures=1))
    assert made.is_vetoed
    assert made.approved == 0


def test_vetoes_are_named_while_they_are_signers():
    made = ballot(veto("lee"))
    assert made.vetoing(COUNCIL) == ("lee",)
    assert made.vetoing(formed("quay", signers=("kim",), signatures=1)) == ()


def test_a_council_that_takes_no_signatures_any_more_decides_nothing():
    made = ballot(veto("lee"))
    made.count(formed("quay", signers=(), signatures=0))
    assert not made.is_vetoed
