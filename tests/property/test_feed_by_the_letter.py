"""
A client that follows the protocol by the letter always has its rows as of its cursor.

Whatever happens: rows of all channels change in one log, private ones in partitions of
their own, clients come, ask for other things, are slow, ask for a rate, lose what was
under way, come back to another server that has read more or less.
"""

from collections.abc import Iterator

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)
from support.by_the_letter import (
    Name,
    Reader,
    checksum_of,
    council_record,
    ledger_record,
    round_record,
    row_key,
    row_value,
)

from feed_server import frames
from feed_server.channels import Channels
from feed_server.messages import decode_message
from feed_server.session import Session, State
from feed_server.view import View
from schemas.codec import encode
from schemas.cursor import Cursor
from schemas.feed import Hello, Message, Subscribe, Unsubscribe
from schemas.settings import Settings
from schemas.trading_rows import CardRow
from schemas.values import Period

PARTITIONS = 2
PRODUCTS = ("rye", "salt", "oats", "hops")
PERIODS = ("2011-W44", "2011-W45")
PARTIES = ("consumer/ada", "consumer/bob", "consumer/eve")
IDS = ("s", "t")
SETTINGS = Settings()

# Rows of every channel, each by its name: ("market", product, period) and so on. Those
# of the market change most often, as they do.
of_market = st.tuples(
    st.just("market"), st.sampled_from(PRODUCTS), st.sampled_from(PERIODS)
)
of_rounds = st.tuples(
    st.just("rounds"), st.just("*"), st.sampled_from(PERIODS), st.integers(1, 2)
)
of_councils = st.tuples(
    st.just("councils"),
    st.sampled_from(PRODUCTS),
    st.sampled_from(PERIODS),
    st.sampled_from(("north", "south")),
)
of_cards = st.tuples(
    st.just("consumer"), st.sampled_from(PARTIES), st.sampled_from(PERIODS)
)
row_names = st.one_of(of_market, of_market, of_rounds, of_councils, of_cards)

periods = st.one_of(st.none(), st.sampled_from(PERIODS).map(Period))
selections = st.one_of(
    st.fixed_dictionaries(
        {
            "channel": st.sampled_from(("market", "market", "councils")),
            "products": st.one_of(
                st.just(("*",)),
                st.lists(st.sampled_from(PRODUCTS), min_size=1, max_size=3).map(tuple),
            ),
            "period": periods,
        }
    ),
    st.fixed_dictionaries({"channel": st.just("rounds"), "period": periods}),
    st.fixed_dictionaries(
        {
            "channel": st.just("consumer"),
            "party": st.sampled_from(PARTIES),
            "period": periods,
        }
    ),
)
modes = st.sampled_from(
    [
        {"mode": "conflated"},
        {"mode": "stream"},
        {"mode": "conflated", "max_rate": 1.0},
        {"mode": "conflated", "max_rate": 0.4},
    ]
)


class Log:
    """What Kafka holds; servers read it at their own pace."""

    def __init__(self) -> None:
        self.records: list[tuple[int, int, bytes, bytes]] = []
        self._names: list[tuple[str, Name]] = []
        self._next = [0] * 2 * PARTITIONS
        self._sequence = 0

    def write(self, channel: str, name: Name, gap: int) -> None:
        product_id, period, *rest = name
        if channel == "consumer":
            partition = PARTITIONS + PARTIES.index(product_id) % PARTITIONS
        else:
            partition = (*PRODUCTS, "*").index(product_id) % PARTITIONS
        # The marks of transactions take offsets as well.
        offset = self._next[partition] + gap
        self._next[partition] = offset + 1
        self._sequence += 1
        if channel == "rounds":
            record = round_record(rest[0], self._sequence, period)
        elif channel == "consumer":
            record = ledger_record(
                CardRow(period=period, party=product_id, sequence=self._sequence)
            )
        elif channel == "councils":
            record = council_record(rest[0], product_id, self._sequence, period)
        else:
            value = row_value(product_id, self._sequence, period)
            record = (row_key(product_id, period), value)
        self.records.append((partition, offset, *record))
        self._names.append((channel, name))

    def between(
        self, start: Cursor | None, end: Cursor, wanted: Subscribe
    ) -> Iterator[tuple[Name, str]]:
        for (partition, offset, _, value), (channel, name) in zip(
            self.records, self._names, strict=True
        ):
            if (
                offset < end.offsets[partition]
                and (start is None or offset >= start.offsets[partition])
                and channel == wanted.channel
                and wanted.party in (None, name[0])
                and (wanted.products == ("*",) or name[0] in wanted.products)
                and wanted.period in (None, name[1])
            ):
                yield name, value.decode()


