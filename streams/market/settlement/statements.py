"""
PURE. Statements: what each account got and paid in a period, line by line.

A long statement comes in parts, so that no record outgrows what Kafka takes.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from schemas.rows import ZERO
from schemas.trading_rows import StatementLine, StatementRow
from schemas.values import Period
from streams.market.settlement.accounts import party_of

LINES_PER_PART: Final = 200
"""Of a statement. A line has 64 characters of product and some 100 of formula: 200 are
60 KiB at most, and Kafka takes a record of 1 MiB."""


def statement(
    period: Period,
    account: str,
    lines: Sequence[StatementLine],
    *,
    revision: int = 0,
    corrects: int | None = None,
) -> tuple[StatementRow, ...]:
    """
    Return an account's statement in its parts; without any line, one empty part.

    Args:
        period: that was settled.
        account: whose statement it is.
        lines: in the order of their postings.
        revision: of the settlement.
        corrects: the revision of the statement whose place it takes.
    """
    starts = range(0, max(1, len(lines)), LINES_PER_PART)
    total = sum((line.amount for line in lines), ZERO)
    return tuple(
        StatementRow(
            period=period,
            party=party_of(account),
            account=account,
            revision=revision,
            part=part,
            parts=len(starts),
            corrects=corrects,
            lines=tuple(lines[start : start + LINES_PER_PART]),
            total=total,
        )
        for part, start in enumerate(starts)
    )


def lines_of(parts: Iterable[StatementRow]) -> tuple[StatementLine, ...]:
    """Return the lines of a statement's parts."""
    return tuple(line for part in parts for line in part.lines)
