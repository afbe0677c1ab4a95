"""What the runs of the live benchmark come to."""

import msgspec
import pytest

from benchmarks.live import LiveRun, result_of, run_of, tables
from benchmarks.report import markdown
from benchmarks.stage import BenchmarkFailed


def a_line(*worst_percent: float) -> bytes:
    return msgspec.json.encode(
        {
            "rounds_to": {},
            "live": {
                "start_s": 4.0,
                "seconds": 12.5,
                "rounds": [
                    {
                        "round": number,
                        "events": 79_491,
                        "answer_s": 0.1,
                        "publish_s": 1.2,
                        "fold_s": float(number),
                        "board_s": 0.8,
                        "ended_s": 3.5 * number,
                        "worst_percent": percent,
                        "supply": [1.0],
                    }
                    for number, percent in enumerate(worst_percent, start=1)
                ],
            },
        }
    )


def a_run() -> LiveRun:
    return run_of(a_line(102.0, 2.9, 0.1), {"worker": 5.5, "councils": 1.5})


def test_a_run_counts_to_the_first_round_in_which_all_is_within_three_percent() -> None:
    run = a_run()
    assert (run.close_s, run.planned_s, run.start_s) == (7.0, 12.5, 4.0)


def test_a_run_that_never_comes_so_close_measures_nothing() -> None:
    with pytest.raises(BenchmarkFailed, match=r"the last was off by 3\.00 %"):
        run_of(a_line(102.0, 3.0), {})


def test_stages_are_of_all_rounds_of_all_runs() -> None:
    result = result_of([a_run(), a_run()])
    fold = result.stages["fold_s"]
    assert (fold.min, fold.median, fold.max) == (1.0, 2.0, 3.0)
    assert result.cpu_s["worker"].median == 5.5
    assert result.cpu_s["board"].median == 0.0


def test_the_tables_name_every_stage_and_every_process() -> None:
    written = "\n".join(markdown(table) for table in tables(result_of([a_run()])))
    for name in ("answer", "publish", "fold", "board", "feed server", "councils"):
        assert f"\n| {name} | " in written, name
    assert "| from the opening until all is within 3 % | 7.00 s |" in written
