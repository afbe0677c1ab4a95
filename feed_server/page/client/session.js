/**
 * PURE. A client's side of the protocol, over all its connections: parfeed/client/session.py.
 */

import { Outbox } from "./outbox.js";
import {
  FINAL_CLOSES,
  FeedError,
  MAX_MESSAGE_BYTES,
  MESSAGES,
  NAMED_BY,
  ServerViolation,
  TRANSITIONS,
  bytesOf,
  delayS,
} from "./protocol.js";
import { Inbox, Replica } from "./replica.js";

/** Before a new snapshot when one after the other did not fit: each costs all rows. */
const MISMATCH = Object.freeze({ firstS: 2, capS: 60 });
const SUBSCRIBE_AGAIN = Object.freeze({ firstS: 0.2, capS: 10 });

/**
 * One client, over all its connections. Pure: `connect`, then `receive` and
 * `messagesToSend` until `lose`, and again. Times are seconds of any monotonic clock.
 */
export class Session {
  #hello;
  #random;
  #outbox;
  #subscribed = new Map();
  #numbers = 0;
  #closing = null;
  #control = [];
  #happenings = [];

  constructor({ token = null, client = "parfeed-js/1", random = Math.random } = {}) {
    this.#hello = JSON.stringify({ type: "hello", token, client });
    this.#random = random;
    this.#outbox = new Outbox(random);
    /** disconnected, greeting, open, closing or ended. */
    this.state = "disconnected";
    this.welcome = null;
    this.watermark = { occurred_at: null, lag_ms: null };
    /** How long the server wants to be left alone; null if it did not say. */
    this.reconnectS = null;
    this.mismatches = 0;
    this.gaps = 0;
  }

  get heartbeatS() {
    return this.welcome?.heartbeat_s ?? 1;
  }

