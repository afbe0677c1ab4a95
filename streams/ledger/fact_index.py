"""
PURE. Where the facts of each period lie in Kafka, eight bytes each.

Cards and alerts follow trade as it comes; a settlement reads the facts again, exactly
those that count, and a correction those that came too late as well. This is how they
are found, however long ago a period was.
"""

from array import array
from collections.abc import Iterable, Mapping

from schemas.trading_rows import SettledRow

Place = tuple[str, int]
"""A source topic's name and partition."""

Cuts = Mapping[Place, int]
"""By place, the offset of the last record that may count; -1 if none does."""


def cut_name(place: Place) -> str:
    """Return how a row names a place: `purchases-0`."""
    # Not a bare number: JavaScript puts such keys before all others.
    topic, partition = place
    return f"{topic}-{partition}"


def cuts_of(settled: SettledRow) -> dict[Place, int]:
    """Return up to where each source counted in a settlement."""
    cuts = {}
    for name, offset in settled.cuts.items():
        topic, _, partition = name.rpartition("-")
        cuts[topic, int(partition)] = offset
    return cuts


class FactIndex:
    """The offsets of admitted records, by period and place."""

    def __init__(self) -> None:
        self._offsets: dict[str, dict[Place, array[int]]] = {}

    def add(self, period: str, place: Place, offset: int) -> None:
        """Note a record. Those of a place come in their order."""
        places = self._offsets.setdefault(period, {})
        offsets = places.get(place)
        if offsets is None:
            offsets = places[place] = array("q")
        offsets.append(offset)

    def offsets(self, period: str, cuts: Cuts) -> dict[Place, frozenset[int]]:
        """Return by place the offsets of a period's facts that cuts leave in it."""
        found = {}
        for place, offsets in self._offsets.get(period, {}).items():
            within = frozenset(_until(offsets, cuts.get(place, -1)))
            if within:
                found[place] = within
        return found

    def count_after(self, period: str, cuts: Cuts) -> int:
        """Return how many facts of a period lie behind cuts: they came too late."""
        return sum(
            len(offsets) - sum(1 for _ in _until(offsets, cuts.get(place, -1)))
            for place, offsets in self._offsets.get(period, {}).items()
        )


def _until(offsets: "array[int]", cut: int) -> Iterable[int]:
    for offset in offsets:
        if offset > cut:
            return
        yield offset
