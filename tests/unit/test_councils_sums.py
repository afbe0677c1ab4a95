"""Sums: every line once in each council above it, people once, vetoed parts nowhere."""

from decimal import Decimal

import msgspec
import pytest
from support.councils import WEEK, formed, wanted

from schemas.rows import Terms
from streams.market.councils.asks import asked
from streams.market.councils.sums import Sums
from streams.market.councils.tree import Tree

LIMITED = Terms(limit=Decimal(3))
FALLING = Terms(schedule=((Decimal(1), Decimal(30)), (Decimal(3), Decimal(10))))


def sums(*lines, appears=None, price=None) -> Sums:
    tree = Tree("consumers")
    tree.form(formed("land", "federation"))
    tree.form(formed("port", "city", parent_id="land"))
    tree.form(formed("hill", "city", parent_id="land"))
    tree.form(formed("quay", parent_id="port"))
    tree.form(formed("dock", parent_id="port"))
    made = Sums(tree, ("milk", WEEK), price, {} if appears is None else appears)
    for line in lines:
        made.put(line)
    return made


def at(made: Sums, *names: str) -> list[tuple[Decimal, int]]:
    return [(made.cell(name).quantity, made.people(name)) for name in names]


def test_a_line_is_in_the_sum_of_every_council_above_it():
    made = sums(wanted("a", "quay", 3), wanted("b", "dock", "0.5"))
    assert at(made, "quay", "dock") == [(3, 1), (Decimal("0.5"), 1)]
    assert at(made, "port", "land", "hill") == [
        (Decimal("3.5"), 2),
        (Decimal("3.5"), 2),
        (0, 0),
    ]


def test_a_line_may_name_a_council_of_any_level():
    made = sums(wanted("a", "port", 3), wanted("b", "quay", 2))
    assert at(made, "quay", "port", "land") == [(2, 1), (5, 2), (5, 2)]


def test_a_later_line_of_a_party_replaces_the_earlier():
    made = sums(wanted("a", "quay", 3), wanted("a", "quay", 5, revision=1))
    assert at(made, "quay", "land") == [(5, 1), (5, 1)]


def test_an_older_revision_changes_nothing():
    made = sums(wanted("a", "quay", 5, revision=1), wanted("a", "quay", 3))
    assert at(made, "quay") == [(5, 1)]


def test_the_same_line_twice_counts_once():
    made = sums(wanted("a", "quay", 5), wanted("a", "quay", 5))
    assert at(made, "quay", "land") == [(5, 1), (5, 1)]


def test_a_line_that_only_comes_to_another_amount_says_nothing_new():
    made = sums(price=Decimal(2))
    half = Terms(schedule=((Decimal(1), Decimal(8)), (Decimal(3), Decimal(4))))
    line = wanted("ada", "quay", 8, terms=half, offset=7)
    assert made.put(line)
    made.touched.clear()
    # As a worker writes it once more, with what it comes to at the round's price.
    assert not made.put(msgspec.structs.replace(line, amount=Decimal(6)))
    assert not made.touched
    for changed in (
        {"quantity": Decimal(9)},
        {"council_id": "dock"},
        {"terms": None},
        {"offset": 8},
    ):
        assert made.put(msgspec.structs.replace(line, **changed))
        assert made.put(line)


def test_a_quantity_of_zero_takes_a_line_and_its_party_out():
    made = sums(wanted("a", "quay", 5), wanted("a", "quay", 0, revision=1))
    assert at(made, "quay", "land") == [(0, 0), (0, 0)]


def test_a_party_that_changes_its_council_takes_its_line_along():
    made = sums(wanted("a", "quay", 5), wanted("a", "hill", 4, revision=1))
    assert at(made, "quay", "port", "hill", "land") == [(0, 0), (0, 0), (4, 1), (4, 1)]
    made.put(wanted("a", None, 4, revision=2))
    assert at(made, "hill", "land") == [(0, 0), (0, 0)]


def test_a_line_without_a_council_is_in_no_sum():
    made = sums(wanted("a", None, 5), wanted("a", None, 6, revision=1))
    assert made.cells == {}
    made.put(wanted("a", "quay", 7, revision=2))
    made.put(wanted("a", None, 8, revision=3))
    made.put(wanted("a", None, 9, revision=4))
    assert at(made, "quay") == [(0, 0)]


def test_a_line_of_an_unknown_council_goes_no_further():
    made = sums(wanted("a", "mole", 5))
    assert at(made, "mole", "land") == [(5, 1), (0, 0)]


def test_who_has_lines_in_several_councils_is_one_person_above_them():
    made = sums(
        wanted("a", "quay", 5),
        wanted("a", "dock", 1, for_product_id="cheese"),
        wanted("a", "dock", 1, for_product_id="butter"),
        wanted("b", "dock", 1),
    )
    assert at(made, "quay", "dock") == [(5, 1), (3, 2)]
    assert at(made, "port", "land") == [(8, 2), (8, 2)]
    made.put(wanted("a", "quay", 0, revision=1))
    assert at(made, "quay", "dock", "port") == [(0, 0), (3, 2), (3, 2)]


