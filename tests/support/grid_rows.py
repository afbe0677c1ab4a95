"""A row of the feed against the hour of the file that it must be."""

from fractions import Fraction

from support.independent_grid import NOTHING, Hour

from schemas.rows import Amount, MarketRow


def check_row(row: MarketRow, hour: Hour) -> None:
    """Compare a row with an hour that has both prices, to the last digit."""

    def of(amount: Amount) -> tuple[Fraction, Fraction]:
        return Fraction(amount.quantity), Fraction(amount.value)

    planned = sum((q or NOTHING for q in hour.planned.values()), NOTHING)
    made = sum((q or NOTHING for q in hour.made.values()), NOTHING)
    assert Fraction(row.supply.planned) == planned
    if hour.planned_total is not None:
        assert Fraction(row.supply.planned) == hour.planned_total
    assert Fraction(row.supply.produced) == made
    assert hour.wanted is not None
    assert hour.day_ahead is not None
    assert hour.balancing is not None
    demand, price = row.demand, row.price
    assert Fraction(demand.planned) == hour.wanted
    assert of(demand.planned_purchases) == (hour.within, hour.within * hour.day_ahead)
    assert of(demand.unplanned_purchases) == (hour.beyond, hour.beyond * hour.balancing)
    assert demand.planned_cancellations == demand.unplanned_cancellations == Amount()
    assert price.planned is not None
    assert price.unplanned is not None
    assert price.difference is not None
    assert Fraction(price.planned) == hour.day_ahead
    assert Fraction(price.unplanned) == hour.balancing
    assert Fraction(price.difference) == hour.balancing - hour.day_ahead
    assert price.unplanned_company == "grid"
    if hour.beyond:
        assert price.unplanned_mean is not None
        assert Fraction(price.unplanned_mean) == hour.balancing
        assert Fraction(row.rolling.hour.quantity) == hour.beyond
    else:
        assert price.unplanned_mean is None
    assert row.imbalance is not None
    exact = 200 * (planned - hour.wanted) / (planned + hour.wanted)
    assert abs(Fraction(row.imbalance.percent) - exact) <= Fraction("0.005")
