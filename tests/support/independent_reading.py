"""
What the packaged sales add up to, read a second time by other means.

Written from the data set's description alone and without any code of
`parfeed.sources`: the standard library's csv and exact fractions.
"""

import csv
import datetime
import io
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from importlib import resources
from typing import NamedTuple

SAMPLE = "online_retail_2011_w28_w35.csv.xz"

REPLAYED_WEEKS = ("2011-W32", "2011-W33", "2011-W34", "2011-W35")

NO_PRODUCTS = {"POST", "DOT", "M", "m", "C2", "D", "S", "B", "BANK CHARGES"}
NO_PRODUCTS |= {"AMAZONFEE", "CRUK"}


class Sums:
    """Of one product in one week."""

    def __init__(self) -> None:
        self.bought = Fraction(0)
        self.paid = Fraction(0)
        self.given_back = Fraction(0)
        self.paid_back = Fraction(0)


class Reading(NamedTuple):
    """
    Attributes:
        sums: by stock code and ISO week.
        refused: rows by the reason why they are no sale.
        rows: all rows of the weeks.
    """

    sums: dict[tuple[str, str], Sums]
    refused: Counter[str]
    rows: int


def read_sample() -> Reading:
    """Read the packaged sample's replayed weeks."""
    packed = resources.files("parfeed").joinpath("data", SAMPLE).read_bytes()
    return read(io.StringIO(lzma.decompress(packed).decode(), newline=""))


def read(lines: Iterable[str]) -> Reading:
    """Add up the replayed weeks of a CSV file."""
    sums: defaultdict[tuple[str, str], Sums] = defaultdict(Sums)
    refused: Counter[str] = Counter()
    rows = 0
    for row in csv.DictReader(lines):
        day = datetime.date.fromisoformat(row["InvoiceDate"].split(" ")[0])
        year, week, _ = day.isocalendar()
        name = f"{year}-W{week:02d}"
        if name not in REPLAYED_WEEKS:
            continue
        rows += 1
        code = row["StockCode"]
        quantity, price = Fraction(row["Quantity"]), Fraction(row["UnitPrice"])
        if row["InvoiceNo"][0] == "A":
            refused["bad_debt"] += 1
        elif code in NO_PRODUCTS or code[:5] == "gift_":
            refused["service_code"] += 1
        elif quantity < 0 and row["InvoiceNo"][0] == "C" and price > 0:
            sums[code, name].given_back -= quantity
            sums[code, name].paid_back -= quantity * price
        elif quantity < 0:
            refused["write_off"] += 1
        elif price <= 0:
            refused["unpriced"] += 1
        else:
            sums[code, name].bought += quantity
            sums[code, name].paid += quantity * price
    return Reading(dict(sums), refused, rows)
