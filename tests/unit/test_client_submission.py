import pytest

from parfeed.client.submission import Submission
from schemas.feed import Outcome, Result

TAKEN = Result(event_id="e", topic="bids", partition=1, offset=7)
REFUSED = Result(event_id="e", error="too_large", detail="17000 bytes")
ACCEPTED = Outcome(event_id="e", verdict="accepted")


def test_without_a_question_it_is_done_with_its_results() -> None:
    submission = Submission([b"{}", b"{}"])
    submission.settle(1, TAKEN)
    assert not submission.is_done
    submission.settle(0, REFUSED)
    assert submission.is_done
    assert submission.results == [REFUSED, TAKEN]
    assert submission.outcomes == [None, None]


def test_with_a_question_it_is_done_with_its_outcomes() -> None:
    submission = Submission([b"{}"], wants_verdict=True)
    submission.settle(0, TAKEN)
    assert not submission.is_done
    submission.judge(0, ACCEPTED)
    assert submission.is_done


def test_a_refusal_is_its_own_outcome() -> None:
    submission = Submission([b"{}"], wants_verdict=True)
    submission.settle(0, REFUSED)
    assert submission.is_done
    assert submission.outcomes == [
        Outcome(
            event_id="e", verdict="refused", error="too_large", detail="17000 bytes"
        )
    ]


def test_of_what_nobody_judges_the_place_is_still_told() -> None:
    submission = Submission([b"{}"], wants_verdict=True)
    submission.settle(0, TAKEN)
    submission.judge_unknown(0, "lost")
    (outcome,) = submission.outcomes
    assert outcome == Outcome(
        event_id="e",
        verdict="unknown",
        topic="bids",
        partition=1,
        offset=7,
        detail="lost",
    )


def test_nothing_is_said_twice_or_before_its_time() -> None:
    submission = Submission([b"{}"], wants_verdict=True)
    with pytest.raises(AssertionError, match="before it has a result"):
        submission.judge_unknown(0, "lost")
    submission.settle(0, TAKEN)
    with pytest.raises(AssertionError, match="a result already"):
        submission.settle(0, TAKEN)
    submission.judge(0, ACCEPTED)
    with pytest.raises(AssertionError, match="an outcome already"):
        submission.judge(0, ACCEPTED)


def test_it_knows_what_was_sent_again() -> None:
    submission = Submission([b"{}", b"{}"])
    submission.goes_again(1)
    assert [submission.was_sent_again(index) for index in (0, 1)] == [False, True]
