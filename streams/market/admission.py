"""
PURE. Which records of trade count: the workers' own rules, for whoever reads beside
them.

The ledger reads `purchases` and `production` itself, and has to take exactly what the
workers fold. Whether a record counts depends on the records of its partition alone, in
their order, but for one thing: where the end of a period's trading cut it. That the
workers say themselves, in a line of kind `closing`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.codec import decode_events, event_type
from schemas.errors import InvalidValue, Refused
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import PlannedPriceAnnounced
from schemas.topics import Topic
from schemas.values import LATEST, Period
from streams.market.batch import SourceRecord
from streams.market.duplicates import SeenIds
from streams.market.tables import Rules

Fact = PurchaseRecorded | PurchaseCancelled | ProductionReported | UnplannedPricePosted
"""What counts in the period in which it happened."""

_LATEST_MS: Final = int(LATEST.timestamp()) * 1000


class Admitted(NamedTuple):
    """A record that counts, if its period was not cut before it."""

    offset: int
    period: Period
    event: Fact


class Admission:
    """
    Admits the records of one topic's partition, in their order.

    Args:
        topic: `purchases` or `production`.
        rules: the market's, of the partition.
    """

    def __init__(self, topic: Topic, rules: Rules) -> None:
        self._topic = topic
        self._rules = rules
        self._seen = SeenIds(rules.duplicates_window)
        self._belongs: dict[str, bool] = {}  # by product
        # By product, period and company: a price has only its time to go by.
        self._priced_at: dict[tuple[str, str, str], int] = {}

    def admit(self, records: Sequence[SourceRecord]) -> list[Admitted]:
        """Return those of the next records that the workers do not refuse."""
        admitted = []
        calendar = self._rules.calendar
        events = decode_events([record.value for record in records])
        for record, event in zip(records, events, strict=True):
            if isinstance(event, Refused):
                continue
            # An id is used up by the first event that carries it, whatever follows.
            if not self._seen.add(event.event_id, record.offset):
                continue
            occurred_s = event.occurred_at.timestamp()
            if self._is_refused(record, event, occurred_s):
                continue
            period = calendar[int(occurred_s // calendar.slice_s)]
            if isinstance(event, UnplannedPricePosted) and self._is_stale(
                event, period, occurred_s
            ):
                continue
            admitted.append(Admitted(record.offset, period, event))  # type: ignore[arg-type]  # its tag is the topic's
        return admitted

    # Private

    def _is_refused(
        self, record: SourceRecord, event: Event, occurred_s: float
    ) -> bool:
        return (
            record.timestamp >= _LATEST_MS
            or occurred_s - record.timestamp / 1000 > self._rules.early_limit_s
            or event_type(event) not in self._topic.event_types
            or not self._is_ours(event.product_id)  # type: ignore[union-attr]  # its tag is the topic's
        )

    def _is_ours(self, product_id: str) -> bool:
        belongs = self._belongs.get(product_id)
        if belongs is None:
            belongs = self._belongs[product_id] = self._rules.belongs(product_id)
        return belongs

    def _is_stale(
        self, event: UnplannedPricePosted, period: Period, occurred_s: float
    ) -> bool:
        key = (event.product_id, period, event.company_id)
        moment = max(0, int(occurred_s * 1_000_000))
        if moment < self._priced_at.get(key, 0):
            return True
        self._priced_at[key] = moment
        return False


class PriceAdmission:
    """
    Admits the planned prices of one partition of `board`, in their order.

    Args:
        rules: the market's, of the partition.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._revisions: dict[tuple[str, str], int] = {}

    def admit(self, event: PlannedPriceAnnounced) -> bool:
        """Tell whether the workers take the next price: no stale revision, for one."""
        key = (event.product_id, event.period)
        if event.revision <= self._revisions.get(key, -1):
            return False
        try:
            self._rules.calendar.check(event.period)
        except InvalidValue:
            return False
        if not self._rules.belongs(event.product_id):
            return False
        self._revisions[key] = event.revision
        return True
