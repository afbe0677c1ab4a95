import io
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from rich.console import Console

from parfeed.cli.layout import STYLES
from parfeed.cli.row_lines import row_line
from parfeed.cli.table import Connection, header, rows_table
from schemas.rows import Amount, Demand, Imbalance, MarketRow, PriceView, Supply

HEIGHT = 24


def row(product_id: str = "85123A", period: str = "2011-W44") -> MarketRow:
    return MarketRow(
        product_id=product_id,
        period=period,
        supply=Supply(planned=Decimal(1_000), produced=Decimal(900)),
        demand=Demand(
            planned=Decimal(950),
            planned_purchases=Amount(quantity=Decimal(300)),
            planned_cancellations=Amount(quantity=Decimal(20)),
            unplanned_purchases=Amount(quantity=Decimal(75)),
            unplanned_cancellations=Amount(quantity=Decimal(5)),
        ),
        price=PriceView(
            planned=Decimal("2.5"),
            unplanned=Decimal("2.95"),
            difference=Decimal("0.45"),
        ),
        imbalance=Imbalance(percent=Decimal("5.13"), colour="yellow"),
    )


def shown(
    *rows: MarketRow, width: int, coloured: bool = False, **options: object
) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        height=HEIGHT,
        force_terminal=coloured,
        color_system="256" if coloured else None,
    )
    console.print(rows_table(rows, width=width, **options))  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined]


def connection(**changed: object) -> Connection:
    facts = {"url": "ws://127.0.0.1:8765/", "state": "live", "is_live": True, **changed}
    return Connection(**facts)  # type: ignore[arg-type]


def header_text(width: int, **changed: object) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=HEIGHT)
    console.print(header(connection(**changed), width))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_wide_terminal_shows_every_figure() -> None:
    titles, figures = shown(row(), width=140).splitlines()
    assert titles.split() == [
        *("Product", "Supply", "Demand", "Imbalance", "Made", "Bought"),
        *("planned", "unplanned", "Price", "Unplanned", "Differ."),
    ]
    assert figures.split() == [
        *("85123A", "1000", "950", "+5.1%", "900", "350"),
        *("280", "70", "2.50", "2.95", "+0.45"),
    ]


def test_while_planning_goes_on_its_two_prices_stand_beside_the_imbalance() -> None:
    planned = msgspec.structs.replace(
        row(), price=PriceView(announced=Decimal("2.4"), indicative=Decimal("2.61"))
    )
    titles, figures, _ = shown(planned, row(), width=160).splitlines()
    assert titles.split()[4:6] == ["Announced", "Indicative"]
    assert figures.split()[4:6] == ["2.40", "2.61"]
    assert "announced 2.40  indicative 2.61" in row_line(planned)


def test_once_the_planned_price_stands_the_rounds_prices_leave_the_table() -> None:
    traded = msgspec.structs.replace(
        row(), price=PriceView(planned=Decimal("2.4"), announced=Decimal("2.4"))
    )
    assert "Announced" not in shown(traded, width=160)
    assert "announced" not in row_line(traded)


@pytest.mark.parametrize("width", range(20, 200))
def test_no_line_is_longer_than_the_terminal_and_no_figure_is_cut(width: int) -> None:
    rows = [row(), row("a-product-with-a-very-long-name-indeed", "2011-10-31T14")]
    lines = shown(*rows, width=width, with_words=width % 2 == 0).splitlines()
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)
    assert "…" not in lines[1]


def test_80_columns_show_supply_demand_imbalance_purchases_and_prices() -> None:
    titles = shown(row(), width=80).splitlines()[0].split()
    assert titles == [
        *("Product", "Supply", "Demand", "Imbalance", "Bought"),
        *("Price", "Unplanned", "Differ."),
    ]


@pytest.mark.parametrize(
    ("width", "last"),
    [(76, "Unplanned"), (67, "Price"), (57, "Bought"), (46, "Imbalance")],
)
def test_the_least_telling_column_goes_first_the_right_one_of_equals(
    width: int, last: str
) -> None:
    assert shown(row(), width=width).splitlines()[0].split()[-1] == last


def test_periods_are_a_column_only_where_there_are_several() -> None:
    assert "Period" not in shown(row(), width=80)
    assert "2011-W45" in shown(row(), row(period="2011-W45"), width=80)


def test_what_is_not_known_is_a_dot() -> None:
    unknown = MarketRow(product_id="a", period="2011-W44")
    assert shown(unknown, width=80).splitlines()[1].split()[-3:] == ["·", "·", "·"]


@pytest.mark.parametrize("colour", STYLES)
def test_an_imbalance_has_its_colour_and_without_colours_its_word(colour: str) -> None:
    coloured = MarketRow(
        product_id="a",
        period="2011-W44",
        imbalance=Imbalance(percent=Decimal("-3.5"), colour=colour),  # type: ignore[arg-type]
    )
    plain = shown(coloured, width=80, with_words=True)
    assert f"-3.5% {colour}" in plain
    assert "\x1b[" not in plain
    painted = shown(coloured, width=80, coloured=True)
    # A background of its own: it reads on light and on dark terminals.
    assert "-3.5%" in painted
    assert any(code in painted for code in (";41m", ";42m", ";43m", ";44m", ";48;5;"))
    assert colour not in painted


def test_a_fresh_row_stands_out() -> None:
    fresh = frozenset({("b", "2011-W44")})
    lines = shown(
        row("a"), row("b"), width=80, coloured=True, changed=fresh
    ).splitlines()
    assert "\x1b[1m" not in lines[1]
    assert "\x1b[1m" in lines[2]


def test_ids_cannot_steer_the_terminal_or_the_markup() -> None:
    text = shown(row("[red]x\x1b[2Jy\u202e"), width=120)
    assert "\x1b" not in text
    assert "[red]x" in text


def test_the_header_says_how_live_the_rows_are() -> None:
    first, second = header_text(
        100,
        lag=timedelta(milliseconds=4.6),
        silence=timedelta(seconds=0.3),
        rows=4_070,
        period="2011-W44",
        changes_per_s=1_234.5,
    )
    assert first == "parfeed  live  ws://127.0.0.1:8765/"
    assert second.split("  ") == [
        *("lag 5 ms", "period 2011-W44", "heard 0.3 s ago"),
        *("1,234 changes/s", "4,070 rows"),
    ]


@pytest.mark.parametrize("width", [10, 20, 40, 80])
def test_the_header_is_two_lines_however_narrow(width: int) -> None:
    lines = header_text(
        width,
        state="reconnecting",
        note="1001 The server stops; come back.",
        occurred_at="2011-10-31 12:00:00",
    )
    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)


def test_a_line_for_people_has_every_figure_that_is_known() -> None:
    assert row_line(row()) == (
        "2011-W44 85123A  supply 1000  demand 950  imbalance +5.1% yellow  made 900  "
        "bought 280 planned  70 unplanned  price 2.50  unplanned price 2.95  "
        "difference +0.45"
    )
    unknown = row_line(MarketRow(product_id="a\x1b", period="2011-W44"))
    assert unknown == (
        "2011-W44 a  supply 0  demand 0  made 0  bought 0 planned  0 unplanned"
    )
