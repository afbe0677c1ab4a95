"""The grid's mapping and report against a second, independent reading of its hours."""

import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

from support.independent_grid import Hour, read_grid_sample, sums_by_source

from parfeed.cli.replay_report import figures
from parfeed.replay.grid_source import grid_sample_source
from parfeed.sources.dirt import RefusedRow
from schemas.events import ProductionReported, PurchaseRecorded, UnplannedPricePosted
from schemas.planning import BidPlaced, PlannedPriceAnnounced, PlanSubmitted
from streams.market.periods import period_of


class Traded:
    """What the events of one period say, added up."""

    def __init__(self) -> None:
        self.planned: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.made: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.wanted: Fraction | None = None
        self.day_ahead: Fraction | None = None
        self.balancing: Fraction | None = None
        self.sold: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.within = Fraction(0)
        self.beyond = Fraction(0)
        self.paid_planned = Fraction(0)
        self.paid_unplanned = Fraction(0)


def traded_by_period() -> dict[str, Traded]:
    periods: defaultdict[str, Traded] = defaultdict(Traded)
    for event in grid_sample_source().open():
        if isinstance(event, RefusedRow):
            continue
        named = getattr(event, "period", None)
        of = periods[str(named or period_of(event.occurred_at, "hour"))]
        match event:
            case PlannedPriceAnnounced():
                of.day_ahead = Fraction(event.planned_price)
            case BidPlaced():
                of.planned[event.company_id] += Fraction(event.quantity)
            case PlanSubmitted():
                of.wanted = Fraction(event.quantity)
            case ProductionReported():
                of.made[event.company_id] += Fraction(event.quantity)
            case UnplannedPricePosted():
                of.balancing = Fraction(event.unplanned_price)
            case PurchaseRecorded():
                planned = Fraction(event.planned_quantity)
                unplanned = Fraction(event.quantity) - planned
                of.sold[event.company_id] += planned
                of.within += planned
                of.beyond += unplanned
                of.paid_planned += planned * Fraction(event.unit_price)
                of.paid_unplanned += unplanned * Fraction(event.unit_price)
            case _:
                raise AssertionError(f"{type(event).__name__} is no event of a grid")
    return dict(periods)


def known(amounts: dict[str, Fraction | None]) -> dict[str, Fraction]:
    return {name: amount for name, amount in amounts.items() if amount is not None}


CENT = Fraction(1, 100)
"""The file's last decimal place."""


def check_bids(traded: Traded, hour: Hour) -> None:
    """Of each source its own forecast; of the others their sum, by what they made."""
    own = {name: amount for name, amount in hour.planned.items() if name != "other"}
    others = {n: a for n, a in traded.planned.items() if n not in own}
    assert {n: traded.planned[n] for n in own} == own
    together = sum(others.values())
    assert together == (hour.planned["other"] or 0)
    made = {n: a for n, a in known(hour.made).items() if n not in own and a}
    assert others.keys() == (made.keys() if others else set())
    share = together / sum(made.values()) if made else 0
    for name, bid in others.items():
        assert abs(bid - made[name] * share) < CENT


def check_sales(traded: Traded, hour: Hour) -> None:
    """To each by its bid, at most its bid; the grid sells what is left."""
    share = min(Fraction(1), hour.within / sum(traded.planned.values()))
    left = hour.within
    for name, bid in traded.planned.items():
        sold = traded.sold[name]
        assert sold <= bid
        assert abs(sold - bid * share) < CENT
        left -= sold
    assert traded.sold["grid"] == left
    assert not left or traded.planned == {n: traded.sold[n] for n in traded.planned}


def test_the_events_of_every_hour_say_what_the_file_says_of_it() -> None:
    hours, periods = read_grid_sample(), traded_by_period()
    assert len(hours) == 24 * 7 * 24
    assert periods.keys() == hours.keys()
    for period, hour in hours.items():
        traded = periods[period]
        check_bids(traded, hour)
        check_sales(traded, hour)
        if hour.planned_total is not None:
            assert sum(traded.planned.values()) == hour.planned_total, period
        made = {name: amount for name, amount in known(hour.made).items() if amount}
        assert dict(traded.made) == made, period
        assert traded.wanted == hour.wanted
        assert (traded.day_ahead, traded.balancing) == (hour.day_ahead, hour.balancing)
        assert (traded.within, traded.beyond) == (hour.within, hour.beyond)
        assert traded.within + traded.beyond == hour.used
        assert traded.paid_planned == hour.within * (hour.day_ahead or 0)
        assert traded.paid_unplanned == hour.beyond * (hour.balancing or 0)


def test_the_report_equals_an_independent_reading_to_the_last_digit() -> None:
    hours = list(read_grid_sample().values())
    report = json.loads(json.dumps(figures(grid_sample_source().report()), default=str))
    check_report(report, hours)


def check_report(report: dict[str, Any], hours: list[Hour]) -> None:
    planned, made = sums_by_source(hours)
    for company_id, source in report["sources"].items():
        assert Fraction(source["planned"] or 0) == planned.get(company_id, 0)
        assert Fraction(source["produced"] or 0) == made.get(company_id, 0)
    assert report["sources"].keys() == planned.keys() | made.keys()
    assert report["hours"] == len(hours)

    def value(quantities: list[tuple[Fraction | None, Fraction | None]]) -> Fraction:
        return sum(
            (Fraction(q or 0) * Fraction(price or 0) for q, price in quantities),
            Fraction(0),
        )

    load, worth, cost = report["load"], report["value"], report["not_planning"]
    losses = [hour.loss for hour in hours]
    for found, expected in (
        (report["planned_supply"], sum(planned.values())),
        (report["produced"], sum(made.values())),
        (load["planned"], sum(hour.wanted or 0 for hour in hours)),
        (load["bought"], sum(hour.used or 0 for hour in hours)),
        (load["within_plan"], sum(hour.within for hour in hours)),
        (load["unplanned"], sum(hour.beyond for hour in hours)),
        (load["not_bought"], sum((h.wanted or 0) - h.within for h in hours)),
        (worth["planned"], value([(h.wanted, h.day_ahead) for h in hours])),
        (worth["within_plan"], value([(h.within, h.day_ahead) for h in hours])),
        (worth["unplanned"], value([(h.beyond, h.balancing) for h in hours])),
        (
            worth["unplanned_as_planned"],
            value([(h.beyond, h.day_ahead) for h in hours]),
        ),
        (cost["loss"], sum(losses)),
        (cost["losses"], sum(loss for loss in losses if loss > 0)),
        (cost["savings"], -sum(loss for loss in losses if loss < 0)),
        (
            cost["before_tax"],
            sum(h.beyond * ((h.balancing or 0) - (h.day_ahead or 0)) for h in hours),
        ),
    ):
        assert Fraction(found) == expected
    assert cost["hours_of_loss"] == sum(loss > 0 for loss in losses)
    assert cost["hours_of_saving"] == sum(loss < 0 for loss in losses)
    assert report["hours_below_zero"] == {
        "day_ahead": sum((hour.day_ahead or 0) < 0 for hour in hours),
        "balancing": sum((hour.balancing or 0) < 0 for hour in hours),
    }
    cells = [
        *(
            cell
            for hour in hours
            for cell in (*hour.planned.values(), *hour.made.values())
        ),
        *(c for h in hours for c in (h.wanted, h.used, h.day_ahead, h.balancing)),
    ]
    assert report["refused"] == {"missing_value": cells.count(None)}
