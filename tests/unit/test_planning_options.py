"""`parfeed bid` and `parfeed board` before they speak to anybody: what is typed."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from parfeed.cli.app import app
from parfeed.planning.bids import template
from parfeed.planning.errors import UnfitTable

NOWHERE = ("--url", "127.0.0.1:1", "--wait", "0")
BREAD = ("--product", "bread", "--company", "bakery")


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin, env={"COLUMNS": "500"})


def complaint(*arguments: str) -> str:
    shown = run(*arguments, *NOWHERE)
    assert shown.exit_code == 2, shown.output
    return " ".join(shown.output.split())


# bid


def test_the_template_is_the_header_and_the_columns_are_explained_beside_it() -> None:
    shown = run("bid", "--template")
    assert shown.exit_code == 0
    assert shown.stdout == f"{template()}\n"
    assert "units at the announced price; 0 withdraws (needed)" in shown.stderr


def test_without_a_terminal_nothing_is_asked_for() -> None:
    assert "missing: --company, --quantity" in complaint("bid", "--product", "bread")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--quantity", "ten", *BREAD), "for --quantity: "),
        (("--quantity", "ten", *BREAD), "was 'ten'"),
        (("--quantity", "1", "--period", "2011", *BREAD), "for --period: "),
        (("--quantity", "1", "--schedule", "3:2,2:1", *BREAD), "prices that rise"),
        (("--quantity", "1", "--least-price", "x", *BREAD), "for --least-price: "),
        (("--quantity", "1", "--input", "flour", *BREAD), "PRODUCT=QUANTITY"),
        (("--quantity", "1", "--input", "bread=1", *BREAD), "input of itself"),
        (("--quantity", "1", "--with", "bakery", *BREAD), "other companies"),
        (("--quantity", "1", "--with", "a", "--with", "a", *BREAD), "each one once"),
        (("--quantity", "1", "--fixed", "--schedule", "3:1", *BREAD), "no schedule"),
        (("--quantity", "1", "--revision", "-1", *BREAD), "for --revision: "),
        (("--quantity", "1", "--as", "mill", *BREAD), "goes with --confirm"),
        (("--withdraw", "--quantity", "1", *BREAD), "--quantity does not go with it"),
        (("--withdraw", "--fixed", "--team", "t", *BREAD), "--fixed, --team do not go"),
        (("--confirm", "mill", "--product", "flour"), "--as, --period, --revision"),
        (("--confirm", "mill", "--company", "x"), "--company does not go with it"),
        (("nowhere.csv",), "cannot read nowhere.csv: No such file or directory"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_anybody_is_asked(
    arguments: tuple[str, ...], said: str
) -> None:
    assert said in complaint("bid", *arguments)


def test_a_file_goes_with_company_and_period_only(tmp_path: Path) -> None:
    file = tmp_path / "bids.csv"
    file.write_text("product_id,quantity\nbread,1\n")
    assert "--product does not go with it" in complaint(
        "bid", str(file), "--product", "x"
    )


def test_a_bad_file_is_told_without_a_feed(tmp_path: Path) -> None:
    file = tmp_path / "bids.csv"
    file.write_text("product_id,quantity\nbread,ten\nrolls,\n")
    shown = run("bid", str(file), "--company", "bakery", *NOWHERE)
    assert isinstance(shown.exception, UnfitTable)
    assert [fault.partition(" must")[0] for fault in shown.exception.faults] == [
        "line 2: quantity",
        "line 3: quantity is missing",
    ]


def test_a_file_without_bids_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "bids.csv"
    file.write_text(template() + "\n")
    shown = run("bid", str(file), *NOWHERE)
    assert (shown.exit_code, shown.stdout) == (
        0,
        "The file holds no bids; nothing was sent.\n",
    )


# board


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "2011-W44"), "name a FILE, or one product by --product and --price"),
        (("list", "2011-W44", "--product", "bread"), "by --product and --price"),
        (("list", "2011-W44", "x.csv", "--price", "1"), "either a FILE, or"),
        (("list", "2011-W44", "x.csv"), "cannot read x.csv"),
        (("list", "2011-W54", "--product", "b", "--price", "1"), "a period such as"),
        (("list", "2011-W44", "--product", "b", "--price", "0"), "above 0"),
        (("open", "week"), "for PERIOD: "),
        (("open", "2011-W44", "--tolerance", "0.03"), "write the sign"),
        (("open", "2011-W44", "--round", "0"), "above 0 seconds, was 0"),
        (("open", "2011-W44", "--closes-at", "soon"), "for --closes-at: "),
        (("open", "2011-W44", "--max-rounds", "101"), "--max-rounds"),
        (("announce", "2011-W44", "2"), "--rebid"),
        (("announce", "2011-W44", "0", "--rebid"), "ROUND"),
        (("set-price", "2011-W44", "2", "bread", "free"), "for PRICE: "),
        (("close", "now"), "for PERIOD: "),
        (("approve", "hill", "2011-W44", "bread"), "--signer"),
        (("approve", "hill", "2011-W44", "bread", "--signer", "a", "--up-to", "0"),
         "for --up-to: "),
        (("veto", "x" * 65, "2011-W44", "bread", "--signer", "ada"), "for COUNCIL: "),
        (("council", "x.csv"), "cannot read x.csv"),
    ],
)  # fmt: skip
def test_what_a_board_cannot_say_is_said_before_anybody_is_asked(
    arguments: tuple[str, ...], said: str
) -> None:
    assert said in complaint("board", *arguments)


@pytest.mark.parametrize(
    ("command", "header"),
    [
        (("list", "2011-W44", "-"), "product_id,price\n"),
        (("council", "-"), "council_id,level\n"),
    ],
)
def test_a_file_without_lines_asks_nothing(
    command: tuple[str, ...], header: str
) -> None:
    shown = run("board", *command, *NOWHERE, stdin=header)
    assert shown.exit_code == 0
    assert "nothing was sent" in shown.stdout


@pytest.mark.parametrize(
    "command",
    ["list", "open", "close", "status", "announce", "stand", "set-price", "council",
     "waits", "approve", "veto", "audit"],
)  # fmt: skip
def test_every_command_of_the_board_explains_itself_with_an_example(
    command: str,
) -> None:
    shown = run("board", command, "--help")
    assert shown.exit_code == 0
    assert f"parfeed board {command}" in shown.output
