"""What a grid's hours add up to where something is missing, and how it is said."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.grid_lines import an_hour, hours_of

from parfeed.cli.replay_report import figures, report_lines
from parfeed.sources.grid_report import report_of
from schemas.values import Quantity
from streams.market.trading.terms import DEFAULT_TERMS

NO_LOAD = {"planned_load_mwh": "50", "actual_load_mwh": ""}

LINES = [
    an_hour(
        "2023-06-01T12:00:00",
        planned_load_mwh="100",
        actual_load_mwh="110",
        day_ahead_price_eur_mwh="10.00",
        balancing_price_eur_mwh="11.00",
    ),
    an_hour(
        "2023-06-01T13:00:00",
        planned_load_mwh="100",
        actual_load_mwh="120",
        day_ahead_price_eur_mwh="10.00",
        balancing_price_eur_mwh="8.00",
    ),
]


def test_losses_and_savings_are_told_apart_and_their_difference_is_the_loss() -> None:
    # Those of the worked example: -1.40 and 1.90 a unit.
    terms = replace(
        DEFAULT_TERMS, planned_tax=Quantity("0.04"), unplanned_tax=Quantity("0.20")
    )
    cost = report_of(hours_of(LINES), terms).not_planning
    assert (cost.losses, cost.hours_of_loss) == (Decimal("19.0"), 1)
    assert (cost.savings, cost.hours_of_saving) == (Decimal("28.0"), 1)
    assert cost.loss == Decimal("-9.0")
    assert cost.before_tax == Decimal(-30)


def test_an_hour_that_neither_lost_nor_saved_is_of_neither_kind() -> None:
    free = LINES[0].replace(",10.00,11.00", ",0.00,0.00")
    cost = report_of(hours_of([free])).not_planning
    assert (cost.hours_of_loss, cost.hours_of_saving, cost.loss) == (0, 0, 0)


def test_units_of_an_hour_without_a_price_are_counted_and_not_valued() -> None:
    report = report_of(
        hours_of([LINES[0].replace(",10.00,11.00", ",10.00,"), LINES[1]])
    )
    assert report.not_planning.unvalued == 10
    assert report.load.unplanned == 30
    assert report.refused == {"missing_value": 1}
    assert any(
        line.startswith("10.00 MWh of them were bought in hours without a price")
        for line in report_lines(report)
    )


def test_what_is_no_hour_is_counted_by_its_reason_and_adds_nothing() -> None:
    report = report_of(hours_of([LINES[0], "\n", LINES[0], LINES[1]]))
    assert report.refused == {"unreadable": 1, "duplicate_hour": 1}
    assert report.hours == 2


def test_a_load_without_prices_has_no_value_and_one_without_an_end_no_rest() -> None:
    free = LINES[0].replace(",10.00,11.00", ",,")
    report = report_of(hours_of([free, an_hour("2023-06-01T13:00:00", **NO_LOAD)]))
    value, load = report.value, report.load
    assert (value.within_plan, value.unplanned) == (0, 0)
    assert value.planned == 50 * Decimal("-5.17")  # of the second hour
    assert (load.planned, load.bought, load.not_bought) == (150, 110, 0)


def test_hours_without_a_load_are_said() -> None:
    report = report_of(hours_of([an_hour(actual_load_mwh="", planned_load_mwh="")]))
    assert (report.load.missing, report.load.bought) == (2, 0)
    text = "\n".join(report_lines(report))
    assert "2 of its figures are missing" in text
    assert "Nothing was bought beyond the plan." in text


def test_a_report_of_nothing_says_so() -> None:
    assert list(report_lines(report_of([]))) == ["no hours"]


def test_the_joint_bidders_sum_is_that_of_the_sources_below_it() -> None:
    report = report_of(hours_of([an_hour(actual_nuclear_mwh="")]))
    lines = {line.split()[0]: line for line in report_lines(report) if line}
    parts = [s.produced for n, s in report.sources.items() if s.planned is None]
    made = sum(part for part in parts if part is not None)
    assert lines["other"].split()[1:] == ["400.25", f"{made:.2f}"]
    assert lines["nuclear"].endswith("-  1 missing")


def test_the_figures_for_programs_are_exact_and_plain() -> None:
    report = report_of(hours_of(LINES))
    found = figures(report)
    assert found["not_planning"]["loss"] == "-17.25"
    assert found["load"]["unplanned"] == "30"
    report.value.planned = Decimal("0E-7")
    assert figures(report)["value"]["planned"] == "0"


@pytest.mark.parametrize(
    ("balancing", "word"), [("11.00", "cost 15.75 EUR"), ("8.00", "saved 16.50 EUR")]
)
def test_what_not_planning_did_is_said_in_words(balancing: str, word: str) -> None:
    line = LINES[0].replace(",11.00", f",{balancing}")
    text = "\n".join(report_lines(report_of(hours_of([line]))))
    assert f"Not planning {word}: 10.00 MWh were bought at balancing prices" in text
    assert "(5 % planned, 15 % unplanned)" in text
