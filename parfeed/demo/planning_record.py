"""
How far the planning of a demo's week came: kept in a file, so that it is done once.

It also says what planning left in the feed's rows, so that what a demo adds up to is
the replay's alone (totals.py).
"""

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from schemas.errors import ParfeedError

FOLDER: Final = "plannings"
"""Where records lie in the data directory, one per feed."""


class UnreadablePlanning(ParfeedError):
    """A record that was not written by us: its text says what to do."""


class PlanningRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    A week that was planned.

    Attributes:
        period: the week.
        epoch: of the feed's log that it was planned in.
        events: handed in: councils, listings, bids, plan lines, signatures, opening.
        rounds: until its prices stood.
        worst_percent: the greatest imbalance then.
        folded: of its events, and of what the board said, how many are in rows.
        seconds: from the first event until all planned prices were in the rows.
    """

    period: str
    epoch: str
    events: int
    rounds: int
    worst_percent: str
    folded: int
    seconds: float = 0.0


def planning_path(data_dir: Path, epoch: str) -> Path:
    """Return where the record of the planning in a feed lies."""
    name = hashlib.sha256(epoch.encode()).hexdigest()[:32]
    return data_dir / FOLDER / f"{name}.json"


def load(path: Path) -> PlanningRecord | None:
    """
    Read a record; None if there is none.

    Raises:
        UnreadablePlanning: if the file is no record.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=PlanningRecord)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as exc:
        raise UnreadablePlanning(
            f"{path} does not say how the week was planned ({exc}); start the demo "
            "with a --data-dir of its own"
        ) from exc


def save(path: Path, record: PlanningRecord) -> None:
    """Write a record, wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_bytes(msgspec.json.encode(record))
    fresh.replace(path)
