"""A trace of a page, summed up: tasks of the main thread, and frames."""

from typing import Any

import pytest

from benchmarks.page import PageResult, Plan, tables
from benchmarks.page_trace import usage_of


def named(pid: int, tid: int, name: str) -> dict[str, Any]:
    return {
        "ph": "M",
        "pid": pid,
        "tid": tid,
        "name": "thread_name",
        "args": {"name": name},
    }


def task(pid: int, tid: int, at_ms: float, ms: float, **more: Any) -> dict[str, Any]:
    return {
        "ph": "X",
        "pid": pid,
        "tid": tid,
        "name": "RunTask",
        "ts": at_ms * 1e3,
        "dur": ms * 1e3,
        **more,
    }


def frame(pid: int, at_ms: float) -> dict[str, Any]:
    return {
        "ph": "I",
        "pid": pid,
        "tid": 9,
        "name": "DrawFrame",
        "ts": at_ms * 1e3,
        "s": "t",
    }


PAGE = [
    named(1, 1, "CrRendererMain"),
    named(1, 2, "Compositor"),
    named(2, 1, "CrRendererMain"),
]
FRAMES = [frame(1, at) for at in (0, 20, 40, 100)]


def test_the_busiest_renderers_main_thread_is_the_pages():
    tasks = [task(1, 1, 0, 200), task(2, 1, 0, 50), task(1, 2, 0, 900)]
    usage = usage_of([*PAGE, *tasks, *FRAMES], 1.0)
    assert usage.busy_share == pytest.approx(0.2)
    assert usage.cpu_share == usage.busy_share


def test_cpu_time_counts_where_the_system_tells_it():
    usage = usage_of([*PAGE, task(1, 1, 0, 200, tdur=120e3), *FRAMES], 2.0)
    assert usage.busy_share == pytest.approx(0.1)
    assert usage.cpu_share == pytest.approx(0.06)


def test_a_task_within_a_task_is_part_of_it():
    tasks = [task(1, 1, 0, 100), task(1, 1, 10, 80), task(1, 1, 100, 20)]
    usage = usage_of([*PAGE, *tasks, *FRAMES], 1.0)
    assert usage.busy_share == pytest.approx(0.12)
    assert (usage.longest_ms, usage.long_tasks) == (100, 1)


def test_frames_are_the_pages_own():
    events = [*PAGE, task(1, 1, 0, 1), *FRAMES, *(frame(2, at) for at in range(50))]
    usage = usage_of(events, 2.0)
    assert usage.frames_per_s == 2
    assert usage.frame_gap_ms == pytest.approx(60)


@pytest.mark.parametrize("events", [[], PAGE, [*PAGE, task(1, 1, 0, 1)]])
def test_a_trace_of_no_page_is_refused(events):
    with pytest.raises(ValueError, match="the trace"):
        usage_of(events, 1.0)


def test_the_table_has_a_line_for_each_phase():
    usage = usage_of([*PAGE, task(1, 1, 0, 200), *FRAMES], 1.0)
    result = PageResult(
        plan=Plan(),
        browser="156",
        said=["4,000 rows"],
        runs={"watched": [usage], "scrolled": [usage]},
    )
    [table] = tables(result)
    assert [row[0] for row in table.rows] == ["watched", "scrolled"]
    assert table.rows[0][1:4] == ("20%", "20%", "4")
    assert all(len(row) == len(table.head) for row in table.rows)
