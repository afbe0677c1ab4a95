/**
 * The market as the page has it: every row with what is derived from it once per change,
 * so that sorting and drawing 4,000 rows costs no parsing.
 */

import { History } from "./history.js";
import { bought, plus, shown, value } from "./text.js";

/** The published colours of an imbalance, least first. */
export const COLOURS = ["blue", "green", "yellow", "orange", "red"];

/** A row, and what the page made of it. */
class Entry {
  constructor(key, row, rows) {
    this.key = key;
    this.name = shown(row.product_id);
    this.found = row.product_id.toLowerCase();
    this.href = productPath(row.product_id, row.period);
    this.history = new History(rows);
    this.changedAt = -Infinity;
  }

  take(row, atS) {
    this.row = row;
    const { planned, unplanned } = bought(row);
    this.unplannedBought = unplanned;
    this.bought = plus(planned, unplanned);
    const percent = row.imbalance?.percent;
    this.distance = percent === undefined ? NaN : Math.abs(Number(percent));
    this.price = row.price.planned ?? row.price.announced;
    this.history.add(row, atS);
  }
}

/** All rows of the market, over a subscription. */
export class MarketRows {
  #subscription;

  constructor(subscription) {
    this.#subscription = subscription;
    this.entries = new Map();
    this.byProduct = new Map();
    /** Periods there are rows of, newest first. */
    this.periods = [];
    /** Counts changes of which rows there are, for who keeps an order. */
    this.version = 0;
    /** How many rows have changed, and versions that were merged away, since the start. */
    this.changes = 0;
    this.merged = 0;
  }

  get isCurrent() {
    return this.#subscription.isCurrent;
  }

  /** Whether there is anything to show, if only from before. */
  get isLoaded() {
    return this.#subscription.isCurrent || this.entries.size > 0;
  }

  /** Take what changed; returns the entries, or null if nothing did. */
  take(atS) {
    const update = this.#subscription.take();
    if (update === null) return null;
    const { keys, changed } = update;
    this.merged += update.merged;
    if (update.isSnapshot) this.#keepOnly(new Set(keys));
    else this.changes += changed.length;
    return changed.map((row, at) => {
      const entry = this.entries.get(keys[at]) ?? this.#added(keys[at], row);
      entry.take(row, atS);
      if (!update.isSnapshot) entry.changedAt = atS;
      return entry;
    });
  }

  #keepOnly(keys) {
    for (const [key, entry] of this.entries) {
      if (keys.has(key)) continue;
      this.entries.delete(key);
      const others = this.byProduct.get(entry.row.product_id);
      others.splice(others.indexOf(entry), 1);
      if (others.length === 0) this.byProduct.delete(entry.row.product_id);
    }
    const held = new Set([...this.entries.values()].map(({ row }) => row.period));
    this.periods = this.periods.filter((period) => held.has(period));
    this.version += 1;
  }

  #added(key, row) {
    const entry = new Entry(key, row, this.entries.size);
    this.entries.set(key, entry);
    const others = this.byProduct.get(row.product_id);
    if (others === undefined) this.byProduct.set(row.product_id, [entry]);
    else others.push(entry);
    if (!this.periods.includes(row.period))
      this.periods = [...this.periods, row.period].sort().reverse();
    this.version += 1;
    return entry;
  }
}

/** The address of a product's view. */
export function productPath(productId, period) {
  return `#/product/${encodeURIComponent(productId)}/${encodeURIComponent(period)}`;
}

/** What a column is sorted by: a number or a text of an entry. */
export const SORTED_BY = {
  product: (entry) => entry.found,
  period: (entry) => entry.row.period,
  imbalance: (entry) => entry.distance,
  supply: ({ row }) => value(row.supply.planned),
  demand: ({ row }) => value(row.demand.planned),
  produced: ({ row }) => value(row.supply.produced),
  bought: (entry) => value(entry.bought),
  unplanned: (entry) => value(entry.unplannedBought),
  price: (entry) => value(entry.price),
  indicative: ({ row }) => value(row.price.indicative),
  asked: ({ row }) => value(row.price.unplanned),
  difference: ({ row }) => value(row.price.difference),
  hour: ({ row }) => value(row.rolling.hour.quantity),
};

/**
 * The entries that fit, in their order; what has no figure comes last either way.
 *
 * Args: `search` in small letters, `period` or null for all, `colours` or null for all.
 */
export function chosen(entries, { search, period, colours, by, descending }) {
  const found = [];
  for (const entry of entries) {
    if (period !== null && entry.row.period !== period) continue;
    if (colours !== null && !colours.has(entry.row.imbalance?.colour)) continue;
    if (search !== "" && !entry.found.includes(search)) continue;
    found.push(entry);
  }
  const of = SORTED_BY[by];
  const keyed = found.map((entry) => [of(entry), entry]);
  const way = descending ? -1 : 1;
  keyed.sort(([a, one], [b, other]) => {
    const unknown = Number(a !== a) - Number(b !== b); // NaN is no figure
    if (unknown !== 0) return unknown;
    if (a < b) return -way;
    if (a > b) return way;
    return one.key < other.key ? -1 : 1;
  });
  return keyed.map(([, entry]) => entry);
}
