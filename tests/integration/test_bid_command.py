"""`parfeed bid` as a small company runs it: a real worker and feed, real output."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from support.commands import Done, on_terminal, run
from support.deployment import running
from support.polling import eventually
from support.processes import free_port

from parfeed.broker import EmbeddedBroker
from parfeed.planning.bids import template
from schemas.settings import Settings

pytestmark = pytest.mark.kafka


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(
    broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Settings]:
    """A worker and a feed server for all tests here; each bids for its own products."""
    folder = tmp_path_factory.mktemp("bids")
    async with running(broker, folder, with_board=False) as settings:
        yield settings


async def bid(settings: Settings, *arguments: str, stdin: str | None = None) -> Done:
    return await run(settings, "bid", "--period", "2031-W10", *arguments, stdin=stdin)


async def test_a_bid_sees_at_once_what_it_adds_to(market: Settings) -> None:
    first = await bid(
        market, "--product", "rye", "--quantity", "100", "--company", "mill"
    )
    assert (first.code, first.err) == (0, "")
    head, effect = first.out.splitlines()
    assert head.startswith("rye in 2031-W10: 100 bid by mill (revision ")
    assert effect == (
        "  supply 0 -> 100, demand 0, imbalance +200.00% red, yours 100, 100.00% of "
        "supply"
    )
    second = await bid(
        market, "--product", "rye", "--quantity", "300.5", "--company", "farm", "--json"
    )
    said = second.json
    assert said["before"]["supply"]["planned"] == "100"
    assert said["after"]["supply"]["planned"] == "400.5"
    assert said["bid"]["quantity"] == "300.5"
    assert [each["verdict"] for each in said["outcomes"]] == ["accepted"]


async def test_a_later_bid_replaces_and_a_withdrawn_one_is_gone(
    market: Settings,
) -> None:
    oats = ("--product", "oats", "--company", "mill")
    await bid(market, *oats, "--quantity", "100")
    later = await bid(market, *oats, "--quantity", "40")
    assert "supply 100 -> 40" in later.out
    gone = await bid(market, *oats, "--withdraw")
    assert gone.code == 0
    assert "the bid of mill is withdrawn" in gone.out
    assert "supply 40 -> 0" in gone.out


async def test_a_spreadsheet_of_bids_is_sent_with_its_inputs(
    market: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bids.csv"
    file.write_text(
        "product_id;quantity;schedule;inputs\n"
        "cake;1,5;;butter=3|sugar=0.5\n"
        "pie;20;3:10|4:30;\n",
        encoding="utf-8-sig",
    )
    done = await bid(market, str(file), "--company", "bakery", "--json")
    assert (done.code, done.err) == (0, "")
    cake, pie = [json.loads(line) for line in done.out.splitlines()]
    assert cake["after"]["supply"]["planned"] == "1.5"
    assert len(cake["outcomes"]) == 3
    assert pie["bid"]["schedule"] == [["3", "10"], ["4", "30"]]

    async def inputs_are_wanted() -> bool:
        shown = await run(
            market, "snapshot", "--json", "--products", "butter,sugar",
            "--period", "2031-W10",
        )  # fmt: skip
        wanted = {r["product_id"]: r["demand"]["planned"] for r in shown.json["rows"]}
        return wanted == {"butter": "3", "sugar": "0.5"}

    await eventually(inputs_are_wanted)


async def test_of_a_file_with_a_fault_nothing_is_sent(market: Settings) -> None:
    text = f"{template()}\njam,5,mill\njam,6,mill\nhoney,much,mill\n"
    done = await bid(market, "-", stdin=text)
    assert done.code == 1
    assert done.out == ""
    assert "nothing was sent" in done.err
    assert "line 3: the same product, period and company as line 2" in done.err
    assert "line 4: quantity must be a number of units" in done.err
    shown = await run(market, "snapshot", "--json", "--products", "jam,honey")
    assert shown.json["rows"] == []


async def test_a_joint_bid_says_who_must_confirm_and_how(market: Settings) -> None:
    joint = await bid(
        market, "--product", "flour", "--quantity", "900", "--company", "mill",
        "--with", "dairy", "--with", "farm", "--revision", "7",
    )  # fmt: skip
    assert joint.code == 0
    lines = [line.strip() for line in joint.out.splitlines()]
    confirm = (
        "parfeed bid --confirm 'mill' --product 'flour' --period 2031-W10 --revision 7 "
        "--as '{}'"
    )
    assert [confirm.format("dairy"), confirm.format("farm")] == lines[-2:]

    async def supply() -> str:
        shown = await run(market, "snapshot", "--json", "--products", "flour")
        return next((r["supply"]["planned"] for r in shown.json["rows"]), "0")

    for member, counts in (("dairy", "0"), ("farm", "900")):
        done = await bid(
            market, "--confirm", "mill", "--product", "flour", "--revision", "7",
            "--as", member,
        )  # fmt: skip
        assert done.code == 0, done.err

        async def is_counted(counts: str = counts) -> bool:
            return await supply() == counts

        await eventually(is_counted)


async def test_without_a_terminal_a_missing_option_is_an_error(
    market: Settings,
) -> None:
    done = await bid(market, "--product", "rye")
    assert done.code == 2
    assert "missing: --company, --quantity" in " ".join(done.err.split())


async def test_without_a_feed_one_line_says_what_to_do() -> None:
    nobody = Settings(port=free_port())
    done = await run(
        nobody, "bid", "--product", "rye", "--quantity", "1", "--company", "mill",
        "--wait", "0.2",
    )  # fmt: skip
    assert done.code == 1
    assert done.err.endswith("start one with: parfeed up\n")


async def test_the_form_shows_the_market_while_one_types(market: Settings) -> None:
    barley = ("--product", "barley", "--company", "mill")
    await bid(market, *barley, "--quantity", "80")
    arguments = ("bid", "--period", "2031-W10", "--company", "farm")
    async with on_terminal(market, *arguments) as form:
        await form.shows("A bid for 2031-W10", "Type a product")
        form.type("barlex\x7fy\r")
        await form.shows("barley: supply 80, demand 0")
        # What others say meanwhile moves it.
        await bid(market, *barley, "--quantity", "90")
        await form.shows("barley: supply 90")
        form.type("ten\r")
        await form.shows("was 'ten'")
        form.type("\x1510")
        await form.shows("with 10 more: supply 100")
        form.type("\r")
        assert await form.end() == 0
        await form.shows("10 bid by farm", "supply 90 -> 100")
        assert "Traceback" not in form.seen


async def test_who_gives_up_the_form_has_sent_nothing(market: Settings) -> None:
    arguments = ("bid", "--period", "2031-W10", "--company", "farm")
    for give_up, code in (("\x04", 1), (None, 130)):
        async with on_terminal(market, *arguments) as form:
            await form.shows("A bid for 2031-W10")
            assert not form.echoes
            form.type("spelt\r5")
            await form.shows("spelt", "5")
            if give_up is None:
                form.process.send_signal(signal.SIGINT)
            else:
                form.type(give_up)
            assert await form.end() == code
            assert form.echoes
            assert "Traceback" not in form.seen
    shown = await run(market, "snapshot", "--json", "--products", "spelt")
    assert shown.json["rows"] == []
