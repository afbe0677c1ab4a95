"""A moment belongs to one period, whatever offset from UTC it is told with."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import InvalidValue
from schemas.values import EARLIEST, LATEST, Period
from streams.market.periods import Calendar, period_of

MOMENTS = [
    ("2011-10-31T00:00:00+00:00", "2011-W44", "2011-10-31", "2011-10-31T00"),
    ("2011-10-30T23:59:59.999999+00:00", "2011-W43", "2011-10-30", "2011-10-30T23"),
    ("2011-10-31T01:30:00+02:00", "2011-W43", "2011-10-30", "2011-10-30T23"),
    ("2011-10-30T20:00:00-05:00", "2011-W44", "2011-10-31", "2011-10-31T01"),
    ("2011-01-01T12:00:00+00:00", "2010-W52", "2011-01-01", "2011-01-01T12"),
    ("2020-12-31T12:00:00+00:00", "2020-W53", "2020-12-31", "2020-12-31T12"),
    ("2000-01-01T00:00:00+00:00", "1999-W52", "2000-01-01", "2000-01-01T00"),
    ("2012-02-29T23:00:00+00:00", "2012-W09", "2012-02-29", "2012-02-29T23"),
    ("2099-12-31T23:59:59.999999+00:00", "2099-W53", "2099-12-31", "2099-12-31T23"),
]


@pytest.mark.parametrize(("text", "week", "day", "hour"), MOMENTS)
def test_a_moment_belongs_to_the_week_day_and_hour_it_lies_in(text, week, day, hour):
    moment = datetime.fromisoformat(text)
    assert period_of(moment, "week") == week
    assert period_of(moment, "day") == day
    assert period_of(moment, "hour") == hour


@given(
    st.integers(0, int((LATEST - EARLIEST).total_seconds()) - 1),
    st.integers(-1439, 1439),
    st.sampled_from(["week", "day", "hour"]),
)
@settings(max_examples=100, deadline=None)
def test_the_offset_from_utc_does_not_show(seconds, minutes, length):
    moment = EARLIEST + timedelta(seconds=seconds)
    told = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert period_of(told, length) == period_of(moment, length)
    assert isinstance(period_of(told, length), Period)


def test_a_period_is_made_once_and_then_looked_up():
    calendar = Calendar("week")
    index = int(EARLIEST.timestamp()) // calendar.slice_s
    assert calendar[index] is calendar[index]
    assert len(calendar) == 1


def test_every_slice_of_the_wires_times_has_a_period():
    calendar = Calendar("day")
    first, end = (int(at.timestamp()) // calendar.slice_s for at in (EARLIEST, LATEST))
    periods = [calendar[index] for index in range(first, end)]
    assert len(set(periods)) == end - first
    assert periods == sorted(periods)


@pytest.mark.parametrize(
    ("length", "period"),
    [("week", "2011-W44"), ("day", "2011-10-31"), ("hour", "2011-10-31T14")],
)
def test_a_period_of_the_calendars_length_is_let_in_and_no_other(length, period):
    for other in ("week", "day", "hour"):
        if other == length:
            Calendar(other).check(Period(period))
        else:
            with pytest.raises(InvalidValue, match=f"a {other} such as .*{period}"):
                Calendar(other).check(Period(period))
