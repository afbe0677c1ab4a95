"""What can be replayed, and how far a replay came."""

import gzip
import lzma
from pathlib import Path

import pytest
from support.grid_lines import HEADER, an_hour

from parfeed.replay.counting import count
from parfeed.replay.finding import find_source
from parfeed.replay.grid_source import GridSource
from parfeed.replay.record import (
    FOLDER,
    Record,
    UnreadableRecord,
    load,
    record_path,
    save,
)
from parfeed.replay.source import UnusableSource, sample_source
from parfeed.sources.dirt import RefusedRow
from parfeed.sources.opening import (
    GRID_SAMPLE,
    SAMPLE,
    SAMPLE_FIRST_WEEK,
    read_sample_bytes,
)
from schemas.codec import decode_event, encode
from schemas.events import PurchaseRecorded

SALES = (
    "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    "536365,85123A,6,2011-08-08 08:26:00,2.55,17850\n"
)

EVENT = (
    '{"type":"production","event_id":"e1","product_id":"p","company_id":"c",'
    '"occurred_at":"2011-08-08T08:26:00Z","quantity":"1"}'
)


def test_the_samples_number_of_items_is_the_one_that_is_said() -> None:
    source = sample_source()
    assert sum(1 for _ in source.open()) == source.total


def test_the_sample_in_a_file_is_the_same_replay(tmp_path: Path) -> None:
    path = tmp_path / SAMPLE
    path.write_bytes(read_sample_bytes())
    from_file = find_source(str(path), SAMPLE_FIRST_WEEK)
    assert from_file.identity == find_source("retail").identity
    assert next(from_file.open()) == next(sample_source().open())


@pytest.mark.parametrize("name", ["s.csv", "s.csv.gz", "s.csv.xz", "s.CSV"])
def test_a_shops_file_is_read_packed_or_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(SALES.encode()))
    (*_, purchase) = find_source(str(path), prefix="corner").open()
    assert isinstance(purchase, PurchaseRecorded)
    assert purchase.event_id == "corner:0000001"


def test_bytes_that_are_no_utf_8_spoil_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    row = b"536365,8512\xff,6,2011-08-08 08:26:00,2.55,17850\n"
    path.write_bytes(SALES.encode() + row + SALES.splitlines()[1].encode())
    kinds = [type(item).__name__ for item in find_source(str(path)).open()]
    assert kinds.count("PurchaseRecorded") == 2
    assert kinds.count("RefusedRow") == 1


def test_lines_of_events_are_replayed_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    lines = [EVENT.encode(), b"", b"{}", b'"\xff"', EVENT.replace("e1", "e2").encode()]
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    source = find_source(str(path))
    first, untyped, not_utf_8, second = source.open()
    assert isinstance(untyped, RefusedRow)
    assert isinstance(not_utf_8, RefusedRow)
    assert not isinstance(first, RefusedRow)
    assert encode(first) == encode(decode_event(EVENT.encode()))
    assert (untyped.reason, untyped.row) == ("unknown_type", 3)
    assert (not_utf_8.reason, not_utf_8.row) == ("malformed", 4)
    assert not isinstance(second, RefusedRow)
    assert second.event_id == "e2"
    assert source.refused_is_fault


