"""The command that makes the packaged sample."""

import csv
import lzma
from pathlib import Path

import pytest

from parfeed.sources.opening import open_sample, read_sample_bytes
from parfeed.sources.package_retail import main, pack, sample_lines
from parfeed.sources.reading import COLUMNS, COUNTRY_COLUMN, ROW_COLUMN

FULL = [
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n",
    "1,85123A,HEART,6,2011-07-10 23:59:00,2.55,17850,United Kingdom\n",
    '2,85123A,"HEART, WHITE",6,2011-07-11 00:00:00,2.55,17850,United Kingdom\n',
    "C3,85123A,HEART,-6,2011-09-04 23:59:00,2.55,,United Kingdom\n",
    "4,85123A,HEART,6,2011-09-05 00:00:00,2.55,17850,United Kingdom\n",
]


def test_the_weeks_rows_are_kept_as_they_are_with_their_number_in_the_full_file() -> (
    None
):
    assert list(sample_lines(FULL)) == [
        "Row,InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "2,2,85123A,6,2011-07-11 00:00:00,2.55,17850,United Kingdom\n",
        "3,C3,85123A,-6,2011-09-04 23:59:00,2.55,,United Kingdom\n",
    ]


def test_the_same_rows_are_packed_to_the_same_bytes() -> None:
    first, second = pack(sample_lines(FULL)), pack(sample_lines(FULL))
    assert first == second
    assert lzma.decompress(first).decode() == "".join(sample_lines(FULL))


def test_the_command_writes_the_sample_of_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "full.csv", tmp_path / "sample.csv.xz"
    source.write_text("".join(FULL))
    monkeypatch.setattr("sys.argv", ["package_retail", str(source), str(out)])
    main()
    assert out.read_bytes() == pack(sample_lines(FULL))


def test_the_packaged_sample_is_eight_whole_weeks_under_700_kb() -> None:
    with open_sample() as lines:
        header, *rows = csv.reader(lines)
    assert len(read_sample_bytes()) < 700_000
    assert tuple(header) == (ROW_COLUMN, *COLUMNS, COUNTRY_COLUMN)
    # One stretch of the full file: no row of it is missing.
    numbers = [int(row[0]) for row in rows]
    assert numbers == list(range(258_141, 258_141 + 67_689))
    assert (rows[0][4], rows[-1][4]) == ("2011-07-11 09:23:00", "2011-09-04 16:12:00")
