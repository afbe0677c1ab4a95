"""Commands of trading as people run them, over a real worker, ledger and feed."""

import csv
import io
import json
from decimal import Decimal

import pytest
from support.commands import Done, run
from support.feed import address, start_feed
from support.polling import eventually
from support.processes import Processes
from support.trading import PERIOD, at, said

import parfeed
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

ADA = "consumer/ada"


async def buy(settings: Settings, quantity: str, *more: str, who: str = "ada") -> Done:
    return await run(
        settings,
        *("buy", "lamp", "--company", "north", "--quantity", quantity),
        *("--consumer", who, "--at", at(12), *more),
    )


async def done(settings: Settings, *arguments: str) -> str:
    ended = await run(settings, *arguments)
    assert ended.code == 0, ended
    return ended.out


async def test_a_week_of_one_consumer_from_the_terms_to_the_statement(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    await start_feed(settings, processes)
    terms = await done(
        settings,
        *("ledger", "terms", PERIOD),
        *("--planned-tax", "4%", "--unplanned-tax", "0.2"),
    )
    assert "tax 0.04 planned, 0.2 unplanned; rebids answered by a person" in terms
    budget = await done(
        settings,
        *("ledger", "budget", "ada", PERIOD, "200"),
        *("--unplanned-share", "50%", "--council", "elm"),
    )
    assert "ada has 200 for 2011-W44" in budget
    async with parfeed.connect(address(settings), timeout=20) as feed:
        await feed.publish(
            [
                said("bid", company_id="north", quantity="100"),
                said("plan", consumer_id="ada", quantity="5", council_id="elm"),
                said("planned_price", planned_price="10.00"),
                said("price", unplanned_price="8.00", occurred_at=at(1)),
                said(
                    "price",
                    company_id="south",
                    unplanned_price="11.00",
                    occurred_at=at(1),
                ),
            ],
            verdict=True,
        )
        offers = feed.subscribe("offers")
        await eventually(
            lambda: (
                [row.planned_price for row in offers.rows.values()]
                == [Decimal(10), Decimal(10)]
            ),
            within_s=30,
        )
    quoted = json.loads(
        await done(
            settings, "quote", "lamp", "--quantity", "2", "--consumer", "ada", "--json"
        )
    )
    assert Decimal(quoted["planned_cost"]) == Decimal("20.4")
    assert [
        (each["company_id"], Decimal(each["cost"]), Decimal(each["loss"]))
        for each in quoted["offers"]
    ] == [
        ("north", Decimal("17.6"), Decimal("-2.8")),
        ("south", Decimal("24.2"), Decimal("3.8")),
    ]
    assert Decimal(quoted["unplanned_left"]) == 100
    words = await done(settings, "quote", "lamp", "-q", "2", "--consumer", "ada")
    assert "saves 2.80" in words
    assert "Left: 100.00 on the planned card, 100.00 on the unplanned card" in words

    # A plan line passes through the workers' topic: it counts a moment later.
    async def takes_from_the_plan() -> bool:
        return (await buy(settings, "1", "--use", "planned")).code == 0

    await eventually(takes_from_the_plan, within_s=30)
    approved = await buy(settings, "6", "--event-id", "till-1")
    assert approved.code == 0, approved
    assert approved.out.splitlines() == [
        "Approved: 4 planned at 10.00 and 2 unplanned at 8.00; it costs 58.40 with tax",
        "Bought outside of the plan it saves 2.80",
        "Left: 49.00 on the planned card, 82.40 on the unplanned card",
    ]
    again = await buy(settings, "6", "--event-id", "till-1", "--json")
    assert again.code == 1
    assert (again.json["approved"], again.json["error"]) == (False, "duplicate")
    for declined, code in (
        (await buy(settings, "1", "--use", "planned"), "line_exceeded"),
        (await buy(settings, "1000"), "card_exceeded"),
        (await buy(settings, "1", who="bob"), "unknown_card"),
        (await buy(settings, "1", "--greatest-price", "7.99"), "price_exceeded"),
    ):
        assert (declined.code, declined.out) == (1, "")
        assert declined.err.startswith(f"parfeed: declined: {code}: ")
        assert "-> " in declined.err
    watched = await done(
        settings, "snapshot", "--channel", "consumer", "--party", ADA, "--json"
    )
    (card,) = json.loads(watched)["rows"]
    assert (card["purchases"], Decimal(card["loss"])) == (2, Decimal("-2.8"))
    await _settled(settings)


async def _settled(settings: Settings) -> None:
    early = await run(settings, "statement", ADA, PERIOD)
    assert early.code == 1
    assert "is the period settled?" in early.err
    unsettled = await run(settings, "ledger", "correct", PERIOD)
    assert (unsettled.code, "not_settled" in unsettled.err) == (1, True)
    assert "has ended" in await done(settings, "ledger", "close", PERIOD)

    async def is_settled() -> Done | None:
        stated = await run(settings, "statement", ADA, PERIOD)
        return stated if stated.code == 0 else None

    stated = await eventually(is_settled, within_s=40)
    assert f"Statement of {ADA}/planned for {PERIOD}" in stated.out
    assert f"Statement of {ADA}/unplanned for {PERIOD}" in stated.out
    found = json.loads(await done(settings, "statement", ADA, PERIOD, "--json"))
    planned = next(
        each for each in found["statements"] if each["account"].endswith("/planned")
    )
    assert (planned["revision"], planned["corrects"]) == (0, None)
    total = sum(Decimal(line["amount"]) for line in planned["lines"])
    assert total == Decimal(planned["total"])
    rows = list(
        csv.DictReader(
            io.StringIO(
                await done(settings, "statement", f"{ADA}/planned", PERIOD, "--csv")
            )
        )
    )
    assert sum(Decimal(row["amount"]) for row in rows) == total
    assert {row["account"] for row in rows} == {f"{ADA}/planned"}
    for account in ("company/north", "council/elm/pool", "board", "board/tax"):
        assert f"Statement of {account}" in await done(
            settings, "statement", account, PERIOD
        )
    assert (await run(settings, "statement", "consumer/eve", PERIOD)).code == 1
    late = await run(settings, "ledger", "correct", PERIOD)
    assert (late.code, "nothing_to_correct" in late.err) == (1, True)
    over = await buy(settings, "1")
    assert over.err.startswith("parfeed: declined: period_settled")


async def test_rebids_are_asked_for_and_answered_by_hand(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=20) as feed:
        alerts, market = feed.subscribe("alerts"), feed.subscribe("market")
        await feed.publish(
            [
                said("bid", company_id="north", quantity="100"),
                said("plan", consumer_id="ann", quantity="100"),
                said("planned_price", planned_price="10.00"),
                said("price", unplanned_price="12.00", occurred_at=at(1)),
            ],
            verdict=True,
        )
        early = await run(settings, "ledger", "rebid", "north", "lamp", PERIOD)
        assert (early.code, "pace_too_low" in early.err) == (1, True)
        nobody = await run(
            settings, "ledger", "answer", "lamp", PERIOD, "--price", "11"
        )
        assert (nobody.code, "unknown_rebid" in nobody.err) == (1, True)
        await feed.publish(
            [said("purchase", quantity="50", unit_price="12.00", occurred_at=at(24))]
        )
        await eventually(lambda: alerts.rows.get(("lamp", PERIOD, "pace")), within_s=30)
        asked = await done(
            settings,
            *("ledger", "rebid", "north", "lamp", PERIOD, "--reason", "sold out"),
        )
        assert "A rebid of lamp in 2011-W44 is requested" in asked
        told = await done(
            settings,
            *("ledger", "answer", "lamp", PERIOD),
            *("--price", "11.50", "--reason", "demand outruns supply"),
        )
        assert "is 11.50 from now on" in told

        def repriced() -> bool:
            row = market.rows.get(("lamp", PERIOD))
            return row is not None and row.price.planned == Decimal("11.50")

        await eventually(repriced, within_s=30)
