"""A consumer's two cards: what is on them, what moves, what is lost."""

from decimal import Decimal

from support.market import moment
from support.trading_scenes import (
    DAY,
    HOUR,
    NEXT_WEEK,
    WEEK,
    asked,
    bought,
    card_of,
    decided,
    denied_line,
    given_back,
    market,
    plan_line,
    planned_price,
    posted,
    round_price,
    rows_of,
)

from schemas.rows import Terms
from schemas.trading_rows import NEWEST_KEPT

D = Decimal


def test_an_income_is_divided_by_the_least_of_the_window_unless_said_otherwise():
    card = card_of(market())
    assert (card.income, card.unplanned_share) == (1000, D("0.1"))
    assert (card.planned_left, card.unplanned_left) == (900, 100)
    state = market(budget=None)
    state.decide(asked("budget", unplanned_share="0.35"))
    card = card_of(state)
    assert (card.planned_left, card.unplanned_left) == (650, 350)


def test_a_share_outside_of_the_window_is_refused():
    state = market(budget=None)
    for share in ("0", "0.099999", "0.500001", "1"):
        budget = asked("budget", unplanned_share=share)
        assert decided(state, budget) == "share_out_of_window"
    assert rows_of(state, "card") == []


def test_a_later_revision_replaces_a_budget_and_an_earlier_does_not():
    state = market()
    assert decided(state, asked("budget", income="5")) == "stale_revision"
    state.decide(asked("budget", income="500", revision=2))
    assert decided(state, asked("budget", income="5", revision=1)) == "stale_revision"
    assert card_of(state).income == 500


def test_a_budget_below_what_is_spent_is_refused():
    state = market()
    state.decide(asked("request", quantity="10"))
    lower = asked("budget", income="879", revision=1)
    assert decided(state, lower) == "card_exceeded"
    state.decide(asked("budget", income="880", revision=1))
    assert card_of(state).unplanned_left == 0


def test_a_budget_that_mends_an_overdrawn_card_in_part_is_taken():
    state = market(bought("e-1", "20"))
    state.decide(asked("budget", income="1100", revision=1))
    assert card_of(state).unplanned_left == 110 - 176


def test_purchases_are_booked_as_they_happened_without_any_budget():
    state = market(bought("e-1", "2"), budget=None)
    card = card_of(state)
    assert (card.has_budget, card.income) == (False, 0)
    assert (card.planned_left, card.unplanned_left) == (0, D("-17.60"))
    assert card.loss == D("-2.80")


def test_a_plan_line_alone_shows_no_card():
    state = market(lines=[plan_line("3", "bob")], budget=None)
    assert rows_of(state, "card") == []


def test_what_goes_beyond_the_line_is_unplanned_at_its_own_price():
    state = market(
        bought("e-1", "3", planned_quantity="3", unit_price="11"),
        lines=[plan_line("2")],
    )
    card = card_of(state)
    assert card.planned_spent == 2 * D("10.20")
    assert card.unplanned_spent == D("12.10")
    (shown,) = card.newest
    assert (shown.planned_quantity, shown.unplanned_quantity) == (2, 1)
    assert shown.loss == card.loss == D("1.90")


def test_units_given_back_give_back_what_they_cost():
    state = market(
        bought("e-1", "3", planned_quantity="2"),
        given_back("e-2", "3", 2 * DAY, planned_quantity="2"),
        lines=[plan_line("2")],
    )
    card = card_of(state)
    assert (card.planned_spent, card.unplanned_spent, card.loss) == (0, 0, 0)
    assert (card.purchases, len(card.newest)) == (1, 1)


def test_without_a_planned_price_nothing_is_lost():
    state = market(
        bought("e-1", "3", product_id="salt", planned_quantity="3"),
        lines=[plan_line("3", product_id="salt")],
    )
    card = card_of(state)
    assert (card.planned_spent, card.unplanned_spent, card.loss) == (0, D("26.40"), 0)
    assert card.newest[0].loss is None


