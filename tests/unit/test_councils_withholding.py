"""Withheld sums: of few people, and whatever would give such a one away."""

import pytest
from support.councils import (
    NOW,
    WEEK,
    formed,
    rows_of,
    signed,
    tell,
    wanted,
    with_events,
)

CITY = formed("port", "city")


def people(council_id, count, quantity=1, first=0, **changed):
    return [
        wanted(f"{council_id}-{number}", council_id, quantity, **changed)
        for number in range(first, first + count)
    ]


def withheld(councils) -> set[str]:
    return {name for name, row in rows_of(councils).items() if row.quantity is None}


def city_of(*counts, **kwargs):
    """A city of neighbourhoods n0, n1, … of so many people."""
    councils = with_events(CITY, **kwargs)
    for number, count in enumerate(counts):
        tell(councils, [formed(f"n{number}", parent_id="port")])
        tell(councils, people(f"n{number}", count))
    return councils


def test_a_sum_of_fewer_than_five_people_is_withheld():
    councils = with_events(CITY, *people("port", 4))
    row = rows_of(councils)["port"]
    assert (row.quantity, row.people) == (None, None)
    tell(councils, people("port", 1, first=4))
    row = rows_of(councils)["port"]
    assert (row.quantity, row.people) == (5, 5)


def test_nothing_is_withheld_where_all_are_many():
    assert withheld(city_of(5, 9, 7)) == set()


def test_a_withheld_sum_is_not_what_is_left_of_the_one_above():
    assert withheld(city_of(2, 7, 6)) == {"n0", "n2"}


def test_the_sum_of_the_fewest_people_is_withheld_beside_it():
    assert withheld(city_of(9, 4, 6, 8)) == {"n1", "n2"}


def test_what_stays_withheld_has_no_new_row():
    councils = city_of(9, 4, 6, 8)
    assert withheld(councils) == {"n1", "n2"}
    tell(councils, people("n2", 1, first=6))
    assert set(rows_of(councils)) == {"port"}


def test_of_equally_many_the_first_name_is_withheld():
    assert withheld(city_of(7, 2, 7)) == {"n0", "n1"}


def test_several_withheld_sums_of_few_people_together_are_still_few():
    assert withheld(city_of(2, 2, 6, 7)) == {"n0", "n1", "n2"}
    assert withheld(city_of(2, 3, 6, 7)) == {"n0", "n1"}


def test_a_sum_of_nobody_is_shown_and_hides_nothing():
    councils = city_of(1, 6, 7)
    assert withheld(councils) == {"n0", "n1"}
    tell(councils, [wanted("n0-0", "n0", 0, revision=1)])
    rows = rows_of(councils)
    assert (rows["n0"].quantity, rows["n0"].people) == (0, 0)
    assert rows["n1"].quantity == 6


def test_where_the_sum_above_is_of_few_people_nothing_more_is_needed():
    assert withheld(city_of(2, 2)) == {"n0", "n1", "port"}


def test_what_a_councils_own_lines_ask_is_not_found_out_either():
    councils = city_of(6, 7)
    tell(councils, people("port", 2))
    assert withheld(councils) == {"n0"}


def test_many_lines_of_a_councils_own_hide_themselves():
    councils = city_of(6, 7)
    tell(councils, people("port", 5))
    assert withheld(councils) == set()


def test_a_council_withheld_beside_another_is_not_the_sum_of_those_below_it():
    councils = with_events(
        formed("land", "federation"),
        formed("port", "city", parent_id="land"),
        formed("hill", "city", parent_id="land"),
        formed("quay", parent_id="port"),
        formed("dock", parent_id="port"),
        formed("peak", parent_id="hill"),
    )
    tell(councils, [*people("quay", 9), *people("dock", 6), *people("peak", 3)])
    assert withheld(councils) == {"hill", "peak", "port", "dock"}


def test_what_is_hidden_below_a_council_withheld_beside_another_is_enough():
    councils = with_events(
        formed("land", "federation"),
        formed("port", "city", parent_id="land"),
        formed("hill", "city", parent_id="land"),
        formed("quay", parent_id="port"),
        formed("dock", parent_id="port"),
        formed("peak", parent_id="hill"),
    )
    tell(councils, [*people("quay", 9), *people("dock", 3), *people("peak", 3)])
    assert withheld(councils) == {"hill", "peak", "port", "dock"}


def test_of_a_council_withheld_beside_another_one_below_it_is_withheld_first():
    councils = with_events(
        formed("land", "federation"),
        formed("bay", "city", parent_id="land"),
        formed("hill", "city", parent_id="land"),
        formed("cape", "city", parent_id="land"),
        formed("quay", parent_id="bay"),
    )
    # Of cape and quay, equally many, cape is the first by name.
    tell(councils, [*people("quay", 6), *people("cape", 6), *people("hill", 3)])
    assert withheld(councils) == {"hill", "bay", "quay"}


