"""
PURE. A series of numbers as a line of blocks, so that a table's cell shows its course.

Eight heights. What is absent is a blank, and a series that does not move lies at half
height: it says neither low nor high.
"""

from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = " "


def sparkline(
    values: Sequence[float | None],
    width: int,
    *,
    from_zero: bool = False,
) -> str:
    """
    Return the last `width` values as blocks, blank on the left if there are fewer.

    Args:
        values: oldest first; None where there is none.
        width: of the cell.
        from_zero: whether the lowest block stands for 0 rather than for the least.
    """
    shown = list(values)[-width:] if width > 0 else []
    known = [value for value in shown if value is not None]
    if not any(known) if from_zero else not known:
        return _GAP * max(width, 0)
    low = min(0.0, *known) if from_zero else min(known)
    high = max(known)
    drawn = [
        _GAP if value is None else BLOCKS[_height(value, low, high)] for value in shown
    ]
    return "".join(drawn).rjust(width)


def _height(value: float, low: float, high: float) -> int:
    heights = len(BLOCKS)
    # Halves: the difference of two huge values of opposite sign is no float.
    span = high / 2 - low / 2
    if span <= 0:
        return (heights - 1) // 2
    share = (value / 2 - low / 2) / span
    return min(heights - 1, int(share * heights))


def narrowed(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return the means of neighbours, as many as fit; None where all are absent."""
    if width <= 0 or len(values) <= width:
        return list(values)
    each = -(-len(values) // width)
    # From the newest back, so that what is cut short is the oldest.
    groups = [values[max(0, end - each) : end] for end in range(len(values), 0, -each)]
    return [_mean(group) for group in reversed(groups)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
