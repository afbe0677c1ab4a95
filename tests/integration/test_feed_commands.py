"""watch, snapshot and send as a person runs them: real processes, real output."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest
from support.feed import RowWriter, kill, row, start_feed
from support.polling import SCALE, eventually
from support.processes import Processes, environ_of, free_port
from support.traffic import purchases, read_topic

import parfeed
from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import decode_event, encode
from schemas.settings import Settings
from schemas.topics import PURCHASES

pytestmark = pytest.mark.kafka

PARFEED = (sys.executable, "-m", "parfeed")


class Done(NamedTuple):
    code: int | None
    out: str
    err: str


async def start(
    settings: Settings, *arguments: str, stdin: int = subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *PARFEED,
        *arguments,
        env=environ_of(settings, COLUMNS="120"),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def run(settings: Settings, *arguments: str, stdin: bytes | None = None) -> Done:
    process = await start(
        settings,
        *arguments,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin), 60 * SCALE)
    return Done(process.returncode, out.decode(), err.decode())


def event_lines(count: int, seed: int = 1) -> list[bytes]:
    return [encode(event) for event in purchases(count, seed=seed)]


# Without a feed.


@pytest.mark.parametrize(
    "arguments", [("snapshot",), ("snapshot", "--json"), ("watch",), ("send", "-")]
)
async def test_without_a_feed_one_line_says_what_to_do(arguments: list[str]) -> None:
    nobody = Settings(port=free_port())
    done = await run(nobody, *arguments, "--wait", "0.2", stdin=b"{}\n")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert f"no feed at ws://127.0.0.1:{nobody.port}/" in done.err
    assert done.err.endswith("start one with: parfeed up\n")
    assert "{" not in done.out


async def test_a_file_that_is_not_there_is_a_wrong_command_line() -> None:
    done = await run(Settings(port=free_port()), "send", "nowhere.jsonl")
    assert done.code == 2
    assert "nowhere.jsonl" in done.err


# snapshot


async def test_a_snapshot_is_one_object_with_the_rows_as_they_lie_in_kafka(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    rows = [row("b"), row("a", period="2011-W45"), row("a"), row("c")]
    async with RowWriter(settings) as writer:
        await writer.write(rows)

    async def all_rows() -> bool:
        done = await run(settings, "snapshot", "--json")
        assert (done.code, done.err) == (0, "")
        taken = json.loads(done.out)
        assert list(taken) == ["cursor", "rows"]
        expected = [rows[2], rows[1], rows[0], rows[3]]
        assert taken["rows"] == [json.loads(encode(each)) for each in expected]
        assert all(encode(each).decode() in done.out for each in expected)
        assert ":" in taken["cursor"]
        return True

    await eventually(all_rows)
    some = await run(
        settings, "snapshot", "--channel", "market", "--json",
        "--products", "a, c", "--period", "2011-W44",
    )  # fmt: skip
    assert [each["product_id"] for each in json.loads(some.out)["rows"]] == ["a", "c"]
    none = await run(settings, "snapshot", "--products", "unheard-of", "--json")
    assert json.loads(none.out)["rows"] == []
    table = await run(settings, "snapshot", "--period", "2011-W45")
    assert table.code == 0
    assert table.out.startswith("1 rows of 2011-W45 at ")
    assert "Imbalance" in table.out


async def test_rounds_and_councils_are_printed_and_watched_like_the_market(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    line = CouncilRow(
        product_id="rye", period="2011-W44", council_id="north", level="city"
    )
    rounds = [RoundRow(period="2011-W44", round=n) for n in (10, 9)]
    async with RowWriter(settings) as writer:
        await writer.write([row("rye"), line, *rounds])
    printed = await run(settings, "snapshot", "--channel", "rounds", "--json")
    assert [each["round"] for each in json.loads(printed.out)["rows"]] == [9, 10]
    table = await run(settings, "snapshot", "--channel", "councils")
    assert table.code == 0
    assert "withheld" in table.out
    refused = await run(settings, "snapshot", "--channel", "rounds", "--products", "a")
    assert refused.code == 1
    assert "about all products" in refused.err


async def test_a_channel_that_is_not_there_is_refused_by_name(
    settings: Settings,
) -> None:
    done = await run(settings, "snapshot", "--channel", "rumours")
    assert done.code == 2
    assert "rumours" in done.err
    assert done.out == ""


# send


async def test_events_are_taken_and_bad_lines_refused_by_number_and_reason(
    settings: Settings, processes: Processes, tmp_path: Path
) -> None:
    await start_feed(settings, processes)
    good = event_lines(3)
    nan = good[2].replace(b'"quantity":"', b'"quantity":"NaN')
    lines = [
        b"\xef\xbb\xbf" + good[0],
        b"",
        b"{not json",
        b'{"event_id":"\xff\xfe"}',
        nan,
        b'{"pad":"' + b"x" * 1_000_000 + b'"}',
        good[1] + b"\r",
        b'{"type":"rumour","event_id":"r1"}',
        good[2][:40],
    ]
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(lines))

    done = await run(settings, "send", str(file))
    assert done.code == 1
    assert done.err == ""
    *refusals, sums = done.out.splitlines()
    heads = [": ".join(line.split(": ")[:2]) for line in refusals]
    assert heads == [
        "line 3: malformed",
        "line 4: malformed",
        "line 5: invalid_field",
        "line 6: too_large",
        "line 8: unknown_type",
        "line 9: malformed",
    ]
    assert "$.quantity" in refusals[2]
    assert "1000010 bytes; 16384 may be" in refusals[3]
    assert refusals[4].endswith("(r1)")
    assert "may have been cut" in refusals[5]
    assert "2 accepted, 6 refused (3 malformed, 1 invalid_field" in sums
    records = await read_topic(settings, PURCHASES)
    assert {record.value for record in records} == set(good[:2])

    as_json = await run(settings, "send", str(file), "--json")
    assert as_json.code == 1
    said = json.loads(as_json.out)
    assert said.pop("seconds") >= 0
    assert said == {
        "sent": 8,
        "accepted": 2,
        "refused": {
            "malformed": 3,
            "invalid_field": 1,
            "too_large": 1,
            "unknown_type": 1,
        },
        "unanswered": 0,
    }
    assert len(as_json.err.splitlines()) == 6


async def test_a_large_input_arrives_whole_from_the_standard_input(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    lines = event_lines(20_000)
    done = await run(settings, "send", "-", "--json", stdin=b"\n".join(lines) + b"\n")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["accepted"] == len(lines)
    records = await read_topic(settings, PURCHASES)
    assert sorted(record.value for record in records) == sorted(lines)


async def test_an_empty_input_is_no_error(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    done = await run(settings, "send", "-")
    assert done.code == 0
    assert done.out.startswith("0 sent")


async def test_events_of_a_slow_input_are_sent_as_they_come_and_survive_a_restart(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    lines = event_lines(3)
    sending = await start(settings, "send", "-", "--json", stdin=subprocess.PIPE)
    assert sending.stdin is not None

    async def stored(count: int) -> bool:
        return len(await read_topic(settings, PURCHASES)) == count

    sending.stdin.write(lines[0] + b"\n" + lines[1][:20])
    await eventually(lambda: stored(1))
    await kill(server)
    sending.stdin.write(lines[1][20:] + b"\n")
    await start_feed(settings, processes)
    await eventually(lambda: stored(2), within_s=20)
    out, _ = await asyncio.wait_for(sending.communicate(lines[2]), 20 * SCALE)
    assert sending.returncode == 0
    assert json.loads(out)["accepted"] == 3
    assert await stored(3)


async def test_with_verdicts_what_the_workers_refuse_is_printed_too(
    settings: Settings, processes: Processes, tmp_path: Path
) -> None:
    await processes.worker(settings)
    await start_feed(settings, processes)
    file = tmp_path / "events.jsonl"
    good = event_lines(2)
    file.write_bytes(b"\n".join([*good, good[0]]) + b"\n")
    done = await run(settings, "send", str(file), "--verdicts", "--json")
    assert done.code == 1
    sums = json.loads(done.out)
    assert (sums["sent"], sums["accepted"], sums["refused"]) == (3, 2, {"duplicate": 1})
    assert done.err.startswith("line 3: duplicate: ")


async def test_an_interrupted_send_says_how_far_it_came(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    sending = await start(settings, "send", "-", "--json", stdin=subprocess.PIPE)
    assert sending.stdin is not None
    sending.stdin.write(event_lines(1)[0] + b"\n")

    async def is_stored() -> bool:
        return len(await read_topic(settings, PURCHASES)) == 1

    await eventually(is_stored)
    sending.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(sending.communicate(), 10 * SCALE)
    assert sending.returncode == 130
    assert json.loads(out)["sent"] == 1
    assert b"Traceback" not in err


# watch


async def test_without_a_terminal_each_changed_row_is_a_line(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with RowWriter(settings) as writer:
        await writer.write([row("a"), row("b")])
        watching = await start(settings, "watch", "--json", "--products", "a,c")
        assert watching.stdout is not None
        first = await asyncio.wait_for(watching.stdout.readline(), 10 * SCALE)
        assert first == encode(row("a")) + b"\n"
        await writer.write([row("b", 2), row("c", 7)])
        second = await asyncio.wait_for(watching.stdout.readline(), 10 * SCALE)
        assert second == encode(row("c", 7)) + b"\n"
        watching.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(watching.communicate(), 10 * SCALE)
        assert (watching.returncode, err) == (0, b"")


async def test_watching_ends_quietly_when_nobody_reads_its_lines(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with RowWriter(settings) as writer:
        await writer.write([row("a")])
        inlet, outlet = os.pipe()
        watching = await asyncio.create_subprocess_exec(
            *PARFEED,
            "watch",
            env=environ_of(settings),
            stdout=outlet,
            stderr=subprocess.PIPE,
        )
        os.close(outlet)
        line = await asyncio.to_thread(os.read, inlet, 1_000)
        assert line.startswith(b"2011-W44 a  supply 0  demand 0")
        os.close(inlet)

        async def has_ended() -> bool:
            await writer.write([row("a")])
            return watching.returncode is not None

        await eventually(has_ended)
        _, err = await watching.communicate()
        assert (watching.returncode, err) == (0, b"")


async def test_on_a_terminal_a_live_table_fits_80_by_24_and_leaves_no_trace(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    products = [f"product-{number:02}" for number in range(60)]
    async with RowWriter(settings) as writer:
        await writer.write(row(product) for product in products)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(ours, False)
        environ = environ_of(settings, TERM="xterm-256color")
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environ.pop(name, None)
        watching = await asyncio.create_subprocess_exec(
            *PARFEED, "watch", env=environ, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        screen = ""

        def shows(*words: str) -> bool:
            nonlocal screen
            # At the end of the program Linux answers a read with an error.
            with contextlib.suppress(BlockingIOError, OSError):
                while piece := os.read(ours, 65_536):
                    screen += piece.decode(errors="replace")
            frame = screen.rpartition("parfeed ")[2]
            return all(word in frame for word in words)

        await eventually(lambda: shows(" live ", "60 rows", "product-"))
        await writer.write([row("product-55", 2)])
        await eventually(lambda: shows("product-55"))
        await kill(server)
        await eventually(lambda: shows(" reconnecting "))
        await start_feed(settings, processes)
        await eventually(lambda: shows(" live ", "product-55"), within_s=20)
        frame = screen.rpartition("parfeed ")[2].partition("\x1b[?1049l")[0]
        assert frame.count("\n") < 24
        watching.send_signal(signal.SIGINT)
        await asyncio.wait_for(watching.wait(), 10 * SCALE)
        shows()
        os.close(ours)
    assert watching.returncode == 0
    assert "Traceback" not in screen
    assert "lost ws://" not in screen
    assert screen.rstrip().endswith(("\x1b[?1049l\x1b[?25h", "\x1b[?25h\x1b[?1049l"))


async def test_what_the_guide_shows_works(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    guide = Path(parfeed.__file__).parents[1] / "docs" / "client.md"
    programs = [
        part.partition("```")[0]
        for part in guide.read_text(encoding="utf-8").split("```python\n")[1:]
    ]
    assert len(programs) >= 3
    async with RowWriter(settings) as writer:
        stands = RoundRow(period="2011-W44", round=1, prices_stand=True)
        await writer.write([row("85123A"), row("22423"), stands])
        for program in programs:
            # They are written for the address that a reader has.
            here = program.replace("localhost:8765", f"127.0.0.1:{settings.port}")
            running = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                here,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

            async def is_done(
                process: asyncio.subprocess.Process = running,
            ) -> bool:
                await writer.write([row("85123A", 2), row("22423", 2)])
                return process.returncode is not None

            await eventually(is_done, every_s=0.1)
            out, err = await running.communicate()
            assert (running.returncode, err) == (0, b""), here
            assert out, here
    events = [
        decode_event(each.value) for each in await read_topic(settings, PURCHASES)
    ]
    assert "sale-4711" in {event.event_id for event in events}
