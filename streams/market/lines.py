"""
PURE. How an event changes what stands: lines of parties, prices, decisions, periods.

`Lines` belongs to one batch. Each event becomes a line or is refused; a price or a
decision answers anew for every line that it touches. What it returns is what the sums
of the event's row change by, so that nothing but this file knows how lines are
compared.

No refusal's text names a party: acks and logs are read by others.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas.errors import Refused
from schemas.events import MarketEvent, UnplannedPricePosted
from schemas.planning import (
    BidConfirmed,
    BidPlaced,
    CouncilDecided,
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PlanSubmitted,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.rows import ZERO, Line, LineKind, Terms
from schemas.topics import PRODUCTION, PURCHASES
from schemas.trading import TradingEnded
from schemas.values import Period
from streams.market.gates import micros_of
from streams.market.standing import Change, LineKey, Standing, change_between
from streams.market.tables import Tables
from streams.market.terms import Side, terms_of_bid, terms_of_plan

BOARD: Final = "board"
"""The party of the lines that the board makes."""

EVERY_PRODUCT: Final = "*"
"""The product of a period's line."""

_NOTHING: Final = Change()


class Lines:
    """
    The lines that a batch changes, on their way into the tables.

    Attributes:
        changed: the newest of each.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.changed: dict[LineKey, Line] = {}

    def take(
        self,
        event: MarketEvent,
        period: Period,
        occurred_s: float,
        arrived_us: int,
        offset: int,
    ) -> Change:
        """
        Make the event's line, if it is one that makes any.

        Args:
            event: a checked one.
            period: that it counts in.
            occurred_s: when it happened, in seconds since 1970.
            arrived_us: when Kafka took it, in microseconds since 1970.
            offset: of its record.

        Raises:
            Refused: if what stands already speaks against it; nothing is changed then.
        """
        match event:
            case BidPlaced() | PlanSubmitted():
                return self._take_line(event, period, arrived_us, offset)
            case BidConfirmed():
                return self._confirm(event, period, arrived_us, offset)
            case PriceAnnounced():
                return self._announce(
                    event, period, "announced_price", event.announced_price, event.round
                )
            case PlannedPriceAnnounced():
                return self._announce(
                    event, period, "planned_price", event.planned_price, event.revision
                )
            case PriceIndicated():
                kind: LineKind = "indicative_price"
                key = self._new_key(kind, event, period, event.revision)
                self._put_board(
                    key, kind, period, event.indicative_price, event.revision
                )
            case CouncilDecided():
                return self._decide(event, period)
            case UnplannedPricePosted():
                self._ask(event, period, occurred_s)
        return _NOTHING

    def take_period(self, event: PeriodAnnounced, arrived_us: int) -> None:
        """
        Take the times of a period's planning.

        A gate closes no earlier than the board's word of it reached Kafka, and does
        not open again: so no line that was taken had to be refused.

        Raises:
            Refused: if the board has said something later of it, or its gate has
                closed.
        """
        gate = self._tables.gates.get(event.period)
        if gate is not None and event.revision <= gate.revision:
            raise _stale("period", gate.revision, event.revision, event.event_id)
        if gate is not None:
            gate.check_open(event, arrived_us)
        closes = 0
        if event.closes_at is not None:
            closes = max(micros_of(event.closes_at), arrived_us)
        key: LineKey = ("period", EVERY_PRODUCT, event.period, BOARD, "")
        self._put(
            key,
            Line(
                kind="period",
                product_id=EVERY_PRODUCT,
                period=event.period,
                party_id=BOARD,
                amount=Decimal(closes),
                revision=event.revision,
                quantity=Decimal(gate.opened if gate is not None else arrived_us),
            ),
        )

    def end_trading(self, event: TradingEnded) -> None:
        """
        Take the end of a period's trading, and say where it cuts each topic.

        Raises:
            Refused: if the period has ended before.
        """
        if event.period in self._tables.ended:
            raise Refused("period_settled", "", event.event_id)
        cuts = {
            topic: self._tables.folded_to(event.period, topic)
            for topic in (PURCHASES, PRODUCTION)
        }
        for topic, offset in cuts.items():
            self._put(
                ("closing", EVERY_PRODUCT, event.period, topic.name, ""),
                Line(
                    kind="closing",
                    product_id=EVERY_PRODUCT,
                    period=event.period,
                    party_id=topic.name,
                    amount=ZERO,
                    revision=0,
                    offset=offset,
                ),
            )

    # Parties' lines

    def _take_line(
        self,
        event: BidPlaced | PlanSubmitted,
        period: Period,
        arrived_us: int,
        offset: int,
    ) -> Change:
        standing = self._tables.standing(event.product_id, period)
        gate = self._tables.gates.get(period)
        if gate is not None:
            gate.check_open(event, arrived_us)
            gate.check_planned(event, standing.announced, arrived_us)
        for_product_id = None
        if isinstance(event, BidPlaced):
            side: Side = "bid"
            party_id, council_id = event.company_id, event.team_id
            terms = terms_of_bid(event)
        else:
            side = "plan"
            party_id, council_id = event.consumer_id, event.council_id
            for_product_id = event.for_product_id
            terms = terms_of_plan(event)
        key = (side, event.product_id, period, party_id, for_product_id or "")
        before = standing.lines.get(key)
        if before is not None and event.revision <= before.revision:
            raise _stale(side, before.revision, event.revision, event.event_id)
        quantity = ZERO + event.quantity  # of a value type makes a plain Decimal
        line = Line(
            kind=side,
            product_id=event.product_id,
            period=period,
            party_id=party_id,
            amount=standing.amount_of(side, quantity, council_id, terms),
            revision=event.revision,
            quantity=quantity,
            round=event.round,
            council_id=council_id,
            for_product_id=for_product_id,
            terms=terms,
            offset=offset,
        )
        return self._replace(standing, key, before, line)

    def _confirm(
        self, event: BidConfirmed, period: Period, arrived_us: int, offset: int
    ) -> Change:
        standing = self._tables.standing(event.product_id, period)
        gate = self._tables.gates.get(period)
        if gate is not None:
            gate.check_open(event, arrived_us)
        key = ("bid", event.product_id, period, event.company_id, "")
        bid = standing.lines.get(key)
        terms = bid.terms if bid is not None else None
        if bid is None or terms is None or not terms.members:
            raise Refused(
                "unknown_bid", "no joint bid stands here to confirm", event.event_id
            )
        if bid.revision != event.revision:
            raise Refused(
                "unknown_bid",
                f"revision {bid.revision} of the joint bid stands; was "
                f"{event.revision}",
                event.event_id,
            )
        if event.member_id not in terms.members:
            raise Refused(
                "not_a_member",
                f"the bid names {len(terms.members)} other companies as members, and "
                "not this one",
                event.event_id,
            )
        if event.member_id in terms.confirmed:
            return _NOTHING
        # In the order of the members, so that it does not show who was first.
        confirmed = tuple(
            member
            for member in terms.members
            if member == event.member_id or member in terms.confirmed
        )
        line = replace(bid, terms=replace(terms, confirmed=confirmed), offset=offset)
        return self._replace(standing, key, bid, standing.answered(line))

    def _replace(
        self, standing: Standing, key: LineKey, before: Line | None, line: Line
    ) -> Change:
        denied_before = ZERO if before is None else standing.denied_of(before)
        standing.lines[key] = line
        self._tables.lines[key] = line
        self.changed[key] = line
        return change_between(
            line.kind,
            ZERO if before is None else before.amount,
            line.amount,
            denied_before,
            standing.denied_of(line),
        )

    def _ask(
        self, event: UnplannedPricePosted, period: Period, occurred_s: float
    ) -> None:
        # A price has only its time to go by; of one moment the later record counts.
        key: LineKey = ("price", event.product_id, period, event.company_id, "")
        before = self._tables.lines.get(key)
        moment = max(0, int(occurred_s * 1_000_000))
        if before is not None and moment < before.revision:
            raise _stale("price", before.revision, moment, event.event_id)
        self._put(
            key,
            Line(
                kind="price",
                product_id=event.product_id,
                period=period,
                party_id=event.company_id,
                amount=ZERO + event.unplanned_price,
                revision=moment,
            ),
        )

    # The board's

    def _announce(
        self,
        event: PriceAnnounced | PlannedPriceAnnounced,
        period: Period,
        kind: LineKind,
        price: Decimal,
        revision: int,
    ) -> Change:
        key = self._new_key(kind, event, period, revision)
        standing = self._tables.standing(event.product_id, period)
        if (
            isinstance(event, PlannedPriceAnnounced)
            and event.stands_from is not None
            and standing.planned is not None
        ):
            # A requested rebid changes what the rest of a period is paid at, not what
            # was planned: a line that its price would deny has been bought from. The
            # price that lines answer stays with it, as its limit.
            terms = Terms(limit=standing.planned)
            self._put_board(key, kind, period, price, revision, terms)
            return _NOTHING
        before = [
            (key, line, standing.denied_of(line))
            for key, line in standing.lines.items()
            if line.terms is not None
        ]
        self._put_board(key, kind, period, price, revision)
        return self._answer_anew(standing, before)

    def _decide(self, event: CouncilDecided, period: Period) -> Change:
        council_id = event.council_id
        key = self._new_key("decision", event, period, event.revision, council_id)
        standing = self._tables.standing(event.product_id, period)
        before = [
            (key, line, standing.denied_of(line))
            for key, line in standing.lines.items()
            if line.council_id == council_id
        ]
        self._put_board(key, "decision", period, Decimal(event.counts), event.revision)
        return self._answer_anew(standing, before)

    def _answer_anew(
        self, standing: Standing, before: list[tuple[LineKey, Line, Decimal]]
    ) -> Change:
        supply, demand, denied_quantity = ZERO, ZERO, ZERO
        bids = plans = denied = 0
        for key, line, denied_before in before:
            answered = standing.answered(line)
            if answered is not line:
                standing.lines[key] = answered
                self._tables.lines[key] = answered
                self.changed[key] = answered
            elif not denied_before and line.amount:
                continue
            change = change_between(
                line.kind,
                line.amount,
                answered.amount,
                denied_before,
                standing.denied_of(answered),
            )
            supply += change.supply
            demand += change.demand
            bids += change.bids
            plans += change.plans
            denied += change.denied
            denied_quantity += change.denied_quantity
        return Change(supply, demand, bids, plans, denied, denied_quantity)

    def _new_key(
        self,
        kind: LineKind,
        event: PriceAnnounced | PlannedPriceAnnounced | PriceIndicated | CouncilDecided,
        period: Period,
        revision: int,
        party_id: str = BOARD,
    ) -> LineKey:
        key: LineKey = (kind, event.product_id, period, party_id, "")
        before = self._tables.lines.get(key)
        if before is not None and revision <= before.revision:
            raise _stale(kind, before.revision, revision, event.event_id)
        return key

    def _put_board(
        self,
        key: LineKey,
        kind: LineKind,
        period: Period,
        amount: Decimal,
        revision: int,
        terms: Terms | None = None,
    ) -> None:
        self._put(
            key,
            Line(
                kind=kind,
                product_id=key[1],
                period=period,
                party_id=key[3],
                amount=ZERO + amount,
                revision=revision,
                round=revision if kind == "announced_price" else 0,
                terms=terms,
            ),
        )

    def _put(self, key: LineKey, line: Line) -> None:
        self._tables.put_line(line)
        self.changed[key] = line


def _stale(kind: str, standing: int, was: int, event_id: str) -> Refused:
    return Refused(
        "stale_revision",
        f"revision {standing} of this {kind} line stands already; was {was}",
        event_id,
    )
