"""
One Chromium for all browser tests, and a fresh page on a fresh feed server for each.

Tests are skipped where no browser is installed; in CI that is an error. Every test
fails if the page said anything on its console or asked anybody but its own server.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    async_playwright,
    expect,
)
from support.live_page import (
    CHROMIUM_OPTIONS,
    Market,
    chromium,
    is_required,
    serve,
)
from support.polling import SCALE

LIMIT_MS = 15_000 * SCALE
"""How long the page may take for anything; on a quiet machine it is some 50."""

OpenPage = Callable[..., Coroutine[Any, Any, Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = chromium()
    if executable is None:
        reason = "no Chromium here; install one: apt-get install chromium"
        if is_required():
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=LIMIT_MS)
    async with async_playwright() as playwright:
        # Its profile is a fresh directory, which it removes.
        launched = await playwright.chromium.launch(
            executable_path=executable, args=list(CHROMIUM_OPTIONS)
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def market() -> AsyncIterator[Market]:
    async with serve(Market()) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, market: Market) -> AsyncIterator[OpenPage]:
    """Open the page: `await open_page("#/board", width=390, height=844)`."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    async def opened(
        path: str = "", *, width: int = 1280, height: int = 800, **options: Any
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(LIMIT_MS)
        page.on("pageerror", lambda error: said.append(f"error: {error.stack}"))
        page.on("console", lambda line: said.append(f"{line.type}: {line.text}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(market.url)
                else said.append(f"asked {request.url}")
            ),
        )
        await page.goto(f"{market.url}{path}")
        return page

    yield opened
    for context in contexts:
        await context.close()
    # A browser says that it cannot connect while the server is away. That is so.
    unexpected = [line for line in said if "WebSocket connection to" not in line]
    unexpected = [line for line in unexpected if "net::ERR_" not in line]
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept for the run."""
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder
