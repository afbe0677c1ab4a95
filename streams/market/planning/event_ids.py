"""
PURE. The names of the board's own events, made of what they say.

A board that is killed and started again says the same under the same name, and an
event counts once: so nothing is ever announced twice.
"""

from hashlib import blake2b
from typing import Final

MAX_ID: Final = 64
"""Characters of an identifier; see schemas/values.py."""

_DIGITS: Final = 16
"""Of the digest that stands for what is too long: 64 bits, so that two of a million
names are the same once in forty million such sets."""


def event_id(*parts: str | int) -> str:
    """Return the name: its parts joined by dots, cut with a digest if too long."""
    text = ".".join(map(str, parts))
    if len(text) <= MAX_ID:
        return text
    # The parts one by one: "a.b" and "c" are not "a" and "b.c".
    digest = blake2b("\0".join(map(str, parts)).encode(), digest_size=_DIGITS // 2)
    return f"{text[: MAX_ID - _DIGITS - 1]}~{digest.hexdigest()}"
