"""
PURE. What a file's settlement comes to: as JSON for programs, in lines for people.

JSON comes period by period, so that no more than one of them is held as text.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from parfeed.settlement.offline import OfflineLedger, RefusedLine, SettledPeriod
from schemas.codec import encode
from schemas.rows import ZERO
from schemas.trading_rows import SettlementRow
from schemas.values import EXACT, escaped
from streams.market.settlement.settling import Settlement

_GROUPS: Final = {
    "consumers": "consumer/",
    "councils": "council/",
    "companies": "company/",
    "board": "board/",
}


def json_pieces(
    ledger: OfflineLedger, periods: Iterable[SettledPeriod]
) -> Iterator[bytes]:
    """
    Yield one JSON object in pieces.

    Args:
        ledger: that has taken the file.
        periods: that it settled, or some of them; read to their end.
    """
    yield b'{"periods":['
    between = b""
    for period in periods:
        yield between
        yield from _period(period)
        between = b","
    rest = {
        "taken": ledger.taken,
        "refused": ledger.refused,
        "left_out": dict(ledger.left_out),
    }
    yield b"]," + msgspec.json.encode(rest)[1:]


def period_lines(period: SettledPeriod) -> list[str]:
    """Return what a period comes to, in lines for people."""
    first, last = period.settlements[0], period.settlements[-1]
    how = "closed" if period.is_closed else "not closed, as it stands"
    counts = (
        _counted(len(last.standing.rows), "product"),
        _counted(len(first.postings), "posting"),
        _counted(len(last.balances), "account"),
    )
    lines = [f"{period.period} ({how}): {', '.join(counts)}"]
    sums = {
        group: _sum(
            balance for name, balance in last.balances.items() if name.startswith(begin)
        )
        for group, begin in _GROUPS.items()
    }
    sums["sum"] = _sum(sums.values())
    width = max(len(f"{amount:,f}") for amount in sums.values())
    lines += [f"  {group:<10}{amount:>{width},f}" for group, amount in sums.items()]
    lines.append(f"  tax: {_tax(last.standing.rows.values())}")
    lines += [
        f"  correction {each.revision}: {_counted(len(each.postings), 'posting')}, "
        f"{_counted(len({row.account for row in each.statements}), 'statement')}"
        for each in period.settlements[1:]
    ]
    return lines


def refused_text(refused: RefusedLine) -> str:
    """Return a refused line in words, as `parfeed send` has them."""
    named = f" ({escaped(refused.event_id)})" if refused.event_id else ""
    return f"line {refused.line}: {refused.code}: {refused.detail}{named}"


def _counted(count: int, of: str) -> str:
    return f"{count:,} {of}" if count == 1 else f"{count:,} {of}s"


def _period(period: SettledPeriod) -> Iterator[bytes]:
    head = {"period": str(period.period), "is_closed": period.is_closed}
    yield msgspec.json.encode(head)[:-1] + b',"settlements":['
    between = b""
    for settlement in period.settlements:
        yield between
        yield from _settlement(settlement)
        between = b","
    yield b"]}"


def _settlement(settlement: Settlement) -> Iterator[bytes]:
    yield b'{"revision":%d,"postings":[' % settlement.revision
    yield b",".join(map(encode, settlement.postings))
    yield b'],"balances":' + msgspec.json.encode(settlement.balances)
    yield b',"statements":['
    yield b",".join(map(encode, settlement.statements))
    yield b'],"rows":['
    yield b",".join(map(encode, settlement.rows))
    yield b"]}"


def _tax(rows: Iterable[SettlementRow]) -> str:
    found = list(rows)
    parts = {
        "collected": _sum(row.tax for row in found),
        "eaten": _sum(row.eaten for row in found),
        "returned": _sum(row.returned for row in found),
        "kept": _sum(row.kept for row in found),
    }
    return ", ".join(f"{amount:,f} {name}" for name, amount in parts.items())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
