/**
 * PURE. What this page has seen of a row: points for its charts and sparklines.
 *
 * A row keeps at most POINTS points. When they are full every other one goes and the
 * pace halves, so that they always reach back to when the page first saw the row.
 */

import { bought, value } from "./text.js";

/** Of a row: a chart is some 600 pixels wide; and 4,000 rows take 15 MB at most. */
export const POINTS = 96;
/** With more rows than this, a row keeps FEW_POINTS: the page must not grow with them. */
const MANY_ROWS = 20_000;
const FEW_POINTS = 16;
/** Seconds between points at first; what changes meanwhile replaces the newest. */
const PACE_S = 1;

/** What a point holds, in this order, after its time. */
export const SERIES = [
  "supply",
  "demand",
  "produced",
  "bought",
  "planned",
  "announced",
  "indicative",
  "unplanned",
  "imbalance",
];
const STRIDE = SERIES.length + 1;

/** The points of one row. */
export class History {
  #points = new Float32Array(4 * STRIDE);
  #most;
  #paceS = PACE_S;

  constructor(rows = 0) {
    this.#most = rows > MANY_ROWS ? FEW_POINTS : POINTS;
    this.length = 0;
  }

  /** Note how a row is at a time, in seconds since the page began. */
  add(row, atS) {
    const last = this.length - 1;
    const isSoon = last > 0 && atS - this.#points[(last - 1) * STRIDE] < this.#paceS;
    if (!isSoon) this.#grow();
    const { supply, demand, price, imbalance } = row;
    const { planned, unplanned } = bought(row);
    this.#points.set(
      [
        atS,
        value(supply.planned),
        value(demand.planned),
        value(supply.produced),
        value(planned) + value(unplanned),
        value(price.planned),
        value(price.announced),
        value(price.indicative),
        value(price.unplanned),
        value(imbalance?.percent),
      ],
      (this.length - 1) * STRIDE,
    );
  }

  /** The times, in seconds since the page began. */
  times() {
    return this.#column(0);
  }

  /** A series' values; NaN where there was none. */
  values(name) {
    return this.#column(SERIES.indexOf(name) + 1);
  }

  #column(offset) {
    const found = new Array(this.length);
    for (let at = 0; at < this.length; at++) found[at] = this.#points[at * STRIDE + offset];
    return found;
  }

  #grow() {
    if (this.length === this.#most) {
      // The first and the newest stay.
      let kept = 0;
      for (let at = 0; at < this.length; at += 2, kept++)
        this.#points.copyWithin(kept * STRIDE, at * STRIDE, (at + 1) * STRIDE);
      this.length = kept;
      this.#paceS *= 2;
    } else if ((this.length + 1) * STRIDE > this.#points.length) {
      const larger = new Float32Array(2 * this.#points.length);
      larger.set(this.#points);
      this.#points = larger;
    }
    this.length += 1;
  }
}
