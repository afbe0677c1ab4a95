"""Statements: parts joined, corrections marked, the same figures in every form."""

import csv
import io
import json
from decimal import Decimal

import pytest

from parfeed.cli.trading.statements import (
    as_csv,
    as_json,
    party_of,
    statement_lines,
    whole_statements,
)
from schemas.trading_rows import StatementLine, StatementRow
from schemas.values import Period

WEEK = Period("2011-W44")
ADA = "consumer/ada"


def line(
    amount: str, product: str = "rye", step: str = "planned_sale"
) -> StatementLine:
    return StatementLine(
        product_id=product, step=step, formula=f"{amount} * 1", amount=Decimal(amount)
    )


def part(
    number: int, parts: int, *amounts: str, account: str = "planned", **more: object
) -> StatementRow:
    facts = {
        "period": WEEK,
        "party": ADA,
        "account": f"{ADA}/{account}",
        "part": number,
        "parts": parts,
        "lines": tuple(map(line, amounts)),
        "total": Decimal("-6.50"),
        **more,
    }
    return StatementRow(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("account", "party"),
    [
        ("consumer/ada/planned", ADA),
        ("consumer/ada/unplanned", ADA),
        (ADA, ADA),
        ("consumer/a/b/planned", "consumer/a/b"),
        ("council/elm/pool", "council/elm"),
        ("council/-/pool", "council/-"),
        ("council/elm", "council/elm"),
        ("company/mill", "company/mill"),
        ("company/planned", "company/planned"),
        ("board", "board"),
        ("board/tax", "board"),
        ("board/clearing/rye", "board"),
    ],
)
def test_an_account_says_whose_it_is(account: str, party: str) -> None:
    assert party_of(account) == party


def test_parts_are_joined_in_their_order_however_they_come() -> None:
    rows = [part(1, 2, "-2.50"), part(0, 2, "-1.00", "-3.00")]
    (whole,) = whole_statements(rows, ADA) or ()
    assert [each.amount for each in whole.lines] == [
        Decimal("-1.00"),
        Decimal("-3.00"),
        Decimal("-2.50"),
    ]
    assert (whole.total, whole.revision, whole.corrects) == (Decimal("-6.50"), 0, None)


@pytest.mark.parametrize("rows", [[part(1, 2)], [part(0, 2)], [part(0, 3), part(2, 3)]])
def test_a_statement_of_which_a_part_is_missing_is_not_shown(
    rows: list[StatementRow],
) -> None:
    assert whole_statements(rows, ADA) is None


def test_a_party_has_all_of_its_accounts_and_an_account_only_itself() -> None:
    rows = [part(0, 1), part(0, 1, account="unplanned")]
    whole = whole_statements(rows, ADA) or []
    assert [each.account for each in whole] == [f"{ADA}/planned", f"{ADA}/unplanned"]
    (own,) = whole_statements(rows, f"{ADA}/unplanned") or ()
    assert own.account == f"{ADA}/unplanned"
    assert whole_statements(rows, "consumer/ad") == []


def test_a_correction_says_what_it_replaces() -> None:
    rows = [
        part(0, 1, "-6.50"),
        part(0, 1, "-6.00", revision=1, corrects=0, total=Decimal("-6.00")),
        part(0, 1, "-5.00", revision=2, corrects=1, total=Decimal("-5.00")),
    ]
    first, second, third = whole_statements(rows, ADA) or ()
    assert statement_lines(first) == [
        "Statement of consumer/ada/planned for 2011-W44",
        "  rye  planned_sale  -6.50 * 1  -6.50",
        "       total                    -6.50",
    ]
    assert statement_lines(second)[0].endswith(
        ": correction 1, which replaces the first statement"
    )
    assert statement_lines(third)[0].endswith(
        ": correction 2, which replaces correction 1"
    )


def test_programs_read_the_same_figures_as_people() -> None:
    rows = [part(0, 1, "-1.00", "0.000000000001"), part(0, 1, revision=1, corrects=0)]
    whole = whole_statements(rows, ADA) or []
    written = json.loads(as_json(whole))["statements"]
    assert [each["revision"] for each in written] == [0, 1]
    assert [each["amount"] for each in written[0]["lines"]] == [
        "-1.00",
        "0.000000000001",
    ]
    table = list(csv.DictReader(io.StringIO(as_csv(whole))))
    assert [each["amount"] for each in table] == ["-1.00", "0.000000000001"]
    assert {each["corrects"] for each in table} == {""}


def test_names_cannot_steer_the_terminal() -> None:
    rows = [part(0, 1, lines=(line("1", product="r\x1b[2Jye"),))]
    (whole,) = whole_statements(rows, ADA) or ()
    assert "\x1b" not in "".join(statement_lines(whole))
