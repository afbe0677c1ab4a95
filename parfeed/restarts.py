"""
PURE. When to start again what has died, and when to give up.

The pause doubles with every death that lies close to others; deaths further apart than
`DEATHS_WITHIN_S` do not know each other.
"""

from collections import deque
from typing import Final

MAX_DEATHS: Final = 5
"""Within `DEATHS_WITHIN_S`. A process that cannot live has shown it by then, after 3 s;
one that is killed now and then by hand or by the system never gets there."""

DEATHS_WITHIN_S: Final = 60.0

FIRST_PAUSE_S: Final = 0.2
"""Doubles: 0.2, 0.4, 0.8, 1.6 s."""


class Restarts:
    """The deaths of one process."""

    def __init__(self) -> None:
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)

    def died(self, now: float) -> float | None:
        """
        Take note of a death.

        Args:
            now: a monotonic clock, in seconds.

        Returns:
            How long to wait before the next start; None to give up.
        """
        self._deaths.append(now)
        while now - self._deaths[0] > DEATHS_WITHIN_S:
            self._deaths.popleft()
        if len(self._deaths) == MAX_DEATHS:
            return None
        pause: float = FIRST_PAUSE_S * 2 ** (len(self._deaths) - 1)
        return pause
