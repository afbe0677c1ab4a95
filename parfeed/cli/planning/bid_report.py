"""What became of bids, printed: for people what they add to, for programs the rows."""

import sys
from collections.abc import Sequence
from decimal import Decimal

import typer

from parfeed.cli.layout import plain
from parfeed.cli.planning.bidding import Placed
from parfeed.cli.planning.cures import complaint
from parfeed.cli.planning.effect import effect
from schemas.codec import encode
from schemas.rows import MarketRow
from streams.market.terms import answer, terms_of_bid


def report(placed: Sequence[Placed], *, as_json: bool) -> bool:
    """
    Print what became of bids; refusals go to the standard error.

    Args:
        placed: in the order in which they were said.
        as_json: one object per line: `bid`, `outcomes`, `before` and `after`.

    Returns:
        Whether all of them were taken.
    """
    for each in placed:
        if as_json:
            sys.stdout.buffer.write(_as_json(each) + b"\n")
        elif each.outcomes[0].verdict == "accepted":
            typer.echo("\n".join(bid_lines(each)))
        for text in complaints(each):
            typer.echo(f"parfeed: {text}", err=True)
    return all(each.is_taken for each in placed)


def bid_lines(placed: Placed) -> list[str]:
    """Return a bid that was taken in lines for a person."""
    event = placed.event
    name = f"{plain(event.product_id)} in {event.period}"
    if not event.quantity:
        head = f"{name}: the bid of {plain(event.company_id)} is withdrawn"
    else:
        head = f"{name}: {event.quantity:f} bid by {plain(event.company_id)}"
    lines = [f"{head} (revision {event.revision})"]
    if placed.after is not None:
        own = own_units(placed, placed.after)
        lines.append(f"  {effect(placed.before, placed.after, own)}")
        if event.quantity and not own:
            lines.append("  none of it counts at this price; it does at higher ones")
    if event.members:
        lines.append("  it counts once each member has said:")
        lines += [
            f"  parfeed bid --confirm '{plain(event.company_id)}' --product "
            f"'{plain(event.product_id)}' --period {event.period} --revision "
            f"{event.revision} --as '{plain(member)}'"
            for member in event.members
        ]
    if event.delegate_id is not None:
        lines.append(f"  {plain(event.delegate_id)} answers rounds for it")
    return lines


def own_units(placed: Placed, row: MarketRow) -> Decimal:
    """Return how many units of a bid are in a row's supply, at its price."""
    event, price = placed.event, row.price
    at = price.announced if price.planned is None else price.planned
    return answer(event.quantity, terms_of_bid(event), "bid", at)


def complaints(placed: Placed) -> list[str]:
    """Return what was not accepted of a bid and its inputs, each with its cure."""
    bid = placed.bid
    subjects = [bid.product_id, *(f"input {product}" for product, _ in bid.inputs)]
    line = f"line {bid.line}: " if bid.line else ""
    return [
        f"{line}{plain(subject)}: {complaint(outcome)}"
        for subject, outcome in zip(subjects, placed.outcomes, strict=True)
        if outcome.verdict != "accepted"
    ]


def _as_json(placed: Placed) -> bytes:
    def of(row: MarketRow | None) -> bytes:
        return b"null" if row is None else encode(row)

    return b'{"bid":%b,"outcomes":[%b],"before":%b,"after":%b}' % (
        encode(placed.event),
        b",".join(encode(outcome) for outcome in placed.outcomes),
        of(placed.before),
        of(placed.after),
    )
