/**
 * PURE. Events on their way to the feed: in messages, answered one by one.
 *
 * The rules are those of parfeed/client/outbox.py: an event stays here until it has a
 * result, over any number of connections; at most MAX_UNDER_WAY messages are unanswered,
 * one while the feed says that it cannot take more; and no faster than it allows.
 */

import {
  MAX_EVENT_BYTES,
  MAX_MESSAGE_BYTES,
  ServerViolation,
  bytesOf,
  delayS,
} from "./protocol.js";

/** Unanswered `publish` messages: 1 MiB, which any connection carries. */
const MAX_UNDER_WAY = 16;
/** Of the allowed rate: what the server's clock and ours disagree about stays below it. */
const RATE_SHARE = 0.9;
/** The pause when the allowed rate is used up. */
const PACE_S = 0.05;

const BUSY = Object.freeze({ firstS: 0.1, capS: 5 });

/** Events that were handed in together; `promise` has what came of each. */
class Submission {
  constructor(texts, wantsVerdict) {
    this.texts = texts;
    this.wantsVerdict = wantsVerdict;
    this.results = texts.map(() => null);
    this.outcomes = texts.map(() => null);
    this.again = new Set();
  }

  get isDone() {
    const answers = this.wantsVerdict ? this.outcomes : this.results;
    return this.results.every(Boolean) && answers.every(Boolean);
  }

  settle(index, result) {
    this.results[index] = result;
    if (!this.wantsVerdict || !result.error) return;
    const { event_id, error, detail } = result;
    this.outcomes[index] = { event_id, verdict: "refused", error, detail };
  }

  unknown(index, detail) {
    const { event_id, topic, partition, offset } = this.results[index];
    const verdict = "unknown";
    this.outcomes[index] = { event_id, verdict, topic, partition, offset, detail };
  }
}

/**
 * Events on their way, answered one by one. What has no result when a connection goes is
 * sent again as it was: it counts once by its event_id.
 */
export class Outbox {
  constructor(random) {
    this.random = random;
    this.waiting = []; // places that are not under way: [order, submission, index]
    this.underWay = new Map();
    this.judged = new Map();
    this.orders = 0;
    this.messages = 0;
    this.givesVerdicts = false;
    this.rate = 0;
    this.allowance = 0;
    this.filledAt = 0;
    this.pausedUntil = 0;
    this.busy = 0;
    this.busySince = 0;
  }

  submit(texts, wantsVerdict) {
    const submission = new Submission(texts, wantsVerdict);
    texts.forEach((text, index) => {
      const bytes = bytesOf(text);
      if (bytes > MAX_EVENT_BYTES) {
        const detail = `${bytes} bytes; ${MAX_EVENT_BYTES} may be`;
        const event_id = eventIdOf(text);
        submission.settle(index, { event_id, error: "too_large", detail });
      } else this.waiting.push([this.orders++, submission, index]);
    });
    return submission;
  }

  connected(limits, now) {
    this.bytes = Math.min(limits.message_bytes, MAX_MESSAGE_BYTES);
    this.rate = limits.publish_per_s * RATE_SHARE;
    this.givesVerdicts = Number.isFinite(limits.verdict_s);
    this.allowance = this.#burst;
    this.filledAt = this.pausedUntil = now;
  }

  lost() {
    for (const places of this.underWay.values()) this.#putBack(places);
    this.underWay.clear();
    const touched = new Set();
    for (const places of this.judged.values())
      for (const place of places)
        if (place) {
          place[1].unknown(place[2], "the connection was lost before the verdict came");
          touched.add(place[1]);
        }
    this.judged.clear();
    return done(touched);
  }

