"""The feed server's errors: they carry values and say what to do."""

from feed_server.errors import Overloaded, SourceLost
from schemas.errors import ParfeedError


def test_overload_says_how_much_waits_and_what_to_do():
    overloaded = Overloaded(waiting=90, offered=20, limit=100)
    assert (overloaded.waiting, overloaded.offered, overloaded.limit) == (90, 20, 100)
    text = str(overloaded)
    for part in ("90", "20", "100", "PARFEED_PUBLISH_WAITING", "later"):
        assert part in text


def test_all_are_errors_of_ours():
    assert issubclass(Overloaded, ParfeedError)
    assert issubclass(SourceLost, ParfeedError)
