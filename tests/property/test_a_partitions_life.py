"""
A partition's life without Kafka: batches, commits and crashes in any order end with
what one uninterrupted run ends with.

The partition is the real one; in Kafka's place is a log that keeps what a transaction
wrote only if it was committed. Time goes on from record to record, and what the board
says of a period's times is folded before what comes after it, as `Partition.open` and a
board that closes no gate without notice see to.
"""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from support.market import (
    MONDAY_S,
    Outcome,
    Sent,
    fold_sent,
    moment,
    outcome,
    raw,
    said,
    tables,
)
from support.market import SentRecord as SourceRecord
from support.market_strategies import (
    LAWS,
    arrivals,
    products,
    repeating_events,
    times_of_periods,
)

from schemas.codec import decode_line, decode_market_row, decode_rejected
from schemas.settings import Settings
from schemas.topics import (
    BOARD,
    LINES,
    MARKET,
    REJECTED,
    SOURCES,
    TOPIC_OF_EVENT,
    full_name,
)
from streams.market.batch import remember_batch
from streams.market.tables import line_key
from streams.partition import Partition
from streams.transport import Batch

WINDOW = 4
FOREIGN = "salt"
ARRIVED_S = 1_320_019_200

topics = st.sampled_from(SOURCES)


def new_tables():
    return tables(window=WINDOW, foreign=(FOREIGN,))


class Log:
    """What Kafka keeps: records of finished transactions, and the source offsets."""

    def __init__(self):
        self.unfinished = []
        self.finished = {MARKET.name: [], LINES.name: [], REJECTED.name: []}
        self.offsets = {}

    async def write(self, topic, records, headers=()):
        self.unfinished += [(topic.split(".")[1], value) for _, value, _ in records]

    async def commit(self, offsets):
        for topic, value in self.unfinished:
            self.finished[topic].append(value)
        self.unfinished = []
        for place, offset in offsets.items():
            self.offsets[place.topic.split(".")[1]] = offset

    async def close(self):
        self.unfinished = []


