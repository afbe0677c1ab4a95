"""What the commands of trading read and say."""

from decimal import Decimal

import pytest
from support.trading import PERIOD, said
from typer.testing import CliRunner

from parfeed.cli.app import app
from parfeed.cli.planning.cures import CURES
from parfeed.cli.trading.buying import Bought, as_json
from parfeed.cli.trading.options import (
    percent,
    positive_percent,
    positive_rate,
    rate,
)
from parfeed.cli.trading.quote_lines import (
    against_the_plan,
    approval_lines,
    quote_lines,
)
from parfeed.planning.errors import UnfitCell
from schemas.errors import REFUSALS
from schemas.events import Event
from schemas.feed import Outcome, Quoted, QuotedOffer
from schemas.trading import PurchaseRequested
from schemas.values import Period


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5%", "0.05"),
        ("0.05", "0.05"),
        ("0", "0"),
        ("100%", "1"),
        ("1", "1"),
        ("12.5 %", "0.125"),
        ("10%", "0.1"),
    ],
)
def test_a_part_is_read_with_and_without_its_sign(text: str, value: str) -> None:
    assert rate(text) == Decimal(value)


@pytest.mark.parametrize("text", ["5", "101%", "-1%", "x", "", "%", "NaN", "1e-9%"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UnfitCell, match="must be"):
        rate(text)


def test_percentages_and_parts_above_nought() -> None:
    assert percent("120%") == percent("120") == 120
    assert percent("0") == 0
    assert positive_rate("10%") == Decimal("0.1")
    for read in (positive_rate, positive_percent):
        with pytest.raises(UnfitCell, match="above 0%"):
            read("0%")
    with pytest.raises(UnfitCell, match="percentage"):
        percent("much")


QUOTED = Quoted(
    id="q",
    product_id="rye",
    period=Period("2011-W44"),
    quantity=Decimal(7),
    planned_price=Decimal("2.55"),
    planned_cost=Decimal("18.29625"),
    offers=(
        QuotedOffer(
            company_id="night\x1b-lights",
            unplanned_price=Decimal("2.50"),
            cost=Decimal("18.8125"),
            loss=Decimal("-0.5"),
        ),
    ),
    sellers=3,
    planned_left=Decimal("74.30"),
    unplanned_left=Decimal(-2),
)


def test_a_quote_says_what_each_company_asks_loses_or_saves() -> None:
    head, planned, cheap, more, left = quote_lines(QUOTED)
    assert head == "7 of rye in 2011-W44, tax included"
    assert planned.split() == ["planned", "18.29625", "at", "2.55", "a", "unit"]
    assert cheap.split() == (
        ["1", "night-lights", "18.8125", "at", "2.50", "a", "unit,", "saves", "0.50"]
    )
    assert more == "and 2 dearer ones"
    assert left == "Left: 74.30 on the planned card, -2.00 on the unplanned card"


def test_a_quote_without_a_plan_or_without_offers_says_so() -> None:
    bare = Quoted(
        id="q", product_id="rye", period=Period("2011-W44"), quantity=Decimal(1)
    )
    said_so = "\n".join(quote_lines(bare))
    assert "no planned price" in said_so
    assert "No company offers it" in said_so
    assert "Left" not in said_so


@pytest.mark.parametrize(
    ("loss", "words"),
    [("1.5", "loses 1.50"), ("-1.5", "saves 1.50"), ("0", "loses nothing")],
)
def test_a_loss_below_nought_is_a_saving(loss: str, words: str) -> None:
    assert against_the_plan(Decimal(loss)) == words


APPROVED = Outcome(
    event_id="e",
    verdict="accepted",
    planned_quantity=Decimal(6),
    unplanned_quantity=Decimal(0),
    planned_price=Decimal("2.55"),
    cost=Decimal("15.6825"),
)


def test_an_approval_names_only_the_parts_that_there_are() -> None:
    assert approval_lines(APPROVED, Decimal(0)) == [
        "Approved: 6 planned at 2.55; it costs 15.6825 with tax"
    ]


def request() -> PurchaseRequested:
    event: Event = said("request", event_id="e", consumer_id="ada", quantity="6")
    assert isinstance(event, PurchaseRequested)
    return event


def test_programs_are_told_whether_it_was_approved_or_nobody_knows() -> None:
    approved = as_json(request(), Bought(outcome=APPROVED))
    assert b'{"approved":true,"event_id":"e","planned_quantity":"6"' in approved
    refused = Outcome(event_id="e", verdict="refused", error="card_exceeded")
    assert as_json(request(), Bought(outcome=refused)) == (
        b'{"approved":false,"event_id":"e","error":"card_exceeded"}'
    )
    unknown = Outcome(event_id="e", verdict="unknown", detail="nobody told")
    assert as_json(request(), Bought(outcome=unknown)) == (
        b'{"approved":null,"event_id":"e","detail":"nobody told"}'
    )


def test_every_refusal_at_the_till_has_a_cure() -> None:
    at_the_till = {"unknown_card", "card_exceeded", "line_exceeded", "unknown_offer"}
    assert at_the_till | {"price_exceeded", "period_settled"} <= set(CURES)
    assert set(CURES) <= set(REFUSALS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ledger", "answer", "lamp", PERIOD), "name a --price, or --decline"),
        (
            ("ledger", "answer", "lamp", PERIOD, "--price", "1", "--decline"),
            "name a --price, or --decline",
        ),
        (("ledger", "terms", PERIOD, "--planned-tax", "5"), "write the sign: 5%"),
        (("ledger", "terms", PERIOD, "--least-share", "0"), "above 0%"),
        (("ledger", "budget", "ada", PERIOD, "much"), "a number of units of 0 or more"),
        (("ledger", "close", "soon"), "a period such as"),
        (("quote", "lamp", "-q", "0"), "above 0"),
        (("buy", "lamp", "--consumer", "a", "--company", "b", "-q", "x"), "above 0"),
        (("statement", "consumer/a", PERIOD, "--json", "--csv"), "--json or --csv"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_sent(
    arguments: tuple[str, ...], words: str
) -> None:
    ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert ended.exit_code == 2, ended.output
    assert words in " ".join(ended.output.replace("│", " ").split())


@pytest.mark.parametrize(
    "command", ["terms", "budget", "rebid", "answer", "close", "correct"]
)
def test_every_command_of_the_ledger_explains_itself_with_an_example(
    command: str,
) -> None:
    shown = CliRunner().invoke(app, ["ledger", command, "--help"])
    assert shown.exit_code == 0
    assert f"parfeed ledger {command}" in shown.output
