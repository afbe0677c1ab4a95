"""PURE. Which period a moment belongs to: ISO weeks, days or hours, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from schemas.errors import InvalidValue
from schemas.values import Period

PeriodLength = Literal["week", "day", "hour"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SLICE_S: Final[dict[PeriodLength, int]] = {
    "week": 86_400,
    "day": 86_400,
    "hour": 3_600,
}
_FORM: Final[dict[PeriodLength, str]] = {
    "week": "2011-W44",
    "day": "2011-10-31",
    "hour": "2011-10-31T14",
}


class Calendar(dict[int, Period]):
    """
    Periods by time slice: `calendar[int(seconds) // calendar.slice_s]`.

    A period's text is made once per day (or hour) and then only looked up.
    """

    def __init__(self, length: PeriodLength) -> None:
        super().__init__()
        self.length = length
        self.slice_s = _SLICE_S[length]

    def __missing__(self, index: int) -> Period:
        moment = _EPOCH + timedelta(seconds=index * self.slice_s)
        if self.length == "week":
            year, week, _ = moment.isocalendar()
            text = f"{year:04}-W{week:02}"
        elif self.length == "day":
            text = f"{moment:%Y-%m-%d}"
        else:
            text = f"{moment:%Y-%m-%dT%H}"
        self[index] = period = Period(text)
        return period

    def check(self, period: str) -> None:
        """
        Check that a period named by a sender is of this calendar's length.

        Raises:
            InvalidValue: if it is of another.
        """
        if len(period) != len(_FORM[self.length]):
            raise InvalidValue(
                f"a {self.length} such as {_FORM[self.length]}", str(period)
            )


def period_of(occurred_at: datetime, length: PeriodLength) -> Period:
    """Return the period of `length` that a moment (with its offset) belongs to."""
    calendar = Calendar(length)
    return calendar[int(occurred_at.timestamp() // calendar.slice_s)]


def period_before(period: str, calendar: Calendar) -> Period:
    """Return the period that ends where this one begins."""
    if calendar.length == "week":
        begin = datetime.fromisocalendar(int(period[:4]), int(period[6:]), 1)
    else:
        begin = datetime.fromisoformat(period)
    seconds = (begin.replace(tzinfo=UTC) - _EPOCH).total_seconds()
    return calendar[int(seconds - 1) // calendar.slice_s]
