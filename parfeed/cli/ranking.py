"""
PURE. Which rows a screen shows when not all fit: those that change most just now.

Each change counts 1 and fades by half in `HALF_LIFE_S`. A row that is shown keeps its
place while it is among the strongest, so that a reader's eye can stay on it; a row that
enters takes the place of the one that left. Where one product is all there is, its
periods are shown in the order of time instead.
"""

from collections.abc import Iterable
from heapq import nlargest
from typing import Final

from parfeed.client.row_kinds import Key

HALF_LIFE_S: Final = 5.0
"""Long enough to read a line, short enough that what happens now is on the screen."""

STICKINESS: Final = 1.25
"""How much stronger than one that is shown a row must be to take its place: without
it, rows of equal strength would change places at every frame."""


_RESCALE_AT: Final = 500
# Half-lives, 42 minutes: 2**500 is far inside a float.


class Ranking:
    """
    The strength of every row that ever changed, and the places on the screen.

    Strengths are kept as they would be at one moment in the past, so that fading costs
    nothing: instead of all others fading, a new change counts more.
    """

    __slots__ = ("_begun_at", "_shown", "_strengths")

    def __init__(self) -> None:
        self._strengths: dict[Key, float] = {}
        self._begun_at = 0.0
        self._shown: list[Key] = []

    def __len__(self) -> int:
        """Return how many rows are known."""
        return len(self._strengths)

    def clear(self) -> None:
        """Forget all rows: a snapshot follows."""
        self._strengths.clear()

    def note(self, keys: Iterable[Key], now: float, weight: float = 1.0) -> None:
        """
        Count a change of each of these rows.

        Args:
            keys: the rows.
            now: seconds of any clock.
            weight: 0 makes a row known without a change.
        """
        gain = weight * self._worth(now)
        strengths = self._strengths
        for key in keys:
            strengths[key] = strengths.get(key, 0.0) + gain

    def shown(self, places: int) -> list[Key]:
        """Return the rows for so many places, each where it was if it stays."""
        strengths = self._strengths
        then = {key: STICKINESS for key in self._shown if key in strengths}
        # Those that stickiness could bring in are shown already, so they are few.
        candidates = {*nlargest(places, strengths, key=strengths.__getitem__), *then}
        strongest = nlargest(
            places,
            # Sorted, so that rows of equal strength come in the same order every time.
            sorted(candidates),
            key=lambda key: strengths[key] * then.get(key, 1.0),
        )
        if len(self._shown) > places:
            # The screen has shrunk, so places are lost: all find a new one.
            self._shown = sorted(strongest)
            return list(self._shown)
        staying = set(strongest)
        entering = iter([key for key in strongest if key not in then])
        places_then = [
            key if key in staying else next(entering, None) for key in self._shown
        ]
        self._shown = [key for key in places_then if key is not None]
        self._shown += entering
        return list(self._shown)

    def _worth(self, now: float) -> float:
        if not self._strengths:
            self._begun_at = now
        half_lives = (now - self._begun_at) / HALF_LIFE_S
        if half_lives > _RESCALE_AT:
            for key in self._strengths:
                self._strengths[key] *= 2.0**-half_lives
            self._begun_at, half_lives = now, 0.0
        worth: float = 2.0**half_lives
        return worth


def arranged(keys: list[Key]) -> list[Key]:
    """Return rows as they are shown: periods of one product in the order of time."""
    products = {key[0] for key in keys}
    return sorted(keys) if len(products) == 1 else keys
