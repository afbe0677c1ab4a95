"""The feed server as a process: real Kafka, real sockets, real signals."""

import asyncio
import json
import os
import signal
import time

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from support.feed_process import another, get, health, publish, purchase, ready
from support.polling import SCALE, eventually
from support.processes import Processes
from support.sockets import RowWriter, Socket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from schemas.feed import Ping
from schemas.settings import Settings
from schemas.topics import EPOCH, full_name

pytestmark = pytest.mark.kafka


async def test_rows_come_as_a_snapshot_then_as_updates_with_proof(
    settings: Settings, processes: Processes
) -> None:
    async with RowWriter(settings) as rows:
        await rows.write("rye", "salt", "rye")
        await ready(processes, settings)
        async with Socket(settings) as socket:
            snapshot = await socket.subscribe()
            assert snapshot["type"] == "snapshot"
            assert socket.reader.sequences("s") == {"rye": 2, "salt": 1}
            await rows.write("rye", "oats")
            await socket.until_has("s", {"rye": 3, "salt": 1, "oats": 1})
            beat = await socket.until(lambda message: message["type"] == "heartbeat")
            assert "s" in beat["checksum"]
            assert 0 <= beat["watermark"]["lag_ms"] < 5_000
            assert beat["watermark"]["occurred_at"] == "2011-11-01T00:00:00Z"


async def test_a_ping_is_answered_by_a_heartbeat_at_once(
    settings: Settings, processes: Processes
) -> None:
    patient = msgspec.structs.replace(settings, heartbeat_s=60.0)
    await ready(processes, patient)
    async with Socket(patient) as socket:
        await socket.subscribe()
        await socket.say(Ping())
        assert (await socket.take())["type"] == "heartbeat"


async def test_any_server_answers_a_cursor_with_exactly_what_changed(
    settings: Settings, processes: Processes
) -> None:
    other = another(settings)
    await ready(processes, settings)
    await ready(processes, other)
    async with RowWriter(settings) as rows:
        await rows.write("rye", "salt", "oats")
        async with Socket(settings) as socket:
            await socket.subscribe()
            await socket.until_has("s", rows.sequences)
        cursor = socket.reader.cursors["s"]
        await rows.write("salt")
        await rows.write("salt")

        async with Socket(settings) as newest:
            await newest.subscribe()
            await newest.until_has("s", rows.sequences)

        async def has_read() -> bool:
            reached: str = newest.reader.cursors["s"]
            return (await health(other))["cursor"] == reached

        await eventually(has_read)
        async with Socket(other, socket.reader) as back:
            update = await back.subscribe(resume=cursor)
            assert (update["type"], update["from"]) == ("update", cursor)
            assert [row["product_id"] for row in update["rows"]] == ["salt"]
            assert back.reader.sequences("s") == rows.sequences
            again = await back.subscribe(resume=update["to"])
            assert (again["type"], again["rows"]) == ("update", [])


async def test_a_published_event_lies_where_its_acknowledgement_says(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    events = [purchase(number, f"product-{number % 7}") for number in range(100)]
    events.append({**purchase(1_000), "quantity": "-1"})
    bid = {
        "type": "bid",
        "event_id": "b",
        "product_id": "rye",
        "occurred_at": "2011-10-31T12:00:00Z",
        "company_id": "mill",
        "period": "2011-W45",
        "quantity": "9",
    }
    async with Socket(settings) as socket:
        await socket.say(publish("p", *events, bid, "no event"))
        ack = await socket.until(lambda message: message["type"] == "ack")
    assert ack["id"] == "p"
    results = ack["results"]
    assert [result["event_id"] for result in results[:100]] == [
        event["event_id"] for event in events[:100]
    ]
    assert (results[100]["event_id"], results[100]["error"]) == (
        "e-1000",
        "invalid_field",
    )
    assert "$.quantity" in results[100]["detail"]
    assert results[101]["topic"] == "bids"
    assert results[102]["error"] == "malformed"
    for event, result in zip([*events, bid], results[:102], strict=True):
        if "error" not in result:
            key, value = await record_at(settings, result)
            assert json.loads(value) == event
            assert key.decode() == event["product_id"]


async def record_at(settings: Settings, result: dict) -> tuple[bytes, bytes]:
    place = TopicPartition(
        f"{settings.topic_prefix}.{result['topic']}", result["partition"]
    )
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker, enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, result["offset"])
        record = await consumer.getone()
        assert record.offset == result["offset"]
        return record.key, record.value
    finally:
        await consumer.stop()


