"""The form of a bid: keys in, fields that fit out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parfeed.planning import cells
from parfeed.planning.form import (
    BACK,
    CANCEL,
    CLEAR,
    DOWN,
    ENTER,
    MAX_TYPED,
    UP,
    Field,
    Form,
    Keys,
)


def form(company: str = "") -> Form:
    return Form(
        [
            Field("--company", "Company", cells.identifier, company),
            Field("--product", "Product", cells.identifier),
            Field("--quantity", "Quantity", cells.quantity),
        ]
    )


def press(pressed: Form, *keys: str) -> Form:
    for key in keys:
        if key in (BACK, CANCEL, CLEAR, DOWN, ENTER, UP):
            pressed.press(key)
        else:
            for letter in key:
                pressed.press(letter)
    return pressed


def test_fields_are_typed_one_by_one_and_the_last_enter_ends_it() -> None:
    filled = press(form(), "bakery", ENTER, "bread", ENTER, "12.5")
    assert not filled.is_done
    press(filled, ENTER)
    assert filled.is_done
    assert filled.values == {
        "--company": "bakery",
        "--product": "bread",
        "--quantity": "12.5",
    }


def test_what_is_given_already_is_not_asked_first() -> None:
    assert form("bakery").at == 1


def test_a_field_that_does_not_fit_is_not_left() -> None:
    typing = press(form("bakery"), "bread", ENTER, "ten", ENTER)
    assert typing.at == 2
    assert "was 'ten'" in typing.fields[2].fault
    press(typing, CLEAR, "1", BACK, "10", ENTER)
    assert typing.fields[2].fault == ""
    assert typing.is_done
    assert press(form("bakery"), DOWN).at == 1
    empty = press(form(), ENTER)
    assert (empty.at, empty.fields[0].fault) == (0, "must be filled in")


def test_the_last_enter_goes_back_to_what_does_not_fit() -> None:
    typing = press(form("bakery"), "bread", ENTER, "5", UP, CLEAR)
    typing.at = 2
    press(typing, ENTER)
    assert not typing.is_done
    assert typing.at == 1


def test_one_goes_up_and_down_within_the_fields() -> None:
    typing = press(form("bakery"), "bread", DOWN, "5", DOWN)
    assert typing.at == 2
    press(typing, UP, UP, UP)
    assert typing.at == 0


def test_who_gives_up_types_no_more() -> None:
    given_up = press(form(), "ba", CANCEL, "kery", ENTER)
    assert given_up.is_cancelled
    assert not given_up.is_done
    assert given_up.values["--company"] == "ba"


def test_a_field_has_a_bound() -> None:
    assert len(press(form(), "x" * 500).fields[0].text) == MAX_TYPED


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        (b"ab\r", ["a", "b", ENTER]),
        (b"\x1b[A\x1b[B\x1bOA\x1b[Z\t", [UP, DOWN, UP, UP, DOWN]),
        (b"\x7f\x08\x15\x04", [BACK, BACK, CLEAR, CANCEL]),
        ("käse".encode(), ["k", "ä", "s", "e"]),
        # What means nothing here is passed over as a whole.
        (b"\x1b[3~\x1b[200~x\x1b[201~\x1b[1;5C\x00\x1bOPy", ["x", "y"]),
        (b"\xff\xfea", ["a"]),
    ],
)
def test_a_terminals_bytes_are_keys(raw: bytes, keys: list[str]) -> None:
    assert Keys().feed(raw) == keys
    # However the bytes are cut.
    one_by_one = Keys()
    assert [
        key for n in range(len(raw)) for key in one_by_one.feed(raw[n : n + 1])
    ] == keys


@given(st.lists(st.binary(max_size=8), max_size=20))
def test_no_bytes_type_a_control_character(pieces: list[bytes]) -> None:
    typing = form()
    keys = Keys()
    for piece in pieces:
        for key in keys.feed(piece):
            typing.press(key)
    for field in typing.fields:
        assert not any(ord(letter) < 32 for letter in field.text)
