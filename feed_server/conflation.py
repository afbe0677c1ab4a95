"""
PURE. What a group of subscribers has not been sent yet.

A conflated group needs the newest version of each row, so what waits is bounded by the
rows; a stream needs every version in order, so it is sent at every tick and what waits
is bounded by what one tick brings. How many versions there ever were is counted, and a
subscriber remembers how many it has seen: the difference, less the rows that it gets,
is what was merged. A subscriber that was passed over costs nothing more than that
number: its cursor says what to look up in the view.
"""

from feed_server.view import RowVersion


class Pending:
    """
    Versions of rows since the group was last sent.

    Attributes:
        versions: how many were ever added.
    """

    __slots__ = ("_every", "_newest", "_sent", "versions")

    def __init__(self, *, keeps_every: bool) -> None:
        self._every: list[RowVersion] | None = [] if keeps_every else None
        self._newest: dict[bytes, RowVersion] = {}
        self._sent = 0
        self.versions = 0

    def __len__(self) -> int:
        """Return how many rows wait."""
        return len(self._newest) if self._every is None else len(self._every)

    def add(self, version: RowVersion) -> None:
        """Put in a row's new version."""
        self.versions += 1
        if self._every is None:
            # Taken out first, so that the order is that of the last change.
            self._newest.pop(version.key, None)
            self._newest[version.key] = version
        else:
            self._every.append(version)

    def since(self, seen: int) -> list[RowVersion] | None:
        """
        Return what a subscriber lacks that has seen so many versions.

        Returns:
            The rows in the order of their change, or None if the subscriber is further
            behind than what waits here: then look it up in the view.
        """
        if self._every is not None:
            return self._every[seen - self._sent :] if seen >= self._sent else None
        return list(self._newest.values()) if seen == self._sent else None

    def clear(self) -> None:
        """Forget what waits: all who could take it have it."""
        if self._every is None:
            self._newest.clear()
        else:
            self._every.clear()
        self._sent = self.versions
