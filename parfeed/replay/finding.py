"""
What `parfeed replay` was told to replay: a packaged sample, or a file by what it holds.

A file of events is known by its suffix. Of the .csv files, a grid's is known by its
header; any other is taken for a shop's, whose reader says what is missing.
"""

import hashlib
from contextlib import closing
from lzma import LZMAError
from pathlib import Path
from typing import Final

from parfeed.replay.grid_source import grid_file_source, grid_sample_source
from parfeed.replay.source import (
    RETAIL,
    Source,
    UnusableSource,
    events_source,
    sales_source,
    sample_source,
)
from parfeed.sources import grid, retail
from parfeed.sources.grid_reading import ALL_DAYS, Days, is_grid_header
from parfeed.sources.grid_time import day_named
from parfeed.sources.opening import open_text, plain_suffix
from schemas.errors import InvalidValue

GRID: Final = "grid"
"""The name of the packaged hours on the command line."""

_HEADER_CHARACTERS: Final = 64 * 1024
# More than any header: a file without line ends is not read whole to see what it is.


def find_source(
    name: str,
    first: str | None = None,
    prefix: str | None = None,
    last: str | None = None,
) -> Source:
    """
    Find what was told to be replayed.

    Args:
        name: `retail` or `grid` for a packaged sample, otherwise a file.
        first: of a shop's file, the first ISO week to replay, what lies before being
            history for its plans; of a grid's hours, the first local day or week.
        prefix: of a shop's or grid's file, what its event ids begin with.
        last: of a grid's hours, the last local day or week.

    Raises:
        UnusableSource: if there is no such file, none that could be read, or no such
            part of it.
    """
    if name == GRID:
        return grid_sample_source(_days(first, last))
    path, suffix = Path(name), plain_suffix(Path(name))
    if name != RETAIL and suffix not in (".csv", ".jsonl"):
        raise UnusableSource(
            f"{name!r} cannot be replayed: it must be `{RETAIL}`, `{GRID}`, a shop's "
            "or grid's .csv or events as .jsonl (each also .gz or .xz)"
        )
    if name != RETAIL:
        digest, is_grid = _looked_at(path, suffix)
        if is_grid:
            return grid_file_source(
                path, digest, _days(first, last), prefix or grid.DEFAULT_NAME
            )
    if last is not None:
        raise UnusableSource(
            f"{name!r} is no grid's hours: of nothing else can a last day be named"
        )
    if name == RETAIL:
        return sample_source()
    if suffix == ".jsonl":
        return events_source(path, digest)
    return sales_source(path, digest, first, prefix or retail.DEFAULT_NAME)


def _looked_at(path: Path, suffix: str) -> tuple[str, bool]:
    # The digest of its content, and whether its header is that of a grid's file.
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if suffix != ".csv":
            return digest, False
        with closing(open_text(path)) as lines:
            return digest, is_grid_header(lines.readline(_HEADER_CHARACTERS))
    except (OSError, EOFError, LZMAError) as exc:
        why = getattr(exc, "strerror", None) or str(exc)
        raise UnusableSource(f"{path} cannot be read: {why}") from exc


def _days(first: str | None, last: str | None) -> Days:
    if first is None and last is None:
        return ALL_DAYS
    try:
        days = Days(
            None if first is None else day_named(first),
            None if last is None else day_named(last, last=True),
        )
    except InvalidValue as exc:
        raise UnusableSource(
            "a part of a grid's hours is named by a day such as 2023-10-29 or a week "
            f"such as 2023-W43, was {exc.value!r}"
        ) from exc
    if days.first is not None and days.last is not None and days.first > days.last:
        raise UnusableSource(
            f"the last day, {days.last}, lies before the first one, {days.first}"
        )
    return days
