"""PURE. When a period begins and ends, and how much of it is gone at a moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.values import Period

_MICROSECOND: Final = timedelta(microseconds=1)


class Span(NamedTuple):
    """
    From when to when a period lasts.

    Attributes:
        begin: its first moment.
        end: the first moment of the next period.
        length: its microseconds.
    """

    begin: datetime
    end: datetime
    length: Decimal

    def gone_at(self, moment: datetime) -> Decimal:
        """Return the microseconds of the period that are gone at a moment in it."""
        return Decimal((moment - self.begin) // _MICROSECOND)


def span_of(period: Period) -> Span:
    """Return the times of a period, in UTC."""
    if "W" in period:
        begin = datetime.fromisocalendar(int(period[:4]), int(period[6:]), 1)
        length = timedelta(weeks=1)
    else:
        begin = datetime.fromisoformat(period)
        length = timedelta(hours=1) if "T" in period else timedelta(days=1)
    begin = begin.replace(tzinfo=UTC)
    return Span(begin, begin + length, Decimal(length // _MICROSECOND))


def in_utc(moment: datetime) -> datetime:
    """Return a moment as rows say it: in UTC."""
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