def test_the_newest_purchases_are_shown_newest_first():
    times = [(n * 7) % 30 for n in range(30)]
    state = market(*(bought(f"e-{n}", at=HOUR * n) for n in times))
    card = card_of(state)
    assert card.purchases == 30
    shown = [each.event_id for each in card.newest]
    assert shown == [f"e-{n}" for n in range(29, 29 - NEWEST_KEPT, -1)]
    assert card.occurred_at.isoformat() == moment(29 * HOUR)


def test_a_price_below_what_a_line_was_planned_at_moves_the_difference():
    state = market(lines=[plan_line("20", round=2)])
    state.take(round_price("11.50", 2))
    card = card_of(state)
    assert card.saved == 20 * D("1.50") * D("1.02")
    assert card.planned_left == 900 - card.saved
    assert card.unplanned_left == 100 + card.saved


def test_a_line_that_answers_no_round_was_planned_at_the_first_planned_price():
    state = market(lines=[plan_line("20")])
    state.take(round_price("99", 2))
    assert card_of(state).saved == 0
    state.take(planned_price("12.00", 1))
    # Revision 3 replaced revision 1 before the period began.
    assert card_of(state).saved == 20 * 2 * D("1.02")


def test_a_price_that_falls_on_the_way_saves_on_units_not_bought_yet():
    state = market(
        bought("e-1", "5", HOUR, planned_quantity="5"),
        bought("e-2", "6", 3 * DAY, planned_quantity="6"),
        lines=[plan_line("20")],
    )
    state.take(planned_price("9.00", 4, 2 * DAY))
    card = card_of(state)
    assert card.saved == 15 * D("1.02")
    assert card.planned_spent == (5 * 10 + 6 * 9) * D("1.02")
    assert [each.planned_price for each in card.newest] == [9, 10]


def test_a_price_that_rises_again_takes_nothing_back():
    state = market(lines=[plan_line("20")])
    state.take(planned_price("9.00", 4, 2 * DAY))
    state.take(planned_price("10.50", 5, 3 * DAY))
    assert card_of(state).saved == 20 * D("1.02")
    state.take(planned_price("8.50", 6, 4 * DAY))
    assert card_of(state).saved == 20 * D("1.50") * D("1.02")


def test_a_denied_lines_budget_goes_where_its_consumer_said():
    state = market(lines=[denied_line()])
    # Its limit is 9.00, and 10 units were wanted.
    card = card_of(state)
    assert (card.moved, card.unplanned_left) == (90, 190)
    dropped = Terms(limit=D(9))
    state.put_line(plan_line("0", quantity=D(10), terms=dropped))
    assert card_of(state).moved == 0


def test_a_denied_line_that_could_pay_at_first_moves_what_it_would_have_paid():
    state = market(lines=[denied_line(round=1)])
    state.take(round_price("8.00", 1))
    assert card_of(state).moved == 80


def test_lines_of_a_council_whose_lines_do_not_count_move_nothing():
    state = market(lines=[denied_line(council_id="street")])
    assert card_of(state).moved == 90
    decision = plan_line("0", "street", kind="decision", quantity=D(0))
    state.put_line(decision)
    assert card_of(state).moved == 0


def test_inputs_of_a_bid_move_nothing_and_add_to_the_line():
    state = market(
        bought("e-1", "25", planned_quantity="25"),
        lines=[
            plan_line("20"),
            plan_line("10", for_product_id="cake", round=2),
            denied_line(for_product_id="pie"),
        ],
    )
    state.take(round_price("11", 2))
    card = card_of(state)
    assert (card.saved, card.moved) == (0, 0)
    assert card.planned_spent == 25 * D("10.20")


def test_no_more_moves_than_the_planned_card_holds():
    state = market(lines=[denied_line(quantity="500"), plan_line("0")][:1])
    card = card_of(state)
    assert (card.moved, card.planned_left, card.unplanned_left) == (900, 0, 1000)


