"""The market's view in a real browser: live cells, search, order, keys, a phone."""

import random

import pytest
from playwright.async_api import expect
from support.live_page import golden_row, product

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = ".body .row"
COLOURS = ["blue", "green", "yellow", "orange", "red"]


def many(count=4_000):
    draw = random.Random(5)
    for number in range(count):
        percent = draw.uniform(-30, 30)
        limits = zip((3, 5, 10, 20, 1000), COLOURS, strict=True)
        yield product(
            f"{draw.choice(('Rye', 'Oak chair', 'Lamp'))} {number:04}",
            percent=f"{percent:.2f}",
            colour=next(name for limit, name in limits if abs(percent) < limit),
            price=f"{draw.uniform(1, 90):.2f}",
        )


async def test_a_price_change_is_seen_as_it_arrives(open_page, market):
    market.write(product("rye", price="2.55"), product("salt", price="0.80"))
    page = await open_page()
    row = page.locator(ROWS, has_text="rye")
    await expect(row.locator(".of-price")).to_have_text("2.55")
    await expect(page.locator("#state")).to_have_text("live")
    market.write(product("rye", price="2.61", sequence=2))
    await expect(row.locator(".of-price")).to_have_text("2.61")
    await expect(row).to_have_class("row fresh")
    await expect(row).to_have_class("row")


async def test_a_new_product_appears_by_itself(open_page, market):
    page = await open_page()
    await expect(page.locator(".empty")).to_contain_text("parfeed demo")
    market.write(product("rye"))
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator(".empty")).to_be_hidden()


async def test_four_thousand_products_are_searched_with_a_few_rows_made(
    open_page, market
):
    market.write(*many())
    page = await open_page()
    await expect(page.locator(".found")).to_have_text("4,000 of 4,000")
    table = page.get_by_role("table", name="Products of the market")
    await expect(table).to_have_attribute("aria-rowcount", "4001")
    assert await page.locator(ROWS).count() < 60
    await page.get_by_label("Search products").fill("CHAIR 01")
    await expect(page.locator(".found")).not_to_have_text("4,000 of 4,000")
    names = await page.locator(f"{ROWS} a").all_inner_texts()
    assert names
    assert all(name.startswith("Oak chair 01") for name in names)
    await page.get_by_label("Search products").fill("no such product")
    await expect(page.locator(".empty")).to_contain_text("No product fits")


async def test_the_furthest_from_balance_come_first_and_a_click_turns_it_round(
    open_page, market
):
    market.write(*many(500))
    page = await open_page()
    cells = page.locator(f"{ROWS} .of-imbalance")
    await expect(cells.first).to_be_visible()

    async def distances():
        texts = await cells.all_inner_texts()
        return [abs(float(text.strip(" %+").replace("−", "-"))) for text in texts]

    shown = await distances()
    assert shown == sorted(shown, reverse=True)
    heading = page.get_by_role("columnheader", name="Imbalance")
    await expect(heading).to_have_attribute("aria-sort", "descending")
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "ascending")
    shown = await distances()
    assert shown == sorted(shown)
    assert shown[0] < 1


async def test_a_colour_shows_its_products_only_and_how_many_there_are(
    open_page, market
):
    rows = list(many(300))
    market.write(*rows)
    page = await open_page()
    reds = [row for row in rows if row["imbalance"]["colour"] == "red"]
    button = page.get_by_role("button", name="red")
    await expect(button).to_have_text(f"red {len(reds)}")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".found")).to_have_text(f"{len(reds)} of 300")
    marks = await page.locator(f"{ROWS} .of-imbalance").evaluate_all(
        "(cells) => cells.map((cell) => cell.dataset.mark)"
    )
    assert set(marks) == {"red"}


async def test_the_newest_period_is_shown_until_another_is_chosen(open_page, market):
    market.write(product("rye"), product("rye", period="2011-W43"), product("salt"))
    page = await open_page()
    await expect(page.locator(".found")).to_have_text("2 of 3")
    await page.get_by_label("Period").select_option("2011-W43")
    await expect(page.locator(".found")).to_have_text("1 of 3")
    await page.get_by_label("Period").select_option("all")
    await expect(page.locator(".found")).to_have_text("3 of 3")
    await expect(page.get_by_role("columnheader", name="Period")).to_be_visible()


async def test_every_row_can_be_reached_by_keys_alone(open_page, market):
    market.write(*(product(f"p{number:04}") for number in range(1_000)))
    page = await open_page()
    await page.get_by_role("columnheader", name="Product").get_by_role("button").click()
    await expect(page.locator(f"{ROWS} a").first).to_have_text("p0000")
    focused = page.locator(":focus")
    await page.locator(f"{ROWS} a[tabindex='0']").focus()
    await page.keyboard.press("ArrowDown")
    await expect(focused).to_have_text("p0001")
    await page.keyboard.press("End")
    await expect(focused).to_have_text("p0999")
    await expect(focused).to_be_in_viewport()
    await page.keyboard.press("PageUp")
    await page.keyboard.press("ArrowUp")
    await expect(focused).to_be_in_viewport()
    await page.keyboard.press("Home")
    await expect(focused).to_have_text("p0000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="p0000")).to_be_visible()


async def test_rows_stay_where_they_are_while_somebody_is_at_one(open_page, market):
    market.write(*(product(f"p{n}", percent=f"{50 - n}") for n in range(10)))
    page = await open_page()
    await page.locator(f"{ROWS} a", has_text="p3").focus()
    market.write(product("p9", percent="90.00", sequence=2))
    cells = page.locator(ROWS, has_text="p9").locator(".of-imbalance")
    await expect(cells).to_have_text("+90.00 %")
    place = page.locator(ROWS, has_text="p9")
    await expect(place).to_have_attribute("aria-rowindex", "11")
    await page.get_by_label("Search products").focus()
    await expect(place).to_have_attribute("aria-rowindex", "2")


async def test_a_phone_shows_what_matters_and_scrolls_one_way_only(open_page, market):
    market.write(*many(200))
    page = await open_page(width=320, height=700)
    await expect(page.locator(ROWS).first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    for name in ("Product", "Imbalance", "Price"):
        heading = page.get_by_role("columnheader", name=name, exact=True)
        await expect(heading).to_be_in_viewport()
    box = await page.locator(f"{ROWS} a").first.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    for path in ("#/board", "#/product/Rye%200000/2011-W44"):
        market.write(golden_row("round"))
        await page.goto(market.url + path)
        await expect(page.locator("h2").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_figures_are_shown_exactly_where_they_fit_and_whole_in_the_tip(
    open_page, market
):
    market.write(
        product("small", supply="1234.5", demand="0.000001", price="0.1"),
        product("large", supply="1000000000000", demand="999999999.123456"),
    )
    page = await open_page(width=1600)
    small = page.locator(ROWS, has_text="small")
    await expect(small.locator(".of-supply")).to_have_text("1,234.5")
    await expect(small.locator(".of-demand")).to_have_text("0.000001")
    await expect(small.locator(".of-price")).to_have_text("0.10")
    large = page.locator(ROWS, has_text="large")
    await expect(large.locator(".of-supply")).to_have_text("1T")
    await expect(large.locator(".of-demand")).to_have_attribute(
        "title", "999,999,999.123456"
    )


async def test_all_that_fits_the_search_is_printed(open_page, market):
    market.write(*many(300))
    page = await open_page()
    await expect(page.locator(".found")).to_have_text("300 of 300")
    await page.emulate_media(media="print")
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await expect(page.locator(ROWS)).to_have_count(300)
    await page.emulate_media(media="screen")
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert await page.locator(ROWS).count() < 60
