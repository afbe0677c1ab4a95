"""
The supervisor with a real Kafka, and programs in the place of worker and feed server
where a test must decide how they die. The last tests run the real ones.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from support.polling import SCALE, eventually
from support.processes import free_port, lives

from parfeed.broker import EmbeddedBroker
from parfeed.errors import AlreadyRunning, PortTaken, ProcessFailed
from parfeed.kafka_probe import probe
from parfeed.lock import holder
from parfeed.ports import http_status
from parfeed.progress import Step
from parfeed.supervisor import FEED_SERVER, LOCK_NAME, Supervisor
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

HEALTHY = """
import http.server, os, signal, sys

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
address = (os.environ["PARFEED_HOST"], int(os.environ["PARFEED_PORT"]))
http.server.ThreadingHTTPServer(address, Health).serve_forever()
"""
IDLE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up", flush=True)
signal.pause()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    signal.pause()
"""
DYING = "print('no room on the bridge'); raise SystemExit(3)"

MakeSupervisor = Callable[..., Supervisor]


def commands(**programs: str) -> dict[str, list[str]]:
    named = {FEED_SERVER: HEALTHY, "worker 1": IDLE, **programs}
    return {name: [sys.executable, "-c", text] for name, text in named.items()}


@pytest.fixture
async def supervise(settings: Settings) -> AsyncIterator[MakeSupervisor]:
    """Make supervisors that are stopped at the end."""
    made: list[Supervisor] = []

    def make(**changes: object) -> Supervisor:
        chosen = changes.pop("commands", None) or commands()
        notices = changes.pop("on_notice", lambda _text: None)
        supervisor = Supervisor(
            msgspec.structs.replace(settings, **changes),
            commands=chosen,  # type: ignore[arg-type]
            on_notice=notices,  # type: ignore[arg-type]
        )
        made.append(supervisor)
        return supervisor

    yield make
    for supervisor in made:
        await supervisor.stop()


async def test_what_runs_is_served_and_nothing_is_left_after_the_stop(
    supervise: MakeSupervisor, settings: Settings
) -> None:
    steps: list[Step] = []
    supervisor = supervise()
    supervisor.on_progress = steps.append
    async with supervisor as running:
        assert running.url == f"ws://127.0.0.1:{settings.port}/"
        assert await http_status("127.0.0.1", settings.port) == 200
        pids = running.pids
        assert set(pids) == {FEED_SERVER, "worker 1"}
    assert [step.what for step in steps] == [
        "Making topics",
        "Starting workers, board, ledger and feed",
    ]
    assert not any(map(lives, pids.values()))
    assert holder(Path(settings.data_dir) / LOCK_NAME) is None


async def test_a_second_one_on_the_same_data_names_the_first(
    supervise: MakeSupervisor, settings: Settings
) -> None:
    first = supervise()
    await first.start()
    with pytest.raises(AlreadyRunning) as raised:
        await supervise(port=free_port()).start()
    assert f"process {os.getpid()}" in str(raised.value)
    assert first.url in str(raised.value)
    assert await http_status("127.0.0.1", settings.port) == 200


async def test_a_taken_port_is_named_with_its_setting(
    supervise: MakeSupervisor, settings: Settings
) -> None:
    other = await asyncio.start_server(
        lambda _r, w: w.close(), "127.0.0.1", settings.port
    )
    async with other:
        with pytest.raises(PortTaken, match=f"{settings.port}.*PARFEED_PORT"):
            await supervise().start()


async def test_what_is_killed_is_started_again(supervise: MakeSupervisor) -> None:
    notices: list[str] = []
    running = supervise(on_notice=notices.append)
    await running.start()
    before = running.pids["worker 1"]
    os.kill(before, signal.SIGKILL)
    await eventually(lambda: running.pids["worker 1"] != before)
    assert lives(running.pids["worker 1"])
    assert notices == ["worker 1 ended (signal SIGKILL); starting it again"]


async def test_what_keeps_dying_is_given_up_with_the_end_of_its_log(
    supervise: MakeSupervisor,
) -> None:
    running = supervise(commands=commands(**{"worker 1": DYING}))
    await running.start()
    with pytest.raises(ProcessFailed) as raised:
        await asyncio.wait_for(running.failed(), 30 * SCALE)
    assert "worker 1 died 5 times" in str(raised.value)
    assert "no room on the bridge" in str(raised.value)


async def test_a_feed_server_that_keeps_dying_ends_the_start(
    supervise: MakeSupervisor, settings: Settings
) -> None:
    with pytest.raises(ProcessFailed, match="no room on the bridge"):
        await supervise(commands=commands(**{FEED_SERVER: DYING})).start()
    assert holder(Path(settings.data_dir) / LOCK_NAME) is None


