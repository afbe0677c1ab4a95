import pytest

from parfeed.client.address import feed_url, is_loopback
from parfeed.client.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost", "ws://localhost:8765/"),
        ("localhost:9000", "ws://localhost:9000/"),
        ("127.0.0.1:9000/feed", "ws://127.0.0.1:9000/feed"),
        ("ws://feed.example", "ws://feed.example/"),
        ("http://feed.example:80", "ws://feed.example:80/"),
        ("https://feed.example/a", "wss://feed.example/a"),
        ("wss://feed.example", "wss://feed.example/"),
        ("ws://[::1]:9000", "ws://[::1]:9000/"),
    ],
)
def test_an_address_is_completed(text: str, url: str) -> None:
    assert feed_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "ftp://a", "ws://", "ws://a:port", "ws://a:99999", "ws://a/?b=1", "a#b"],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"such as ws://127\.0\.0\.1:8765"):
        feed_url(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidRequest) as refused:
        feed_url("ws://me:secret@feed.example")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://localhost:1/", True),
        ("ws://127.9.9.9/", True),
        ("ws://[::1]:1/", True),
        ("ws://10.0.0.1/", False),
        ("ws://localhost.example/", False),
    ],
)
def test_loopback_is_told_from_the_rest(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
