"""
A period planned by commands alone, as people run them: from the list of products to
planned prices, and what is refused on the way. Real workers, board and feed.
"""

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from support.commands import Done, on_terminal, run
from support.deployment import running
from support.planning import People
from support.polling import eventually
from support.scenes import closed, opened, plan, say

from parfeed.broker import EmbeddedBroker
from schemas.errors import REFUSALS
from schemas.planning import PriceAnnounced
from schemas.settings import Settings
from schemas.values import Period, Price

pytestmark = pytest.mark.kafka


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planning(
    broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Settings]:
    """A deployment for all tests here; each plans a period of its own."""
    folder = tmp_path_factory.mktemp("planning")
    async with running(broker, folder, with_board=True) as settings:
        yield settings


async def board(settings: Settings, *arguments: str, stdin: str | None = None) -> Done:
    return await run(settings, "board", *arguments, stdin=stdin)


async def bid(settings: Settings, period: str, *arguments: str) -> Done:
    product = () if "--product" in arguments else ("--product", "bread")
    return await run(settings, "bid", "--period", period, *product, *arguments)


async def rounds(settings: Settings, period: str) -> list[dict[str, Any]]:
    shown = await board(settings, "status", period, "--json")
    assert (shown.code, shown.err) == (0, "")
    found: list[dict[str, Any]] = shown.json["rows"]
    return found


DEMAND = [["1", "60"], ["3", "50"], ["5", "20"]]


async def test_from_the_list_to_planned_prices_by_commands_alone(
    planning: Settings, tmp_path: Path
) -> None:
    week = "2031-W01"
    prices = tmp_path / "prices.csv"
    prices.write_text("product_id,price\nbread,3\nrolls,1.50\n")
    listed = await board(planning, "list", week, str(prices))
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.startswith(f"2 products listed for {week}")
    done = await board(planning, "open", week, "--quiet", "0.5")
    assert done.code == 0, done.err
    assert f"{week}  planning, round 1" in done.out
    await say(
        planning,
        *(
            plan(week, consumer, product_id=product, schedule=DEMAND)
            for product in ("bread", "rolls")
            for consumer in ("ada", "bob", "eve")
        ),
    )
    # Both at once: as long as nobody bids for a product it holds nobody up.
    header = "product_id,quantity,schedule"
    offers = "".join(f"{name},100,1:20|5:180\n" for name in ("bread", "rolls"))
    offered = await run(
        planning, "bid", "-", "--period", week, "--company", "bakery",
        stdin=f"{header}\n{offers}",
    )  # fmt: skip
    assert offered.code == 0, offered.err
    assert offered.out.count("% of supply") == 2

    async def prices_stand() -> bool:
        return (await rounds(planning, week))[-1]["prices_stand"] is True

    await eventually(prices_stand, within_s=30)
    last = (await rounds(planning, week))[-1]
    assert last["phase"] == "closed"
    assert last["within_3"] == last["products"] == 2
    shown = await board(planning, "status", week)
    assert f"{week}  closed, the prices of round {last['round']} stand" in shown.out
    rows = (await run(planning, "snapshot", "--json", "--period", week)).json["rows"]
    assert [row["product_id"] for row in rows] == ["bread", "rolls"]
    for row in rows:
        assert row["price"]["planned"] is not None
        assert abs(float(row["imbalance"]["percent"])) < 3


async def test_a_person_ends_rounds_sets_prices_and_lets_them_stand(
    planning: Settings,
) -> None:
    week = "2031-W02"
    for arguments in (
        ("list", week, "--product", "bread", "--price", "3"),
        ("open", week, "--by-hand"),
    ):
        done = await board(planning, *arguments)
        assert done.code == 0, done.err
    await say(planning, plan(week, "ada"))
    await bid(planning, week, "--company", "bakery", "--quantity", "80")
    price = await board(planning, "set-price", week, "1", "bread", "4.25")
    assert price.code == 0, price.err
    again = await board(
        planning, "announce", week, "1", "--rebid", "--reason", "the mill burnt down"
    )
    assert again.code == 0, again.err
    assert "round 2" in again.out
    assert "the mill burnt down" in again.out
    row = (
        await run(planning, "snapshot", "--json", "--products", "bread",
                  "--period", week)
    ).json["rows"][0]  # fmt: skip
    assert row["price"]["announced"] == "4.25"
    stands = await board(planning, "stand", week, "2")
    assert stands.code == 0, stands.err
    assert "the prices of round 2 stand" in stands.out


