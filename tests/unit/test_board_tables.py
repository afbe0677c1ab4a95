import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console
from rich.table import Table

from parfeed.cli.board_tables import councils_table, rounds_table
from parfeed.cli.channel_tables import CHANNEL_TABLES
from parfeed.cli.row_lines import row_line
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import CHANNELS


def a_round(number: int = 2, **changes: object) -> RoundRow:
    facts = {
        "period": "2011-W44",
        "round": number,
        "deadline": datetime(2011, 10, 28, 12, 30, 5, tzinfo=UTC),
        "products": 100,
        "within_1": 40,
        "within_3": 80,
        "within_5": 95,
        "worst_percent": Decimal("6.25"),
        "worst_product_id": "rye",
        "forecast_percent": Decimal("5.5"),
        "method": "shares",
        "expected": 12,
        "answered": 7,
        **changes,
    }
    return RoundRow(**facts)  # type: ignore[arg-type]


def a_line(**changes: object) -> CouncilRow:
    facts = {
        "product_id": "rye",
        "period": "2011-W44",
        "council_id": "north",
        "level": "city",
        "quantity": Decimal("1200.5"),
        "people": 80,
        "status": "waits",
        "signatures": 1,
        "needed": 3,
        **changes,
    }
    return CouncilRow(**facts)  # type: ignore[arg-type]


def printed(table: Table, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_wide_terminal_shows_every_figure_of_a_round() -> None:
    titles, figures = printed(rounds_table([a_round()], width=160), 160)
    assert titles.split() == [
        *("Period", "Round", "Worst", "Forecast", "<1%", "<3%", "<5%", "of"),
        *("Method", "Alarm", "Answered", "Deadline", "State"),
    ]
    assert figures.split() == [
        *("2011-W44", "2", "6.25%", "5.50%", "40", "80", "95", "100"),
        *("shares", "·", "7/12", "12:30:05Z", "planning"),
    ]


def test_what_is_not_known_of_a_round_is_not_shown_as_nought() -> None:
    row = RoundRow(period="2011-W44", round=1)
    _, figures = printed(rounds_table([row], width=160), 160)
    assert figures.split() == [
        *("2011-W44", "1", "·", "·", "0", "0", "0", "0", "opening", "·", "0/0", "·"),
        "planning",
    ]


def test_an_alarm_and_prices_that_stand_are_said_in_words() -> None:
    row = a_round(alarm=True, prices_stand=True)
    _, figures = printed(rounds_table([row], width=160), 160)
    assert "ALARM" in figures
    assert figures.endswith("prices stand")
    assert "ALARM" in row_line(row)
    assert "prices stand" in row_line(row)


def test_a_wide_terminal_shows_every_figure_of_a_councils_line() -> None:
    titles, figures = printed(councils_table([a_line()], width=120), 120)
    assert titles.split() == [
        *("Council", "Level", "Product", "Period", "Quantity", "People"),
        *("Status", "Signed"),
    ]
    assert figures.split() == [
        *("north", "city", "rye", "2011-W44", "1200.5", "80", "waits", "1/3"),
    ]


def test_a_withheld_sum_is_said_to_be_withheld() -> None:
    row = a_line(quantity=None, people=None, needed=0)
    _, figures = printed(councils_table([row], width=120), 120)
    assert figures.split()[4:] == ["withheld", "withheld", "waits", "·"]
    assert "rye withheld" in row_line(row)


@pytest.mark.parametrize("width", range(24, 170, 3))
def test_no_line_is_longer_than_the_terminal_and_no_title_is_cut(width: int) -> None:
    for table in (
        rounds_table([a_round(), a_round(3, alarm=True)], width=width),
        councils_table([a_line(), a_line(council_id="n" * 64)], width=width),
    ):
        lines = printed(table, width)
        assert len(lines) == 3
        assert all(len(line) <= width for line in lines)
        assert "…" not in lines[0]


def test_rows_that_are_new_stand_out() -> None:
    console = Console(
        file=io.StringIO(), width=160, force_terminal=True, color_system="256"
    )
    rows = [a_round(1), a_round(2)]
    console.print(
        rounds_table(rows, width=160, changed=frozenset({("*", "2011-W44", 2)}))
    )
    _, old, new = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "\x1b[1m" not in old
    assert "\x1b[1m" in new


def test_names_cannot_steer_the_terminal() -> None:
    row = a_line(council_id="no\x1b[2Jrth")
    assert "\x1b" not in row_line(row)
    assert "\x1b" not in "".join(printed(councils_table([row], width=120), 120))


def test_a_round_is_a_line_for_programs_and_people_alike() -> None:
    assert row_line(a_round(reason="for want of rye")) == (
        "2011-W44 round 2 planning  worst 6.25% rye  forecast 5.50%  "
        "within 1/3/5% 40/80/95 of 100  method shares  answered 7 of 12  "
        "deadline 12:30:05Z  for want of rye"
    )
    assert row_line(RoundRow(period="2011-W44", round=1)) == (
        "2011-W44 round 1 planning  within 1/3/5% 0/0/0 of 0  method opening"
    )


def test_a_councils_line_is_one() -> None:
    assert row_line(a_line()) == ("2011-W44 city north  rye 1200.5  waits  signed 1/3")


def test_every_channel_has_its_table() -> None:
    assert list(CHANNEL_TABLES) == list(CHANNELS)
    newest_first = [name for name, t in CHANNEL_TABLES.items() if t.newest_first]
    assert newest_first == ["rounds", "consumer", "statements"]
