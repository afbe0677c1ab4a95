"""
PURE. Correcting a settled period: what came too late, as differences.

Nothing that was settled is rewritten. The period is settled anew with all that counts
by now; what differs is posted, and who it differs for gets a new statement, which is
whole and names the one that it corrects. Where nothing differs nothing is made.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Final, get_args

from msgspec.structs import replace

from schemas.errors import IntegrityError
from schemas.rows import ZERO
from schemas.trading_rows import Entry, Posting, SettlementRow, StatementRow
from schemas.values import EXACT
from streams.market.settlement.booking import Step
from streams.market.settlement.ledger import Ledger
from streams.market.settlement.settling import Settlement, Standing
from streams.market.settlement.statements import lines_of, statement

NOTHING: Final = "nothing"
"""Stands in the formula of a difference for a posting that is not there."""

_STEPS: Final = get_args(Step)

_Key = tuple[str, str, tuple[str, ...]]


def correct(before: Settlement, after: Settlement) -> Settlement:
    """
    Return the correction that makes one settlement of another.

    Args:
        before: the newest settlement of the period, a correction or the first.
        after: the period settled anew, with what came too late.

    Returns:
        With the revision of `before`, and without postings, statements and rows, if
        nothing differs.

    Raises:
        IntegrityError: if the differences do not lead from one to the other.
    """
    if before.period != after.period:
        raise AssertionError(
            f"{before.period} is not corrected by a settlement of {after.period}"
        )
    with localcontext(EXACT):
        return _correct(before, after)


def _correct(before: Settlement, after: Settlement) -> Settlement:
    revision = before.revision + 1
    postings = _differences(before.standing.postings, after.standing.postings, revision)
    statements = _statements(before.standing, after.standing, revision)
    rows = _rows(before.standing, after.standing, revision)
    if not (postings or statements or rows):
        return replace(before, postings=(), statements=(), rows=())
    ledger = Ledger(dict(before.balances))
    for posting in postings:
        ledger.post(posting)
    for account in {**ledger.balances, **after.balances}:
        must = after.balances.get(account, ZERO)
        balance = ledger.balances.get(account, ZERO)
        if balance != must:
            raise IntegrityError(
                f"{account} must come to {must} in {after.period}, revision "
                f"{revision}, was {balance}"
            )
    return Settlement(
        period=before.period,
        revision=revision,
        postings=tuple(postings),
        balances=ledger.in_order(),
        statements=tuple([part for parts in statements.values() for part in parts]),
        rows=tuple(rows.values()),
        standing=Standing(
            postings=after.standing.postings,
            statements={**before.standing.statements, **statements},
            rows={**before.standing.rows, **rows},
        ),
    )


def _differences(
    before: Iterable[Posting], after: Iterable[Posting], revision: int
) -> list[Posting]:
    old, new = _by_key(before), _by_key(after)
    made: list[Posting] = []
    for key in sorted({*old, *new}, key=_in_order):
        were, are = old.get(key, []), new.get(key, [])
        entries = _less(are, were)
        if not entries:
            continue
        first = (are or were)[0]
        made.append(
            Posting(
                period=first.period,
                revision=revision,
                number=len(made),
                product_id=first.product_id,
                step=first.step,
                formula=f"now {_said(are)}; before {_said(were)}",
                entries=entries,
            )
        )
    return made


def _in_order(key: _Key) -> tuple[str, int, tuple[str, ...]]:
    product_id, step, accounts = key
    return product_id, _STEPS.index(step), accounts


def _by_key(postings: Iterable[Posting]) -> dict[_Key, list[Posting]]:
    # Sales of the same parties at several prices go together: they move one another.
    found: dict[_Key, list[Posting]] = {}
    for posting in postings:
        accounts = tuple([entry.account for entry in posting.entries])
        key = (posting.product_id, posting.step, accounts)
        found.setdefault(key, []).append(posting)
    return found


def _less(are: Iterable[Posting], were: Iterable[Posting]) -> tuple[Entry, ...]:
    amounts: dict[str, Decimal] = {}
    for sign, postings in ((1, are), (-1, were)):
        for posting in postings:
            for entry in posting.entries:
                known = amounts.get(entry.account, ZERO)
                amounts[entry.account] = known + sign * entry.amount
    return tuple([Entry(name, amount) for name, amount in amounts.items() if amount])


def _said(postings: Iterable[Posting]) -> str:
    return " and ".join(posting.formula for posting in postings) or NOTHING


def _statements(
    before: Standing, after: Standing, revision: int
) -> dict[str, tuple[StatementRow, ...]]:
    made = {}
    for account in sorted({*before.statements, *after.statements}):
        were = before.statements.get(account, ())
        are = after.statements.get(account, ())
        lines = lines_of(are)
        if lines == lines_of(were):
            continue
        period = (are or were)[0].period
        made[account] = statement(
            period,
            account,
            lines,
            revision=revision,
            corrects=were[0].revision if were else None,
        )
    return made


def _rows(before: Standing, after: Standing, revision: int) -> dict[str, SettlementRow]:
    made = {}
    for product_id, row in after.rows.items():
        was = before.rows.get(product_id)
        if was is None or replace(was, revision=row.revision) != row:
            made[product_id] = replace(row, revision=revision)
    return made