class Server:
    def __init__(self, log: Log) -> None:
        self._log = log
        self.channels = Channels(View("ab", PARTITIONS, PARTITIONS))
        self._read = 0

    def read(self, count: int) -> None:
        for record in self._log.records[self._read : self._read + count]:
            self.channels.apply(*record)
        self._read = min(self._read + count, len(self._log.records))


class Client:
    def __init__(self) -> None:
        self.reader = Reader()
        self.wanted: dict[str, Subscribe] = {}
        self.began: dict[str, str] = {}
        self.was_slow: dict[str, bool] = {}
        self.session: Session | None = None
        self.server: Server | None = None
        self.wire: list[bytes] = []

    def connect(self, server: Server) -> None:
        self.server = server
        self.session = Session(SETTINGS, server.channels, "server", 0.0, "::1")
        self.say(Hello())
        for name, subscribe in self.wanted.items():
            self.ask(name, subscribe, resume=self.reader.cursors.get(name))

    def say(self, message: Message) -> None:
        assert self.session is not None
        self.session.receive(decode_message(encode(message).decode()), 0.0)
        self.pump()

    def ask(self, name: str, subscribe: Subscribe, resume: str | None) -> None:
        self.say(
            Subscribe(
                id=name,
                channel=subscribe.channel,
                products=subscribe.products,
                party=subscribe.party,
                period=subscribe.period,
                mode=subscribe.mode,
                max_rate=subscribe.max_rate,
                resume=resume,
            )
        )
        self.was_slow[name] = False
        self.deliver()  # the answer, so that the versions are counted from it
        self.began[name] = self.reader.cursors[name]
        self.reader.versions[name] = 0
        self.reader.updates[name] = []

    def pump(self) -> None:
        assert self.session is not None
        self.wire += self.session.messages_to_send()

    def deliver(self) -> None:
        for frame in self.wire:
            message = self.reader.take(frames.payload(frame))
            assert message["type"] != "error", message
        self.wire.clear()

    def disconnect(self) -> None:
        if self.session is not None:
            self.session.lose()
        self.session = None
        self.wire.clear()  # what was under way is lost


