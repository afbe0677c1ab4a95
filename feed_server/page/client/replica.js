/**
 * PURE. A subscription's rows as the feed has them, and what its reader has not taken.
 *
 * The rules are those of parfeed/client/replica.py and inbox.py: an update applies only
 * if its `from` is the cursor, a heartbeat proves the rows by their checksum, and what
 * waits for a reader is bounded (newest version wins, and the merged are counted).
 */

import { ServerViolation } from "./protocol.js";

/** Versions that wait for the reader of a stream; past it they are merged. */
const STREAM_ROWS = 16384;

// The checksum: the sum modulo 2^32 of the CRC-32 of each row's JSON text.

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const utf8 = new TextEncoder();
let scratch = new Uint8Array(4096);

/** The CRC-32 (of zlib) of a text in UTF-8, unsigned. */
export function crc32(text) {
  // A character takes 3 bytes at most (4 where it is two units).
  if (scratch.length < 3 * text.length) scratch = new Uint8Array(6 * text.length);
  const bytes = scratch;
  const { written } = utf8.encodeInto(text, bytes);
  let crc = ~0;
  for (let at = 0; at < written; at++) crc = CRC[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The rows of one subscription as the feed has them, by the strict rules. */
export class Replica {
  #namedBy;
  #crcs = new Map();

  constructor(namedBy) {
    this.#namedBy = namedBy;
    /** By `keyOf`, the rows. Live. */
    this.rows = new Map();
    /** Up to where the rows are complete; null if only a snapshot helps. */
    this.cursor = null;
    this.checksum = 0;
    /** Whether updates apply. */
    this.isCurrent = false;
  }

  /** What names a row: its naming fields, one per line. */
  keyOf(row) {
    let key = "";
    for (const field of this.#namedBy) {
      const value = row?.[field];
      if (typeof value !== "string" && !Number.isInteger(value))
        throw new ServerViolation(`a row without its ${field}`);
      // Identifiers hold no control characters, so no two names give one key.
      key = key === "" ? `${value}` : `${key}\n${value}`;
    }
    return key;
  }

  /** Replace all rows and become current; returns [key, row] of each. */
  applySnapshot({ cursor, rows }) {
    const change = this.#named(rows);
    this.rows.clear();
    this.#crcs.clear();
    this.checksum = 0;
    this.#put(change);
    this.cursor = cursor;
    this.isCurrent = true;
    return change;
  }

  /** Apply an update that follows; returns "applied", "left aside" or "gap", and rows. */
  applyUpdate({ from, to, rows }) {
    if (this.cursor === null || from !== this.cursor) {
      if (!this.isCurrent) return ["left aside", []];
      this.isCurrent = false;
      return ["gap", []];
    }
    const change = this.#named(rows);
    this.#put(change);
    this.cursor = to;
    this.isCurrent = true;
    return ["applied", change];
  }

  /** Compare with a heartbeat's checksum; "applied", "left aside" or "mismatch". */
  prove(cursor, checksum) {
    if (!this.isCurrent) return "left aside";
    if (checksum !== this.checksum) {
      this.void();
      return "mismatch";
    }
    this.cursor = cursor;
    return "applied";
  }

  /** Give up the cursor: only a snapshot makes the rows current again. */
  void() {
    this.cursor = null;
    this.isCurrent = false;
  }

  /** Take no more updates until one follows on the cursor: the connection went. */
  pause() {
    this.isCurrent = false;
  }

  #named(rows) {
    if (!Array.isArray(rows)) throw new ServerViolation("a message without its rows");
    return rows.map((row) => [this.keyOf(row), row]);
  }

  #put(change) {
    let checksum = this.checksum;
    for (const [key, row] of change) {
      const crc = crc32(JSON.stringify(row));
      // Differences of 32-bit numbers: >>> 0 at each step keeps the sum exact.
      checksum = (checksum + crc - (this.#crcs.get(key) ?? 0)) >>> 0;
      this.#crcs.set(key, crc);
      this.rows.set(key, row);
    }
    this.checksum = checksum;
  }
}

/** What changed since the reader last looked: bounded, whatever the reader does. */
export class Inbox {
  constructor(isStream) {
    this.bound = isStream ? STREAM_ROWS : 0;
    this.#clear();
  }

  #clear() {
    this.stream = [];
    this.newest = new Map();
    this.merged = 0;
    this.isSnapshot = false;
    this.waits = false;
  }

  replace(change) {
    const merged = this.merged + this.newest.size + this.stream.length;
    this.#clear();
    this.merged = merged;
    this.newest = new Map(change);
    this.isSnapshot = true;
    this.waits = true;
  }

  add(change, merged) {
    this.merged += merged;
    if (change.length === 0) return;
    this.waits = true;
    if (this.stream.length + change.length <= this.bound) {
      this.stream.push(...change);
      return;
    }
    for (const [key, row] of [...this.stream, ...change]) {
      // Taken out first, so that the order is that of the last change.
      if (this.newest.delete(key)) this.merged += 1;
      this.newest.set(key, row);
    }
    this.stream = [];
  }

  take() {
    if (!this.waits) return null;
    const { merged, isSnapshot } = this;
    const change = [...this.newest, ...this.stream];
    this.#clear();
    return {
      keys: change.map(([key]) => key),
      changed: change.map(([, row]) => row),
      merged,
      isSnapshot,
    };
  }
}
