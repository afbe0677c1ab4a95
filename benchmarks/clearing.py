"""
Clearing: how many rounds of planning until supply is demand, and what a round costs.

The closed loop of rule and bidders alone, without Kafka. Five questions:

- the published economy of 6,000 councils, from three starting prices, with schedules
  and with nothing but the sums;
- economies drawn at random, each of which can clear;
- the same in every trouble that bidders make;
- noise, held against what the noise alone does at the prices that clear;
- what the rule takes for a round of 50, 1,000 and 10,000 products.

The published rule plays the first two along with ours. Plays are spread over the cores;
what the rule takes is measured afterwards, alone.
"""

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

import msgspec

from benchmarks.clearing_cases import TROUBLES, Case, Run, Seen, play_case
from parfeed.economy.drawing import KINDS

log = logging.getLogger(__name__)

SIZES: Final = (1_000, 10_000)
"""Products of the economies that the rule is timed on, beside the councils' 50."""

TIMED_ROUNDS: Final = 4
"""Three announcements: the first reads bids, the others learn from rounds too."""

NOISE_SEEDS: Final = 5
"""Plays of one economy under noise: one draw of it is too good or bad by a factor."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        economies: how many are drawn, evenly of each kind.
        troubled: how many of them meet each trouble.
        rounds: that a play takes at most.
        published_rounds: the same for the published rule, which needs 64 for 1 % on the
            councils.
        sizes: products of the economies that the rule is timed on.
    """

    economies: int = 200
    troubled: int = 40
    rounds: int = 20
    published_rounds: int = 80
    sizes: tuple[int, ...] = SIZES


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All plays, by question."""

    councils: list[Run]
    drawn: list[Run]
    troubled: list[Run]
    noisy: list[Run]
    timed: list[Run]


async def run(plan: Plan) -> Result:
    """Play everything."""
    councils = [*_councils()]
    drawn = [*_drawn(plan.economies)]
    troubled = [*_troubled(plan.troubled)]
    noisy = [*_noisy(plan.troubled)]
    cases = [*councils, *drawn, *troubled, *noisy]
    # Off the loop, so that a Ctrl-C is answered.
    runs = await asyncio.to_thread(_play_all, cases, plan)
    played = dict(zip(cases, runs, strict=True))
    timed = [Case(), *(Case(economy="mixed", products=size) for size in plan.sizes)]
    return Result(
        councils=[played[case] for case in councils],
        drawn=[played[case] for case in drawn],
        troubled=[played[case] for case in troubled],
        noisy=[played[case] for case in noisy],
        timed=[play_case(case, TIMED_ROUNDS) for case in timed],
    )


def _councils() -> Iterator[Case]:
    for rule in ("ours", "published"):
        for start_price in (700.0, 7.0, 70_000.0):
            yield Case(rule=rule, start_price=start_price)
    yield Case(sees="schedules", start_price=700.0)
    for start_price in (700.0, 7.0, 70_000.0):
        yield Case(sees="sums", start_price=start_price)


def _drawn(count: int) -> Iterator[Case]:
    seen: Sequence[Seen] = ("bids", "schedules", "unsaid", "sums")
    for sees in seen:
        for kind, seed in _economies(count):
            yield Case(economy=kind, seed=seed, sees=sees)
    for kind, seed in _economies(count):
        yield Case(economy=kind, seed=seed, rule="published")


def _troubled(count: int) -> Iterator[Case]:
    for trouble in TROUBLES:
        if trouble != "noise":
            yield Case(trouble=trouble)
            for kind, seed in _economies(count):
                yield Case(economy=kind, seed=seed, trouble=trouble)


def _noisy(count: int) -> Iterator[Case]:
    for seed in range(NOISE_SEEDS):
        yield Case(trouble="noise", trouble_seed=seed)
    for kind, seed in _economies(count):
        for trouble_seed in range(NOISE_SEEDS):
            yield Case(
                economy=kind, seed=seed, trouble="noise", trouble_seed=trouble_seed
            )


def _economies(count: int) -> Iterator[tuple[str, int]]:
    for number in range(count):
        yield KINDS[number % len(KINDS)], number // len(KINDS)


def _play_one(plan: Plan, case: Case) -> Run:
    is_published = case.rule == "published"
    return play_case(case, plan.published_rounds if is_published else plan.rounds)


def _play_all(cases: Sequence[Case], plan: Plan) -> list[Run]:
    # Spawned, since this process has threads of its own.
    spawning = multiprocessing.get_context("spawn")
    cores = os.cpu_count() or 1
    with (
        _single_threaded(),
        ProcessPoolExecutor(cores, spawning, initializer=_end_with_parent) as pool,
    ):
        runs = []
        every = max(1, len(cases) // 10)
        for run in pool.map(partial(_play_one, plan), cases, chunksize=4):
            runs.append(run)
            if len(runs) % every == 0:
                log.info("%d of %d plays", len(runs), len(cases))
        return runs


def _end_with_parent() -> None:
    # A pool's processes wait for work for ever when what made them was killed.
    parent = multiprocessing.parent_process()
    if parent is None:
        raise AssertionError("runs in a process of the pool")

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _single_threaded() -> Iterator[None]:
    # Processes that share the cores must not take them all for one product of matrices.
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
