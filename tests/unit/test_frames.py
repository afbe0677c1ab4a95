"""Frames: one text frame per message, rows byte for byte."""

import json

import pytest
from support.by_the_letter import row_key, row_value
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.streams import StreamReader

from feed_server import frames
from feed_server.selection import Selection
from feed_server.view import View
from schemas.feed import Error


def parse(data):
    """Read a frame by the websocket library, as a client would."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    parser = WireFrame.parse(reader.read_exact, mask=False)
    try:
        while True:
            next(parser)
    except StopIteration as done:
        frame = done.value
    end = reader.at_eof()
    with pytest.raises(StopIteration) as ended:
        next(end)
    assert ended.value.value is True, "more than one frame"
    return frame


@pytest.mark.parametrize("size", [0, 60, 70, 200, 65_400, 65_535, 65_536, 200_000])
def test_a_message_is_one_unmasked_text_frame_whatever_its_size(size):
    frame = frames.frame(Error(code="malformed", message="x" * size, retry=False))
    parsed = parse(frame)
    assert (parsed.opcode, parsed.fin) == (Opcode.TEXT, True)
    assert json.loads(parsed.data)["message"] == "x" * size
    assert frames.payload(frame) == bytes(parsed.data)


def test_lengths_change_their_form_at_the_right_sizes():
    empty = len(frames.payload(frames.frame(Error(code="", message="", retry=False))))
    for total, header in ((125, 2), (126, 4), (65_535, 4), (65_536, 10)):
        message = Error(code="", message="x" * (total - empty), retry=False)
        frame = frames.frame(message)
        assert len(frame) == total + header
        assert len(parse(frame).data) == total


def view_of(*names):
    view = View("ab", 1)
    for offset, name in enumerate(names):
        view.apply(0, offset, row_key(name), row_value(name, offset))
    return view


def test_rows_stand_in_a_snapshot_byte_for_byte():
    view = view_of("rye", "salt")
    rows = view.rows(Selection())
    text = frames.payload(frames.snapshot("s", view.cursor, rows))
    assert b'"rows":[' + b",".join(row.value for row in rows) + b"]" in text
    assert json.loads(text)["cursor"] == "ab:2"
    assert json.loads(text)["type"] == "snapshot"


def test_an_update_names_both_ends_and_what_was_merged():
    view = view_of("rye")
    rows = frames.raw_rows(view.rows(Selection()))
    text = frames.payload(frames.update("s", "ab:0", "ab:1", rows, 4))
    message = json.loads(text)
    row = message.pop("rows")
    assert message == {
        "type": "update",
        "id": "s",
        "from": "ab:0",
        "to": "ab:1",
        "merged": 4,
    }
    assert [each["product_id"] for each in row] == ["rye"]


def test_odd_ids_are_escaped_and_cannot_break_out():
    odd = '"},\\ {"'
    text = frames.payload(frames.snapshot(odd, view_of().cursor, ()))
    assert json.loads(text)["id"] == odd
