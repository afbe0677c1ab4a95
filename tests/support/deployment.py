"""A deployment of real processes for all tests of a module; each keeps to its own."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.polling import eventually
from support.processes import Processes, free_port

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import set_up
from schemas.settings import Settings

COMMIT_INTERVAL_S = 0.2
"""A command ends when it is final what became of what it said: a second after the last
event as a rule, which would be half of such a module's time."""


@asynccontextmanager
async def running(
    broker: EmbeddedBroker, folder: Path, *, with_board: bool
) -> AsyncIterator[Settings]:
    """
    Run a worker, a feed server and, if asked, a board with topics of their own.

    Args:
        broker: that they share with others.
        folder: for their data and logs.
        with_board: whether anything is planned.
    """
    settings = Settings(
        broker=broker.bootstrap,
        topic_prefix=f"test-{uuid.uuid4().hex[:12]}",
        data_dir=str(folder / "data"),
        port=free_port(),
        commit_interval_s=COMMIT_INTERVAL_S,
    )
    await set_up(broker.bootstrap, settings)
    processes = Processes(folder / "logs")
    try:
        await processes.worker(settings)
        if with_board:
            await processes.board(settings)
        await processes.feed_server(settings)
        await eventually(lambda: processes.is_ready(settings), within_s=30)
        yield settings
    finally:
        await processes.end_all()
