"""
The console on a terminal: Textual's side of the desk.

A timer draws frames; rows that come between two of them are merged in the desk. A key
is answered at once. What the app owns and ends: the feed's task, and the events under
way.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from parfeed.console.asking import (
    ask_bid,
    ask_price,
    ask_quote,
    ask_search,
    ask_thresholds,
    bid_said,
    company_of,
    price_said,
)
from parfeed.console.desk import Desk
from parfeed.console.drawing import Line
from parfeed.console.errors import Unfit
from parfeed.console.following import Following
from parfeed.console.forms import Asked, Form
from parfeed.console.help import HelpScreen
from parfeed.console.keys import KEYS, bottom_line, keys_of
from parfeed.console.panes import FormPane, Pane
from parfeed.console.periods import neighbour
from parfeed.console.products import Product
from parfeed.console.saying import Saying
from parfeed.console.wishes import bid_event, price_event, price_time
from parfeed.planning.said import Said
from schemas.values import Price, Quantity
from streams.market.periods import PeriodLength

FRAMES_PER_S: Final = 4.0
"""So that silence is seen to grow; what is pressed does not wait for a frame."""

THEMES: Final = ("ansi-dark", "textual-light", "textual-dark")
"""The terminal's own colours, then ours on light and on dark."""

_FIRST: Final = frozenset({"tab", "shift+tab", "ctrl+c"})
# Keys that Textual's screens would take for themselves.


_ACTIONS: Final = frozenset(key.action.partition("(")[0] for key in KEYS)


