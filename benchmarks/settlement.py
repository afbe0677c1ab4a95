"""
Settlement: a shop's weeks, from its file to postings, balances and statements.

The packaged sample's four weeks, or with `--file` a data set of one's own: the whole
Online Retail one has 53. Every row becomes the events that `parfeed replay` makes of
it; each week is closed when the first sale of the next comes, and settled from its book
as `parfeed settle` does it. After every week all accounts together must come to
nothing, or the run fails.

One process, one thread. Its times are CPU time, and told apart: mapping (the file to
events, which belongs to no ledger), folding (the workers' code and the books) and
settling.
"""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.figures import Spread
from benchmarks.report import Table, number, spread
from benchmarks.stage import BenchmarkFailed, environ_of, failed, python, running

log = logging.getLogger(__name__)

LIMIT_S: Final = 1_800.0
"""Of one run; the whole year takes some three minutes."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """
    One run.

    Attributes:
        events: taken, those derived from the sales included; sales: purchases and
            cancellations among them.
        refused: events that do not count.
        accounts: per period, added up.
        mapping_s: from the file to events.
        folding_s: into the workers' tables and the books.
        settling_s: of all periods; slowest_period_s: of the slowest.
        peak_bytes: the most memory that the process held.
    """

    events: int
    sales: int
    refused: int
    periods: int
    postings: int
    statement_lines: int
    accounts: int
    mapping_s: float
    folding_s: float
    settling_s: float
    slowest_period_s: float
    peak_bytes: int


class SettlementResult(msgspec.Struct, frozen=True, kw_only=True):
    """All runs, and the spreads of what counts."""

    runs: list[Run]
    mapping_s: Spread
    folding_s: Spread
    settling_s: Spread
    slowest_period_s: Spread
    peak_bytes: Spread


async def run(rounds: int, file: Path | None) -> SettlementResult:
    """
    Settle a file several times, each in a process of its own.

    Args:
        rounds: how many times.
        file: a shop's sales as CSV, also .gz or .xz, by its full path; None for the
            packaged sample.

    Raises:
        BenchmarkFailed: if a run fails, or an account's money is lost.
    """
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="parfeed-benchmark-") as directory:
            runs.append(await _settled(Path(directory), file))
        log.info("settled in %.1f s", runs[-1].settling_s)
    return SettlementResult(
        runs=runs,
        mapping_s=Spread.of([each.mapping_s for each in runs]),
        folding_s=Spread.of([each.folding_s for each in runs]),
        settling_s=Spread.of([each.settling_s for each in runs]),
        slowest_period_s=Spread.of([each.slowest_period_s for each in runs]),
        peak_bytes=Spread.of([each.peak_bytes for each in runs]),
    )


async def _settled(directory: Path, file: Path | None) -> Run:
    named = () if file is None else (str(file),)
    command = python("-m", "benchmarks.clients.settler", *named)
    async with running(directory, "settler", command, environ_of()) as settler:
        try:
            async with asyncio.timeout(LIMIT_S):
                await settler.wait()
        except TimeoutError as exc:
            raise failed(settler) from exc
        if settler.exit_code != 0:
            raise failed(settler)
        lines = settler.log.read_bytes().splitlines()
    try:
        return msgspec.json.decode(lines[-1], type=Run)
    except (IndexError, msgspec.DecodeError) as exc:
        raise BenchmarkFailed(f"the settler said nothing: {exc}") from exc


def tables(result: SettlementResult) -> list[Table]:
    """Return the runs as tables."""
    first = result.runs[0]
    seconds = number("{:.2f} s")
    megabytes = number("{:,.0f} MB")
    peak = result.peak_bytes
    return [
        Table(
            title=f"{first.periods} weeks, {first.sales:,} sales, "
            f"{first.events:,} events",
            head=("", "figure"),
            rows=[
                ("settling, all weeks", spread(result.settling_s, seconds)),
                (
                    "settling, the slowest week",
                    spread(result.slowest_period_s, seconds),
                ),
                ("folding and books", spread(result.folding_s, seconds)),
                ("mapping the file to events", spread(result.mapping_s, seconds)),
                (
                    "memory at most",
                    spread(
                        Spread(
                            median=peak.median / 1e6,
                            min=peak.min / 1e6,
                            max=peak.max / 1e6,
                        ),
                        megabytes,
                    ),
                ),
                ("postings", f"{first.postings:,}"),
                ("statement lines", f"{first.statement_lines:,}"),
                ("accounts, week by week", f"{first.accounts:,}"),
            ],
            notes=["After every week all accounts together come to 0.00."],
        )
    ]
