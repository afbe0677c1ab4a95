"""Where a demo's planning stands: in words, and on disk."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from parfeed.cli.demo_planning import (
    PlanningLines,
    planned_line,
    planning_line,
    round_words,
)
from parfeed.demo.planning import PlanningNow, Stage
from parfeed.demo.planning_record import (
    PlanningRecord,
    UnreadablePlanning,
    load,
    planning_path,
    save,
)
from schemas.board_rows import RoundRow
from schemas.values import Period

PLANNED = PlanningRecord(
    period="2011-W32",
    epoch="e",
    events=29_336,
    rounds=3,
    worst_percent="0.04",
    folded=39_993,
    seconds=8.25,
)


def a_round(number: int, worst: str | None = "11.76", **changes: object) -> RoundRow:
    row = RoundRow(
        period=Period("2011-W32"),
        round=number,
        products=2_610,
        within_3=2_206,
        worst_percent=None if worst is None else Decimal(worst),
        worst_product_id="21633",
    )
    return msgspec.structs.replace(row, **changes)


def now(stage: Stage, **fields: object) -> PlanningNow:
    return PlanningNow(period="2011-W32", stage=stage, **fields)  # type: ignore[arg-type]


def test_a_line_says_how_much_is_handed_in() -> None:
    line = planning_line(now("handing in", done=4_000, total=29_331))
    assert line.startswith("Planning 2011-W32: handing in ")
    assert line.endswith("(4,000 of 29,331)")


def test_a_line_says_the_newest_round_and_what_was_signed() -> None:
    line = planning_line(
        now(
            "rounds",
            rounds=(
                a_round(1),
                a_round(2, "-3.17", forecast_percent=Decimal("0.02")),
            ),
            signed=(("federation", "84568"),),
        )
    )
    assert "round 2, worst imbalance -3.17 % (21633)" in line
    assert "2,206 of 2,610 within 3 %, forecast 0.02 %" in line
    assert line.endswith("; signed: 84568")


def test_a_round_without_answers_has_no_imbalance() -> None:
    assert round_words(a_round(1, None)) == "round 1, prices announced"


def test_a_rounds_prices_that_stand_are_said_to() -> None:
    assert round_words(a_round(3, prices_stand=True)).endswith(", PRICES STAND")


def test_every_step_is_printed_once_and_a_round_when_it_is_over() -> None:
    lines: list[str] = []
    told = PlanningLines(lines.append)
    first, second = a_round(1), a_round(2, "0.04", prices_stand=True)
    signed = (("federation", "84568"),)
    for step in (
        now("handing in", done=1, total=2),
        now("handing in", done=2, total=2),
        now("rounds", rounds=(a_round(1, None),)),
        now("rounds", rounds=(first,), signed=signed),
        now("rounds", rounds=(first, a_round(2)), signed=signed),
        now("closed", rounds=(first, second), signed=signed),
        now("closed", rounds=(first, second), signed=signed),
    ):
        told.tell(step)
    words = [line.removeprefix("Planning 2011-W32: ") for line in lines]
    assert [text.split(",")[0] for text in words] == [
        "handing in councils",
        "the board announces prices",
        "84568 waited for federation",
        "round 1",
        "round 2",
        "the gate is closed and the planned prices stand",
    ]


def test_what_planning_left_is_said_to_count_for_itself() -> None:
    line = planned_line(PLANNED)
    assert "3 rounds in 8.2 s" in line
    assert "39,993 events of planning in the rows (they do not count below)" in line


def test_a_record_is_found_again_by_the_feed_that_it_is_of(tmp_path: Path) -> None:
    path = planning_path(tmp_path, "e")
    assert load(path) is None
    save(path, PLANNED)
    assert load(path) == PLANNED
    assert load(planning_path(tmp_path, "another")) is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_no_record_says_what_to_do(tmp_path: Path) -> None:
    path = planning_path(tmp_path, "e")
    path.parent.mkdir()
    path.write_bytes(b"{}")
    with pytest.raises(UnreadablePlanning, match="--data-dir of its own"):
        load(path)
