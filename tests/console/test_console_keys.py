"""Every key does one thing in a view, and is told of."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parfeed.console.keys import KEYS, bottom_line, help_lines, keys_of

VIEWS = ("company", "consumer", "board")
PAGE = Path(__file__).parents[2] / "docs" / "console.md"


@pytest.mark.parametrize("view", VIEWS)
def test_a_key_does_one_thing_in_a_view(view):
    pressed = [one for key in keys_of(view) for one in key.keys.split(",")]
    assert len(pressed) == len(set(pressed))


@given(st.sampled_from(VIEWS), st.integers(0, 250))
def test_the_bottom_line_fits_and_shows_whole_keys(view, width):
    shown = bottom_line(keys_of(view), width)
    assert len("  ".join(f"{key} {word}" for key, word in shown)) <= width


@pytest.mark.parametrize("view", VIEWS)
def test_80_columns_show_how_to_get_help_and_how_to_end(view):
    words = [word for _, word in bottom_line(keys_of(view), 80)]
    assert words[:4] == ["help", "quit", "search", "filter"]


@pytest.mark.parametrize("view", VIEWS)
def test_the_help_tells_of_every_key_in_one_line_of_80(view):
    lines = help_lines(keys_of(view), 80)
    assert len(lines) == len(keys_of(view))
    assert all(about.endswith(".") for _, about in lines)


def test_a_key_that_people_press_is_called_as_textual_calls_it():
    for key, one in product(KEYS, ["?", "/", "[", "]"]):
        assert one not in key.keys


def test_the_page_about_the_console_has_the_table_of_keys():
    rows = [
        f"| `{key.shown}` | {key.about} | {', '.join(key.views) or 'all'} |"
        for key in KEYS
    ]
    table = "\n".join(["| key | what it does | views |", "| --- | --- | --- |", *rows])
    assert table in PAGE.read_text(encoding="utf-8"), f"put this there:\n\n{table}\n"


def test_the_page_about_the_console_names_every_alert():
    from parfeed.console.alerts import KINDS

    text = PAGE.read_text(encoding="utf-8")
    for kind, about in KINDS.items():
        assert re.search(rf"\| `{kind}` \| {re.escape(about)} \|", text), kind
