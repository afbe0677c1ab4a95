"""
PURE. Rolling windows of unplanned purchases, in event time.

A window ends at the newest event of its row and is made of slices. An event counts
in the slice in which it happened, however late it comes, unless that slice has left
the window: what a window holds depends on the events, not on their order.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Final, NamedTuple

from schemas.rows import ZERO, Bucket, Rolling, Window


class Span(NamedTuple):
    """A window's length and its slices', in seconds."""

    length_s: int
    slice_s: int


MINUTE: Final = Span(60, 10)
HOUR: Final = Span(3_600, 300)
DAY: Final = Span(86_400, 3_600)

BASE_SLICE_S: Final = MINUTE.slice_s
"""Additions are gathered in slices of this length; all others are multiples of it."""

Additions = Mapping[int, Sequence[Decimal]]
"""Quantity and value to add, by the start of their base slice."""

# The only rounding here, to micro-units of money. A mean lies among its prices, so it
# has 13 digits before the point. A mean of fewer than 10**30 units is no nearer to a
# tie than 10**-43, so with 57 digits it is rounded once; more cost time.
_MEAN: Final = Context(prec=57)
_MICRO: Final = Decimal("0.000001")
_NOTHING: Final = Decimal("0.000000")


def mean_price(quantity: Decimal, value: Decimal) -> Decimal | None:
    """
    Return value / quantity to six decimal places, ties to even.

    Returns:
        None when nothing was bought.
    """
    if not quantity:
        return None
    mean = _MEAN.divide(value, quantity).quantize(_MICRO, context=_MEAN)
    return mean or _NOTHING  # never -0.000000


def roll(rolling: Rolling, additions: Additions, newest_s: int) -> Rolling:
    """
    Return the windows with `additions` in them, ending at `newest_s`.

    Args:
        rolling: the windows as they were.
        additions: what to add; in arithmetic that must be exact, so the caller sets
            the context.
        newest_s: time of the row's newest event, seconds since 1970.
    """
    minute = _roll(rolling.minute, additions, newest_s, MINUTE)
    hour = _roll(rolling.hour, additions, newest_s, HOUR)
    day = _roll(rolling.day, additions, newest_s, DAY)
    if minute is rolling.minute and hour is rolling.hour and day is rolling.day:
        return rolling
    return Rolling(minute=minute, hour=hour, day=day)


def _roll(window: Window, additions: Additions, newest_s: int, span: Span) -> Window:
    length_s, slice_s = span
    oldest = newest_s - length_s  # a slice that starts after it is in the window
    buckets = window.buckets
    if not additions and (not buckets or buckets[0].start > oldest):
        return window
    slices: dict[int, list[Decimal]] = {}
    for start, quantity, value in additions_by_slice(additions, slice_s):
        if start <= oldest:
            continue
        known = slices.get(start)
        if known is None:
            slices[start] = [quantity, value]
        else:
            known[0] += quantity
            known[1] += value
    kept = []
    total_quantity, total_value = ZERO, ZERO
    for bucket in buckets:
        if bucket.start <= oldest:
            continue
        added = slices.pop(bucket.start, None)
        if added is not None:
            bucket = Bucket(
                start=bucket.start,
                quantity=bucket.quantity + added[0],
                value=bucket.value + added[1],
            )
        kept.append(bucket)
        total_quantity += bucket.quantity
        total_value += bucket.value
    for start, (quantity, value) in slices.items():
        kept.append(Bucket(start=start, quantity=quantity, value=value))
        total_quantity += quantity
        total_value += value
    if slices:
        kept.sort(key=_start)
    return Window(
        quantity=total_quantity,
        value=total_value,
        mean_price=mean_price(total_quantity, total_value),
        buckets=tuple(kept),
    )


def additions_by_slice(
    additions: Additions, slice_s: int
) -> list[tuple[int, Decimal, Decimal]]:
    """Return the additions with the starts of the coarser slices they fall into."""
    return [
        (start - start % slice_s, quantity, value)
        for start, (quantity, value) in additions.items()
    ]


def _start(bucket: Bucket) -> int:
    return bucket.start
