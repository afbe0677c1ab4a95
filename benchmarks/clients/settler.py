"""
A process that settles a shop's sales week by week, and tells what that took.

    python -m benchmarks.clients.settler [FILE]

One JSON object on the standard output, of `benchmarks.settlement.Run`. A process of its
own, so that the memory it needs is seen without the benchmarks' own.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import msgspec

from benchmarks.settlement import Run
from parfeed.settlement.offline import OfflineLedger, SettledPeriod
from parfeed.sources.dirt import RefusedRow
from parfeed.sources.opening import SAMPLE_FIRST_WEEK, open_sample, open_text
from parfeed.sources.retail import map_retail
from schemas.codec import encode
from schemas.events import Event, PurchaseCancelled, PurchaseRecorded
from schemas.trading import PeriodClosed
from schemas.values import Period
from streams.market.periods import Calendar

_SALES = (PurchaseRecorded, PurchaseCancelled)


def main() -> None:
    """Settle the file, or the packaged sample."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    calendar = Calendar("week")
    ledger = OfflineLedger(calendar)
    sales = line = 0
    mapping_s = folding_s = 0.0
    before_s = time.process_time()
    for event in chain.from_iterable(_with_closes(path, calendar)):
        line += 1
        sales += isinstance(event, _SALES)
        raw = encode(event)
        read_s = time.process_time()
        mapping_s += read_s - before_s
        ledger.take(line, raw, event)
        before_s = time.process_time()
        folding_s += before_s - read_s
    settling: list[float] = []
    postings = lines = accounts = 0
    money: dict[str, Decimal] = {}
    for period in ledger.settled():
        settling.append(time.process_time() - before_s)
        postings += sum(len(each.postings) for each in period.settlements)
        lines += _lines(period)
        balances = period.settlements[-1].balances
        accounts += len(balances)
        _add(money, period)
        before_s = time.process_time()
    found = Run(
        events=line,
        sales=sales,
        refused=len(ledger.refused),
        periods=len(settling),
        postings=postings,
        statement_lines=lines,
        accounts=accounts,
        mapping_s=mapping_s,
        folding_s=folding_s,
        settling_s=sum(settling),
        slowest_period_s=max(settling),
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT,
    )
    print(msgspec.json.encode(found).decode())


_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def _with_closes(path: Path | None, calendar: Calendar) -> Iterator[list[Event]]:
    # A week is closed when the first sale of a later one comes, as a ledger would.
    runs: Period | None = None
    lines = open_sample() if path is None else open_text(path)
    first = SAMPLE_FIRST_WEEK if path is None else None
    with closing(lines):
        for item in map_retail(lines, first):
            if isinstance(item, RefusedRow):
                continue
            if isinstance(item, _SALES):
                period = calendar[int(item.occurred_at.timestamp()) // calendar.slice_s]
                if runs is not None and period > runs:
                    closed = PeriodClosed(
                        event_id=f"close:{runs}",
                        occurred_at=item.occurred_at - timedelta(seconds=1),
                        period=runs,
                    )
                    yield [closed, item]
                    runs = period
                    continue
                runs = runs or period
            yield [item]


def _lines(period: SettledPeriod) -> int:
    return sum(
        len(part.lines) for each in period.settlements for part in each.statements
    )


def _add(money: dict[str, Decimal], period: SettledPeriod) -> None:
    # What all weeks so far come to, account by account.
    for account, balance in period.settlements[-1].balances.items():
        money[account] = money.get(account, Decimal(0)) + balance
    total = sum(money.values(), Decimal(0))
    if total:
        raise AssertionError(f"after {period.period} all accounts come to {total}")


if __name__ == "__main__":
    main()
