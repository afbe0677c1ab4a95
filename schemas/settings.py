"""
PURE. The settings of a deployment: one frozen object, read once at start.

They come from a TOML file and from the environment (`PARFEED_` and the field's name
in capitals), the environment winning. A key that is not a field is refused, so that a
misspelt setting is never silently without effect.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from schemas.errors import InvalidSettings

PREFIX: Final = "PARFEED_"

NOT_SETTINGS: Final = frozenset({"PARFEED_CONFIG", "PARFEED_TEST_MS"})
"""Names in the environment with the prefix that are read elsewhere: the TOML file's
path, and the tests' time unit."""

Port = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1)]
# What browsers send: no path, not even a slash at the end. Another form would be listed
# and never match.
Origin = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9+.-]*://[^/\s]+\Z")]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Attributes:
        broker: host:port list of Kafka; empty for the embedded broker.
        topic_prefix: what topics and the workers' group are called by; deployments
            with different prefixes share a Kafka without meeting.
        partitions: of every topic, and so the most workers that can share the work.
            Fixed when the topics are made.
        replication: copies of every topic; 3 in production.
        data_dir: where the embedded broker keeps its data and all logs lie; empty for
            the user's data directory.
        workers: stream workers that `up` starts.
        host: address that the feed server listens on.
        port: of the feed server.
        origins: origins of web pages that may connect, besides the server's own:
            `https://shop.example`, without a slash at the end.
        private_channels: who may read cards, statements and costs until tokens tell
            clients apart: `loopback` clients on the feed server's own machine,
            `everybody`, or `nobody`. Behind a proxy all clients are on its machine.
        period: length of a market period.
        commit_interval_s: how often a worker's results become final while events
            come; a second after the last one at most. Screens do not wait for it; a
            restart folds again what came after it.
        session_timeout_s: how long a worker may be silent before its partitions go to
            another.
        duplicates_window: how many of the newest events of a topic's partition are
            remembered by their event_id. Costs some 130 bytes each.
        early_limit_s: how far ahead of its arrival an event's time may lie.
        tick_s: how often changes are sent to subscribers.
        heartbeat_s: how often a heartbeat is.
        subscriber_buffer_bytes: bytes that may wait for one subscriber before its
            updates are merged.
        slow_limit_s: how long a subscriber may stay that slow before it is closed.
        hello_timeout_s: how long a new connection may be silent.
        max_sessions: connections at once.
        max_subscriptions: per session.
        publish_per_s: events per second that one session may hand in.
        publish_waiting: events of all sessions that may wait for Kafka.
        log_level: of the processes' logs.
    """

    broker: str = ""
    topic_prefix: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,100}\Z")] = "parfeed"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 4
    replication: Annotated[int, Meta(ge=1, le=7)] = 1
    data_dir: str = ""
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    # Not empty: that would be every address of the machine.
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 8765
    origins: tuple[Origin, ...] = ()
    private_channels: Literal["loopback", "everybody", "nobody"] = "loopback"
    period: Literal["week", "day", "hour"] = "week"
    commit_interval_s: Seconds = 5.0
    session_timeout_s: Annotated[float, Meta(ge=6, le=1800)] = 6.0
    duplicates_window: Annotated[int, Meta(ge=1_000, le=100_000_000)] = 1_000_000
    early_limit_s: Seconds = 3_600.0
    tick_s: Annotated[float, Meta(ge=0.001, le=10)] = 0.005
    heartbeat_s: Annotated[float, Meta(ge=0.05, le=60)] = 1.0
    subscriber_buffer_bytes: Annotated[int, Meta(ge=65_536)] = 1_048_576
    slow_limit_s: Seconds = 10.0
    hello_timeout_s: Seconds = 10.0
    max_sessions: Count = 10_000
    max_subscriptions: Count = 100
    publish_per_s: Count = 100_000
    publish_waiting: Count = 50_000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def load(environ: Mapping[str, str], toml: Mapping[str, Any]) -> Settings:
    """
    Make the settings from the environment and a parsed TOML file.

    Raises:
        InvalidSettings: if a key is unknown or a value does not fit, naming it.
    """
    values: dict[str, Any] = dict(toml)
    known = Settings.__struct_fields__
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in known:
            raise InvalidSettings(_unknown(name))
        values[field] = _listed(text) if field == "origins" else text
    for field in toml:
        if field not in known:
            raise InvalidSettings(_unknown(field))
    try:
        # The environment has texts only, so "4" must do for 4.
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as exc:
        raise InvalidSettings(f"a setting does not fit: {exc}") from exc


def to_environ(settings: Settings) -> dict[str, str]:
    """Return the environment that makes `load` return these settings."""
    return {
        f"{PREFIX}{field.upper()}": ",".join(value)
        if isinstance(value, tuple)
        else str(value)
        for field in Settings.__struct_fields__
        for value in (getattr(settings, field),)
    }


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _unknown(name: str) -> str:
    known = ", ".join(
        f"{PREFIX}{field.upper()}" for field in Settings.__struct_fields__
    )
    return f"there is no setting {name}; known are {known} (in TOML: in small letters)"
