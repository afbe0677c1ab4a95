/**
 * PURE. What both ends agree on: names, states, bounds and errors of the protocol
 * (docs/protocol.md, schemas/feed.py).
 */

export const SUBPROTOCOL = "parfeed.v1";

/** By channel, the fields that tell its rows apart. */
export const NAMED_BY = Object.freeze({
  market: ["product_id", "period"],
  rounds: ["product_id", "period", "round"],
  councils: ["product_id", "period", "council_id"],
  offers: ["product_id", "period", "company_id"],
  alerts: ["product_id", "period", "kind"],
  fame: ["product_id", "period", "company_id"],
  settlements: ["product_id", "period"],
  consumer: ["period", "party"],
  statements: ["period", "account", "revision", "part"],
  costs: ["period", "company_id", "of_product_id"],
});

/** Close codes after which a client does not come back; of all others it does. */
export const FINAL_CLOSES = new Set([1000, 1002, 1003, 1007, 1009, 4002, 4003]);

export const MAX_MESSAGE_BYTES = 65536;
export const MAX_EVENT_BYTES = 16384;

/** What may come from the server in a state, and where it leads. */
export const TRANSITIONS = Object.freeze({
  disconnected: {},
  greeting: { welcome: "open", error: "greeting", closing: "closing" },
  open: {
    snapshot: "open",
    update: "open",
    heartbeat: "open",
    resync: "open",
    ack: "open",
    verdict: "open",
    quoted: "open",
    error: "open",
    closing: "closing",
  },
  closing: {},
  ended: {},
});

/** All that a server says; others are of a later protocol. */
export const MESSAGES = new Set(Object.values(TRANSITIONS).flatMap(Object.keys));

/** What ends a feed or a subscription, or refuses a call; `code` says which. */
export class FeedError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "FeedError";
    this.code = code;
  }
}

/** A message that the protocol does not allow there; ends one connection. */
export class ServerViolation extends Error {}

/** The pause in seconds after so many failures in a row: exponential, full jitter. */
export function delayS({ firstS, capS }, failures, random) {
  if (failures <= 0) return 0;
  return random() * Math.min(capS, firstS * 2 ** Math.min(failures - 1, 32));
}

const utf8 = new TextEncoder();

/** How long a text is in UTF-8. */
export const bytesOf = (text) => utf8.encode(text).length;
