"""A form is walked through: typed, asked, said once, or left."""

import itertools

import pytest

from parfeed.console.errors import Unfit
from parfeed.console.forms import TRANSITIONS, Asked, Form, Move, Stage


def even(text: str) -> int:
    if not text.isdigit() or int(text) % 2:
        raise Unfit(f"an even number, was {text!r}")
    return int(text)


def form(said: list[str], *, asks: bool = True) -> Form:
    return Form(
        Asked(
            title="a number",
            begin="2",
            effect=lambda text: [f"twice is {2 * int(text)}"] if text else [],
            question=(lambda text: f"really {text}?") if asks else None,
            check=even,
            say=said.append,
        )
    )


def test_what_is_typed_is_said_after_a_second_enter():
    said: list[str] = []
    one = form(said)
    one.type("4")
    assert one.lines() == ["twice is 8"]
    one.enter()
    assert one.lines() == ["really 4?", "twice is 8"]
    assert not said
    one.enter()
    assert said == ["4"]
    assert one.stage is Stage.SAID
    assert not one.is_open


def test_a_form_that_asks_nothing_is_done_at_once():
    said: list[str] = []
    one = form(said, asks=False)
    one.enter()
    assert said == ["2"]


def test_what_does_not_fit_is_not_asked_and_says_why():
    said: list[str] = []
    one = form(said)
    one.type("3")
    one.enter()
    assert one.stage is Stage.TYPING
    assert one.lines() == ["an even number, was '3'"]
    one.type("6")
    assert one.lines() == ["twice is 12"]


def test_what_is_typed_after_the_question_is_a_new_question():
    said: list[str] = []
    one = form(said)
    one.enter()
    one.type("8")
    assert one.stage is Stage.TYPING
    one.enter()
    assert not said
    one.enter()
    assert said == ["8"]


def test_the_same_text_again_does_not_take_the_question_back():
    one = form([])
    one.enter()
    one.type("2")
    assert one.stage is Stage.ASKING


def test_escape_goes_back_to_the_field_and_then_away():
    one = form([])
    one.enter()
    one.escape()
    assert one.stage is Stage.TYPING
    one.escape()
    assert one.stage is Stage.CLOSED


@pytest.mark.parametrize("stage", [Stage.SAID, Stage.CLOSED])
def test_a_form_that_is_over_takes_nothing(stage):
    said: list[str] = []
    one = form(said)
    one.stage = stage
    one.type("4")
    one.enter()
    one.escape()
    assert (one.stage, one.text, said) == (stage, "2", [])


def test_every_stage_that_is_open_knows_every_move():
    for stage, move in itertools.product((Stage.TYPING, Stage.ASKING), Move):
        assert move in TRANSITIONS[stage]
