"""`parfeed up`, `topics` and `doctor` as a person runs them: all of it is real."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from support.polling import SCALE, eventually
from support.processes import environ_of, free_port

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import read_epoch
from parfeed.lock import read_owner
from parfeed.ports import http_status
from schemas.settings import Settings

pytestmark = pytest.mark.kafka


class Command:
    """A running `parfeed`; `text` is what it has written to both outputs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.text = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while part := await self.process.stdout.read(4096):
            self.text += part.decode()

    async def end(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), 60 * SCALE)
        await self._reading
        return code


async def parfeed(settings: Settings, *arguments: str, **more: str) -> Command:
    return Command(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "parfeed",
            *arguments,
            env=environ_of(settings, **more),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    )


async def run(settings: Settings, *arguments: str, **more: str) -> tuple[int, str]:
    command = await parfeed(settings, *arguments, **more)
    return await command.end(), command.text


@pytest.fixture
def alone(tmp_path: Path) -> Settings:
    """Settings without a Kafka: `up` starts its own."""
    return Settings(data_dir=str(tmp_path / "data"), port=free_port())


@pytest.fixture
async def up(alone: Settings) -> AsyncIterator[Command]:
    """A running `parfeed up`."""
    command = await parfeed(alone, "up")
    try:
        await eventually(lambda: "The feed is at" in command.text, within_s=90)
        yield command
    finally:
        if command.process.returncode is None:
            command.process.terminate()
        await command.end()


async def test_up_serves_and_ctrl_c_stops_it_within_five_seconds(
    up: Command, alone: Settings
) -> None:
    assert f"ws://127.0.0.1:{alone.port}/" in up.text
    assert await http_status("127.0.0.1", alone.port) == 200
    began = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert await up.end() == 0
    assert time.monotonic() - began < 5 * SCALE
    assert await http_status("127.0.0.1", alone.port) is None
    assert "Traceback" not in up.text


async def test_a_second_up_names_the_first_and_ends_with_1(
    up: Command, alone: Settings
) -> None:
    other = msgspec.structs.replace(alone, port=free_port())
    code, text = await run(other, "up")
    assert code == 1
    assert f"process {up.process.pid}" in text
    assert f"ws://127.0.0.1:{alone.port}/" in text


async def test_doctor_knows_its_own_deployment(up: Command, alone: Settings) -> None:
    code, text = await run(alone, "doctor", "--json")
    checks = {check["name"]: check for check in msgspec.json.decode(text)["checks"]}
    assert code == 0
    assert checks["In use"]["state"] == "note"
    assert str(up.process.pid) in checks["In use"]["finding"]
    assert checks["Port"]["state"] == "ok"


async def test_up_killed_hard_leaves_nobody_on_its_port(
    up: Command, alone: Settings
) -> None:
    os.kill(up.process.pid, signal.SIGKILL)

    async def silent() -> bool:
        return await http_status("127.0.0.1", alone.port) is None

    await eventually(silent, within_s=15)
    assert read_owner(Path(alone.data_dir) / "up.lock")["pid"] == str(up.process.pid)


async def test_a_taken_port_ends_up_with_a_line_that_names_the_setting(
    alone: Settings,
) -> None:
    other = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", alone.port)
    async with other:
        code, text = await run(alone, "up")
    assert code == 1
    assert f"port {alone.port}" in text
    assert "PARFEED_PORT" in text
    assert "Traceback" not in text


async def test_topics_sets_up_the_named_kafka(
    broker: EmbeddedBroker, alone: Settings
) -> None:
    named = msgspec.structs.replace(
        alone, broker=broker.bootstrap, topic_prefix=f"topics-{free_port()}"
    )
    code, text = await run(named, "topics")
    assert code == 0
    assert await read_epoch(broker.bootstrap, named) in text
    assert await run(named, "topics") == (0, text)


async def test_topics_without_a_kafka_says_what_to_do(alone: Settings) -> None:
    code, text = await run(alone, "topics")
    assert code == 1
    assert text.startswith("parfeed: ")
    assert "PARFEED_BROKER" in text


async def test_doctor_finds_nothing_amiss_where_all_is_well(
    broker: EmbeddedBroker, settings: Settings
) -> None:
    code, text = await run(settings, "doctor")
    assert code == 0
    assert "problem" not in text
    assert f"{broker.bootstrap} answers" in text
    assert "is set up, epoch" in text


async def test_doctor_names_every_problem_with_its_cure(
    tmp_path: Path, alone: Settings
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    ill = msgspec.structs.replace(
        alone, broker="127.0.0.1:9,nonsense", data_dir=str(blocked / "data")
    )
    other = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", ill.port)
    async with other:
        code, text = await run(ill, "doctor", "--json")
    report = msgspec.json.decode(text)
    problems = {
        check["name"]: check
        for check in report["checks"]
        if check["state"] == "problem"
    }
    assert code == 1
    assert not report["healthy"]
    assert set(problems) == {"Data directory", "Port", "Kafka"}
    assert all(check["cure"] for check in problems.values())


async def test_doctor_says_when_the_jars_are_still_to_come(
    tmp_path: Path, alone: Settings
) -> None:
    code, text = await run(alone, "doctor", M2_REPO=str(tmp_path / "m2"))
    assert code == 0
    assert "46 of 46 are not in" in text


@pytest.mark.parametrize(
    ("environment", "arguments", "code", "words"),
    [
        ({"PARFEED_PROT": "1"}, ("doctor",), 1, "PARFEED_PROT"),
        ({}, ("doctor", "--config", "gone.toml"), 1, "gone.toml"),
        ({}, ("up", "--workers", "0"), 2, "workers"),
        ({}, ("dance",), 2, "dance"),
    ],
)
async def test_a_wrong_setting_or_command_line_is_said_in_a_line(
    alone: Settings,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    found, text = await run(alone, *arguments, **environment)
    assert found == code
    assert words in text
    assert "Traceback" not in text
