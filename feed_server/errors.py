"""
The errors of the feed server, one small tree.

::

    ParfeedError
    ├── MessageRefused   a client's message: answered with `error`, changes nothing
    ├── Overloaded       events that there is no room for: answered with `error`
    └── SourceLost       Kafka or its log went away: sessions get 4004, the process
                         ends and starts anew
"""

from schemas.errors import ParfeedError
from schemas.feed import ERRORS

MAX_MESSAGE = 400
"""Characters of an error's message: it may quote what was sent."""


class MessageRefused(ParfeedError):
    """A client's message that is not taken; `code` is a key of ERRORS."""

    def __init__(self, code: str, message: str = "", id: str | None = None) -> None:  # noqa: A002 - the wire's word
        if code not in ERRORS:
            raise AssertionError(f"error code {code!r} is not in the table")
        self.code = code
        message = message or ERRORS[code].meaning
        if len(message) > MAX_MESSAGE:
            message = f"{message[: MAX_MESSAGE - 3]}..."
        self.message = message
        self.id = id
        super().__init__(code, self.message, id)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Overloaded(ParfeedError):
    """Too many events wait for Kafka, or for their verdict, already."""

    def __init__(self, waiting: int, offered: int, limit: int) -> None:
        self.waiting = waiting
        self.offered = offered
        self.limit = limit
        super().__init__(waiting, offered, limit)

    def __str__(self) -> str:
        return (
            f"{self.waiting} events wait for Kafka's confirmation or a verdict, and "
            f"{self.offered} more would exceed the {self.limit} that may "
            "(PARFEED_PUBLISH_WAITING); send these again later"
        )


class SourceLost(ParfeedError):
    """The market's log is gone, cut, another one, or silent for too long."""
