"""
Our two clients, side by side: whatever is said to both, both do the same.

A drawn life of a session (connections, messages that fit and that do not, events,
refusals) is played to the Python session and to the one in JavaScript. After every
step they must agree on their state, on what they send, on what happened, and on every
replica's cursor and checksum.
"""

import json
import random
from typing import Any

import msgspec
import pytest
from support.by_the_letter import row_value

from parfeed.client.errors import ServerViolation
from parfeed.client.session import Session
from schemas.feed import ServerMessage, Subscribe

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRIVER = """async (steps) => {
  const { Session, ServerViolation } = await import("/parfeed.js");
  const session = new Session({ client: "two", random: () => 0.5 });
  const subscribed = [];
  const published = [];
  return steps.map(([verb, ...args]) => {
    let said = [];
    let violated = false;
    const filled = (message) =>
      "answers" in message
        ? { ...message, id: published[message.answers] ?? "none" }
        : message;
    try {
      switch (verb) {
        case "connect": session.connect(); break;
        case "lose": said = [session.lose(...args)?.code ?? null]; break;
        case "subscribe": subscribed.push(session.subscribe(args[0])); break;
        case "unsubscribe": session.unsubscribe(args[0]); break;
        case "publish": session.publish(...args); break;
        case "receive": session.receive(filled(args[0]), args[1]); break;
        case "send":
          said = session.messagesToSend(args[0]).map((text) => JSON.parse(text));
          for (const message of said)
            if (message.type === "publish") published.push(message.id);
      }
    } catch (error) {
      if (!(error instanceof ServerViolation)) throw error;
      violated = true;
    }
    return {
      violated,
      state: session.state,
      said: said.map((one) => (one?.type === "publish" ? { ...one, id: "" } : one)),
      happened: session.events().map(({ type }) => type),
      replicas: subscribed.map(({ replica }) =>
        [replica.cursor, replica.checksum, replica.isCurrent, replica.rows.size]),
      counts: [session.gaps, session.mismatches],
      waits: verb === "send" ? session.wakeAt(args[0]) : null,
    };
  });
}"""

_decode = msgspec.json.Decoder(ServerMessage).decode


def compact(message: Any) -> str:
    """JSON as the server writes it: a row's checksum is that of its text."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


class Python:
    """The Python session behind the same verbs as the driver's."""

    def __init__(self) -> None:
        self.session = Session(token=None, client="two", random=lambda: 0.5)
        self.subscribed: list[Any] = []
        self.published: list[str] = []

    def step(self, verb: str, *args: Any) -> dict[str, Any]:
        said: list[Any] = []
        violated = False
        try:
            said = self._do(verb, *args)
        except ServerViolation:
            violated = True
        session = self.session
        replicas = [each.replica for each in self.subscribed]
        return {
            "violated": violated,
            "state": session.state.value,
            "said": [
                one | {"id": ""}
                if isinstance(one, dict) and one["type"] == "publish"
                else one
                for one in said
            ],
            "happened": [type(one).__name__.lower() for one in session.events()],
            "replicas": [
                [each.cursor, each.checksum, each.is_current, len(each.rows)]
                for each in replicas
            ],
            "counts": [session.gaps, session.mismatches],
            "waits": session.wake_at(args[0]) if verb == "send" else None,
        }

    def _do(self, verb: str, *args: Any) -> list[Any]:
        session = self.session
        match verb:
            case "connect":
                session.connect()
            case "lose":
                closing = session.lose(*args)
                return [None if closing is None else closing.code]
            case "subscribe":
                name = session.subscribe(Subscribe(id="-", **args[0]))
                self.subscribed.append(session.subscribed(name))
            case "unsubscribe":
                session.unsubscribe(args[0])
            case "publish":
                session.publish(
                    [text.encode() for text in args[0]], wants_verdict=args[1]
                )
            case "receive":
                message = dict(args[0])
                if (at := message.pop("answers", None)) is not None:
                    known = at < len(self.published)
                    message["id"] = self.published[at] if known else "none"
                session.receive(_decode(compact(message)), args[1])
            case "send":
                said = [json.loads(text) for text in session.messages_to_send(args[0])]
                for message in said:
                    if message["type"] == "publish":
                        self.published.append(message["id"])
                return said
        return []


