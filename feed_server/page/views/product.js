/**
 * One product in a period: its figures, charts of what this page has seen of it, its
 * other periods, and the source records that the figures come from.
 */

import { Chart } from "../chart.js";
import { fillRows, h, setText, wideTable } from "../dom.js";
import { SERIES } from "../history.js";
import { productPath } from "../market_rows.js";
import {
  ABSENT,
  bought,
  brief,
  clock,
  count,
  exact,
  money,
  percent,
  shown,
  signed,
} from "../text.js";

export const name = "product";
export const title = "Product";
export const listed = false;

/** Charts are drawn so often at most; the figures with every frame. */
const CHARTS_S = 0.25;

export function create(page) {
  return new Product(page);
}

class Product {
  #page;
  #productId = "";
  #period = "";
  #entry = null;
  #row = null;
  #chartsAt = -Infinity;
  #figures = new Map();

  constructor(page) {
    this.#page = page;
    this.heading = h("h2.name");
    this.summary = h("p.summary");
    this.missing = h("p.empty", { role: "status" });
    this.charts = charts((seconds) => page.timeOf(seconds));
    this.periods = h("tbody");
    this.positions = h("tbody");
    this.comes = h("p");
    this.content = h(
      "div.content",
      {},
      h("dl.figures", {}, ...this.#figureList()),
      h("h3", {}, "Since this page was opened"),
      h("div.charts", {}, ...Object.values(this.charts).map(({ element }) => element)),
      h("h3", {}, "Its periods"),
      wideTable("Periods of this product", PERIOD_COLUMNS, this.periods),
      h("h3", {}, "Where these figures come from"),
      this.comes,
      wideTable("Source records", ["topic", "last record in these figures"], this.positions),
    );
    this.element = h(
      "section.product",
      { "aria-label": "Product" },
      h("p.back", {}, h("a", { href: "#/market" }, "← Market")),
      this.heading,
      this.summary,
      this.missing,
      this.content,
    );
  }

  title() {
    return brief(this.#productId, 40);
  }

  show(productId = "", period = "") {
    this.#productId = productId;
    this.#period = period;
    this.#entry = this.#row = null;
    setText(this.heading, brief(productId, 300));
    globalThis.scrollTo(0, 0);
  }

  update() {
    const { market } = this.#page;
    const periods = market.byProduct.get(this.#productId) ?? [];
    const newestFirst = [...periods].sort((a, b) => (a.row.period < b.row.period ? 1 : -1));
    const entry =
      newestFirst.find(({ row }) => row.period === this.#period) ??
      (this.#period === "" ? newestFirst[0] : undefined);
    this.content.hidden = entry === undefined;
    setText(this.missing, entry === undefined ? this.#whyMissing() : "");
    if (entry === undefined) return;
    const isOther = entry !== this.#entry;
    if (isOther || entry.row !== this.#row) {
      this.#entry = entry;
      this.#row = entry.row;
      this.#showFigures(entry);
      this.#showPositions(entry.row);
    }
    const now = this.#page.seconds();
    if (isOther || now - this.#chartsAt >= CHARTS_S) {
      this.#chartsAt = now;
      this.#drawCharts(entry);
      fillRows(this.periods, newestFirst.map((one) => periodCells(one, entry)));
    }
  }

  #whyMissing() {
    const { market } = this.#page;
    if (!market.isLoaded) return "Waiting for the market.";
    const period = this.#period === "" ? "" : ` in ${shown(this.#period)}`;
    return `The market has no product of this name${period}.`;
  }

  #figureList() {
    return FIGURES.map(([term, of]) => {
      const figure = h("span");
      const note = h("small");
      const value = h("dd", {}, figure, note);
      const box = h("div", {}, h("dt", {}, term), value);
      this.#figures.set(term, { box, value, figure, note, of });
      return box;
    });
  }

  #showFigures({ row }) {
    for (const { box, value, figure, note, of } of this.#figures.values()) {
      const [text, more = ""] = [of(row)].flat();
      box.hidden = text === null;
      setText(figure, `${text}`);
      setText(note, more);
      if (of === imbalanceOf) value.dataset.mark = row.imbalance?.colour ?? "";
    }
    const { planning, price } = row;
    const state =
      price.planned !== null
        ? "The prices of this period stand."
        : planning.round > 0
          ? `Planned just now: round ${planning.round}.`
          : "No price was announced yet.";
    const flags = planning.flags.map((flag) => FLAGS[flag] ?? flag);
    setText(this.summary, [`Period ${shown(row.period)}.`, state, ...flags].join(" "));
  }

  #showPositions(row) {
    const places = Object.entries(row.positions);
    fillRows(
      this.positions,
      places.map(([topic, offset]) => [shown(topic), `offset ${count(offset)}`]),
    );
    setText(
      this.comes,
      `${count(row.sequence)} events made this row; the newest happened at ` +
        `${clock(row.occurred_at, true)}, the last of them reached Kafka at ` +
        `${clock(row.received_at, true)}. Every record of this product up to these ` +
        "places, in its partition, is in the figures, and none behind them.",
    );
  }

  #drawCharts({ history }) {
    // What has not changed is so up to now.
    const times = [...history.times(), this.#page.seconds()];
    const values = Object.fromEntries(
      SERIES.map((each) => {
        const seen = history.values(each);
        return [each, [...seen, seen[seen.length - 1]]];
      }),
    );
    for (const chart of Object.values(this.charts)) chart.draw(times, values);
  }
}

const imbalanceOf = (row) => percent(row.imbalance?.percent);

const FLAGS = {
  no_bid: "No company bids for it, so its price stays.",
  no_demand: "Nobody wants it, so its price stays.",
};

/** A term, and a function of the row: a text, [text, note], or null to leave it out. */
const FIGURES = [
  ["Imbalance", imbalanceOf],
  ["Planned supply", (row) => [exact(row.supply.planned), from(row.planning.bids, "bid")]],
  ["Planned demand", (row) => [exact(row.demand.planned), from(row.planning.plans, "line")]],
  ["Made", (row) => exact(row.supply.produced)],
  ["Bought as planned", (row) => exact(bought(row).planned)],
  ["Bought unplanned", (row) => exact(bought(row).unplanned)],
  ["Planned price", ({ price }) => money(price.planned, 20)],
  ["Announced price", ({ price, planning }) => inRound(price, planning)],
  ["Indicative price", ({ price }) => whilePlanned(price, price.indicative)],
  ["Expected imbalance", ({ planning }) => orNothing(planning.forecast_percent, percent)],
  ["Least unplanned price", ({ price }) => asked(price)],
  ["Paid unplanned, on average", ({ price }) => money(price.unplanned_mean, 20)],
  ["Unplanned less planned", ({ price }) => orNothing(price.difference, signed)],
  ["Unplanned, last hour", ({ rolling }) => rolled(rolling.hour)],
  ["Unplanned, last day", ({ rolling }) => rolled(rolling.day)],
  ["Denied lines", ({ planning }) => denied(planning)],
];

const from = (number, what) =>
  number > 0 ? `${count(number)} ${what}${number === 1 ? "" : "s"}` : "";
const orNothing = (decimal, write) => (decimal == null ? null : write(decimal));
const whilePlanned = (price, decimal) =>
  price.planned === null && decimal !== null ? money(decimal, 20) : null;
const inRound = (price, planning) =>
  price.planned === null && price.announced !== null
    ? [money(price.announced, 20), `round ${planning.round}`]
    : null;
const asked = (price) =>
  price.unplanned === null
    ? ABSENT
    : [money(price.unplanned, 20), brief(price.unplanned_company ?? "", 64)];
const rolled = (window) => [
  exact(window.quantity),
  window.mean_price === null ? "" : `at ${money(window.mean_price, 20)} on average`,
];
const denied = (planning) =>
  planning.denied === 0
    ? null
    : [count(planning.denied), `${exact(planning.denied_quantity)} units`];

const PERIOD_COLUMNS = [
  "period",
  "supply",
  "demand",
  "imbalance",
  "made",
  "bought planned",
  "unplanned",
  "planned price",
  "paid unplanned",
];

function periodCells({ row }, shownEntry) {
  const { planned, unplanned } = bought(row);
  const isShown = row === shownEntry.row;
  const link = h(
    "a",
    {
      href: productPath(row.product_id, row.period),
      "aria-current": isShown ? "true" : null,
    },
    shown(row.period),
  );
  return [
    link,
    exact(row.supply.planned),
    exact(row.demand.planned),
    percent(row.imbalance?.percent),
    exact(row.supply.produced),
    exact(planned),
    exact(unplanned),
    money(row.price.planned, 20),
    money(row.price.unplanned_mean, 20),
  ];
}

function charts(timeOf) {
  const chart = (chartTitle, lines, more = {}) =>
    new Chart({ title: chartTitle, lines, across: timeOf, ...more });
  const line = (of, lineTitle, classes) => ({ name: of, title: lineTitle, classes });
  return {
    quantities: chart(
      "Supply and demand, units",
      [
        line("supply", "planned supply", "first"),
        line("demand", "planned demand", "second.dashed"),
        line("produced", "made", "third"),
        line("bought", "bought", "fourth.dotted"),
      ],
      { zero: true },
    ),
    prices: chart("Prices", [
      line("planned", "planned", "first"),
      line("announced", "announced", "second.dashed"),
      line("indicative", "indicative", "third.dotted"),
      line("unplanned", "unplanned", "fourth"),
    ]),
    imbalance: chart("Imbalance, percent", [line("imbalance", "imbalance", "first")], {
      zero: true,
      unit: " %",
      marks: [
        { value: 3, title: "+3 %" },
        { value: -3, title: "−3 %" },
      ],
    }),
  };
}
