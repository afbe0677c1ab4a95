"""
PURE. The terms of trade: which stand in a period, and which may be set.

The newest that were set for a period or one before it stand in it; of one period those
of the greatest revision. Until any are set, the defaults of `TermsSet` stand.
"""

from bisect import bisect_right
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from schemas.errors import Refused
from schemas.trading import TermsSet
from schemas.values import EARLIEST, Period

DEFAULT_TERMS: Final = TermsSet(
    event_id="default-terms", occurred_at=EARLIEST, period=Period("1999-W52")
)
"""What stands until a board sets its own."""

_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


class TermsOfTrade:
    """The terms of all periods."""

    def __init__(self) -> None:
        self._set: dict[str, TermsSet] = {}
        self._periods: list[str] = []

    def at(self, period: str) -> TermsSet:
        """Return the terms that stand in a period."""
        found = bisect_right(self._periods, period)
        return self._set[self._periods[found - 1]] if found else DEFAULT_TERMS

    def check(self, event: TermsSet, in_use: Collection[str]) -> None:
        """
        Check whether terms may be set.

        Args:
            event: the terms.
            in_use: the periods of which a purchase is taken.

        Raises:
            Refused: with `invalid_field`, `stale_revision` or `terms_in_use`.
        """
        _check_fields(event)
        before = self._set.get(event.period)
        if before is not None and event.revision <= before.revision:
            raise Refused(
                "stale_revision",
                f"revision {before.revision} of the terms of {event.period} stands "
                f"already; was {event.revision}",
                event.event_id,
            )
        touched = sorted(period for period in in_use if self._is_moved(event, period))
        if touched:
            raise Refused(
                "terms_in_use",
                f"purchases of {touched[0]} are taken; set terms from the next period "
                "on",
                event.event_id,
            )

    def put(self, event: TermsSet) -> None:
        """Take terms that were checked; earlier revisions change nothing."""
        before = self._set.get(event.period)
        if before is None:
            self._periods.insert(
                bisect_right(self._periods, event.period), event.period
            )
        elif event.revision <= before.revision:
            return
        self._set[event.period] = event

    # Private

    def _is_moved(self, event: TermsSet, period: str) -> bool:
        # Whether these terms would stand in the period.
        found = bisect_right(self._periods, period)
        stands_from = self._periods[found - 1] if found else ""
        return stands_from <= event.period <= period


def _check_fields(event: TermsSet) -> None:
    for field in ("planned_tax", "unplanned_tax", "pass_through"):
        value = getattr(event, field)
        if value > _ONE:
            raise _invalid(event, field, f"must be at most 1, was {value}")
    if event.least_share > event.greatest_share:
        raise _invalid(
            event,
            "least_share",
            f"must be at most the greatest_share {event.greatest_share}, was "
            f"{event.least_share}",
        )
    if event.greatest_share >= _ONE:
        raise _invalid(
            event, "greatest_share", f"must be below 1, was {event.greatest_share}"
        )
    if event.rebid_percent >= _HUNDRED:
        raise _invalid(
            event, "rebid_percent", f"must be below 100, was {event.rebid_percent}"
        )


def _invalid(event: TermsSet, field: str, text: str) -> Refused:
    return Refused("invalid_field", f"{text} - at `$.{field}`", event.event_id)
