"""Selections: values that say what a subscriber wants."""

import pytest

from feed_server.errors import MessageRefused
from feed_server.selection import Selection
from schemas.channels import CHANNELS
from schemas.feed import Subscribe
from schemas.values import Period


def selection(**options):
    return Selection.of(Subscribe(id="s", **{"channel": "market", **options}))


def test_a_star_wants_everything():
    everything = selection()
    assert (everything.products, everything.period) == (None, None)
    assert everything == selection(products=("*",))


def test_a_list_wants_what_it_names():
    listed = selection(products=("rye", "salt"))
    assert listed.products == {"rye", "salt"}


def test_a_period_wants_that_period_only():
    assert selection(period=Period("2011-W44")).period == "2011-W44"


def test_the_order_of_a_list_and_its_repetitions_mean_nothing():
    assert selection(products=("a", "b", "a")) == selection(products=("b", "a"))
    assert len({selection(products=("a", "b")), selection(products=("b", "a"))}) == 1


def test_a_star_in_a_list_is_refused():
    with pytest.raises(MessageRefused, match="without") as caught:
        selection(products=("rye", "*"))
    assert caught.value.code == "invalid_field"


def test_an_unknown_channel_is_refused_by_name():
    with pytest.raises(MessageRefused, match="'gossip'") as caught:
        selection(channel="gossip")
    assert caught.value.code == "unknown_channel"
    assert caught.value.id == "s"


def test_equal_wants_in_different_channels_are_different():
    wants = {
        selection(channel=name, party="consumer/ada" if channel.is_private else None)
        for name, channel in CHANNELS.items()
    }
    assert len(wants) == len(CHANNELS)


PRIVATE = [name for name, channel in CHANNELS.items() if channel.is_private]


@pytest.mark.parametrize("channel", PRIVATE)
def test_a_private_channel_is_never_selected_without_a_party(channel):
    with pytest.raises(MessageRefused) as caught:
        selection(channel=channel)
    assert (caught.value.code, caught.value.id) == ("party_needed", "s")
    assert selection(channel=channel, party="consumer/ada").party == "consumer/ada"


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name not in PRIVATE])
def test_a_party_in_a_public_channel_is_refused_rather_than_without_effect(channel):
    with pytest.raises(MessageRefused, match="private channels only") as caught:
        selection(channel=channel, party="consumer/ada")
    assert (caught.value.code, caught.value.id) == ("invalid_field", "s")


def test_products_of_a_private_channel_are_refused():
    with pytest.raises(MessageRefused, match="about all products") as caught:
        selection(channel="consumer", party="consumer/ada", products=("rye",))
    assert caught.value.code == "invalid_field"


def test_councils_can_be_chosen_by_product():
    assert selection(channel="councils", products=("rye",)).products == {"rye"}


def test_products_of_rounds_are_refused_rather_than_without_effect():
    with pytest.raises(MessageRefused, match="about all products") as caught:
        selection(channel="rounds", products=("rye",))
    assert (caught.value.code, caught.value.id) == ("invalid_field", "s")
