"""The ledger, statements in parts, and corrections that name what they correct."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.settlement import (
    WEEK,
    WORKED_EXAMPLE,
    Market,
    bought,
    planned_at,
    settled,
)

from schemas.codec import encode
from schemas.errors import IntegrityError
from schemas.trading_rows import Entry, Posting, StatementLine
from schemas.values import Period
from streams.market.settlement.correction import correct
from streams.market.settlement.ledger import Ledger, balances_of
from streams.market.settlement.statements import lines_of, statement


def posting(*entries):
    return Posting(
        period=WEEK,
        revision=0,
        number=3,
        product_id="tea",
        step="adjustment",
        formula="",
        entries=tuple(Entry(name, Decimal(amount)) for name, amount in entries),
    )


def test_postings_come_to_balances_in_the_order_of_the_names():
    made = balances_of(
        [posting(("b", "-1"), ("a", "1")), posting(("b", "2"), ("c", "-2"))]
    )
    assert list(made.items()) == [("a", 1), ("b", 1), ("c", -2)]


def test_what_does_not_sum_to_zero_is_not_posted():
    ledger = Ledger()
    with pytest.raises(IntegrityError, match=r"posting 3 of 2011-W44.* was 0\.01"):
        ledger.post(posting(("a", "1.00"), ("b", "-0.99")))
    assert ledger.balances == {}


def lines(count):
    return [
        StatementLine(
            product_id="tea", step="adjustment", formula=f"{n}", amount=Decimal(n)
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "parts"), [(0, [0]), (200, [200]), (201, [200, 1]), (401, [200, 200, 1])]
)
def test_a_long_statement_comes_in_parts_that_all_say_the_total(count, parts):
    made = statement(WEEK, "company/mill", lines(count))
    assert [len(part.lines) for part in made] == parts
    assert [part.part for part in made] == list(range(len(parts)))
    assert {part.parts for part in made} == {len(parts)}
    assert {part.total for part in made} == {sum(range(count))}
    assert lines_of(made) == tuple(lines(count))


def test_a_part_fits_a_record_of_kafka_with_the_longest_names():
    long = StatementLine(
        product_id="ö" * 64,
        step="unplanned_sale",
        formula="1000000000000.000001 * " * 8,
        amount=Decimal("1" * 30),
    )
    [part] = statement(WEEK, "consumer/" + "ö" * 64 + "/unplanned", [long] * 200)
    assert len(encode(part)) < 500_000


LATE = bought("late", "dan", "Y", "5", "12.00", hour=20)


def test_a_correction_posts_the_differences_and_says_what_was_before():
    before = settled(WORKED_EXAMPLE)
    after = settled(WORKED_EXAMPLE.with_events([*WORKED_EXAMPLE.events, LATE]))
    made = correct(before, after)
    assert made.revision == 1
    by_step = {each.step: each for each in made.postings}
    assert set(by_step) == {
        "unplanned_payment",
        "unplanned_sale",
        "adjustment",
        "tax_returned",
    }
    assert by_step["unplanned_sale"].formula == (
        "now u = 12.00, p = 10.00, q = 5, b = 0.2; before nothing"
    )
    assert by_step["adjustment"].formula.endswith(
        "before clearing (-30.00), c = 0.5, tax 94.00"
    )
    assert all(each.revision == 1 for each in made.postings)
    assert [each.number for each in made.postings] == list(range(len(made.postings)))
    assert dict(made.balances) == dict(after.balances)


def test_where_nothing_differs_nothing_is_made():
    before = settled(WORKED_EXAMPLE)
    made = correct(before, settled(WORKED_EXAMPLE))
    assert made.revision == before.revision
    assert made.postings == made.statements == made.rows == ()
    assert made.standing is before.standing


def test_products_that_nothing_changed_for_get_no_new_row():
    salt = bought("salt", "ann", "mine", "2", "3", product="salt")
    market = WORKED_EXAMPLE.with_events([*WORKED_EXAMPLE.events, salt])
    late = market.with_events([*market.events, LATE])
    made = correct(settled(market), settled(late))
    assert [row.product_id for row in made.rows] == ["tea"]
    assert {posting.product_id for posting in made.postings} == {"tea"}


def test_a_new_statement_is_whole_and_names_the_one_that_it_corrects():
    before = settled(WORKED_EXAMPLE)
    once = WORKED_EXAMPLE.with_events([*WORKED_EXAMPLE.events, LATE])
    first = correct(before, settled(once))
    by_account = {row.account: row for row in first.statements}
    assert by_account["consumer/dan/unplanned"].corrects is None
    assert by_account["company/X"].corrects == 0
    assert by_account["company/X"].total == first.balances["company/X"]
    assert "company/Z" not in by_account  # nothing changed for it
    # The second names the newest of each account, which need not be the first's.
    later = bought("later", "eve", "Z", "1", "10.00", hour=30)
    second = correct(first, settled(once.with_events([*once.events, later])))
    by_account = {row.account: row for row in second.statements}
    assert second.revision == 2
    assert by_account["company/Z"].corrects == 0
    assert by_account["consumer/ann/planned"].corrects == 1
    assert [row.revision for row in second.rows] == [2]


def test_an_account_that_nothing_is_left_of_gets_an_empty_statement():
    market = Market((planned_at("10"), bought("1", "ann", "mill", "1", "8")))
    before = settled(market)
    made = correct(before, settled(Market((planned_at("10"),))))
    by_account = {row.account: row for row in made.statements}
    assert by_account["company/mill"].lines == ()
    assert by_account["company/mill"].total == 0
    assert set(made.balances.values()) == {Decimal(0)}
    assert made.postings[0].formula.startswith("now nothing; before ")


def test_a_settlement_of_another_period_corrects_nothing():
    before = settled(WORKED_EXAMPLE)
    with pytest.raises(AssertionError, match="2011-W44 is not corrected by"):
        correct(before, replace(before, period=Period("2011-W45")))


def test_differences_that_do_not_lead_to_the_new_balances_stop_the_ledger():
    before = settled(WORKED_EXAMPLE)
    after = settled(WORKED_EXAMPLE.with_events([*WORKED_EXAMPLE.events, LATE]))
    wrong = replace(before, balances={**before.balances, "company/X": Decimal(1)})
    with pytest.raises(IntegrityError, match=r"company/X must come to .* was "):
        correct(wrong, after)
