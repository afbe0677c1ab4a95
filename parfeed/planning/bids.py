"""
PURE. Bids as plain numbers: what a company types or keeps in a spreadsheet, as events.

A bid and the inputs that it needs are said together: the inputs are plan lines of the
company that name the bid's product.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from parfeed.planning import cells
from parfeed.planning.errors import UnfitCell
from parfeed.planning.said import Said
from parfeed.planning.table import Column, Table, TableLine
from schemas.planning import MAX_MEMBERS, BidPlaced, PlanSubmitted, Point
from schemas.values import Period, Price, Quantity

COLUMNS: Final = (
    Column("product_id", "what you will make", is_needed=True),
    Column("quantity", "units at the announced price; 0 withdraws", is_needed=True),
    Column("company_id", "who makes it; otherwise --company"),
    Column("period", "when, such as 2011-W44; otherwise --period"),
    Column("least_price", "below it you make nothing"),
    Column("schedule", "what you make at other prices: 10:100|12:150"),
    Column("is_fixed", "yes: the quantity is simply there, whatever the price"),
    Column("team_id", "the team or firm whose estimate it is"),
    Column("delegate_id", "who answers rounds for you, your vertical for example"),
    Column("members", "companies of a joint bid besides yours: mill|dairy"),
    Column("inputs", "what you need for it: flour=20|salt=1"),
    Column("revision", "a greater one replaces the bid; otherwise the time"),
)
"""Of a file of bids."""


class Bid(msgspec.Struct, frozen=True, kw_only=True):
    """
    A bid before it is an event: see BidPlaced.

    Attributes:
        inputs: (product_id, quantity) that it needs.
        revision: None for the time at which it is said.
        line: of the file that it stood in; 0 if it stood in none.
    """

    product_id: str
    quantity: Quantity
    company_id: str
    period: Period
    least_price: Price | None = None
    schedule: tuple[Point, ...] = ()
    is_fixed: bool = False
    team_id: str | None = None
    delegate_id: str | None = None
    members: tuple[str, ...] = ()
    inputs: tuple[tuple[str, Quantity], ...] = ()
    revision: int | None = None
    line: int = 0


def check_bid(bid: Bid) -> Bid:
    """
    Return the bid, if its parts go together.

    Raises:
        UnfitCell: if they do not, saying which.
    """
    if bid.is_fixed and (bid.schedule or bid.least_price is not None):
        raise UnfitCell(
            "a fixed quantity is there whatever the price: it has no schedule and no "
            "least price"
        )
    if bid.company_id in bid.members:
        raise UnfitCell(f"members are other companies, was {bid.company_id!r} itself")
    if len(bid.members) > MAX_MEMBERS - 1:
        raise UnfitCell(
            f"a joint bid has at most {MAX_MEMBERS} companies, was "
            f"{len(bid.members) + 1}; more of them are a vertical (delegate_id)"
        )
    if bid.product_id in dict(bid.inputs):
        raise UnfitCell(f"{bid.product_id!r} cannot be an input of itself")
    return bid


def read_bids(
    raw: bytes, *, company_id: str | None = None, period: Period | None = None
) -> list[Bid]:
    """
    Read a file of bids.

    Args:
        raw: CSV or JSON lines with `COLUMNS`.
        company_id: of lines that do not name theirs.
        period: of lines that do not name theirs.

    Raises:
        UnfitTable: with every line that is unfit.
    """
    given = {
        name
        for name, value in (("company_id", company_id), ("period", period))
        if value is not None
    }
    columns = [
        column._replace(
            is_needed=column.is_needed
            or (column.name in {"company_id", "period"} - given)
        )
        for column in COLUMNS
    ]
    table = Table(raw, columns)
    bids: list[Bid] = []
    seen: dict[tuple[str, str, str], int] = {}
    for line in table:
        bid = _bid(line, company_id, period)
        if bid is None:
            continue
        key = (bid.product_id, str(bid.period), bid.company_id)
        if (before := seen.setdefault(key, line.number)) != line.number:
            line.fault(
                f"the same product, period and company as line {before}; a company has "
                "one bid for a product"
            )
        bids.append(bid)
    table.check()
    return bids


def _bid(line: TableLine, company_id: str | None, period: Period | None) -> Bid | None:
    product = line.read("product_id", cells.identifier)
    quantity = line.amount("quantity", cells.quantity)
    company = line.read("company_id", cells.identifier) or company_id
    when = line.read("period", cells.period) or period
    least_price = line.amount("least_price", cells.price)
    schedule = line.read("schedule", cells.schedule) or ()
    is_fixed = line.read("is_fixed", cells.yes_or_no) or False
    team_id = line.read("team_id", cells.identifier)
    delegate_id = line.read("delegate_id", cells.identifier)
    members = line.read("members", cells.names) or ()
    inputs = line.read("inputs", cells.needs) or ()
    revision = line.read("revision", cells.revision)
    if not line.is_fit or product is None or quantity is None:
        return None
    if company is None or when is None:
        raise AssertionError("a needed cell is missing without a fault")
    try:
        return check_bid(
            Bid(
                product_id=product,
                quantity=quantity,
                company_id=company,
                period=when,
                least_price=least_price,
                schedule=schedule,
                is_fixed=is_fixed,
                team_id=team_id,
                delegate_id=delegate_id,
                members=members,
                inputs=inputs,
                revision=revision,
                line=line.number,
            )
        )
    except UnfitCell as exc:
        line.fault(str(exc))
        return None


def bid_events(
    bids: Sequence[Bid], said: Said, rounds: Mapping[tuple[str, str], int]
) -> list[BidPlaced | PlanSubmitted]:
    """
    Return the events that say bids: each bid, and after it its inputs.

    Args:
        bids: in any order.
        said: when, and under which ids.
        rounds: the round that runs, by (product_id, period), where it is known.
    """
    events: list[BidPlaced | PlanSubmitted] = []
    for bid in bids:
        revision = said.revision if bid.revision is None else bid.revision
        events.append(
            BidPlaced(
                event_id=said.new_id(),
                occurred_at=said.at,
                product_id=bid.product_id,
                company_id=bid.company_id,
                period=bid.period,
                quantity=bid.quantity,
                revision=revision,
                team_id=bid.team_id,
                round=rounds.get((bid.product_id, str(bid.period)), 0),
                least_price=bid.least_price,
                schedule=bid.schedule,
                is_fixed=bid.is_fixed,
                members=bid.members,
                delegate_id=bid.delegate_id,
            )
        )
        events += [
            PlanSubmitted(
                event_id=said.new_id(),
                occurred_at=said.at,
                product_id=product_id,
                consumer_id=bid.company_id,
                period=bid.period,
                quantity=quantity,
                revision=revision,
                round=rounds.get((product_id, str(bid.period)), 0),
                for_product_id=bid.product_id,
            )
            for product_id, quantity in bid.inputs
        ]
    return events


def template() -> str:
    """Return the header of a file of bids."""
    return ",".join(column.name for column in COLUMNS)
