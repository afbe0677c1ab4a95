"""PURE. How long to wait before the next attempt: exponential, with full jitter."""

from collections.abc import Callable

import msgspec


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        first_s: the longest wait before the first repetition.
        cap_s: the longest wait of all.
    """

    first_s: float
    cap_s: float

    def delay_s(self, failures: int, random: Callable[[], float]) -> float:
        """
        Return how long to wait after so many failures in a row.

        The jitter is full (0 to the limit), so that clients that lost the same server
        come back spread out.

        Args:
            failures: 1 after the first one; 0 waits not at all.
            random: gives numbers from 0 to 1.
        """
        if failures <= 0:
            return 0.0
        # An exponent beyond 32 reaches any cap and would overflow a float in the end.
        doubled = self.first_s * 2.0 ** min(failures - 1, 32)
        return random() * min(self.cap_s, doubled)
