"""
Opening what is replayed: files plain, .gz or .xz, and the packaged sample.

Everything is read as a stream. Bytes that are not UTF-8 come through as surrogates,
which the readers refuse in the row that holds them; the other rows are read.
"""

import gzip
import io
import lzma
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Final, TextIO

SAMPLE: Final = "online_retail_2011_w28_w35.csv.xz"
"""The packaged part of the Online Retail data set (parfeed/data/ATTRIBUTION.md)."""

SAMPLE_FIRST_WEEK: Final = "2011-W32"
"""The first of its weeks that is replayed; the four before it are history."""

SAMPLE_ITEMS: Final = 177_687
"""What it becomes: 32,444 rows of events and refusals, and the events derived."""

SAMPLE_ITEMS_TRADED: Final = 148_388
"""The same where the board plans the first week: without that week's bids, plan lines
and planned prices."""


GRID_SAMPLE: Final = "grid_germany_2023_w43_2024_w14.csv.xz"
"""The packaged part of the German grid's hours (parfeed/data/ATTRIBUTION.md)."""

GRID_SAMPLE_ITEMS: Final = 149_550
"""What its 4,032 hours become: events, and what is refused."""


def open_text(path: Path) -> TextIO:
    """
    Open a file as text, by its suffix; the line ends stay as they are.

    Raises:
        OSError: if it cannot be opened.
    """
    if path.suffix == ".gz":
        return _as_text(gzip.open(path, "rb"))
    if path.suffix == ".xz":
        return _as_text(lzma.open(path, "rb"))
    return _as_text(path.open("rb"))


def open_sample(name: str = SAMPLE) -> TextIO:
    """Open a packaged sample, that of the shop unless another is named."""
    # It is small and read at once, so that nothing but memory is left to close.
    return _as_text(lzma.open(io.BytesIO(read_sample_bytes(name)), "rb"))


def read_sample_bytes(name: str = SAMPLE) -> bytes:
    """Return a packaged sample as it lies in the package."""
    return files("parfeed").joinpath("data", name).read_bytes()


def plain_suffix(path: Path) -> str:
    """Return the suffix of what a file holds: `.csv` of `sales.csv.gz`."""
    name = path.with_suffix("") if path.suffix in (".gz", ".xz") else path
    return name.suffix.lower()


def _as_text(opened: BinaryIO | gzip.GzipFile | lzma.LZMAFile) -> TextIO:
    return io.TextIOWrapper(
        opened, encoding="utf-8", errors="surrogateescape", newline=""
    )
