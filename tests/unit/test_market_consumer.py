"""What the consumer makes of a Kafka that answers and yet delivers nothing."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, OffsetOutOfRangeError

from feed_server import consumer as module
from feed_server.consumer import LogConsumer
from feed_server.errors import SourceLost
from schemas.errors import IntegrityError
from schemas.settings import Settings

MARKET, EPOCH = "parfeed.market", TopicPartition("parfeed.epoch", 0)
SETTINGS = Settings(broker="fake:1", partitions=1)
PLACE = TopicPartition(MARKET, 0)


def record(offset, key=b"k", value=b"v", *, place=PLACE, timestamp=0):
    return SimpleNamespace(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        key=key,
        value=value,
        timestamp=timestamp,
    )


class FakeKafka:
    """One partition of rows and the epoch's; delivers what `batches` holds."""

    def __init__(self):
        self.ends = {PLACE: 0, EPOCH: 1}
        self.positions = {PLACE: 0, EPOCH: 0}
        self.batches = [{EPOCH: [epoch("ab")]}]
        self.is_away = False
        self.is_stopped = False

    def __call__(self, **_):
        return self

    async def start(self):
        pass

    async def stop(self):
        self.is_stopped = True

    async def topics(self):
        return {MARKET, EPOCH.topic}

    def partitions_for_topic(self, _):
        return {0}

    def assign(self, _):
        pass

    def seek(self, *_):
        pass

    async def seek_to_beginning(self, *_):
        pass

    async def end_offsets(self, places):
        if self.is_away:
            raise KafkaTimeoutError("away")
        return {place: self.ends[place] for place in places}

    async def position(self, place):
        return self.positions[place]

    async def getmany(self, **_):
        await asyncio.sleep(0)
        if not self.batches:
            return {}
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        for place, records in batch.items():
            if records:
                self.positions[place] = records[-1].offset + 1
        return batch


def epoch(name, key=b"market", offset=0):
    value = f'{{"epoch":"{name}"}}'.encode()
    return record(offset, key, value, place=EPOCH)


@pytest.fixture
def kafka(monkeypatch):
    fake = FakeKafka()
    monkeypatch.setattr(module, "AIOKafkaConsumer", fake)
    return fake


async def opened(**options):
    consumer = LogConsumer(SETTINGS, **options)
    await consumer.open()
    return consumer


async def follow(consumer, applied=None, silences=None):
    applied = [] if applied is None else applied
    silences = [] if silences is None else silences
    await asyncio.wait_for(
        consumer.follow(
            lambda *row: applied.append(row),
            lambda _: None,
            lambda: silences.append(1),
        ),
        5,
    )


async def test_the_newest_epoch_of_the_market_is_the_logs(kafka):
    kafka.ends[EPOCH] = 3
    kafka.batches = [
        {EPOCH: [epoch("ab", offset=0), epoch("cd", offset=1)]},
        {EPOCH: [epoch("ef", key=b"other", offset=2)]},
    ]
    assert (await opened()).epoch == "cd"


async def test_an_epoch_that_is_none_stops_the_process(kafka):
    kafka.batches = [{EPOCH: [record(0, b"market", b"{}", place=EPOCH)]}]
    with pytest.raises(IntegrityError, match="holds no epoch"):
        await opened()


async def test_the_marks_of_transactions_do_not_keep_it_from_being_loaded(kafka):
    consumer = await opened()
    kafka.ends[PLACE] = 3
    kafka.batches = [{PLACE: [record(0), record(1)]}]
    applied = []

    def apply(*row):
        applied.append(row)
        # Offset 2 is a mark: passed over, never delivered.
        kafka.positions[PLACE] = 3

    kafka.positions[PLACE] = 0
    await asyncio.wait_for(consumer.load(apply), 5)
    assert [offset for _, offset, _, _ in applied] == [0, 1]


async def test_a_load_that_gets_nothing_is_a_lost_source(kafka):
    consumer = await opened(lost_after_s=0.05)
    kafka.ends[PLACE] = 3
    with pytest.raises(SourceLost, match="delivered nothing"):
        await consumer.load(lambda *_: None)


async def test_a_log_without_an_end_is_a_lost_source(kafka):
    consumer = await opened()
    kafka.is_away = True
    with pytest.raises(SourceLost, match="where the log ends"):
        await consumer.load(lambda *_: None)


async def test_a_partition_that_has_more_and_delivers_nothing_is_a_lost_source(kafka):
    consumer = await opened(lost_after_s=0.1, probe_s=0.01)
    kafka.ends[PLACE] = 9
    with pytest.raises(SourceLost, match="has more delivers nothing"):
        await follow(consumer)
    assert consumer.is_in_touch


async def test_a_broker_that_does_not_answer_is_told_and_then_a_lost_source(kafka):
    consumer = await opened(lost_after_s=0.1, probe_s=0.01)
    kafka.is_away = True
    silences = []
    with pytest.raises(SourceLost, match="silent"):
        await follow(consumer, silences=silences)
    assert silences
    assert not consumer.is_in_touch


async def test_a_market_where_nothing_happens_is_not_lost(kafka):
    consumer = await opened(lost_after_s=0.05, probe_s=0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(follow(consumer), 0.4)


async def test_a_log_that_was_cut_is_a_lost_source(kafka):
    consumer = await opened()
    kafka.batches = [OffsetOutOfRangeError({PLACE: 7})]
    with pytest.raises(SourceLost, match="cut below"):
        await follow(consumer)


async def test_another_epoch_is_another_log(kafka):
    consumer = await opened()
    kafka.batches = [{EPOCH: [epoch("ab", offset=1), epoch("cd", offset=2)]}]
    with pytest.raises(SourceLost, match="its epoch is cd, was ab"):
        await follow(consumer)


async def test_what_apply_refuses_stops_the_process(kafka):
    consumer = await opened()
    kafka.batches = [{PLACE: [record(0)]}]

    def refuse(*_):
        raise IntegrityError("no row")

    with pytest.raises(IntegrityError):
        await consumer.follow(refuse, lambda _: None, lambda: None)
    await consumer.close()
    assert kafka.is_stopped
