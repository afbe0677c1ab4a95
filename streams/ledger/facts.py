"""
The facts of trade as the ledger takes them: admitted, booked, and found again.

What the workers refuse never gets here (`streams/market/admission.py`). A fact of a
settled period changes no card: it is noted for a correction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from schemas.codec import decode_events, decode_line
from schemas.errors import IntegrityError
from schemas.events import UnplannedPricePosted
from schemas.planning import PlannedPriceAnnounced, PriceAnnounced
from schemas.rows import Line
from schemas.settings import Settings
from schemas.topics import BOARD, LINES, PRODUCTION, PURCHASES, Topic
from schemas.trading import TradingEnded
from schemas.trading_rows import SettledRow
from streams.ledger.fact_index import FactIndex, Place, cut_name
from streams.market.admission import Admission, Admitted, PriceAdmission
from streams.market.trading.state import TradingState
from streams.partition import rules

_OF_TRADE = frozenset({"bid", "plan", "decision"})
# Kinds of lines that cards and offers follow.


class Facts:
    """
    Takes what lies in the source topics into the state of trading.

    Args:
        settings: of the deployment.
        state: of trading.
        index: where the facts of each period lie; is added to.
        settled: by period, how it was settled; its owner adds to it.

    Attributes:
        ended: periods whose trading has ended, as `board` says.
    """

    def __init__(
        self,
        settings: Settings,
        state: TradingState,
        index: FactIndex,
        settled: Mapping[str, Sequence[SettledRow]],
    ) -> None:
        self.ended: set[str] = set()
        self._index = index
        self._state = state
        self._settled = settled
        by_partition = [rules(settings, n) for n in range(settings.partitions)]
        self._prices = [PriceAdmission(each) for each in by_partition]
        self._admissions = {
            (topic.name, n): Admission(topic, each)
            for topic in (PURCHASES, PRODUCTION)
            for n, each in enumerate(by_partition)
        }
        # The lines of periods that are being planned change with every round and say
        # nothing of trade yet: of each the newest waits, undecoded.
        self._planned: dict[str, dict[bytes, bytes]] = {}
        self._priced: set[str] = set()

    def take(self, topic: Topic, partition: int, records: Sequence[Any]) -> None:
        """
        Take the next records of a partition of a source.

        Raises:
            IntegrityError: if what only workers write cannot be read.
        """
        if topic is BOARD:
            self._take_board(partition, records)
        elif topic is LINES:
            self._take_lines(partition, records)
        else:
            self._take_trade(topic, partition, records)

    def forget(self, period: str) -> None:
        """Let go of a settled period, but for where its facts lie."""
        self._planned.pop(period, None)
        self._priced.discard(period)

    # Private

    def _take_trade(self, topic: Topic, partition: int, records: Sequence[Any]) -> None:
        place = (topic.name, partition)
        for admitted in self._admissions[place].admit(records):
            self._index.add(admitted.period, place, admitted.offset)
            if self._counts(place, admitted):
                self._state.take(admitted.event)

    def _counts(self, place: Place, admitted: Admitted) -> bool:
        settled = self._settled.get(admitted.period)
        if settled is None:
            return True
        # A price stands on into later periods, if the workers took it.
        cut = settled[0].cuts.get(cut_name(place), -1)
        return isinstance(admitted.event, UnplannedPricePosted) and (
            admitted.offset <= cut
        )

    def _take_board(self, partition: int, records: Sequence[Any]) -> None:
        prices = self._prices[partition]
        for event in decode_events([record.value for record in records]):
            match event:
                case PlannedPriceAnnounced():
                    if prices.admit(event) and event.period not in self._settled:
                        self._state.take(event)
                        self._take_waiting(event.period)
                case PriceAnnounced():
                    if event.period not in self._settled:
                        self._state.take(event)
                        if event.period not in self._priced:
                            self._planned.setdefault(event.period, {})
                case TradingEnded():
                    self.ended.add(event.period)
                case _:
                    continue  # of planning, or no event that the workers took either

    def _take_lines(self, partition: int, records: Sequence[Any]) -> None:
        for record in records:
            kind, _, period = _decode_key(record.key)[:3]
            if kind not in _OF_TRADE or period in self._settled:
                continue
            if period in self._planned:
                self._planned[period][record.key] = record.value
            else:
                self._state.put_line(
                    self._decoded(partition, record.offset, record.value)
                )

    def _take_waiting(self, period: str) -> None:
        self._priced.add(period)
        for value in self._planned.pop(period, {}).values():
            self._state.put_line(self._decoded(-1, -1, value))

    @staticmethod
    def _decoded(partition: int, offset: int, value: bytes) -> Line:
        try:
            return decode_line(value)
        except msgspec.DecodeError as exc:
            raise IntegrityError(
                f"lines [{partition}] {offset} is no line of a worker: {exc}; nobody "
                "else may write there"
            ) from exc


_decode_key = msgspec.json.Decoder(list[str]).decode
