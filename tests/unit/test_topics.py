"""The topics are data, and the data is consistent."""

import re
from typing import get_args

import pytest

from schemas.events import Event
from schemas.topics import (
    AGENDA,
    ALL,
    BOARD,
    BOARD_ONLY,
    EPOCH,
    LINES,
    MARKET,
    REJECTED,
    SOURCES,
    TOPIC_OF_EVENT,
    full_name,
)


def test_every_kind_of_event_has_one_topic():
    tags = {kind.__struct_config__.tag for kind in get_args(Event)}
    assert set(TOPIC_OF_EVENT) == tags
    assert sum(len(topic.event_types) for topic in ALL) == len(tags)


def test_no_two_topics_share_a_name():
    assert len({topic.name for topic in ALL}) == len(ALL)


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_topics_name_is_one_that_kafka_takes(topic):
    assert re.fullmatch(r"[a-z_]{1,32}", topic.name)
    # Kafka names its metrics with `_` for `.`, and takes at most 249 characters.
    assert len(full_name("x" * 100, topic)) <= 249
    assert full_name("parfeed", topic) == f"parfeed.{topic.name}"


@pytest.mark.parametrize("topic", SOURCES, ids=lambda topic: topic.name)
def test_sources_are_kept_for_ever_and_stamped_by_the_broker(topic):
    assert topic.key.startswith("product_id")
    assert topic.config() == {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "message.timestamp.type": "LogAppendTime",
    }


@pytest.mark.parametrize("topic", [MARKET, LINES, EPOCH], ids=lambda topic: topic.name)
def test_what_recovery_reads_is_compacted_only(topic):
    # Faust's and our recovery hang on logs whose segments are deleted.
    assert topic.config() == {"cleanup.policy": "compact"}


def test_what_was_refused_is_kept_for_ever():
    assert REJECTED.config() == {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
    }


def test_the_agenda_is_a_source_of_one_partition_that_no_worker_folds():
    assert AGENDA not in SOURCES
    assert AGENDA.config() == SOURCES[0].config()


def test_topics_of_one_partition_are_the_agenda_and_the_epoch():
    assert [topic for topic in ALL if topic.single_partition] == [AGENDA, EPOCH]


def test_only_a_planned_price_may_be_handed_in_of_what_the_board_says():
    assert BOARD.event_types - BOARD_ONLY == {"planned_price"}
