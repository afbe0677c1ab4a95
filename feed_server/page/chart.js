/**
 * Charts of a few lines, drawn as SVG: times or rounds across, figures up.
 *
 * Each line differs from the others by its dashes too, not by colour alone. The latest
 * figures stand in the legend; pointing at the chart, or the arrow keys, show those of
 * another time there. The same figures are in a table below, for who cannot see it.
 */

import { fillRows, h, setAttribute, setText, svg, wideTable } from "./dom.js";
import { exact } from "./text.js";

/** Until the browser has said how wide it is. */
const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 60;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;
/** Rows of the table below: the newest. */
const TABLE_ROWS = 40;

/** Numbers at which a scale is marked: 1, 2 or 5 times a power of ten apart. */
export function ticks(low, high, about = 4) {
  const rough = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
  const found = [];
  const first = Math.ceil(low / step - 1e-9);
  for (let at = first; at * step <= high + step * 1e-9; at++) found.push(at * step || 0);
  return found;
}

/** A number as a scale says it. */
export function plain(number) {
  const size = Math.abs(number);
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return number.toPrecision(3);
  return exact(number.toFixed(size < 1 ? 4 : 2));
}

/**
 * Args: `title`; `lines`: [{name, title, classes, stepped}]; `across(x)` says a place;
 * `zero`: whether the scale has to reach 0; `logarithmic`; `marks`: [{value, title}],
 * lines across the chart; `unit` behind each figure.
 */
export class Chart {
  #options;
  #paths = {};
  #legend = {};
  #scale = svg("g.scale");
  #cursor = svg("line.cursor", { y1: `${TOP}`, y2: `${HEIGHT - BOTTOM}` });
  #body = h("tbody");
  #at = null;
  #series = null;
  #place = (x) => x;
  #width = WIDTH;