async def test_many_publishes_at_once_are_all_acknowledged_in_full(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    async with Socket(settings) as socket:
        for number in range(100):
            await socket.say(
                publish(
                    f"p{number}",
                    *(purchase(number * 100 + n, f"x{n}") for n in range(100)),
                )
            )
        places = set()
        for _ in range(100):
            ack = await socket.until(lambda message: message["type"] == "ack")
            places |= {
                (each["topic"], each["partition"], each["offset"])
                for each in ack["results"]
            }
    assert len(places) == 10_000


async def test_more_events_than_may_wait_are_refused_whole(
    settings: Settings, processes: Processes
) -> None:
    small = msgspec.structs.replace(settings, publish_waiting=10)
    await ready(processes, small)
    async with Socket(small) as socket:
        await socket.say(publish("p", *(purchase(n) for n in range(11))))
        error = await socket.until(lambda message: message["type"] == "error")
        assert (error["code"], error["id"], error["retry"]) == ("overloaded", "p", True)
        await socket.say(publish("q", *(purchase(n) for n in range(10))))
        ack = await socket.until(lambda message: message["type"] == "ack")
        assert all("offset" in result for result in ack["results"])


async def test_who_does_not_read_is_conflated_and_then_closed_with_4001(
    settings: Settings, processes: Processes
) -> None:
    strict = msgspec.structs.replace(
        settings, subscriber_buffer_bytes=65_536, slow_limit_s=1.5
    )
    await ready(processes, strict)
    async with (
        RowWriter(settings) as rows,
        Socket(strict) as quick,
        Socket(strict, max_queue=1) as slow,
    ):
        for socket in (quick, slow):
            await socket.subscribe()
        # The slow one reads nothing from here on; the kernel takes some megabytes.
        for _ in range(40):
            await rows.write("rye", "salt", padding=200_000)
        await quick.until_has("s", rows.sequences)
        assert quick.reader.versions["s"] == 80

        async def is_given_up() -> bool:
            return "closing a session with 4001" in processes.logs()

        await eventually(is_given_up)
        # It wakes up late and finds out why.
        closing = await slow.until(lambda message: message["type"] == "closing")
        with pytest.raises(ConnectionClosed) as ended:
            await slow.take()
        assert closing["code"] == 4001
        assert closing["reconnect_ms"] is not None
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4001
        assert slow.reader.versions["s"] < 80
    async with Socket(strict, slow.reader) as back:
        update = await back.subscribe(resume=slow.reader.cursors["s"])
        assert update["type"] == "update"
        assert back.reader.sequences("s") == rows.sequences


async def test_who_reads_again_in_time_gets_the_newest_and_what_was_merged(
    settings: Settings, processes: Processes
) -> None:
    small = msgspec.structs.replace(settings, subscriber_buffer_bytes=65_536)
    await ready(processes, small)
    async with RowWriter(settings) as rows, Socket(small, max_queue=1) as slow:
        await slow.subscribe(mode="stream")
        for _ in range(60):
            await rows.write("rye", "salt", padding=200_000)
        await slow.until_has("s", rows.sequences)
        assert slow.reader.versions["s"] == 120
        assert any(update["merged"] for update in slow.reader.updates["s"])
        await rows.write("rye")
        await slow.until_has("s", rows.sequences)
        assert slow.reader.updates["s"][-1]["merged"] == 0


async def test_only_listed_and_own_origins_may_connect(
    settings: Settings, processes: Processes
) -> None:
    listing = msgspec.structs.replace(settings, origins=("https://page.example",))
    await ready(processes, listing)
    own = f"http://localhost:{listing.port}"
    for origin in ("https://page.example", own, None):
        async with Socket(listing, origin=origin):
            pass
    for origin in (
        "https://evil.example",
        "null",
        f"http://evil.example:{listing.port}",
        f"https://localhost:{listing.port}",
        "http://localhost",
        "",
    ):
        with pytest.raises(InvalidStatus) as refused:
            await Socket(listing, origin=origin).__aenter__()
        assert refused.value.response.status_code == 403
        assert b"PARFEED_ORIGINS" in refused.value.response.body


async def test_a_handshake_without_our_subprotocol_is_told_what_to_speak(
    settings: Settings, processes: Processes
) -> None:
    await ready(processes, settings)
    for offered in (None, ["chat"]):
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://{settings.host}:{settings.port}/",
                subprotocols=offered,
                proxy=None,
            )
        assert refused.value.response.status_code == 426
        assert b"parfeed.v1" in refused.value.response.body


