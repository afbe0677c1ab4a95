"""The composition root of a worker: settings in, a Faust app out. Connects nothing."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import faust
from yarl import URL

from schemas.errors import InvalidSettings
from schemas.settings import Settings
from schemas.topics import SOURCES, full_name
from streams.agents import fold_sources
from streams.ownership import Ownership
from streams.partition import group_id
from streams.transport import FlowControl, Transport

MAX_BATCH_RECORDS = 40_000
"""Records of one batch: some 0.2 s of folding, in which nothing else happens. The more
there are, the more events share the cost of a row."""

LOOK_AT_COMMITS_S = 1.0
"""How often is asked whether a commit is due."""

BATCHES_WAITING = 5
"""Fetched batches that wait to be folded before partitions are held back."""

MAX_FETCH_BYTES = 10 * 1024 * 1024
"""Of one partition's fetch: some 40,000 events."""


def create_app(
    settings: Settings, on_fatal: Callable[[BaseException], None]
) -> faust.App:
    """
    Build the worker's app.

    Args:
        settings: of the deployment; must name a broker.
        on_fatal: ends the process when an invariant is broken.

    Raises:
        InvalidSettings: if no broker is named.
    """
    if not settings.broker:
        raise InvalidSettings(
            "a worker needs a Kafka: set PARFEED_BROKER to its host:port, or start "
            "everything with `parfeed up`, which brings its own"
        )
    brokers = [URL(f"kafka://{address}") for address in settings.broker.split(",")]
    app = faust.App(
        group_id(settings),
        broker=brokers,
        store="memory://",
        datadir=str(Path(tempfile.gettempdir()) / group_id(settings)),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BATCHES_WAITING,
        stream_wait_empty=False,
        broker_max_poll_records=MAX_BATCH_RECORDS,
        consumer_max_fetch_size=MAX_FETCH_BYTES,
        # A worker that dies holds up its group until its session ends.
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 4,
    )
    cast(Any, app).source_partitions = settings.partitions
    app.transport = Transport(brokers, app, loop=app.loop)
    app.flow_control = FlowControl(loop=app.loop)
    ownership = Ownership(settings, on_fatal)

    sources = app.topic(
        *(full_name(settings.topic_prefix, topic) for topic in SOURCES),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )
    app.agent(sources, name="fold")(fold_sources(ownership))

    app.timer(interval=min(LOOK_AT_COMMITS_S, settings.commit_interval_s))(
        ownership.commit_if_due
    )

    @app.on_partitions_assigned.connect(weak=False)
    async def on_assigned(_: Any, assigned: Any, **__: Any) -> None:
        ownership.assign({tp.partition for tp in assigned}, app.consumer_generation_id)

    @app.on_partitions_revoked.connect(weak=False)
    async def on_revoked(_: Any, revoked: Any, **__: Any) -> None:
        await ownership.revoke()

    @app.on_before_shutdown.connect(weak=False)
    async def on_before_shutdown(_: Any, **__: Any) -> None:
        await ownership.close()

    return app