  constructor(options) {
    this.#options = { unit: "", marks: [], ...options };
    const { title, lines } = this.#options;
    for (const line of lines) {
      this.#paths[line.name] = svg(`path.line.${line.classes}`);
      this.#legend[line.name] = h("output.figure");
    }
    this.svg = svg(
      "svg.plot",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        tabindex: "0",
        "aria-label": title,
        pointermove: (event) => this.#point(event),
        pointerleave: () => this.#moveTo(null),
        blur: () => this.#moveTo(null),
        keydown: (event) => this.#key(event),
      },
      this.#scale,
      ...Object.values(this.#paths),
      this.#cursor,
    );
    this.when = h("span.when");
    const legend = lines.map((line) =>
      h(
        "li",
        {},
        svg(
          "svg.swatch",
          { viewBox: "0 0 28 8", "aria-hidden": "true" },
          svg(`path.line.${line.classes}`, { d: "M0 4H28" }),
        ),
        `${line.title} `,
        this.#legend[line.name],
      ),
    );
    this.element = h(
      "figure.chart",
      {},
      h("figcaption", {}, h("h3", {}, title), this.when),
      this.svg,
      h("ul.legend", {}, ...legend),
      h(
        "details",
        { toggle: () => this.#fillTable() },
        h("summary", {}, "Figures of this chart"),
        wideTable(`Figures: ${title}`, this.#tableHead(), this.#body),
      ),
    );
    this.details = this.element.querySelector("details");
    // Drawn in the reader's pixels, so that letters keep their size however narrow it is.
    new ResizeObserver(([{ contentRect }]) => this.#resize(contentRect.width)).observe(
      this.svg,
    );
  }

  /** Draw: `across` are ascending numbers, `values` by line's name as many (NaN: none). */
  draw(across, values) {
    this.#series = { across, values };
    const { lines, logarithmic, marks } = this.#options;
    const known = lines.flatMap(({ name }) => values[name].filter(Number.isFinite));
    const [low, high] = this.#bounds(known, marks);
    const project = logarithmic ? (one) => Math.log10(Math.max(one, low)) : (one) => one;
    const [bottom, top] = [project(low), project(high)];
    const begin = across[0] ?? 0;
    const length = (across[across.length - 1] ?? 0) - begin || 1;
    const x = (place) => LEFT + ((this.#right - LEFT) * (place - begin)) / length;
    const y = (one) =>
      TOP + ((HEIGHT - TOP - BOTTOM) * (top - project(one))) / (top - bottom || 1);
    this.#place = x;
    this.#drawScale(low, high, begin, begin + length, x, y);
    for (const line of lines)
      setAttribute(
        this.#paths[line.name],
        "d",
        path(line, across, values[line.name], x, y, this.#right),
      );
    this.#say();
    if (this.details.open) this.#fillTable();
  }

  #resize(width) {
    if (width === 0 || Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    setAttribute(this.svg, "viewBox", `0 0 ${width.toFixed(1)} ${HEIGHT}`);
    if (this.#series !== null) this.draw(this.#series.across, this.#series.values);
  }

  get #right() {
    return this.#width - RIGHT;
  }

  #tableHead() {
    const { place = "time", lines } = this.#options;
    return [place, ...lines.map(({ title }) => title)];
  }

  #bounds(known, marks) {
    const all = [...known, ...(known.length > 0 ? marks.map((mark) => mark.value) : [])];
    if (this.#options.zero) all.push(0);
    if (all.length === 0) return this.#options.logarithmic ? [1, 10] : [0, 1];
    let low = Math.min(...all);
    let high = Math.max(...all);
    if (this.#options.logarithmic) {
      low = 10 ** Math.floor(Math.log10(Math.max(low, 0.01)));
      high = 10 ** Math.ceil(Math.log10(Math.max(high, low * 10)) - 1e-9);
      return [low, high];
    }
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low === 0 ? 0 : low - room, high === 0 ? 0 : high + room];
  }

  #drawScale(low, high, begin, end, x, y) {
    const { logarithmic, marks, across } = this.#options;
    const heights = logarithmic
      ? ticks(Math.log10(low), Math.log10(high), 4).map((power) => 10 ** power)
      : ticks(low, high);
    const lines = heights.flatMap((height) => [
      svg("line.grid", { x1: LEFT, x2: this.#right, y1: y(height), y2: y(height) }),
      svg("text.up", { x: LEFT - 8, y: y(height) + 4 }, plain(height)),
    ]);
    const marked = marks
      .filter(({ value }) => value >= low && value <= high)
      .flatMap(({ value, title }) => [
        svg("line.mark", { x1: LEFT, x2: this.#right, y1: y(value), y2: y(value) }),
        svg("text.marked", { x: LEFT + 6, y: y(value) - 4 }, title),
      ]);
    const places = this.#options.whole
      ? ticks(begin, end, 8).filter(Number.isInteger)
      : (this.#width < 380 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map(
          (part) => begin + part * (end - begin),
        );
    const below = places.map((place, at) => {
      const anchor = at === 0 ? "start" : at === places.length - 1 ? "end" : "middle";
      return svg(
        "text.across",
        { x: x(place), y: HEIGHT - 6, "text-anchor": anchor },
        across(place),
      );
    });
    this.#scale.replaceChildren(...lines, ...marked, ...below);
  }

  #say() {
    const { across, values } = this.#series;
    const { lines, unit, title } = this.#options;
    const at = Math.min(this.#at ?? across.length - 1, across.length - 1);
    const figure = (one) => (Number.isFinite(one) ? `${plain(one)}${unit}` : "·");
    for (const { name } of lines) setText(this.#legend[name], figure(values[name][at]));
    setText(this.when, this.#at === null ? "" : `at ${this.#options.across(across[at])}`);
    this.#cursor.classList.toggle("shown", this.#at !== null);
    if (this.#at !== null) {
      setAttribute(this.#cursor, "x1", this.#place(across[at]));
      setAttribute(this.#cursor, "x2", this.#place(across[at]));
    }
    const said = lines.map((line) => `${line.title} ${figure(values[line.name][at])}`);
    setAttribute(this.svg, "aria-label", `${title}: ${said.join(", ")}`);
  }

  #fillTable() {
    if (!this.details.open || this.#series === null) return;
    const { across, values } = this.#series;
    const { lines } = this.#options;
    const places = across.map((_, at) => at).slice(-TABLE_ROWS).reverse();
    fillRows(
      this.#body,
      places.map((at) => [
        this.#options.across(across[at]),
        ...lines.map(({ name }) =>
          Number.isFinite(values[name][at]) ? plain(values[name][at]) : "·",
        ),
      ]),
    );
  }

  #point(event) {
    if (this.#series === null) return;
    const box = this.svg.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) / box.width) * this.#width;
    const distances = this.#series.across.map((one) => Math.abs(this.#place(one) - wanted));
    this.#moveTo(distances.length > 0 ? distances.indexOf(Math.min(...distances)) : null);
  }

  #key(event) {
    const last = (this.#series?.across.length ?? 0) - 1;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.#moveTo(Math.max(0, Math.min(last, (this.#at ?? last) + step)));
  }

  #moveTo(at) {
    if (this.#series === null) return;
    this.#at = at;
    this.#say();
  }
}

function path({ stepped = true }, across, values, x, y, right) {
  let text = "";
  let before = NaN;
  values.forEach((one, at) => {
    if (!Number.isFinite(one)) {
      before = NaN;
      return;
    }
    const place = x(across[at]).toFixed(1);
    const height = y(one).toFixed(1);
    if (!Number.isFinite(before)) text += `M${place} ${height}`;
    else text += stepped ? `H${place}V${height}` : `L${place} ${height}`;
    before = one;
  });
  // A single point would be no line at all.
  if (across.length === 1 && text !== "") text += `H${right}`;
  return text;
}
