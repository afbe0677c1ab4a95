"""Who bid and who sold what the file knows as one sum."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.grid_lines import an_hour, hours_of

from parfeed.sources.grid_reading import OTHER, PRODUCED, GridHour
from parfeed.sources.grid_shares import SELLER, bids_of, sales_of

CENTS = st.integers(0, 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
BIDS = st.dictionaries(st.sampled_from(sorted(PRODUCED)), CENTS)


def hour_of(**cells: str) -> GridHour:
    (hour,) = hours_of([an_hour(**cells)])
    assert isinstance(hour, GridHour)
    return hour


def others(**made: str) -> dict[str, str]:
    """Cells of an hour in which, of the nine, only these made anything."""
    columns = [column for name, column in PRODUCED.items() if "wind" not in name]
    columns.remove("actual_photovoltaics_mwh")
    return dict.fromkeys(columns, "0.00") | made


def test_the_bid_of_the_nine_is_shared_by_what_each_made() -> None:
    bids = bids_of(
        hour_of(
            planned_other_mwh="100.01",
            **others(actual_lignite_mwh="30.00", actual_biomass_mwh="10.00"),
        )
    )
    assert (str(bids["lignite"]), str(bids["biomass"])) == ("75.01", "25.00")
    assert OTHER not in bids
    assert "nuclear" not in bids


def test_the_nine_bid_together_where_none_of_them_made_anything() -> None:
    bids = bids_of(hour_of(planned_other_mwh="100.01", **others()))
    assert str(bids[OTHER]) == "100.01"


def test_who_is_not_forecast_does_not_bid() -> None:
    bids = bids_of(hour_of(planned_other_mwh="", planned_wind_onshore_mwh=""))
    assert bids.keys() == {"wind-offshore", "photovoltaics"}


def test_without_bids_the_grid_sells_all_of_it() -> None:
    assert sales_of(Decimal("7.25"), {}) == {SELLER: Decimal("7.25")}
    nothing = {"nuclear": Decimal("0.00")}
    assert sales_of(Decimal("7.25"), nothing) == {SELLER: Decimal("7.25")}


@given(within=CENTS, bids=BIDS)
def test_all_that_is_sold_adds_up_and_nobody_sells_more_than_its_bid(
    within: Decimal, bids: dict[str, Decimal]
) -> None:
    sold = sales_of(within, bids)
    assert sum(sold.values()) == within
    assert all(quantity > 0 for quantity in sold.values())
    left = sold.pop(SELLER, Decimal(0))
    assert left == max(Decimal(0), within - sum(bids.values()))
    for company_id, quantity in sold.items():
        assert quantity <= bids[company_id]


@given(within=CENTS, bids=BIDS)
def test_the_order_of_bids_decides_no_more_than_a_last_decimal_place(
    within: Decimal, bids: dict[str, Decimal]
) -> None:
    turned = sales_of(within, dict(reversed(bids.items())))
    for company_id, quantity in sales_of(within, bids).items():
        assert abs(quantity - turned.get(company_id, Decimal(0))) <= Decimal("0.01")
