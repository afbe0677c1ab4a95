"""The book: lines in, sums and arrays out."""

from decimal import Decimal

import numpy as np
import pytest
from support.period_planning import line, terms

from streams.market.answers import demand_of, supply_of
from streams.market.planning.book import Book
from streams.market.planning.course import Told

PRICES = {"bread": Decimal(10), "cheese": Decimal(5)}


def book(*lines: object) -> Book:
    made = Book(PRICES)
    for one in lines:
        made.put(one)
    return made


def test_lines_add_up_to_supply_and_demand() -> None:
    made = book(
        line("bid", "bakery", quantity="30"),
        line("plan", "ada", quantity="7"),
        line("plan", "bob", quantity="5.5"),
        line("plan", "bob", quantity="2", product_id="cheese"),
    )
    assert made.sums("bread") == (30, Decimal("12.5"))
    assert made.sums("cheese") == (0, 2)
    assert made.told() == Told(bids=1, plans=3, expected=4, answered=4)


def test_a_later_line_replaces_and_an_older_one_changes_nothing() -> None:
    made = book(line(quantity="7", offset=5))
    assert made.put(line(quantity="9", offset=6))
    assert not made.put(line(quantity="7", offset=5))
    assert not made.put(line(quantity="9", offset=6))
    assert made.sums("bread").demand == 9


def test_what_is_not_planned_is_left_out() -> None:
    made = book()
    assert not made.put(line(product_id="dates"))
    assert not made.put(line("announced_price", "board"))
    assert len(made) == 0


def test_a_withdrawn_line_stands_with_nothing() -> None:
    made = book(line(quantity="7"), line(quantity="0", offset=1))
    assert made.sums("bread").demand == 0
    assert made.told().plans == 0
    # Nothing now, and something at other prices: that is no withdrawal.
    made.put(line(quantity="0", offset=2, terms=terms(("1", "9"), ("20", "4"))))
    assert made.told().plans == 1


def test_lines_with_a_schedule_answer_every_round_at_once() -> None:
    made = book(line("bid", "bakery", terms=terms(("5", "10"), ("15", "30"))))
    assert made.sums("bread").supply == 20
    made.begin_round(2, {**PRICES, "bread": Decimal(12)})
    assert made.sums("bread").supply == 24
    assert made.told() == Told(bids=1, plans=0, expected=0, answered=0)


def test_a_limit_denies_a_line_and_lets_it_back_in() -> None:
    made = book(line(quantity="7", terms=terms(limit="9")))
    assert made.sums("bread").demand == 0
    assert made.told().plans == 1
    made.begin_round(2, {**PRICES, "bread": Decimal(9)})
    assert made.sums("bread").demand == 7


def test_those_without_terms_are_waited_for_from_the_second_round_on() -> None:
    made = book(
        line("bid", "bakery", round=0),
        line("plan", "ada", round=1),
        line("bid", "land", terms=terms(is_fixed=True), product_id="cheese"),
    )
    assert made.told() == Told(bids=2, plans=1, expected=2, answered=2)
    made.begin_round(2, PRICES)
    assert made.told() == Told(bids=2, plans=1, expected=2, answered=0)
    made.put(line("plan", "ada", round=2, offset=1))
    assert made.told().answered == 1
    made.put(line("bid", "bakery", round=2, offset=2, quantity="0"))
    assert made.told() == Told(bids=1, plans=1, expected=1, answered=1)


def test_a_joint_bid_counts_once_all_members_have_confirmed() -> None:
    joint = ("mill", "farm")
    made = book(line("bid", "bakery", terms=terms(members=joint)))
    assert made.sums("bread").supply == 0
    made.put(
        line("bid", "bakery", offset=1, terms=terms(members=joint, confirmed=("mill",)))
    )
    assert made.told().bids == 0
    made.put(
        line("bid", "bakery", offset=2, terms=terms(members=joint, confirmed=joint))
    )
    assert made.sums("bread").supply == 10


