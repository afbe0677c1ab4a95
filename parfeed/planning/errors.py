"""
What can be wrong with what people hand in for planning, one small tree.

::

    ParfeedError (schemas.errors)
    ├── UnfitCell       a text is not the value that it should be
    ├── UnfitTable      lines of a file are unfit: each named by its number
    ├── NotShown        the feed did not show in time what became of an event
    └── NothingToAudit  the period was never planned

Each text says what to do; the command line prints it as it is.
"""

from collections.abc import Sequence
from typing import Final

from schemas.errors import ParfeedError

FAULTS_SHOWN: Final = 20
"""Of a file. Who has more of them has one of them many times."""


class UnfitCell(ParfeedError, ValueError):
    """A text that is no such value; says what it must be and what it was."""


class UnfitTable(ParfeedError):
    """
    A file of which some lines are unfit, so that nothing of it was handed in.

    Attributes:
        faults: what is wrong, in the order of the lines.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        shown = [*self.faults[:FAULTS_SHOWN]]
        if len(self.faults) > FAULTS_SHOWN:
            shown.append(f"... and {len(self.faults) - FAULTS_SHOWN} more")
        return "\n".join(["nothing was sent; mend the file and send it again", *shown])


class NotShown(ParfeedError):
    """
    The feed did not show in time what became of an event that it took.

    Attributes:
        what: that was waited for.
        waited_s: for how long.
    """

    def __init__(self, what: str, waited_s: float) -> None:
        self.what = what
        self.waited_s = waited_s
        super().__init__(what, waited_s)

    def __str__(self) -> str:
        return (
            f"it lies in Kafka, but {self.what} within {self.waited_s:g} s; see "
            "whether the board and the workers run, or wait longer with --timeout"
        )


class NothingToAudit(ParfeedError):
    """A period without announced prices; says where to look."""
