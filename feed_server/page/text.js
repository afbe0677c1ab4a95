/**
 * PURE. Figures, names and times in words.
 *
 * Decimals come as texts and are shown from their text, so what is shown whole is exact;
 * `value` makes a number of one for drawing and sorting only.
 */

/** Stands where there is no figure. */
export const ABSENT = "·";

const UNITS = ["", "k", "M", "G", "T", "P", "E"];

/** A decimal as a number, to draw or sort by; NaN if there is none. */
export const value = (decimal) => (decimal == null ? NaN : Number(decimal));

/** A decimal exactly, its thousands apart, without zeros that say nothing. */
export function exact(decimal) {
  if (decimal == null) return ABSENT;
  const [, sign, whole, places = ""] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(decimal) ?? [];
  if (whole === undefined) return `${decimal}`;
  const fraction = places.replace(/0+$/, "");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (sign ? "−" : "") + grouped + (fraction ? `.${fraction}` : "");
}

/** A decimal in at most `width` characters: exact if it fits, else shortened. */
export function short(decimal, width = 9) {
  const whole = exact(decimal);
  if (whole.length <= width) return whole;
  const number = Number(decimal);
  if (!Number.isFinite(number)) return whole.slice(0, width);
  const size = Math.abs(number);
  let unit = 0;
  while (size >= 1000 ** (unit + 1) && unit < UNITS.length - 1) unit += 1;
  for (let places = 2; unit <= 1 && places >= 0; places--) {
    const rounded = exact(number.toFixed(places));
    if (rounded.length <= width) return rounded;
  }
  return exact((number / 1000 ** unit).toFixed(1)) + UNITS[unit];
}

/** A price: two decimals at least. */
export function money(decimal, width = 10) {
  const text = short(decimal, width);
  if (!/^−?[\d,]+(\.\d)?$/.test(text)) return text;
  const places = text.split(".")[1]?.length ?? 0;
  return places === 1 ? `${text}0` : `${text}.00`;
}

/** A difference, with its sign. */
export function signed(decimal, write = money) {
  return Number(decimal) > 0 ? `+${write(decimal)}` : write(decimal);
}

/** A percentage as the feed says it, with its sign. */
export function percent(decimal) {
  if (decimal == null) return ABSENT;
  return `${signed(decimal, (text) => text.replace("-", "−"))} %`;
}

/** A count, its thousands apart. */
export const count = (number) => exact(`${Math.round(number)}`);

// Letters that are not seen, or turn what stands around them: names may hold them.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name as it may be shown: characters that nobody sees are written out. */
export function shown(name) {
  return `${name}`.replace(UNSEEN, (one) => {
    const code = one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `‹U+${code}›`;
  });
}

/** A name for a heading or a tooltip, where 10 kB of it would help nobody. */
export function brief(name, length = 120) {
  const text = shown(name);
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** A moment's time of day in UTC, as the feed has it; its day too if asked. */
export function clock(moment, withDay = false) {
  if (moment == null) return ABSENT;
  const text = `${moment}`;
  const time = text.slice(11, 19);
  return withDay ? `${text.slice(0, 10)} ${time} UTC` : `${time} UTC`;
}

/** Seconds in a few characters. */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${count(seconds / 86_400)} days`;
}

/** Units bought, planned and not, less what was given back, as exact texts. */
export function bought(row) {
  const { demand } = row;
  return {
    planned: minus(
      demand.planned_purchases.quantity,
      demand.planned_cancellations.quantity,
    ),
    unplanned: minus(
      demand.unplanned_purchases.quantity,
      demand.unplanned_cancellations.quantity,
    ),
  };
}

// Exact: decimals have at most 6 places each, so they are whole millionths.
const MILLIONTHS = 6;

function millionths(decimal) {
  const [whole, places = ""] = decimal.split(".");
  return BigInt(whole + places.slice(0, MILLIONTHS).padEnd(MILLIONTHS, "0"));
}

function minus(from, what) {
  return what === "0" ? from : written(millionths(from) - millionths(what));
}

/** The sum of two decimals, exact. */
export function plus(one, other) {
  return other === "0" ? one : written(millionths(one) + millionths(other));
}

function written(number) {
  const digits = `${number < 0n ? -number : number}`.padStart(MILLIONTHS + 1, "0");
  const text = `${digits.slice(0, -MILLIONTHS)}.${digits.slice(-MILLIONTHS)}`;
  return (number < 0n ? "-" : "") + text.replace(/\.?0+$/, "");
}
