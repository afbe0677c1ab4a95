"""
PURE. The rows that the ledger keeps: offers, alerts, fame, cards, statements.

Offers, alerts, fame and settlements are public and lie in the feed's log, the topic
`market`. Cards, statements and costs are private to one party each: they lie in
`accounts`, which only its owner is shown. A party is written `consumer/17850`,
`company/north-mill`, `council/elm-street` or `board`; an account is a party's, such as
`consumer/17850/planned`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from schemas.board_rows import EVERY_PRODUCT
from schemas.rows import ZERO, Row
from schemas.values import Identifier, Party, Period

BOARD_PARTY: Final = "board"
"""The party of the board itself."""

NEWEST_KEPT: Final = 20
"""Purchases that a card's row shows; the statement has all."""

AlertKind = Literal[
    "pace", "rebid_requested", "rebid_answered", "overdrawn", "deviation"
]


class OfferRow(Row, frozen=True, kw_only=True, tag_field="type", tag="offer"):
    """
    A company's unplanned price against the planned one. Key: [product_id, period,
    "offer", company_id].

    Attributes:
        sequence: counts the versions of this row.
        unplanned_price: what it asks for a unit, before tax (u).
        planned_price: the board's, p; None where the product has none.
        loss: what buying a unit there loses against the plan, tax included:
            u (1 + b/2) - p (1 + a/2). Below zero it is a saving. None without p.
        rank: 1 for the least unplanned price; companies of one price share it.
        sellers: companies that offer the product.
        stands_since: when it asked this price first.
        planned_cost, unplanned_cost: what a unit costs its buyer, tax included:
            p (1 + a/2), None without p, and u (1 + b/2). What a quantity costs and
            loses follows from them, without the terms of trade.
    """

    product_id: Identifier
    period: Period
    company_id: Identifier
    sequence: int = 0
    occurred_at: datetime | None = None
    unplanned_price: Decimal
    planned_price: Decimal | None = None
    loss: Decimal | None = None
    rank: int = 1
    sellers: int = 1
    stands_since: datetime | None = None
    planned_cost: Decimal | None = None
    unplanned_cost: Decimal | None = None


class AlertRow(Row, frozen=True, kw_only=True, tag_field="type", tag="alert"):
    """
    Something that somebody should look at. Key: [product_id, period, "alert", kind].

    Attributes:
        sequence: counts the versions of this row.
        is_raised: whether it stands; an alert that has passed stays with False.
        since: when it was raised or passed.
        value: what was measured: a pace in percent, a price, a quantity.
        threshold: from where on it is raised.
        company_id: who asked, of a requested rebid.
        reason: for people.
    """

    product_id: Identifier
    period: Period
    kind: AlertKind
    sequence: int = 0
    occurred_at: datetime | None = None
    is_raised: bool = True
    since: datetime | None = None
    value: Decimal | None = None
    threshold: Decimal | None = None
    company_id: str | None = None
    reason: str = ""


class FameRow(Row, frozen=True, kw_only=True, tag_field="type", tag="fame"):
    """
    What a company made beyond its bid. Key: [product_id, period, "fame", company_id].

    Attributes:
        sequence: counts the versions of this row.
        bid: units that it bid; produced: that it made; sold: that it sold.
        overproduced: what it made beyond both; not paid, and worth this place (P-9).
        rank: 1 for the most, of the product and period.
    """

    product_id: Identifier
    period: Period
    company_id: Identifier
    sequence: int = 0
    occurred_at: datetime | None = None
    bid: Decimal = ZERO
    produced: Decimal = ZERO
    sold: Decimal = ZERO
    overproduced: Decimal = ZERO
    rank: int = 1


class SettlementRow(Row, frozen=True, kw_only=True, tag_field="type", tag="settlement"):
    """
    How a product's period was settled. Key: [product_id, period, "settlement"].

    Attributes:
        revision: 0 at first; each correction is one more.
        planned: P, units that plan lines wanted; actual: A, units bought.
        error: e = min(1, |A - P| / P), in percent, two decimal places.
        tax: what was collected; returned: of it, to those who were misled;
            eaten: of it, by the post-sale adjustment; kept: what the board keeps.
        clearing: the balance of unplanned sales before the adjustment.
    """

    product_id: Identifier
    period: Period
    revision: int = 0
    sequence: int = 0
    occurred_at: datetime | None = None
    planned_price: Decimal | None = None
    planned: Decimal = ZERO
    actual: Decimal = ZERO
    error_percent: Decimal = ZERO
    tax: Decimal = ZERO
    clearing: Decimal = ZERO
    eaten: Decimal = ZERO
    returned: Decimal = ZERO
    kept: Decimal = ZERO


class CardPurchase(Row, frozen=True, kw_only=True):
    """
    A purchase as the consumer's card saw it.

    Attributes:
        unit_price: what an unplanned unit cost before tax.
        planned_price: at the time; None where the product has none.
        loss: of its unplanned units against the plan, tax included; below zero it is a
            saving; None without a planned price.
        is_authorised: whether it was asked for before it happened.
    """

    event_id: str
    product_id: str
    company_id: str
    occurred_at: datetime
    planned_quantity: Decimal = ZERO
    unplanned_quantity: Decimal = ZERO
    unit_price: Decimal = ZERO
    planned_price: Decimal | None = None
    loss: Decimal | None = None
    is_authorised: bool = False


