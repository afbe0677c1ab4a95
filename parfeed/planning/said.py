"""PURE. What all events that a command makes have in common: their time and ids."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

_MICROSECOND = 1_000_000


class Said(NamedTuple):
    """
    When something was said, and what names the events that say it.

    Attributes:
        at: the time, with its offset.
        new_id: makes an id that no other event has.
    """

    at: datetime
    new_id: Callable[[], str]

    @property
    def revision(self) -> int:
        """
        The revision of what is said now: microseconds since 1970.

        A party's own revision is not public, so one more than it cannot be had; what
        is said later is greater all the same.
        """
        whole = int(self.at.timestamp())
        return whole * _MICROSECOND + self.at.microsecond
