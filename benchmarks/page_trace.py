"""
PURE. A browser's trace of a page: how busy its main thread was, how often it was drawn.

Chromium writes an event per task of a thread (`RunTask`: wall time, and CPU time where
the system tells it) and one per frame that its compositor draws (`DrawFrame`). The
page's main thread is the busiest of all renderers': others only stand by.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from benchmarks.figures import percentile

CATEGORIES: Final = (
    "toplevel",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
)
"""What to trace: tasks, and frames."""

TASK: Final = frozenset({"RunTask", "ThreadControllerImpl::RunTask"})
"""Older Chromium call it by the first name, newer by both; they nest, so only those
that lie in no other count."""

MAIN_THREAD: Final = "CrRendererMain"
FRAME: Final = "DrawFrame"

LONG_MS: Final = 50.0
"""A task that takes longer is felt: no key is answered meanwhile."""

Event = Mapping[str, Any]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """
    One stretch of a trace.

    Attributes:
        seconds: how long it was.
        cpu_share: CPU seconds of the main thread per second.
        busy_share: the same of wall time; larger where others want the processor too.
        frames_per_s: frames that were drawn.
        frame_gap_ms: between two of them, the 99th percentile.
        long_tasks: tasks of more than 50 ms, and the longest task.
    """

    seconds: float
    cpu_share: float
    busy_share: float
    frames_per_s: float
    frame_gap_ms: float
    long_tasks: int
    longest_ms: float


def usage_of(events: Sequence[Event], seconds: float) -> Usage:
    """
    Sum a trace up.

    Args:
        events: the trace's `traceEvents`.
        seconds: for how long was traced.

    Raises:
        ValueError: if it holds no main thread or no frames: then it is of no page, or
            the browser writes other names.
    """
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == MAIN_THREAD
    }
    tasks: dict[tuple[int, int], list[Event]] = {thread: [] for thread in mains}
    for event in events:
        thread = (event["pid"], event["tid"])
        if event["name"] in TASK and event["ph"] == "X" and thread in tasks:
            tasks[thread].append(event)
    outermost = max(
        (_outermost(of) for of in tasks.values()),
        key=lambda of: sum(each["dur"] for each in of),
        default=[],
    )
    if not outermost:
        raise ValueError(f"the trace of {len(events)} events has no {MAIN_THREAD}")
    page = outermost[0]["pid"]
    frames = sorted(
        event["ts"]
        for event in events
        if event["name"] == FRAME and event["pid"] == page
    )
    if len(frames) < 2:
        raise ValueError(f"the trace has {len(frames)} events {FRAME}")
    gaps = sorted((after - before) / 1e3 for before, after in pairwise(frames))
    durations_ms = [each["dur"] / 1e3 for each in outermost]
    return Usage(
        seconds=seconds,
        cpu_share=sum(each.get("tdur", each["dur"]) for each in outermost)
        / 1e6
        / seconds,
        busy_share=sum(durations_ms) / 1e3 / seconds,
        frames_per_s=len(frames) / seconds,
        frame_gap_ms=percentile(gaps, 99),
        long_tasks=sum(duration > LONG_MS for duration in durations_ms),
        longest_ms=max(durations_ms),
    )


def _outermost(tasks: Sequence[Event]) -> list[Event]:
    # Of one thread: a task that begins within another is part of it.
    found: list[Event] = []
    end = float("-inf")
    for task in sorted(tasks, key=lambda each: (each["ts"], -each["dur"])):
        if task["ts"] >= end:
            found.append(task)
            end = task["ts"] + task["dur"]
    return found
