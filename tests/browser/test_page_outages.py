"""The page when the connection goes: marked as old, resumed, equal; never a part."""

import json

import pytest
from playwright.async_api import expect
from support.live_page import product
from support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = ".body .row"


async def prices(page):
    names = await page.locator(f"{ROWS} a").all_inner_texts()
    return dict(
        zip(
            names,
            await page.locator(f"{ROWS} .of-price").all_inner_texts(),
            strict=True,
        )
    )


async def test_a_cut_connection_shows_old_figures_as_old_then_resumes_to_equal_ones(
    open_page, market
):
    market.write(*(product(f"p{n}", price=f"{n}.50") for n in range(20)))
    page = await open_page()
    state = page.locator("#state")
    await expect(state).to_have_text("live")
    await expect(page.locator(ROWS)).to_have_count(20)
    frames: list[str] = []

    def note(socket):
        socket.on("framesent", lambda text: frames.append(text))

    page.on("websocket", note)

    await market.stop()
    await expect(state).to_have_text("stale")
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("figures are as of then")
    await expect(banner).to_contain_text("does not answer")
    assert (await prices(page))["p3"] == "3.50"
    market.write(product("p3", price="9.99", sequence=2), product("new", price="1.00"))

    await market.start()
    await expect(state).to_have_text("live")
    await expect(banner).to_be_hidden()
    await expect(page.locator(ROWS)).to_have_count(21)
    assert (await prices(page))["p3"] == "9.99"
    subscribes = [json.loads(text) for text in frames if '"subscribe"' in text]
    assert subscribes
    assert all(asked["resume"] for asked in subscribes)


async def test_a_server_that_falls_silent_is_noticed(open_page, market):
    market.write(product("rye"))
    page = await open_page()
    await expect(page.locator("#state")).to_have_text("live")
    market.freeze()
    await expect(page.locator("#state")).not_to_have_text("live")
    market.thaw()
    market.write(product("rye", price="7.77", sequence=2))
    await expect(page.locator("#state")).to_have_text("live")
    await expect(page.locator(f"{ROWS} .of-price")).to_have_text("7.77")


async def test_a_log_that_begins_anew_replaces_everything(open_page, market):
    market.write(product("rye"), product("salt"))
    page = await open_page()
    await expect(page.locator(ROWS)).to_have_count(2)
    await market.stop()
    market.begin_anew("cd")
    market.write(product("oats"))
    await market.start()
    await expect(page.locator(f"{ROWS} a")).to_have_text(["oats"])
    await expect(page.locator("#facts")).to_contain_text("1 rows")


async def test_whatever_happens_meanwhile_the_page_ends_with_the_servers_figures(
    open_page, market
):
    market.write(*(product(f"p{n:02}") for n in range(20)))
    page = await open_page()
    await expect(page.locator(ROWS)).to_have_count(20)
    wanted = {}
    for turn in range(1, 6):
        for number in range(0, 20, turn):
            price = wanted[f"p{number:02}"] = f"{turn}.{number:02}"
            market.write(product(f"p{number:02}", price=price, sequence=turn))
        market.cut()
        await expect(page.locator("#state")).to_have_text("live")
        market.write(product(f"turn {turn}", price="1.00"))
        wanted[f"turn {turn}"] = "1.00"
    await expect(page.locator(ROWS)).to_have_count(25)

    async def is_equal():
        return await prices(page) == wanted

    await eventually(is_equal)
    # Nothing had to be asked for again: no gap, no checksum that did not fit.
    await expect(page.locator("#facts")).not_to_contain_text("mended")


async def test_a_page_that_is_not_allowed_is_told_what_the_operator_has_to_do(
    browser, market
):
    # The page of an address that the server does not know to be its own.
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(market.url.replace("127.0.0.1", "0.0.0.0"))  # noqa: S104
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("PARFEED_ORIGINS")
    await expect(banner).to_contain_text(f"http://0.0.0.0:{market.settings.port}")
    await context.close()


async def test_a_server_that_says_not_to_come_back_is_obeyed(open_page, market):
    market.write(product("rye"))
    page = await open_page()
    await expect(page.locator("#state")).to_have_text("live")
    market.close_all(4003)
    await expect(page.locator("#state")).to_have_text("ended")
    await expect(page.get_by_role("alert")).to_contain_text("Reload the page")
    await expect(page.locator(ROWS)).to_have_count(1)
