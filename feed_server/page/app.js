/**
 * The composition root: one feed, the market's rows, the views, and when to draw.
 *
 * Messages only fill inboxes; what changed is taken and drawn once per frame, so a page
 * that is slow or hidden shows the newest figures later, never old ones.
 */

import { connect } from "./parfeed.js";
import { h, setText } from "./dom.js";
import { MarketRows } from "./market_rows.js";
import { inks } from "./sparkline.js";
import { Status } from "./status.js";
import { VIEWS } from "./views.js";

/** Updates a second: as many as an eye follows; what changes between them is merged. */
const MARKET_RATE = 10;
/** How often times, lags and marks are brought up to date though nothing comes. */
const CLOCK_MS = 500;

const beganAt = Date.now() - performance.now();

class Page {
  #shown = null;
  #made = new Map();
  #links = new Map();
  #isWanted = false;

  constructor() {
    const address = new URL("./", location.href.split("#")[0]);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.search = "";
    this.feed = connect(address.href, { client: "parfeed-page/1" });
    this.market = new MarketRows(
      this.feed.subscribe("market", { maxRate: MARKET_RATE }),
    );
    this.status = new Status(this);
    this.inks = inks();
    this.#listen();
    this.#navigation();
    this.#route();
  }

  /** Seconds since the page began. */
  seconds() {
    return performance.now() / 1000;
  }

  /** The reader's time of day at such a second. */
  timeOf(seconds) {
    return new Date(beganAt + 1000 * seconds).toTimeString().slice(0, 8);
  }

  /** Ask to be drawn with the next frame. */
  frame() {
    if (this.#isWanted) return;
    this.#isWanted = true;
    requestAnimationFrame(() => {
      this.#isWanted = false;
      this.#draw();
    });
  }

  #draw() {
    const changes = this.market.take(this.seconds());
    this.#shown?.update(changes);
    this.status.update();
  }

  #listen() {
    const frame = () => this.frame();
    for (const kind of ["rows", "state", "notice"])
      this.feed.addEventListener(kind, frame);
    this.feed.addEventListener("heartbeat", () => {
      // Nothing is drawn while hidden; what is seen is noted all the same.
      if (document.hidden) this.market.take(this.seconds());
      else this.frame();
    });
    setInterval(frame, CLOCK_MS);
    const measure = () => this.#measure();
    addEventListener("resize", measure);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", measure);
    addEventListener("hashchange", () => this.#route(true));
    addEventListener("beforeprint", () => this.#shown?.print?.(true));
    addEventListener("afterprint", () => this.#shown?.print?.(false));
  }

  #navigation() {
    const views = document.getElementById("views");
    for (const { name, title, listed = true } of VIEWS) {
      if (!listed) continue;
      const link = h("a", { href: `#/${name}` }, title);
      this.#links.set(name, link);
      views.append(link);
    }
    const button = document.getElementById("theme");
    const say = () => {
      const { chosen } = globalThis.parfeedTheme;
      setText(button.querySelector(".word"), chosen);
      button.setAttribute("aria-label", `Theme: ${chosen}`);
    };
    button.addEventListener("click", () => {
      globalThis.parfeedTheme.next();
      say();
      this.#measure();
    });
    say();
  }

  #measure() {
    this.inks = inks();
    this.#shown?.measure?.();
    this.frame();
  }

  #route(isMoving = false) {
    const [name, ...parts] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
    if (location.hash === "#view") return; // the way past the navigation
    const view = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
    if (!this.#made.has(view.name)) this.#made.set(view.name, view.create(this));
    const made = this.#made.get(view.name);
    const main = document.getElementById("view");
    if (this.#shown !== made) {
      this.#shown?.hide?.();
      this.#shown = made;
      main.replaceChildren(made.element);
    }
    for (const [of, link] of this.#links)
      if (of === view.name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    made.show(...parts);
    made.measure?.();
    document.title = `${made.title?.() ?? view.title} · parfeed`;
    if (isMoving) main.focus({ preventScroll: true });
    this.frame();
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand: no product has such a name, and the view says so
  }
}

new Page();
