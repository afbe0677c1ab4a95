"""docs/settlement.md shows what the code makes of the worked example."""

import json
from pathlib import Path

from support.settlement import WORKED_EXAMPLE, settled

from parfeed.settlement.offline import OfflineLedger, SettledPeriod
from parfeed.settlement.printing import json_pieces, period_lines
from streams.market.periods import Calendar

TEXT = (Path(__file__).parents[2] / "docs" / "settlement.md").read_text("utf-8")


def test_the_table_of_postings_is_that_of_the_code():
    lines = ["| step | figures | entries |", "| --- | --- | --- |"]
    for posting in settled(WORKED_EXAMPLE).postings:
        entries = ", ".join(f"{e.account} {e.amount}" for e in posting.entries)
        lines.append(f"| `{posting.step}` | {posting.formula} | {entries} |")
    expected = "\n".join(lines)
    assert expected in TEXT, f"put this in its place:\n\n{expected}"


def test_the_summary_is_that_of_the_command():
    settlement = settled(WORKED_EXAMPLE)
    period = SettledPeriod(
        period=settlement.period, is_closed=True, settlements=(settlement,)
    )
    expected = "\n".join(period_lines(period))
    assert expected in TEXT, f"put this in its place:\n\n{expected}"


def test_the_statement_is_that_of_the_code():
    [row] = [
        row for row in settled(WORKED_EXAMPLE).statements if row.account == "company/X"
    ]
    for line in row.lines:
        assert f"{line.step:<17}{line.formula:<37}{line.amount:>6}" in TEXT
    assert f"{row.total:>60}" in TEXT


def test_what_the_json_holds_is_named():
    ledger = OfflineLedger(Calendar("week"))
    found = json.loads(b"".join(json_pieces(ledger, ledger.settled())))
    for name in found:
        assert f"`{name}`" in TEXT
