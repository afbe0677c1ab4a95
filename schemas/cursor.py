"""
PURE. A cursor: up to where of the market's log a subscriber is complete.

On the wire a cursor is an opaque text; two cursors are the same place exactly when
their texts are equal. Inside it is the log's epoch (a new one whenever the log starts
anew) and, by partition, the offset of the next record to come: the partitions of
`market` first, then those of `accounts`.
"""

import re
from typing import Self

import msgspec

from schemas.errors import InvalidValue

# No leading zeros: one place has one text.
_OFFSET = "(?:0|[1-9][0-9]{0,17})"
_TEXT = re.compile(rf"([0-9a-f]{{1,32}}):({_OFFSET}(?:\.{_OFFSET}){{0,2047}})")


class Cursor(msgspec.Struct, frozen=True):
    """
    Attributes:
        epoch: the log's identity, lower-case hexadecimal.
        offsets: the next offset of every partition, partition 0 first.
    """

    epoch: str
    offsets: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.epoch}:{'.'.join(map(str, self.offsets))}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a cursor back from its text.

        Raises:
            InvalidValue: if no server can have made it.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise InvalidValue("a cursor that a server sent", text)
        return cls(match[1], tuple(map(int, match[2].split("."))))

    def covers(self, other: "Cursor") -> bool:
        """Tell whether everything before `other` is before this cursor too."""
        return (
            self.epoch == other.epoch
            and len(self.offsets) == len(other.offsets)
            and all(
                mine >= theirs
                for mine, theirs in zip(self.offsets, other.offsets, strict=True)
            )
        )
