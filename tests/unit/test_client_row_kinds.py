import pytest
from support.joined import council_bytes, round_bytes, row_bytes

from parfeed.client.errors import InvalidRequest
from parfeed.client.row_kinds import (
    COUNCIL_ROWS,
    MARKET_ROWS,
    ROUND_ROWS,
    ROW_KINDS,
    row_kind,
)
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import CHANNELS
from schemas.rows import MarketRow


def test_the_client_knows_every_channel() -> None:
    assert list(ROW_KINDS) == list(CHANNELS)
    assert all(row_kind(name).channel is CHANNELS[name] for name in CHANNELS)


def test_a_channel_that_it_does_not_know_is_refused_with_those_that_it_does() -> None:
    with pytest.raises(InvalidRequest, match="market, rounds, councils, was 'offers'"):
        row_kind("offers")


def test_rows_are_named_by_what_tells_them_apart_in_their_channel() -> None:
    assert MARKET_ROWS.key_of(row_bytes("rye")) == ("rye", "2011-W44")
    assert ROUND_ROWS.key_of(round_bytes(3, 1)) == ("*", "2011-W44", 3)
    assert COUNCIL_ROWS.key_of(council_bytes("rye", "north", 1)) == (
        "rye",
        "2011-W44",
        "north",
    )


def test_rows_are_decoded_as_the_struct_of_their_channel() -> None:
    assert MARKET_ROWS.decode(row_bytes("rye", sequence=7)) == MarketRow(
        product_id="rye", period="2011-W44", sequence=7
    )
    assert ROUND_ROWS.decode(round_bytes(3, 7)) == RoundRow(
        period="2011-W44", round=3, sequence=7
    )
    assert COUNCIL_ROWS.decode(council_bytes("rye", "north", 7)) == CouncilRow(
        product_id="rye",
        period="2011-W44",
        council_id="north",
        sequence=7,
        level="city",
    )
