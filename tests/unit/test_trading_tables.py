"""The channels of trading on a screen: tables that fit, lines that say it in words."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from parfeed.cli.channel_tables import CHANNEL_TABLES
from parfeed.cli.row_lines import row_line
from parfeed.client.row_kinds import ROW_KINDS
from schemas.channels import CHANNEL_OF_ROW, FeedRow

GOLDEN = sorted((Path(__file__).parent.parent / "wire/golden/rows").glob("*.json"))
TRADING = ("offer", "alert", "fame", "settlement", "card", "statement", "cost")
FILES = [file for file in GOLDEN if file.stem.startswith(TRADING)]


def held(file: Path) -> tuple[str, FeedRow]:
    raw = file.read_bytes()
    channel = CHANNEL_OF_ROW[json.loads(raw)["type"]].name
    return channel, ROW_KINDS[channel].decode(raw)


def golden(name: str) -> FeedRow:
    return held(next(file for file in FILES if file.stem == name))[1]


def printed(table: Table, width: int, **options: object) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, **{"color_system": None, **options}
    )  # type: ignore[arg-type]
    console.print(table)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_table_fits_every_terminal_and_cuts_no_title(file: Path) -> None:
    channel, row = held(file)
    for width in range(30, 170, 3):
        lines = printed(CHANNEL_TABLES[channel].make([row], width=width), width)
        assert len(lines) == 2
        assert all(len(line) <= width for line in lines)
        assert "…" not in lines[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_row_that_is_new_stands_out_by_the_name_that_the_client_gives_it(
    file: Path,
) -> None:
    channel, row = held(file)
    new = ROW_KINDS[channel].key_of(file.read_bytes())
    shown = [
        printed(
            CHANNEL_TABLES[channel].make([row], width=120, changed=changed),
            120,
            force_terminal=True,
            color_system="256",
        )[1]
        for changed in (frozenset(), frozenset({new}))
    ]
    assert ["\x1b[1m" in line for line in shown] == [False, True]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "offer",
            "2011-W44 85123A lights-and-candles  unplanned price 2.95  planned price "
            "2.55  loss +0.5575 a unit  rank 2 of 3",
        ),
        (
            "offer_without_a_planned_price",
            "2011-W44 22423 lights-and-candles  unplanned price 12.75  rank 1 of 1",
        ),
        (
            "alert_of_a_requested_rebid",
            "2011-W44 85123A  rebid_requested RAISED  at 140  threshold 120  by "
            "lights-and-candles  glass is dear",
        ),
        (
            "fame",
            "2011-W44 85123A lights-and-candles  rank 1  beyond its bid 18.5  made "
            "130.5  bid 110  sold 112",
        ),
        (
            "settlement",
            "2011-W44 85123A  planned 100  bought 130  error 30.00%  tax 94.00  "
            "clearing -30.00  eaten 15.00  returned 23.70  kept 55.30",
        ),
        (
            "card",
            "2011-W44 consumer/17850  planned card 74.3175 left  unplanned card "
            "26.82875 left  loss +0.5575  1 purchases",
        ),
        (
            "card_without_a_budget",
            "2011-W44 consumer/13047  no budget known  planned card 0.00 left  "
            "unplanned card 0.00 left  loss 0.00  0 purchases",
        ),
        (
            "statement_that_corrects_another",
            "2011-W44 company/lights-and-candles  total 14.92  0 lines  revision 1 "
            "corrects 0  part 2 of 2",
        ),
        (
            "cost",
            "2011-W44 85123A lights-and-candles  unit cost 2.61  planned price 2.55",
        ),
    ],
)
def test_a_row_is_one_line_in_words(name: str, line: str) -> None:
    assert row_line(golden(name)) == line