def test_a_decision_takes_a_councils_lines_out_and_back_in() -> None:
    made = book(
        line("plan", "ada", council_id="north"), line("plan", "bob", council_id="south")
    )
    assert made.decide("bread", "north", False, 1)
    assert made.sums("bread").demand == 10
    made.put(line("plan", "cy", council_id="north"))
    assert made.sums("bread").demand == 10
    assert not made.decide("bread", "north", True, 1)
    assert made.decide("bread", "north", True, 2)
    assert made.sums("bread").demand == 30


def test_a_decision_may_come_as_a_line_and_before_what_it_is_about() -> None:
    made = book(line("decision", "north", amount="0", revision=1))
    made.put(line("plan", "ada", council_id="north"))
    assert made.sums("bread").demand == 0
    made.put(line("plan", "ada", council_id="south", offset=1))
    assert made.sums("bread").demand == 10
    assert made.decide("bread", "south", False, 1)
    assert made.sums("bread").demand == 0


def test_inputs_belong_to_their_bid_and_others_are_sums() -> None:
    made = book(
        line("bid", "bakery", quantity="30"),
        line("plan", "bakery", product_id="cheese", for_product_id="bread"),
        line("plan", "dairy", product_id="cheese", for_product_id="butter"),
        line("plan", "north", council_id="north", quantity="4"),
        line("plan", "ada", quantity="3"),
    )
    answers = made.answers()
    assert answers.inputs.bid.tolist() == [0]
    assert answers.inputs.quantity.tolist() == [10]
    assert answers.hidden_demand.tolist() == [4, 10]
    assert answers.plans.quantity.tolist() == [3]
    assert supply_of(answers).tolist() == [30, 0]
    assert demand_of(answers).tolist() == [7, 20]


def test_an_input_of_a_bid_that_makes_nothing_is_a_sum() -> None:
    made = book(
        line("bid", "bakery", terms=terms(("20", "5"), ("30", "9"))),
        line("plan", "bakery", product_id="cheese", for_product_id="bread"),
    )
    answers = made.answers()
    assert answers.bids.quantity.tolist() == [0]
    assert answers.inputs.bid.tolist() == []
    assert answers.hidden_demand.tolist() == [0, 10]


def test_a_company_may_need_a_product_and_want_it_for_itself() -> None:
    made = book(
        line("bid", "bakery"),
        line("plan", "bakery", product_id="cheese", for_product_id="bread"),
        line("plan", "bakery", product_id="cheese"),
    )
    assert made.sums("cheese").demand == 20


def test_the_round_that_a_line_answered_first_is_kept() -> None:
    made = book(line(round=1))
    made.put(line(round=3, offset=1))
    [entry] = made.entries()
    assert entry.first_round == 1


@pytest.mark.parametrize("kind", ["bid", "plan"])
def test_fixed_lines_have_no_schedule_for_the_rule(kind: str) -> None:
    made = book(line(kind, terms=terms(("1", "2"), ("3", "4"), is_fixed=True)))
    answers = made.answers()
    schedules = answers.bids.schedules if kind == "bid" else answers.plans.schedules
    assert not len(schedules.line)
    assert np.sum(answers.bids.is_fixed) == (kind == "bid")


def test_schedules_are_those_of_their_lines() -> None:
    made = book(
        line("plan", "bob", terms=terms(("2", "9"), ("4", "3"))),
        line("plan", "ada"),
        line("plan", "cy", terms=terms(limit="12")),
    )
    schedules = made.answers().plans.schedules
    assert schedules.line.tolist() == [1, 1, 2]
    assert schedules.price.tolist() == [2, 4, 12]
    assert schedules.quantity.tolist() == [9, 3, 10]


def test_hidden_sums_are_the_same_to_the_last_bit_whatever_came_first() -> None:
    # 0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in binary fractions.
    lines = [
        line("plan", f"c{n}", council_id=f"c{n}", quantity=f"0.{n}") for n in (1, 2, 3)
    ]
    forward, backward = book(*lines), book(*reversed(lines))
    one, other = (of.answers().hidden_demand[0] for of in (forward, backward))
    assert one.hex() == other.hex()