async def test_a_person_closes_the_gate(planning: Settings) -> None:
    week = "2031-W03"
    await opened(planning, week)
    closed = await board(planning, "close", week, "--reason", "harvest is in")
    assert closed.code == 0, closed.err
    assert f"{week}  closed" in closed.out


async def test_a_period_that_is_planned_is_the_one_that_is_bid_for(
    planning: Settings,
) -> None:
    # Closed ones are not; the only open one needs no name.
    week = "2031-W04"

    async def nothing_is_planned() -> bool:
        shown = await board(planning, "status", "--json")
        newest = {row["period"]: row["phase"] for row in shown.json["rows"]}
        return "planning" not in newest.values()

    await eventually(nothing_is_planned)
    await opened(planning, week)
    done = await run(
        planning, "bid", "--product", "bread", "--quantity", "5", "--company", "oven"
    )
    assert done.code == 0, done.err
    assert done.out.startswith(f"bread in {week}: 5 bid by oven")
    await opened(planning, "2031-W05")
    several = await run(
        planning, "bid", "--product", "bread", "--quantity", "5", "--company", "oven"
    )
    assert several.code == 2
    assert "2031-W04, 2031-W05 are being planned; name one" in " ".join(
        several.err.split()
    )
    for each in (week, "2031-W05"):
        await closed(planning, each)


async def test_what_waits_is_listed_until_it_is_signed(planning: Settings) -> None:
    week = "2031-W06"
    formed = await board(
        planning, "council", "-",
        stdin="council_id,level,parent_id,signers,signatures,threshold\n"
        "hill,neighbourhood,,ada|grace|joan,2,100\n",
    )  # fmt: skip
    assert (formed.code, formed.out) == (0, "1 council formed\n"), formed.err
    await opened(planning, week, people_least=2)
    await say(
        planning,
        *(plan(week, f"person-{n}", council_id="hill") for n in range(3)),
    )

    async def waiting() -> list[dict[str, Any]]:
        shown = await board(planning, "waits", "--council", "hill", "--json")
        found: list[dict[str, Any]] = shown.json["rows"]
        return [row for row in found if row["period"] == week]

    async def waits_with_all() -> bool:
        return [row["quantity"] for row in await waiting()] == ["150"]

    await eventually(waits_with_all)
    table = await board(planning, "waits")
    assert "hill" in table.out
    assert "0/2" in table.out
    assert "person-" not in table.out
    for signer in ("ada", "joan"):
        done = await board(
            planning, "approve", "hill", week, "bread", "--signer", signer
        )
        assert done.code == 0, done.err
        assert signer not in done.out

    async def nothing_waits() -> bool:
        return not await waiting()

    await eventually(nothing_waits)
    said = await board(planning, "waits", "--council", "hill", "--period", week)
    assert said.out == "Nothing waits for a signature.\n"


async def test_the_status_is_followed_live_and_in_lines(planning: Settings) -> None:
    week = "2031-W07"
    await opened(planning, week)
    arguments = ("board", "status", week, "--follow")
    async with on_terminal(planning, *arguments) as screen:
        await screen.shows(" live ", f"{week}  planning, round 1")
        again = await board(planning, "announce", week, "1", "--rebid")
        assert again.code == 0, again.err
        await screen.shows("round 2")
        screen.process.send_signal(signal.SIGINT)
        assert await screen.end() == 0
        assert "Traceback" not in screen.seen
    await closed(planning, week)


async def test_a_period_that_nobody_has_opened_says_how_to_begin(
    planning: Settings,
) -> None:
    shown = await board(planning, "status", "2031-W50")
    assert shown.code == 0
    assert shown.out.startswith("2031-W50 has not been opened. Begin with: ")


# What is refused, and how it is said.


