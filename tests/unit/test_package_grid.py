"""The command that makes the packaged hours of a grid."""

import csv
import lzma
from pathlib import Path

import pytest
from support.grid_lines import HEADER, an_hour

from parfeed.sources.opening import GRID_SAMPLE, open_sample, read_sample_bytes
from parfeed.sources.package_grid import main, sample_lines
from parfeed.sources.package_retail import pack

INSIDE = [an_hour("2023-10-23T00:00:00"), an_hour("2024-04-07T23:00:00")]
FULL = [
    HEADER,
    an_hour("2023-10-22T23:00:00"),
    *INSIDE,
    an_hour("2024-04-08T00:00:00"),
]


def test_the_weeks_hours_are_kept_with_every_cell() -> None:
    assert list(sample_lines(FULL)) == [HEADER, *INSIDE]


def test_the_command_writes_the_hours_of_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "full.csv", tmp_path / "sample.csv.xz"
    source.write_text("".join(FULL))
    monkeypatch.setattr("sys.argv", ["package_grid", str(source), str(out)])
    main()
    assert out.read_bytes() == pack([HEADER, *INSIDE])
    assert lzma.decompress(out.read_bytes()).decode() == "".join([HEADER, *INSIDE])


def test_the_packaged_hours_are_24_weeks_with_both_changes_under_300_kb() -> None:
    with open_sample(GRID_SAMPLE) as lines:
        header, *rows = csv.reader(lines)
    assert len(read_sample_bytes(GRID_SAMPLE)) < 300_000
    starts = [row[header.index("start_local")] for row in rows]
    assert (starts[0], starts[-1]) == ("2023-10-23T00:00:00", "2024-04-07T23:00:00")
    assert len(starts) == 24 * 7 * 24
    assert starts.count("2023-10-29T02:00:00") == 2
    assert "2024-03-31T02:00:00" not in starts
