"""How live the rows are is seen in any width, with a word for every colour."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parfeed.console.status import (
    STYLES,
    Link,
    condition_of,
    facts_line,
    link_line,
)

LIVE = Link(
    url="ws://feed:8765/",
    condition="live",
    lag_ms=12.4,
    silence_s=0.3,
    stale_s=0.3,
    changes_per_s=1234.5,
    occurred_at=datetime(2011, 11, 1, 12, 30, tzinfo=UTC),
)
LOST = Link(
    url="ws://feed:8765/",
    condition="reconnecting",
    note="the connection broke",
    lag_ms=12.4,
    silence_s=75.0,
    stale_s=4000.0,
    losses=2,
)


def test_a_live_feed_shows_lag_silence_time_rate_and_address():
    assert link_line(LIVE, 120).plain == (
        " LIVE   lag 12 ms  heard 0.3 s ago  newest 2011-11-01 12:30:00Z  "
        "1,234 changes/s  ws://feed:8765/"
    )


def test_a_lost_feed_says_why_and_how_old_the_rows_are():
    line = link_line(LOST, 200).plain
    assert line.startswith(" RECONNECTING   the connection broke  rows 1:06:40 OLD")
    assert "heard 1 min ago" in line
    assert "lost 2×" in line


@given(st.sampled_from([LIVE, LOST, Link()]), st.integers(12, 250))
def test_the_line_fits_every_width_and_begins_with_the_state(link, width):
    line = link_line(link, width)
    assert line.cell_len <= width
    assert line.plain.startswith(f" {link.condition.upper()}"[: width - 1])


def test_the_last_facts_go_first_when_there_is_no_room():
    assert link_line(LIVE, 40).plain == " LIVE   lag 12 ms  heard 0.3 s ago"
    assert facts_line(["one", "", "two", "three"], 10).plain == "one  two"
    assert facts_line(["much too long"], 5).plain == "much…"


def test_rows_of_a_live_feed_are_called_old_when_nobody_proved_them():
    stale = Link(condition="silent", silence_s=4.2, stale_s=4.2)
    assert "rows 4.2 s OLD" in link_line(stale, 100).plain
    assert "OLD" not in link_line(LIVE, 100).plain


@pytest.mark.parametrize(
    ("given_", "condition"),
    [
        ((False, False, 0.0, False), "connecting"),
        ((False, True, 0.0, True), "reconnecting"),
        ((True, False, 0.1, True), "loading"),
        ((True, True, 0.1, True), "live"),
        ((True, True, 9.0, True), "silent"),
    ],
)
def test_a_condition_is_one_word(given_, condition):
    is_open, is_current, silence_s, was_open = given_
    found = condition_of(
        is_open=is_open,
        is_current=is_current,
        silence_s=silence_s,
        was_open=was_open,
    )
    assert found == condition
    assert found in STYLES


def test_what_a_server_says_cannot_steer_the_terminal():
    evil = Link(condition="ended", note="gone\x1b[2J\x07")
    assert "\x1b" not in link_line(evil, 100).plain
