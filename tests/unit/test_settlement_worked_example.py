"""ECONOMICS.md, Worked example: digit by digit, through the book to the statements."""

from decimal import Decimal
from fractions import Fraction

from support.settlement import WORKED_EXAMPLE, settled, value_of

ANN, BOB, CAT = (
    "consumer/ann/planned",
    "consumer/bob/unplanned",
    "consumer/cat/unplanned",
)
POOL, CLEARING, TAX = "council/elm-street/pool", "board/clearing/tea", "board/tax"

POSTINGS = [
    ("planned_sale", {ANN: "-1020.00", "company/Z": "980.00", TAX: "40.00"}),
    ("unplanned_payment", {BOB: "-176.00", POOL: "176.00"}),
    (
        "unplanned_sale",
        {POOL: "-176.00", "company/X": "184.00", TAX: "32.00", CLEARING: "-40.00"},
    ),
    ("unplanned_payment", {CAT: "-121.00", POOL: "121.00"}),
    (
        "unplanned_sale",
        {POOL: "-121.00", "company/Y": "89.00", TAX: "22.00", CLEARING: "10.00"},
    ),
    ("adjustment", {"company/X": "-15.00", TAX: "-15.00", CLEARING: "30.00"}),
    ("tax_returned", {ANN: "10.08", BOB: "8.07", CAT: "5.55", TAX: "-23.70"}),
]

BALANCES = {
    CLEARING: "0.00",
    TAX: "55.30",
    "company/X": "169.00",
    "company/Y": "89.00",
    "company/Z": "980.00",
    ANN: "-1009.92",
    BOB: "-167.93",
    CAT: "-115.45",
    POOL: "0.00",
}

FORMULAS = {
    ANN: [
        ("planned_sale", "-10.00 * 100 * (1 + 0.04 / 2)", "-1020.00"),
        ("tax_returned", "(130 - 100) / 100 * 79.00 * 20.00 / 47.00", "10.08"),
    ],
    "company/X": [
        ("unplanned_sale", "10.00 * 20 - 0.2 * 8.00 * 20 / 2", "184.00"),
        ("adjustment", "-0.5 * 30.00 * 40.00 / 40.00", "-15.00"),
    ],
    TAX: [
        ("planned_sale", "10.00 * 100 * 0.04", "40.00"),
        ("unplanned_sale", "0.2 * 8.00 * 20", "32.00"),
        ("unplanned_sale", "0.2 * 11.00 * 10", "22.00"),
        ("adjustment", "-(1 - 0.5) * 30.00", "-15.00"),
        ("tax_returned", "-(130 - 100) / 100 * 79.00", "-23.70"),
    ],
    CLEARING: [
        ("unplanned_sale", "(8.00 - 10.00) * 20", "-40.00"),
        ("unplanned_sale", "(11.00 - 10.00) * 10", "10.00"),
        ("adjustment", "-(-30.00)", "30.00"),
    ],
}


def test_the_postings_are_those_of_the_example():
    found = [
        (posting.step, {entry.account: f"{entry.amount}" for entry in posting.entries})
        for posting in settled(WORKED_EXAMPLE).postings
    ]
    assert found == POSTINGS


def test_the_balances_are_those_of_the_example_and_sum_to_nothing():
    balances = settled(WORKED_EXAMPLE).balances
    assert {name: f"{amount}" for name, amount in balances.items()} == BALANCES
    consumers = sum(v for k, v in balances.items() if k.startswith("consumer/"))
    companies = sum(v for k, v in balances.items() if k.startswith("company/"))
    assert (consumers, companies) == (Decimal("-1293.30"), Decimal("1238.00"))
    assert sum(balances.values()) == 0


def test_the_row_says_what_was_collected_eaten_returned_and_kept():
    [row] = settled(WORKED_EXAMPLE).rows
    said = {
        name: f"{getattr(row, name)}"
        for name in row.__struct_fields__
        if isinstance(getattr(row, name), Decimal)
    }
    assert said == {
        "planned_price": "10.00",
        "planned": "100",
        "actual": "130",
        "error_percent": "30.00",
        "tax": "94.00",
        "clearing": "-30.00",
        "eaten": "15.00",
        "returned": "23.70",
        "kept": "55.30",
    }


def test_every_account_has_a_statement_with_the_formulas_filled_in():
    statements = {row.account: row for row in settled(WORKED_EXAMPLE).statements}
    assert {name: f"{row.total}" for name, row in statements.items()} == BALANCES
    for account, lines in FORMULAS.items():
        found = [
            (line.step, line.formula, f"{line.amount}")
            for line in statements[account].lines
        ]
        assert found == lines


def test_the_formulas_can_be_computed_by_anybody():
    for row in settled(WORKED_EXAMPLE).statements:
        for line in row.lines:
            off = value_of(line.formula) - Fraction(line.amount)
            assert abs(off) < Fraction("0.01")
