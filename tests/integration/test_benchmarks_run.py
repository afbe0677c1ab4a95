"""The benchmarks run: small, against real processes, so that they cannot rot."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from parfeed.broker import EmbeddedBroker

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]


async def _benchmark(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks", *arguments, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(output)
    return found


async def test_throughput_measures_a_worker_beside_its_ceiling(
    broker: EmbeddedBroker,
) -> None:
    # Rows that are not exact would make it fail.
    found = await _benchmark(
        *("throughput", "--broker", broker.bootstrap, "--rounds", "1"),
        *("--draws", "zipf", "--beside", "ceiling"),
        *("--events", "150000", "--warm-up", "0", "--commit-interval", "0.05"),
    )
    zipf = found["result"]["draws"]["zipf"]
    (worker,) = zipf["runs"]["worker"]
    (ceiling,) = zipf["runs"]["ceiling"]
    for run in (worker, ceiling):
        assert run["events_per_s"] > 0
        assert 0 < run["measured_events"] < 150_000
        assert run["cpu_us_per_event"] > 0
    assert worker["events_per_row"] > 1
    assert zipf["ratios"]["worker/ceiling"]["median"] == pytest.approx(
        worker["events_per_s"] / ceiling["events_per_s"]
    )


async def test_latency_sees_every_event_that_was_published(
    broker: EmbeddedBroker,
) -> None:
    found = await _benchmark(
        *("latency", "--broker", broker.bootstrap, "--rounds", "1"),
        *("--rates", "200", "--seconds", "2", "--warm-up", "2"),
    )
    (run,) = found["result"]["runs"]["200"]
    assert run["events"] == pytest.approx(400, rel=0.05)
    assert run["unseen"] == 0
    assert 0 < run["update_ms"]["p50"] <= run["update_ms"]["max"]
    assert 0 < run["ack_ms"]["p50"] <= run["update_ms"]["max"]
