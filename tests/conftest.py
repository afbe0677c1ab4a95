"""
Fixtures for all tests. What they are made of lies in tests/support, which test modules
import as `support`: the folder of this file is put on the path for that.
"""

import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from support.polling import SCALE, eventually
from support.processes import Processes, free_port

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import set_up
from schemas.settings import PREFIX, Settings

__all__ = ["SCALE", "eventually"]

# How long one example takes says more about the machine's other work than about us.
hypothesis.settings.register_profile("parfeed", deadline=None)
hypothesis.settings.load_profile("parfeed")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is set in the shell of whoever runs the tests must not decide them.
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX) and name != "PARFEED_TEST_MS":
            monkeypatch.delenv(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[EmbeddedBroker]:
    """One Kafka for the whole session; tests keep apart by their topics' prefix."""
    embedded = EmbeddedBroker(tmp_path_factory.mktemp("kafka"))
    await embedded.start()
    yield embedded
    await embedded.stop()


@pytest.fixture
async def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    """A deployment of the test's own: topics made, nothing running."""
    fresh = Settings(
        broker=broker.bootstrap,
        topic_prefix=f"test-{uuid.uuid4().hex[:12]}",
        data_dir=str(tmp_path / "data"),
        port=free_port(),
    )
    await set_up(broker.bootstrap, fresh)
    return fresh


@pytest.fixture
async def processes(
    tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Processes]:
    """Real workers and feed servers; ended at the end, logs shown on failure."""
    started = Processes(tmp_path / "logs")
    try:
        yield started
    finally:
        await started.end_all()
        report = request.node.stash.get(_REPORT, None)
        if report is not None and report.failed:
            print(started.logs())


_REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report
