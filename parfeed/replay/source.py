"""
What can be replayed: the packaged sales, a shop's CSV file, a file of events. A grid's
hours are in grid_source.py.

A source gives the same items in the same order each time it is opened: that is what
lets a second start go on where the first one stopped.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

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
    read_sample_bytes,
)
from parfeed.sources.retail import DEFAULT_NAME, map_retail
from schemas.errors import ParfeedError
from schemas.events import Event

Item = Event | RefusedRow
"""What a source gives: an event, or what became none."""

RETAIL: Final = "retail"
"""The name of the packaged sample on the command line."""


SALES_PERIOD: Final = "week"
"""A shop's sales are planned by the week; see docs/retail.md."""


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
        period: how long the periods must be of a feed that it is replayed to; None if
            any will do.
    """

    title: str
    identity: str
    total: int | None
    open: Callable[[], Iterator[Item]]
    refused_is_fault: bool = False
    period: Literal["week", "day", "hour"] | None = None

    def check_period(self, feeds: str | None) -> None:
        """
        Check that a feed has periods of its length.

        Args:
            feeds: how long the feed's periods are; None if it does not say.

        Raises:
            UnusableSource: if they are of another.
        """
        if self.period is None or feeds in (None, self.period):
            return
        raise UnusableSource(
            f"{self.title} trades by the {self.period}, this feed by the {feeds}; "
            f"start one for it: PARFEED_PERIOD={self.period} parfeed up, with a "
            "--data-dir of its own (and on a Kafka of yours a PARFEED_TOPIC_PREFIX)"
        )


def events_source(path: Path, digest: str) -> Source:
    """
    Return a file of recorded events.

    Args:
        path: of the file.
        digest: of its content.
    """
    return Source(
        title=path.name,
        identity=digest,
        total=None,
        open=lambda: _events(path),
        refused_is_fault=True,
    )


def sales_source(
    path: Path, digest: str, first_week: str | None, prefix: str
) -> Source:
    """
    Return a shop's file.

    Args:
        path: of the file.
        digest: of its content.
        first_week: the first ISO week to replay; what lies before is history for its
            plans. None for all of it.
        prefix: what its event ids begin with.
    """
    return Source(
        title=path.name,
        identity=f"{digest}:{first_week or ''}:{prefix}",
        total=None,
        open=lambda: _sales(path, first_week, prefix),
        period=SALES_PERIOD,
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
        period=SALES_PERIOD,
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
