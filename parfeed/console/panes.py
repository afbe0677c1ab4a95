"""
The console's own widgets: lines drawn by a function, and a form with its field.

What the lines say is worked out elsewhere and purely; here they become cells.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from parfeed.console.drawing import Line
from parfeed.console.forms import Form, Stage
from parfeed.console.what_if import joined


class Pane(Widget):
    """
    Lines that a function draws whenever the pane is refreshed.

    Args:
        draw: gives the lines for a width and a height.
        name: of the pane, in style sheets.
    """

    def __init__(self, draw: Callable[[int, int], list[Line]], name: str) -> None:
        super().__init__(id=name)
        self._draw = draw
        self._lines: list[Line] | None = None
        self._drawn_for = (0, 0)

    def redraw(self) -> None:
        """Draw the lines anew, and send those that differ: SSH may be slow."""
        width, height = self.size
        before, self._lines = self._lines, self._draw(width, height)
        if before is None or self._drawn_for != (width, height):
            self._drawn_for = (width, height)
            self.refresh()
            return
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip_longest(before, self._lines))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Return a line as cells."""
        width, height = self.size
        if self._lines is None or self._drawn_for != (width, height):
            self._lines = self._draw(width, height)
            self._drawn_for = (width, height)
        base = self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        segments = [
            Segment(text, base + _style(style) if style else base)
            for text, style in self._lines[y]
        ]
        return Strip(segments).adjust_cell_length(width, base)


class Field(Input):
    """
    A field whose keys take effect in the order in which they are typed.

    Textual handles a letter at once and a key such as Backspace after it has bubbled
    up to the app: of two that arrive together the second would come first.
    """

    async def on_key(self, event: events.Key) -> None:
        """Handle at once what would else be late."""
        match event.key:
            case "backspace":
                self.action_delete_left()
            case "delete":
                self.action_delete_right()
            case "enter":
                await self.action_submit()
            case _:
                return
        event.stop()
        event.prevent_default()


class FormPane(Vertical):
    """
    The form at the bottom: a title, a field, and what the typed would do.

    Attributes:
        form: that is open; None if none is.
    """

    def __init__(self) -> None:
        super().__init__(id="form")
        self.form: Form | None = None

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Pane(self._title, "form-title")
        yield Field(compact=True, id="form-field")
        yield Pane(self._effect, "form-effect")

    @property
    def field(self) -> Field:
        """The field that is typed into."""
        return self.query_one("#form-field", Field)

    def open(self, form: Form) -> None:
        """Show a form and let it be typed into."""
        self.form = form
        self.display = True
        self.field.value = form.text
        self.field.cursor_position = len(form.text)
        self.field.focus()
        self.redraw()

    def close(self) -> None:
        """Show no form."""
        self.form = None
        self.display = False
        self.screen.set_focus(None)

    def redraw(self) -> None:
        """Draw what the form says now."""
        for pane in self.query(Pane):
            pane.redraw()

    def _title(self, width: int, height: int) -> list[Line]:
        form = self.form
        if form is None:
            return []
        keys = {
            Stage.TYPING: "Enter goes on, Esc closes",
            Stage.ASKING: "Enter says YES, Esc goes back",
        }.get(form.stage, "")
        return [[(f" {form.asked.title} ", "reverse bold"), (f" {keys}", "")]]

    def _effect(self, width: int, height: int) -> list[Line]:
        form = self.form
        if form is None:
            return []
        lines = joined(form.lines(), width - 1, height)
        asking = form.stage is Stage.ASKING or bool(form.fault)
        return [
            [(" ", ""), (line[: width - 1], "bold" if asking and not at else "")]
            for at, line in enumerate(lines)
        ]


@lru_cache(maxsize=256)
def _style(definition: str) -> Style:
    return Style.parse(definition)