def test_an_input_alone_is_its_partys_line():
    made = sums(wanted("a", "quay", 5, for_product_id="cheese"))
    assert at(made, "quay", "land") == [(5, 1), (5, 1)]
    made.put(wanted("a", "quay", 0, for_product_id="cheese", revision=1))
    assert at(made, "quay", "land") == [(0, 0), (0, 0)]


def test_a_vetoed_sum_is_in_none_above():
    made = sums(wanted("a", "quay", 5), wanted("b", "dock", 1))
    made.veto("quay")
    assert at(made, "quay", "port", "land") == [(5, 1), (1, 1), (1, 1)]
    made.put(wanted("c", "quay", 2))
    assert at(made, "quay", "port", "land") == [(7, 2), (1, 1), (1, 1)]
    made.veto("port")
    assert at(made, "port", "land") == [(1, 1), (0, 0)]


def test_a_person_below_and_beside_a_veto_is_counted_where_a_line_is():
    made = sums(
        wanted("a", "quay", 5),
        wanted("a", "dock", 1, for_product_id="cheese"),
        wanted("a", "hill", 1, for_product_id="butter"),
    )
    made.veto("quay")
    assert at(made, "quay", "port", "land") == [(5, 1), (1, 1), (2, 1)]
    made.veto("dock")
    assert at(made, "port", "land") == [(0, 0), (1, 1)]


def test_a_moved_council_takes_its_sum_along():
    appears = {}
    made = sums(wanted("a", "quay", 5), wanted("b", "dock", 1), appears=appears)
    assert appears["quay"] == [("milk", WEEK)]
    (move,) = made._tree.form(formed("quay", parent_id="hill", revision=1))
    made.move(move)
    assert at(made, "port", "hill", "land") == [(1, 1), (5, 1), (6, 2)]
    assert "quay" in made.rebuilt


def test_a_vetoed_council_moves_without_its_sum():
    made = sums(wanted("a", "quay", 5))
    made.veto("quay")
    (move,) = made._tree.form(formed("quay", parent_id="hill", revision=1))
    made.move(move)
    assert at(made, "quay", "hill", "land") == [(5, 1), (0, 0), (0, 0)]


def test_a_person_in_several_councils_is_counted_anew_when_one_moves():
    made = sums(wanted("a", "quay", 5), wanted("a", "dock", 1, for_product_id="cheese"))
    assert at(made, "port", "land") == [(6, 1), (6, 1)]
    (move,) = made._tree.form(formed("quay", parent_id="hill", revision=1))
    made.move(move)
    assert at(made, "port", "hill", "land") == [(1, 1), (5, 1), (6, 1)]


def test_sums_are_exact():
    small = wanted("a", "quay", "0.000001")
    made = sums(small, wanted("b", "quay", 10**12), wanted("c", "dock", 10**12))
    made.put(wanted("b", "quay", 0, revision=1))
    made.put(wanted("c", "dock", 0, revision=1))
    assert at(made, "land") == [(Decimal("0.000001"), 1)]


def test_nobody_asks_of_a_council_that_no_line_names():
    assert sums().people("quay") == 0


@pytest.mark.parametrize(
    ("terms", "price", "expected"),
    [
        (None, 9, 20),
        (LIMITED, None, 20),
        (LIMITED, 3, 20),
        (LIMITED, "3.01", 0),
        (FALLING, 2, 20),
        (FALLING, "1.5", 25),
        (FALLING, 4, 0),
        (Terms(members=("x", "y"), confirmed=("x",)), 2, 0),
        (Terms(members=("x", "y"), confirmed=("x", "y")), 2, 20),
    ],
)
def test_a_line_asks_what_its_terms_come_to_whether_it_counts_or_not(
    terms, price, expected
):
    line = wanted("a", "quay", 20, terms=terms, amount=Decimal(0))
    assert asked(line, None if price is None else Decimal(price)) == expected


def test_a_withdrawn_line_asks_for_nothing_at_any_price():
    assert asked(wanted("a", "quay", 0, terms=FALLING), Decimal(2)) == 0


def test_another_price_asks_every_line_with_terms_again():
    made = sums(
        wanted("a", "quay", 20, terms=LIMITED),
        wanted("b", "quay", 20, terms=FALLING),
        wanted("c", "dock", 7),
        price=Decimal(1),
    )
    assert at(made, "quay", "land") == [(50, 2), (57, 3)]
    made.reprice(Decimal("0.5"))
    assert at(made, "quay", "land") == [(50, 2), (57, 3)]
    made.reprice(Decimal(4))
    assert at(made, "quay", "land") == [(0, 0), (7, 1)]
    assert made.cell("quay").own_lines == 2
    made.reprice(Decimal(3))
    assert at(made, "quay", "land") == [(30, 2), (37, 3)]
