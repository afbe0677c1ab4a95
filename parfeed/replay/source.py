"""
What can be replayed: the packaged sample, a shop's CSV file, a file of events.

A source gives the same items in the same order each time it is opened: that is what
lets a second start go on where the first one stopped.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.event_lines import read_events
from parfeed.sources.opening import (
    SAMPLE,
    SAMPLE_FIRST_WEEK,
    SAMPLE_ITEMS,
    SAMPLE_ITEMS_TRADED,
    open_sample,
    open_text,
    plain_suffix,
    read_sample_bytes,
)
from parfeed.sources.retail import DEFAULT_NAME, map_retail
from schemas.errors import ParfeedError
from schemas.events import Event

Item = Event | RefusedRow
"""What a source gives: an event, or what became none."""

RETAIL: Final = "retail"
"""The name of the packaged sample on the command line."""


class UnusableSource(ParfeedError):
    """Nothing that can be replayed: name another file."""


class Source(msgspec.Struct, frozen=True):
    """
    Attributes:
        title: what people call it.
        identity: of its content and how it is read; another one is another replay.
        total: how many items it gives; None where nobody has counted.
        open: start reading from the beginning.
        refused_is_fault: whether a refused row is a fault of the file (a line that is
            no event) rather than something known of it (dirt).
    """

    title: str
    identity: str
    total: int | None
    open: Callable[[], Iterator[Item]]
    refused_is_fault: bool = False


def find_source(
    name: str, first_week: str | None = None, prefix: str = DEFAULT_NAME
) -> Source:
    """
    Find what `parfeed replay` was told to replay.

    Args:
        name: `retail` for the packaged sample, otherwise a file.
        first_week: of a shop's file, the first ISO week to replay; what lies before is
            history for its plans.
        prefix: of a shop's file, what its event ids begin with.

    Raises:
        UnusableSource: if there is no such file, or none that could be read.
    """
    if name == RETAIL:
        return sample_source()
    path = Path(name)
    suffix = plain_suffix(path)
    if suffix not in (".csv", ".jsonl"):
        raise UnusableSource(
            f"{name!r} cannot be replayed: it must be `{RETAIL}`, a shop's .csv or "
            "events as .jsonl (each also .gz or .xz)"
        )
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise UnusableSource(f"{name!r} cannot be read: {exc.strerror}") from exc
    if suffix == ".jsonl":
        return Source(path.name, digest, None, lambda: _events(path), True)
    return Source(
        path.name,
        f"{digest}:{first_week or ''}:{prefix}",
        None,
        lambda: _sales(path, first_week, prefix),
    )


def planned_sample_source() -> Source:
    """Return the packaged sample as it goes on where its first week is planned."""
    whole = sample_source()
    return msgspec.structs.replace(
        whole,
        identity=f"{whole.identity}:planned",
        total=SAMPLE_ITEMS_TRADED,
        open=lambda: _sample(planned_week=SAMPLE_FIRST_WEEK),
    )


def sample_source() -> Source:
    """Return the packaged sample."""
    digest = hashlib.sha256(read_sample_bytes()).hexdigest()
    return Source(
        f"{SAMPLE} ({SAMPLE_FIRST_WEEK} on)",
        # As of the same rows in a file: where they lie does not matter.
        f"{digest}:{SAMPLE_FIRST_WEEK}:{DEFAULT_NAME}",
        SAMPLE_ITEMS,
        _sample,
    )


def _sample(planned_week: str | None = None) -> Iterator[Item]:
    with closing(open_sample()) as lines:
        yield from map_retail(
            lines, SAMPLE_FIRST_WEEK, DEFAULT_NAME, planned_week=planned_week
        )


def _sales(path: Path, first_week: str | None, prefix: str) -> Iterator[Item]:
    with closing(open_text(path)) as lines:
        yield from map_retail(lines, first_week, prefix)


def _events(path: Path) -> Iterator[Item]:
    with closing(open_text(path)) as lines:
        yield from read_events(lines)
