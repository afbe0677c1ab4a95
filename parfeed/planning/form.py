"""
PURE. A form on a terminal: fields that are typed one by one, each checked when left.

The form knows keys and texts, no terminal: `key` takes what was pressed, the rest says
what is to be seen. Nothing is given away before every field fits.
"""

import codecs
import re
from collections.abc import Callable, Sequence
from typing import Final

from parfeed.planning.errors import UnfitCell
from schemas.values import is_printable

MAX_TYPED: Final = 200
"""Characters of a field; names have 64, numbers 20."""

ENTER: Final = "enter"
BACK: Final = "back"
CLEAR: Final = "clear"
UP: Final = "up"
DOWN: Final = "down"
CANCEL: Final = "cancel"

_KEYS: Final = {
    "\r": ENTER,
    "\n": ENTER,
    "\t": DOWN,
    "\x7f": BACK,
    "\x08": BACK,
    "\x15": CLEAR,
    "\x04": CANCEL,
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[Z": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
}
# An escape sequence that means nothing here is passed over as a whole, so that its
# letters are not taken for typing.
_PRESSED: Final = re.compile(
    "\x1b(?:\\[[0-9;?]*[ -/]*[@-~]|O.)|\x1b(?=[^\\[O])|[^\x1b]", re.DOTALL
)
_BEGUN: Final = re.compile("\x1b(?:\\[[0-9;?]*[ -/]*|O)?\\Z")


class Keys:
    """Turns a terminal's bytes into keys; what is cut off waits for its rest."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self._begun = ""

    def feed(self, raw: bytes) -> list[str]:
        """Return the keys that were pressed: names of keys, or single characters."""
        text = self._begun + self._decode(raw)
        begun = _BEGUN.search(text)
        self._begun = "" if begun is None else text[begun.start() :]
        if begun is not None:
            text = text[: begun.start()]
        keys = []
        for found in _PRESSED.finditer(text):
            pressed = found[0]
            if (name := _KEYS.get(pressed)) is not None:
                keys.append(name)
            elif len(pressed) == 1 and is_printable(pressed):
                keys.append(pressed)
        return keys


class Field:
    """
    A field.

    Args:
        name: of its option.
        prompt: for people.
        kind: makes the value, or raises UnfitCell.
        text: what it begins with.

    Attributes:
        fault: what is wrong with the text; empty while it fits or is being typed.
    """

    def __init__(
        self, name: str, prompt: str, kind: Callable[[str], object], text: str = ""
    ) -> None:
        self.name = name
        self.prompt = prompt
        self.text = text
        self.fault = ""
        self._kind = kind

    def check(self) -> bool:
        """Tell whether the text fits, and note the fault if it does not."""
        try:
            self._kind(self.text.strip())
        except UnfitCell as exc:
            self.fault = f"{exc}" if self.text.strip() else "must be filled in"
            return False
        self.fault = ""
        return True


class Form:
    """
    Fields, one of which is being typed.

    Args:
        fields: at least one, in their order.

    Attributes:
        at: the number of the field that is being typed.
        is_done: whether all fields fit and the last was entered.
        is_cancelled: whether who types gave up.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.at = next((n for n, f in enumerate(self.fields) if not f.text), 0)
        self.is_done = False
        self.is_cancelled = False

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the fields' names."""
        return {field.name: field.text.strip() for field in self.fields}

    def press(self, key: str) -> None:
        """Take a key; a form that is done or cancelled takes none."""
        if self.is_done or self.is_cancelled:
            return
        field = self.fields[self.at]
        if key == ENTER:
            self._enter(field)
        elif key == UP:
            self.at = max(0, self.at - 1)
        elif key == DOWN:
            if field.check():
                self.at = min(len(self.fields) - 1, self.at + 1)
        elif key == BACK:
            field.text, field.fault = field.text[:-1], ""
        elif key == CLEAR:
            field.text, field.fault = "", ""
        elif key == CANCEL:
            self.is_cancelled = True
        elif len(field.text) < MAX_TYPED:
            field.text, field.fault = field.text + key, ""

    def _enter(self, field: Field) -> None:
        if not field.check():
            return
        if self.at < len(self.fields) - 1:
            self.at += 1
            return
        unfit = [n for n, each in enumerate(self.fields) if not each.check()]
        if unfit:
            self.at = unfit[0]
        else:
            self.is_done = True
