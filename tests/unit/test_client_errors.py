import inspect

import pytest

from parfeed.client import errors
from parfeed.client.errors import (
    FeedClosed,
    FeedEnded,
    FeedError,
    FeedUnreachable,
    PublishInterrupted,
    SubscriptionRefused,
)
from schemas.errors import ParfeedError
from schemas.feed import Result

URL = "ws://feed.example/"


def test_the_printed_tree_names_every_error() -> None:
    tree = (errors.__doc__ or "").partition("::")[2]
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, FeedError):
            assert f"─ {name} " in tree or f"─ {name}\n" in tree
            assert issubclass(kind, ParfeedError)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            FeedUnreachable(URL, 2.5, "Connection refused"),
            [URL, "2.5 s", "Connection refused", "start one with: parfeed up"],
        ),
        (
            FeedUnreachable(URL, 2.5, "HTTP 503", is_loading=True),
            [URL, "still loading", "HTTP 503", "wait longer"],
        ),
        (FeedEnded(URL, 4003, "mend the program"), [URL, "4003", "mend the program"]),
        (FeedEnded(URL, 4003, ""), ["4003 (no reason given)"]),
        (FeedClosed(URL), [URL, "connect anew"]),
        (SubscriptionRefused("unknown_channel", "was 'x'"), ["unknown_channel: was"]),
        (SubscriptionRefused("unknown_channel", ""), ["There is no such channel."]),
        (
            PublishInterrupted([Result(event_id="a"), None], "no feed"),
            ["1 of 2 events", "no feed", "send them again with the same event_ids"],
        ),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(
    error: FeedError, words: list[str]
) -> None:
    for word in words:
        assert word in str(error)
