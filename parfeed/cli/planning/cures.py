"""PURE. What to do about a refusal, for the people who bid, sign, plan and trade."""

from typing import Final

from schemas.feed import Outcome, describe

CURES: Final[dict[str, str]] = {
    "stale_revision": "what was said later stands; leave --revision out, or name a "
    "greater one",
    "occurred_in_future": "set this machine's clock",
    "gate_closed": "plan for the next period: --period; what stands is shown by "
    "`parfeed board status`",
    "unknown_product": "see which products are planned with `parfeed snapshot "
    "--period PERIOD`; before the opening the board adds one with `parfeed board list`",
    "unknown_period": "the board opens one with `parfeed board list` and `parfeed "
    "board open`; those there are shows `parfeed board status`",
    "already_open": "let it stand, or plan the product in the next period; prices "
    "are set by `parfeed board set-price`",
    "unknown_bid": "confirm the revision that stands; who placed the bid knows it",
    "not_a_member": "the bid names its members with --with; ask who placed it",
    "unknown_council": "form it with `parfeed board council`",
    "not_a_signer": "ask one of its signers, or name other signers with `parfeed "
    "board council`",
    "already_signed": "one signature of each is enough; see who else is waited for "
    "with `parfeed board waits`",
    "already_decided": "it stands for this period; speak up before the next",
    "stale_round": "see which round runs with `parfeed board status`, and say it of "
    "that one",
    "board_only": "ask the board instead: `parfeed board --help`",
    "period_settled": "`parfeed ledger correct PERIOD` brings in what shops report "
    "afterwards",
    "unknown_card": "give the consumer a budget: `parfeed ledger budget`",
    "card_exceeded": "buy less, or see what is cheaper: `parfeed quote`",
    "line_exceeded": "leave --use planned out: what goes beyond the plan line is then "
    "bought unplanned",
    "unknown_offer": "see who offers it: `parfeed quote`",
    "price_exceeded": "see what it costs elsewhere: `parfeed quote`",
    "share_out_of_window": "choose an --unplanned-share within the window of the "
    "period's terms",
    "terms_in_use": "set them for the next period",
    "pace_too_low": "see the pace with `parfeed watch --channel alerts`",
    "unknown_rebid": "see what is requested with `parfeed watch --channel alerts`",
    "not_settled": "close the period first: `parfeed ledger close`",
    "nothing_to_correct": "what stands is what was settled; look at it with `parfeed "
    "statement`",
    "unavailable": "try again when Kafka is back: `parfeed doctor`",
}
"""By the code of the refusal; other codes mend the event itself, as the detail says."""


UNKNOWN: Final = "see whether the board, the ledger and the workers run: `parfeed \
doctor`, and the logs; saying it again does no harm"


def complaint(outcome: Outcome) -> str:
    """
    Return what the sender of an event must know that was not accepted.

    Of a refused one: code, meaning, detail, cure.
    """
    if outcome.verdict == "unknown":
        return f"unknown: {outcome.detail or 'nobody told'}\n  -> {UNKNOWN}"
    if outcome.error is None:
        raise AssertionError("an event that was accepted is complained about")
    meaning = describe(outcome.error)
    detail = outcome.detail or ""
    more = f" ({detail})" if detail and detail != meaning else ""
    cure = CURES.get(outcome.error)
    return f"{outcome.error}: {meaning}{more}" + (f"\n  -> {cure}" if cure else "")
