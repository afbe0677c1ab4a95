"""Whether what a run wrote adds up: a fast wrong answer is no result."""

from decimal import Decimal
from typing import Final

import msgspec

from benchmarks.purchases import Totals
from benchmarks.stage import BenchmarkFailed, newest_values
from schemas.settings import Settings

_ZERO: Final = Decimal(0)


class _Amount(msgspec.Struct):
    quantity: Decimal = Decimal(0)
    value: Decimal = Decimal(0)


class _Demand(msgspec.Struct):
    planned_purchases: _Amount
    unplanned_purchases: _Amount


class _Row(msgspec.Struct):
    # What of a row is checked: the worker's and the peer's have the same words.
    sequence: int
    demand: _Demand


_decode_row = msgspec.json.Decoder(_Row, strict=False).decode


async def check_rows(name: str, topic: str, settings: Settings, totals: Totals) -> int:
    """
    Check that the newest rows of a topic add up to all events.

    Args:
        name: who wrote them.
        topic: the rows, by key.
        settings: of the deployment.
        totals: of all events.

    Returns:
        How many rows were written, older versions included.

    Raises:
        BenchmarkFailed: if they do not.
    """
    values, written = await newest_values(settings.broker, topic, settings.partitions)
    rows = [_decode_row(value) for value in values]
    planned = [row.demand.planned_purchases for row in rows]
    unplanned = [row.demand.unplanned_purchases for row in rows]
    found = Totals(
        sum(row.sequence for row in rows),
        sum((amount.quantity for amount in planned), _ZERO),
        sum((amount.value for amount in planned), _ZERO),
        sum((amount.quantity for amount in unplanned), _ZERO),
        sum((amount.value for amount in unplanned), _ZERO),
    )
    if found != totals:
        raise BenchmarkFailed(
            f"the rows of {name} are not exact: {found}, must be {totals}"
        )
    return written
