"""
The laws of trading: order, repetition, restarts, and cards that requests cannot
overdraw.

What is drawn is small, so that things meet: lines are contested, units come back before
they were bought, prices change between purchases of one moment.
"""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.market_strategies import FEW, LAWS
from support.trading_scenes import (
    DAY,
    HOUR,
    NEXT_WEEK,
    WEEK,
    asked,
    bid,
    bought,
    decided,
    denied_line,
    given_back,
    made,
    plan_line,
    planned_price,
    posted,
    round_price,
    tag_of,
)

from schemas.events import PurchaseRecorded
from schemas.trading_rows import AlertRow, CardRow, CostRow, FameRow
from streams.market.periods import Calendar
from streams.market.trading.state import TradingState

LARGER = settings(LAWS, max_examples=60)

consumers = st.sampled_from(["ada", "bob"])
companies = st.sampled_from(["X", "Y"])
times = st.sampled_from([HOUR, DAY, DAY, 2 * DAY, 5 * DAY, 7 * DAY - 1, 8 * DAY])
amounts = st.sampled_from(["0.5", "1", "2", "3", "7"])
prices = st.sampled_from(["-1", "0", "7.5", "8", "10", "12"])


@st.composite
def trades(draw):
    """Purchases and cancellations, each with its own event_id."""
    found = []
    for n in range(draw(st.integers(0, 14))):
        make = draw(st.sampled_from([bought, bought, given_back]))
        quantity = draw(amounts)
        found.append(
            make(
                f"e-{n}",
                quantity,
                draw(times),
                consumer_id=draw(consumers | st.none()),
                company_id=draw(companies),
                unit_price=draw(prices),
                planned_quantity=draw(st.sampled_from(["0", quantity, "0.25"])),
            )
        )
    return found


@st.composite
def said_by_others(draw):
    """Prices, rounds, production."""
    found = []
    for n in range(draw(st.integers(0, 4))):
        at = draw(times.filter(lambda at: at < 7 * DAY) | st.none())
        found.append(planned_price(draw(prices), n, at))
    rounds = draw(st.integers(0, 3))
    found += [round_price(draw(prices), 1 + n) for n in range(rounds)]
    asks = draw(st.integers(0, 5))
    found += [posted(draw(companies), draw(prices), draw(times)) for _ in range(asks)]
    for n in range(draw(st.integers(0, 4))):
        cost = draw(prices.filter(lambda price: price[0] != "-") | st.none())
        company_id = draw(companies)
        report = made(
            f"m-{n}", draw(amounts), draw(times), company_id=company_id, unit_cost=cost
        )
        found.append(report)
    return found


@st.composite
def standing(draw):
    """Lines as they stand, one of each key."""
    found = []
    for consumer_id in ("ada", "bob"):
        if draw(st.booleans()):
            make = draw(st.sampled_from([plan_line, denied_line]))
            round_ = draw(st.integers(0, 3))
            if make is plan_line:
                found.append(plan_line(draw(amounts), consumer_id, round=round_))
            else:
                found.append(denied_line(party_id=consumer_id, round=round_))
        if draw(st.booleans()):
            line = plan_line(draw(amounts), consumer_id, for_product_id="cake")
            found.append(line)
    if draw(st.booleans()):
        found.append(bid(draw(amounts), draw(companies)))
    return found


def fresh(*budgets):
    state = TradingState(Calendar("week"))
    state.decide(asked("terms", "terms"))
    for budget in budgets:
        state.decide(budget)
    return state


def budget_of(consumer_id, income):
    return asked("budget", f"b-{consumer_id}", consumer_id=consumer_id, income=income)


def give(state, each):
    if hasattr(each, "party_id"):
        state.put_line(each)
    else:
        state.take(each)


class Shown:
    """The newest version of every row, as somebody who follows them has it."""

    def __init__(self):
        self.rows = {}

    def follow(self, state):
        for row in state.changed_rows():
            name = getattr(row, "party", None) or getattr(row, "kind", None)
            key = (
                tag_of(row),
                row.product_id,
                row.period,
                name,
                getattr(row, "company_id", None) if tag_of(row) != "alert" else None,
                getattr(row, "of_product_id", None),
            )
            before = self.rows.get(key)
            assert row.sequence == (0 if before is None else before.sequence) + 1
            assert before is None or replace(row, sequence=0) != replace(
                before, sequence=0
            )
            self.rows[key] = row

    def end(self):
        # Alerts remember; fame and costs once shown stay, with nothing in them.
        return {
            key: replace(row, sequence=0)
            for key, row in self.rows.items()
            if not isinstance(row, AlertRow)
            and not (isinstance(row, FameRow) and not row.overproduced)
            and not (isinstance(row, CostRow) and row.unit_cost <= row.planned_price)
        }


