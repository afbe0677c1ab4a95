"""
PURE. A tree of councils for an economy's consumers, who have no homes of their own.

Neighbours are consumers of following numbers. Nothing has a threshold, so every line
passes; what the tree shows are the sums at each level.
"""

from datetime import datetime
from typing import Final

from schemas.agenda import CouncilFormed, Level

NEIGHBOURS: Final = 30
"""Consumers of a neighbourhood: as many as can talk with each other."""

BELOW: Final = 10
"""Neighbourhoods of a city, and cities of a state."""

_LEVELS: Final[tuple[tuple[Level, int], ...]] = (
    ("neighbourhood", NEIGHBOURS),
    ("city", NEIGHBOURS * BELOW),
    ("state", NEIGHBOURS * BELOW * BELOW),
)

FEDERATION: Final = "federation"


def council_tree(
    run: str, consumers: int, now: datetime
) -> tuple[tuple[CouncilFormed, ...], tuple[str, ...]]:
    """
    Return a tree, and of each consumer the name of its neighbourhood.

    Args:
        run: what event ids begin with.
        consumers: how many there are.
        now: when the councils are formed.

    Returns:
        The councils, the highest first, and names by consumer.
    """
    formed = [
        CouncilFormed(
            event_id=f"{run}:council:{FEDERATION}",
            occurred_at=now,
            council_id=FEDERATION,
            level="federation",
        )
    ]
    for place in reversed(range(len(_LEVELS))):
        level, size = _LEVELS[place]
        for first in range(0, consumers, size):
            name = _name(place, first)
            is_highest = place == len(_LEVELS) - 1
            formed.append(
                CouncilFormed(
                    event_id=f"{run}:council:{name}",
                    occurred_at=now,
                    council_id=name,
                    level=level,
                    parent_id=FEDERATION if is_highest else _name(place + 1, first),
                )
            )
    return tuple(formed), tuple(_name(0, number) for number in range(consumers))


def _name(place: int, consumer: int) -> str:
    level, size = _LEVELS[place]
    return f"{level}-{consumer // size + 1:03}"