  message(now) {
    if (this.underWay.size >= this.#window || now < this.pausedUntil) return null;
    if (this.waiting.length === 0) return null;
    const earned = Math.max(0, now - this.filledAt) * this.rate;
    this.allowance = Math.min(this.#burst, this.allowance + earned);
    this.filledAt = now;
    const most = Math.floor(this.allowance);
    if (most < 1) {
      this.pausedUntil = now + PACE_S;
      return null;
    }
    const id = `p${++this.messages}`;
    const asks = this.waiting[0][1].wantsVerdict;
    const tail = asks && this.givesVerdicts ? '],"verdict":true}' : "]}";
    const head = `{"type":"publish","id":"${id}","events":[`;
    let left = this.bytes - head.length - tail.length;
    let count = 0;
    for (const [, submission, index] of this.waiting) {
      left -= bytesOf(submission.texts[index]) + 1;
      const fits = left >= 0 && submission.wantsVerdict === asks;
      if (count === most || (count > 0 && !fits)) break;
      count += 1;
    }
    const places = this.waiting.splice(0, count);
    this.allowance -= count;
    this.underWay.set(id, places);
    return head + places.map(([, s, index]) => s.texts[index]).join(",") + tail;
  }

  wakeAt(now) {
    if (this.underWay.size >= this.#window || this.waiting.length === 0) return null;
    return Math.max(now, this.pausedUntil);
  }

  acknowledge({ id, results }, now) {
    const places = this.underWay.get(id);
    if (!places || places.length !== results?.length)
      throw new ServerViolation(`an answer to ${id} that does not fit what was sent`);
    this.underWay.delete(id);
    const again = [];
    const touched = new Set();
    const judged = places.map((place, at) => {
      const [, submission, index] = place;
      const result = results[at];
      if (result.error === "unavailable") {
        again.push(place);
        return null;
      }
      touched.add(submission);
      submission.settle(index, result);
      if (!submission.wantsVerdict || result.error) return null;
      if (this.givesVerdicts) return place;
      submission.unknown(index, "this feed gives no verdicts");
      return null;
    });
    if (judged.some(Boolean)) this.judged.set(id, judged);
    if (again.length > 0) {
      this.#pause(id, now);
      this.#putBack(again);
    } else if (numberOf(id) > this.busySince) this.busy = 0;
    return done(touched);
  }

  /** Take the refusal of a whole message; null if the message is none of these. */
  refuse(error, now) {
    const places = this.underWay.get(error.id);
    if (!places) return null;
    this.underWay.delete(error.id);
    if (error.retry) {
      this.#pause(error.id, now);
      this.#putBack(places);
      return [];
    }
    const touched = new Set();
    for (const [, submission, index] of places) {
      const event_id = eventIdOf(submission.texts[index]);
      submission.settle(index, { event_id, error: error.code, detail: error.message });
      touched.add(submission);
    }
    return done(touched);
  }

  judge({ id, results }) {
    const places = this.judged.get(id);
    if (!places) return []; // all of its events were refused, or went again
    this.judged.delete(id);
    if (places.length !== results?.length)
      throw new ServerViolation(`a verdict on ${id} that does not fit what was sent`);
    const touched = new Set();
    places.forEach((place, at) => {
      if (!place) return;
      const [, submission, index] = place;
      if (results[at].error === "duplicate" && submission.again.has(index))
        submission.unknown(index, "it was sent again after a lost answer");
      else submission.outcomes[index] = results[at];
      touched.add(submission);
    });
    return done(touched);
  }

  get #window() {
    return this.busy ? 1 : MAX_UNDER_WAY;
  }

  get #burst() {
    return Math.max(1, this.rate / 2);
  }

  #pause(id, now) {
    // Answers to what was sent before the newest failure say nothing new.
    if (numberOf(id) <= this.busySince) return;
    this.busy += 1;
    this.busySince = this.messages;
    const until = now + delayS(BUSY, this.busy, this.random);
    this.pausedUntil = Math.max(this.pausedUntil, until);
  }

  #putBack(places) {
    for (const [, submission, index] of places) submission.again.add(index);
    this.waiting = [...places, ...this.waiting].sort((a, b) => a[0] - b[0]);
  }
}

const done = (submissions) => [...submissions].filter((one) => one.isDone);
const numberOf = (id) => Number(id.slice(1));

function eventIdOf(text) {
  const { event_id } = JSON.parse(text);
  return typeof event_id === "string" ? event_id : null;
}
