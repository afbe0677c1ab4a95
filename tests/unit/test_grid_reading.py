"""Lines of a grid's file to hours in UTC, and what is said of those that are none."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from support.grid_lines import CELLS, HEADER, an_hour, hours_of

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid_reading import (
    COLUMNS,
    GRID_REASONS,
    Days,
    GridHour,
    is_grid_header,
    read_hours,
    split_load,
)
from parfeed.sources.reading import UnknownLayout


def starts(items: list[GridHour | RefusedRow]) -> list[str]:
    """Hours as `29T00`, refusals by reason and row."""
    return [
        f"{item.start:%dT%H}"
        if isinstance(item, GridHour)
        else f"{item.reason} {item.row}"
        for item in items
    ]


def at(*hours: str) -> list[str]:
    return [an_hour(f"{hour}:00:00") for hour in hours]


def test_an_hour_is_read_cell_by_cell() -> None:
    (hour,) = hours_of([an_hour("2023-06-01T12:00:00")])
    assert isinstance(hour, GridHour)
    assert hour.start == datetime(2023, 6, 1, 10, tzinfo=UTC)
    assert hour.day == date(2023, 6, 1)
    assert hour.faults == ()
    assert str(hour.planned_load) == "50000.25"
    assert str(hour.day_ahead_price) == "-5.17"
    assert str(hour.planned["other"]) == CELLS["planned_other_mwh"]
    assert (
        str(hour.produced["pumped-storage"])
        == (CELLS["actual_hydro_pumped_storage_mwh"])
    )
    assert len(hour.planned) + len(hour.produced) + 5 == len(COLUMNS)


def test_of_the_two_hours_of_an_autumn_night_the_first_is_the_first() -> None:
    night = [f"2023-10-29T{hour}" for hour in ("01", "02", "02", "03")]
    assert starts(hours_of(at(*night))) == ["28T23", "29T00", "29T01", "29T02"]


def test_an_autumn_night_with_one_of_its_two_hours_lacks_one() -> None:
    night = [f"2023-10-29T{hour}" for hour in ("01", "02", "03")]
    assert starts(hours_of(at(*night))) == [
        "28T23",
        "29T00",
        "missing_hour 3",
        "29T02",
    ]


def test_a_spring_night_is_whole_without_the_hour_that_never_was() -> None:
    night = [f"2023-03-26T{hour}" for hour in ("01", "03", "04")]
    assert starts(hours_of(at(*night))) == ["26T00", "26T01", "26T02"]
    with_it = [f"2023-03-26T{hour}" for hour in ("01", "02", "03")]
    assert starts(hours_of(at(*with_it))) == ["26T00", "no_such_hour 2", "26T01"]


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (("01T05", "01T05", "01T06"), ["01T03", "duplicate_hour 2", "01T04"]),
        (("01T05", "01T04", "01T06"), ["01T03", "out_of_order 2", "01T04"]),
        (
            ("01T05", "01T08"),
            ["01T03", "missing_hour 2", "missing_hour 2", "01T06"],
        ),
    ],
)
def test_hours_that_are_missing_twice_or_misplaced_are_said(
    hours: tuple[str, ...], found: list[str]
) -> None:
    assert starts(hours_of(at(*(f"2023-06-{hour}" for hour in hours)))) == found


def test_a_third_hour_of_an_autumn_night_is_one_too_many() -> None:
    night = ["2023-10-29T02"] * 3
    assert starts(hours_of(at(*night))) == ["29T00", "29T01", "duplicate_hour 3"]


@pytest.mark.parametrize(
    "start",
    [
        "noon",
        "",
        "2023-06-01T12:15:00",
        "2023-06-01T12:00:00+02:00",
        "2000-06-01T12:00:00",
        "2099-06-01T12:00:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:00:00",
    ],
)
def test_a_row_that_says_no_hour_is_refused_and_the_next_one_is_read(
    start: str,
) -> None:
    found = hours_of([an_hour(start), an_hour("2023-06-01T12:00:00")])
    assert starts(found) == ["unreadable 1", "01T10"]


def test_a_row_that_is_cut_or_no_csv_is_refused_and_the_next_one_is_read() -> None:
    cut = an_hour()[:60] + "\n"
    vast = f'"{"9" * 200_000}"\n'
    found = hours_of([cut, vast, an_hour()])
    assert starts(found) == ["unreadable 1", "unreadable 2", "01T10"]
    assert isinstance(found[0], RefusedRow)
    assert "must be a row of 21 cells or more, had 7" in found[0].detail


def test_an_empty_cell_is_said_and_the_rest_of_its_hour_is_read() -> None:
    (hour,) = hours_of([an_hour(actual_nuclear_mwh="", balancing_price_eur_mwh="")])
    assert isinstance(hour, GridHour)
    assert hour.produced["nuclear"] is None
    assert hour.produced["lignite"] is not None
    assert hour.balancing_price is None
    assert [(fault.reason, fault.row, fault.detail) for fault in hour.faults] == [
        ("missing_value", 1, "actual_nuclear_mwh"),
        ("missing_value", 1, "balancing_price_eur_mwh"),
    ]


@pytest.mark.parametrize("text", ["-1.00", "nan", "1e3", "1,5", "-", "\udcff"])
def test_a_cell_that_is_no_amount_spoils_itself_only(text: str) -> None:
    (hour,) = hours_of([an_hour(actual_lignite_mwh=text.replace(",", ";"))])
    assert isinstance(hour, GridHour)
    assert hour.produced["lignite"] is None
    (fault,) = hour.faults
    assert fault.reason == "unreadable"
    assert fault.detail.startswith("actual_lignite_mwh must be a")


def test_days_bound_what_is_read_and_what_is_said_of_it() -> None:
    lines = [
        "\n",
        *at("2023-05-31T22", "2023-05-31T23", "2023-06-01T00", "2023-06-01T02"),
        "\n",
        *at("2023-06-01T23", "2023-06-02T00", "2023-06-02T03"),
        "\n",
    ]
    day = date(2023, 6, 1)
    found = starts(hours_of(lines, Days(day, day)))
    assert found[:4] == ["31T22", "missing_hour 5", "01T00", "unreadable 6"]
    assert found[4:-1] == ["missing_hour 7"] * 20
    assert found[-1] == "01T21"
    assert "unreadable 1" in starts(hours_of(lines, Days(None, day)))
    assert "unreadable 10" in starts(hours_of(lines, Days(day)))


def test_a_file_without_a_column_is_refused_with_its_name() -> None:
    with pytest.raises(UnknownLayout, match="lacks the columns planned_load_mwh"):
        list(read_hours([HEADER.replace("planned_load_mwh", "load")]))
    with pytest.raises(UnknownLayout, match="no CSV header"):
        list(read_hours(['"' + "9" * 200_000]))
    with pytest.raises(UnknownLayout):
        list(read_hours([]))


def test_columns_are_found_by_their_names_in_any_order() -> None:
    turned = [
        ",".join(reversed(line.rstrip("\n").split(","))) + ",more\n"
        for line in (HEADER, an_hour())
    ]
    (hour,) = read_hours(["\ufeff" + turned[0], turned[1]])
    (same,) = hours_of([an_hour()])
    assert hour == same


def test_a_grids_file_is_known_by_its_header() -> None:
    assert is_grid_header(HEADER)
    assert is_grid_header("\ufeff" + HEADER)
    assert not is_grid_header("InvoiceNo,StockCode\n")
    assert not is_grid_header("")
    assert not is_grid_header('"' + "9" * 200_000)


@pytest.mark.parametrize(
    ("planned", "actual", "parts"),
    [
        ("100.25", "90.5", ("90.5", "0")),
        ("100.25", "100.25", ("100.25", "0")),
        ("100.25", "110", ("100.25", "9.75")),
        ("", "110", ("0", "110")),
        ("100.25", "", ("0", "0")),
    ],
)
def test_what_is_bought_is_split_at_the_plan(
    planned: str, actual: str, parts: tuple[str, str]
) -> None:
    (hour,) = hours_of([an_hour(planned_load_mwh=planned, actual_load_mwh=actual)])
    assert isinstance(hour, GridHour)
    assert split_load(hour) == tuple(map(Decimal, parts))


def test_every_reason_says_what_it_means() -> None:
    assert all(text.endswith(".") for text in GRID_REASONS.values())
