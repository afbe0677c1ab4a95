"""
Whatever is cut and when: a client ends with the rows of one that connects fresh, and
every event that it handed in has exactly one result.
"""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from support.joined import Joined, Log, Server, new_client

from parfeed.client.replica import checksum_of
from parfeed.client.row_kinds import Key
from schemas.feed import Subscribe

PRODUCTS = "abcdefgh"

actions = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(PRODUCTS)),
        st.tuples(st.just("write_round"), st.integers(1, 3)),
        st.tuples(st.just("write_council"), st.sampled_from(PRODUCTS)),
        st.tuples(st.just("tick"), st.none()),
        st.tuples(st.just("beat"), st.none()),
        st.tuples(st.just("step"), st.integers(1, 5)),
        st.tuples(st.just("cut"), st.booleans()),
        st.tuples(st.just("publish"), st.integers(1, 4)),
        st.tuples(st.just("wait"), st.floats(0.01, 3)),
    ),
    max_size=60,
)


def wants(products: tuple[str, ...], period: str | None) -> "callable":
    def wanted(key: Key) -> bool:
        return ("*" in products or key[0] in products) and period in (None, key[1])

    return wanted


@settings(max_examples=300, deadline=None)
@given(
    actions=actions,
    wanted=st.sampled_from(
        [
            ("market", ("*",)),
            ("market", ("a", "b")),
            ("market", ("h",)),
            ("rounds", ("*",)),
            ("councils", ("*",)),
            ("councils", ("a", "b")),
        ]
    ),
    mode=st.sampled_from(["conflated", "stream"]),
)
def test_a_client_that_was_cut_anywhere_ends_as_a_fresh_one(
    actions: list, wanted: tuple[str, tuple[str, ...]], mode: str
) -> None:
    channel, products = wanted
    log = Log()
    log.write("a")
    servers = [Server(log), Server(log)]
    joined = Joined(new_client())
    client = joined.client
    request = Subscribe(id="-", channel=channel, products=products, mode=mode)
    subscribed = client.subscribed(client.subscribe(request))
    replica, inbox = subscribed.replica, subscribed.inbox
    seen: dict[Key, bytes] = {}
    submissions = []
    published: list[bytes] = []

    def read() -> None:
        delivery = inbox.take()
        if delivery is not None:
            if delivery.is_snapshot:
                seen.clear()
            seen.update(delivery.change)

    joined.connect(servers[0])
    for name, argument in actions:
        if name == "write":
            log.write(argument)
        elif name == "write_round":
            log.write_round(argument)
        elif name == "write_council":
            log.write_council(argument, "north")
        elif name == "tick":
            joined.tick()
        elif name == "beat":
            joined.beat()
        elif name == "step":
            for _ in range(argument):
                joined.step()
            read()
        elif name == "cut":
            joined.cut()
            joined.connect(servers[argument])
        elif name == "wait":
            joined.now += argument
        else:
            events = [
                b'{"event_id":"e%d"}' % (len(published) + n) for n in range(argument)
            ]
            published += events
            submissions.append(client.publish(events))
    joined.now += 60
    for _ in range(3):
        joined.tick()
        joined.settle()
        joined.beat()
        joined.settle()
    read()
    expected = log.newest(wants(products, None), channel)
    assert replica.is_current
    assert dict(replica.rows) == expected
    assert replica.checksum == checksum_of(expected.values())
    assert seen == expected
    assert client.mismatches == 0
    assert client.gaps == 0
    assert all(submission.unanswered == 0 for submission in submissions)
    assert set(joined.taken) == set(published)
    for submission in submissions:
        assert all(
            result is not None and result.error is None for result in submission.results
        )


@settings(max_examples=200, deadline=None)
@given(
    lost=st.sets(st.integers(0, 40), max_size=10),
    writes=st.lists(st.sampled_from(PRODUCTS), min_size=5, max_size=40),
)
def test_a_client_that_misses_messages_notices_and_mends_itself(
    lost: set[int], writes: list[str]
) -> None:
    # TCP loses no message from the middle; a broken server could.
    log = Log()
    joined = Joined(new_client())
    client = joined.client
    replica = client.subscribed(
        client.subscribe(Subscribe(id="-", channel="market"))
    ).replica
    joined.connect(Server(log))
    joined.settle()
    for number, product in enumerate(writes):
        log.write(product)
        joined.tick()
        if number in lost:
            joined.arriving.clear()
        joined.settle()
    joined.now += 60
    for _ in range(3):
        joined.beat()
        joined.settle()
        joined.now += 60
        joined.settle()
    assert replica.is_current
    assert dict(replica.rows) == log.newest()


@settings(max_examples=100, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=3),
)
def test_rows_that_were_damaged_are_found_by_the_next_heartbeat(
    flips: list[tuple[int, int]],
) -> None:
    log = Log()
    joined = Joined(new_client())
    client = joined.client
    replica = client.subscribed(
        client.subscribe(Subscribe(id="-", channel="market"))
    ).replica
    joined.connect(Server(log))
    joined.settle()
    damaged = False
    for number, product in enumerate("abcdef"):
        log.write(product)
        joined.tick()
        for at, digit in flips:
            if at == number and joined.arriving:
                message = msgspec.json.decode(joined.arriving[-1])
                message["rows"][0]["sequence"] = 1_000 + digit
                joined.arriving[-1] = msgspec.json.encode(message)
                damaged = True
        joined.settle()
    joined.beat()
    joined.settle()
    assert (client.mismatches > 0) is damaged
    assert dict(replica.rows) == log.newest()
