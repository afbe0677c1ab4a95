/**
 * A client of the feed for browsers and Node, without dependencies: docs/javascript.md.
 *
 * What holds here:
 * - `Session` and what it is made of are pure: no socket, clock or timer. `Feed` moves the
 *   bytes. The rules, states and names are those of the Python client.
 * - An update applies only if its `from` is the cursor; a gap asks again from the cursor, a
 *   checksum that does not fit asks for a snapshot; a new epoch voids all. Never a guess.
 * - Everything that waits is bounded: rows by the subscription (newest version wins),
 *   versions of a stream by STREAM_ROWS, unanswered messages by MAX_UNDER_WAY.
 * - Rows are the parsed JSON as it came. Decimals are texts: do not turn money into numbers.
 *   Rows are shared with the checksum: do not change them.
 */

import {
  FeedError,
  NAMED_BY,
  SUBPROTOCOL,
  ServerViolation,
  delayS,
} from "./client/protocol.js";
import { Session } from "./client/session.js";

export { FeedError, NAMED_BY, SUBPROTOCOL, ServerViolation };
export { Session };
export { Replica, crc32 } from "./client/replica.js";

/** Pauses before the next attempt, in seconds: the longest first one, and of all. */
const RECONNECT = Object.freeze({ firstS: 0.2, capS: 10 });

const OPEN_TIMEOUT_S = 10;
/** So many heartbeats missing mean that the connection is dead. */
const SILENT_HEARTBEATS = 3;
/** The same while a snapshot is awaited: a page does not see the bytes of half a message. */
const SNAPSHOT_TIMEOUT_S = 60;
/** How often it is looked whether the connection has gone silent. */
const WATCH_MS = 250;
/** A look that comes so late says that the page was asleep: a lid, a hidden tab. */
const LATE_WATCH_S = 1;
/** A connection that lasted so long was a good one: the pauses begin anew. */
const STEADY_S = 5;

/** Rows of a channel that keep themselves up to date; made by `feed.subscribe`. */
export class Subscription {
  #feed;
  #subscribed;
  #error = null;
  #isOver = false;
  #wake = null;

  constructor(feed, subscribed) {
    this.#feed = feed;
    this.#subscribed = subscribed;
  }

  /** All rows by their names (naming fields joined by line feeds). Live. */
  get rows() {
    return this.#subscribed.replica.rows;
  }

  get cursor() {
    return this.#subscribed.replica.cursor;
  }

  /** The sum of the rows' CRCs, as the feed's heartbeats say it. */
  get checksum() {
    return this.#subscribed.replica.checksum;
  }

  /** Whether the rows are the feed's; false while they are being asked for again. */
  get isCurrent() {
    return this.#subscribed.replica.isCurrent;
  }

  /** The row of these names, in the order of NAMED_BY; undefined if there is none. */
  get(...names) {
    return this.rows.get(names.join("\n"));
  }

  /** Why it has ended: refused, or the feed ended; null otherwise. */
  get error() {
    return this.#error;
  }

  /** Take what changed since the last time: {changed, keys, merged, isSnapshot} or null. */
  take() {
    return this.#subscribed.inbox.take();
  }

  /** End the subscription; the feed stays. */
  close() {
    this.#feed._end(this.#subscribed.id);
    this._over(null);
  }

