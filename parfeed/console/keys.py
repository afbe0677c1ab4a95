"""PURE. The console's keys: what they do, the bottom line, the help; one list."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

View = Literal["company", "consumer", "board"]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """
    A key, or several that do the same.

    Attributes:
        keys: as Textual calls them, with commas between.
        shown: as people call them.
        action: what it does; a method `action_...` of the app.
        word: for the bottom line.
        about: for the help.
        views: that have it; all if empty.
    """

    keys: str
    shown: str
    action: str
    word: str
    about: str
    views: tuple[View, ...] = ()


KEYS: Final = (
    Key(keys="question_mark,f1", shown="?", action="help", word="help",
        about="Show all keys; Esc goes back."),
    Key(keys="q,ctrl+c", shown="q", action="quit", word="quit",
        about="End the console."),
    Key(keys="slash", shown="/", action="search", word="search",
        about="Search by name; Enter keeps it, Esc shows all again."),
    Key(keys="f", shown="f", action="filter", word="filter",
        about="The next filter: all, mine, alerts and so on."),
    Key(keys="s", shown="s", action="sort(1)", word="sort",
        about="Sort by the next column; S by the one before."),
    Key(keys="S,shift+s", shown="S", action="sort(-1)", word="",
        about="Sort by the column before."),
    Key(keys="r", shown="r", action="reverse", word="reverse",
        about="Sort the other way round."),
    Key(keys="p", shown="p", action="price", word="price", views=("company",),
        about="Change your unplanned price for the chosen product."),
    Key(keys="b", shown="b", action="bid", word="bid", views=("company",),
        about="Place your bid for the chosen product in the period shown."),
    Key(keys="u", shown="u", action="quote", word="quote", views=("consumer",),
        about="What units of the chosen product cost, planned and unplanned."),
    Key(keys="a", shown="a", action="alerts", word="alerts",
        about="Show only what has an alert; again for all."),
    Key(keys="m", shown="m", action="mark", word="mark",
        views=("company", "consumer"),
        about="Mark the chosen product as yours; the filter mine shows it."),
    Key(keys="tab", shown="Tab", action="sheet(1)", word="next table",
        views=("consumer", "board"), about="The next table of the view."),
    Key(keys="shift+tab", shown="Shift-Tab", action="sheet(-1)", word="",
        views=("consumer", "board"), about="The table before."),
    Key(keys="d", shown="d", action="details", word="details",
        about="Show or hide all that is known of the chosen row."),
    Key(keys="t", shown="t", action="thresholds", word="thresholds",
        about="Change the thresholds of alerts."),
    Key(keys="x", shown="x", action="toggle_bell", word="bell",
        about="Ring the bell at a new alert, or do not."),
    Key(keys="w", shown="w", action="window", word="window",
        about="Sparklines over the last hour, day or minute."),
    Key(keys="left_square_bracket", shown="[", action="period(-1)", word="",
        about="The period before."),
    Key(keys="right_square_bracket", shown="]", action="period(1)", word="period",
        about="The next period; one that is planned takes bids."),
    Key(keys="n", shown="n", action="now", word="now",
        about="The period that trades, and its successors as they come."),
    Key(keys="l", shown="l", action="theme", word="light/dark",
        about="Colours: the terminal's own, light, dark."),
    Key(keys="down,j", shown="↓ j", action="move(1)", word="",
        about="The next row."),
    Key(keys="up,k", shown="↑ k", action="move(-1)", word="",
        about="The row before."),
    Key(keys="pagedown,space", shown="PgDn", action="page(1)", word="",
        about="A screen down."),
    Key(keys="pageup", shown="PgUp", action="page(-1)", word="",
        about="A screen up."),
    Key(keys="home,g", shown="Home g", action="move_to(0)", word="",
        about="The first row."),
    Key(keys="end,G,shift+g", shown="End G", action="move_to(-1)", word="",
        about="The last row."),
    Key(keys="escape", shown="Esc", action="leave", word="",
        about="Close what is open; end a search; show all."),
)  # fmt: skip
"""In the order in which the bottom line has room for them."""


def keys_of(view: View) -> list[Key]:
    """Return the keys that a view has."""
    return [key for key in KEYS if not key.views or view in key.views]


def bottom_line(keys: Sequence[Key], width: int) -> list[tuple[str, str]]:
    """Return (key, word) of those that there is room for, in their order."""
    found: list[tuple[str, str]] = []
    taken = 0
    for key in keys:
        if not key.word:
            continue
        length = len(key.shown) + 1 + len(key.word) + (2 if found else 0)
        if taken + length > width:
            break
        taken += length
        found.append((key.shown, key.word))
    return found


def help_lines(keys: Sequence[Key], width: int) -> list[tuple[str, str]]:
    """Return (key, explanation) of all of them, cut to the width."""
    room = max(10, width - 12)
    return [(key.shown, key.about[:room]) for key in keys]
