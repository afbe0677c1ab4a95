"""PURE. The states of a client's session, and what may come in each of them."""

import enum
from typing import Final

from schemas.feed import (
    Ack,
    Closing,
    Error,
    Heartbeat,
    Quoted,
    Resync,
    ServerMessage,
    Snapshot,
    Update,
    Verdict,
    Welcome,
)


class State(enum.Enum):
    """Where a session stands."""

    DISCONNECTED = "disconnected"
    GREETING = "greeting"
    """`hello` is said, `welcome` has not come."""
    OPEN = "open"
    CLOSING = "closing"
    """The server said `closing`; nothing more is sent."""
    ENDED = "ended"
    """It is not to come back."""


TRANSITIONS: Final[dict[State, dict[type[ServerMessage], State]]] = {
    State.DISCONNECTED: {},
    State.GREETING: {
        Welcome: State.OPEN,
        Error: State.GREETING,
        Closing: State.CLOSING,
    },
    State.OPEN: {
        Snapshot: State.OPEN,
        Update: State.OPEN,
        Heartbeat: State.OPEN,
        Resync: State.OPEN,
        Ack: State.OPEN,
        Verdict: State.OPEN,
        Quoted: State.OPEN,
        Error: State.OPEN,
        Closing: State.CLOSING,
    },
    State.CLOSING: {},
    State.ENDED: {},
}
"""What may come from the server, and where it leads. All else ends the connection."""