class Life:
    """Draws a session's life, looking at the Python side for what would fit."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.python = Python()
        self.steps: list[list[Any]] = []
        self.told: list[dict[str, Any]] = []
        self.now = 100.0
        self.events = 0
        self.sent: list[int] = []

    def play(self, count: int) -> None:
        self.take("subscribe", {"channel": "market"})
        for _ in range(count):
            self.now += self.draw.choice((0.0, 0.25, 0.25, 1.0, 8.0))
            self.take(*self.drawn())
            self.take("send", self.now)

    def take(self, *step: Any) -> None:
        self.steps.append(list(step))
        told = self.python.step(*step)
        self.told.append(told)
        for one in told["said"]:
            if isinstance(one, dict) and one["type"] == "publish":
                self.sent.append(len(one["events"]))

    def drawn(self) -> list[Any]:
        state = self.python.session.state.value
        if state == "disconnected":
            return ["connect"]
        chance = self.draw.random()
        if chance < 0.06 or state == "closing":
            return ["lose", self.draw.choice((None, 1006, 1001, 4001, 4999)), "gone"]
        if state == "greeting" and chance < 0.8:
            return ["receive", self.welcome(), self.now]
        if chance < 0.12:
            mode = self.draw.choice(("conflated", "stream"))
            return ["subscribe", {"channel": "market", "mode": mode}]
        if chance < 0.15:
            return ["unsubscribe", self.name()]
        if chance < 0.27:
            texts = [self.event() for _ in range(self.draw.randint(1, 12))]
            # Refused ones first: behind the last that is sent, the Python client wakes
            # up for them once more than it has to.
            texts.sort(key=len, reverse=True)
            return ["publish", texts, self.draw.random() < 0.4]
        return ["receive", self.message(), self.now]

    def name(self) -> str:
        return f"s{self.draw.randint(1, len(self.python.subscribed) + 1)}"

    def event(self) -> str:
        self.events += 1
        size = self.draw.choice((10, 10, 10, 3_000, 17_000))
        return json.dumps({"event_id": f"e{self.events}", "x": "y" * size})

    def welcome(self) -> dict[str, Any]:
        verdict_s = self.draw.choice((None, 20.0))
        limits = {"message_bytes": 65_536, "subscriptions": 100, "publish_per_s": 20}
        return {
            "type": "welcome",
            "epoch": self.draw.choice(("aa", "aa", "aa", "bb")),
            "server": "x",
            "limits": limits | {"verdict_s": verdict_s},
            "heartbeat_s": 1.0,
        }

    def row(self) -> dict[str, Any]:
        name = self.draw.choice(("rye", "salt", "oats", "Brötchen", "\u2028"))
        whole: dict[str, Any] = json.loads(row_value(name, self.draw.randint(1, 99)))
        return whole

    def cursor(self) -> str:
        return f"aa:{self.draw.randint(1, 6)}"

    def message(self) -> dict[str, Any]:
        subscription = self.name()
        at = int(subscription[1:]) - 1
        known = at < len(self.python.subscribed)
        replica = self.python.subscribed[at].replica if known else None
        fits = replica is not None and self.draw.random() < 0.8
        rows = [self.row() for _ in range(self.draw.randint(0, 3))]
        kind = self.draw.choice(KINDS)
        message: dict[str, Any] = {"type": kind, "id": subscription}
        match kind:
            case "welcome":
                return self.welcome()
            case "snapshot":
                unique = {row["product_id"]: row for row in rows}
                message |= {"cursor": self.cursor(), "rows": list(unique.values())}
            case "update":
                begin = replica.cursor if replica is not None and fits else None
                message |= {"from": begin or self.cursor(), "to": self.cursor()}
                message |= {"rows": rows, "merged": self.draw.randint(0, 2)}
            case "heartbeat":
                right = replica.checksum if replica is not None and fits else 7
                del message["id"]
                message |= {"cursor": self.cursor(), "checksum": {subscription: right}}
                message["watermark"] = {}
            case "resync":
                message["reason"] = "why"
            case "error":
                code = self.draw.choice(("overloaded", "invalid_cursor", "malformed"))
                message |= {"code": code, "message": "m", "retry": code == "overloaded"}
                if self.draw.random() < 0.4:
                    self.answer(message)
            case "ack" | "verdict":
                self.answer(message)
                count = self.count_of(message["answers"])
                if self.draw.random() < 0.03:
                    count += 1
                one = self.result if kind == "ack" else self.outcome
                message["results"] = [one() for _ in range(count)]
            case "closing":
                code, wait = self.draw.choice(((1001, 1500), (4001, 0), (4003, None)))
                message |= {"code": code, "reason": "r", "reconnect_ms": wait}
        return message

    def answer(self, message: dict[str, Any]) -> None:
        del message["id"]
        newest = max(0, len(self.python.published) - 1)
        message["answers"] = self.draw.randint(max(0, newest - 3), newest)

    def count_of(self, at: int) -> int:
        # How many events the message had.
        return self.sent[at] if at < len(self.sent) else 1

    def result(self) -> dict[str, Any]:
        error = self.draw.choice((None, None, None, "unavailable", "invalid_field"))
        if error is not None:
            return {"event_id": "e", "error": error, "detail": "d"}
        return {"event_id": "e", "topic": "t", "partition": 0, "offset": 5}

    def outcome(self) -> dict[str, Any]:
        verdict, error = self.draw.choice(
            (("accepted", None), ("refused", "duplicate"), ("refused", "gate_closed"))
        )
        return {"event_id": "e", "verdict": verdict, "error": error}


KINDS = (
    *("snapshot",) * 5,
    *("update",) * 8,
    *("heartbeat",) * 6,
    *("ack",) * 6,
    *("verdict",) * 3,
    *("error",) * 3,
    "resync",
    "welcome",
    "closing",
)


LIVES = range(15)
STEPS = 150


async def test_both_clients_do_the_same_whatever_is_said_to_them(open_page):
    page = await open_page()
    for seed in LIVES:
        life = Life(seed)
        life.play(STEPS)
        told = await page.evaluate(DRIVER, life.steps)
        for number, (step, python, javascript) in enumerate(
            zip(life.steps, life.told, told, strict=True)
        ):
            for said in (*python["said"], *javascript["said"]):
                strip(said)
            assert javascript == python, f"life {seed}, step {number}: {step}"


DEFAULTS = {"products": ["*"], "mode": "conflated", "verdict": False}


def strip(message: Any) -> None:
    # A field that is left out and one that has its default say the same.
    if isinstance(message, dict):
        for name, value in list(message.items()):
            if value is None or DEFAULTS.get(name) == value:
                del message[name]


async def test_a_drawn_life_reaches_what_it_is_about():
    happened: set[str] = set()
    states: set[str] = set()
    violations = 0
    for seed in LIVES:
        life = Life(seed)
        life.play(STEPS)
        for told in life.told:
            happened |= set(told["happened"])
            states.add(told["state"])
            violations += told["violated"]
    assert states == {"disconnected", "greeting", "open", "closing", "ended"}
    assert happened >= {
        *("arrived", "proved", "mismatched", "missed", "voided", "declined"),
        *("answered", "complained"),
    }
    assert violations > len(LIVES)
