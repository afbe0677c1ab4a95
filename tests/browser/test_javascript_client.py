"""
The page's client in the browser that it is for: same wire, same rules as Python's.

It runs in Chromium rather than in Node: a browser is what it is written for, and what
the page's other tests need anyway, so nothing more has to be installed.
"""

import json
import zlib
from pathlib import Path

import pytest
from support.live_page import golden_row, product
from support.polling import eventually

from feed_server.messages import decode_message
from parfeed.client.states import TRANSITIONS
from schemas.channels import CHANNELS
from schemas.codec import MAX_EVENT_BYTES
from schemas.feed import CLOSES, MAX_MESSAGE_BYTES, SUBPROTOCOL, Hello, Subscribe

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOLDEN = Path(__file__).parents[1] / "wire" / "golden"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.json").read_text(encoding="utf-8").removesuffix("\n")


async def test_its_tables_are_those_of_the_protocol(open_page):
    page = await open_page()
    tables = await page.evaluate(
        """async () => {
          const protocol = await import("/client/protocol.js");
          return { ...protocol, FINAL_CLOSES: [...protocol.FINAL_CLOSES] };
        }"""
    )
    assert tables["SUBPROTOCOL"] == SUBPROTOCOL
    assert tables["MAX_MESSAGE_BYTES"] == MAX_MESSAGE_BYTES
    assert tables["MAX_EVENT_BYTES"] == MAX_EVENT_BYTES
    assert set(tables["FINAL_CLOSES"]) == {
        code for code, meaning in CLOSES.items() if not meaning.retry
    }
    assert tables["NAMED_BY"] == {
        name: list(channel.named_by) for name, channel in CHANNELS.items()
    }, "feed_server/page/client/protocol.js and parfeed.d.ts have to know every channel"
    assert tables["TRANSITIONS"] == {
        state.value: {
            str(message.__struct_config__.tag): following.value
            for message, following in moves.items()
        }
        for state, moves in TRANSITIONS.items()
    }


TEXTS = [
    "",
    "rye",
    "Brötchen",
    "パン",
    "🧺" * 50,
    "\u2028\u2029\u202e\ufeff\x7f",
    '"\\/<>&',
    "a" * 5_000,
    "é" * 5_000,
    "\U0010ffff\uffff\ue000",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:30])
async def test_its_checksum_is_zlibs_byte_for_byte(open_page, text):
    page = await open_page()
    crc = await page.evaluate(
        "async (text) => (await import('/parfeed.js')).crc32(text)", text
    )
    assert crc == zlib.crc32(text.encode())


async def test_every_golden_row_is_written_again_to_the_byte(open_page):
    page = await open_page()
    rows = [
        golden(f"rows/{file.stem}")
        for channel in CHANNELS.values()
        for file in (GOLDEN / "rows").glob(f"{channel.row_type}*.json")
    ]
    assert len(rows) >= len(CHANNELS)
    crcs = await page.evaluate(
        """async (rows) => {
          const { crc32 } = await import("/parfeed.js");
          return rows.map((row) => crc32(JSON.stringify(JSON.parse(row))));
        }""",
        rows,
    )
    assert crcs == [zlib.crc32(row.encode()) for row in rows]


async def test_the_golden_conversation_ends_in_the_golden_checksum(open_page):
    page = await open_page()
    names = ["welcome", "snapshot", "update", "heartbeat", "update_that_merges"]
    messages = [golden(f"server/{name}").replace('"mine"', '"s1"') for name in names]
    told = await page.evaluate(
        """async (messages) => {
          const { Session } = await import("/parfeed.js");
          const session = new Session({ client: "example/1.0" });
          const { replica, inbox } = session.subscribe({
            products: ["85123A", "22423"], period: "2011-W44", maxRate: 5,
          });
          session.connect();
          const sent = session.messagesToSend(0);
          const seen = messages.map((text) => {
            session.receive(JSON.parse(text), 0);
            sent.push(...session.messagesToSend(0));
            return [replica.cursor, replica.checksum, replica.isCurrent];
          });
          const { changed, merged, isSnapshot } = inbox.take();
          return { sent, seen, merged, isSnapshot, changed: changed.length,
                   gaps: session.gaps, mismatches: session.mismatches };
        }""",
        messages,
    )
    hello, subscribe, again = told["sent"]
    assert hello == golden("client/hello")
    assert decode_message(hello) == Hello(client="example/1.0")
    asked = decode_message(subscribe)
    assert isinstance(asked, Subscribe)
    assert (asked.products, asked.max_rate) == (("85123A", "22423"), 5.0)
    heartbeat = json.loads(messages[3])
    _, snapshot, update, proved, gap = told["seen"]
    assert snapshot == [json.loads(messages[1])["cursor"], 4264160653, True]
    assert update == [json.loads(messages[2])["to"], 2595927276, True]
    assert proved == [heartbeat["cursor"], heartbeat["checksum"]["s1"], True]
    # The last update does not follow: it is not applied, and what lacks is asked for.
    assert gap == [heartbeat["cursor"], 2595927276, False]
    assert json.loads(again)["resume"] == heartbeat["cursor"]
    assert (told["gaps"], told["mismatches"]) == (1, 0)
    assert (told["isSnapshot"], told["merged"], told["changed"]) == (True, 1, 2)


