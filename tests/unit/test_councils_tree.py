"""The tree of councils: who may be above whom, and what a revision moves."""

import pytest
from support.councils import formed

from schemas.errors import Refused
from streams.market.councils.tree import LEVELS, Move, Tree, check_decidable


def tree(*events) -> Tree:
    made = Tree("consumers")
    for event in events:
        made.form(event)
    return made


def refusal(made: Tree, event) -> Refused:
    with pytest.raises(Refused) as caught:
        made.form(event)
    return caught.value


def test_a_path_leads_from_a_council_to_the_highest_above_it():
    made = tree(
        formed("land", "federation"),
        formed("north", "state", parent_id="land"),
        formed("port", "city", parent_id="north"),
        formed("quay", parent_id="port"),
    )
    assert made.path("quay") == ["quay", "port", "north", "land"]
    assert made.roots == {"land"}
    assert made.children["land"] == {"north"}


def test_a_level_may_be_left_out():
    made = tree(formed("land", "federation"), formed("quay", parent_id="land"))
    assert made.path("quay") == ["quay", "land"]


def test_a_parent_may_be_formed_later():
    made = tree(formed("quay", parent_id="port"))
    assert made.path("quay") == ["quay"]
    assert made.roots == {"quay"}
    moves = made.form(formed("port", "city"))
    assert moves == [Move("quay", None, "port")]
    assert made.path("quay") == ["quay", "port"]
    assert made.roots == {"port"}


def test_a_later_parent_and_its_own_are_linked_at_once():
    made = tree(formed("land", "federation"), formed("quay", parent_id="port"))
    moves = made.form(formed("port", "city", parent_id="land"))
    assert moves == [Move("port", None, "land"), Move("quay", None, "port")]


@pytest.mark.parametrize("side", LEVELS)
def test_a_parents_level_is_higher_than_its_childs(side):
    for child_rank, child in enumerate(LEVELS[side]):
        for parent_rank, parent in enumerate(LEVELS[side]):
            made = Tree(side)
            made.form(formed("above", parent))
            event = formed("below", child, parent_id="above")
            if parent_rank > child_rank:
                assert made.form(event) == [Move("below", None, "above")]
            else:
                refused = refusal(made, event)
                assert refused.code == "invalid_field"
                assert f"the {parent} above" in refused.detail


@pytest.mark.parametrize("side", LEVELS)
def test_a_council_is_of_a_higher_level_than_those_that_named_it(side):
    for child_rank, child in enumerate(LEVELS[side]):
        for parent_rank, parent in enumerate(LEVELS[side]):
            made = Tree(side)
            made.form(formed("below", child, parent_id="above"))
            event = formed("above", parent)
            if parent_rank > child_rank:
                made.form(event)
            else:
                refused = refusal(made, event)
                assert refused.code == "invalid_field"
                assert "level: must be above" in refused.detail
                assert "above" not in made.councils


def test_a_council_is_not_its_own_parent():
    refused = refusal(Tree("consumers"), formed("quay", "city", parent_id="quay"))
    assert refused.code == "invalid_field"


@pytest.mark.parametrize("revision", [0, 1])
def test_an_equal_or_older_revision_is_refused_and_changes_nothing(revision):
    made = tree(
        formed("port", "city"),
        formed("quay", parent_id="port", revision=1),
    )
    refused = refusal(made, formed("quay", revision=revision))
    assert refused.code == "stale_revision"
    assert made.path("quay") == ["quay", "port"]


def test_a_revision_moves_a_council():
    made = tree(
        formed("port", "city"),
        formed("hill", "city"),
        formed("quay", parent_id="port"),
    )
    move = Move("quay", "port", "hill")
    assert made.form(formed("quay", parent_id="hill", revision=1)) == [move]
    assert made.path("quay") == ["quay", "hill"]
    assert made.children["port"] == set()


def test_a_revision_without_a_parent_makes_a_council_the_highest():
    made = tree(formed("port", "city"), formed("quay", parent_id="port"))
    assert made.form(formed("quay", revision=1)) == [Move("quay", "port", None)]
    assert made.roots == {"port", "quay"}
    # It is free to be what its former parent could not have been above.
    made.form(formed("quay", "city", revision=2))
    made.form(formed("port", "neighbourhood", parent_id="quay", revision=1))
    assert made.path("port") == ["port", "quay"]


def test_a_revision_that_changes_rules_only_moves_nothing():
    made = tree(formed("port", "city"), formed("quay", parent_id="port"))
    assert made.form(formed("port", "city", threshold=5, revision=1)) == []
    assert made.form(formed("quay", parent_id="port", revision=1)) == []


def test_a_name_is_known_once_it_is_formed_or_named_as_a_parent():
    made = tree(formed("quay", parent_id="port"))
    assert made.knows("quay")
    assert made.knows("port")
    assert not made.knows("hill")
    made.form(formed("quay", revision=1))
    assert not made.knows("port")


@pytest.mark.parametrize(
    "rules", [{"threshold": 5, "signers": ()}, {"signers": ("kim",)}]
)
def test_a_council_whose_decisions_take_no_signature_is_refused(rules):
    with pytest.raises(Refused) as caught:
        check_decidable(formed("quay", signatures=0, **rules))
    assert caught.value.code == "invalid_field"


def test_a_council_that_passes_everything_needs_no_signers():
    check_decidable(formed("quay", signers=(), signatures=0))
