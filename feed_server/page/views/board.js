/**
 * The board: the rounds of a period's planning, how its worst imbalance converges, whom
 * the gate left out, and the councils' lines that wait for signatures.
 *
 * Councils' lines are subscribed to while this view is shown, of the period shown.
 */

import { Chart } from "../chart.js";
import { fillRows, h, setAttribute, setText, wideTable } from "../dom.js";
import { productPath } from "../market_rows.js";
import {
  ABSENT,
  brief,
  clock,
  count,
  duration,
  exact,
  money,
  percent,
  shown,
  value,
} from "../text.js";

export const name = "board";
export const title = "Board";

/** Below it a price may stand; the board may set another for a period. */
const TOLERANCE_PERCENT = 3;
const ROUNDS_SHOWN = 50;
const WAITING_SHOWN = 200;
const COUNCILS_RATE = 1;
/** Deadlines are brought up to date so often, though nothing comes. */
const DRAWN_S = 0.5;

export function create(page) {
  return new Board(page);
}

class Board {
  #page;
  #rounds = null;
  #councils = null;
  #councilsOf = null;
  #period = null;
  #drawnAt = -Infinity;
  #offered = "";

  constructor(page) {
    this.#page = page;
    this.period = h("select", {
      id: "planned-period",
      change: () => {
        this.#period = this.period.value;
        this.#drawnAt = -Infinity;
        page.frame();
      },
    });
    this.alarm = h("p.alarm", { role: "alert", hidden: true });
    this.figures = h("dl.figures");
    this.reason = h("p.summary");
    this.empty = h("p.empty", { role: "status" });
    this.chart = new Chart({
      title: "Worst imbalance by round, percent",
      lines: [
        { name: "worst", title: "worst", classes: "first", stepped: false },
        { name: "forecast", title: "had been expected", classes: "second.dashed", stepped: false },
      ],
      across: (round) => `${Math.round(round)}`,
      place: "round",
      whole: true,
      logarithmic: true,
      unit: " %",
      marks: [{ value: TOLERANCE_PERCENT, title: `tolerance ${TOLERANCE_PERCENT} %` }],
    });
    this.rounds = h("tbody");
    this.gate = h("div.gate");
    this.waiting = h("tbody");
    this.waitingCount = h("p", { role: "status" });
    this.content = h(
      "div.content",
      {},
      this.alarm,
      this.figures,
      this.reason,
      h("div.charts.single", {}, this.chart.element),
      h("h3", {}, "What waits for signatures"),
      this.waitingCount,
      wideTable("Councils' lines that wait", WAITING_COLUMNS, this.waiting),
      h("h3", {}, "Rounds"),
      wideTable("Rounds", ROUND_COLUMNS, this.rounds, { endsInWords: true }),
      this.gate,
    );
    this.element = h(
      "section.board",
      { "aria-label": "Board" },
      h("h2", {}, "Board"),
      h("div.tools", {}, h("label", { for: "planned-period" }, "Period ", this.period)),
      this.empty,
      this.content,
    );
  }

  show() {
    this.#rounds ??= this.#page.feed.subscribe("rounds");
    this.#drawnAt = -Infinity;
  }

  hide() {
    this.#closeCouncils();
  }

