"""Quotes in the client's session: asked once, asked again after a loss, answered."""

import msgspec
import pytest
from support.joined import Joined, Log, Server, new_client

from parfeed.client.errors import InvalidRequest, QuoteRefused
from parfeed.client.happenings import Complained, QuoteAnswered, QuoteDeclined
from parfeed.client.questions import Questions
from schemas.feed import Error, Quote, Quoted
from schemas.values import Period, PositiveQuantity

ASKED = Quote(id="-", product_id="rye", quantity=PositiveQuantity("3"))
WEEK = Period("2011-W44")


def said(messages: list[bytes]) -> list[tuple[str, str]]:
    found = [msgspec.json.decode(message) for message in messages]
    return [(each["type"], each["id"]) for each in found]


def answer(question_id: str) -> Quoted:
    return Quoted(
        id=question_id, product_id="rye", period=WEEK, quantity=ASKED.quantity
    )


@pytest.fixture
def joined() -> Joined:
    pair = Joined(new_client())
    pair.connect(Server(Log()))
    pair.settle()
    pair.client.events()
    return pair


def test_a_question_is_sent_once_and_handed_on_with_its_answer(joined: Joined) -> None:
    question_id = joined.client.ask(ASKED)
    assert said(joined.client.messages_to_send(0.0)) == [("quote", question_id)]
    assert joined.client.messages_to_send(0.0) == []
    joined.client.receive(answer(question_id), 0.0)
    assert joined.client.events() == [QuoteAnswered(answer(question_id))]
    joined.client.receive(answer(question_id), 0.0)
    assert joined.client.events() == []


def test_a_refusal_belongs_to_its_question(joined: Joined) -> None:
    question_id = joined.client.ask(ASKED)
    joined.settle()
    # The market of the server is empty.
    (declined,) = joined.client.events()
    assert isinstance(declined, QuoteDeclined)
    assert (declined.id, declined.code) == (question_id, "nothing_to_quote")
    joined.client.receive(
        Error(id=question_id, code="malformed", message="x", retry=False), 0.0
    )
    assert joined.client.events() == [Complained("malformed", "x")]


def test_what_a_lost_connection_took_along_is_asked_again(joined: Joined) -> None:
    open_, dropped = joined.client.ask(ASKED), joined.client.ask(ASKED)
    assert open_ != dropped
    assert len(joined.client.messages_to_send(0.0)) == 2
    joined.client.drop(dropped)
    joined.cut()
    assert joined.client.messages_to_send(0.0) == []
    joined.connect(Server(Log()))
    joined.settle()
    (declined,) = [e for e in joined.client.events() if isinstance(e, QuoteDeclined)]
    assert declined.id == open_


def test_a_question_that_was_dropped_before_it_was_sent_is_never_sent() -> None:
    questions = Questions()
    question_id = questions.ask(ASKED)
    assert questions.close(question_id)
    assert not questions.close(question_id)
    assert questions.messages() == []
    questions.lost()
    assert questions.messages() == []


@pytest.mark.parametrize(
    "asked",
    [
        msgspec.structs.replace(ASKED, product_id=""),
        msgspec.structs.replace(ASKED, product_id="x" * 65),
        msgspec.structs.replace(ASKED, party=""),
    ],
)
def test_what_no_feed_could_answer_is_refused_here(asked: Quote) -> None:
    with pytest.raises(InvalidRequest, match="cannot ask for a quote"):
        new_client().ask(asked)


def test_the_error_says_what_the_code_means() -> None:
    assert "has no planned price" in str(QuoteRefused("nothing_to_quote", ""))
    assert "not you" in str(QuoteRefused("not_yours", "not you"))
