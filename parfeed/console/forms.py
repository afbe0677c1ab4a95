"""
PURE. The forms at the bottom of the console: typed, shown what it would do, confirmed.

A form that says something to the market is asked twice; whatever is typed between the
two is a new question. One that only changes the console is asked once.
"""

import enum
from collections.abc import Callable
from typing import Final

import msgspec

from parfeed.console.errors import Unfit


class Stage(enum.Enum):
    """Where a form stands."""

    TYPING = "typing"
    ASKING = "asking"
    """It waits for a yes."""
    SAID = "said"
    CLOSED = "closed"


class Move(enum.Enum):
    """What a user does with a form."""

    TYPE = "type"
    ENTER = "enter"
    ESCAPE = "escape"


TRANSITIONS: Final[dict[Stage, dict[Move, Stage]]] = {
    Stage.TYPING: {
        Move.TYPE: Stage.TYPING,
        Move.ENTER: Stage.ASKING,
        Move.ESCAPE: Stage.CLOSED,
    },
    Stage.ASKING: {
        Move.TYPE: Stage.TYPING,
        Move.ENTER: Stage.SAID,
        Move.ESCAPE: Stage.TYPING,
    },
    Stage.SAID: {},
    Stage.CLOSED: {},
}
"""What is not here changes nothing."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a form is about.

    Attributes:
        title: what is asked for.
        begin: what stands in it at first.
        effect: what that which is typed would do, in lines; called again and again.
        question: the question before it is said; None if it is not asked.
        check: raises Unfit if what is typed does not fit.
        say: says it, once.
    """

    title: str
    begin: str = ""
    effect: Callable[[str], list[str]]
    question: Callable[[str], str] | None = None
    check: Callable[[str], object]
    say: Callable[[str], None]


class Form:
    """
    A form that is open.

    Attributes:
        asked: what it is about.
        text: what is typed.
        stage: where it stands.
        fault: why what was entered does not fit; empty if it does.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.text = asked.begin
        self.stage = Stage.TYPING
        self.fault = ""

    @property
    def is_open(self) -> bool:
        """Whether it is to be seen."""
        return self.stage in (Stage.TYPING, Stage.ASKING)

    def type(self, text: str) -> None:
        """Take what stands in the field now."""
        if text == self.text or not self._moves(Move.TYPE):
            return
        self.text = text
        self.fault = ""

    def enter(self) -> None:
        """Go on: to the question, and from there to saying it."""
        if not self.is_open:
            return
        try:
            self.asked.check(self.text)
        except Unfit as exc:
            self.fault = str(exc)
            return
        self.fault = ""
        self._moves(Move.ENTER)
        if self.asked.question is None:
            self._moves(Move.ENTER)
        if self.stage is Stage.SAID:
            self.asked.say(self.text)

    def escape(self) -> None:
        """Go back: from the question to the field, from there away."""
        self._moves(Move.ESCAPE)

    def lines(self) -> list[str]:
        """Return what stands below the field."""
        if self.fault:
            return [self.fault]
        if self.stage is Stage.ASKING and self.asked.question is not None:
            return [self.asked.question(self.text), *self.asked.effect(self.text)]
        return self.asked.effect(self.text)

    def _moves(self, move: Move) -> bool:
        to = TRANSITIONS[self.stage].get(move)
        if to is None:
            return False
        self.stage = to
        return True
