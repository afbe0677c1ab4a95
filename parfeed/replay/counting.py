"""A replay without a feed: what a source becomes, counted as a replay counts it."""

import time

from parfeed.replay.record import Record, note_refused_row
from parfeed.replay.source import Source
from parfeed.sources.dirt import RefusedRow


def count(source: Source) -> Record:
    """Read a source to its end; its events count as accepted."""
    record = Record(title=source.title, epoch="")
    began = time.monotonic()
    for item in source.open():
        record.items += 1
        if isinstance(item, RefusedRow):
            note_refused_row(record, item)
        else:
            record.accepted += 1
    record.seconds = time.monotonic() - began
    record.is_finished = True
    return record
