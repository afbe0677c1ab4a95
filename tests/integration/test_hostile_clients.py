"""Nothing that a client sends stops the server; each gets its code."""

import asyncio
import json
import struct

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.feed_process import health, publish, purchase, ready
from support.polling import eventually
from support.processes import Processes
from support.sockets import RowWriter, Socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import Frame, Opcode

from feed_server.session import REFUSALS_AT_ONCE
from schemas.feed import ERRORS, MAX_MESSAGE_BYTES, Ping, Subscribe
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

MALFORMED = [
    "",
    "null",
    "{",
    "[]",
    '{"type":"ping"}{"type":"ping"}',
    "[" * 60_000,
    '{"type":"subscribe","id":' + "[" * 60_000,
    '{"type":"publish","id":"p","events":[' + '{"a":' * 12_000,
    '{"type":"hello","token":' + "9" * 60_000 + "}",
    '{"type":"subscribe","id":"' + "x" * 60_000 + '","channel":"market"}',
    '{"type":"subscribe","id":"s","channel":"market","products":["\\u0000"]}',
    '{"type":"subscribe","id":"s","channel":"market","max_rate":NaN}',
    '{"type":"subscribe","id":"s","channel":"market","period":["2011-W44"]}',
    '{"type":"subscribe","id":"s","channel":"market","resume":"' + "9." * 9_999 + '"}',
    '{"type":"subscribe","id":"s","channel":"../../etc/passwd"}',
    '{"type":"subscribe","id":"s","channel":"Rounds"}',
    '{"type":"subscribe","id":"s","channel":"rounds","products":["rye"]}',
    '{"type":"subscribe","id":"s","channel":"rounds","products":["*","*"]}',
    '{"type":"subscribe","id":"s","channel":"councils","products":["\\u0000"]}',
    '{"type":"subscribe","id":"s","channel":"councils","resume":"x:1"}',
    '{"type":"publish","id":"p","events":[{}],"verdict":"yes"}',
    '{"type":"publish","id":"p","events":[]}',
    '{"type":"welcome"}',
    '{"type":"\\ud800"}',
    "\u0000",
    '{"type":"ping"\u2028}',
]


async def is_well(socket: Socket) -> None:
    """The next good message works."""
    await socket.say(Ping())
    await socket.until(lambda message: message["type"] == "heartbeat")