  update() {
    const now = this.#page.seconds();
    const taken = [this.#rounds.take(), this.#councils?.take() ?? null];
    const isNews = taken.some((update) => update !== null);
    if (!isNews && now - this.#drawnAt < DRAWN_S) return;
    this.#drawnAt = now;
    const all = [...this.#rounds.rows.values()];
    this.#offer(all);
    const rows = all
      .filter(({ period }) => period === this.#period)
      .sort((one, other) => one.round - other.round);
    this.content.hidden = rows.length === 0;
    setText(this.empty, rows.length > 0 ? "" : this.#whyEmpty());
    if (rows.length === 0) return;
    this.#showNewest(rows[rows.length - 1]);
    this.#showRounds(rows);
    this.#showGate(rows[rows.length - 1]);
    this.#showWaiting();
  }

  #whyEmpty() {
    if (this.#rounds.error) return `Rounds are not to be had: ${this.#rounds.error.message}`;
    if (!this.#rounds.isCurrent) return "Waiting for the rounds.";
    return "No period was planned yet. Open one: parfeed plan open";
  }

  #offer(rows) {
    const periods = [...new Set(rows.map(({ period }) => period))].sort().reverse();
    if (this.#offered === periods.join()) return;
    // Who watches the newest period goes on with the next.
    const isNewest = this.#period === null || this.#period === this.period.options[0]?.value;
    this.#offered = periods.join();
    this.period.replaceChildren(
      ...periods.map((period) => h("option", { value: period }, shown(period))),
    );
    if (isNewest || !periods.includes(this.#period)) this.#period = periods[0] ?? null;
    this.period.value = this.#period;
  }

  #showNewest(row) {
    this.alarm.hidden = !row.alarm;
    const alarm = "Stability alarm: the worst imbalance has grown twice in a row.";
    setText(this.alarm, row.alarm ? alarm : "");
    const parts = [
      ["Round", `${row.round}`],
      ["Phase", row.prices_stand ? "prices stand" : row.phase],
      ["Worst imbalance", distance(row.worst_percent)],
      ["Worst product", productLink(row)],
      ["Within 3 %", `${count(row.within_3)} of ${count(row.products)}`],
      ["Within 1 %", count(row.within_1)],
      ["Within 5 %", count(row.within_5)],
      ["Had been expected", distance(row.forecast_percent)],
      ["Answered", `${count(row.answered)} of ${count(row.expected)}`],
      ["Deadline", row.phase === "planning" ? until(row.deadline) : ABSENT],
      ["Gate", row.phase === "planning" ? until(row.closes_at) : "closed"],
    ];
    while (this.figures.children.length < parts.length)
      this.figures.append(h("div", {}, h("dt"), h("dd")));
    parts.forEach(([term, figure], at) => {
      const [dt, dd] = this.figures.children[at].children;
      setText(dt, term);
      if (typeof figure === "string") setText(dd, figure);
      else if (!dd.firstElementChild?.isEqualNode(figure)) dd.replaceChildren(figure);
    });
    setText(this.reason, row.reason ? `Why this round: ${shown(row.reason)}` : "");
  }

  #showRounds(rows) {
    const across = rows.map(({ round }) => round);
    this.chart.draw(across, {
      worst: rows.map((row) => above(value(row.worst_percent))),
      forecast: rows.map((row) => above(value(row.forecast_percent))),
    });
    fillRows(this.rounds, rows.slice(-ROUNDS_SHOWN).reverse().map(roundCells));
  }

  #showGate(row) {
    const lists = [
      ["Excluded: no bid at the gate", row.excluded, row.excluded_count],
      ["Priced out: least price above the planned price", row.priced_out, row.priced_out_count],
    ].filter(([, , number]) => number > 0);
    const denied =
      row.denied > 0
        ? `${count(row.denied)} plan lines were denied: ${money(row.denied_budget, 20)} at ` +
          `their own prices, ${money(row.moved_budget, 20)} of it went to unplanned cards.`
        : "";
    const signature = JSON.stringify([lists, denied]);
    if (this.gate.dataset.shown === signature) return;
    this.gate.dataset.shown = signature;
    this.gate.replaceChildren(
      ...(lists.length > 0 || denied ? [h("h3", {}, "At the gate")] : []),
      ...lists.flatMap(([heading, companies, number]) => [
        h("h4", {}, `${heading} (${count(number)})`),
        h("ul.names", {}, ...companies.map((one) => h("li", {}, brief(one, 64)))),
      ]),
      ...(denied ? [h("p", {}, denied)] : []),
    );
  }

  #showWaiting() {
    if (this.#councilsOf !== this.#period) {
      this.#closeCouncils();
      this.#councilsOf = this.#period;
      this.#councils = this.#page.feed.subscribe("councils", {
        period: this.#period,
        maxRate: COUNCILS_RATE,
      });
    }
    const rows = [...this.#councils.rows.values()].filter(({ status }) => status === "waits");
    rows.sort((one, other) => value(other.quantity) - value(one.quantity) || 0);
    const more = rows.length > WAITING_SHOWN ? `; the largest ${WAITING_SHOWN} are shown` : "";
    const what = `${count(rows.length)} councils' lines wait and count nowhere until they are signed`;
    const said = this.#councils.isCurrent ? `${what}${more}.` : "Waiting for the councils.";
    setText(this.waitingCount, rows.length > 0 || !this.#councils.isCurrent ? said : "Nothing waits.");
    setAttribute(this.waiting.closest(".wide"), "hidden", rows.length > 0 ? null : "");
    fillRows(this.waiting, rows.slice(0, WAITING_SHOWN).map(waitingCells));
  }

  #closeCouncils() {
    this.#councils?.close();
    this.#councils = null;
    this.#councilsOf = null;
  }
}

const ROUND_COLUMNS = [
  "round",
  "opened",
  "worst",
  "of",
  "expected",
  "within 1 / 3 / 5 %",
  "answered",
  "method",
  "alarm",
  "why",
];

const WAITING_COLUMNS = ["council", "level", "product", "quantity", "people", "signed"];

// A scale by powers of ten has no zero; what is below a hundredth is as good as none.
const above = (number) => (Number.isFinite(number) ? Math.max(0.01, Math.abs(number)) : NaN);

function roundCells(row) {
  return [
    `${row.round}`,
    clock(row.opened_at),
    distance(row.worst_percent),
    productLink(row),
    distance(row.forecast_percent),
    [row.within_1, row.within_3, row.within_5].map(count).join(" / "),
    `${count(row.answered)} of ${count(row.expected)}`,
    row.method,
    row.alarm ? "ALARM" : ABSENT,
    brief(row.reason, 160) || ABSENT,
  ];
}

function waitingCells(row) {
  return [
    brief(row.council_id, 64),
    row.level,
    h("a", { href: productPath(row.product_id, row.period) }, brief(row.product_id, 40)),
    row.quantity === null ? "withheld" : exact(row.quantity),
    row.people === null ? "withheld" : count(row.people),
    `${row.signatures} of ${row.needed}`,
  ];
}

// The greatest of all products, either way: no sign goes with it.
const distance = (decimal) => percent(decimal).replace(/^[+−]/, "");

function productLink({ worst_product_id: productId, period }) {
  if (productId === null) return ABSENT;
  return h("a", { href: productPath(productId, period) }, brief(productId, 40));
}

function until(moment) {
  if (moment === null) return ABSENT;
  const seconds = (Date.parse(moment) - Date.now()) / 1000;
  const distance = seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
  return `${clock(moment)} (${distance})`;
}
