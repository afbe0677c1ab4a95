"""
PURE. Bytes in pieces to numbered lines, one event each, with bounded memory.

A line ends with a newline, with or without a carriage return; the last may lack it.
Empty lines count as lines and are passed over. Of a line longer than any event may be,
only the size is kept.
"""

from typing import Final

import msgspec

from schemas.codec import MAX_EVENT_BYTES

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# Some editors put it in front of UTF-8; it is no JSON.


class EventLine(msgspec.Struct, frozen=True):
    """
    Attributes:
        number: from 1.
        text: without the newline; empty if the line is too long.
        size: bytes of the whole line.
        is_cut: whether the newline is missing: the file may have been cut there.
    """

    number: int
    text: bytes
    size: int
    is_cut: bool = False

    @property
    def is_too_long(self) -> bool:
        """Whether the line is longer than an event may be."""
        return self.size > MAX_EVENT_BYTES


class LineSplitter:
    """Splits what it is fed into lines; `close` gives the last one."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._begun_bytes = 0
        self._number = 0

    def feed(self, piece: bytes) -> list[EventLine]:
        """Return the lines that end in this piece, without the empty ones."""
        first, *others = piece.split(b"\n")
        self._add(first)
        lines: list[EventLine] = []
        for text in others:
            self._finish(lines, is_cut=False)
            self._add(text)
        return lines

    def close(self) -> list[EventLine]:
        """Return the last line, if it lacked its newline."""
        lines: list[EventLine] = []
        if self._begun_bytes:
            self._finish(lines, is_cut=True)
        return lines

    def _add(self, text: bytes) -> None:
        self._begun_bytes += len(text)
        if text and self._begun_bytes <= MAX_EVENT_BYTES + len(_BYTE_ORDER_MARK):
            self._begun.append(text)

    def _finish(self, lines: list[EventLine], *, is_cut: bool) -> None:
        self._number += 1
        text, size = b"".join(self._begun), self._begun_bytes
        self._begun, self._begun_bytes = [], 0
        if self._number == 1 and text.startswith(_BYTE_ORDER_MARK):
            text, size = text[len(_BYTE_ORDER_MARK) :], size - len(_BYTE_ORDER_MARK)
        if size > MAX_EVENT_BYTES:
            lines.append(EventLine(self._number, b"", size, is_cut))
        elif text.strip():
            lines.append(EventLine(self._number, text, size, is_cut))
