"""
Make the packaged sample from two years of the German grid.

    python -m parfeed.sources.package_grid SOURCE OUT

SOURCE is the data as CSV (plain, .gz or .xz), OUT the .xz to write. 24 weeks are kept,
every row of them in the file's order and with all its cells as they are. The same
source makes the same bytes.

The weeks are 2023-W43 to 2024-W14, local time: both changes of the clock lie in them,
and all that the two years lack (nuclear from 2024-01-30 on, a forecast on 2024-02-13).
"""

import argparse
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from parfeed.sources.grid_reading import START
from parfeed.sources.opening import open_text
from parfeed.sources.package_retail import pack

FIRST_DAY: Final = "2023-10-23"
LAST_DAY: Final = "2024-04-07"


def sample_lines(lines: Iterable[str]) -> Iterator[str]:
    """
    Yield the sample's lines, the header first.

    Args:
        lines: of all the data, its header first.
    """
    read = iter(lines)
    header = next(read)
    yield header
    (names,) = csv.reader([header])
    start = names.index(START)
    for line in read:
        (cells,) = csv.reader([line])
        if FIRST_DAY <= cells[start][: len(FIRST_DAY)] <= LAST_DAY:
            yield line


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m parfeed.sources.package_grid",
        description="Make the packaged sample from two years of the German grid.",
    )
    parser.add_argument("source", type=Path, help="the data: .csv, .csv.gz, .csv.xz")
    parser.add_argument("out", type=Path, help="the .csv.xz to write")
    arguments = parser.parse_args()
    with open_text(arguments.source) as lines:
        packed = pack(sample_lines(lines))
    arguments.out.write_bytes(packed)


if __name__ == "__main__":
    main()
