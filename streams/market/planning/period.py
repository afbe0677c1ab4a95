"""
PURE. One period's planning as the board sees it: what people may ask of it when.

The agenda's events come in by their own methods, which refuse with a code what does
not fit and then change nothing. What is announced is made elsewhere (announcing.py);
when, and what follows from a round, course.py says.
"""

from datetime import datetime

from schemas.agenda import (
    GateClosed,
    PeriodOpened,
    PriceSet,
    ProductListed,
    RoundAnnounced,
)
from schemas.errors import Refused
from streams.market.planning.course import MAX_ROUNDS, Course
from streams.market.planning.states import ROUND_RUNS, Happening, State, moved


class PeriodPlan(Course):
    """
    The planning of one period.

    Attributes:
        listings: by product.
    """

    def __init__(self, period: str) -> None:
        super().__init__(period)
        self.listings: dict[str, ProductListed] = {}

    @property
    def products(self) -> list[str]:
        """The products that are planned, by name."""
        return sorted(self.listings)

    def list_product(self, event: ProductListed) -> None:
        """
        Take a product into the plan, or its start price back.

        Raises:
            Refused: `already_open`, or `stale_revision`.
        """
        if self.state is not State.LISTED:
            raise _refused(
                "already_open",
                f"planning of {self.period} has begun; products are listed before",
                event.event_id,
            )
        listed = self.listings.get(event.product_id)
        if listed is not None and event.revision <= listed.revision:
            raise _refused(
                "stale_revision",
                f"revision {listed.revision} stands, was {event.revision}",
                event.event_id,
            )
        self.listings[event.product_id] = event

    def open(self, event: PeriodOpened, now: float) -> None:
        """
        Begin planning. You must announce round 1 and the period's times.

        Raises:
            Refused: `already_open`; `unknown_product` if nothing is listed;
                `gate_closed` if its gate would be closed already.
        """
        if self.state is not State.LISTED:
            raise _refused(
                "already_open", f"planning of {self.period} has begun", event.event_id
            )
        if not self.listings:
            raise _refused(
                "unknown_product",
                f"no product is listed for {self.period}; send a listing first",
                event.event_id,
            )
        closes_at = _seconds(event.closes_at)
        if closes_at is not None and closes_at <= now:
            raise _refused(
                "gate_closed",
                f"closes_at must lie ahead, was {event.closes_at}",
                event.event_id,
            )
        self.opening = event
        self.closes_at = closes_at
        self.state = moved(self.state, Happening.OPENED)
        self.begin_round(
            {name: +listed.start_price for name, listed in self.listings.items()}, now
        )

    def announce(self, event: RoundAnnounced, now: float) -> bool:
        """
        Take a person's end of the round.

        Returns:
            Whether its prices stand: then you must announce the gate's closing.
            Otherwise the round is over.

        Raises:
            Refused: `unknown_period`, `gate_closed`, `stale_round`; `invalid_field`
                if there cannot be another round.
        """
        self._check_round(event.round, event.event_id)
        if not event.rebid:
            self.close_gate(event.reason or "A person let the prices stand.", now)
            return True
        if self.round >= MAX_ROUNDS:
            raise _refused(
                "invalid_field",
                f"there are at most {MAX_ROUNDS} rounds; let the prices stand "
                "- at `$.rebid`",
                event.event_id,
            )
        self.forced = event.reason or "A person asked for a rebid."
        if self.state is not State.SUMMING:
            self.end_round()
        return False

    def set_price(self, event: PriceSet) -> None:
        """
        Take a person's price for the next round.

        Raises:
            Refused: `unknown_period`, `gate_closed`, `stale_round`,
                `unknown_product`.
        """
        self._check_round(event.round, event.event_id)
        if event.product_id not in self.prices:
            raise _refused(
                "unknown_product",
                f"{event.product_id} is not planned in {self.period}",
                event.event_id,
            )
        self.set_prices[event.product_id] = event

    def gate(self, event: GateClosed, now: float) -> None:
        """
        Take a person's closing of the gate. You must announce it.

        Raises:
            Refused: `unknown_period`, `gate_closed`.
        """
        self.check_running(event.event_id)
        self.close_gate(event.reason or "A person closed the gate.", now)

    def check_running(self, event_id: str) -> None:
        """
        Check that what is said of this period's planning still counts.

        Raises:
            Refused: `unknown_period` or `gate_closed`.
        """
        if self.state is State.LISTED:
            raise _refused(
                "unknown_period", f"{self.period} has not been opened", event_id
            )
        if self.state not in ROUND_RUNS:
            raise _refused(
                "gate_closed", f"the gate of {self.period} is closed", event_id
            )

    # Private

    def _check_round(self, round_: int, event_id: str) -> None:
        self.check_running(event_id)
        if round_ != self.round:
            raise _refused(
                "stale_round", f"round {self.round} runs, was {round_}", event_id
            )


def _refused(code: str, detail: str, event_id: str) -> Refused:
    return Refused(code, detail, event_id)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
