"""
What a grid's hours add up to, read a second time by other means.

Written from the data's description alone and without any code of `parfeed.sources`:
the standard library's csv and time zones, and exact fractions.
"""

import csv
import datetime
import io
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from importlib import resources
from zoneinfo import ZoneInfo

GRID_SAMPLE = "grid_germany_2023_w43_2024_w14.csv.xz"

BERLIN = ZoneInfo("Europe/Berlin")

PLANNED_BY = {
    "planned_wind_offshore_mwh": "wind-offshore",
    "planned_wind_onshore_mwh": "wind-onshore",
    "planned_photovoltaics_mwh": "photovoltaics",
    "planned_other_mwh": "other",
}

MADE_BY = {
    "actual_biomass_mwh": "biomass",
    "actual_hydropower_mwh": "hydropower",
    "actual_wind_offshore_mwh": "wind-offshore",
    "actual_wind_onshore_mwh": "wind-onshore",
    "actual_photovoltaics_mwh": "photovoltaics",
    "actual_other_renewable_mwh": "other-renewable",
    "actual_nuclear_mwh": "nuclear",
    "actual_lignite_mwh": "lignite",
    "actual_hard_coal_mwh": "hard-coal",
    "actual_fossil_gas_mwh": "fossil-gas",
    "actual_hydro_pumped_storage_mwh": "pumped-storage",
    "actual_other_conventional_mwh": "other-conventional",
}

NOTHING = Fraction(0)


class Hour:
    """One hour of the file; an empty cell is None."""

    def __init__(self, cells: dict[str, str]) -> None:
        def amount(column: str) -> Fraction | None:
            return Fraction(cells[column]) if cells[column] else None

        self.planned = {name: amount(column) for column, name in PLANNED_BY.items()}
        self.made = {name: amount(column) for column, name in MADE_BY.items()}
        # The file's own sum of the four, which nothing else here is made of.
        self.planned_total = amount("planned_total_mwh")
        self.wanted = amount("planned_load_mwh")
        self.used = amount("actual_load_mwh")
        self.day_ahead = amount("day_ahead_price_eur_mwh")
        self.balancing = amount("balancing_price_eur_mwh")

    @property
    def within(self) -> Fraction:
        """What was bought as planned."""
        if self.used is None:
            return NOTHING
        return min(self.used, self.wanted or NOTHING)

    @property
    def beyond(self) -> Fraction:
        """What was bought unplanned."""
        return (self.used or NOTHING) - self.within

    @property
    def loss(self) -> Fraction:
        """What buying beyond the plan lost, taxed with 5 and 15 %, half the buyer's."""
        if not self.beyond:
            return NOTHING
        assert self.balancing is not None
        assert self.day_ahead is not None
        return self.beyond * (
            self.balancing * Fraction("1.075") - self.day_ahead * Fraction("1.025")
        )


def read_grid_sample() -> dict[str, Hour]:
    """Read the packaged hours."""
    packed = resources.files("parfeed").joinpath("data", GRID_SAMPLE).read_bytes()
    return read_grid(io.StringIO(lzma.decompress(packed).decode(), newline=""))


def read_grid(lines: Iterable[str]) -> dict[str, Hour]:
    """Read hours by their period in UTC; of two of one name the second is later."""
    hours: dict[str, Hour] = {}
    seen: Counter[str] = Counter()
    for cells in csv.DictReader(lines):
        text = cells["start_local"]
        local = datetime.datetime.fromisoformat(text).replace(
            tzinfo=BERLIN, fold=1 if seen[text] else 0
        )
        seen[text] += 1
        period = local.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H")
        assert period not in hours
        hours[period] = Hour(cells)
    return hours


def sums_by_source(
    hours: Iterable[Hour],
) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Add up what each source planned, and what each made."""
    planned: defaultdict[str, Fraction] = defaultdict(Fraction)
    made: defaultdict[str, Fraction] = defaultdict(Fraction)
    for hour in hours:
        for sums, amounts in ((planned, hour.planned), (made, hour.made)):
            for name, amount in amounts.items():
                sums[name] += amount or NOTHING
    return dict(planned), dict(made)
