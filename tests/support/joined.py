"""
Two pure ends joined by a fake wire: the feed server's own session and the client's.

Nothing here knows a socket or a clock. Messages lie on the wire, in order, until they
are carried; a cut loses those that were not, as a connection does.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from feed_server.channels import Channels
from feed_server.frames import payload
from feed_server.messages import decode_message
from feed_server.session import Session as ServerSession
from feed_server.session import State as ServerState
from feed_server.view import View
from parfeed.client.row_kinds import Key
from parfeed.client.session import Session as ClientSession
from schemas.feed import Result, ServerMessage
from schemas.settings import Settings
from schemas.values import from_wire

PARTITIONS = 3

_decode = msgspec.json.Decoder(ServerMessage, dec_hook=from_wire).decode


def row_bytes(product_id: str, period: str = "2011-W44", sequence: int = 1) -> bytes:
    """
    A row as a worker would write it; `sequence` tells versions apart.

    Rows of equal length that change in the same bits are the hard case of a checksum.
    """
    return b'{"type":"market","product_id":"%b","period":"%b","sequence":%d}' % (
        product_id.encode(),
        period.encode(),
        sequence,
    )


def round_bytes(number: int, sequence: int, period: str = "2011-W44") -> bytes:
    """A round as the board would write it."""
    return (
        b'{"type":"round","product_id":"*","period":"%b","round":%d,"sequence":%d}'
        % (period.encode(), number, sequence)
    )


def council_bytes(
    product_id: str, council_id: str, sequence: int, period: str = "2011-W44"
) -> bytes:
    """A council's line as the board would write it."""
    return (
        b'{"type":"council","product_id":"%b","period":"%b","council_id":"%b",'
        b'"sequence":%d,"level":"city"}'
        % (product_id.encode(), period.encode(), council_id.encode(), sequence)
    )


class Log:
    """The feed's records: what every server reads."""

    def __init__(self, epoch: str = "e1") -> None:
        self.epoch = epoch
        self.records: list[tuple[int, int, bytes, bytes]] = []
        self._next = [0] * PARTITIONS
        self._sequence = 0

    def write(self, product_id: str, period: str = "2011-W44") -> None:
        """Append a new version of a row of the market."""
        self._append(
            (product_id, period), row_bytes(product_id, period, self._sequence + 1)
        )

    def write_round(self, number: int) -> None:
        """Append a new version of a round."""
        self._append(
            ("*", "2011-W44", "round", number), round_bytes(number, self._sequence + 1)
        )

    def write_council(self, product_id: str, council_id: str) -> None:
        """Append a new version of a council's line."""
        self._append(
            (product_id, "2011-W44", "council", council_id),
            council_bytes(product_id, council_id, self._sequence + 1),
        )

    def newest(
        self, wants: Callable[[Key], bool] = lambda key: True, channel: str = "market"
    ) -> dict[Key, bytes]:
        """The rows of a channel that a subscriber must end with."""
        tag = {"rounds": ["round"], "councils": ["council"], "market": []}[channel]
        rows = {}
        for _, _, key, value in self.records:
            product_id, period, *rest = msgspec.json.decode(key)
            named = (product_id, period, *rest[1:])
            if rest[:1] == tag and wants(named):
                rows[named] = value
        return rows

    def _append(self, key: tuple[str | int, ...], value: bytes) -> None:
        self._sequence += 1
        partition = sum(str(key[0]).encode()) % PARTITIONS
        self.records.append(
            (partition, self._next[partition], msgspec.json.encode(key), value)
        )
        self._next[partition] += 1


class Server:
    """A feed server without sockets; `read` takes in what the log has."""

    def __init__(self, log: Log, settings: Settings | None = None) -> None:
        self.channels = Channels(View(log.epoch, PARTITIONS))
        self.settings = settings or Settings()
        self._log = log
        self._read = 0

    def read(self) -> None:
        """Take in all records that are new."""
        for record in self._log.records[self._read :]:
            self.channels.apply(*record)
        self._read = len(self._log.records)


class Joined:
    """
    A client session and its connections to servers, one after the other.

    Attributes:
        client: the client's end.
        arriving: messages on their way to the client.
        leaving: messages on their way to the server.
        now: the clock of both.
        taken: event bytes that servers acknowledged, in order, repetitions included.
    """

    def __init__(self, client: ClientSession) -> None:
        self.client = client
        self.arriving: deque[bytes] = deque()
        self.leaving: deque[bytes] = deque()
        self.now = 0.0
        self.taken: list[bytes] = []
        self._server: Server | None = None
        self._session: ServerSession | None = None

    def connect(self, server: Server) -> None:
        """Open a new connection."""
        server.read()
        self._server = server
        self._session = ServerSession(
            server.settings, server.channels, "test", self.now
        )
        self.client.connect()

    def cut(self, code: int | None = None) -> None:
        """Lose the connection and all that is on its way."""
        assert self._session is not None
        self._session.lose()
        self._session = None
        self.arriving.clear()
        self.leaving.clear()
        self.client.lose(code, "cut")

    def tick(self) -> None:
        """Let the server read the log and offer what has changed."""
        assert self._server is not None
        self._server.read()
        self._server.channels.flush(self.now)
        self._collect()

    def beat(self) -> None:
        """Let the server send a heartbeat."""
        assert self._server is not None
        assert self._session is not None
        self._server.channels.flush(self.now)
        self._server.channels.begin_heartbeats()
        self._session.beat()
        self._collect()

    def step(self) -> bool:
        """Carry one message, if there is any; the client's first."""
        assert self._session is not None
        self.leaving.extend(self.client.messages_to_send(self.now))
        if self.leaving:
            self._to_server(self.leaving.popleft())
            return True
        if self.arriving:
            self.client.receive(_decode(self.arriving.popleft()), self.now)
            return True
        return False

    def settle(self) -> None:
        """Carry messages until none is left."""
        while self.step():
            pass

    @property
    def server_state(self) -> ServerState | None:
        """Where the server's end stands; None without a connection."""
        return None if self._session is None else self._session.state

    def _to_server(self, message: bytes) -> None:
        assert self._session is not None
        self._session.receive(decode_message(message.decode()), self.now)
        for publish in self._session.events():
            events = [bytes(raw) for raw in publish.events]
            self.taken += events
            results = tuple(
                Result(event_id=None, topic="purchases", partition=0, offset=offset)
                for offset, _ in enumerate(events)
            )
            self._session.acknowledge(publish.id, results)
        self._collect()

    def _collect(self) -> None:
        assert self._session is not None
        self.arriving.extend(map(payload, self._session.messages_to_send()))


def new_client() -> ClientSession:
    """A client session whose jitter is always the longest."""
    return ClientSession(token=None, client="test", random=lambda: 1.0)