async def test_waiting_for_a_failure_ends_with_the_stop(
    supervise: MakeSupervisor,
) -> None:
    running = supervise()
    await running.start()
    waiting = asyncio.create_task(running.failed())
    await running.stop()
    await asyncio.wait_for(waiting, 5 * SCALE)


async def test_the_stop_takes_less_than_five_seconds_whoever_resists(
    supervise: MakeSupervisor,
) -> None:
    running = supervise(commands=commands(**{"worker 1": STUBBORN}), broker="")
    await running.start()
    pids = running.pids
    assert set(pids) == {FEED_SERVER, "worker 1", "Kafka"}
    began = time.monotonic()
    await running.stop()
    assert time.monotonic() - began < 5 * SCALE
    assert not any(map(lives, pids.values()))


async def test_a_killed_broker_comes_back_on_its_port_and_workers_are_not_blamed(
    supervise: MakeSupervisor,
) -> None:
    # Dies whenever the broker is away, as a worker may: for longer than five deaths.
    dependent = (
        "import os, socket, time\n"
        "host, port = os.environ['PARFEED_BROKER'].split(':')\n"
        "while True:\n"
        "    socket.create_connection((host, int(port))).close()\n"
        "    time.sleep(0.01)\n"
    )
    running = supervise(commands=commands(**{"worker 1": dependent}), broker="")
    await running.start()
    address = running.bootstrap
    host, _, port = address.partition(":")

    async def kill(name: str) -> None:
        before = running.pids[name]
        os.kill(before, signal.SIGKILL)
        await eventually(lambda: running.pids.get(name, before) != before, within_s=60)

    # With the deaths by the broker's fall these would be six within a minute or so.
    for _ in range(3):
        await kill("Kafka")
        await eventually(lambda: lives(running.pids["worker 1"]), within_s=30)
        await kill("worker 1")
    assert running.bootstrap == address
    found = await probe(host, int(port))
    assert found is not None
    assert found.brokers == 1
    failing = asyncio.ensure_future(running.failed())
    done, _ = await asyncio.wait([failing], timeout=0.5)
    failing.cancel()
    assert not done


STARTER = """
import asyncio, sys, msgspec
from parfeed.supervisor import Supervisor
from schemas.settings import Settings

async def main():
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    commands = msgspec.json.decode(sys.argv[2], type=dict[str, list[str]])
    async with Supervisor(settings, commands=commands) as running:
        print(msgspec.json.encode(running.pids).decode(), flush=True)
        await running.failed()

asyncio.run(main())
"""


async def start_and_kill(settings: Settings, **programs: str) -> dict[str, int]:
    """Run a supervisor in a process of its own, kill that, return what it ran."""
    up = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STARTER,
        msgspec.json.encode(settings).decode(),
        msgspec.json.encode(commands(**programs)).decode(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert up.stdout is not None
    pids = msgspec.json.decode(await up.stdout.readline(), type=dict[str, int])
    log = Path(settings.data_dir) / "logs" / "worker-1.log"
    await eventually(lambda: "up" in log.read_text())
    up.kill()
    await up.wait()
    return pids


async def test_after_a_hard_kill_the_next_one_finds_the_data_and_the_port(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"), port=free_port())
    pids = await start_and_kill(settings)
    identity = (tmp_path / "data/broker/identity.json").read_bytes()
    again = Supervisor(settings, commands=commands(), on_notice=lambda _text: None)
    async with again as running:
        assert not any(map(lives, pids.values()))
        assert (tmp_path / "data/broker/identity.json").read_bytes() == identity
        assert set(running.pids) == set(pids)


async def test_the_next_one_waits_for_what_is_still_on_its_way_out(
    supervise: MakeSupervisor, settings: Settings
) -> None:
    pids = await start_and_kill(settings, **{"worker 1": STUBBORN})
    assert lives(pids["worker 1"])
    await supervise().start()
    assert not any(map(lives, pids.values()))


async def test_a_start_that_is_cancelled_leaves_nothing_behind(
    supervise: MakeSupervisor, tmp_path: Path
) -> None:
    running = supervise(broker="", data_dir=str(tmp_path / "own"))
    begun = asyncio.Event()
    running.on_progress = lambda step: begun.set() if "topics" in step.what else None
    starting = asyncio.create_task(running.start())
    await begun.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert holder(tmp_path / "own" / LOCK_NAME) is None
    fresh = EmbeddedBroker(tmp_path / "own")
    await fresh.start()
    await fresh.stop()
