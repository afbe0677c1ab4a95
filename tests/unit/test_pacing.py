"""When a replayed event is due."""

from datetime import UTC, datetime, timedelta

import pytest

from parfeed.replay.pacing import LONGEST_PAUSE_S, InvalidSpeed, Pacer, parse_speed

NOON = datetime(2011, 8, 8, 12, tzinfo=UTC)


def test_at_speed_n_time_runs_n_times_as_fast() -> None:
    pacer = Pacer(60.0)
    dues = [pacer.due_s(NOON + timedelta(seconds=second)) for second in (0, 6, 6, 66)]
    assert dues == pytest.approx([0.0, 0.1, 0.1, 1.1])


def test_a_night_is_shortened_to_a_few_seconds() -> None:
    pacer = Pacer(60.0)
    pacer.due_s(NOON)
    assert pacer.due_s(NOON + timedelta(hours=20)) == LONGEST_PAUSE_S
    later = pacer.due_s(NOON + timedelta(hours=20, seconds=60))
    assert later == pytest.approx(LONGEST_PAUSE_S + 1)


def test_an_event_before_its_predecessor_is_due_with_it() -> None:
    pacer = Pacer(1.0)
    pacer.due_s(NOON)
    assert pacer.due_s(NOON + timedelta(seconds=1)) == 1.0
    assert pacer.due_s(NOON) == 1.0
    # The way back was not travelled twice.
    assert pacer.due_s(NOON + timedelta(seconds=1.5)) == 1.5


def test_at_max_everything_is_due_at_once() -> None:
    pacer = Pacer(None)
    pacer.due_s(NOON)
    assert pacer.due_s(NOON + timedelta(days=365)) == 0.0


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("1", 1.0), ("1e3", 1e3)])
def test_a_speed_is_max_or_a_number(text: str, speed: float | None) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize(
    "text", ["", "0", "0.9", "-1", "nan", "inf", "1000001", "fast", "MAX"]
)
def test_what_is_no_speed_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(InvalidSpeed, match=f"was {text!r}"):
        parse_speed(text)
