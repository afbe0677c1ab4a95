"""
The page's files, as they are served: read once, each with its type and its tag.

What lies in `feed_server/page` is served under its own path, `index.html` at `/`;
there is nothing to build, and nothing else can be asked for: a path is looked up in the
list of files that was made at start, never in the file system.

The policy allows the page its own scripts, styles and feed, no inline ones, nothing
from elsewhere, and no text that becomes HTML (trusted types: a browser that knows them
throws). Browsers ask again whether a file has changed (`no-cache`), by its tag.
"""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

CONTENT_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""By a file's ending. A file of another kind does not belong to the page."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


class PageFile(msgspec.Struct, frozen=True, kw_only=True):
    """
    One file.

    Attributes:
        content_type: of the body.
        body: its bytes.
        tag: an ETag, quotes included: another as soon as a byte of the body is.
    """

    content_type: str
    body: bytes
    tag: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that go with it, whether or not the body does."""
        return {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "ETag": self.tag,
        }

    def status(self, if_none_match: str | None) -> HTTPStatus:
        """Tell whether the client, by its `If-None-Match`, has this very file."""
        held = {
            tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")
        }
        if self.tag in held or "*" in held:
            return HTTPStatus.NOT_MODIFIED
        return HTTPStatus.OK


def page_files() -> dict[str, PageFile]:
    """
    Read the page's files, by the path that they are served under.

    Raises:
        AssertionError: if a file of a kind that is not served lies among them.
    """
    root = resources.files("feed_server").joinpath("page")
    found = {f"/{name}": _page_file(name, file) for name, file in _walk(root, "")}
    found["/"] = found.pop("/index.html")
    return found


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        name = f"{prefix}{each.name}"
        if each.is_dir():
            yield from _walk(each, f"{name}/")
        else:
            yield name, each


def _page_file(name: str, file: Traversable) -> PageFile:
    content_type = CONTENT_TYPES.get(name[name.rfind(".") :])
    if content_type is None:
        raise AssertionError(
            f"feed_server/page/{name}: no content type is known for it; add one to "
            "CONTENT_TYPES, or put the file elsewhere"
        )
    body = file.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return PageFile(content_type=content_type, body=body, tag=tag)
