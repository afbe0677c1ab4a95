import itertools

from hypothesis import given
from hypothesis import strategies as st

from parfeed.cli.event_lines import EventLine, LineSplitter
from schemas.codec import MAX_EVENT_BYTES

LIMIT = MAX_EVENT_BYTES


def split(*pieces: bytes) -> list[EventLine]:
    splitter = LineSplitter()
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return lines + splitter.close()


def test_lines_are_numbered_from_1_and_empty_ones_are_passed_over() -> None:
    lines = split(b"\n{1}\n\n  \r\n{2}\r\n")
    assert [(line.number, line.text.strip()) for line in lines] == [
        (2, b"{1}"),
        (5, b"{2}"),
    ]


def test_a_last_line_without_a_newline_is_marked() -> None:
    assert [line.is_cut for line in split(b"{1}\n{2")] == [False, True]
    assert [line.is_cut for line in split(b"{1}\n")] == [False]
    assert split() == []


def test_of_a_line_that_is_too_long_only_the_size_is_kept() -> None:
    exact, long = b"x" * LIMIT, b"y" * (LIMIT + 1)
    lines = split(exact + b"\n" + long + b"\n{3}\n")
    assert [line.is_too_long for line in lines] == [False, True, False]
    assert [line.size for line in lines] == [LIMIT, LIMIT + 1, 3]
    assert lines[1].text == b""


def test_a_line_without_end_takes_no_memory() -> None:
    splitter = LineSplitter()
    for _ in range(1_000):
        assert splitter.feed(b"z" * LIMIT) == []
    assert sum(map(len, splitter._begun)) <= LIMIT + 3
    (line,) = splitter.close()
    assert line.size == 1_000 * LIMIT
    assert line.is_too_long


def test_a_byte_order_mark_is_no_part_of_the_first_event() -> None:
    first, second = split(b"\xef\xbb\xbf{1}\n\xef\xbb\xbf{2}\n")
    assert first.text == b"{1}"
    assert second.text == b"\xef\xbb\xbf{2}"
    (longest,) = split(b"\xef\xbb\xbf" + b"x" * LIMIT)
    assert (longest.size, longest.text) == (LIMIT, b"x" * LIMIT)


@given(
    content=st.lists(st.sampled_from([b"\n", b"{}", b"\r\n", b" ", b"ab"])).map(
        b"".join
    ),
    cuts=st.lists(st.integers(0, 40)),
)
def test_where_the_pieces_are_cut_makes_no_difference(
    content: bytes, cuts: list[int]
) -> None:
    places = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    pieces = [content[a:b] for a, b in itertools.pairwise(places)]
    assert split(*pieces) == split(content)
