"""What the commands of planning say: status, waiting lines, effects, cures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from parfeed.cli.planning.cures import CURES, complaint
from parfeed.cli.planning.effect import effect, foreseen, standing
from parfeed.cli.planning.round_lines import (
    METHODS,
    NAMED,
    by_period,
    round_line,
    status_lines,
)
from parfeed.cli.planning.waiting import waiting
from schemas.board_rows import CouncilRow, RoundRow
from schemas.errors import REFUSALS
from schemas.feed import Outcome
from schemas.planning import PriceAnnounced
from schemas.rows import Demand, MarketRow, PriceView, Supply
from streams.market.imbalance import imbalance_of

NOW = datetime(2011, 10, 28, 18, 0, tzinfo=UTC)


def round_row(**changed: object) -> RoundRow:
    facts: dict[str, object] = {
        "period": "2011-W44",
        "round": 2,
        "opened_at": NOW - timedelta(seconds=70),
        "deadline": NOW + timedelta(minutes=5),
        "closes_at": NOW + timedelta(days=2, hours=1),
        "products": 50,
        "within_1": 10,
        "within_3": 30,
        "within_5": 45,
        "worst_percent": Decimal("-7.25"),
        "worst_product_id": "bread",
        "forecast_percent": Decimal("2.10"),
        "method": "shares",
        "expected": 4,
        "answered": 3,
        **changed,
    }
    return RoundRow(**facts)  # type: ignore[arg-type]


def market_row(supply: str, demand: str, **price: object) -> MarketRow:
    s, d = Decimal(supply), Decimal(demand)
    return MarketRow(
        product_id="bread",
        period="2011-W44",
        supply=Supply(planned=s),
        demand=Demand(planned=d),
        imbalance=imbalance_of(s, d),
        price=PriceView(**price),  # type: ignore[arg-type]
    )


# Rounds.


def test_the_status_tells_what_a_board_asks_first() -> None:
    assert status_lines([round_row()], NOW) == [
        "2011-W44  planning, round 2 since 17:58:50 (1 min 10 s ago), waits until "
        "18:05:00 (in 5 min 0 s)",
        "  gate        closes 2011-10-30 19:00:00 (in 2 d 1 h)",
        "  prices      50 products: 10 within 1%, 30 within 3%, 45 within 5%; solved "
        "from what the bids show",
        "  worst       -7.25% (bread), forecast 2.10%",
        "  answers     3 of 4 that a person gives",
    ]


def test_a_deadline_that_is_past_is_said_to_be() -> None:
    late = round_row(deadline=NOW - timedelta(hours=2))
    assert "waited until 16:00:00 (2 h 0 min ago)" in status_lines([late], NOW)[0]


def test_who_is_out_and_what_is_denied_is_told_with_its_budget() -> None:
    text = "\n".join(
        status_lines(
            [
                round_row(
                    phase="closed",
                    prices_stand=True,
                    alarm=True,
                    excluded=tuple(f"c{n}" for n in range(NAMED + 2)),
                    excluded_count=250,
                    priced_out=("mill",),
                    priced_out_count=1,
                    denied=7,
                    denied_budget=Decimal("1234.5"),
                    moved_budget=Decimal(400),
                    reason="harvest\x1b[2J is in",
                    expected=0,
                )
            ],
            NOW,
        )
    )
    assert "the prices of round 2 stand" in text
    assert "ALARM" in text
    assert (
        "excluded    250: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 240 more" in text
    )
    assert "priced out  1: mill" in text
    assert "7 lines, planned at 1,234.50; 400.00 of it goes to unplanned cards" in text
    assert "nobody is waited for" in text
    assert "\x1b" not in text


def test_a_round_without_answers_claims_nothing() -> None:
    bare = RoundRow(period="2011-W44", round=1)
    assert "nothing known yet" in "\n".join(status_lines([bare], NOW))
    assert "nothing known yet" in round_line(bare)


def test_periods_and_their_rounds_are_in_order() -> None:
    rows = [
        round_row(round=3),
        round_row(period="2011-W45", round=1),
        round_row(round=1),
    ]
    ordered = by_period(rows)
    assert list(ordered) == ["2011-W44", "2011-W45"]
    assert [row.round for row in ordered["2011-W44"]] == [1, 3]


def test_every_way_to_a_price_has_its_words() -> None:
    method = msgspec.inspect.type_info(PriceAnnounced)
    assert isinstance(method, msgspec.inspect.StructType)
    field = next(field for field in method.fields if field.name == "method")
    assert isinstance(field.type, msgspec.inspect.LiteralType)
    assert set(METHODS) == set(field.type.values)


# Councils.


def council_row(council_id: str = "hill", **changed: object) -> CouncilRow:
    facts: dict[str, object] = {
        "product_id": "bread",
        "period": "2011-W44",
        "council_id": council_id,
        "level": "neighbourhood",
        "quantity": Decimal(120),
        "people": 7,
        "status": "waits",
        "signatures": 1,
        "needed": 2,
        **changed,
    }
    return CouncilRow(**facts)  # type: ignore[arg-type]


def test_only_lines_that_wait_are_listed_in_order() -> None:
    rows = [
        council_row("vale"),
        council_row(status="approved"),
        council_row(product_id="rolls"),
        council_row(),
    ]
    assert [(row.council_id, row.product_id) for row in waiting(rows, None)] == [
        ("hill", "bread"),
        ("hill", "rolls"),
        ("vale", "bread"),
    ]
    assert [row.council_id for row in waiting(rows, "vale")] == ["vale"]


# Effects.


def test_a_bid_sees_what_it_adds_to() -> None:
    before = market_row("100", "120")
    after = market_row(
        "150", "120", announced=Decimal("3.2"), indicative=Decimal("3.05")
    )
    assert effect(before, after, Decimal(50)) == (
        "supply 100 -> 150, demand 120, imbalance +22.22% red (was -18.18%), yours 50, "
        "33.33% of supply, announced 3.20, indicative 3.05"
    )


def test_a_first_bid_adds_to_nothing() -> None:
    assert effect(None, market_row("50", "0"), Decimal(50)) == (
        "supply 0 -> 50, demand 0, imbalance +200.00% red, yours 50, 100.00% of supply"
    )


def test_who_types_sees_where_the_product_would_stand() -> None:
    row = market_row("100", "120", planned=Decimal(3))
    assert standing(row) == (
        "supply 100, demand 120, imbalance -18.18% orange, planned price 3.00"
    )
    assert foreseen(row, Decimal(20)) == "with 20 more: supply 120, +0.00% blue"
    assert "none yet" in standing(market_row("0", "0"))


# Cures.


def test_every_cure_is_for_a_refusal_that_there_is() -> None:
    assert set(CURES) <= set(REFUSALS)


@pytest.mark.parametrize(
    "code",
    sorted(
        set(REFUSALS)
        # The event itself is at fault, and the detail says where; or a program's.
        - {"malformed", "unknown_type", "invalid_field", "wrong_topic", "too_large"}
        - {"wrong_partition", "duplicate"}
    ),
)
def test_what_a_board_refuses_has_a_cure(code: str) -> None:
    text = complaint(
        Outcome(event_id="e", verdict="refused", error=code, detail=REFUSALS[code])
    )
    assert text.startswith(f"{code}: {REFUSALS[code]}\n  -> ")


def test_a_detail_that_says_more_is_quoted() -> None:
    text = complaint(
        Outcome(
            event_id="e",
            verdict="refused",
            error="invalid_field",
            detail="at `$.price`",
        )
    )
    assert text == f"invalid_field: {REFUSALS['invalid_field']} (at `$.price`)"


def test_who_is_left_in_the_dark_is_told_where_to_look() -> None:
    text = complaint(Outcome(event_id="e", verdict="unknown", detail="nobody said"))
    assert text.startswith("unknown: nobody said\n  -> see whether the board")