def test_no_more_is_saved_than_the_planned_card_holds():
    state = market(lines=[plan_line("500", round=1)])
    state.take(round_price("20.00", 1))
    card = card_of(state)
    assert (card.saved, card.planned_left, card.unplanned_left) == (900, 0, 1000)
    # What is left is divided anew with every purchase of the line.
    state.take(bought("e-1", "50", planned_quantity="50"))
    card = card_of(state)
    assert (card.saved, card.planned_left, card.unplanned_left) == (390, 0, 490)


def test_another_period_has_other_cards():
    state = market(bought("e-1", at=8 * DAY))
    state.decide(asked("budget", "b-2", period=NEXT_WEEK, income="50"))
    periods = {row.period: row.income for row in rows_of(state, "card")}
    assert periods == {WEEK: 1000, NEXT_WEEK: 50}


def test_public_rows_count_overdrawn_cards_once_there_are_five():
    state = market(*(bought(f"e-{n}", consumer_id=f"k{n}") for n in range(4)))
    assert rows_of(state, "alert") == []
    state.take(bought("e-5", consumer_id="k5"))
    (alert,) = rows_of(state, "alert")
    assert (alert.product_id, alert.kind, alert.value) == ("*", "overdrawn", 5)
    assert alert.is_raised
    state.take(bought("e-6", consumer_id="k6"))
    assert rows_of(state, "alert")[0].value == 6
    for n in range(2):
        state.decide(asked("budget", f"b-{n}", consumer_id=f"k{n}"))
    # How many fewer than five there are is nobody's to know.
    (alert,) = rows_of(state, "alert")
    assert (alert.is_raised, alert.value) == (False, None)


def test_two_thousand_purchases_of_one_product_are_not_gone_through_for_each():
    state = market(lines=[plan_line("900")], budget="1000000")
    passes = []
    group = next(iter(state._books[WEEK].products.values())).group_of("ada")
    split = type(group)._split
    type(group)._split = lambda self: (passes.append(1), split(self))[1]
    try:
        for n in range(1_000):
            state.take(bought(f"e-{n}", at=n, planned_quantity="1"))
            made = decided(state, asked("request", f"r-{n}", at=n + 0.5))
            assert made.decision.code is None
            assert decided(state, asked("request", f"x-{n}", quantity="999999")) == (
                "card_exceeded"
            )
    finally:
        type(group)._split = split
    assert len(passes) < 5
    assert card_of(state).purchases == 2_000


def test_a_price_of_the_seller_changes_no_card():
    state = market()
    state.changed_rows()
    state.take(posted("X", "5.00", DAY))
    assert rows_of(state, "card") == []


def test_what_was_authorised_comes_first_in_whatever_order_it_is_learnt():
    state = market(lines=[plan_line("10")])
    request = asked("request", "r-1", 2 * DAY, quantity="9")
    made = decided(state, request)
    reported = bought("e-1", "8", planned_quantity="8")
    back = given_back("e-2", "3", HOUR, planned_quantity="3")
    for fact in (reported, back):
        state.take(fact)
    expected = card_of(state)
    # 9 are authorised, 3 of them given back by the first in time; so 4 are left.
    assert expected.planned_spent == (9 - 3 + 4) * D("10.20")
    assert expected.unplanned_spent == 4 * D("8.80")
    for first in (reported, back):
        restored = market(first, lines=[plan_line("10")])
        restored.changed_rows()
        restored.restore(request, made.decision)
        for fact in (back, reported, *made.events):
            restored.take(fact)
        card = card_of(restored)
        assert card.planned_spent == expected.planned_spent
        assert card.unplanned_spent == expected.unplanned_spent
        assert card.newest[0].is_authorised


def test_a_purchase_that_is_known_may_turn_out_to_be_authorised():
    state = market(lines=[plan_line("10")])
    request = asked("request", "r-1", quantity="9")
    made = decided(state, request)
    restored = market(made.events[0], lines=[plan_line("10")])
    assert not card_of(restored).newest[0].is_authorised
    restored.restore(request, made.decision)
    card = card_of(restored)
    assert card.newest[0].is_authorised
    assert card.purchases == 1
    assert card.planned_spent == 9 * D("10.20")
