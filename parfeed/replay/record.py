"""
How far a replay came: kept in a file, so that a second start goes on there.

A record is written after the feed has confirmed what it counts, never before. What was
confirmed after the last writing is sent again by the next start, and counts once by
its event_id.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from parfeed.sources.dirt import RefusedRow
from schemas.errors import ParfeedError

FOLDER: Final = "replays"
"""Where records lie in the data directory, one file per source and feed."""


class UnreadableRecord(ParfeedError):
    """A record that was not written by us: delete it."""


class Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    """
    Attributes:
        title: what was replayed, for people.
        epoch: of the feed's log that it was replayed to.
        items: how many of the source's items are done.
        accepted: events that the feed took.
        refused: events that the feed refused, by code.
        dirt: rows that became no event, by reason.
        examples: of each code and reason, the first that was met.
        seconds: how long it took, over all starts.
        is_finished: whether the source has no more.
    """

    title: str
    epoch: str
    items: int = 0
    accepted: int = 0
    refused: dict[str, int] = {}
    dirt: dict[str, int] = {}
    examples: dict[str, str] = {}
    seconds: float = 0.0
    is_finished: bool = False


def note_refused_row(record: Record, refused: RefusedRow) -> None:
    """Count a row that became no event; the first of each reason is the example."""
    add_one(record.dirt, refused.reason)
    record.examples.setdefault(
        refused.reason, f"row {refused.row}: {refused.detail}".removesuffix(": ")
    )


def add_one(counts: dict[str, int], reason: str) -> None:
    """Count one more of a reason."""
    counts[reason] = counts.get(reason, 0) + 1


def record_path(data_dir: Path, identity: str, epoch: str) -> Path:
    """
    Return where the record of a source's replay to a feed lies.

    By the feed's epoch: whatever address it is reached at, it holds what was replayed
    to it; and a feed whose data is gone has another epoch.
    """
    name = hashlib.sha256(f"{identity} {epoch}".encode()).hexdigest()[:32]
    return data_dir / FOLDER / f"{name}.json"


def load(path: Path) -> Record | None:
    """
    Read a record; None if there is none.

    Raises:
        UnreadableRecord: if the file is no record.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as exc:
        raise UnreadableRecord(
            f"{path} does not say how far a replay came ({exc}); delete it and the "
            "replay begins anew (what was sent already counts once)"
        ) from exc


def save(path: Path, record: Record) -> None:
    """Write a record, wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of our own process: two replays at once must not share it.
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_bytes(msgspec.json.encode(record))
    fresh.replace(path)
