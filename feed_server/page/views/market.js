/**
 * The market: every product of a period, live; searched, filtered by colour, sorted.
 *
 * Figures are as new as the feed; the order is made anew once a second, and not while
 * somebody is at a row, so that no row jumps away from who is about to open it.
 */

import { h, setAttribute, setText } from "../dom.js";
import { COLOURS, chosen } from "../market_rows.js";
import { drawBars, drawLine } from "../sparkline.js";
import { VirtualTable } from "../virtual_table.js";
import { brief, count, exact, money, percent, short, shown, signed } from "../text.js";

export const name = "market";
export const title = "Market";

const ORDER_S = 1;
/** How long a row is marked after it changed. */
const FRESH_S = 0.8;
const DAY_S = 86_400;
const DAY_SLICE_S = 3_600;
const ALL = "all";
const NEWEST = "newest";

export function create(page) {
  return new Market(page);
}

class Market {
  #page;
  #table;
  #asked = { search: "", by: "imbalance", descending: true };
  #period = NEWEST;
  #colours = new Set();
  #orderedAt = -Infinity;
  #version = -1;
  #isAsked = true;

  constructor(page) {
    this.#page = page;
    this.#table = new VirtualTable({
      label: "Products of the market",
      columns: columns(page, () => this.#period === ALL),
      linkOf: (entry) => entry.href,
      isFresh: (entry) => page.seconds() - entry.changedAt < FRESH_S,
      onSort: (by) => this.#sort(by),
      onFrame: () => page.frame(),
    });
    this.search = h("input", {
      type: "search",
      id: "search",
      placeholder: "Search products",
      autocomplete: "off",
      spellcheck: "false",
      input: () => this.#ask({ search: this.search.value.trim().toLowerCase() }),
    });
    this.period = h("select", {
      id: "period",
      change: () => {
        this.#period = this.period.value;
        this.#ask({});
      },
    });
    this.buttons = COLOURS.map((colour) => this.#colourButton(colour));
    this.found = h("p.found", { role: "status" });
    this.empty = h("p.empty", {});
    this.element = h(
      "section.market",
      { "aria-label": "Market" },
      h("h2.unseen", {}, "Market"),
      h(
        "div.tools",
        {},
        h("label", { for: "search" }, h("span.unseen", {}, "Search products"), this.search),
        h("label", { for: "period" }, "Period ", this.period),
        h(
          "div.colours",
          { role: "group", "aria-label": "Only products whose imbalance is" },
          ...this.buttons.map(({ element }) => element),
        ),
        this.found,
      ),
      this.#table.element,
      this.empty,
    );
  }

  show() {
    this.#isAsked = true;
  }

  measure() {
    this.#table.measure();
  }

  print(isPrinting) {
    this.#table.print(isPrinting);
  }

  update() {
    const { market } = this.#page;
    const now = this.#page.seconds();
    const isNew = market.version !== this.#version;
    const isDue = now - this.#orderedAt >= ORDER_S && !this.#table.isHeld;
    if (this.#isAsked || isNew || isDue) this.#order(now);
    this.#table.draw();
  }

  #order(now) {
    const { market } = this.#page;
    this.#orderedAt = now;
    this.#version = market.version;
    this.#isAsked = false;
    this.#offerPeriods(market.periods);
    const period =
      this.#period === ALL ? null : this.#period === NEWEST ? market.periods[0] : this.#period;
    const all = { ...this.#asked, period: period ?? null, colours: null };
    const inPeriod = chosen(market.entries.values(), all);
    this.#countColours(inPeriod);
    const isFiltered = this.#colours.size > 0;
    const entries = isFiltered
      ? inPeriod.filter(({ row }) => this.#colours.has(row.imbalance?.colour))
      : inPeriod;
    this.#table.show(entries, this.#asked);
    setText(this.found, `${count(entries.length)} of ${count(market.entries.size)}`);
    setText(this.empty, entries.length > 0 ? "" : this.#whyEmpty());
  }

  #whyEmpty() {
    const { market } = this.#page;
    if (!market.isLoaded) return "Waiting for the market.";
    if (market.entries.size === 0)
      return "Nothing has happened in this market yet. Hand in events, or run: parfeed demo";
    return "No product fits. Search for less, or take a filter away.";
  }

  #offerPeriods(periods) {
    const offered = [
      [NEWEST, periods.length > 0 ? `newest (${periods[0]})` : "newest"],
      [ALL, "all"],
      ...periods.map((period) => [period, period]),
    ];
    const signature = offered.flat().join("\n");
    if (this.period.dataset.offered === signature) return;
    this.period.dataset.offered = signature;
    this.period.replaceChildren(
      ...offered.map(([value, text]) => h("option", { value }, text)),
    );
    if (!offered.some(([value]) => value === this.#period)) this.#period = NEWEST;
    this.period.value = this.#period;
  }

  #colourButton(colour) {
    const number = h("span.number");
    const element = h(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        click: () => {
          const isOn = !this.#colours.delete(colour);
          if (isOn) this.#colours.add(colour);
          setAttribute(element, "aria-pressed", `${isOn}`);
          this.#ask({});
        },
      },
      h("span.chip", { "data-mark": colour, "aria-hidden": "true" }),
      `${colour} `,
      number,
    );
    return { colour, element, number };
  }

  #countColours(entries) {
    const counts = {};
    for (const { row } of entries) {
      const colour = row.imbalance?.colour;
      counts[colour] = (counts[colour] ?? 0) + 1;
    }
    for (const { colour, number } of this.buttons)
      setText(number, count(counts[colour] ?? 0));
  }

