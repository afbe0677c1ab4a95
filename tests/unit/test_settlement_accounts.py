"""Accounts: their names, and whose they are."""

import pytest

from streams.market.settlement.accounts import (
    TAX,
    clearing_account,
    company_account,
    consumer_account,
    party_of,
    pool_account,
)


@pytest.mark.parametrize(
    ("account", "name", "party"),
    [
        (consumer_account("17850", is_planned=True), "consumer/17850/planned", None),
        (consumer_account("a/b", is_planned=False), "consumer/a/b/unplanned", None),
        (consumer_account(None, is_planned=False), "consumer/-/unplanned", None),
        (pool_account("elm/street"), "council/elm/street/pool", None),
        (pool_account(None), "council/-/pool", None),
        (company_account("north/mill"), "company/north/mill", "company/north/mill"),
        (clearing_account("tea/green"), "board/clearing/tea/green", "board"),
        (TAX, "board/tax", "board"),
    ],
)
def test_an_account_is_named_for_its_party(account, name, party):
    assert account == name
    assert party_of(account) == (party or name.rpartition("/")[0])
