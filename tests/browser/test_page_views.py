"""A product, the board, and every view as people with and without eyes meet it."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect
from support.live_page import golden_row, product, rounds
from support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEWS = {"market": "", "product": "#/product/rye/2011-W44", "board": "#/board"}
A_STEP = re.compile(r"^M[\d.]+ [\d.]+H[\d.]+V")
"""A line that goes across, then up or down."""

WORSE_THAN_MINOR = {"moderate", "serious", "critical"}


def fill(market):
    market.write(
        product("rye", supply="1200", demand="1300.5", price="2.55"),
        product("rye", period="2011-W43", price="2.40"),
        product("salt", percent="1.00", colour="blue"),
        product("oats", price=None),
        *rounds(["120.00", "40.00", "9.00", "2.10"]),
        golden_row("council", council_id="north", product_id="rye", status="waits"),
        golden_row("council", council_id="south", product_id="rye", status="passes"),
    )


async def test_a_product_shows_its_figures_and_where_they_come_from(open_page, market):
    fill(market)
    page = await open_page()
    await page.get_by_role("link", name="rye").click()
    await expect(page.get_by_role("heading", name="rye")).to_be_visible()
    assert await page.title() == "rye · parfeed"

    def figure(term):
        return page.locator(".figures > div", has_text=term).locator("dd span").first

    await expect(figure("Planned supply")).to_have_text("1,200")
    await expect(figure("Planned demand")).to_have_text("1,300.5")
    await expect(figure("Bought as planned")).to_have_text("40")
    await expect(figure("Bought unplanned")).to_have_text("4")
    places = page.get_by_role("region", name="Source records")
    await expect(places).to_contain_text("offset 10,484")
    periods = page.get_by_role("region", name="Periods of this product")
    await expect(periods.get_by_role("link")).to_have_text(["2011-W44", "2011-W43"])
    await periods.get_by_role("link", name="2011-W43").click()
    await expect(figure("Planned price")).to_have_text("2.40")


async def test_charts_follow_what_the_page_sees(open_page, market):
    fill(market)
    page = await open_page("#/product/rye/2011-W44")
    chart = page.get_by_role("img", name="Prices")
    await expect(chart).to_have_accessible_name(
        "Prices: planned 2.55, announced 2.55, indicative 2.61, unplanned 2.95"
    )
    market.write(product("rye", price="3.75", sequence=2))
    figure = page.locator("figure", has_text="Prices")
    await expect(figure.locator("output").first).to_have_text("3.75")
    await expect(figure.locator(".plot path.first")).to_have_attribute("d", A_STEP)
    await chart.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(figure.locator(".when")).to_contain_text("at ")
    await figure.get_by_text("Figures of this chart").click()
    await expect(figure.locator("tbody tr").first).to_contain_text("3.75")


async def test_a_product_that_there_is_not_is_said_to_be_missing(open_page, market):
    fill(market)
    page = await open_page("#/product/nothing/2011-W44")
    await expect(page.locator(".product .empty")).to_contain_text("no product")
    market.write(product("nothing"))
    await expect(page.locator(".product .empty")).to_be_hidden()


async def test_the_board_sees_rounds_converge_and_what_waits(open_page, market):
    fill(market)
    page = await open_page("#/board")
    figures = page.locator(".figures")
    await expect(figures).to_contain_text("2.10 %")
    waits = page.get_by_role("region", name="Councils' lines that wait")
    await expect(waits).to_contain_text("north")
    await expect(waits).not_to_contain_text("south")
    table = page.get_by_role("region", name="Rounds")
    await expect(table.locator("tbody tr")).to_have_count(4)
    market.write(
        golden_row(
            "round",
            round=5,
            worst_percent="8.00",
            alarm=True,
            prices_stand=True,
            excluded=["mill", "bakery"],
            excluded_count=7,
        )
    )
    await expect(table.locator("tbody tr")).to_have_count(5)
    await expect(page.get_by_role("alert").last).to_contain_text("Stability alarm")
    await expect(figures).to_contain_text("prices stand")
    await expect(page.locator(".gate")).to_contain_text("(7)")
    await expect(page.locator(".gate li")).to_have_text(["mill", "bakery"])
    market.write(
        golden_row("council", council_id="north", product_id="rye", status="approved")
    )
    await expect(page.get_by_text("Nothing waits.")).to_be_visible()


async def test_lines_of_councils_are_asked_for_only_while_the_board_is_shown(
    open_page, market
):
    fill(market)
    page = await open_page("#/board")
    await expect(page.get_by_text("1 councils' lines wait")).to_be_visible()
    sent: list[str] = []
    told = await page.context.new_cdp_session(page)
    await told.send("Network.enable")
    told.on(
        "Network.webSocketFrameSent",
        lambda frame: sent.append(frame["response"]["payloadData"]),
    )
    await page.get_by_role("link", name="Market").click()
    await expect(page.locator(".body .row").first).to_be_visible()
    await page.get_by_role("link", name="Board").click()
    await expect(page.get_by_text("1 councils' lines wait")).to_be_visible()
    # The browser tells of its frames beside what it shows.
    await eventually(lambda: len(sent) >= 2)
    assert '"unsubscribe"' in sent[0]
    assert '"councils"' in sent[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing_amiss_in_any_view(
    open_page, market, pictures, theme, width
):
    fill(market)
    page = await open_page(width=width, height=844, color_scheme=theme)
    for name, path in VIEWS.items():
        await page.goto(market.url + path)
        await expect(page.locator("#state")).to_have_text("live")
        await expect(page.locator(".row a, .figures dd").first).to_be_visible()
        await page.screenshot(path=pictures / f"{name}_{theme}_{width}.png")
        found = await Axe().run(page)
        worse = [
            each
            for each in found.response["violations"]
            if each["impact"] in WORSE_THAN_MINOR
        ]
        assert not worse, f"{name}: {found.generate_report()}"


async def test_the_readers_choice_of_colours_outlasts_a_reload(open_page, market):
    page = await open_page(color_scheme="light")

    async def ground():
        return await page.evaluate("getComputedStyle(document.documentElement).color")

    light = await ground()
    button = page.get_by_role("button", name="Theme")
    await button.click()
    await button.click()
    await expect(button).to_have_accessible_name("Theme: dark")
    dark = await ground()
    assert dark != light
    await page.reload()
    await expect(button).to_have_accessible_name("Theme: dark")
    assert await ground() == dark


async def test_the_way_past_the_navigation_leads_to_the_view(open_page, market):
    page = await open_page("#/board")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("To the figures")
    await page.keyboard.press("Enter")
    await expect(page.locator(".board")).to_be_visible()
