"""
Events as they must not be: one file per case, `<code>/<field>--<what is wrong>.json`.

The field `event` stands for the whole. Other tests send the same files through a
server and a worker.
"""

from pathlib import Path

import pytest

from schemas.codec import decode_event, decode_events, encode
from schemas.errors import MAX_DETAIL, REFUSALS, Refused
from schemas.rows import RejectedRecord
from schemas.values import is_printable

CASES = sorted((Path(__file__).parent / "malformed_events").glob("*/*.json"))
GOOD = Path(__file__).parent / "golden" / "events" / "purchase.json"


@pytest.mark.parametrize(
    "file", CASES, ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_a_malformed_event_is_refused_with_its_code_and_its_field(file):
    with pytest.raises(Refused) as caught:
        decode_event(file.read_bytes())
    refused = caught.value
    assert refused.code == file.parent.name
    assert refused.code in REFUSALS
    assert len(refused.detail) <= MAX_DETAIL
    assert is_printable(refused.detail)
    field, _, _ = file.stem.partition("--")
    if field != "event":
        # What lies in a list of the field is at `$.field[...]`.
        assert any(
            place in refused.detail
            for place in (f"`$.{field}`", f"`$.{field}[", f"`{field}`")
        )


@pytest.mark.parametrize(
    "file", CASES, ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_a_malformed_event_changes_nothing_for_its_neighbours(file):
    good, bad = GOOD.read_bytes(), file.read_bytes()
    before, refused, after = decode_events([good, bad, good])
    assert before == after == decode_event(good)
    assert isinstance(refused, Refused)
    assert refused.code == file.parent.name


@pytest.mark.parametrize(
    "file", CASES, ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_what_was_refused_can_be_written_down(file):
    [refused] = decode_events([file.read_bytes()])
    assert isinstance(refused, Refused)
    assert encode(
        RejectedRecord(
            code=refused.code,
            detail=refused.detail,
            topic="purchases",
            partition=0,
            offset=0,
            value=file.read_bytes(),
            event_id=refused.event_id,
        )
    )


def test_every_code_that_a_decoder_gives_has_its_cases():
    codes = {file.parent.name for file in CASES}
    assert codes == {"malformed", "unknown_type", "invalid_field", "too_large"}
    assert len(CASES) > 100