async def test_the_page_is_served_beside_the_feed(
    settings: Settings, processes: Processes
) -> None:
    # All about the page itself: tests/integration/test_page_files.py.
    await ready(processes, settings)
    status, headers, body = await get(settings, "/")
    assert status == 200
    assert "parfeed.v1" in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert (await get(settings, "/none"))[0] == 404


async def test_health_is_503_until_there_is_a_log_to_read(
    settings: Settings, processes: Processes
) -> None:
    nowhere = msgspec.structs.replace(settings, topic_prefix="nothing-here")
    server = await processes.feed_server(nowhere)

    async def answers() -> bool:
        try:
            status, _, body = await get(nowhere, "/health")
        except OSError:
            return False
        return status == 503 and json.loads(body)["status"] == "loading"

    await eventually(answers, within_s=20)
    with pytest.raises(InvalidStatus) as refused:
        await Socket(nowhere).__aenter__()
    assert refused.value.response.status_code == 503
    assert await server.stop(3.0) == 0


async def test_one_session_too_many_is_told_4005(
    settings: Settings, processes: Processes
) -> None:
    few = msgspec.structs.replace(settings, max_sessions=2)
    await ready(processes, few)
    async with Socket(few), Socket(few), Socket(few, hello=False) as third:
        assert (await third.take())["code"] == 4005
        with pytest.raises(ConnectionClosed) as ended:
            await third.take()
        assert ended.value.rcvd.code == 4005

    async def is_empty() -> bool:
        return (await health(few))["sessions"] == 0

    await eventually(is_empty)
    async with Socket(few):
        pass


async def test_who_says_nothing_is_told_4002(
    settings: Settings, processes: Processes
) -> None:
    hasty = msgspec.structs.replace(settings, hello_timeout_s=0.5)
    await ready(processes, hasty)
    async with Socket(hasty, hello=False) as silent:
        assert (await silent.take())["code"] == 4002
        with pytest.raises(ConnectionClosed) as ended:
            await silent.take()
        assert ended.value.rcvd.code == 4002


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_told_to_stop_tells_everybody_when_to_come_back(
    settings: Settings, processes: Processes, number: signal.Signals
) -> None:
    server = await ready(processes, settings)
    sockets = [await Socket(settings).__aenter__() for _ in range(20)]
    for socket in sockets:
        await socket.subscribe()
    # One who never says anything and one who never reads its close frame.
    _, silent = await asyncio.open_connection(settings.host, settings.port)
    began = time.monotonic()
    os.kill(server.pid, number)
    waits = set()
    for socket in sockets:
        closing = await socket.until(lambda message: message["type"] == "closing")
        assert closing["code"] == 1001
        waits.add(closing["reconnect_ms"])
        with pytest.raises(ConnectionClosed) as ended:
            await socket.take()
        assert ended.value.rcvd.code == 1001
    await eventually(lambda: server.exit_code is not None, within_s=5)
    assert server.exit_code == 0
    assert time.monotonic() - began < 3 * SCALE
    assert len(waits) > 10
    silent.close()
    await silent.wait_closed()


async def test_a_market_that_is_made_anew_ends_the_sessions_with_4004(
    settings: Settings, processes: Processes
) -> None:
    server = await ready(processes, settings)
    async with Socket(settings) as socket:
        await socket.subscribe()
        producer = AIOKafkaProducer(bootstrap_servers=settings.broker)
        await producer.start()
        await producer.send_and_wait(
            full_name(settings.topic_prefix, EPOCH), b'{"epoch":"cd"}', key=b"market"
        )
        await producer.stop()
        closing = await socket.until(lambda message: message["type"] == "closing")
        assert closing["code"] == 4004
        assert closing["reconnect_ms"] is not None
    await eventually(lambda: server.exit_code is not None)
    assert server.exit_code == 1
    await ready(processes, settings)
    async with Socket(settings, socket.reader) as back:
        await back.subscribe(resume=socket.reader.cursors["s"])
        assert back.reader.others[-1]["type"] == "resync"
        assert back.reader.cursors["s"].startswith("cd:")


async def test_a_setting_that_does_not_fit_is_said_and_nothing_starts(
    settings: Settings, processes: Processes
) -> None:
    brokerless = await processes.feed_server(
        msgspec.structs.replace(settings, broker="")
    )
    await eventually(lambda: brokerless.exit_code == 2)
    assert "PARFEED_BROKER" in processes.logs()

    await ready(processes, settings)
    second = await processes.feed_server(settings)
    await eventually(lambda: second.exit_code == 2)
    assert "PARFEED_PORT" in processes.logs()
