"""A tree of councils for consumers without homes."""

from collections import Counter
from datetime import UTC, datetime

from parfeed.economy.council_tree import FEDERATION, NEIGHBOURS, council_tree
from streams.market.councils.councils import Councils

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_every_consumer_has_neighbours_and_every_council_its_parent() -> None:
    tree, of = council_tree("run", 3_000, NOW)
    sizes = Counter(of)
    assert len(of) == 3_000
    assert set(sizes.values()) == {NEIGHBOURS}
    levels = Counter(council.level for council in tree)
    assert levels == {"federation": 1, "state": 1, "city": 10, "neighbourhood": 100}
    known: set[str] = set()
    for council in tree:
        assert council.parent_id in known or council.council_id == FEDERATION
        known.add(council.council_id)
    assert set(sizes) <= known


def test_the_board_takes_the_tree_as_it_is() -> None:
    councils = Councils()
    tree, _ = council_tree("run", 3_001, NOW)
    for council in tree:
        councils.form(council)
    assert councils.council("neighbourhood-101") is not None
    assert len({council.event_id for council in tree}) == len(tree)