READ = """async ([channel, options]) => {
  const { connect } = await import("/parfeed.js");
  const feed = connect(location.origin.replace("http", "ws") + "/");
  globalThis.held = { feed, rows: feed.subscribe(channel, options) };
}"""


async def test_it_follows_every_channel_to_the_servers_own_checksum(open_page, market):
    page = await open_page()
    for channel, kind in (("rounds", "round"), ("councils", "council")):
        market.write(golden_row(kind))
        await page.evaluate(READ, [channel, {}])
        market.write(golden_row(kind, sequence=77))
        wanted = [
            zlib.crc32(value)
            for key, value in market.rows.items()
            if json.loads(key)[2:3] == [kind]
        ]

        async def is_equal(wanted: list[int] = wanted) -> bool:
            held = await page.evaluate("[held.rows.isCurrent, held.rows.checksum]")
            return held == [True, sum(wanted) & 0xFFFFFFFF]

        await eventually(is_equal)
        [row] = await page.evaluate("[...held.rows.rows.values()]")
        assert row["sequence"] == 77
        await page.evaluate("held.feed.close()")


async def test_a_reader_gets_the_snapshot_then_changes_and_what_was_merged(
    open_page, market
):
    page = await open_page()
    market.write(product("rye"))
    await page.evaluate(READ, ["market", {"products": ["rye"]}])
    first = await page.evaluate(
        """async () => {
          held.reader = held.rows[Symbol.asyncIterator]();
          return (await held.reader.next()).value;
        }"""
    )
    assert first["isSnapshot"]
    assert [row["product_id"] for row in first["changed"]] == ["rye"]
    for sequence in range(2, 12):
        market.write(product("rye", sequence=sequence), product("salt"))

    async def newest() -> bool:
        rows = "held.rows.get('rye', '2011-W44').sequence"
        return await page.evaluate(rows) == 11

    await eventually(newest)
    second = await page.evaluate("async () => (await held.reader.next()).value")
    assert not second["isSnapshot"]
    assert [row["sequence"] for row in second["changed"]] == [11]
    assert second["merged"] == 9
    assert second["keys"] == ["rye\n2011-W44"]


async def test_published_events_are_acknowledged_one_by_one(open_page, market):
    page = await open_page()
    await page.evaluate(READ, ["market", {}])
    event = {"type": "purchase", "event_id": "e-1", "product_id": "rye"}
    large = {"type": "purchase", "event_id": "large", "reason": "x" * MAX_EVENT_BYTES}
    results = await page.evaluate(
        "(events) => held.feed.publish(events)",
        [event, {"event_id": "bad"}, json.dumps(event | {"event_id": "e-2"}), large],
    )
    assert [(result["event_id"], result.get("error")) for result in results] == [
        ("e-1", None),
        ("bad", "unknown_type"),
        ("e-2", None),
        ("large", "too_large"),
    ]
    assert [result.get("offset") for result in results[:3]] == [0, None, 1]
    assert [each["event_id"] for each in market.stored.events] == ["e-1", "e-2"]


async def test_more_events_than_a_message_holds_arrive_once_each_and_in_order(
    open_page, market
):
    page = await open_page()
    await page.evaluate(READ, ["market", {}])
    events = [{"type": "purchase", "event_id": f"e-{n}"} for n in range(3_000)]
    results = await page.evaluate("(events) => held.feed.publish(events)", events)
    assert [result["offset"] for result in results] == list(range(3_000))
    assert market.stored.events == events


async def test_a_subscription_that_is_refused_says_why(open_page, market):
    page = await open_page()
    await page.evaluate(READ, ["rounds", {"products": ["rye"]}])
    told = await page.evaluate(
        """async () => {
          try { for await (const update of held.rows) return update; }
          catch (error) { return [error.name, error.code, held.rows.error.code]; }
        }"""
    )
    assert told == ["FeedError", "invalid_field", "invalid_field"]
    unknown = await page.evaluate(
        "() => { try { held.feed.subscribe('x'); } catch (e) { return e.message; } }"
    )
    assert "namedBy" in unknown


async def test_a_feed_that_was_closed_ends_its_readers_and_senders(open_page, market):
    page = await open_page()
    await page.evaluate(READ, ["market", {}])
    told = await page.evaluate(
        """async () => {
          const sent = held.feed.publish([{ type: "x", event_id: "e" }]);
          held.feed.close();
          const codes = [];
          await sent.catch((error) => codes.push(error.code));
          try { for await (const _ of held.rows) codes.push("row"); }
          catch (error) { codes.push(error.code); }
          return [...codes.filter((code) => code !== "row"), held.feed.state];
        }"""
    )
    assert told == ["closed", "closed", "ended"]
