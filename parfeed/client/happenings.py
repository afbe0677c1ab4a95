"""
PURE. What a message from the server made happen.

A session tells its caller with these; rows are read from the subscription itself.
"""

import msgspec

from parfeed.client.submission import Submission
from schemas.feed import Quoted


class Arrived(msgspec.Struct, frozen=True):
    """Rows wait in the subscription's inbox."""

    id: str


class Proved(msgspec.Struct, frozen=True):
    """A heartbeat came; `watermark` and cursors are newer."""


class Mismatched(msgspec.Struct, frozen=True):
    """A subscription's rows are not the feed's; it is asked for anew."""

    id: str
    checksum: int
    expected: int
    cursor: str


class Missed(msgspec.Struct, frozen=True):
    """An update does not follow on the cursor; what is missing is asked for."""

    id: str
    cursor: str | None
    from_: str


class Voided(msgspec.Struct, frozen=True):
    """The server voids a subscription's rows; a snapshot follows."""

    id: str
    reason: str


class Declined(msgspec.Struct, frozen=True):
    """A subscription is refused for good."""

    id: str
    code: str
    detail: str


class Answered(msgspec.Struct, frozen=True):
    """Every event of a submission has its result, and its outcome if it asked."""

    submission: Submission


class QuoteAnswered(msgspec.Struct, frozen=True):
    """What was asked for costs so much."""

    quoted: Quoted


class QuoteDeclined(msgspec.Struct, frozen=True):
    """A question is refused."""

    id: str
    code: str
    detail: str


class Complained(msgspec.Struct, frozen=True):
    """The server refused a message that belongs to nothing that waits."""

    code: str
    detail: str


Happening = (
    Arrived
    | Proved
    | Mismatched
    | Missed
    | Voided
    | Declined
    | Answered
    | QuoteAnswered
    | QuoteDeclined
    | Complained
)
