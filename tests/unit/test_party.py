"""A party's name holds any identifier, however long."""

import msgspec
import pytest

from schemas.codec import encode
from schemas.feed import Subscribe
from schemas.trading_rows import CardRow, StatementRow
from schemas.values import Period, from_wire

LONGEST = "x" * 64
WEEK = Period("2011-W44")


@pytest.mark.parametrize("kind", ["consumer", "company", "council"])
def test_the_longest_identifier_has_rows_and_can_be_asked_for(kind):
    party = f"{kind}/{LONGEST}"
    for value in (
        Subscribe(id="s", channel="consumer", party=party),
        CardRow(period=WEEK, party=party),
        StatementRow(period=WEEK, party=party, account=f"{party}/unplanned"),
    ):
        decode = msgspec.json.Decoder(type(value), dec_hook=from_wire).decode
        assert decode(encode(value)) == value
