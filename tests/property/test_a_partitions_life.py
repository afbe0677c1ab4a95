"""
A partition's life without Kafka: batches, commits and crashes in any order end with
what one uninterrupted run ends with.

The partition is the real one; in Kafka's place is a log that keeps what a transaction
wrote only if it was committed.
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
from support.market import Outcome, Sent, fold_sent, outcome, raw, tables
from support.market import SentRecord as SourceRecord
from support.market_strategies import LAWS, arrivals, repeating_events

from schemas.codec import decode_line, decode_market_row, decode_rejected
from schemas.settings import Settings
from schemas.topics import (
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

    @rule(
        events=st.lists(repeating_events, min_size=1, max_size=5),
        astray=st.sampled_from([None, None, None, *SOURCES]),
        broken=st.booleans(),
        holes=st.integers(0, 2),
        arrival_s=arrivals,
    )
    def send(self, events, astray, broken, holes, arrival_s):
        # Holes: control records of senders' transactions.
        for event in events:
            topic = astray or TOPIC_OF_EVENT[event["type"]]
            value = raw({**event, "quantity": "?"} if broken else event)
            at = (ARRIVED_S + arrival_s) * 1000
            record = SourceRecord(self.ends[topic.name] + holes, at, value)
            self.sources[topic.name].append(record)
            self.ends[topic.name] += holes + 1

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
        assert final + len(self.log.finished[REJECTED.name]) == sum(
            one.offset < self.log.offsets.get(name, 0)
            for name, sent in self.sources.items()
            for one in sent
        )

    def teardown(self):
        if not hasattr(self, "log"):
            return
        for topic in SOURCES:
            begin = self.read_to[topic.name]
            rest = [one for one in self.sources[topic.name] if one.offset >= begin]
            if rest:
                self.fold_batch(topic, begin, rest)
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
            for topic in SOURCES
            for record in self.sources[topic.name]
        ]
        return outcome(into, fold_sent(into, stream, range(len(stream))))


TestAPartitionsLife = PartitionsLife.TestCase
TestAPartitionsLife.settings = settings(LAWS, max_examples=150, stateful_step_count=30)
