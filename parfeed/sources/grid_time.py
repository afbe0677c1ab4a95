"""
PURE. German local time to UTC, by the rule of the European Union.

Summer time runs from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last
Sunday of October (directive 2000/84/EC; Germany has kept to it since 1996). So one hour
of local time a year never is, and one is twice. The rule stands here, and no time zone
database is asked: a machine without one, or with another one, makes the same events.
"""

from calendar import MONDAY, SUNDAY, monthcalendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from schemas.errors import InvalidValue
from schemas.values import Period

HOUR: Final = timedelta(hours=1)

_WINTER: Final = HOUR
_SUMMER: Final = 2 * HOUR
_MARCH, _OCTOBER = 3, 10
_TURN: Final = HOUR
# After midnight UTC, on both Sundays.


def readings(local: datetime) -> tuple[datetime, ...]:
    """
    Return the moments in UTC that a local time without offset can mean, earliest first.

    One as a rule, none for the hour that spring leaves out, two for the one that
    autumn repeats.
    """
    moments = [(local - offset).replace(tzinfo=UTC) for offset in (_SUMMER, _WINTER)]
    return tuple(
        moment for moment in moments if local_time(moment) == local.replace(tzinfo=None)
    )


def local_time(moment: datetime) -> datetime:
    """Return the local time, without offset, of a moment in UTC."""
    start, end = _summer(moment.year)
    offset = _SUMMER if start <= moment < end else _WINTER
    return (moment + offset).replace(tzinfo=None)


def day_named(text: str, *, last: bool = False) -> date:
    """
    Return a local day that is named as a day, `2023-10-29`, or by its ISO week.

    Args:
        text: `2023-10-29` or `2023-W43`.
        last: of a week its Sunday, not its Monday.

    Raises:
        InvalidValue: if it names neither.
    """
    period = Period(text)
    if "T" in period:
        raise InvalidValue("a day such as 2023-10-29 or a week such as 2023-W43", text)
    if "W" not in period:
        return date.fromisoformat(period)
    weekday = (SUNDAY if last else MONDAY) + 1
    return date.fromisocalendar(int(period[:4]), int(period[6:]), weekday)


@lru_cache(maxsize=128)  # a century
def _summer(year: int) -> tuple[datetime, datetime]:
    first, last = (
        datetime(year, month, _last_sunday(year, month), tzinfo=UTC) + _TURN
        for month in (_MARCH, _OCTOBER)
    )
    return first, last


def _last_sunday(year: int, month: int) -> int:
    return max(week[SUNDAY] for week in monthcalendar(year, month))
