"""
What processes use of the CPU between two moments, and what all others use.

A figure from a machine that does something else is not to be trusted, and nobody sees
that from the figure. So the whole machine's time is sampled too, and a run tells how
many cores went to processes that were no part of it.
"""

import asyncio
import os
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import psutil  # type: ignore[import-untyped]  # it ships no types

SAMPLE_EVERY_S: Final = 0.1
"""A sample costs 30 us; the system counts CPU time in steps of 10 ms."""


MACHINE: Final = 0
"""Stands for all processes together, where others have their process id."""

QUIET_CORES: Final = 0.1
"""What others may use: the system's own work. Beyond it a result says so."""


class Sample(NamedTuple):
    """CPU seconds that a process had used at a moment (seconds since 1970)."""

    at_s: float
    cpu_s: float


def cpu_between(samples: Sequence[Sample], begin_s: float, end_s: float) -> float:
    """
    Return the CPU seconds used between two moments, interpolating between samples,
    and for less than two intervals beyond the last one.

    Raises:
        ValueError: if the samples do not reach over both moments.
    """
    return _cpu_at(samples, end_s) - _cpu_at(samples, begin_s)


def cores_of_others(
    samples: Mapping[int, Sequence[Sample]], begin_s: float, end_s: float
) -> float:
    """Return how many cores went to processes that were not sampled."""
    used = {pid: cpu_between(of, begin_s, end_s) for pid, of in samples.items()}
    ours = sum(used.values()) - used[MACHINE]
    return max(0.0, used[MACHINE] - ours) / (end_s - begin_s)


def quietness(cores: Sequence[float]) -> list[str]:
    """Return a note if others used the machine during some of the runs."""
    most = max(cores, default=0.0)
    if most <= QUIET_CORES:
        return []
    return [
        f"Other processes used up to {most:.1f} cores meanwhile: do not trust these "
        "figures, measure again on a quiet machine."
    ]


def _cpu_at(samples: Sequence[Sample], at_s: float) -> float:
    index = bisect_left(samples, at_s, key=lambda sample: sample.at_s)
    if index == len(samples) > 1 and at_s - samples[-1].at_s < 2 * SAMPLE_EVERY_S:
        # A process that ended between two samples: as it went on until then.
        index -= 1
    if index == len(samples) or (index == 0 and samples[0].at_s > at_s):
        raise ValueError(f"no samples around {at_s:.3f}, {len(samples)} elsewhere")
    after = samples[index]
    if after.at_s == at_s or index == 0:
        return after.cpu_s
    before = samples[index - 1]
    share = (at_s - before.at_s) / (after.at_s - before.at_s)
    return before.cpu_s + share * (after.cpu_s - before.cpu_s)


@asynccontextmanager
async def sampled(pids: Sequence[int]) -> AsyncIterator[dict[int, list[Sample]]]:
    """
    Sample the CPU time of processes until the block ends.

    A process that has ended is sampled no more. This process and the whole machine
    are sampled along.

    Args:
        pids: of the processes.
    """
    samples: dict[int, list[Sample]] = {
        pid: [] for pid in (*pids, os.getpid(), MACHINE)
    }
    sampling = asyncio.create_task(_sample(samples))
    try:
        yield samples
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)


async def _sample(samples: dict[int, list[Sample]]) -> None:
    processes = {pid: psutil.Process(pid) for pid in samples if pid != MACHINE}
    while True:
        total = psutil.cpu_times()
        # Since boot, all cores together; what is left out is being idle.
        busy_s = sum(total) - total.idle - getattr(total, "iowait", 0.0)
        # Linux counts guests' time within user's too.
        busy_s -= getattr(total, "guest", 0.0) + getattr(total, "guest_nice", 0.0)
        samples[MACHINE].append(Sample(time.time(), busy_s))
        for pid, process in list(processes.items()):
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                del processes[pid]
                continue
            samples[pid].append(Sample(time.time(), used.user + used.system))
        await asyncio.sleep(SAMPLE_EVERY_S)
