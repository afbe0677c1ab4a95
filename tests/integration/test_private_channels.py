"""Private channels over real sockets: whose rows come, and to whom they never do."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from support.accounts import LedgerWriter
from support.feed_process import another, health, ready
from support.polling import eventually
from support.processes import Processes
from support.sockets import Socket

from schemas.channels import CHANNELS
from schemas.feed import Ping, Quote
from schemas.settings import Settings
from schemas.trading_rows import CardRow, CostRow, OfferRow, StatementRow
from schemas.values import Period

pytestmark = pytest.mark.kafka

WEEK = Period("2011-W44")
ADA, BOB = "consumer/ada", "consumer/bob"
OFFER = OfferRow(
    product_id="rye",
    period=WEEK,
    company_id="mill",
    unplanned_price=Decimal("11.00"),
    planned_price=Decimal("10.00"),
    planned_cost=Decimal("10.25"),
    unplanned_cost=Decimal("11.825"),
    loss=Decimal("1.575"),
)


def card(party: str, sequence: int = 1) -> CardRow:
    return CardRow(
        period=WEEK, party=party, sequence=sequence, planned_left=Decimal(sequence)
    )


def statement(party: str) -> StatementRow:
    return StatementRow(period=WEEK, party=party, account=f"{party}/planned")


COST = CostRow(
    period=WEEK,
    company_id="mill",
    of_product_id="rye",
    unit_cost=Decimal(12),
    planned_price=Decimal(10),
)


class Overheard(Socket):
    """
    A client that remembers all that it was told.

    Attributes:
        heard: each message as text.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.heard: list[str] = []

    async def take(self) -> dict[str, Any]:
        """Apply the next message and return it."""
        message = await super().take()
        self.heard.append(msgspec.json.encode(message).decode())
        return message


async def in_step(socket: Socket, *names: str) -> dict[str, Any]:
    """Ask for a heartbeat, whose checksums the reader compares."""
    await socket.say(Ping())
    return await socket.until(
        lambda message: (
            message["type"] == "heartbeat" and set(message["checksum"]) == set(names)
        )
    )


async def test_a_party_gets_its_rows_as_they_change_and_resumes_on_any_server(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    other = another(settings)
    await ready(processes, other)
    async with LedgerWriter(settings) as ledger:
        async with Socket(settings) as socket:
            await socket.subscribe("card", channel="consumer", party=ADA)
            await ledger.write(card(ADA), card(BOB), statement(ADA), COST, OFFER)
            await socket.until(lambda _: len(socket.reader.rows["card"]) == 1)
            await in_step(socket, "card")
            cursor, reader = socket.reader.cursors["card"], socket.reader
            assert len(cursor.split(".")) == 2 * settings.partitions
        await ledger.write(card(BOB, 2), card(ADA, 2))
        await eventually(lambda: _rows(other, 5))
        async with Socket(other, reader) as back:
            resumed = await back.subscribe(
                "card", channel="consumer", party=ADA, resume=cursor
            )
            while not resumed["rows"]:
                resumed = await back.until(lambda message: message["type"] == "update")
            assert [(r["party"], r["sequence"]) for r in resumed["rows"]] == [(ADA, 2)]
            await in_step(back, "card")
    assert "resync" not in {message["type"] for message in reader.others}


async def _rows(settings: Settings, count: int) -> bool:
    return bool((await health(settings))["rows"] == count)


async def test_hostile_subscriptions_never_get_a_private_row(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    closed = another(settings, private_channels="nobody")
    await ready(processes, closed)
    public = [name for name, channel in CHANNELS.items() if not channel.is_private]
    private = [name for name in CHANNELS if name not in public]

    async def listen(socket: Socket) -> None:
        beat = await in_step(socket, *public)
        cursors = {**socket.reader.cursors}
        assert set(beat["checksum"]) == set(public)
        for name in public:
            # From the very beginning, from far behind, with another shape.
            for resume in (
                cursors[name],
                cursors[name].partition(":")[0] + ":" + ".".join(["0"] * 8),
                cursors[name].partition(":")[0] + ":0.0.0.0",
            ):
                socket.reader.cursors[name] = resume
                await socket.subscribe(name, channel=name, resume=resume)
        for name in private:
            for message in (
                {"channel": name},
                {"channel": name, "party": "*"},
                {"channel": name, "party": ADA, "products": [ADA]},
            ):
                await socket.say(
                    msgspec.json.encode(
                        {"type": "subscribe", "id": "x", **message}
                    ).decode()
                )
        await socket.say(Quote(id="x", product_id="*"))
        await socket.say(Quote(id="x", product_id=ADA))

    async with LedgerWriter(settings) as ledger, Overheard(closed) as socket:
        for name in public:
            await socket.subscribe(name, channel=name, mode="stream")
        await ledger.write(OFFER, card(ADA), card(BOB), statement(ADA), COST)
        await socket.until(lambda _: len(socket.reader.rows["offers"]) == 1)
        await eventually(lambda: _rows(closed, 5))
        await listen(socket)
        await ledger.write(card(ADA, 2), statement(BOB))
        await ledger.write(msgspec.structs.replace(OFFER, sequence=2))
        await eventually(lambda: _rows(closed, 6))
        await in_step(socket, *public)
    codes = {each["code"] for each in socket.reader.others if each["type"] == "error"}
    assert codes == {"party_needed", "not_yours", "nothing_to_quote"}
    assert socket.heard
    for text in socket.heard:
        assert "consumer/" not in text
        assert '"card"' not in text
        assert '"statement"' not in text
        assert '"cost"' not in text


async def test_a_balance_that_was_never_final_is_never_shown(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with LedgerWriter(settings) as ledger, Overheard(settings) as socket:
        await socket.subscribe("card", channel="consumer", party=ADA)
        await socket.subscribe("offers", channel="offers")
        await ledger.write(card(ADA, 1))
        await socket.until(lambda _: len(socket.reader.rows["card"]) == 1)
        async with ledger.step_in_vain():
            await ledger.send([card(ADA, 666), OFFER])
            # What is public comes at once: the fold is deterministic.
            await socket.until(lambda _: len(socket.reader.rows["offers"]) == 1)
        await ledger.write(card(ADA, 2))
        await socket.until(lambda _: 2 in socket.reader.sequences("card").values())
        await in_step(socket, "card", "offers")
    assert not any('"sequence":666' in message for message in socket.heard)


async def test_a_server_that_starts_later_has_all_private_rows_and_quotes_from_them(
    settings: Settings, processes: Processes
) -> None:
    async with LedgerWriter(settings) as ledger:
        await ledger.write(card(ADA, 7), statement(ADA), COST, OFFER)
    await ready(processes, settings)
    async with Socket(settings) as socket:
        snapshots = []
        for name, party in (
            ("consumer", ADA),
            ("statements", ADA),
            ("costs", "board"),
            ("consumer", BOB),
        ):
            told = await socket.subscribe(f"{name} {party}", channel=name, party=party)
            snapshots.append(len(told["rows"]))
        assert snapshots == [1, 1, 1, 0]
        await socket.say(Quote(id="q", product_id="rye", party=ADA))
        quoted = await socket.until(lambda message: message.get("id") == "q")
    assert quoted["type"] == "quoted"
    assert (quoted["planned_left"], quoted["offers"][0]["cost"]) == ("7", "11.825")
