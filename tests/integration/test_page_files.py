"""The page over plain HTTP: types, tags, policy, and what is refused. No browser."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest
from support.live_page import Market, product, serve
from support.sockets import Socket

from feed_server.page_files import CONTENT_TYPES, POLICY, page_files

PAGE = Path(str(resources.files("feed_server"))) / "page"
PATHS = sorted(page_files())


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    async with serve(Market()) as served:
        yield served


async def ask(
    market: Market, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers in small letters, and body."""
    reader, writer = await asyncio.open_connection(
        market.settings.host, market.settings.port
    )
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]
    writer.write("\r\n".join(head).encode())
    raw, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *rest = raw.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in rest)
    return (
        int(status.split()[1]),
        {name.lower(): value for name, value in found.items()},
        body,
    )


def file_of(path: str) -> Path:
    return PAGE / ("index.html" if path == "/" else path[1:])


@pytest.mark.parametrize("path", PATHS)
async def test_every_file_of_the_page_comes_whole_and_with_its_type(market, path):
    status, headers, body = await ask(market, path)
    assert status == 200
    assert body == file_of(path).read_bytes()
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"] == CONTENT_TYPES[file_of(path).suffix]
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_has_not_changed_is_not_sent_again(market):
    _, headers, body = await ask(market, "/style.css")
    tag = headers["etag"]
    for held in (tag, f'"other", W/{tag}', "*"):
        status, again, nothing = await ask(market, "/style.css", If_None_Match=held)
        assert (status, nothing) == (304, b"")
        assert again["etag"] == tag
        assert again["content-length"] == str(len(body))
    status, _, changed = await ask(market, "/style.css", If_None_Match='"other"')
    assert (status, changed) == (200, body)


@pytest.mark.parametrize("path", ["/", "/parfeed.js", "/health", "/none"])
async def test_a_head_request_gets_the_headers_of_a_get_without_its_body(market, path):
    status, headers, body = await ask(market, path)
    again, alike, nothing = await ask(market, path, "HEAD")
    assert nothing == b""
    assert body
    assert again == status
    for told in (headers, alike):
        del told["date"]
    assert alike == headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
async def test_other_methods_are_refused_and_told_which_there_are(market, method):
    status, headers, _ = await ask(market, "/", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/index.html/",
        "/page/style.css",
        "/../handshake.py",
        "/%2e%2e/handshake.py",
        "//style.css",
        "/views/",
        "/style.css/..",
        "/STYLE.CSS",
    ],
)
async def test_nothing_but_the_page_can_be_asked_for(market, path):
    status, headers, body = await ask(market, path)
    assert status == 404
    assert b"health" in body
    assert headers["content-type"].startswith("text/plain")


async def test_a_query_does_not_hide_a_file(market):
    assert (await ask(market, "/style.css?v=1"))[0] == 200


async def test_plain_requests_disturb_no_session(market):
    async with Socket(market.settings) as socket:
        await socket.subscribe()
        for number in range(1, 20):
            market.write(product("rye", sequence=number))
            await asyncio.gather(*(ask(market, path) for path in PATHS))
            await socket.until_has("s", {"rye": number})
        assert all("to" in update for update in socket.reader.updates["s"])
        status, _, body = await ask(market, "/health")
        assert (status, json.loads(body)["sessions"]) == (200, 1)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY
    for part in ("default-src 'none'", "script-src 'self'", "trusted-types 'none'"):
        assert part in POLICY


def test_the_page_names_no_place_but_its_own():
    # The namespace of SVG is a name, not a place.
    namespace = "http://www.w3.org/2000/svg"
    for path in PATHS:
        text = file_of(path).read_text(encoding="utf-8").replace(namespace, "")
        assert not re.findall(r"(?:https?:)?//[\w-]+\.[a-z]{2,}", text), path


def test_no_code_of_the_page_makes_html_of_text():
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b"
    for path in PATHS:
        found = re.findall(ways, file_of(path).read_text(encoding="utf-8"))
        assert not found, f"{path}: {found}"


def test_an_index_without_inline_scripts_and_styles():
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    assert "<style" not in index
    assert not re.search(r"\sstyle=|\son\w+=", index)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", index))


def test_no_file_of_the_page_is_longer_than_a_subject():
    for path in PATHS:
        file = file_of(path)
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{file}: {lines} lines; split it by subject"