  /** Whether rows were asked for and have not come. */
  get awaitsRows() {
    return [...this.#subscribed.values()].some((s) => s.asked && !s.replica.isCurrent);
  }

  /** Begin on a new connection. */
  connect() {
    if (this.state !== "disconnected") throw new Error(`connected while ${this.state}`);
    this.state = "greeting";
    this.reconnectS = null;
    this.#closing = null;
    this.#control = [this.#hello];
  }

  /**
   * End a connection. Returns null if the client should come back, after `reconnectS` if
   * that is set; otherwise {code, reason}, and the session has ended.
   */
  lose(code, reason) {
    for (const submission of this.#outbox.lost())
      this.#happenings.push({ type: "answered", submission });
    this.#control = [];
    for (const subscribed of this.#subscribed.values()) {
      subscribed.asked = false;
      subscribed.replica.pause();
    }
    const said = this.#closing;
    if (said ? said.reconnect_ms === null : FINAL_CLOSES.has(code)) {
      this.state = "ended";
      return { code: said?.code ?? code, reason: said?.reason ?? reason };
    }
    this.state = "disconnected";
    if (said) this.reconnectS = said.reconnect_ms / 1000;
    return null;
  }

  /** Ask for rows, from now on and on every connection; returns the subscription. */
  subscribe({ channel = "market", products = ["*"], period = null, ...options }) {
    const { mode = "conflated", maxRate = null, namedBy = NAMED_BY[channel] } = options;
    if (!namedBy)
      throw new FeedError(
        "unknown_channel",
        `channel must be one of ${Object.keys(NAMED_BY).join(", ")}, was ${channel}; ` +
          "of another say with namedBy which fields tell its rows apart",
      );
    const id = `s${++this.#numbers}`;
    const request = { type: "subscribe", id, channel, products, period, mode };
    if (maxRate !== null) request.max_rate = maxRate;
    if (bytesOf(JSON.stringify(request)) > MAX_MESSAGE_BYTES)
      throw new FeedError(
        "too_large",
        `a list of ${products.length} products is too long; ask for all: ["*"]`,
      );
    const subscribed = {
      id,
      request,
      replica: new Replica(namedBy),
      inbox: new Inbox(mode === "stream"),
      asked: false,
      dueAt: 0,
      failures: 0,
    };
    this.#subscribed.set(id, subscribed);
    return subscribed;
  }

  /** End a subscription; one that has ended already stays so. */
  unsubscribe(id) {
    const asked = this.#subscribed.get(id)?.asked;
    this.#subscribed.delete(id);
    if (asked && this.state === "open")
      this.#control.push(JSON.stringify({ type: "unsubscribe", id }));
  }

  /** Hand in events as JSON texts; `answered` follows, unless all were refused at once. */
  publish(texts, wantsVerdict = false) {
    return this.#outbox.submit(texts, wantsVerdict);
  }

  /** Take a message, parsed; throws ServerViolation if it may not come now. */
  receive(message, now) {
    if (typeof message?.type !== "string") throw new ServerViolation("not a message");
    if (!MESSAGES.has(message.type)) return; // the protocol grows
    const following = TRANSITIONS[this.state][message.type];
    if (!following) throw new ServerViolation(`${message.type} while ${this.state}`);
    const subscribed = this.#subscribed.get(message.id);
    switch (message.type) {
      case "welcome":
        this.#receiveWelcome(message, now);
        break;
      case "snapshot":
        if (!subscribed?.asked) break;
        subscribed.inbox.replace(subscribed.replica.applySnapshot(message));
        this.#happenings.push({ type: "arrived", id: message.id });
        break;
      case "update":
        if (subscribed) this.#receiveUpdate(subscribed, message);
        break;
      case "heartbeat":
        this.#receiveHeartbeat(message, now);
        break;
      case "resync":
        if (!subscribed) break;
        subscribed.replica.void();
        this.#voided(message.id, message.reason);
        break;
      case "ack":
        this.#answered(this.#outbox.acknowledge(message, now));
        break;
      case "verdict":
        this.#answered(this.#outbox.judge(message));
        break;
      case "error":
        this.#receiveError(subscribed, message, now);
        break;
      case "quoted":
        break; // this client asks for none yet
      case "closing":
        this.#closing = message;
    }
    this.state = following;
  }

  /** Take what has happened since the last call. */
  events() {
    return this.#happenings.splice(0);
  }

  /** Take the texts that must be sent now; ask again at `wakeAt` or after any change. */
  messagesToSend(now) {
    if (this.state !== "greeting" && this.state !== "open") return [];
    const messages = this.#control.splice(0);
    if (this.state === "greeting") return messages;
    for (const subscribed of this.#subscribed.values()) {
      if (subscribed.asked || subscribed.dueAt > now) continue;
      subscribed.asked = true;
      const { request, replica } = subscribed;
      const plain = JSON.stringify(request);
      const resumed = JSON.stringify({ ...request, resume: replica.cursor });
      // A list of products can leave no room for a long cursor: then a snapshot.
      messages.push(bytesOf(resumed) <= MAX_MESSAGE_BYTES ? resumed : plain);
    }
    let message;
    while ((message = this.#outbox.message(now)) !== null) messages.push(message);
    return messages;
  }

  /** When there will be something to send though nothing comes; null if never. */
  wakeAt(now) {
    if (this.state !== "open") return null;
    const waiting = [...this.#subscribed.values()].filter((s) => !s.asked);
    const times = [...waiting.map((s) => s.dueAt), this.#outbox.wakeAt(now)];
    const known = times.filter((at) => at !== null);
    return known.length > 0 ? Math.min(...known) : null;
  }

  #receiveWelcome(welcome, now) {
    if (this.welcome !== null && this.welcome.epoch !== welcome.epoch)
      // No cursor of the old log means anything in the new one.
      for (const [id, subscribed] of this.#subscribed) {
        subscribed.replica.void();
        this.#voided(id, "a new epoch");
      }
    this.welcome = welcome;
    this.#outbox.connected(welcome.limits, now);
  }

  #receiveUpdate(subscribed, update) {
    const { id, replica } = subscribed;
    const { cursor } = replica;
    const [verdict, change] = replica.applyUpdate(update);
    if (verdict === "gap") {
      this.gaps += 1;
      subscribed.asked = false;
      this.#happenings.push({ type: "missed", id, cursor, from: update.from });
    } else if (verdict === "applied") {
      subscribed.inbox.add(change, update.merged ?? 0);
      if (change.length > 0) this.#happenings.push({ type: "arrived", id });
    }
  }

  #receiveHeartbeat({ cursor, checksum, watermark }, now) {
    this.watermark = watermark;
    for (const [id, expected] of Object.entries(checksum)) {
      const subscribed = this.#subscribed.get(id);
      if (!subscribed) continue;
      const had = subscribed.replica.checksum;
      const verdict = subscribed.replica.prove(cursor, expected);
      if (verdict === "applied") subscribed.failures = 0;
      if (verdict !== "mismatch") continue;
      this.mismatches += 1;
      subscribed.asked = false;
      subscribed.dueAt = now + delayS(MISMATCH, subscribed.failures, this.#random);
      subscribed.failures += 1;
      this.#happenings.push({ type: "mismatched", id, checksum: had, expected, cursor });
    }
    this.#happenings.push({ type: "proved" });
  }

  #receiveError(subscribed, error, now) {
    const answered = this.#outbox.refuse(error, now);
    if (answered !== null) {
      this.#answered(answered);
    } else if (!subscribed) {
      // An `unsubscribe` can cross the server's own end of the subscription.
      if (error.code !== "unknown_subscription")
        this.#happenings.push({
          type: "complained",
          code: error.code,
          detail: error.message,
        });
    } else if (error.code === "invalid_cursor" && subscribed.replica.cursor !== null) {
      subscribed.replica.void();
      subscribed.asked = false;
    } else if (error.retry) {
      subscribed.asked = false;
      subscribed.failures += 1;
      subscribed.dueAt = now + delayS(SUBSCRIBE_AGAIN, subscribed.failures, this.#random);
    } else {
      this.#subscribed.delete(error.id);
      const { id, code, message: detail } = error;
      this.#happenings.push({ type: "declined", id, code, detail });
    }
  }

  #voided(id, reason) {
    this.#happenings.push({ type: "voided", id, reason });
  }

  #answered(submissions) {
    for (const submission of submissions)
      this.#happenings.push({ type: "answered", submission });
  }
}
