"""Fields that must fit one another: what is at fault, and that no person is named."""

import pytest
from support.market import event_of, raw, said

from schemas.codec import decode_event
from schemas.errors import Refused
from schemas.events import Event
from schemas.relations import RELATED, fault_in


def refusal(kind, **fields):
    with pytest.raises(Refused) as caught:
        decode_event(raw(said(kind, **fields)))
    return caught.value


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("bid", {}),
        ("bid", {"schedule": [["-3", "0"], ["0", "0"], ["2", "7"]]}),
        ("bid", {"schedule": [["1", "5"], ["2", "5.0"]], "members": ["mill", "farm"]}),
        ("plan", {"schedule": [["0.000001", "7"], ["2", "7"], ["3", "0"]]}),
        ("council", {"signers": ["ada", "grace"], "signatures": 2}),
        ("council", {"parent_id": "federation"}),
        ("period", {"closes_at": "2000-01-01T00:00:00Z"}),
        ("opening", {"closes_at": "2099-12-31T23:59:59.999999Z"}),
        ("opening", {}),
    ],
)
def test_what_fits_is_let_in(kind, fields):
    event = event_of(kind, **fields)
    assert isinstance(event, RELATED)
    assert fault_in(event) is None


@pytest.mark.parametrize(
    ("kind", "fields", "detail"),
    [
        (
            "bid",
            {"schedule": [["1", "1"], ["3", "2"], ["2", "3"]]},
            "must have prices that rise, was 2 after 3 - at `$.schedule`",
        ),
        (
            "bid",
            {"schedule": [["1", "4"], ["2", "3"]]},
            "must have quantities that do not fall, was 3 after 4 - at `$.schedule`",
        ),
        (
            "plan",
            {"schedule": [["1", "4"], ["2", "5"]]},
            "must have quantities that do not rise, was 5 after 4 - at `$.schedule`",
        ),
        (
            "plan",
            {"schedule": [["-1", "4"]]},
            "must have prices above 0, the first was -1 - at `$.schedule`",
        ),
        (
            "bid",
            {"members": ["mill", "bakery"]},
            "must name the other companies, not the bid's own - at `$.members`",
        ),
        (
            "bid",
            {"members": ["mill", "mill"]},
            "must name nobody twice, were 2 names - at `$.members`",
        ),
        (
            "council",
            {"signers": ["ada", "ada"]},
            "must name nobody twice, were 2 names - at `$.signers`",
        ),
        (
            "council",
            {"signers": ["ada"], "signatures": 2},
            "must be at most the 1 signers, was 2 - at `$.signatures`",
        ),
        (
            "council",
            {"parent_id": "street"},
            "must be another council, was the council's own name - at `$.parent_id`",
        ),
        (
            "period",
            {"closes_at": "1999-12-31T23:59:59Z"},
            "must lie between the years 2000 and 2100, was 1999-12-31T23:59:59+00:00 "
            "- at `$.closes_at`",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(kind, fields, detail):
    refused = refusal(kind, **fields)
    assert (refused.code, refused.detail) == ("invalid_field", detail)
    assert refused.event_id == "e-1"


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("plan", "consumer_id", "ada\x7f"),
        ("signature", "signer_id", "ada\x7f"),
        ("council", "signers", ["ada\x7f"]),
    ],
)
def test_a_persons_name_with_control_characters_is_not_repeated(kind, field, value):
    refused = refusal(kind, **{field: value})
    assert refused.detail == f"must be free of control characters - at `$.{field}`"


def test_a_companys_name_with_control_characters_is():
    refused = refusal("bid", members=["mill", "a\x7f"])
    assert refused.detail == (
        "must be free of control characters, was 'a\\x7f' - at `$.members`"
    )


def test_related_kinds_are_events():
    assert set(RELATED) <= set(Event.__args__)