@pytest.mark.parametrize("name", ["sales", "sales.txt", "sales.gz", "absent.csv"])
def test_what_cannot_be_replayed_is_refused_by_its_name(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(UnusableSource, match=name):
        find_source(str(tmp_path / name))


def test_the_grids_number_of_items_is_the_one_that_is_said() -> None:
    source = find_source("grid")
    assert sum(1 for _ in source.open()) == source.total
    assert find_source("grid", "2024-03-31").total is None


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.xz"])
def test_a_grids_file_is_known_by_its_header_packed_or_not(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"hours{suffix}"
    pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
    path.write_bytes(pack((HEADER + an_hour("2023-06-01T00:00:00")).encode()))
    source = find_source(str(path), prefix="hills")
    assert isinstance(source, GridSource)
    assert source.report().hours == 1
    first = next(source.open())
    assert not isinstance(first, RefusedRow)
    assert first.event_id == "hills:planned-price:2023-05-31T22"


def test_the_grid_in_a_file_is_the_same_replay(tmp_path: Path) -> None:
    path = tmp_path / GRID_SAMPLE
    path.write_bytes(read_sample_bytes(GRID_SAMPLE))
    assert find_source(str(path)).identity == find_source("grid").identity


def test_parts_of_a_grids_hours_are_named_by_day_or_week() -> None:
    by_day = find_source("grid", "2023-10-23", last="2023-10-29")
    by_week = find_source("grid", "2023-W43", last="2023-W43")
    assert by_day.identity == by_week.identity != find_source("grid").identity
    assert isinstance(by_week, GridSource)
    assert by_week.report().hours == 7 * 24 + 1
    events = [item for item in by_day.open() if not isinstance(item, RefusedRow)]
    assert {event.event_id for event in events} == {
        item.event_id for item in by_week.open() if not isinstance(item, RefusedRow)
    }


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(UnusableSource, match="lies before the first one"):
        find_source("grid", "2023-10-30", last="2023-10-29")
    for first, last in (("last week", None), (None, "2023-10-29T02")):
        with pytest.raises(UnusableSource, match="such as 2023-10-29 or a week"):
            find_source("grid", first, last=last)


def test_only_a_grids_hours_have_a_last_day(tmp_path: Path) -> None:
    shop, events = tmp_path / "sales.csv", tmp_path / "events.jsonl"
    shop.write_text(SALES)
    events.write_text(EVENT)
    for name in ("retail", str(shop), str(events)):
        with pytest.raises(UnusableSource, match="no grid's hours"):
            find_source(name, last="2011-W33")


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.xz"])
def test_a_file_that_is_not_what_its_suffix_says_is_refused(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"hours{suffix}"
    path.write_bytes(b"start_local")
    with pytest.raises(UnusableSource, match="cannot be read"):
        find_source(str(path))


@pytest.mark.parametrize(
    ("name", "its", "other"), [("grid", "hour", "week"), ("retail", "week", "hour")]
)
def test_a_source_is_replayed_only_to_a_feed_of_its_periods(
    name: str, its: str, other: str
) -> None:
    source = find_source(name)
    source.check_period(its)
    source.check_period(None)  # a server that does not say
    with pytest.raises(UnusableSource, match=f"PARFEED_PERIOD={its} parfeed up"):
        source.check_period(other)


def test_recorded_events_may_be_of_any_period(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(EVENT)
    for length in ("week", "day", "hour", None):
        find_source(str(path)).check_period(length)


def test_what_a_source_becomes_is_counted_without_a_feed() -> None:
    record = count(find_source("grid", "2024-02-13", last="2024-02-13"))
    assert record.dirt == {"missing_value": 48}
    assert record.accepted == record.items - 48 == 498
    assert record.examples["missing_value"].startswith("row 2714: ")
    assert record.is_finished


def test_other_content_or_another_reading_is_another_replay(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    identities = {
        find_source(str(path)).identity,
        find_source(str(path), "2011-W32").identity,
        find_source(str(path), prefix="corner").identity,
    }
    path.write_text(SALES.replace("2.55", "2.56"))
    identities.add(find_source(str(path)).identity)
    assert len(identities) == 4


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    path = record_path(tmp_path, "identity", "5f0c")
    assert path.parent == tmp_path / FOLDER
    assert load(path) is None
    record = Record(title="t", epoch="e", items=7, dirt={"unpriced": 2}, seconds=1.5)
    save(path, record)
    save(path, record)
    assert load(path) == record
    assert list(path.parent.iterdir()) == [path]


def test_each_source_and_feed_has_its_own_record(tmp_path: Path) -> None:
    paths = {record_path(tmp_path, i, e) for i in ("a", "b") for e in ("x", "y")}
    assert len(paths) == 4


def test_a_record_that_is_none_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("{")
    with pytest.raises(UnreadableRecord, match="delete it"):
        load(path)
