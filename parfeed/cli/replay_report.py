"""PURE. What a grid's hours add up to, for programs and for people."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from parfeed.sources.grid_reading import OTHER, PLANNED
from parfeed.sources.grid_report import GridReport, Source
from schemas.rows import ZERO

_AMOUNT = 20
# Characters of an amount: two years of a grid's money have 18.
_NAME = 20


def figures(report: GridReport) -> Any:
    """Return a report as what JSON can hold, its decimals exact and in plain texts."""
    return _plainly(msgspec.to_builtins(report, builtin_types=(Decimal,)))


def report_lines(report: GridReport) -> Iterator[str]:
    """Return a report as lines of text, rounded to two places."""
    if report.first is None or report.last is None:
        yield "no hours"
        return
    yield ""
    yield (
        f"{report.hours:,} hours, {report.first:%Y-%m-%d %H:%M} to "
        f"{report.last:%Y-%m-%d %H:%M} UTC, of which "
        f"{report.hours_below_zero['day_ahead']:,} had a day-ahead and "
        f"{report.hours_below_zero['balancing']:,} a balancing price below zero"
    )
    yield from _supply(report)
    yield from _load(report)
    yield from _cost(report)


def _supply(report: GridReport) -> Iterator[str]:
    yield ""
    yield _line("MWh", "planned", "made")
    within = {
        company_id: source
        for company_id, source in report.sources.items()
        if company_id not in PLANNED
    }
    for company_id in PLANNED:
        source = report.sources[company_id]
        made = source.produced
        if company_id == OTHER:
            made = sum((each.produced or ZERO for each in within.values()), ZERO)
        yield _line(company_id, source.planned, made) + _note(source)
    for company_id, source in within.items():
        yield _line(f"  {company_id}", "", source.produced) + _note(source)
    yield _line("all", report.planned_supply, report.produced)


def _load(report: GridReport) -> Iterator[str]:
    load, value = report.load, report.value
    yield ""
    yield _line("load", "MWh", "EUR")
    yield _line("planned", load.planned, value.planned)
    yield _line("bought as planned", load.within_plan, value.within_plan)
    yield _line("bought unplanned", load.unplanned, value.unplanned)
    yield _line("planned, not bought", load.not_bought, "")
    if load.missing:
        yield f"{load.missing:,} of its figures are missing"


def _cost(report: GridReport) -> Iterator[str]:
    cost, load, value = report.not_planning, report.load, report.value
    yield ""
    if not load.unplanned:
        yield "Nothing was bought beyond the plan."
        return
    word = "cost" if cost.loss >= 0 else "saved"
    yield (
        f"Not planning {word} {_text(abs(cost.loss))} EUR: "
        f"{_text(load.unplanned)} MWh were bought at balancing prices for "
        f"{_text(value.unplanned)} EUR, which at day-ahead prices are worth "
        f"{_text(value.unplanned_as_planned)}; with the buyers' half of the sales tax "
        f"({_percent(cost.planned_tax)} planned, {_percent(cost.unplanned_tax)} "
        f"unplanned) {_text(cost.losses)} EUR were lost in {cost.hours_of_loss:,} "
        f"hours and {_text(cost.savings)} saved in {cost.hours_of_saving:,}."
    )
    if cost.unvalued:
        yield (
            f"{_text(cost.unvalued)} MWh of them were bought in hours without a price, "
            "and are not valued."
        )


def _note(source: Source) -> str:
    return f"  {source.missing:,} missing" if source.missing else ""


def _line(name: str, first: Decimal | str | None, second: Decimal | str | None) -> str:
    cells = (_text(first), _text(second))
    line = f"{name:<{_NAME}}" + "".join(f"{cell:>{_AMOUNT}}" for cell in cells)
    return line.rstrip()


def _text(amount: Decimal | str | None) -> str:
    if amount is None:
        return "-"
    return amount if isinstance(amount, str) else f"{amount:,.2f}"


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"


def _plainly(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dict):
        return {name: _plainly(part) for name, part in value.items()}
    return value