def paces(state):
    return {
        (book.period, product.product_id): book.has_pace(product)[1]
        for book in state._books.values()
        for product in book.products.values()
    }


@LARGER
@given(st.data(), trades(), said_by_others(), standing())
def test_what_rows_end_as_does_not_depend_on_the_order_of_facts(
    data, traded, said, lines
):
    facts = [*traded, *said, *lines]
    budget = budget_of("ada", "100")
    one, other = fresh(budget), fresh(budget)
    shown_one, shown_other = Shown(), Shown()
    for each in facts:
        give(one, each)
    shown_one.follow(one)
    for each in data.draw(st.permutations(facts)):
        give(other, each)
        if data.draw(st.booleans()):
            shown_other.follow(other)
    shown_other.follow(other)
    assert shown_one.end() == shown_other.end()
    assert paces(one) == paces(other)


@LARGER
@given(st.data(), trades(), said_by_others(), standing())
def test_taking_facts_twice_changes_nothing(data, traded, said, lines):
    facts = [*traded, *said, *lines]
    state = fresh(budget_of("ada", "100"))
    for each in facts:
        give(state, each)
    state.changed_rows()
    for each in data.draw(st.permutations(facts)):
        give(state, each)
    assert state.changed_rows() == []


@LARGER
@given(trades(), said_by_others(), standing())
def test_a_card_is_what_its_purchases_come_to_one_by_one(traded, said, lines):
    state = fresh(budget_of("ada", "100"))
    for each in [*traded, *lines, *said]:
        give(state, each)
    for card in state.changed_rows():
        if isinstance(card, CardRow) and len(card.newest) == card.purchases:
            check_card(card, state, traded)


def check_card(card, state, traded):
    """The card's sums, from its purchases and cancellations as fractions."""
    book = state._books[card.period]
    a, b = Fraction("1.02"), Fraction("1.1")
    planned = unplanned = loss = Fraction(0)
    for purchase in book.taken.values():
        if purchase is None:
            continue
        event = next(
            each for each in traded if each.event_id == purchase.trade.event_id
        )
        if f"consumer/{event.consumer_id}" != card.party:
            continue
        price = book.products["bread"].prices.price_at(event.occurred_at)
        rest = Fraction(purchase.trade.quantity) - Fraction(purchase.planned)
        assert (Fraction(purchase.trade.quantity) > 0) is isinstance(
            event, PurchaseRecorded
        )
        unplanned += rest * Fraction(event.unit_price) * b
        if price is None:
            assert purchase.planned == 0
        else:
            planned += Fraction(purchase.planned) * Fraction(price) * a
            loss += rest * (Fraction(event.unit_price) * b - Fraction(price) * a)
    assert Fraction(card.planned_spent) == planned
    assert Fraction(card.unplanned_spent) == unplanned
    assert Fraction(card.loss) == loss
    assert card.planned_left + card.unplanned_left == (
        card.income - card.planned_spent - card.unplanned_spent
    )
    assert card.saved >= 0
    assert card.moved >= 0


