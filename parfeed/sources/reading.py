"""
PURE. Lines of a shop's CSV file to rows.

The layout is that of the Online Retail data set: one line per position of an invoice.
Columns are found by their names, in any order; others are passed over. A column
`Row` (the packaged sample has it) numbers the rows as the full file does; without it
they are counted from 1, and a column `Country` says where a customer is at home. What
cannot be read is refused with its row, never guessed.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from parfeed.sources.dirt import RefusedRow
from schemas.errors import InvalidValue, ParfeedError
from schemas.values import EARLIEST, LATEST, Price

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
)
"""What a file must have."""

ROW_COLUMN: Final = "Row"
COUNTRY_COLUMN: Final = "Country"

MAX_IDENTIFIER: Final = 20
"""Characters of a stock code or customer. Two of them, a week and a prefix make an
event_id of at most 64; the data set's longest has 12."""

_WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)


class UnknownLayout(ParfeedError):
    """A file that is no CSV of the expected layout: name another file."""


class RetailRow(msgspec.Struct, frozen=True, gc=False):
    """
    One position of an invoice, as the file has it.

    Attributes:
        row: its number in the full file.
        consumer_id: None where the shop did not know the customer.
        country: the customer's, as the file writes it; None where it says none.
        occurred_at: the file's local time, stamped as UTC as it stands.
    """

    row: int
    invoice: str
    code: str
    quantity: int
    occurred_at: datetime
    unit_price: Price
    consumer_id: str | None
    country: str | None = None


def read_rows(lines: Iterable[str]) -> Iterator[RetailRow | RefusedRow]:
    """
    Read a file's rows, in its order; a row that cannot be read becomes its refusal.

    Args:
        lines: the file's lines with their ends, the header first.

    Raises:
        UnknownLayout: if the header lacks a column.
    """
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
    except csv.Error as exc:
        raise UnknownLayout(f"the file's first line is no CSV header: {exc}") from exc
    header = [name.removeprefix("\ufeff") for name in header]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UnknownLayout(
            f"the file lacks the columns {', '.join(missing)}; its first line was "
            f"{','.join(header)[:200]!r}. Expected are {', '.join(COLUMNS)} "
            "(docs/retail.md)"
        )
    places = [header.index(name) for name in COLUMNS]
    numbered = header.index(ROW_COLUMN) if ROW_COLUMN in header else None
    located = header.index(COUNTRY_COLUMN) if COUNTRY_COLUMN in header else None
    times = _Times()
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            # The reader goes on with the next line.
            yield RefusedRow(reason="unreadable", row=number, detail=str(exc))
            continue
        try:
            if numbered is not None:
                number = _row_number(cells, numbered)
            country = None if located is None else _country(cells, located)
            yield _read(number, cells, places, times, country)
        except InvalidValue as exc:
            yield RefusedRow(reason="unreadable", row=number, detail=str(exc))


def _row_number(cells: list[str], place: int) -> int:
    text = cells[place] if place < len(cells) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise InvalidValue("a row number", text)
    return int(text)


def _read(
    number: int,
    cells: list[str],
    places: list[int],
    times: "_Times",
    country: str | None,
) -> RetailRow:
    if len(cells) <= max(places):
        raise InvalidValue(f"a row of {max(places) + 1} cells or more", cells)
    invoice, code, quantity, moment, unit_price, consumer = (
        cells[place] for place in places
    )
    if not invoice:
        raise InvalidValue("an invoice number", invoice)
    if not _is_identifier(code):
        raise InvalidValue(
            f"a stock code of 1 to {MAX_IDENTIFIER} printable characters", code
        )
    if consumer and not _is_identifier(consumer):
        raise InvalidValue(
            f"a customer of at most {MAX_IDENTIFIER} printable characters", consumer
        )
    if _WHOLE.fullmatch(quantity) is None or not int(quantity):
        raise InvalidValue("a quantity of whole units other than 0", quantity)
    return RetailRow(
        number,
        invoice,
        code,
        int(quantity),
        times[moment],
        Price(unit_price),
        consumer or None,
        country,
    )


def _country(cells: list[str], place: int) -> str | None:
    # Who lives where decides no sale: what cannot be read there refuses no row.
    country = cells[place] if place < len(cells) else ""
    return country if _is_identifier(country) else None


def _is_identifier(text: str) -> bool:
    # isprintable() is False for bytes that were not UTF-8, too.
    return 0 < len(text) <= MAX_IDENTIFIER and text.isprintable()


class _Times(dict[str, datetime]):
    # A minute's rows share their time's text, so the newest few are enough.
    def __missing__(self, text: str) -> datetime:
        expected = "a time between the years 2000 and 2100 such as 2011-08-12 14:50:00"
        try:
            moment = datetime.fromisoformat(text)
            moment = (
                moment.replace(tzinfo=UTC)
                if moment.tzinfo is None
                else moment.astimezone(UTC)
            )
        except (ValueError, OverflowError) as exc:
            raise InvalidValue(expected, text) from exc
        if not EARLIEST <= moment < LATEST:
            raise InvalidValue(expected, text)
        if len(self) >= 1024:
            self.clear()
        self[text] = moment
        return moment
