"""What `parfeed plan --live` shows of rounds, and what it does not take."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console
from typer.testing import CliRunner

from parfeed.cli.app import app
from parfeed.cli.plan_live import next_week
from parfeed.cli.plan_live_table import line, shown_live
from parfeed.economy.live import Doing, LiveRound


def a_round(number: int = 2, **changes: object) -> LiveRound:
    fields = {
        "round": number,
        "events": 79_491,
        "answer_s": 0.11,
        "publish_s": 1.25,
        "fold_s": 0.75,
        "board_s": 0.9,
        "ended_s": 6.5,
        "worst_percent": 13.055612,
        "worst_product": "private-02",
        "forecast_percent": 0.004,
        "within_1": 1,
        "within_3": 5,
        "within_5": 8,
        "prices": (),
        "supply": (),
        "demand": (),
    }
    return LiveRound(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_line_holds_what_came_against_what_was_forecast_and_the_stages() -> None:
    assert line(a_round(), 50) == (
        "round 2: worst 13.06 % (private-02), forecast 0.00 %; 8 under 5 %, 5 under "
        "3 %, 1 under 1 % of 50; 79,491 events: answer 0.11 s, publish 1.25 s, fold "
        "0.75 s, board 0.90 s"
    )
    assert "forecast" not in line(a_round(1, forecast_percent=None), 50)


def test_without_a_terminal_there_is_a_line_for_each_round() -> None:
    said = io.StringIO()
    with shown_live(Console(file=said), 50) as (doing, came):
        doing(Doing(1, "publishing", 4_000, 79_491))
        came(a_round(1))
        came(a_round(2))
    begins = [text[:9] for text in said.getvalue().splitlines()]
    assert begins == ["round 1: ", "round 2: "]


def test_a_terminal_shows_a_bar_in_a_round_and_a_table_of_them() -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=110, no_color=True)
    with shown_live(console, 50) as (doing, came):
        doing(Doing(1, "publishing", 4_000, 79_491))
        came(a_round(1))
        came(a_round(2, worst_percent=0.4))
    shown = said.getvalue()
    assert "Round 1: Publishing the answers" in shown
    assert "4,000 of 79,491" in shown
    last = shown[shown.rindex("Round") :]
    for text in ("13.06% orange", "0.40% blue", "79,491", "1.25s", "0.90s"):
        assert text in last
    assert "Publishing" not in last, "the bar goes when all is over"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--url", "localhost:1"], "--url"),
        (["--period", "2031-W07"], "--period"),
        (["--workers", "2"], "--workers"),
        (["--councils"], "--councils"),
        (["--live", "--sums-only"], "--sums-only"),
    ],
)
def test_options_that_do_not_go_together_are_named(
    options: list[str], says: str
) -> None:
    result = CliRunner().invoke(app, ["plan", *options], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert f"Invalid value for {says}" in result.output


def test_next_week_knows_where_a_year_ends() -> None:
    assert next_week(datetime(2026, 11, 22, tzinfo=UTC)) == "2026-W48"
    assert next_week(datetime(2026, 12, 28, tzinfo=UTC)) == "2027-W01"