def refused(done: Done, code: str, *words: str) -> None:
    """Check a refusal: exit code 1, the code, its meaning, and what to do about it."""
    assert done.code == 1, done.out
    assert f"{code}: {REFUSALS[code]}" in done.err
    assert "\n  -> " in done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err


async def test_what_comes_after_the_gate_is_refused_and_nothing_is_lost(
    planning: Settings,
) -> None:
    week = "2031-W08"
    await opened(planning, week)
    before = await bid(planning, week, "--company", "bakery", "--quantity", "80")
    assert before.code == 0, before.err
    assert (await board(planning, "close", week)).code == 0
    late = await bid(planning, week, "--company", "bakery", "--quantity", "5")
    refused(late, "gate_closed", "bread")
    withdrawn = await bid(planning, week, "--company", "bakery", "--withdraw")
    refused(withdrawn, "gate_closed")
    row = (
        await run(planning, "snapshot", "--json", "--products", "bread",
                  "--period", week)
    ).json["rows"][0]  # fmt: skip
    assert row["supply"]["planned"] == "80"
    refused(await board(planning, "close", week), "gate_closed")
    refused(await board(planning, "announce", week, "1", "--rebid"), "gate_closed")


async def test_a_gate_that_closes_at_its_time_refuses_late_bids(
    planning: Settings,
) -> None:
    week = "2031-W09"
    closes = datetime.now(UTC) + timedelta(seconds=4)
    await opened(planning, week, closes_at=closes.isoformat())

    async def is_closed() -> bool:
        return (await rounds(planning, week))[-1]["phase"] == "closed"

    await eventually(is_closed, within_s=20)
    late = await bid(planning, week, "--company", "bakery", "--quantity", "5")
    refused(late, "gate_closed")


async def test_what_does_not_fit_an_open_period_is_refused_with_its_code(
    planning: Settings,
) -> None:
    week = "2031-W11"
    await opened(planning, week)
    cases = (
        ("unknown_product", bid(planning, week, "--product", "caviar", "--company", "x",
                                "--quantity", "5")),
        ("already_open", board(planning, "open", week)),
        ("already_open", board(planning, "list", week, "--product", "caviar",
                               "--price", "9")),
        ("unknown_product", board(planning, "set-price", week, "1", "caviar", "9")),
        ("stale_round", board(planning, "set-price", week, "2", "bread", "9")),
        ("stale_round", board(planning, "announce", week, "3", "--rebid")),
        ("stale_round", board(planning, "stand", week, "2")),
        ("unknown_period", board(planning, "close", "2031-W51")),
        ("unknown_council", board(planning, "approve", "nowhere", week, "bread",
                                  "--signer", "ada")),
    )  # fmt: skip
    done = await asyncio.gather(*(command for _, command in cases))
    for (code, _), each in zip(cases, done, strict=True):
        refused(each, code)
    assert (await rounds(planning, week))[-1]["round"] == 1
    await closed(planning, week)


async def test_a_revision_that_is_not_greater_is_refused(planning: Settings) -> None:
    week = "2031-W12"
    await opened(planning, week)
    oven = ("--company", "oven", "--quantity", "5", "--revision", "7")
    assert (await bid(planning, week, *oven)).code == 0
    refused(await bid(planning, week, *oven), "stale_revision", "--revision")
    await closed(planning, week)


async def test_of_a_file_what_is_refused_is_named_by_line_and_the_rest_counts(
    planning: Settings,
) -> None:
    week = "2031-W13"
    await opened(planning, week)
    done = await run(
        planning, "bid", "-", "--period", week, "--company", "oven",
        stdin="product_id,quantity\nbread,5\ncaviar,1\n",
    )  # fmt: skip
    refused(done, "unknown_product", "line 3: caviar: ")
    assert "bread in 2031-W13: 5 bid by oven" in done.out
    assert "caviar" not in done.out
    await closed(planning, week)


