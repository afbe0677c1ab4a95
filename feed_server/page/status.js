/**
 * How live the figures are, always in sight.
 *
 * Live means: connected, complete up to the cursor, heard of within three heartbeats.
 * Otherwise the figures stay and are marked as old, and a banner says since when and why.
 */

import { setText } from "./dom.js";
import { count, duration } from "./text.js";

const SILENT_HEARTBEATS = 3;
/** Over which changes per second are counted. */
const RATE_S = 5;
/** Seconds without a connection after which the server is asked what is the matter. */
const ASK_AFTER_S = 1.5;

export class Status {
  #page;
  #state = document.getElementById("state");
  #facts = document.getElementById("facts");
  #banner = document.getElementById("banner");
  #liveAt = null;
  #samples = [];
  #askedAt = -Infinity;
  #diagnosis = "";

  constructor(page) {
    this.#page = page;
  }

  /** Bring everything up to date. */
  update() {
    const { feed, market } = this.#page;
    const now = this.#page.seconds();
    const isHeard = feed.silenceS < SILENT_HEARTBEATS * feed.heartbeatS;
    const isLive = feed.isOpen && isHeard && market.isCurrent;
    if (isLive) {
      this.#liveAt = now;
      this.#diagnosis = "";
    } else this.#ask(now);
    const word = isLive ? "live" : this.#word();
    document.body.dataset.state = isLive ? "live" : market.isLoaded ? "stale" : "waiting";
    setText(this.#state, word);
    setText(this.#facts, this.#said(now, isLive));
    const warning = isLive ? "" : this.#warning();
    this.#banner.hidden = warning === "";
    setText(this.#banner, warning);
  }

  #word() {
    const { feed, market } = this.#page;
    if (feed.state === "ended") return "ended";
    if (feed.isOpen) return market.isLoaded ? "catching up" : "loading";
    return this.#liveAt === null ? "connecting" : "stale";
  }

  #said(now, isLive) {
    const { feed, market } = this.#page;
    const { lag_ms: lag, occurred_at: newest } = feed.watermark;
    const facts = [`${count(market.entries.size)} rows`];
    if (isLive) facts.push(`${count(this.#rate(now))} changes/s`);
    if (isLive && lag !== null) facts.push(`lag ${count(lag)} ms`);
    if (!isLive || feed.silenceS > 2) facts.push(`heard ${duration(feed.silenceS)} ago`);
    if (newest) facts.push(`newest event ${`${newest}`.slice(0, 19).replace("T", " ")} UTC`);
    const mended = feed.gaps + feed.mismatches;
    if (mended > 0) facts.push(`mended ${count(mended)} times`);
    return facts.join(" · ");
  }

  #rate(now) {
    const { changes } = this.#page.market;
    this.#samples.push([now, changes]);
    while (this.#samples[0][0] < now - RATE_S) this.#samples.shift();
    const [begun, before] = this.#samples[0];
    return (changes - before) / Math.max(1, now - begun);
  }

  #warning() {
    const { feed } = this.#page;
    if (feed.error) return `${feed.error.message}. Reload the page to come back.`;
    if (feed.isOpen && this.#liveAt === null) return "";
    if (feed.isOpen) return "Asking for what has changed since; figures are from before.";
    const why = this.#diagnosis || feed.lastLoss;
    if (this.#liveAt === null) return why && `No connection yet: ${why}. Trying again.`;
    const since = this.#page.timeOf(this.#liveAt);
    return `Not connected since ${since}: figures are as of then. ${why}. Trying again.`;
  }

  // A page is not told why a handshake was refused; plain HTTP tells.
  #ask(now) {
    const { feed } = this.#page;
    const aloneS = now - (this.#liveAt ?? 0);
    if (feed.isOpen || aloneS < ASK_AFTER_S || now - this.#askedAt < 5) return;
    this.#askedAt = now;
    fetch("health", { cache: "no-store" }).then(
      (response) => {
        this.#diagnosis = response.ok
          ? this.#there()
          : "The server is loading the market or stopping";
      },
      () => {
        this.#diagnosis = "The server does not answer";
      },
    );
  }

  #there() {
    if (this.#liveAt !== null) return "The server is there, its feed not yet";
    return (
      "The server is there but does not take this page; if that stays, list " +
      `${location.origin} in PARFEED_ORIGINS`
    );
  }
}