class Feed(RuleBasedStateMachine):
    clients = Bundle("clients")

    @initialize(target=clients, count=st.integers(1, 4))
    def begin(self, count: int) -> object:
        self.now = 1_000.0
        self.log = Log()
        self.servers = [Server(self.log), Server(self.log)]
        self.everybody = [Client() for _ in range(count)]
        for client in self.everybody:
            client.connect(self.servers[0])
        return multiple(*self.everybody)

    @rule(
        changes=st.lists(
            st.tuples(row_names, st.sampled_from((0, 0, 0, 1, 5))),
            min_size=1,
            max_size=6,
        ),
        readers=st.sampled_from(((), (0,), (1,), (0, 1), (0, 1), (0, 1))),
    )
    def rows_change(
        self, changes: list[tuple[tuple, int]], readers: tuple[int, ...]
    ) -> None:
        for (channel, *name), gap in changes:
            self.log.write(channel, tuple(name), gap)
        for reader in readers:
            self.servers[reader].read(6)

    @rule(server=st.integers(0, 1), count=st.integers(1, 6))
    def a_server_reads_on(self, server: int, count: int) -> None:
        self.servers[server].read(count)

    @rule(later_s=st.sampled_from((0.0, 0.01, 0.5, 1.0, 2.5)))
    def a_tick_passes(self, later_s: float) -> None:
        self.now += later_s
        for server in self.servers:
            server.channels.flush(self.now)
        self._pump()

    @rule(is_flushed=st.booleans())
    def a_heartbeat_passes(self, is_flushed: bool) -> None:
        for server in self.servers:
            server.channels.begin_heartbeats()
            if is_flushed:
                server.channels.flush(self.now)
        for client in self.everybody:
            if client.session is not None:
                client.session.beat()
        self._pump()

    @rule(client=clients, name=st.sampled_from(IDS), selection=selections, mode=modes)
    def a_client_subscribes(
        self, client: Client, name: str, selection: dict, mode: dict
    ) -> None:
        if client.session is None:
            return
        client.deliver()
        subscribe = Subscribe(id=name, **selection, **mode)
        client.wanted[name] = subscribe
        client.ask(name, subscribe, resume=None)

    @rule(client=clients, name=st.sampled_from(IDS), mode=modes)
    def a_client_changes_its_mode_and_goes_on(
        self, client: Client, name: str, mode: dict
    ) -> None:
        if client.session is None or name not in client.wanted:
            return
        client.deliver()
        old = client.wanted[name]
        subscribe = Subscribe(
            id=name,
            channel=old.channel,
            products=old.products,
            party=old.party,
            period=old.period,
            **mode,
        )
        client.wanted[name] = subscribe
        client.ask(name, subscribe, resume=client.reader.cursors[name])

    @rule(client=clients, name=st.sampled_from(IDS))
    def a_client_unsubscribes(self, client: Client, name: str) -> None:
        if client.session is None or name not in client.wanted:
            return
        client.say(Unsubscribe(id=name))
        client.deliver()
        del client.wanted[name], client.reader.cursors[name], client.reader.rows[name]

    @rule(client=clients)
    def a_client_stops_reading(self, client: Client) -> None:
        if client.session is not None and not client.session.is_full:
            client.session.fill(self.now)
            client.was_slow = dict.fromkeys(client.was_slow, True)

    @rule(client=clients)
    def a_client_reads_again(self, client: Client) -> None:
        if client.session is not None and client.session.is_full:
            client.session.drain()

    @rule(client=clients)
    def a_client_takes_what_was_sent(self, client: Client) -> None:
        client.deliver()

    @rule(client=clients)
    def a_connection_breaks(self, client: Client) -> None:
        client.disconnect()

    @rule(client=clients, server=st.integers(0, 1))
    def a_client_comes_back(self, client: Client, server: int) -> None:
        client.disconnect()
        client.connect(self.servers[server])

    @invariant()
    def every_client_has_its_rows_as_of_its_cursor(self) -> None:
        for client in self.everybody:
            for name, subscribe in client.wanted.items():
                cursor = Cursor.parse(client.reader.cursors[name])
                truth = dict(self.log.between(None, cursor, subscribe))
                assert client.reader.rows[name] == truth

    @invariant()
    def every_version_was_sent_or_counted_as_merged(self) -> None:
        for client in self.everybody:
            for name, subscribe in client.wanted.items():
                start = Cursor.parse(client.began[name])
                end = Cursor.parse(client.reader.cursors[name])
                versions = len(list(self.log.between(start, end, subscribe)))
                assert client.reader.versions[name] == versions

    def _pump(self) -> None:
        for client in self.everybody:
            if client.session is not None:
                client.pump()

    def teardown(self) -> None:
        """In the end everybody reads, and everybody has everything."""
        if not hasattr(self, "log"):
            return
        for server in self.servers:
            server.read(len(self.log.records))
        for client in self.everybody:
            if client.session is None:
                client.connect(self.servers[1])
            if client.session.is_full:
                client.session.drain()
        for _ in range(2):
            self.a_tick_passes(3.0)
        self.a_heartbeat_passes(True)
        for client in self.everybody:
            client.deliver()
            assert client.session.state is State.OPEN
            for name, subscribe in client.wanted.items():
                everything = client.server.channels.view.cursor
                truth = dict(self.log.between(None, everything, subscribe))
                assert client.reader.rows[name] == truth
                beat = client.reader.heartbeats[-1]
                assert beat["checksum"][name] == checksum_of(truth.values())
                assert beat["cursor"] == str(everything)
                if subscribe.mode == "stream" and not client.was_slow[name]:
                    for update in client.reader.updates[name]:
                        assert update["merged"] == 0


TestFeed = Feed.TestCase
TestFeed.settings = hypothesis_settings(
    max_examples=120, stateful_step_count=60, deadline=None
)