class ConsoleApp(App[None]):
    """
    A console that is open.

    Args:
        desk: what is shown.
        follow: makes the feed's side; called when the loop runs.
        length: of periods.
        said: makes the time and ids of what is said.
        theme: one of `THEMES`.
        has_colours: False where the user wants none (NO_COLOR).
    """

    TITLE = "parfeed console"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = None  # keys are the table's until a form is open
    CSS = """
    #head { height: 3; }
    #table { height: 1fr; }
    #details { height: 9; display: none; }
    #form { height: 6; display: none; }
    #form-title { height: 1; }
    #form-field { height: 1; width: 40; margin: 0 1; }
    #form-effect { height: 4; }
    #message { height: 1; }
    #keys { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            one,
            key.action,
            key.about,
            show=False,
            priority=one in _FIRST,
        )
        for key in KEYS
        for one in key.keys.split(",")
    ]

    def __init__(
        self,
        desk: Desk,
        follow: Callable[[], Following],
        *,
        length: PeriodLength,
        said: Callable[[], Said],
        theme: str = THEMES[0],
        has_colours: bool = True,
    ) -> None:
        # Without colours Textual would make greys of a theme's, and black on black of
        # the terminal's own; so it is told that the terminal has its own, and sends
        # none.
        super().__init__(ansi_color=None if has_colours else True)
        self.desk = desk
        self.theme = theme
        self._follow = follow
        self._length: PeriodLength = length
        self._said = said
        self._feed_task: asyncio.Task[None] | None = None
        self._following: Following | None = None
        self._saying = Saying(lambda: self.following.feed, self.tell)
        self._keys = keys_of(desk.view)
        self._actions = {key.action.partition("(")[0] for key in self._keys}

    @property
    def following(self) -> Following:
        """The feed's side; there is one as soon as the app runs."""
        if self._following is None:
            raise AssertionError("the app does not run yet")
        return self._following

    # Beginning and ending.

    def compose(self) -> ComposeResult:
        """Make the parts of the screen, from the top down."""
        yield Pane(self._draw_head, "head")
        yield Pane(lambda width, height: self.desk.lines(width, height), "table")
        yield Pane(self._draw_details, "details")
        yield FormPane()
        yield Pane(self._draw_message, "message")
        yield Pane(self._draw_keys, "keys")

    def on_mount(self) -> None:
        """Begin to follow the feed, and to draw."""
        self._following = self._follow()
        self._feed_task = asyncio.create_task(self._following.run(), name="feed")
        self._feed_task.add_done_callback(self._feed_ended)
        self.set_interval(1 / FRAMES_PER_S, self.draw_frame)

    async def on_unmount(self) -> None:
        """End what this app has begun."""
        await self._saying.close()
        if self._feed_task is not None:
            self._feed_task.cancel()
            await asyncio.gather(self._feed_task, return_exceptions=True)

    def _feed_ended(self, task: "asyncio.Task[None]") -> None:
        # It ends by itself only when the feed said not to come back, which the first
        # line tells; anything else is our fault and ends the console.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._handle_exception(
                error if isinstance(error, Exception) else RuntimeError(str(error))
            )

    # Drawing.

    def draw_frame(self) -> None:
        """Show what is newest."""
        self.following.turn()
        if self.desk.alerts.raised() and self.desk.has_bell:
            self.bell()
        self.desk.arrange(time.monotonic())
        self.redraw()

    def redraw(self, *, anew: bool = False) -> None:
        """
        Draw all parts with the next frame.

        Args:
            anew: whether rows are to be put in order first.
        """
        if anew:
            self.desk.arrange(time.monotonic(), anew=True)
        for pane in self.query(Pane):
            if pane.display:
                pane.redraw()

    def tell(self, message: str) -> None:
        """Show the user a word."""
        self.desk.message = message
        self.redraw()

    def _draw_head(self, width: int, height: int) -> list[Line]:
        return self.desk.header(self.following.link(), width)

    def _draw_details(self, width: int, height: int) -> list[Line]:
        lines = self.desk.details(width, datetime.now(UTC))
        return [[(line, "bold" if not at else "")] for at, line in enumerate(lines)]

    def _draw_message(self, width: int, height: int) -> list[Line]:
        under_way = self._saying.under_way
        waits = f"  ({under_way} under way)" if under_way else ""
        return [[(f"{self.desk.message}{waits}"[:width], "bold")]]

    def _draw_keys(self, width: int, height: int) -> list[Line]:
        line: Line = []
        for at, (key, word) in enumerate(bottom_line(self._keys, width)):
            line += [("  " if at else "", ""), (key, "bold"), (f" {word}", "")]
        return [line]

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether a key does something now."""
        if action not in _ACTIONS:
            return True
        if action not in self._actions:
            return False
        if len(self.screen_stack) > 1:
            return action == "quit"
        return self.form_pane.form is None or action in {"leave", "quit"}

    @property
    def form_pane(self) -> FormPane:
        """The form at the bottom."""
        return self.screen_stack[0].query_one(FormPane)

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpScreen(self._keys))

    def action_search(self) -> None:
        """Search while it is typed."""
        self._open(lambda: ask_search(self.desk, lambda: self.redraw(anew=True)))

    def action_filter(self) -> None:
        """Put the next filter to work."""
        self.desk.table.sheet.filter_next()
        self.redraw(anew=True)

    def action_alerts(self) -> None:
        """Show only what has an alert; again for all."""
        table = self.desk.table
        table.sheet.filter_by(table.alert_filter)
        self.redraw(anew=True)

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self.desk.sort_next(by, self.size.width)
        self.redraw(anew=True)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.desk.table.sheet.reverse()
        self.redraw(anew=True)

    def action_sheet(self, by: int) -> None:
        """Show another table."""
        self.desk.next_table(by)
        self.redraw(anew=True)

    def action_window(self) -> None:
        """Draw sparklines over another window."""
        self.tell(f"sparklines show the last {self.desk.next_window()}")

    def action_toggle_bell(self) -> None:
        """Ring at a new alert, or do not."""
        self.desk.has_bell = not self.desk.has_bell
        self.tell("the bell rings at new alerts" if self.desk.has_bell else "no bell")

    def action_mark(self) -> None:
        """Mark the chosen product, or take its mark away."""
        chosen = self.desk.chosen
        if isinstance(chosen, str) and chosen in self.desk.products:
            self.desk.products.mark(chosen)
            self.redraw(anew=True)

    def action_details(self) -> None:
        """Show or hide all of the chosen row."""
        pane = self.query_one("#details", Pane)
        pane.display = not pane.display
        self.redraw()

    def action_theme(self) -> None:
        """Use the next colours."""
        at = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(at + 1) % len(THEMES)]
        self.redraw()

    def action_period(self, by: int) -> None:
        """Show the next period, or the one before."""
        following = self.following
        shown = following.wanted_period()
        if shown is not None:
            following.pinned = neighbour(shown, by, self._length)
            self.desk.is_pinned = True
            self.draw_frame()

    def action_now(self) -> None:
        """Show the period that trades."""
        self.following.pinned = None
        self.desk.is_pinned = False
        self.draw_frame()

    def action_move(self, by: int) -> None:
        """Choose another row."""
        self.desk.table.sheet.move(by, time.monotonic())
        self.redraw()

    def action_page(self, by: int) -> None:
        """Choose a row a screen away."""
        height = max(1, self.query_one("#table").size.height - 2)
        self.action_move(by * height)

    def action_move_to(self, place: int) -> None:
        """Choose the first row, or the last."""
        self.desk.table.sheet.move_to(place, time.monotonic())
        self.redraw()

    def action_leave(self) -> None:
        """Close what is open: the form, else the search, else the filter."""
        pane, sheet = self.form_pane, self.desk.table.sheet
        if pane.form is not None:
            pane.form.escape()
            self._after_form()
        elif sheet.search:
            sheet.search_for("")
        else:
            self.desk.message = ""
        self.redraw(anew=True)

    # Forms.

    def action_price(self) -> None:
        """Ask for an unplanned price."""
        self._open(lambda: ask_price(self.desk, self._say_price))

    def action_bid(self) -> None:
        """Ask for a bid."""
        self._open(lambda: ask_bid(self.desk, self._say_bid))

    def action_quote(self) -> None:
        """Ask how many units a quote is for."""
        self._open(lambda: ask_quote(self.desk))

    def action_thresholds(self) -> None:
        """Ask for thresholds."""
        self._open(lambda: ask_thresholds(self.desk))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take what is typed."""
        if (form := self.form_pane.form) is not None:
            form.type(event.value)
            self.form_pane.redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on with the form."""
        if (form := self.form_pane.form) is not None:
            form.type(event.value)
            form.enter()
            self._after_form()

    def _open(self, ask: Callable[[], Asked]) -> None:
        try:
            self.form_pane.open(Form(ask()))
        except Unfit as exc:
            self.tell(str(exc))

    def _after_form(self) -> None:
        pane = self.form_pane
        if pane.form is not None and not pane.form.is_open:
            pane.close()
        self.redraw(anew=True)

    def _say_price(self, product: Product, price: Price) -> None:
        desk, now = self.desk, self._said()
        company, product_id = company_of(desk), product.glance.product_id
        try:
            at = price_time(product.glance.period, now.at, desk.products.at)
            self._saying.say(
                price_event(now._replace(at=at), company, product_id, price),
                price_said(company, product, price),
                lambda: desk.products.own_price_taken(product_id, price),
            )
        except Unfit as exc:
            self.tell(str(exc))

    def _say_bid(self, product: Product, quantity: Quantity) -> None:
        desk, row = self.desk, product.glance
        company = company_of(desk)
        try:
            self._saying.say(
                bid_event(
                    self._said(),
                    company,
                    row.product_id,
                    row.period,
                    quantity,
                    row.planning.round,
                ),
                bid_said(company, product, quantity),
                lambda: desk.products.own_bid_taken(
                    row.product_id, row.period, quantity
                ),
            )
        except Unfit as exc:
            self.tell(str(exc))
