"""
PURE. When a replayed event is due: its own time, run faster, pauses shortened.

At speed 60 an hour of the events takes a minute. A pause in which nothing happens (a
night, a Sunday) is cut to `LONGEST_PAUSE_S` on the wall clock, so that nobody waits in
front of a table that stands still. At `max` nothing waits.
"""

from datetime import datetime
from typing import Final

from schemas.errors import ParfeedError

LONGEST_PAUSE_S: Final = 2.0
"""On the wall clock. Long enough to be seen as a pause, too short to look broken."""

FASTEST: Final = 1_000_000.0
"""A year in 32 seconds; what is faster is `max`."""


class InvalidSpeed(ParfeedError, ValueError):
    """A speed that is none: name another."""


def parse_speed(text: str) -> float | None:
    """
    Read a speed: `max` (None), or how many times as fast as the events' own time.

    Raises:
        InvalidSpeed: if it is neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    # A comparison with NaN is false, so it is refused too.
    if not 1 <= speed <= FASTEST:
        raise InvalidSpeed(
            f"--speed must be `max` or a number from 1 to {FASTEST:,.0f} (how many "
            f"times as fast as it happened), was {text!r}"
        )
    return speed


class Pacer:
    """
    The schedule of one replay.

    Args:
        speed: how many times as fast as the events' own time; None for `max`.
    """

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._last: datetime | None = None
        self._due_s = 0.0

    def due_s(self, occurred_at: datetime) -> float:
        """
        Return when an event is due, in seconds from the replay's start.

        Call it once per event, in their order; one that lies before its predecessor
        is due with it.
        """
        if self._speed is None:
            return 0.0
        if self._last is None or occurred_at > self._last:
            if self._last is not None:
                gap_s = (occurred_at - self._last).total_seconds() / self._speed
                self._due_s += min(gap_s, LONGEST_PAUSE_S)
            self._last = occurred_at
        return self._due_s
