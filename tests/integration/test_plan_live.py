"""`parfeed plan --live`: a small economy bids through a whole deployment."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from support.polling import SCALE, eventually
from support.processes import free_port

from parfeed.client.connection import connect
from parfeed.economy.council_tree import FEDERATION
from parfeed.economy.councils import Councils, CouncilsFile, economy_of
from parfeed.economy.reading import read_councils
from parfeed.supervisor import Supervisor
from schemas.settings import Settings
from streams.market.answers import demand_of, supply_of

pytestmark = pytest.mark.kafka

PART = 30
"""Of every so many councils one is here: 200, with a thirtieth of what is there."""


@pytest.fixture(scope="module")
def small() -> CouncilsFile:
    whole = read_councils()
    return msgspec.structs.replace(
        whole,
        nature_supply=[quantity / PART for quantity in whole.nature_supply],
        labour_supply=[quantity / PART for quantity in whole.labour_supply],
        councils=Councils(
            ccs=whole.councils.ccs[::PART], wcs=whole.councils.wcs[::PART]
        ),
        expected=[],
    )


@pytest.fixture
def file(small: CouncilsFile, tmp_path: Path) -> Path:
    path = tmp_path / "economy.json"
    path.write_bytes(msgspec.json.encode(small))
    return path


async def start(tmp_path: Path, file: Path, *more: str) -> asyncio.subprocess.Process:
    temporary = tmp_path / "temporary"
    temporary.mkdir(exist_ok=True)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parfeed", "plan", "--live"),
        *("--economy", str(file), *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    out, errors = await asyncio.wait_for(process.communicate(), 120 * SCALE)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_live_bidders_bring_every_product_within_three_percent(
    tmp_path: Path, file: Path, small: CouncilsFile
) -> None:
    code, out, errors = await ended(await start(tmp_path, file, "--json"))
    assert code == 0, errors
    said: dict[str, Any] = json.loads(out)
    rounds = said["live"]["rounds"]
    assert list(said) == ["rounds_to", "worst_percent", "seconds", "live"]
    assert said["rounds_to"]["3"] == len(rounds) <= 5
    assert said["worst_percent"] == [each["worst_percent"] for each in rounds]
    assert [each["round"] for each in rounds] == list(range(1, len(rounds) + 1))
    assert said["live"]["events"] == sum(each["events"] for each in rounds)
    assert rounds[0]["forecast_percent"] is None
    assert all(each["forecast_percent"] is not None for each in rounds[1:])
    # What the rows held is what the councils answer to the announced prices.
    economy = economy_of(small)
    for each in rounds:
        answers = economy.answer(np.array(each["prices"]))
        np.testing.assert_allclose(each["supply"], supply_of(answers), rtol=1e-8)
        np.testing.assert_allclose(each["demand"], demand_of(answers), rtol=1e-8)
        stages = [each[f"{name}_s"] for name in ("answer", "publish", "fold", "board")]
        assert min(stages) > 0
        assert sum(stages) < said["seconds"]
    assert said["live"]["planned_prices"] == rounds[-1]["prices"]
    assert not list((tmp_path / "temporary").glob("parfeed-plan-*")), "its data is gone"


async def test_a_running_feed_is_planned_in_and_a_period_once(
    tmp_path: Path, file: Path
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"), port=free_port())
    async with Supervisor(settings) as running:
        asked = ("--url", running.url, "--period", "2031-W07", "--councils")
        code, out, errors = await ended(await start(tmp_path, file, *asked))
        assert code == 0, errors
        lines = out.splitlines()
        assert lines[0].startswith("round 1: worst ")
        assert "publish" in lines[0]
        assert "Prices stand after " in out
        async with connect(running.url) as feed:
            councils = feed.subscribe("councils", period="2031-W07")
            sums = {
                row.product_id: row.quantity
                for row in (await anext(councils)).changed
                if row.council_id == FEDERATION
            }
        assert len(sums) == 20, "what consumers want: private and public products"
        assert all(quantity for quantity in sums.values())
        code, _, errors = await ended(await start(tmp_path, file, *asked))
        assert code == 1
        assert "has rows of 2031-W07 already" in errors


async def test_ctrl_c_ends_it_within_five_seconds_and_leaves_nothing(
    tmp_path: Path, file: Path
) -> None:
    process = await start(tmp_path, file)
    temporary = tmp_path / "temporary"
    await eventually(lambda: list(temporary.glob("*/logs/board.log")), within_s=60)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, _, errors = await ended(process)
    assert time.monotonic() - began < 5 * SCALE
    assert code == 130
    assert "Stopped." in errors
    assert not list(temporary.glob("parfeed-plan-*"))