def test_the_highest_councils_are_withheld_as_if_their_total_were_shown():
    councils = with_events(formed("port", "city"), formed("hill", "city"))
    tell(councils, [*people("port", 2), *people("hill", 8)])
    assert withheld(councils) == {"port", "hill"}


def test_a_vetoed_sum_is_not_part_of_the_one_above():
    councils = city_of(6, 2, 7, 8)
    assert withheld(councils) == {"n0", "n1"}
    tell(councils, [signed("n1", signer, "veto") for signer in ("kim", "lee")])
    rows = rows_of(councils)
    assert rows["n0"].quantity == 6
    assert rows["n1"].status == "vetoed"
    assert rows["n1"].quantity is None
    assert rows["port"].people == 21


def test_a_vetoed_sum_is_the_top_of_its_own_tree():
    councils = city_of(6, 2, 7, 8)
    tell(councils, [formed("land", "federation"), *people("land", 9)])
    tell(councils, [formed("port", "city", parent_id="land", revision=1)])
    tell(councils, [signed("port", signer, "veto") for signer in ("kim", "lee")])
    assert withheld(councils) == {"n0", "n1"}
    assert rows_of(councils) == {}


def test_a_sum_that_was_withheld_beside_a_vetoed_one_is_shown_again():
    councils = city_of(6, 2, 7)
    assert withheld(councils) == {"n0", "n1"}
    tell(councils, [signed("n0", signer, "veto") for signer in ("kim", "lee")])
    rows = rows_of(councils)
    assert rows["n0"].quantity == 6
    assert rows["n2"].quantity is None


def test_more_people_show_what_was_withheld_beside_them():
    councils = city_of(4, 6, 7)
    assert withheld(councils) == {"n0", "n1"}
    tell(councils, people("n0", 1, first=4))
    rows = rows_of(councils)
    assert {name: row.quantity for name, row in rows.items()} == {
        "n0": 5,
        "n1": 6,
        "port": 18,
    }


def test_what_was_withheld_two_levels_down_is_shown_again_too():
    councils = with_events(
        formed("land", "federation"),
        formed("port", "city", parent_id="land"),
        formed("hill", "city", parent_id="land"),
        formed("quay", parent_id="port"),
        formed("dock", parent_id="port"),
    )
    tell(councils, [*people("quay", 9), *people("dock", 6), *people("hill", 5)])
    assert withheld(councils) == set()
    tell(councils, people("hill", 2, quantity=0, revision=1))
    assert withheld(councils) == {"hill", "port", "dock"}
    tell(councils, people("hill", 2, revision=2))
    rows = rows_of(councils)
    assert set(rows) == {"land", "hill", "port", "dock"}
    assert {row.quantity for row in rows.values()} == {20, 5, 15, 6}


def test_one_person_is_enough_where_one_is_said_to_be():
    councils = city_of(1)
    councils.protect(WEEK, 1)
    tell(councils, [wanted("n0-0", "port", 2, for_product_id="cheese")])
    assert withheld(councils) == set()


def test_how_many_people_are_enough_is_said_by_period():
    councils = city_of(2, 3, 4)
    tell(councils, people("n0", 2, period="2026-W01"))
    councils.protect(WEEK, 2)
    rows = {(row.period, row.council_id): row for row in councils.rows(NOW)}
    assert rows[WEEK, "n0"].quantity == 2
    assert rows["2026-W01", "n0"].quantity is None
    councils.protect(WEEK, 3)
    assert withheld(councils) == {"n0", "n1"}
    councils.protect(WEEK, 1)
    assert withheld(councils) == set()


def test_how_many_are_enough_may_be_said_before_any_line():
    councils = with_events(CITY)
    councils.protect(WEEK, 1)
    tell(councils, people("port", 1))
    assert rows_of(councils)["port"].quantity == 1


@pytest.mark.parametrize("level", ["team", "firm"])
def test_producers_sums_are_shown_whoever_they_are_of(level):
    councils = with_events(formed("bakers", level))
    tell(councils, [wanted("mill", "bakers", 30, kind="bid")])
    row = rows_of(councils)["bakers"]
    assert (row.quantity, row.people) == (30, 1)
    councils.protect(WEEK, 9)
    assert rows_of(councils) == {}


def test_a_person_with_lines_in_several_places_is_not_several():
    councils = city_of(6, 7)
    tell(councils, [formed("n2", parent_id="port")])
    lines = [
        wanted("same", "n2", 1, for_product_id=f"p{number}") for number in range(5)
    ]
    tell(councils, lines)
    assert withheld(councils) == {"n0", "n2"}
