"""
PURE. Statements as people and programs read them: parts joined, corrections marked.

A long statement comes in parts; it is whole once all of them are there. A correction is
another statement of the same account, which names the one that it corrects.
"""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from parfeed.cli.layout import plain
from parfeed.cli.numbers import money
from schemas.trading_rows import BOARD_PARTY, StatementLine, StatementRow

COLUMNS: Final = (
    "account",
    "period",
    "revision",
    "corrects",
    "product_id",
    "step",
    "formula",
    "amount",
)
"""Of the CSV file: a line for each line of each statement."""

_CARDS: Final = ("/planned", "/unplanned")
_POOL: Final = "/pool"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """
    A whole statement.

    Attributes:
        account: whose.
        period: of which.
        revision: 0 at first; a correction is one more.
        corrects: the revision that it corrects; None of the first.
        lines: of all parts.
        total: of all lines.
    """

    account: str
    period: str
    revision: int
    corrects: int | None
    lines: tuple[StatementLine, ...]
    total: Decimal


def party_of(account: str) -> str:
    """Return whose account it is; a party stands for all accounts of its own."""
    if account == BOARD_PARTY or account.startswith(f"{BOARD_PARTY}/"):
        return BOARD_PARTY
    if account.startswith("consumer/"):
        for card in _CARDS:
            account = account.removesuffix(card)
    if account.startswith("council/"):
        return account.removesuffix(_POOL)
    return account


def whole_statements(
    rows: Iterable[StatementRow], account: str
) -> list[Statement] | None:
    """
    Join the parts of statements.

    Args:
        rows: of the account's party and one period.
        account: an account, or a party for all of its accounts.

    Returns:
        By account and revision; None while a part is missing.
    """
    parts: dict[tuple[str, int], dict[int, StatementRow]] = {}
    party = party_of(account)
    for row in rows:
        if row.party == party and account in (party, row.account):
            parts.setdefault((row.account, row.revision), {})[row.part] = row
    joined = []
    for (name, revision), found in sorted(parts.items()):
        first = found.get(0)
        if first is None or len(found) < first.parts:
            return None
        joined.append(
            Statement(
                account=name,
                period=str(first.period),
                revision=revision,
                corrects=first.corrects,
                lines=tuple(
                    line for part in range(first.parts) for line in found[part].lines
                ),
                total=first.total,
            )
        )
    return joined


def statement_lines(statement: Statement) -> list[str]:
    """Return a statement as lines for people."""
    head = f"Statement of {plain(statement.account)} for {plain(statement.period)}"
    if statement.corrects is not None:
        head += f": correction {statement.revision}, which replaces " + (
            f"correction {statement.corrects}"
            if statement.corrects
            else "the first statement"
        )
    cells = [
        (plain(line.product_id), line.step, plain(line.formula), _amount(line.amount))
        for line in statement.lines
    ]
    cells.append(("", "total", "", _amount(statement.total)))
    widths = [max(len(row[n]) for row in cells) for n in range(4)]
    return [
        head,
        *(
            f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}"
            for a, b, c, d in cells
        ),
    ]


def as_json(statements: Iterable[Statement]) -> bytes:
    """Return statements as one JSON object, amounts as texts."""
    found = [
        {
            "account": each.account,
            "period": each.period,
            "revision": each.revision,
            "corrects": each.corrects,
            "total": f"{each.total:f}",
            "lines": [
                {
                    "product_id": line.product_id,
                    "step": line.step,
                    "formula": line.formula,
                    "amount": f"{line.amount:f}",
                }
                for line in each.lines
            ],
        }
        for each in statements
    ]
    return msgspec.json.encode({"statements": found})


def as_csv(statements: Iterable[Statement]) -> str:
    """Return statements as a CSV file with a head."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in statements:
        named = (
            each.account,
            each.period,
            each.revision,
            "" if each.corrects is None else each.corrects,
        )
        for line in each.lines:
            row = (line.product_id, line.step, line.formula, f"{line.amount:f}")
            writer.writerow((*named, *row))
    return written.getvalue()


def _amount(amount: Decimal) -> str:
    return money(amount, 40)
