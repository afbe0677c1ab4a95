"""PURE. The gate of a period: until when its lines are taken, and of which products."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.errors import Refused
from schemas.planning import BidConfirmed, BidPlaced, PeriodAnnounced, PlanSubmitted

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Gate(NamedTuple):
    """
    The times of a period's planning, in microseconds since 1970.

    A line is judged by when its record reached Kafka, which no sender's clock decides.

    Attributes:
        opened: when the board's first word of the period reached Kafka.
        closes: when its gate closes; 0 for never.
        revision: of what the board said last.
    """

    opened: int
    closes: int
    revision: int

    def check_open(
        self,
        event: BidPlaced | PlanSubmitted | BidConfirmed | PeriodAnnounced,
        arrived_us: int,
    ) -> None:
        """
        Check that an event came before the gate closed, or as it did.

        Raises:
            Refused: with `gate_closed`.
        """
        if self.closes and arrived_us > self.closes:
            raise Refused(
                "gate_closed",
                f"the gate of {event.period} closed at {_text(self.closes)}; this "
                f"reached Kafka at {_text(arrived_us)}",
                event.event_id,
            )

    def check_planned(
        self,
        event: BidPlaced | PlanSubmitted,
        announced: Decimal | None,
        arrived_us: int,
    ) -> None:
        """
        Check that the event's product is planned.

        What came before the board's first word was free, and stays so when it is
        folded after it.

        Args:
            event: a line.
            announced: the price that is announced for its product and period, if any.
            arrived_us: when the line reached Kafka.

        Raises:
            Refused: with `unknown_product`.
        """
        if announced is None and arrived_us >= self.opened:
            raise Refused(
                "unknown_product",
                f"{event.product_id} is not planned in {event.period}: the board has "
                "announced no price for it",
                event.event_id,
            )


def micros_of(moment: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def _text(micros: int) -> str:
    return (_EPOCH + micros * _MICROSECOND).isoformat()
