"""
PURE. The states of a period's planning, and what moves it from one to the next.

What is not in the table is an error and changes nothing. Words: docs/economics.md.
"""

from enum import Enum
from typing import Final


class State(Enum):
    """Where planning stands."""

    LISTED = "products are listed; planning has not begun"
    ANSWERING = "prices are announced; answers arrive"
    SUMMING = "the round is over; the fold catches up with what was said in it"
    WAITING = "a person decides how it goes on"
    CLOSING = "the gate's closing is announced; what comes before it still counts"
    CLOSED = "the planned prices stand"


class Happening(Enum):
    """What moves planning on."""

    OPENED = "a person opened the period"
    ROUND_OVER = "all have answered, or the deadline passed, or a person ended it"
    REBID = "the next round's prices are announced"
    PERSON_NEEDED = "the board may not decide by itself"
    GATE = "the gate's closing is announced"
    PLANNED = "the gate is closed, and what was said before it is folded"


TRANSITIONS: Final[dict[State, dict[Happening, State]]] = {
    State.LISTED: {Happening.OPENED: State.ANSWERING},
    State.ANSWERING: {
        Happening.ROUND_OVER: State.SUMMING,
        Happening.GATE: State.CLOSING,
    },
    State.SUMMING: {
        Happening.REBID: State.ANSWERING,
        Happening.PERSON_NEEDED: State.WAITING,
        Happening.GATE: State.CLOSING,
    },
    State.WAITING: {
        Happening.ROUND_OVER: State.SUMMING,
        Happening.GATE: State.CLOSING,
    },
    State.CLOSING: {Happening.PLANNED: State.CLOSED},
    State.CLOSED: {},
}

OPEN: Final = frozenset({State.ANSWERING, State.SUMMING, State.WAITING, State.CLOSING})
"""Begun, and not at its end."""

ROUND_RUNS: Final = frozenset({State.ANSWERING, State.SUMMING, State.WAITING})
"""What is said of a round's prices counts."""


def moved(state: State, happening: Happening) -> State:
    """
    Return the state that follows.

    Raises:
        AssertionError: if that cannot happen in this state; whoever asks decides
            first whether it may.
    """
    following = TRANSITIONS[state].get(happening)
    if following is None:
        raise AssertionError(
            f"{happening.name} cannot happen while {state.value} ({state.name})"
        )
    return following
