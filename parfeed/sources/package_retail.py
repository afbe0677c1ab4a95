"""
Make the packaged sample from the full Online Retail data set.

    python -m parfeed.sources.package_retail SOURCE OUT

SOURCE is the data set as CSV (plain, .gz or .xz), OUT the .xz to write. Eight ISO weeks
are kept, every row of them in the file's order and cell by cell as it is; what is left
out is the columns that no event needs. The same source makes the same bytes.

The weeks are 2011-W28 to W35: four to derive plans from, and four in which each kind
of dirt occurs, the three invoices of bad debt among it.
"""

import argparse
import csv
import io
import lzma
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from parfeed.sources.opening import open_text
from parfeed.sources.reading import COLUMNS, COUNTRY_COLUMN, ROW_COLUMN

FIRST_WEEK: Final = (2011, 28)
LAST_WEEK: Final = (2011, 35)


def sample_lines(lines: Iterable[str]) -> Iterator[str]:
    """
    Yield the sample's lines, the header first.

    Args:
        lines: of the full data set, its header first.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    kept = (*COLUMNS, COUNTRY_COLUMN)
    writer.writerow((ROW_COLUMN, *kept))
    reader = csv.reader(lines)
    header = next(reader)
    places = [header.index(name) for name in kept]
    moment = header.index("InvoiceDate")
    for number, cells in enumerate(reader, start=1):
        year, week, _ = datetime.fromisoformat(cells[moment]).isocalendar()
        if FIRST_WEEK <= (year, week) <= LAST_WEEK:
            writer.writerow((number, *(cells[place] for place in places)))
            yield text.getvalue()
            text.seek(0)
            text.truncate()


def pack(lines: Iterable[str]) -> bytes:
    """Compress the lines, always to the same bytes."""
    plain = "".join(lines).encode()
    # An .xz file holds no name and no time. lc and pb suit text with digits.
    filters = [
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}
    ]
    return lzma.compress(plain, check=lzma.CHECK_SHA256, filters=filters)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m parfeed.sources.package_retail",
        description="Make the packaged sample from the full Online Retail data set.",
    )
    parser.add_argument(
        "source", type=Path, help="the data set: .csv, .csv.gz, .csv.xz"
    )
    parser.add_argument("out", type=Path, help="the .csv.xz to write")
    arguments = parser.parse_args()
    with open_text(arguments.source) as lines:
        packed = pack(sample_lines(lines))
    arguments.out.write_bytes(packed)


if __name__ == "__main__":
    main()
