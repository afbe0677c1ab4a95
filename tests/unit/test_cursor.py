"""A cursor is one text for one place, and nothing else passes for one."""

import pytest

from schemas.cursor import Cursor
from schemas.errors import InvalidValue


@pytest.mark.parametrize(
    ("cursor", "text"),
    [
        (Cursor("0a1b", (0,)), "0a1b:0"),
        (Cursor("f" * 32, (7, 0, 12, 999)), "f" * 32 + ":7.0.12.999"),
        (Cursor("1", (10**18 - 1,) * 2048), "1:" + ".".join(["9" * 18] * 2048)),
    ],
    ids=["one partition", "four partitions", "the largest"],
)
def test_a_cursor_survives_its_text(cursor, text):
    assert str(cursor) == text
    assert Cursor.parse(text) == cursor


def test_the_largest_cursor_fits_the_field_that_resumes():
    assert len(str(Cursor("f" * 32, (10**18 - 1,) * 2048))) < 49_152


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "0a1b",
        "0a1b:",
        ":0",
        "0a1b:.",
        "0a1b:1.",
        "0a1b:.1",
        "0a1b:1..2",
        "0A1B:1",
        "xyz:1",
        "0a1b:-1",
        "0a1b:+1",
        "0a1b: 1",
        "0a1b:1\n",
        "0a1b:1 ",
        "0a1b:01",
        "0a1b:00",
        "0a1b:1.02",
        "0a1b:\u0661",
        "0a1b:1,2",
        "0a1b:1:2",
        "0a1b:" + "9" * 19,
        "f" * 33 + ":1",
        "1:" + ".".join(["0"] * 2049),
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_a_text_that_no_server_made_is_refused(text):
    with pytest.raises(InvalidValue, match="must be a cursor that a server sent"):
        Cursor.parse(text)


@pytest.mark.parametrize(
    ("later", "earlier", "covered"),
    [
        (Cursor("a", (3, 4)), Cursor("a", (3, 4)), True),
        (Cursor("a", (3, 5)), Cursor("a", (3, 4)), True),
        (Cursor("a", (9, 3)), Cursor("a", (3, 4)), False),
        (Cursor("b", (9, 9)), Cursor("a", (3, 4)), False),
        (Cursor("a", (9,)), Cursor("a", (3, 4)), False),
        (Cursor("a", (9, 9, 9)), Cursor("a", (3, 4)), False),
    ],
)
def test_a_cursor_covers_what_is_not_beyond_it_in_any_partition(
    later, earlier, covered
):
    assert later.covers(earlier) is covered
