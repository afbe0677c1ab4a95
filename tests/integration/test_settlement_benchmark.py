"""The benchmark of settlement runs: small, in a process of its own, on a file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.retail_lines import HEADER, a_cancellation, in_week

from benchmarks import settlement
from benchmarks.figures import Spread
from benchmarks.report import text

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    # Four weeks of history, a week that is planned from it, and one sale after it.
    weeks = [in_week(week, 4 + week, price="2.50") for week in range(5)]
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    back = a_cancellation(2, price="2.50", time="2011-08-09 10:00:00")
    after = in_week(4, 3).replace("2011-08-08", "2011-08-16")
    path.write_text("".join([HEADER, *weeks, back, after]))
    return path


def benchmark(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "settlement", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_file_of_ones_own_is_settled_week_by_week(file):
    code, out, err = benchmark("--file", str(file), "--json")
    assert code == 0, err
    [run] = json.loads(out)["result"]["runs"]
    assert run["sales"] == 7
    assert run["periods"] == 6
    assert run["refused"] == 0
    assert run["postings"] > run["sales"]
    assert run["peak_bytes"] > 10_000_000


def test_a_file_that_is_not_there_is_a_wrong_command_line():
    code, _, err = benchmark("--file", "nowhere.csv")
    assert code == 2
    assert "there is no file nowhere.csv" in err


def test_the_table_says_what_a_reader_asks_first():
    run = settlement.Run(
        events=900,
        sales=300,
        refused=0,
        periods=4,
        postings=650,
        statement_lines=1_800,
        accounts=90,
        mapping_s=0.5,
        folding_s=1.5,
        settling_s=1.25,
        slowest_period_s=0.5,
        peak_bytes=150_000_000,
    )
    spreads = {
        name: Spread.of([getattr(run, name)])
        for name in settlement.SettlementResult.__struct_fields__
        if name != "runs"
    }
    result = settlement.SettlementResult(runs=[run], **spreads)
    written = "\n".join(map(text, settlement.tables(result)))
    assert "4 weeks, 300 sales, 900 events" in written
    assert "1.25 s" in written
    assert "150 MB" in written