async def test_each_malformed_message_gets_an_error_and_the_next_one_works(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with Socket(settings) as socket:
        for text in MALFORMED:
            await socket.say(text)
            error = await socket.until(lambda message: message["type"] != "heartbeat")
            assert error["type"] == "error", text[:80]
            assert error["code"] in ERRORS
            assert 0 < len(error["message"]) <= 400
            await is_well(socket)


fields = st.sampled_from(
    [
        "type",
        "id",
        "channel",
        "products",
        "period",
        "mode",
        "max_rate",
        "resume",
        "events",
        "token",
        "client",
        "x",
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(["subscribe", "publish", "unsubscribe", "hello", "market", "*"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=9,
)
objects = st.dictionaries(fields, values, max_size=7).map(json.dumps)
texts = st.one_of(objects, st.text(max_size=300))


@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(texts, min_size=1, max_size=20))
async def test_whatever_is_sent_is_answered_and_stops_nothing(
    settings: Settings, processes: Processes, messages: list[str]
) -> None:
    if not await processes.is_ready(settings):
        await ready(processes, settings)
    async with Socket(settings) as socket:
        for text in messages:
            await socket.say(text)
        await is_well(socket)


async def test_events_of_every_kind_of_wrong_are_refused_one_by_one(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    bad = [
        None,
        7,
        "x",
        [],
        {},
        {"type": "purchase"},
        purchase(1, quantity="NaN"),
        purchase(1, quantity=2),
        purchase(1, unit_price="1e400"),
        purchase(1, product_id=""),
        purchase(1, product_id="a\x00b"),
        purchase(1, occurred_at="1999-01-01T00:00:00Z"),
        purchase(1, planned_quantity="3"),
        purchase(1, surprise=True),
        purchase(1, company_id="x" * 16_384),
    ]
    async with Socket(settings) as socket:
        await socket.say(publish("p", *bad, purchase(2)))
        ack = await socket.until(lambda message: message["type"] == "ack")
    assert len(ack["results"]) == len(bad) + 1
    for result in ack["results"][:-1]:
        assert result["error"]
        assert result["detail"]
        assert "offset" not in result
    assert ack["results"][-1]["event_id"] == "e-2"
    assert "offset" in ack["results"][-1]


def text_frame(payload: bytes) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


HELLO = text_frame(b'{"type":"hello"}')


async def test_frames_that_break_the_rules_close_with_their_codes(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    broken = {
        1003: Frame(Opcode.BINARY, b'{"type":"ping"}').serialize(mask=True),
        1007: text_frame(b'{"type":"\xff"}'),
        1009: text_frame(b'"' + b"x" * MAX_MESSAGE_BYTES + b'"'),
        1002: Frame(Opcode.TEXT, b'{"type":"ping"}').serialize(mask=False),
    }
    for code, frame in broken.items():
        async with Socket(settings) as socket:
            socket.connection.transport.write(frame)
            closing = await socket.until(lambda message: message["type"] == "closing")
            assert closing["code"] == code
            with pytest.raises(ConnectionClosed) as ended:
                await socket.take()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == code
    assert (await health(settings))["status"] == "ready"


async def test_a_message_in_a_thousand_fragments_is_too_large_as_well(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with Socket(settings) as socket:
        transport = socket.connection.transport
        piece = b"x" * 100
        transport.write(Frame(Opcode.TEXT, piece, fin=False).serialize(mask=True))
        for _ in range(1_000):
            transport.write(Frame(Opcode.CONT, piece, fin=False).serialize(mask=True))
        closing = await socket.until(lambda message: message["type"] == "closing")
        assert closing["code"] == 1009


async def test_a_program_that_only_sends_nonsense_is_closed_with_4003(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with Socket(settings) as socket:
        for _ in range(REFUSALS_AT_ONCE + 20):
            await socket.say("nonsense")
        closing = await socket.until(lambda message: message["type"] == "closing")
        assert closing["code"] == 4003
        with pytest.raises(ConnectionClosed) as ended:
            await socket.take()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4003


async def test_who_floods_with_pings_and_reads_nothing_is_held_back_and_closed(
    settings: Settings, processes: Processes
) -> None:
    strict = msgspec.structs.replace(
        settings, subscriber_buffer_bytes=65_536, slow_limit_s=5.0
    )
    server = await ready(processes, strict)
    before = resident_bytes(server.pid)
    writer = await unread(strict)
    flood = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1_000
    writer.write(HELLO)

    most = 0

    async def is_cut() -> bool:
        nonlocal most
        most = max(most, resident_bytes(server.pid) - before)
        for _ in range(60):
            writer.write(flood)
        return (await health(strict))["sessions"] == 0

    await eventually(is_cut, within_s=20, every_s=0.1)
    assert most < 6 * 1024 * 1024
    writer.transport.abort()
    await hang_up(writer)
    async with Socket(strict) as socket:
        await is_well(socket)


async def test_a_publisher_that_reads_no_acknowledgements_is_closed(
    settings: Settings, processes: Processes
) -> None:
    strict = msgspec.structs.replace(
        settings, subscriber_buffer_bytes=65_536, slow_limit_s=1.0
    )
    await ready(processes, strict)
    writer = await unread(strict)
    writer.write(HELLO)
    events = json.dumps(["no event"] * 1_000)
    bad = text_frame(f'{{"type":"publish","id":"p","events":{events}}}'.encode())

    async def is_cut() -> bool:
        writer.write(bad * 5)
        return (await health(strict))["sessions"] == 0

    await eventually(is_cut, within_s=30, every_s=0.05)
    writer.transport.abort()
    await hang_up(writer)


async def test_what_is_no_handshake_harms_nobody(
    settings: Settings, processes: Processes
) -> None:
    server = await ready(processes, settings)
    for first in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1_000,
        b"GET /" + b"x" * 100_000,
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"\x00" * 10_000,
        b"GET / HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        upgrade(settings).replace(b"parfeed.v1", b"\xff, ,;"),
        upgrade(settings).replace(b"Sec-WebSocket-Key", b"Sec-WebSocket-Kez"),
        upgrade(settings) + struct.pack("!BB", 0xFF, 0xFF) * 100,
    ):
        await throw(settings, first)
    async with Socket(settings) as socket:
        await is_well(socket)
    assert server.exit_code is None
    assert "Traceback" not in processes.logs()


async def test_more_sockets_than_there_may_be_are_cut_and_the_rest_served(
    settings: Settings, processes: Processes
) -> None:
    few = msgspec.structs.replace(settings, max_sessions=5, hello_timeout_s=1.0)
    await ready(processes, few)
    async with Socket(few) as socket:
        idle = [await asyncio.open_connection(few.host, few.port) for _ in range(200)]
        await is_well(socket)

        async def comes_in() -> bool:
            try:
                async with Socket(few):
                    return True
            except (OSError, EOFError, InvalidHandshake, ConnectionClosed):
                return False

        # Those that never speak are cut after the time for a hello.
        await eventually(comes_in)
        for _, writer in idle:
            await hang_up(writer)


async def test_many_large_snapshots_at_once_reach_all_who_read(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    size = await write_large_rows(settings)

    async def read(number: int) -> None:
        async with Socket(settings, max_queue=1) as socket:
            # Each its own frame: nothing can be shared.
            await socket.say(Subscribe(id=f"s{number}", channel="market"))
            while len(await socket.connection.recv(decode=False)) < size:
                pass

    await asyncio.gather(*(read(number) for number in range(12)))


async def test_those_who_take_nothing_neither_fill_the_memory_nor_keep_others_out(
    settings: Settings, processes: Processes
) -> None:
    server = await ready(processes, settings)
    await write_large_rows(settings)
    before = resident_bytes(server.pid)
    idle = []
    for number in range(30):
        idle.append(await unread(settings))
        subscribe = f'{{"type":"subscribe","id":"s{number}","channel":"market"}}'
        idle[-1].write(HELLO + text_frame(subscribe.encode()))
    most = 0
    async with Socket(settings) as socket:
        await socket.say(Subscribe(id="s", channel="market"))
        message = {"type": ""}
        while message["type"] != "snapshot":
            message = await socket.take()
            most = max(most, resident_bytes(server.pid) - before)
        assert len(message["rows"]) == 500
    assert "cutting a session that takes nothing" in processes.logs()
    # 30 times what is larger than the kernel's buffers would be 700 MB. There is the
    # bound, one more above it, and the copies while one is made.
    assert most < 350 * 1024 * 1024
    for writer in idle:
        writer.transport.abort()
        await hang_up(writer)


async def write_large_rows(settings: Settings) -> int:
    """Rows of 30 MB in all: more than the kernel takes for one socket."""
    async with RowWriter(settings) as rows:
        for batch in range(5):
            names = [f"product-{batch}-{n}" for n in range(100)]
            await rows.write(*names, padding=60_000)

    async def has_all() -> bool:
        return bool((await health(settings))["rows"] >= 500)

    await eventually(has_all)
    return 500 * 60_000


async def unread(settings: Settings) -> asyncio.StreamWriter:
    """An open websocket whose other end never reads."""
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    writer.write(upgrade(settings))
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()
    return writer


async def throw(settings: Settings, first: bytes) -> None:
    # Sends something and hangs up as soon as the other side does, or at once.
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    try:
        writer.write(first)
        writer.write_eof()
        await reader.read()
    except OSError:
        pass  # The server may cut such a connection.
    await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        pass  # It was cut.


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123 - no file of ours
        return int(statm.read().split()[1]) * 4_096


def upgrade(settings: Settings) -> bytes:
    return (
        f"GET / HTTP/1.1\r\nHost: {settings.host}:{settings.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: parfeed.v1\r\n\r\n"
    ).encode()
