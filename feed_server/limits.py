"""PURE. How much of something a session may do: a bucket of tokens that refills."""


class TokenBucket:
    """
    Tokens that refill evenly.

    Args:
        capacity: how many there are at first, and at most.
        per_s: how many come back in a second.
        now: the clock's seconds.
    """

    __slots__ = ("_at", "_capacity", "_left", "_per_s")

    def __init__(self, capacity: float, per_s: float, now: float) -> None:
        self._capacity = capacity
        self._per_s = per_s
        self._left = capacity
        self._at = now

    def take(self, count: int, now: float) -> bool:
        """Take tokens, all or none, and tell whether there were enough."""
        self._left = min(
            self._capacity, self._left + max(0.0, now - self._at) * self._per_s
        )
        self._at = now
        if count > self._left:
            return False
        self._left -= count
        return True
