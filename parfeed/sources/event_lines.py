"""PURE. Lines of JSON to events: what a file of recorded events holds."""

from collections.abc import Iterable, Iterator

from parfeed.sources.dirt import RefusedRow
from schemas.codec import decode_event
from schemas.errors import Refused
from schemas.events import Event


def read_events(lines: Iterable[str]) -> Iterator[Event | RefusedRow]:
    """
    Read events, one JSON object per line; empty lines are passed over.

    A line that is no event becomes its refusal, with a code of schemas.errors.REFUSALS.
    """
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        try:
            yield decode_event(text.encode("utf-8", "surrogateescape"))
        except Refused as refused:
            yield RefusedRow(reason=refused.code, row=number, detail=refused.detail)