  #sort(by) {
    const isSame = this.#asked.by === by;
    const descending = isSame ? !this.#asked.descending : by !== "product";
    this.#ask({ by, descending });
  }

  #ask(change) {
    Object.assign(this.#asked, change);
    this.#isAsked = true;
    this.#page.frame();
  }
}

function columns(page, isAll) {
  const figure = (name, title, importance, of, more = {}) => ({
    name,
    title,
    importance,
    rem: 5.5,
    of: (entry) => short(of(entry)),
    tip: (entry) => exact(of(entry)),
    classes: ["figure"],
    ...more,
  });
  const price = (name, title, importance, of, more = {}) =>
    figure(name, title, importance, of, { of: (entry) => money(of(entry)), ...more });
  return [
    {
      name: "product",
      title: "Product",
      importance: 0,
      rem: 5,
      of: (entry) => brief(entry.row.product_id),
      tip: (entry) => brief(entry.row.product_id, 500),
    },
    {
      name: "period",
      title: "Period",
      importance: 2,
      rem: 7,
      of: ({ row }) => shown(row.period),
      isOf: isAll,
    },
    {
      name: "imbalance",
      title: "Imbalance",
      about: "200 (S − D) / (S + D) of planned supply and demand",
      importance: 1,
      rem: 6.5,
      of: ({ row }) => percent(row.imbalance?.percent),
      mark: ({ row }) => row.imbalance?.colour ?? null,
      classes: ["figure", "marked"],
    },
    {
      name: "trend",
      title: "seen",
      about: "The imbalance since this page was opened",
      importance: 6,
      rem: 5.5,
      draw: (canvas, { history }) =>
        drawLine(canvas, history.times(), history.values("imbalance"), page.inks, {
          zero: 0,
          until: page.seconds(),
        }),
      unsorted: true,
    },
    figure("supply", "Supply", 4, ({ row }) => row.supply.planned, {
      about: "Planned supply S: the standing bids",
    }),
    figure("demand", "Demand", 4, ({ row }) => row.demand.planned, {
      about: "Planned demand D: the standing plan lines",
    }),
    figure("produced", "Made", 9, ({ row }) => row.supply.produced, {
      about: "What was really made so far",
    }),
    figure("bought", "Bought", 5, (entry) => entry.bought, {
      about: "What was really bought so far, planned or not",
    }),
    figure("unplanned", "unplanned", 7, (entry) => entry.unplannedBought, {
      rem: 6,
      about: "What of it was bought outside of the plan",
    }),
    {
      name: "day",
      title: "its day",
      about: "Unplanned purchases of the last day before the row's newest event",
      importance: 7,
      rem: 5.5,
      draw: (canvas, { row }) =>
        drawBars(
          canvas,
          row.rolling.day.buckets,
          Date.parse(row.occurred_at) / 1000,
          DAY_S,
          DAY_SLICE_S,
          page.inks,
        ),
      unsorted: true,
    },
    price("price", "Price", 3, (entry) => entry.price, {
      rem: 5,
      about: "The planned price; in italics the announced one, while rounds go on",
      mark: ({ row, price }) =>
        row.price.planned === null && price !== null ? "announced" : null,
    }),
    price("indicative", "Indicative", 5, ({ row }) => row.price.indicative, {
      about: "What the price rule would announce if the round ended now",
      rem: 6,
      isOf: ({ row }) => row.price.planned === null && row.price.indicative !== null,
    }),
    price("asked", "Unplanned", 5, ({ row }) => row.price.unplanned, {
      about: "The least unplanned price that any company asks",
      rem: 6,
      isOf: ({ row }) => row.price.unplanned !== null,
    }),
    price("difference", "Differ.", 8, ({ row }) => row.price.difference, {
      about: "Unplanned less planned price",
      of: ({ row }) => signed(row.price.difference),
      isOf: ({ row }) => row.price.difference !== null,
    }),
  ];
}
