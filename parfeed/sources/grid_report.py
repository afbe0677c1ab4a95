"""
PURE. What a grid's hours add up to, and what not planning cost.

Sums are exact decimals, and the file's own: nothing in them is derived. The loss of a
unit that was bought unplanned is that of docs/economics.md (IRB-7), tax included; below
zero it is a saving.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext

import msgspec

from parfeed.sources.dirt import RefusedRow
from parfeed.sources.grid_reading import GridHour, split_load
from schemas.rows import ZERO
from schemas.trading import TermsSet
from schemas.values import EXACT
from streams.market.trading.loss import loss_of_unit
from streams.market.trading.terms import DEFAULT_TERMS


class Source(msgspec.Struct, kw_only=True):
    """
    What one source planned and made, in MWh.

    Attributes:
        planned: by the day-ahead forecast; None of a source that is forecast with
            others, as `other`.
        produced: what it made; None of `other`.
        missing: cells that say nothing.
    """

    planned: Decimal | None = None
    produced: Decimal | None = None
    missing: int = 0


class Load(msgspec.Struct, kw_only=True):
    """
    What consumers planned and bought, in MWh.

    Attributes:
        planned: the sum of the plan lines.
        bought: all of it: `within_plan` and `unplanned`.
        not_bought: what was planned and not bought.
        missing: cells that say nothing.
    """

    planned: Decimal = ZERO
    bought: Decimal = ZERO
    within_plan: Decimal = ZERO
    unplanned: Decimal = ZERO
    not_bought: Decimal = ZERO
    missing: int = 0


class Value(msgspec.Struct, kw_only=True):
    """
    What the load is worth in EUR before tax.

    Attributes:
        planned: the plan, at day-ahead prices.
        within_plan: what was bought within it, at day-ahead prices.
        unplanned: what was bought beyond it, at balancing prices.
        unplanned_as_planned: the same units at day-ahead prices.
    """

    planned: Decimal = ZERO
    within_plan: Decimal = ZERO
    unplanned: Decimal = ZERO
    unplanned_as_planned: Decimal = ZERO


class NotPlanning(msgspec.Struct, kw_only=True):
    """
    What it cost to buy beyond the plan, in EUR.

    Attributes:
        loss: with tax: `losses` less `savings`.
        losses, savings: of hours that lost and of hours that saved.
        hours_of_loss, hours_of_saving: how many there are.
        before_tax: the same without tax: balancing less day-ahead price.
        planned_tax, unplanned_tax: the rates a and b.
        unvalued: MWh bought unplanned in hours of which a price is not known.
    """

    loss: Decimal = ZERO
    losses: Decimal = ZERO
    savings: Decimal = ZERO
    hours_of_loss: int = 0
    hours_of_saving: int = 0
    before_tax: Decimal = ZERO
    planned_tax: Decimal = ZERO
    unplanned_tax: Decimal = ZERO
    unvalued: Decimal = ZERO


class GridReport(msgspec.Struct, kw_only=True):
    """
    Attributes:
        hours: that were read.
        first, last: when the first and the last of them begin.
        sources: by name.
        planned_supply, produced: of all companies, in MWh.
        load: the consumers' side.
        value: of the load.
        not_planning: what buying beyond the plan cost.
        hours_below_zero: by price, how many hours it was negative.
        refused: what says nothing, by reason.
    """

    hours: int = 0
    first: datetime | None = None
    last: datetime | None = None
    sources: dict[str, Source] = {}
    planned_supply: Decimal = ZERO
    produced: Decimal = ZERO
    load: Load = msgspec.field(default_factory=Load)
    value: Value = msgspec.field(default_factory=Value)
    not_planning: NotPlanning = msgspec.field(default_factory=NotPlanning)
    hours_below_zero: dict[str, int] = {}
    refused: dict[str, int] = {}


def report_of(
    hours: Iterable[GridHour | RefusedRow], terms: TermsSet = DEFAULT_TERMS
) -> GridReport:
    """
    Add up hours.

    Args:
        hours: as they are read from a file.
        terms: of trade, the rates of the sales tax among them.
    """
    report = GridReport(hours_below_zero={"day_ahead": 0, "balancing": 0})
    report.not_planning.planned_tax = ZERO + terms.planned_tax
    report.not_planning.unplanned_tax = ZERO + terms.unplanned_tax
    with localcontext(EXACT):
        for hour in hours:
            if isinstance(hour, RefusedRow):
                _refuse(report, hour)
                continue
            report.hours += 1
            report.first = report.first or hour.start
            report.last = hour.start
            for fault in hour.faults:
                _refuse(report, fault)
            _add_supply(report, hour)
            _add_load(report, hour)
            _add_losses(report.not_planning, hour, terms)
            for name, price in (
                ("day_ahead", hour.day_ahead_price),
                ("balancing", hour.balancing_price),
            ):
                if price is not None and price < 0:
                    report.hours_below_zero[name] += 1
    return report


def _refuse(report: GridReport, refused: RefusedRow) -> None:
    report.refused[refused.reason] = report.refused.get(refused.reason, 0) + 1


def _add_supply(report: GridReport, hour: GridHour) -> None:
    for company_id, planned in hour.planned.items():
        source = report.sources.setdefault(company_id, Source())
        if planned is None:
            source.missing += 1
        else:
            source.planned = (source.planned or ZERO) + planned
            report.planned_supply += planned
    for company_id, produced in hour.produced.items():
        source = report.sources.setdefault(company_id, Source())
        if produced is None:
            source.missing += 1
        else:
            source.produced = (source.produced or ZERO) + produced
            report.produced += produced


def _add_load(report: GridReport, hour: GridHour) -> None:
    load, value = report.load, report.value
    load.missing += (hour.planned_load is None) + (hour.actual_load is None)
    within, beyond = split_load(hour)
    load.within_plan += within
    load.unplanned += beyond
    load.bought += within + beyond
    day_ahead = hour.day_ahead_price
    if hour.planned_load is not None:
        load.planned += hour.planned_load
        if hour.actual_load is not None:
            load.not_bought += hour.planned_load - within
        if day_ahead is not None:
            value.planned += hour.planned_load * day_ahead
    if day_ahead is not None:
        value.within_plan += within * day_ahead
        value.unplanned_as_planned += beyond * day_ahead
    if hour.balancing_price is not None:
        value.unplanned += beyond * hour.balancing_price


def _add_losses(cost: NotPlanning, hour: GridHour, terms: TermsSet) -> None:
    _, beyond = split_load(hour)
    u, p = hour.balancing_price, hour.day_ahead_price
    if not beyond:
        return
    if u is None or p is None:
        cost.unvalued += beyond
        return
    cost.before_tax += beyond * (u - p)
    loss = beyond * loss_of_unit(u, p, terms)
    cost.loss += loss
    if loss > 0:
        cost.losses += loss
        cost.hours_of_loss += 1
    elif loss < 0:
        cost.savings -= loss
        cost.hours_of_saving += 1
