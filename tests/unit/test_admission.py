"""What the ledger admits is what the workers fold, to the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.market import (
    SentRecord,
    event_of,
    moment,
    raw,
    record,
    rules,
    said,
    tables,
)

from schemas.topics import PRODUCTION, PURCHASES, Topic
from streams.market.admission import Admission, PriceAdmission
from streams.market.batch import fold_batch

FACTS = {
    PURCHASES: ("purchase", "cancellation"),
    PRODUCTION: ("production", "price"),
}
FOREIGN = ("stone",)


def refused_by_workers(topic: Topic, sent: list[SentRecord], window: int) -> set[int]:
    into = tables(foreign=FOREIGN, window=window)
    return {one.offset for one in fold_batch(into, topic, sent).rejected}


def admitted(topic: Topic, sent: list[SentRecord], window: int) -> set[int]:
    admission = Admission(topic, rules(foreign=FOREIGN, window=window))
    return {one.offset for one in admission.admit(sent)}


@st.composite
def records_of(draw, topic: Topic) -> list[SentRecord]:
    """Records of a topic: good, astray, early, stale, sent twice, and no events."""
    made = []
    for offset in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from([*FACTS[PURCHASES], *FACTS[PRODUCTION], "bid"]))
        event = said(
            kind,
            event_id=f"e-{draw(st.integers(0, 6))}",
            product_id=draw(st.sampled_from(["bread", "milk", "stone"])),
            occurred_at=moment(draw(st.sampled_from([0, 10, 20, 86_400, 200_000]))),
        )
        value = draw(st.sampled_from([raw(event)] * 8 + [b"?", None]))
        made.append(SentRecord(offset, record(event).timestamp, value))
    return made


@pytest.mark.parametrize("topic", FACTS, ids=lambda topic: topic.name)
def test_the_ledger_admits_exactly_what_the_workers_fold(topic):
    @given(records_of(topic), st.sampled_from([2, 4, 1_000]))
    def check(sent, window):
        refused = refused_by_workers(topic, sent, window)
        counted = {one.offset for one in sent} - refused
        assert admitted(topic, sent, window) == counted

    check()


def test_how_records_are_cut_into_batches_does_not_show():
    sent = [
        record(said("purchase", event_id=f"e-{at % 3}"), offset=at) for at in range(6)
    ]
    one_by_one = Admission(PURCHASES, rules())
    found = [one.offset for each in sent for one in one_by_one.admit([each])]
    assert found == [0, 1, 2] == sorted(admitted(PURCHASES, sent, 1_000))


def test_an_admitted_record_says_in_which_period_it_counts():
    admission = Admission(PURCHASES, rules())
    (one,) = admission.admit([record(said("purchase"), offset=7)])
    assert (one.offset, one.period, one.event.event_id) == (7, "2011-W44", "e-1")


def test_a_record_that_kafka_stamped_beyond_the_years_is_not_admitted():
    sent = SentRecord(0, 4_200_000_000_000, raw(said("purchase")))
    assert refused_by_workers(PURCHASES, [sent], 1_000) == {0}
    assert admitted(PURCHASES, [sent], 1_000) == set()


def priced(revision: int, **fields):
    return event_of(
        "planned_price", event_id=f"p-{revision}", revision=revision, **fields
    )


def test_a_planned_price_counts_unless_a_later_revision_stands():
    admission = PriceAdmission(rules())
    taken = [admission.admit(priced(revision)) for revision in (1, 3, 2, 3, 4)]
    assert taken == [True, True, False, False, True]
    assert admission.admit(priced(0, product_id="milk"))
    assert admission.admit(priced(0, period="2011-W45"))


def test_a_planned_price_that_the_workers_refuse_does_not_count():
    admission = PriceAdmission(rules(foreign=FOREIGN))
    assert not admission.admit(priced(9, product_id="stone"))
    assert not admission.admit(priced(9, period="2011-10-31"))
    assert admission.admit(priced(1))