async def test_who_is_no_member_or_names_no_joint_bid_is_refused(
    planning: Settings,
) -> None:
    week = "2031-W14"
    await opened(planning, week)
    joint = await bid(
        planning, week, "--company", "mill", "--quantity", "900", "--with", "dairy",
        "--revision", "3",
    )  # fmt: skip
    assert joint.code == 0, joint.err
    for revision, member, code in (
        ("3", "stranger", "not_a_member"),
        ("2", "dairy", "unknown_bid"),
    ):
        done = await bid(
            planning, week, "--confirm", "mill", "--revision", revision,
            "--as", member,
        )  # fmt: skip
        refused(done, code)
    await closed(planning, week)


async def test_signatures_that_do_not_belong_are_refused(planning: Settings) -> None:
    week = "2031-W15"
    formed = await board(
        planning, "council", "-",
        stdin='{"council_id": "vale", "level": "neighbourhood", "threshold": "100", '
        '"signers": ["ada", "grace", "joan"], "signatures": 2}\n',
    )  # fmt: skip
    assert formed.code == 0, formed.err
    await opened(planning, week)
    await say(
        planning,
        *(plan(week, f"person-{n}", council_id="vale") for n in range(3)),
    )

    async def is_waiting() -> bool:
        shown = await board(planning, "waits", "--council", "vale", "--json")
        return any(row["period"] == week for row in shown.json["rows"])

    await eventually(is_waiting)

    async def sign(vote: str, signer: str) -> Done:
        done = await board(planning, vote, "vale", week, "bread", "--signer", signer)
        # Who signs is nobody else's business, refused or not.
        assert signer not in done.out + done.err
        return done

    refused(await sign("approve", "mallory"), "not_a_signer")
    assert (await sign("approve", "ada")).code == 0
    refused(await sign("approve", "ada"), "already_signed")
    assert (await sign("approve", "grace")).code == 0
    refused(await sign("veto", "joan"), "already_decided")
    await closed(planning, week)


# The audit.


async def test_the_audit_finds_every_price_again(planning: Settings) -> None:
    week = "2031-W16"
    await opened(planning, week, products="bread,rolls")
    await say(
        planning,
        *(plan(week, f"p{n}", product_id="bread", schedule=DEMAND) for n in range(3)),
    )
    await bid(planning, week, "--company", "oven", "--quantity", "80")
    price = await board(planning, "set-price", week, "1", "rolls", "2.5")
    assert price.code == 0, price.err
    assert (await board(planning, "announce", week, "1", "--rebid")).code == 0
    assert (await board(planning, "stand", week, "2")).code == 0
    audited = await board(planning, "audit", week)
    assert (audited.code, audited.err) == (0, "")
    assert audited.out.splitlines() == [
        "round 1: 2 prices and 0 sums computed again, all as announced",
        "round 2: 2 prices and 4 sums computed again, all as announced",
    ]
    async with on_terminal(planning, "board", "audit", week) as screen:
        await screen.shows("Computing the prices of round 2", "round 2: 2 prices")
        assert await screen.end() == 0
    as_json = (await board(planning, "audit", week, "--json")).json
    assert as_json["differences"] == 0
    assert [each["products"] for each in as_json["rounds"]] == [2, 2]


async def test_a_price_that_nobody_can_find_again_fails_the_audit(
    planning: Settings,
) -> None:
    week = "2031-W17"
    await opened(planning, week)
    await say(planning, plan(week, "ada"))
    await bid(planning, week, "--company", "oven", "--quantity", "80")
    assert (await board(planning, "announce", week, "1", "--rebid")).code == 0
    # Somebody writes a price into the board's topic that the rule never made.
    forged = PriceAnnounced(
        event_id=uuid.uuid4().hex,
        product_id="bread",
        occurred_at=datetime.now(UTC),
        period=Period(week),
        announced_price=Price("99"),
        round=3,
        method="shares",
    )
    async with People(planning) as somebody:
        await somebody.say(forged)
    audited = await board(planning, "audit", week)
    assert audited.code == 1
    assert "1 differ" in audited.out
    assert "bread: " in audited.out


async def test_a_period_that_was_never_opened_cannot_be_audited(
    planning: Settings,
) -> None:
    done = await board(planning, "audit", "2031-W52")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "parfeed: 2031-W52 was never opened; see what is planned with: parfeed board "
        "status\n"
    )
