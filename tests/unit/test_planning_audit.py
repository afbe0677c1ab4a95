"""What an audit says, and which Kafka it asks."""

from decimal import Decimal
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from parfeed.broker import known_address
from parfeed.cli.app import app
from parfeed.cli.planning.audit import DIFFERENCES_SHOWN, as_json, audit_lines
from schemas.errors import InvalidSettings
from streams.board.audit import Difference, RoundAudit


def difference(product_id: str = "bread", figure: str = "price") -> Difference:
    return Difference(product_id, figure, Decimal("3.10"), Decimal("3.2"))


def test_rounds_that_can_be_found_again_are_said_to_be() -> None:
    assert audit_lines("2011-W44", [RoundAudit(1, 50, ()), RoundAudit(2, 50, ())]) == [
        "round 1: 50 prices and 0 sums computed again, all as announced",
        "round 2: 50 prices and 100 sums computed again, all as announced",
    ]


def test_what_differs_is_named_with_both_figures() -> None:
    found = (
        difference(),
        difference(figure="supply"),
        Difference("ro\x1bls", "planned_price", Decimal("1E+1"), None),
    )
    head, *lines = audit_lines("2011-W44", [RoundAudit(3, 50, found)])
    assert head.endswith("2 differ")
    assert lines == [
        "  bread: price 3.10 was announced, 3.2 is right",
        "  bread: supply 3.10 was announced, 3.2 is right",
        "  rols: planned price 10 follows from nothing",
    ]
    assert as_json("2011-W44", [RoundAudit(3, 50, found)]) == {
        "period": "2011-W44",
        "differences": 3,
        "rounds": [
            {
                "round": 3,
                "products": 50,
                "differences": [
                    {"product_id": "bread", "figure": "price", "announced": "3.10",
                     "recomputed": "3.2"},
                    {"product_id": "bread", "figure": "supply", "announced": "3.10",
                     "recomputed": "3.2"},
                    {"product_id": "ro\x1bls", "figure": "planned_price",
                     "announced": "10", "recomputed": None},
                ],
            }
        ],
    }  # fmt: skip


def test_people_see_some_of_many_differences_and_how_many_more() -> None:
    many = tuple(difference(f"p{n}") for n in range(DIFFERENCES_SHOWN + 5))
    lines = audit_lines("2011-W44", [RoundAudit(2, 50, many)])
    assert len(lines) == 1 + DIFFERENCES_SHOWN + 1
    assert lines[-1] == "  ... and 5 more"
    assert len(as_json("2011-W44", [RoundAudit(2, 50, many)])["rounds"][0]
               ["differences"]) == len(many)  # fmt: skip


def test_a_period_without_prices_is_no_error() -> None:
    assert audit_lines("2011-W44", []) == ["2011-W44: no prices were announced"]


# Which Kafka.


def test_a_directory_where_no_kafka_ran_says_what_to_name(tmp_path: Path) -> None:
    assert known_address(tmp_path) is None
    shown: Result = CliRunner().invoke(
        app, ["board", "audit", "2011-W44", "--data-dir", str(tmp_path)]
    )
    assert isinstance(shown.exception, InvalidSettings)
    assert "--data-dir, or a Kafka of your own in PARFEED_BROKER" in str(
        shown.exception
    )


def test_the_address_of_a_kafka_is_what_its_directory_holds(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "identity.json").write_text(
        '{"cluster_id":"x","port":23456,"controller_port":23457}'
    )
    assert known_address(tmp_path) == "127.0.0.1:23456"