class PartitionsLife(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.sources = {topic.name: [] for topic in SOURCES}
        self.ends = dict.fromkeys(self.sources, 0)
        self.log = Log()
        self.now_ms = ARRIVED_S * 1000
        self.opened = {}
        self.open()

    def open(self):
        into = new_tables()
        for value in self.log.finished[MARKET.name]:
            into.put_row(decode_market_row(value))
        for value in self.log.finished[LINES.name]:
            into.put_line(decode_line(value))
        for topic in SOURCES:
            span = into.seen_ids(topic).span_to_read(
                self.log.offsets.get(topic.name, 0)
            )
            read = [one for one in self.sources[topic.name] if one.offset in span]
            remember_batch(into, topic, read)
        self.read_to = {name: self.log.offsets.get(name, 0) for name in self.sources}
        committed = dict(self.log.offsets)
        self.partition = Partition(Settings(), self.log, into, committed)
        self.fold_rest(BOARD)

    @rule(
        events=st.lists(repeating_events, min_size=1, max_size=5),
        astray=st.sampled_from([None, None, None, *SOURCES]),
        broken=st.booleans(),
        holes=st.integers(0, 2),
        arrival_s=arrivals,
    )
    def send(self, events, astray, broken, holes, arrival_s):
        # Holes: control records of senders' transactions.
        self.now_ms = max(self.now_ms, (ARRIVED_S + arrival_s) * 1000)
        for event in events:
            if event["type"] == "announced_price" and self.is_too_late(event):
                continue
            topic = astray or TOPIC_OF_EVENT[event["type"]]
            value = raw({**event, "quantity": "?"} if broken else event)
            self.append(topic, value, holes)

    def is_too_late(self, event):
        # Once a period is opened, the board announces no prices of other products.
        priced = self.opened.get(event["period"])
        return priced is not None and event["product_id"] not in priced

    def append(self, topic, value, holes=0):
        self.now_ms += 1
        record = SourceRecord(self.ends[topic.name] + holes, self.now_ms, value)
        self.sources[topic.name].append(record)
        self.ends[topic.name] += holes + 1

    @rule(
        times=times_of_periods,
        closes_in_s=st.sampled_from([None, -70, 0, 0.01, 70]),
        priced=st.sets(products),
    )
    def open_period(self, times, closes_in_s, priced):
        if times["period"] not in self.opened:
            for product_id in sorted(priced):
                price = said(
                    "announced_price",
                    event_id=f"{product_id} {times['period']}",
                    product_id=product_id,
                    period=times["period"],
                )
                self.append(BOARD, raw(price))
            self.opened[times["period"]] = priced
        closes_at = (
            None
            if closes_in_s is None
            else moment(self.now_ms / 1000 + closes_in_s - MONDAY_S + 0.001)
        )
        self.append(BOARD, raw({**times, "closes_at": closes_at}))
        self.fold_rest(BOARD)

    @rule(topic=topics, most=st.integers(1, 8), again=st.integers(0, 4))
    def fold(self, topic, most, again):
        # `again`: the fetch begins before what was folded, as after a rebalance.
        begin = max(0, self.read_to[topic.name] - again)
        waiting = [one for one in self.sources[topic.name] if one.offset >= begin]
        batch = waiting[:most]
        if batch:
            self.fold_batch(topic, begin, batch)

    def fold_batch(self, topic, begin, batch):
        end = batch[-1].offset + 1
        name = full_name(Settings().topic_prefix, topic)
        asyncio.run(self.partition.fold(Batch(name, 0, begin, end, batch)))
        self.read_to[topic.name] = max(self.read_to[topic.name], end)

    def fold_rest(self, topic):
        begin = self.read_to[topic.name]
        rest = [one for one in self.sources[topic.name] if one.offset >= begin]
        if rest:
            self.fold_batch(topic, begin, rest)

    @rule()
    def commit(self):
        asyncio.run(self.partition.commit())
        assert not self.partition.is_dirty

    @precondition(lambda self: self.partition.is_dirty)
    @rule()
    def crash(self):
        asyncio.run(self.partition.close())
        self.open()

    @invariant()
    def what_is_final_adds_up(self):
        if not hasattr(self, "log"):
            return
        final = sum(row.sequence for row in self.final().rows.values())
        refused = {(one[0], one[1]) for one in self.final().rejected}
        # The times of a period are in no row.
        periods = sum(
            b'"type": "period"' in one.value
            and one.offset < self.log.offsets.get(BOARD.name, 0)
            and (BOARD.name, one.offset) not in refused
            for one in self.sources[BOARD.name]
        )
        assert final + len(refused) + periods == sum(
            one.offset < self.log.offsets.get(name, 0)
            for name, sent in self.sources.items()
            for one in sent
        )

    def teardown(self):
        if not hasattr(self, "log"):
            return
        for topic in SOURCES:
            self.fold_rest(topic)
        self.commit()
        assert self.final() == self.uninterrupted()

    def final(self):
        finished = self.log.finished
        rows = map(decode_market_row, finished[MARKET.name])
        lines = map(decode_line, finished[LINES.name])
        rejected = map(decode_rejected, finished[REJECTED.name])
        return Outcome(
            {(row.product_id, row.period): row for row in rows},
            {line_key(line): line for line in lines},
            sorted((one.topic, one.offset, one.code, one.event_id) for one in rejected),
        )

    def uninterrupted(self):
        into = new_tables()
        stream = [
            Sent(topic, record)
            for topic in (BOARD, *(topic for topic in SOURCES if topic is not BOARD))
            for record in self.sources[topic.name]
        ]
        return outcome(into, fold_sent(into, stream, range(len(stream))))


TestAPartitionsLife = PartitionsLife.TestCase
TestAPartitionsLife.settings = settings(LAWS, max_examples=150, stateful_step_count=30)
