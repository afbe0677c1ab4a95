"""
PURE. Quotes that were asked for and are not answered.

A quote changes nothing, so one that a connection took along is asked again on the next.
"""

import msgspec

from schemas.codec import encode
from schemas.feed import Quote


class Questions:
    """All quotes of one client that are open."""

    def __init__(self) -> None:
        self._numbers = 0
        self._open: dict[str, bytes] = {}
        self._unsent: dict[str, None] = {}

    def ask(self, quote: Quote) -> str:
        """
        Take a question.

        Args:
            quote: its `id` is replaced by the one returned.
        """
        self._numbers += 1
        question_id = f"q{self._numbers}"
        self._open[question_id] = encode(msgspec.structs.replace(quote, id=question_id))
        self._unsent[question_id] = None
        return question_id

    def messages(self) -> list[bytes]:
        """Take what must be said now."""
        messages = [self._open[question_id] for question_id in self._unsent]
        self._unsent.clear()
        return messages

    def close(self, question_id: str | None) -> bool:
        """Note that a question is answered or dropped; tell whether it was open."""
        self._unsent.pop(question_id or "", None)
        return self._open.pop(question_id or "", None) is not None

    def lost(self) -> None:
        """Note that the connection went: what is open is asked again."""
        self._unsent = dict.fromkeys(self._open)
