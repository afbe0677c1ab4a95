"""Names that somebody wrote to do harm: shown as text, whole or cut, nothing else."""

import pytest
from playwright.async_api import Error, expect
from support.live_page import golden_row, product

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = ".body .row"
RIGHT_TO_LEFT = "\u202edetrevni"
NAMES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "</title><b>bold</b>",
    "{{constructor.constructor('alert(1)')()}}",
    "__proto__",
    "constructor",
    "../../etc?x#y/z%00",
    "%E0%A4%A",
    RIGHT_TO_LEFT,
    "שלום عالم",
    "\u200b\ufeffinvisible",
    "a\nb\tc",
    "*",
    "' OR 1=1 --",
    "𝕌𝕟𝕚𝕔𝕠𝕕𝕖 🧺",
    "x" * 10_000,
    "\u0301" * 300,
    "space  and   more",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
async def test_a_hostile_name_is_text_in_every_view(open_page, market, name):
    market.write(
        product(name),
        product("rye"),
        golden_row("round", worst_product_id=name, reason=name, excluded=[name]),
        golden_row("council", council_id=name, product_id=name, status="waits"),
    )
    page = await open_page()
    await expect(page.locator(ROWS)).to_have_count(2)
    before = await page.evaluate("document.querySelectorAll('*').length")
    link = page.locator(f"{ROWS} a:not(:text-is('rye'))")
    text = await link.text_content()
    assert text
    assert len(text) <= 130
    assert "\u202e" not in text
    box = await page.locator(ROWS, has_text="rye").bounding_box()
    assert box is not None
    assert box["height"] < 50
    assert box["width"] <= 1280

    await link.click()
    await expect(page.locator("h2.name")).to_be_visible()
    await expect(page.locator(".product .empty")).to_be_hidden()
    await expect(page.locator(".figures dd").first).to_contain_text("10.53 %")
    assert "\u202e" not in (await page.title())

    await page.goto(f"{market.url}#/board")
    await expect(page.locator(".board .figures dd").first).to_be_visible()
    await expect(page.locator(".board .content")).to_contain_text("council")
    assert await page.evaluate("document.querySelectorAll('script').length") == 2
    assert await page.evaluate("document.querySelectorAll('img, b').length") == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert before > 0


async def test_the_policy_refuses_html_that_is_made_of_text(browser, market):
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(market.url)
    for attempt in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.write('<b>x</b>')",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    ):
        # In the page's own world, as a script of it that went wrong would.
        with pytest.raises(Error, match="TrustedHTML"):
            await page.evaluate(attempt)
    assert await page.locator("b").count() == 0
    await context.close()


async def test_the_policy_refuses_inline_scripts_styles_and_other_places(
    browser, market
):
    context = await browser.new_context()
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text))
    await page.goto(market.url)
    await expect(page.locator("#state")).to_have_text("live")
    await page.evaluate(
        """() => {
          const styled = document.createElement("div");
          styled.setAttribute("style", "position: fixed");
          document.body.append(styled);
          const image = document.createElement("img");
          image.src = "http://127.0.0.1:9/x.png";
          document.body.append(image);
          fetch("http://127.0.0.1:9/").catch(() => undefined);
        }"""
    )
    await expect(page.locator("body > div")).to_have_css("position", "static")
    said = "\n".join(refused)
    for directive in ("style-src 'self'", "img-src 'self'", "connect-src 'self'"):
        assert directive in said
    await context.close()
