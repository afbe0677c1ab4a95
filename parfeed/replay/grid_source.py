"""
A grid's hours as a source of a replay: the packaged sample, or a file of one's own.

Hours are its periods, so it can be replayed only to a feed whose periods are hours.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, TextIO

from parfeed.replay.source import Item, Source
from parfeed.sources.grid import DEFAULT_NAME, map_grid
from parfeed.sources.grid_reading import ALL_DAYS, Days, read_hours
from parfeed.sources.grid_report import GridReport, report_of
from parfeed.sources.opening import (
    GRID_SAMPLE,
    GRID_SAMPLE_ITEMS,
    open_sample,
    open_text,
    read_sample_bytes,
)

PERIOD: Final = "hour"
"""The setting `period` of a deployment that a grid can be replayed to."""


class GridSource(Source, frozen=True, kw_only=True):
    """
    Hours of a grid, which can be added up without a feed.

    Attributes:
        report: read it all, and say what it adds up to and what not planning cost.
    """

    report: Callable[[], GridReport]


def grid_sample_source(days: Days = ALL_DAYS) -> GridSource:
    """Return the packaged hours, or some of their days."""
    digest = hashlib.sha256(read_sample_bytes(GRID_SAMPLE)).hexdigest()
    return _source(
        GRID_SAMPLE,
        digest,
        lambda: open_sample(GRID_SAMPLE),
        days,
        DEFAULT_NAME,
        total=GRID_SAMPLE_ITEMS if days == ALL_DAYS else None,
    )


def grid_file_source(
    path: Path, digest: str, days: Days = ALL_DAYS, name: str = DEFAULT_NAME
) -> GridSource:
    """
    Return a file of the sample's layout.

    Args:
        path: of the file.
        digest: of its content.
        days: local days to replay.
        name: what event ids begin with.
    """
    return _source(path.name, digest, lambda: open_text(path), days, name)


def _source(
    title: str,
    digest: str,
    open_lines: Callable[[], TextIO],
    days: Days,
    name: str,
    total: int | None = None,
) -> GridSource:
    def items() -> Iterator[Item]:
        with closing(open_lines()) as lines:
            yield from map_grid(lines, days, name)

    def report() -> GridReport:
        with closing(open_lines()) as lines:
            return report_of(read_hours(lines, days))

    return GridSource(
        title=title,
        identity=f"{digest}:{days.first or ''}:{days.last or ''}:{name}",
        total=total,
        open=items,
        period=PERIOD,
        report=report,
    )