class CardRow(Row, frozen=True, kw_only=True, tag_field="type", tag="card"):
    """
    A consumer's two cards in a period. Key: ["*", period, "card", party].

    Money before rounding: statements round, once.

    Attributes:
        party: `consumer/` and the consumer_id; whose row it is.
        sequence: counts the versions of this row.
        has_budget: whether an income is known; without one nothing is authorised, and
            the figures left start from 0.
        planned_left, unplanned_left: what may still be spent, tax included. Below zero
            the card is overdrawn by what shops reported afterwards.
        planned_spent, unplanned_spent: tax included.
        saved: moved to the unplanned card since planned prices fell.
        moved: moved there from denied plan lines whose consumer said so (P-7).
        loss: of all unplanned units of the period against the plan; below zero it is a
            saving.
        purchases: how many; newest: the newest of them, newest first.
    """

    product_id: Identifier = EVERY_PRODUCT
    period: Period
    party: Party
    sequence: int = 0
    occurred_at: datetime | None = None
    has_budget: bool = False
    income: Decimal = ZERO
    unplanned_share: Decimal = ZERO
    planned_left: Decimal = ZERO
    unplanned_left: Decimal = ZERO
    planned_spent: Decimal = ZERO
    unplanned_spent: Decimal = ZERO
    saved: Decimal = ZERO
    moved: Decimal = ZERO
    loss: Decimal = ZERO
    purchases: int = 0
    newest: tuple[CardPurchase, ...] = ()


class StatementLine(Row, frozen=True, kw_only=True):
    """
    A line of a statement.

    Attributes:
        product_id: what was traded.
        step: the step of the settlement, for example `planned_sale`.
        formula: with the figures filled in: `10.00 * 100 * (1 - 0.04 / 2)`.
        amount: money, rounded; above zero the account gets it.
    """

    product_id: str
    step: str
    formula: str
    amount: Decimal


class StatementRow(Row, frozen=True, kw_only=True, tag_field="type", tag="statement"):
    """
    An account's statement of a period. Key: ["*", period, "statement", account,
    revision, part].

    Attributes:
        party: whose row it is.
        account: of the party.
        revision: 0 at first; a correction is one more, and `corrects` the one before.
        part: a long statement comes in parts, counted from 0; parts: how many.
        total: of all parts' lines.
    """

    product_id: Identifier = EVERY_PRODUCT
    period: Period
    party: Party
    account: str
    revision: int = 0
    part: int = 0
    parts: int = 1
    corrects: int | None = None
    sequence: int = 0
    occurred_at: datetime | None = None
    lines: tuple[StatementLine, ...] = ()
    total: Decimal = ZERO


class CostRow(Row, frozen=True, kw_only=True, tag_field="type", tag="cost"):
    """
    A company that cannot afford the planned price, for the board only (P-10). Key:
    ["*", period, "cost", "board", company_id, of_product_id].

    Attributes:
        unit_cost: what it reported that a unit cost it.
        planned_price: at which it is paid.
    """

    product_id: Identifier = EVERY_PRODUCT
    period: Period
    party: Party = BOARD_PARTY
    company_id: Identifier
    of_product_id: Identifier
    sequence: int = 0
    occurred_at: datetime | None = None
    unit_cost: Decimal
    planned_price: Decimal


class DecisionRow(Row, frozen=True, kw_only=True, tag_field="type", tag="decided"):
    """
    What the ledger decided on a request; a record of `decisions`.

    Attributes:
        event_id: of the request; None where it had none that could be read.
        partition, offset: of its record in `requests`.
        code: why it was refused or declined, a key of REFUSALS; None if it was taken.
        detail: for the one who asked.
        consumer_id: of a purchase.
        planned_quantity, unplanned_quantity: of an approved purchase.
        planned_price, unit_price: at which a planned and an unplanned unit are bought.
        cost: of all of it, tax included, before rounding.
    """

    event_id: str | None
    partition: int
    offset: int
    code: str | None = None
    detail: str = ""
    consumer_id: str | None = None
    planned_quantity: Decimal = ZERO
    unplanned_quantity: Decimal = ZERO
    planned_price: Decimal | None = None
    unit_price: Decimal | None = None
    cost: Decimal = ZERO


class SettledRow(Row, frozen=True, kw_only=True, tag_field="type", tag="settled"):
    """
    That a period is settled, or corrected; a record of `decisions`.

    Attributes:
        revision: 0 when it was settled, and one more with each correction.
        postings: how many were made.
        event_id: of the request that it answers.
        cuts: by source topic and partition, such as `purchases-0`, the offset of the
            last record that may count; -1 if none does.
    """

    period: Period
    revision: int
    event_id: str
    postings: int = 0
    cuts: dict[str, int] = msgspec.field(default_factory=dict)


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One side of a posting: [account, amount]; above zero the account gets it."""

    account: str
    amount: Decimal


class Posting(Row, frozen=True, kw_only=True, tag_field="type", tag="posting"):
    """
    A posting of the ledger: entries that sum to zero; a record of `postings`.

    Attributes:
        number: within the settlement, from 0: with period and revision its name.
        revision: of the settlement that made it.
        step: `planned_sale`, `unplanned_payment`, `unplanned_sale`, `adjustment`,
            `tax_returned`; a correction's postings carry differences.
        formula: with the figures filled in.
    """

    period: Period
    revision: int
    number: int
    product_id: Identifier
    step: str
    formula: str
    entries: tuple[Entry, ...]
