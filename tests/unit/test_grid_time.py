"""German local time, by the rule of the European Union."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parfeed.sources.grid_time import day_named, local_time, readings
from schemas.errors import InvalidValue

# As the official almanacs have them.
CHANGES = [
    ("2000-03-26", "2000-10-29"),
    ("2010-03-28", "2010-10-31"),
    ("2021-03-28", "2021-10-31"),
    ("2023-03-26", "2023-10-29"),
    ("2024-03-31", "2024-10-27"),
    ("2026-03-29", "2026-10-25"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def meant(text: str) -> tuple[datetime, ...]:
    return readings(datetime.fromisoformat(text))


@pytest.mark.parametrize(("spring", "autumn"), CHANGES)
def test_spring_leaves_an_hour_out_and_autumn_has_one_twice(
    spring: str, autumn: str
) -> None:
    def hours(day: str) -> list[int]:
        midnight = datetime.fromisoformat(day)
        return [len(readings(midnight + timedelta(hours=hour))) for hour in range(24)]

    assert hours(spring) == [1, 1, 0, *[1] * 21]
    assert hours(autumn) == [1, 1, 2, *[1] * 21]
    first, second = readings(datetime.fromisoformat(f"{autumn}T02:00"))
    assert (first, second) == (utc(f"{autumn}T00:00"), utc(f"{autumn}T01:00"))
    assert local_time(first) == local_time(second)


def test_the_hours_before_and_after_a_change_are_an_hour_apart_in_utc() -> None:
    assert meant("2023-03-26T01:00") == (utc("2023-03-26T00:00"),)
    assert meant("2023-03-26T03:00") == (utc("2023-03-26T01:00"),)
    assert meant("2023-10-29T01:00") == (utc("2023-10-28T23:00"),)
    assert meant("2023-10-29T03:00") == (utc("2023-10-29T02:00"),)
    assert meant("2023-01-01T00:00") == (utc("2022-12-31T23:00"),)


def test_every_hour_of_the_months_of_change_is_as_the_time_zone_database_has_it() -> (
    None
):
    berlin = ZoneInfo("Europe/Berlin")
    for year in range(2000, 2038):
        for month in (3, 10):
            for hour in range(31 * 24):
                moment = datetime(year, month, 1, tzinfo=UTC) + timedelta(hours=hour)
                local = moment.astimezone(berlin).replace(tzinfo=None)
                assert local_time(moment) == local
                assert moment in readings(local)


def test_a_day_is_named_by_itself_or_by_its_week() -> None:
    assert day_named("2023-10-29") == date(2023, 10, 29)
    assert day_named("2023-10-29", last=True) == date(2023, 10, 29)
    assert day_named("2023-W43") == date(2023, 10, 23)
    assert day_named("2023-W43", last=True) == date(2023, 10, 29)


@pytest.mark.parametrize("text", ["2023-10-29T02", "2023-W60", "29.10.2023", ""])
def test_what_names_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        day_named(text)
