"""The channels as data: names, row types and keys that no two share."""

import typing

import pytest

from schemas.channels import (
    CHANNEL_OF_ROW,
    CHANNELS,
    COUNCILS,
    MARKET_CHANNEL,
    ROUNDS,
    FeedRow,
)


def test_every_row_of_the_log_has_exactly_one_channel() -> None:
    rows = [channel.row for channel in CHANNELS.values()]
    assert set(rows) == set(typing.get_args(FeedRow))
    assert len(CHANNEL_OF_ROW) == len(CHANNELS) == len(rows) == 3


def test_a_channel_is_found_by_the_type_of_its_rows() -> None:
    assert CHANNEL_OF_ROW == {
        "market": MARKET_CHANNEL,
        "round": ROUNDS,
        "council": COUNCILS,
    }


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda c: c.name)
def test_rows_are_named_by_product_and_period_first_and_by_fields_that_they_have(
    channel,
) -> None:
    assert channel.named_by[:2] == ("product_id", "period")
    assert set(channel.named_by) <= set(channel.row.__struct_fields__)


def test_only_rounds_are_about_all_products() -> None:
    assert [c.name for c in CHANNELS.values() if not c.is_by_product] == ["rounds"]
