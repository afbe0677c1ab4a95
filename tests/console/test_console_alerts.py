"""Alerts: raised at the threshold, ended well below it, rung once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.console import market_row

from parfeed.console.alerts import (
    DEFAULTS,
    KINDS,
    Alerts,
    figures_of,
    read_thresholds,
    write_thresholds,
)
from parfeed.console.errors import Unfit
from parfeed.console.glances import Glance, glance
from schemas.codec import encode


def seen(**changed) -> Glance:
    return glance(encode(market_row(**changed)))


def test_every_kind_has_a_figure_where_the_row_has_one():
    row = seen(supply=110, demand=90, least="8.00", bought=30, unplanned=10)
    figures = dict(figures_of(row, 0.5, own_price=10.0))
    assert figures.keys() == KINDS.keys()
    assert figures["imbalance"] == 20
    assert figures["difference"] == pytest.approx(-20)
    assert figures["undercut"] == pytest.approx(20)
    assert figures["unplanned"] == pytest.approx(25)


def test_a_row_that_says_nothing_has_no_figures():
    empty = seen(supply=0, demand=0, planned=None)
    assert dict(figures_of(empty, 0.5)) == {}


def test_a_product_without_a_planned_price_differs_from_nothing():
    assert "difference" not in dict(figures_of(seen(planned=None, least=3), 0.5))
    assert "difference" not in dict(figures_of(seen(planned=0, least=3), 0.5))


def test_the_cheapest_seller_is_not_undercut():
    assert "undercut" not in dict(figures_of(seen(least="8.00"), 0.5, own_price=8.0))


def test_an_alert_is_raised_at_its_threshold_and_rings_once():
    alerts = Alerts({"imbalance": 10})
    alerts.look(seen(supply=100, demand=100), 0.5)
    assert not alerts.raised()
    for _ in range(3):
        alerts.look(seen(supply=120, demand=100), 0.5)
    [alert] = alerts.raised()
    assert (alert.product_id, alert.kind) == ("bread", "imbalance")
    assert not alerts.raised()
    assert len(alerts) == 1


def test_an_alert_that_trembles_at_its_threshold_rings_once():
    alerts = Alerts({"imbalance": 10})
    # 10.5, 9.5, 10.5 percent and so on.
    for demand in (90, 91, 90, 91, 90):
        alerts.look(seen(supply=100, demand=demand), 0.5)
    assert len(alerts.raised()) == 1
    alerts.look(seen(supply=100, demand=95), 0.5)
    assert len(alerts) == 0


def test_an_alert_is_raised_either_way():
    alerts = Alerts({"imbalance": 10})
    alerts.look(seen(supply=80, demand=100), 0.5)
    assert str(alerts.standing["bread"]["imbalance"]) == "imbalance -22.2%"


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"bought": 90}, "pace", "pace 1.80"),
        ({"bought": 1, "unplanned": 1}, "unplanned", "unplanned 50.0%"),
        ({"least": "12"}, "difference", "difference +20.0%"),
        ({"least": "6"}, "undercut", "undercut by 25.0%"),
    ],
)
def test_an_alert_says_what_is_amiss(changed, kind, words):
    alerts = Alerts({kind: 1})
    alerts.look(seen(**changed), 0.5, own_price=8.0)
    assert str(alerts.standing["bread"][kind]) == words


def test_other_thresholds_void_the_alerts_of_the_old_ones():
    alerts = Alerts({"imbalance": 10})
    alerts.look(seen(supply=200), 0.5)
    alerts.change({"pace": 2})
    assert not len(alerts)
    assert not alerts.raised()
    assert alerts.thresholds == {"pace": 2}


def test_thresholds_are_read_with_commas_blanks_or_in_pieces():
    assert read_thresholds([]) == dict(DEFAULTS)
    read = read_thresholds(["imbalance=5,difference=10", "pace=off  undercut=1"])
    assert read == {"imbalance": 5, "difference": 10, "undercut": 1}


@pytest.mark.parametrize(
    "word", ["rumour=3", "pace", "pace=", "pace=0", "pace=-1", "pace=nan", "pace=inf"]
)
def test_a_threshold_that_cannot_be_is_refused_with_the_cure(word):
    with pytest.raises(Unfit, match=r"imbalance|pace=10"):
        read_thresholds([word])


@given(
    st.dictionaries(
        st.sampled_from(sorted(KINDS)), st.sampled_from([0.5, 1.0, 1.5, 20.0, 300.0])
    )
)
def test_thresholds_are_read_as_they_are_written(thresholds):
    assert read_thresholds([write_thresholds(thresholds)]) == thresholds
