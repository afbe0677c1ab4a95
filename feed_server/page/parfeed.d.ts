/** Types of `parfeed.js`; what everything means: docs/javascript.md. */

export const SUBPROTOCOL: "parfeed.v1";

/** By channel, the fields that tell its rows apart. */
export const NAMED_BY: Readonly<Record<string, readonly string[]>>;

export function connect(url: string, options?: ConnectOptions): Feed;

export interface ConnectOptions {
  /** Who asks; its place is reserved. */
  token?: string;
  /** Name and version of your program, for the operator's logs. */
  client?: string;
  /** Numbers from 0 to 1, for the jitter. */
  random?: () => number;
  /** A constructor of websockets where there is no global one (Node before 22). */
  WebSocket?: typeof WebSocket;
}

export type State = "disconnected" | "greeting" | "open" | "closing" | "ended";

export class Feed extends EventTarget {
  readonly url: string;
  readonly state: State;
  readonly isOpen: boolean;
  /** Seconds since the feed's last message. */
  readonly silenceS: number;
  readonly heartbeatS: number;
  readonly watermark: Watermark;
  readonly server: string;
  readonly channels: readonly string[];
  readonly losses: number;
  readonly lastLoss: string;
  /** How often rows failed their checksum, or an update did not follow; both mended. */
  readonly mismatches: number;
  readonly gaps: number;
  /** Why the feed has ended; null while it has not. */
  readonly error: FeedError | null;

  subscribe<C extends string>(channel: C, options?: SubscribeOptions): Subscription<RowOf<C>>;
  publish(events: readonly (object | string)[]): Promise<Result[]>;
  publish(
    events: readonly (object | string)[],
    options: { verdict: true },
  ): Promise<Outcome[]>;
  close(): void;

  addEventListener(type: "state", listener: (event: CustomEvent<State>) => void): void;
  addEventListener(type: "heartbeat", listener: (event: CustomEvent<null>) => void): void;
  addEventListener(
    type: "rows",
    listener: (event: CustomEvent<Subscription<Row> | undefined>) => void,
  ): void;
  addEventListener(type: "notice", listener: (event: CustomEvent<Notice>) => void): void;
}

export interface SubscribeOptions {
  /** Product ids; `["*"]`, the default, for all. */
  products?: readonly string[];
  period?: string | null;
  mode?: "conflated" | "stream";
  /** At most so many updates a second; with `conflated` only. */
  maxRate?: number | null;
  /** Of a channel that this module does not know: what tells its rows apart. */
  namedBy?: readonly string[];
}

export class Subscription<R extends Row = Row> implements AsyncIterable<Update<R>> {
  /** All rows by their names, naming fields joined by line feeds. Live. */
  readonly rows: ReadonlyMap<string, R>;
  readonly cursor: string | null;
  readonly checksum: number;
  /** Whether the rows are the feed's; false while they are being asked for again. */
  readonly isCurrent: boolean;
  readonly error: FeedError | null;
  get(...names: (string | number)[]): R | undefined;
  /** What changed since the last time; null if nothing did. */
  take(): Update<R> | null;
  close(): void;
  [Symbol.asyncIterator](): AsyncGenerator<Update<R>, void, void>;
}

export interface Update<R extends Row = Row> {
  /** Whole rows, in the order of their change. */
  readonly changed: readonly R[];
  /** Their keys in `rows`. */
  readonly keys: readonly string[];
  /** Versions that were skipped because newer ones followed. */
  readonly merged: number;
  /** Whether `changed` is all rows there are; what was before is void. */
  readonly isSnapshot: boolean;
}

export class FeedError extends Error {
  /** A code of the protocol: a text, or the number of a close. */
  readonly code: string | number;
}

export class ServerViolation extends Error {}

/** The CRC-32 (of zlib) of a text in UTF-8. */
export function crc32(text: string): number;

export type Notice =
  | { type: "mismatched"; id: string; checksum: number; expected: number; cursor: string }
  | { type: "missed"; id: string; cursor: string; from: string }
  | { type: "voided"; id: string; reason: string }
  | { type: "declined"; id: string; code: string; detail: string }
  | { type: "complained"; code: string; detail: string };

