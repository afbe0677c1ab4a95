"""
`python -m benchmarks throughput|latency|startup|memory|clearing|live|cards|
settlement|page|console`: run it from the checkout.

What each measures, and how: the module of its name; how to read it:
docs/performance.md. Nothing else should run on the machine meanwhile.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from benchmarks import (
    cards,
    clearing,
    clearing_tables,
    console,
    delays,
    footprint,
    latency,
    live,
    memory,
    page,
    rates,
    settlement,
    startup,
    throughput,
)
from benchmarks.machine import machine
from benchmarks.purchases import DRAWS
from benchmarks.report import Table, markdown, text
from benchmarks.stage import BenchmarkFailed, open_stage
from schemas.errors import ParfeedError

INTERRUPTED = 130
"""The exit code of what a Ctrl-C ended."""

Ask = Callable[[argparse.Namespace], Coroutine[Any, Any, tuple[Any, list[Table]]]]


async def _throughput(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    warm_up = asked.events // 2 if asked.warm_up is None else asked.warm_up
    plan = throughput.Plan(
        events=asked.events,
        warm_up=warm_up,
        rounds=asked.rounds,
        draws=tuple(asked.draws),
        only=(rates.WORKER, *(name for name in asked.beside)),
        commit_interval_s=asked.commit_interval,
    )
    async with open_stage(asked.broker) as stage:
        result = await throughput.run(plan, stage)
    notes = [f"{name} was left out: {why}" for name, why in result.left_out.items()]
    return result, [
        table._replace(notes=[*table.notes, *notes])
        for table in (rates.table(draw, of) for draw, of in result.draws.items())
    ]


async def _latency(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    plan = delays.Plan(
        rates=tuple(asked.rates),
        seconds=asked.seconds,
        warm_up_s=asked.warm_up,
        rounds=asked.rounds,
        draw=asked.draw,
    )
    async with open_stage(asked.broker) as stage:
        result = await latency.run(plan, stage)
    return result, delays.tables(result)


async def _startup(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    result = await startup.run(asked.rounds)
    return result, [footprint.startup_table(result)]


async def _memory(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    result = await memory.run(asked.rounds)
    return result, [footprint.memory_table(result)]


async def _live(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    result = await live.run(asked.rounds)
    return result, live.tables(result)


async def _cards(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    plan = cards.Plan(rounds=asked.rounds)
    async with open_stage(None) as stage:
        result = await cards.run(plan, stage)
    return result, cards.tables(result)


async def _settlement(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    result = await settlement.run(asked.rounds, asked.file)
    return result, settlement.tables(result)


async def _page(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    plan = page.Plan(
        products=asked.products,
        rows_per_s=asked.rows_per_s,
        seconds=asked.seconds,
        rounds=asked.rounds,
    )
    result = await page.run(plan)
    return result, page.tables(result)


async def _console(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    plan = console.Plan(
        products=asked.products,
        rows_per_s=asked.rows_per_s,
        keys=asked.keys,
        rounds=asked.rounds,
    )
    result = await console.run(plan)
    return result, console.tables(result)


async def _clearing(asked: argparse.Namespace) -> tuple[Any, list[Table]]:
    plan = clearing.Plan(
        economies=asked.economies,
        troubled=min(asked.troubled, asked.economies),
        rounds=asked.rounds,
        sizes=tuple(asked.sizes),
    )
    result = await clearing.run(plan)
    return result, [
        clearing_tables.councils_table(result.councils),
        clearing_tables.drawn_table(result.drawn),
        clearing_tables.troubled_table(result.troubled),
        clearing_tables.noise_table(result.noisy),
        clearing_tables.timed_table(result.timed),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure parfeed. Nothing else should run on the machine.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, ask: Ask, what: str, rounds: int) -> Any:
        made = commands.add_parser(name, help=what, description=what)
        made.set_defaults(ask=ask)
        form = made.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON object")
        form.add_argument("--markdown", action="store_true", help="Markdown tables")
        made.add_argument(
            "--rounds", type=_count, default=rounds, help="default: %(default)s"
        )
        return made

    def on_a_kafka(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--broker",
            metavar="HOST:PORT",
            help="a Kafka to use; default: an embedded one, for this run alone",
        )

    plan = throughput.Plan()
    made = command(
        "throughput",
        _throughput,
        "events/s of one worker, beside the ceiling and Kafka Streams",
        plan.rounds,
    )
    on_a_kafka(made)
    made.add_argument(
        "--events", type=_count, default=plan.events, help="default: %(default)s"
    )
    made.add_argument(
        "--warm-up",
        type=int,
        metavar="EVENTS",
        help="events nobody is measured on; default: half of them",
    )
    made.add_argument(
        "--draws",
        nargs="+",
        choices=DRAWS,
        default=list(plan.draws),
        help="how products are drawn; default: both, one after the other",
    )
    others = [name for name in plan.only if name != rates.WORKER]
    made.add_argument(
        "--beside",
        nargs="*",
        choices=others,
        default=others,
        metavar="PEER",
        help=f"who runs beside the worker, of {', '.join(others)}; default: all",
    )
    made.add_argument(
        "--commit-interval",
        type=float,
        default=plan.commit_interval_s,
        metavar="SECONDS",
        help="of all that commit; default: %(default)s",
    )

    asked = delays.Plan()
    made = command(
        "latency",
        _latency,
        "publish on the websocket to the update in another client",
        asked.rounds,
    )
    on_a_kafka(made)
    made.add_argument(
        "--rates",
        type=_count,
        nargs="+",
        default=list(asked.rates),
        metavar="EVENTS_PER_S",
        help="one run after another; default: %(default)s",
    )
    made.add_argument(
        "--seconds", type=float, default=asked.seconds, help="default: %(default)s"
    )
    made.add_argument(
        "--warm-up",
        type=float,
        default=asked.warm_up_s,
        metavar="SECONDS",
        help="before them; default: %(default)s",
    )
    made.add_argument("--draw", choices=DRAWS, default=asked.draw)

    command(
        "startup",
        _startup,
        "from `parfeed up` on an empty directory to the first live row",
        3,
    )
    command("memory", _memory, "resident memory of the demo's processes", 1)
    command("live", _live, "6,000 councils that plan live, until prices stand", 3)

    command("cards", _cards, "from a request at a till to the answer", 3)

    made = command("settlement", _settlement, "a shop's weeks, settled one by one", 1)
    made.add_argument(
        "--file",
        type=_file,
        metavar="FILE",
        help="sales as `parfeed replay` takes them; default: the packaged sample",
    )

    shown = page.Plan()
    made = command(
        "page", _page, "a browser's main thread and frames, with the page open", 3
    )
    made.add_argument(
        "--products", type=_count, default=shown.products, help="default: %(default)s"
    )
    made.add_argument(
        "--rows-per-s",
        type=_count,
        default=shown.rows_per_s,
        help="that change; default: %(default)s",
    )
    made.add_argument(
        "--seconds", type=float, default=shown.seconds, help="default: %(default)s"
    )

    seen = console.Plan()
    made = command(
        "console", _console, "how long a key of the console waits", seen.rounds
    )
    made.add_argument(
        "--products", type=_count, default=seen.products, help="default: %(default)s"
    )
    made.add_argument(
        "--rows-per-s",
        type=_count,
        default=seen.rows_per_s,
        help="versions of rows that are written; default: %(default)s",
    )
    made.add_argument(
        "--keys", type=_count, default=seen.keys, help="default: %(default)s"
    )

    planned = clearing.Plan()
    made = command(
        "clearing",
        _clearing,
        "rounds of planning until supply is demand; --rounds is the most of one play",
        planned.rounds,
    )
    made.add_argument(
        "--economies",
        type=_count,
        default=planned.economies,
        help="how many are drawn; default: %(default)s",
    )
    made.add_argument(
        "--troubled",
        type=_count,
        default=planned.troubled,
        help="how many of them meet each trouble; default: %(default)s",
    )
    made.add_argument(
        "--sizes",
        type=_count,
        nargs="*",
        default=list(planned.sizes),
        metavar="PRODUCTS",
        help="of economies that the rule is timed on; default: %(default)s",
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, was {count}")
    return count


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path.resolve()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark that is asked for, and print what it found."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level="INFO", format="%(message)s")
    # What it cannot do it tries again, or raises.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    here = machine()
    load_before = os.getloadavg()[0]
    try:
        result, tables = asyncio.run(asked.ask(asked))
    except (BenchmarkFailed, ParfeedError) as exc:
        print(f"{asked.command}: {exc}", file=sys.stderr)
        return 1
    except KafkaError as exc:
        print(f"{asked.command}: Kafka does not answer: {exc!r}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    if asked.json:
        found = {
            "benchmark": asked.command,
            "machine": here,
            "load_before": load_before,
            "result": result,
        }
        print(msgspec.json.encode(found).decode())
        return 0
    write = markdown if asked.markdown else text
    for table in tables:
        print(write(table), end="\n\n")
    print(f"On {here}; load average before: {load_before:.2f}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
