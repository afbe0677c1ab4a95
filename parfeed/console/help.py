"""The screen that shows all keys."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from parfeed.console.keys import Key, help_lines


class HelpScreen(Screen[None]):
    """
    All keys of a view.

    Args:
        keys: that the view has.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter,space", "back", show=False)
    ]

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._about = keys

    def compose(self) -> ComposeResult:
        """Make the list."""
        lines = help_lines(self._about, self.app.size.width)
        text = "\n".join(f" {shown:<10} {about}" for shown, about in lines)
        with VerticalScroll():
            yield Static(f" Keys: Esc goes back, ↓ scrolls\n\n{text}", markup=False)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()