@st.composite
def requests(draw):
    """Requests of all kinds that may change a card."""
    found = []
    for n in range(draw(st.integers(1, 16))):
        kind = draw(st.sampled_from(["request"] * 6 + ["budget", "terms", "answer"]))
        name = f"r-{n}"
        if kind == "request":
            found.append(
                asked(
                    "request",
                    name,
                    draw(times),
                    consumer_id=draw(consumers),
                    company_id=draw(companies),
                    quantity=draw(amounts),
                    use=draw(st.sampled_from(["any", "any", "planned", "unplanned"])),
                    greatest_price=draw(st.sampled_from([None, None, "8"])),
                )
            )
        elif kind == "budget":
            found.append(
                asked(
                    "budget",
                    name,
                    consumer_id=draw(consumers),
                    income=draw(st.sampled_from(["0", "50", "100", "300"])),
                    unplanned_share=draw(st.sampled_from([None, "0.3", "0.5", "0.6"])),
                    revision=n,
                )
            )
        elif kind == "terms":
            found.append(
                asked(
                    "terms",
                    name,
                    revision=n,
                    pace_percent="1",
                    rebid_percent=draw(st.sampled_from(["0", "50"])),
                    greatest_share=draw(st.sampled_from(["0.4", "0.5", "0.7"])),
                )
            )
        else:
            found.append(asked("rebid_request", f"{name}-request"))
            price = draw(st.sampled_from(["1", "5", "9", "12"]))
            found.append(asked("rebid_answer", name, planned_price=price))
    return found


@LARGER
@given(said_by_others(), standing(), requests())
def test_requests_alone_never_take_a_card_below_zero(said, lines, wanted):
    state = fresh(budget_of("ada", "100"))
    for each in [*said, *lines]:
        give(state, each)
    state.changed_rows()
    for request in wanted:
        made_ = decided(state, request)
        rows = state.changed_rows()
        if isinstance(made_, str):
            assert [row for row in rows if not isinstance(row, AlertRow)] == []
        for row in rows:
            if isinstance(row, CardRow) and row.has_budget:
                assert row.planned_left >= 0
                assert row.unplanned_left >= 0


@LARGER
@given(st.data(), trades(), said_by_others(), standing(), requests())
def test_what_was_decided_is_restored_in_any_order(data, traded, said, lines, wanted):
    state = fresh(budget_of("ada", "100"))
    shown = Shown()
    facts = [*said, *lines]
    for each in facts:
        give(state, each)
    taken, waiting = [], list(traded)
    for request in wanted:
        if waiting and data.draw(st.booleans()):
            facts.append(waiting.pop())
            give(state, facts[-1])
        made_ = decided(state, request)
        if not isinstance(made_, str):
            taken.append((request, made_.decision))
            facts += made_.events
        shown.follow(state)

    restored = fresh(budget_of("ada", "100"))
    last = Shown()
    for row in shown.rows.values():
        restored.put_row(row)
    last.rows = dict(shown.rows)
    # Requests keep their order, facts do not.
    for each in data.draw(st.permutations([None, *facts])):
        if each is None:
            for request, decision in taken:
                restored.restore(request, decision)
        else:
            give(restored, each)
    last.follow(restored)
    assert last.end() == shown.end()
    assert last.rows.keys() == shown.rows.keys()
    for key, row in last.rows.items():
        if not isinstance(row, AlertRow):
            assert row == shown.rows[key], key


@FEW
@given(trades(), said_by_others(), standing())
def test_nothing_of_a_settled_period_comes_back(traded, said, lines):
    state = fresh()
    for each in [*traded, *said, *lines]:
        give(state, each)
    state.changed_rows()
    state.forget(WEEK)
    for each in [*traded, *said, *lines]:
        give(state, each)
    assert {row.period for row in state.changed_rows()} <= {NEXT_WEEK}
    assert set(state._books) <= {NEXT_WEEK}


@LARGER
@given(
    st.integers(1, 10**18).map(lambda micros: Decimal(micros).scaleb(-6)),
    st.integers(0, 10**18).map(lambda micros: Decimal(micros).scaleb(-6)),
    st.integers(0, 10**6).map(lambda micros: Decimal(micros).scaleb(-6)),
)
def test_amounts_at_the_bounds_of_the_wire_are_exact(quantity, price, share):
    state = fresh(budget_of("ada", "1000000000000"))
    state.take(planned_price(f"{price:f}"))
    state.take(bought("e-1", f"{quantity:f}", unit_price=f"{price * share:.6f}"))
    (card,) = [row for row in state.changed_rows() if isinstance(row, CardRow)]
    unit_price = Fraction(f"{price * share:.6f}")
    spent = Fraction(quantity) * unit_price * Fraction("1.1")
    assert Fraction(card.unplanned_spent) == spent
    planned = Fraction(quantity) * Fraction(price) * Fraction("1.02")
    assert Fraction(card.loss) == spent - planned
    assert Fraction(card.unplanned_left) == 10**11 - spent
