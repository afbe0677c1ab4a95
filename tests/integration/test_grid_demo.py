"""`parfeed demo --data grid` as a person runs it: all hours, exact, twice the same."""

import asyncio
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from support.grid_rows import check_row
from support.independent_grid import NOTHING, read_grid_sample
from support.polling import SCALE, eventually
from support.processes import free_port

from parfeed.client.connection import connect
from parfeed.supervisor import Supervisor
from schemas.settings import Settings

pytestmark = pytest.mark.kafka


async def totals_of_a_demo(data_dir: Path) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parfeed", "demo", "--data", "grid", "--speed", "max"),
        *("--exit", "--json", "--data-dir", str(data_dir)),
        *("--port", str(free_port())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 240 * SCALE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    (line,) = out.decode().splitlines()
    totals: dict[str, Any] = json.loads(line)
    return totals


async def test_a_demo_of_the_grid_is_exact_and_the_same_the_second_time(
    tmp_path: Path,
) -> None:
    totals = await totals_of_a_demo(tmp_path / "demo")
    hours = read_grid_sample()
    assert totals["rejected"] == totals["report"]["refused"]
    assert totals["events"] == totals["folded"] + sum(totals["rejected"].values())
    assert totals["products"] == 1
    bought = sum((hour.used or NOTHING for hour in hours.values()), NOTHING)
    paid = sum(
        (
            hour.within * (hour.day_ahead or 0) + hour.beyond * (hour.balancing or 0)
            for hour in hours.values()
        ),
        NOTHING,
    )
    assert Fraction(totals["purchased_quantity"]) == bought
    assert Fraction(totals["purchased_value"]) == paid
    assert Fraction(totals["report"]["not_planning"]["loss"]) == sum(
        hour.loss for hour in hours.values()
    )

    assert await totals_of_a_demo(tmp_path / "demo") == totals

    # The same data served again: every hour by itself.
    settings = Settings(
        data_dir=str(tmp_path / "demo"), port=free_port(), period="hour"
    )
    async with (
        Supervisor(settings) as running,
        connect(running.url, open_timeout=30 * SCALE) as feed,
    ):
        rows = feed.subscribe()
        await eventually(lambda: rows.is_current and rows.cursor)
        found = {str(row.period): row for row in rows.rows.values()}
    assert found.keys() == hours.keys()
    for period, row in found.items():
        check_row(row, hours[period])