  async *[Symbol.asyncIterator]() {
    try {
      while (true) {
        const update = this.take();
        if (update !== null) yield update;
        else if (this.#error !== null) throw this.#error;
        else if (this.#isOver) return;
        else await new Promise((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.#isOver) this.close();
    }
  }

  _arrived() {
    this.#wake?.();
  }

  _over(error) {
    if (!this.#isOver) this.#error = error;
    this.#isOver = true;
    this._arrived();
  }
}

/**
 * A feed that keeps itself connected. Events: `state` (see `state`), `heartbeat`, `rows`
 * (detail: the subscription), `notice` (detail: what went wrong and was mended).
 */
export class Feed extends EventTarget {
  #options;
  #session;
  #socket = null;
  #subscriptions = new Map();
  #submissions = new Map();
  #timer = null;
  #retry = null;
  #due = null;
  #failures = 0;
  #openedAt = 0;
  #watchedAt = 0;
  #heardAt;
  #end = null;
  #shown = "";

  constructor(url, options = {}) {
    super();
    this.url = url;
    this.#options = { WebSocket: globalThis.WebSocket, random: Math.random, ...options };
    this.#session = new Session(this.#options);
    this.#heardAt = now();
    /** How often a connection was lost, and how the last attempt ended. */
    this.losses = 0;
    this.lastLoss = "";
    globalThis.addEventListener?.("online", this.#online);
    this.#open();
  }

  /** disconnected, greeting, open, closing or ended. */
  get state() {
    return this.#session.state;
  }

  get isOpen() {
    return this.state === "open";
  }

  /** Seconds since the feed's last message. */
  get silenceS() {
    return now() - this.#heardAt;
  }

  get heartbeatS() {
    return this.#session.heartbeatS;
  }

  get watermark() {
    return this.#session.watermark;
  }

  /** Name of the server, and the channels that it knows; empty before the first welcome. */
  get server() {
    return this.#session.welcome?.server ?? "";
  }

  get channels() {
    const { welcome } = this.#session;
    return welcome ? (welcome.channels?.length ? welcome.channels : ["market"]) : [];
  }

  get mismatches() {
    return this.#session.mismatches;
  }

  get gaps() {
    return this.#session.gaps;
  }

  /** Why the feed has ended; null while it has not. */
  get error() {
    return this.#end;
  }

  /** Subscribe: `(channel, {products, period, mode, maxRate, namedBy})`. */
  subscribe(channel = "market", options = {}) {
    if (this.#end) throw this.#end;
    const subscribed = this.#session.subscribe({ channel, ...options });
    const subscription = new Subscription(this, subscribed);
    this.#subscriptions.set(subscribed.id, subscription);
    this.#pump();
    return subscription;
  }

  /**
   * Hand in events, objects or JSON texts; resolves to a result per event, or with
   * `{verdict: true}` to an outcome, however many reconnections that takes.
   */
  publish(events, { verdict = false } = {}) {
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      const texts = events.map((event) =>
        // Parsed and written again: what is no JSON would spoil the message for others.
        JSON.stringify(typeof event === "string" ? JSON.parse(event) : event),
      );
      const submission = this.#session.publish(texts, verdict);
      if (submission.isDone) {
        resolve(verdict ? submission.outcomes : submission.results);
        return;
      }
      this.#submissions.set(submission, { resolve, reject });
      this.#pump();
    });
  }

  /** Disconnect, and end all subscriptions. */
  close() {
    this.#finish(new FeedError("closed", "the feed was closed here; connect anew"));
  }

  _end(id) {
    this.#subscriptions.delete(id);
    this.#session.unsubscribe(id);
    this.#pump();
  }

  #online = () => {
    // The network is back: no use in waiting longer.
    if (this.state === "disconnected" && this.#socket === null) this.#open();
  };

  #open() {
    clearTimeout(this.#retry);
    const socket = new this.#options.WebSocket(this.url, SUBPROTOCOL);
    this.#socket = socket;
    this.#openedAt = this.#heardAt = now();
    const ours = (take) => (event) => socket === this.#socket && take(event);
    socket.onopen = ours(() => {
      this.#session.connect();
      this.#openedAt = this.#heardAt = now();
      this.#pump();
      this.#showState();
    });
    socket.onmessage = ours(({ data }) => this.#receive(data));
    socket.onclose = ours(({ code, reason }) => this.#lost(code, reason));
    this.#timer ??= setInterval(() => this.#watch(), WATCH_MS);
  }

  #receive(text) {
    this.#heardAt = now();
    try {
      this.#session.receive(JSON.parse(text), now());
    } catch (error) {
      if (!(error instanceof ServerViolation || error instanceof SyntaxError)) throw error;
      this.#drop(`the server broke the protocol: ${error.message}`);
      return;
    }
    this.#handOn();
    this.#pump();
    this.#showState();
  }

  #handOn() {
    for (const happening of this.#session.events()) {
      const subscription = this.#subscriptions.get(happening.id);
      switch (happening.type) {
        case "arrived":
          subscription?._arrived();
          this.dispatchEvent(new CustomEvent("rows", { detail: subscription }));
          break;
        case "proved":
          this.dispatchEvent(new CustomEvent("heartbeat"));
          break;
        case "answered": {
          const { submission } = happening;
          const { wantsVerdict, results, outcomes } = submission;
          this.#submissions.get(submission)?.resolve(wantsVerdict ? outcomes : results);
          this.#submissions.delete(submission);
          break;
        }
        case "declined":
          this.#subscriptions.delete(happening.id);
          subscription?._over(new FeedError(happening.code, happening.detail));
        // It is a notice, too.
        default:
          this.dispatchEvent(new CustomEvent("notice", { detail: happening }));
      }
    }
  }

  #pump() {
    if (this.#socket?.readyState !== 1) return;
    for (const text of this.#session.messagesToSend(now())) this.#socket.send(text);
    const at = this.#session.wakeAt(now());
    clearTimeout(this.#due);
    if (at !== null) this.#due = setTimeout(() => this.#pump(), 1000 * (at - now()));
  }

  // Four times a second: has the connection gone silent?
  #watch() {
    const isLate = now() - this.#watchedAt > LATE_WATCH_S;
    this.#watchedAt = now();
    // We slept, not the server: what it said meanwhile is only now handed to us.
    if (isLate || this.#socket === null) return;
    const { state } = this.#session;
    let limit = SILENT_HEARTBEATS * this.#session.heartbeatS;
    if (state === "open" && this.#session.awaitsRows)
      limit = Math.max(limit, SNAPSHOT_TIMEOUT_S);
    if (state !== "open" && state !== "closing") limit = OPEN_TIMEOUT_S;
    if (this.silenceS >= limit)
      this.#drop(`nothing came for ${this.silenceS.toFixed(1)} s`);
  }

  #drop(reason) {
    const socket = this.#socket;
    // No waiting for a closing handshake with someone who may not answer.
    this.#lost(1006, reason);
    socket.close();
  }

  #lost(code, reason) {
    const wasOpen = this.state === "open" || this.state === "closing";
    const hadSocket = this.state !== "disconnected";
    this.#socket = null;
    this.lastLoss = reason || `the connection broke (${code})`;
    const closing = hadSocket ? this.#session.lose(code, reason) : null;
    this.#handOn();
    if (closing !== null) {
      const why = `${closing.code} ${closing.reason}`;
      this.#finish(new FeedError(closing.code, `the feed ended the session: ${why}`));
      return;
    }
    if (wasOpen) this.losses += 1;
    if (wasOpen && now() - this.#openedAt >= STEADY_S) this.#failures = 0;
    this.#failures += 1;
    const pauseS =
      (hadSocket ? this.#session.reconnectS : null) ??
      delayS(RECONNECT, this.#failures, this.#options.random);
    this.#retry = setTimeout(() => this.#open(), pauseS * 1000);
    this.#showState();
  }

  #finish(error) {
    if (this.#end) return;
    this.#end = error;
    this.#session.state = "ended";
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    clearTimeout(this.#due);
    globalThis.removeEventListener?.("online", this.#online);
    this.#socket?.close(1000);
    this.#socket = null;
    for (const subscription of this.#subscriptions.values()) subscription._over(error);
    for (const { reject } of this.#submissions.values()) reject(error);
    this.#subscriptions.clear();
    this.#submissions.clear();
    this.#showState();
  }

  #showState() {
    if (this.#shown === this.state) return;
    this.#shown = this.state;
    this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
  }
}

const now = () => performance.now() / 1000;

/** Connect to a feed and stay connected: `connect("ws://127.0.0.1:8765/")`. */
export function connect(url, options) {
  return new Feed(url, options);
}
