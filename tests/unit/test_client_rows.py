import pytest

from parfeed.client.inbox import Delivery
from parfeed.client.row_kinds import MARKET_ROWS, Key
from parfeed.client.rows import Rows, Update
from schemas.codec import encode
from schemas.rows import MarketRow

A, B = ("a", "2011-W44"), ("b", "2011-W44")


def row(key: Key, sequence: int = 1) -> MarketRow:
    return MarketRow(product_id=key[0], period=key[1], sequence=sequence)


def test_rows_are_a_mapping_that_decodes_what_is_looked_at() -> None:
    raw = {A: encode(row(A)), B: b"not looked at"}
    rows = Rows(raw, MARKET_ROWS.decode)
    assert rows[A] == row(A)
    assert (len(rows), list(rows)) == (2, [A, B])
    assert B in rows
    assert ("c", "2011-W44") not in rows
    with pytest.raises(KeyError):
        rows["c", "2011-W44"]


def test_rows_move_on_with_what_they_show() -> None:
    raw = {A: encode(row(A))}
    rows = Rows(raw, MARKET_ROWS.decode)
    kept = dict(rows)
    raw[A] = encode(row(A, 2))
    assert rows[A].sequence == 2
    assert kept[A].sequence == 1


def test_an_update_names_its_rows_without_decoding_and_decodes_once() -> None:
    change = [(B, encode(row(B, 2))), (A, encode(row(A)))]
    delivery = Delivery(change=change, merged=3, is_snapshot=True)
    update = Update(delivery, "c1", Rows(dict(change), MARKET_ROWS.decode))
    assert update.keys == [B, A]
    assert update.raw == [encode(row(B, 2)), encode(row(A))]
    assert update.changed == [row(B, 2), row(A)]
    assert update.changed is update.changed
    assert (update.cursor, update.merged, update.is_snapshot) == ("c1", 3, True)
    assert update.rows[A] == row(A)
