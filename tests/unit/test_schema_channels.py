"""The channels as data: names, row types and keys that no two share."""

import typing

import pytest

from schemas.channels import CHANNEL_OF_ROW, CHANNELS, FeedRow
from schemas.published import asyncapi
from schemas.topics import ACCOUNTS, MARKET


def test_every_row_of_the_log_has_exactly_one_channel() -> None:
    rows = [channel.row for channel in CHANNELS.values()]
    assert set(rows) == set(typing.get_args(FeedRow))
    assert len(CHANNEL_OF_ROW) == len(CHANNELS) == len(rows) == 10


def test_a_channel_is_found_by_the_type_of_its_rows() -> None:
    assert {tag: channel.name for tag, channel in CHANNEL_OF_ROW.items()} == {
        "market": "market",
        "round": "rounds",
        "council": "councils",
        "offer": "offers",
        "alert": "alerts",
        "fame": "fame",
        "settlement": "settlements",
        "card": "consumer",
        "statement": "statements",
        "cost": "costs",
    }


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda c: c.name)
def test_rows_are_named_by_product_and_period_first_and_by_fields_that_they_have(
    channel,
) -> None:
    first = ("period",) if channel.is_private else ("product_id", "period")
    assert channel.named_by[: len(first)] == first
    assert set(channel.named_by) <= set(channel.row.__struct_fields__)


def test_rounds_and_what_is_private_are_about_all_products() -> None:
    private = {name for name, channel in CHANNELS.items() if channel.is_private}
    assert private == {"consumer", "statements", "costs"}
    about_all = {name for name, c in CHANNELS.items() if not c.is_by_product}
    assert about_all == {"rounds"} | private


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda c: c.name)
def test_exactly_the_rows_of_private_channels_say_whose_they_are(channel) -> None:
    assert ("party" in channel.row.__struct_fields__) == channel.is_private


def test_private_rows_lie_in_accounts_and_all_others_in_market() -> None:
    topics = asyncapi()["channels"]
    for channel in CHANNELS.values():
        own, other = (ACCOUNTS, MARKET) if channel.is_private else (MARKET, ACCOUNTS)
        assert channel.row_type in topics[own.name]["messages"]
        assert channel.row_type not in topics[other.name]["messages"]
