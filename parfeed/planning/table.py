"""
PURE. A file of lines as people have it: CSV from a spreadsheet, or JSON lines.

- CSV has a header that names its columns, in any order; cells are separated by commas,
  semicolons or tabs, as the header shows. Lines that are empty are passed over.
- JSON lines are objects whose keys are the columns' names.
- Nothing is dropped in silence: an unknown column, a cell too many, a byte that is no
  UTF-8 is a fault with the number of its line. All faults of a file are found at once,
  and whoever reads the table raises them together, so that all of it is handed in or
  nothing.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, TypeVar

from parfeed.planning.cells import LIST_SEPARATOR, with_point
from parfeed.planning.errors import UnfitCell, UnfitTable
from schemas.errors import shortened

T = TypeVar("T")

MAX_TABLE_BYTES: Final = 64 * 1024 * 1024
"""A million bids. More than that is a program's to send: parfeed send."""

_SEPARATORS: Final = (",", ";", "\t")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_OTHER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Column(NamedTuple):
    """
    A column that a table may have.

    Attributes:
        name: in the header.
        meaning: for the help and the template.
        is_needed: whether every line must fill it in.
    """

    name: str
    meaning: str
    is_needed: bool = False


class TableLine:
    """
    A line; what cannot be read of it is noted in `faults`.

    Attributes:
        number: of the line in its file, from 1.
    """

    def __init__(
        self, number: int, cells: dict[str, str], faults: list[str], *, has_commas: bool
    ) -> None:
        self.number = number
        self._cells = cells
        self._faults = faults
        self._has_commas = has_commas
        self.is_fit = True

    def read(self, column: str, kind: Callable[[str], T]) -> T | None:
        """
        Return a cell's value; None if it is empty or, with a fault, unfit.

        Args:
            column: its name.
            kind: makes the value, or raises UnfitCell.
        """
        text = self._cells.get(column, "")
        if not text:
            return None
        try:
            return kind(text)
        except UnfitCell as exc:
            self.fault(f"{column} {exc}")
            return None

    def amount(self, column: str, kind: Callable[[str], T]) -> T | None:
        """Return a cell's number; in files with semicolons a comma may be its point."""

        def read(text: str) -> T:
            return kind(with_point(text) if self._has_commas else text)

        return self.read(column, read)

    def fault(self, text: str) -> None:
        """Note what is wrong with this line."""
        self.is_fit = False
        self._faults.append(f"line {self.number}: {text}")


class Table:
    """
    A file's lines.

    Args:
        raw: its bytes.
        columns: that it may have.

    Attributes:
        faults: what is wrong so far, in the order of the lines.

    Raises:
        UnfitTable: if it cannot be read as a table at all.
    """

    def __init__(self, raw: bytes, columns: Sequence[Column]) -> None:
        self.faults: list[str] = []
        self._columns = columns
        self._needed = [column.name for column in columns if column.is_needed]
        text = _decoded(raw)
        if text.lstrip()[:1] == "{":
            self._lines = self._of_json(text)
        else:
            self._lines = self._of_csv(text)

    def __iter__(self) -> Iterator[TableLine]:
        """Give the lines one by one; those without a needed cell are faults."""
        for line in self._lines:
            missing = [name for name in self._needed if not line._cells.get(name)]
            for name in missing:
                line.fault(f"{name} is missing")
            yield line

    def check(self) -> None:
        """
        Raise what was found.

        Raises:
            UnfitTable: if any line is unfit.
        """
        if self.faults:
            raise UnfitTable(self.faults)

    def _of_csv(self, text: str) -> Iterator[TableLine]:
        # Lines end where an editor ends them, not at every separator of Unicode.
        lines = list(io.StringIO(text, newline=""))
        start = next((n for n, line in enumerate(lines) if line.strip()), None)
        if start is None:
            raise UnfitTable([f"it is empty; its first line is {self._header()}"])
        separator = max(_SEPARATORS, key=lines[start].count)
        # `strict` finds a quote that is never closed, which would swallow the rest.
        reader = csv.reader(
            lines[start:], delimiter=separator, strict=True, skipinitialspace=True
        )
        try:
            header = [name.strip() for name in next(reader)]
        except csv.Error as exc:
            raise UnfitTable([_unquoted(start + 1, exc)]) from exc
        self._check_header(header, start + 1)
        return self._cells_of(reader, header, start, has_commas=separator != ",")

    def _cells_of(
        self, reader: Any, header: list[str], start: int, *, has_commas: bool
    ) -> Iterator[TableLine]:
        while True:
            number = start + reader.line_num + 1
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as exc:
                self.faults.append(_unquoted(number, exc))
                return
            if not any(cells):
                continue
            line = TableLine(
                number,
                dict(zip(header, cells, strict=False)),
                self.faults,
                has_commas=has_commas,
            )
            if len(cells) > len(header) and any(cells[len(header) :]):
                line.fault(
                    f"{len(cells)} cells for {len(header)} columns; a cell that holds "
                    "the separator stands in quotation marks"
                )
            yield line

    def _check_header(self, header: list[str], number: int) -> None:
        known = [column.name for column in self._columns]
        faults = []
        for name in dict.fromkeys(header):
            if name not in known:
                near = get_close_matches(name.lower(), known, n=1)
                meant = f"; is it {near[0]}?" if near else ""
                faults.append(f"unknown column {shortened(name)}{meant}")
            elif header.count(name) > 1:
                faults.append(f"the column {name} stands there twice")
        faults += [f"no column {name}" for name in self._needed if name not in header]
        if faults:
            raise UnfitTable(
                [
                    *(f"line {number}: {fault}" for fault in faults),
                    f"the columns are {self._header()}",
                ]
            )

    def _header(self) -> str:
        return ",".join(column.name for column in self._columns)

    def _of_json(self, text: str) -> Iterator[TableLine]:
        known = {column.name for column in self._columns}
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                # Numbers stay the texts that they are: no binary fraction on the way.
                found = json.loads(line, parse_float=str, parse_int=str)
            except (ValueError, RecursionError) as exc:
                self.faults.append(f"line {number}: not one JSON object: {exc}")
                continue
            if not isinstance(found, dict):
                self.faults.append(
                    f"line {number}: must be a JSON object, was {shortened(found)}"
                )
                continue
            cells: dict[str, str] = {}
            made = TableLine(number, cells, self.faults, has_commas=False)
            for name, value in found.items():
                if name not in known:
                    made.fault(f"unknown field {shortened(name)}")
                    continue
                cell = _cell_of(value)
                if cell is None:
                    made.fault(
                        f"{name} must be a text, a number or a list of texts, was "
                        f"{shortened(value)}"
                    )
                else:
                    cells[name] = cell
            yield made


def _cell_of(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(
        isinstance(part, str) and LIST_SEPARATOR not in part for part in value
    ):
        return LIST_SEPARATOR.join(value)
    return None


def _unquoted(number: int, exc: csv.Error) -> str:
    return f"line {number}: {exc}; look for a quotation mark that is not closed"


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_TABLE_BYTES:
        raise UnfitTable(
            [
                f"{len(raw):,} bytes; {MAX_TABLE_BYTES:,} may be; send events with: "
                "parfeed send"
            ]
        )
    if raw.startswith(_OTHER_MARKS):
        raise UnfitTable(["it is UTF-16; save it as CSV in UTF-8"])
    try:
        return raw.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as exc:
        number = raw.count(b"\n", 0, exc.start) + 1
        raise UnfitTable(
            [f"line {number}: byte {exc.start} is no UTF-8; save it as CSV in UTF-8"]
        ) from exc
