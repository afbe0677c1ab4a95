"""
What the page costs a browser: its main thread's share, and the frames that it shows.

A market of 4,000 products, 2,000 of whose rows change every second, is served by a feed
server in a process of its own (no Kafka: rows are written into it as its consumer would
put them). The page is open in a real Chromium, first left alone, then with its table
scrolled in every frame, so that each has other rows to show. Chromium's own tracing
says when the page's main thread ran a task, and when a frame was drawn.

A browser without a screen draws in software, on the same processors as all else here.
"""

import asyncio
import json
import logging
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks.figures import Spread
from benchmarks.page_trace import CATEGORIES, Usage, usage_of
from benchmarks.report import Table, number, spread, worded
from benchmarks.stage import BenchmarkFailed

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

log = logging.getLogger(__name__)

LIMIT_S: Final = 60.0
"""For anything that has to happen before the measuring; seconds are usual."""

SETTLING_S: Final = 3.0
"""Before the measuring: the snapshot is taken in, and the code compiled."""

PHASES: Final = ("watched", "scrolled")

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

SCROLL: Final = """() => {
  const scroller = document.querySelector(".scroller");
  let step = 13;
  const scroll = () => {
    const before = scroller.scrollTop;
    scroller.scrollTop += step;
    if (scroller.scrollTop === before) step = -step;
    requestAnimationFrame(scroll);
  };
  requestAnimationFrame(scroll);
}"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to run.

    Attributes:
        products: rows that the page has.
        rows_per_s: of them that change.
        seconds: that are traced, of each phase.
        rounds: how often all of it is run, each with a browser of its own.
    """

    products: int = 4_000
    rows_per_s: int = 2_000
    seconds: float = 10.0
    rounds: int = 3


class PageResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        browser: its version.
        said: what the page says of itself at the end of each round.
        runs: by phase, one usage per round.
    """

    plan: Plan
    browser: str
    said: list[str]
    runs: dict[str, list[Usage]]


async def run(plan: Plan) -> PageResult:
    """
    Measure the page.

    Raises:
        BenchmarkFailed: if there is no browser, or the page does not come to life.
    """
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise BenchmarkFailed("no Chromium here; install one: apt-get install chromium")
    try:
        from playwright.async_api import async_playwright
    except ModuleNotFoundError as exc:
        raise BenchmarkFailed(
            "Playwright is not installed; it is among the project's dev dependencies"
        ) from exc
    runs: dict[str, list[Usage]] = {phase: [] for phase in PHASES}
    said: list[str] = []
    async with async_playwright() as playwright, _market(plan) as url:
        for turn in range(plan.rounds):
            log.info("round %d of %d", turn + 1, plan.rounds)
            browser = await playwright.chromium.launch(
                executable_path=executable, args=list(OPTIONS)
            )
            try:
                version = browser.version
                page = await _open(browser, url)
                runs["watched"].append(await _traced(browser, page, plan.seconds))
                await page.evaluate(SCROLL)
                runs["scrolled"].append(await _traced(browser, page, plan.seconds))
                said.append(await page.locator("#facts").inner_text())
                if (state := await page.locator("#state").inner_text()) != "live":
                    raise BenchmarkFailed(f"the page is {state!r} at the end, not live")
            finally:
                await browser.close()
    return PageResult(plan=plan, browser=version, said=said, runs=runs)


def tables(result: PageResult) -> list[Table]:
    """Return the runs as a table."""
    plan = result.plan
    share, whole = number("{:.0%}"), number("{:.0f}")
    return [
        Table(
            title=f"the page with {plan.products:,} products, {plan.rows_per_s:,} "
            f"changed rows/s, {plan.seconds:g} s",
            head=(
                "table",
                "main thread, CPU",
                "busy",
                "frames/s",
                "gap p99, ms",
                "longest task, ms",
            ),
            rows=[
                (
                    worded(phase),
                    spread(Spread.of([each.cpu_share for each in of]), share),
                    spread(Spread.of([each.busy_share for each in of]), share),
                    spread(Spread.of([each.frames_per_s for each in of]), whole),
                    spread(Spread.of([each.frame_gap_ms for each in of]), whole),
                    spread(Spread.of([each.longest_ms for each in of]), whole),
                )
                for phase, of in result.runs.items()
            ],
            notes=[
                f"Chromium {result.browser}, without a screen or a graphics processor.",
                f"The page at the end: {result.said[-1]}.",
            ],
        )
    ]


@asynccontextmanager
async def _market(plan: Plan) -> AsyncIterator[str]:
    port = _free_port()
    arguments = [str(port), str(plan.products), str(plan.rows_per_s)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.clients.page_market", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            if await process.stdout.readline() != b"ready\n":
                raise BenchmarkFailed(
                    f"the market's server ended with {await process.wait()}"
                )
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.stdin.close()  # which tells it to stop
        try:
            async with asyncio.timeout(LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _open(browser: "Browser", url: str) -> "Page":
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(url)
    await page.wait_for_selector(
        "body[data-state=live] .body .row", timeout=1_000 * LIMIT_S
    )
    await asyncio.sleep(SETTLING_S)
    return page


async def _traced(browser: "Browser", page: "Page", seconds: float) -> Usage:
    await browser.start_tracing(page=page, categories=list(CATEGORIES))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.sleep(seconds)
    took = loop.time() - begun
    trace = json.loads(await browser.stop_tracing())
    try:
        return usage_of(trace["traceEvents"], took)
    except ValueError as exc:
        raise BenchmarkFailed(str(exc)) from exc


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
        return port