export interface Watermark {
  readonly occurred_at: string | null;
  readonly lag_ms: number | null;
}

export interface Result {
  readonly event_id: string | null;
  readonly topic?: string | null;
  readonly partition?: number | null;
  readonly offset?: number | null;
  readonly error?: string | null;
  readonly detail?: string | null;
}

export interface Outcome extends Result {
  readonly verdict: "accepted" | "refused" | "unknown";
}

// Rows, as schemas/ has them. A decimal is a text: exact, never a binary fraction.

export type Decimal = string;
export type Row = { readonly type: string; readonly period: string };
export type RowOf<C> = C extends "market"
  ? MarketRow
  : C extends "rounds"
    ? RoundRow
    : C extends "councils"
      ? CouncilRow
      : Row & { readonly [field: string]: unknown };

export interface Amount {
  readonly quantity: Decimal;
  readonly value: Decimal;
}

export interface Window {
  readonly quantity: Decimal;
  readonly value: Decimal;
  readonly mean_price: Decimal | null;
  /** [start in seconds since 1970, quantity, value] */
  readonly buckets: readonly (readonly [number, Decimal, Decimal])[];
}

export interface MarketRow {
  readonly type: "market";
  readonly product_id: string;
  readonly period: string;
  readonly sequence: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly occurred_at: string | null;
  readonly received_at: string | null;
  readonly supply: { readonly planned: Decimal; readonly produced: Decimal };
  readonly demand: {
    readonly planned: Decimal;
    readonly planned_purchases: Amount;
    readonly unplanned_purchases: Amount;
    readonly planned_cancellations: Amount;
    readonly unplanned_cancellations: Amount;
  };
  readonly price: {
    readonly planned: Decimal | null;
    readonly unplanned: Decimal | null;
    readonly unplanned_company: string | null;
    readonly unplanned_mean: Decimal | null;
    readonly difference: Decimal | null;
    readonly announced: Decimal | null;
    readonly indicative: Decimal | null;
  };
  readonly imbalance: { readonly percent: Decimal; readonly colour: Colour } | null;
  readonly rolling: { readonly minute: Window; readonly hour: Window; readonly day: Window };
  readonly planning: {
    readonly round: number;
    readonly forecast_percent: Decimal | null;
    readonly flags: readonly string[];
    readonly denied: number;
    readonly denied_quantity: Decimal;
    readonly bids: number;
    readonly plans: number;
  };
}

export type Colour = "blue" | "green" | "yellow" | "orange" | "red";

export interface RoundRow {
  readonly type: "round";
  readonly product_id: "*";
  readonly period: string;
  readonly round: number;
  readonly sequence: number;
  readonly phase: "planning" | "closed" | "trading" | "settled";
  readonly occurred_at: string | null;
  readonly opened_at: string | null;
  readonly deadline: string | null;
  readonly closes_at: string | null;
  readonly products: number;
  readonly within_1: number;
  readonly within_3: number;
  readonly within_5: number;
  readonly worst_percent: Decimal | null;
  readonly worst_product_id: string | null;
  readonly forecast_percent: Decimal | null;
  readonly method: string;
  readonly alarm: boolean;
  readonly expected: number;
  readonly answered: number;
  readonly prices_stand: boolean;
  readonly reason: string;
  readonly excluded: readonly string[];
  readonly excluded_count: number;
  readonly priced_out: readonly string[];
  readonly priced_out_count: number;
  readonly denied: number;
  readonly denied_budget: Decimal;
  readonly moved_budget: Decimal;
  readonly positions: Readonly<Record<string, number>>;
}

export interface CouncilRow {
  readonly type: "council";
  readonly product_id: string;
  readonly period: string;
  readonly council_id: string;
  readonly sequence: number;
  readonly occurred_at: string | null;
  readonly level: string;
  readonly parent_id: string | null;
  readonly quantity: Decimal | null;
  readonly people: number | null;
  readonly status: "passes" | "waits" | "approved" | "vetoed";
  readonly signatures: number;
  readonly needed: number;
}
