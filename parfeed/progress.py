"""
How long work tells what it is doing: one struct and the type of who listens.

Whatever may take more than two seconds reports `Step`s; what becomes of them (a bar,
a line, nothing) is the listener's matter. A listener returns at once.
"""

from collections.abc import Callable

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        what: what is being done, as a person reads it: "Fetching Kafka".
        done: how much of it is done, in `unit`.
        total: how much there is; None where nobody knows.
        unit: what is counted, "bytes" for example.
    """

    what: str
    done: int = 0
    total: int | None = None
    unit: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Listen to nothing."""
