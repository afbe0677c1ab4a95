/**
 * Small pictures in a table's cell, drawn on a canvas: a line of what was seen, bars of
 * a window. They say nothing that the figures beside them do not, so they are hidden
 * from screen readers.
 */

/** Colours come from the style sheet; read once per theme, since a look costs layout. */
export function inks() {
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(name).trim();
  return { line: ink("--ink-line"), bar: ink("--ink-bar"), zero: ink("--ink-zero") };
}

const WIDTH = 84;
const HEIGHT = 22;

function cleared(canvas) {
  const scale = globalThis.devicePixelRatio || 1;
  const width = Math.round(WIDTH * scale);
  const height = Math.round(HEIGHT * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.setAttribute("aria-hidden", "true");
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, WIDTH, HEIGHT);
  return context;
}

/** Draw values over times as steps, up to a time; `zero` is a value to mark. */
export function drawLine(canvas, times, values, ink, { zero = null, until }) {
  const context = cleared(canvas);
  const known = values.filter((one) => one === one);
  if (known.length === 0) return;
  let low = Math.min(...known);
  let high = Math.max(...known);
  if (zero !== null) [low, high] = [Math.min(low, zero), Math.max(high, zero)];
  const span = high - low || 1;
  const begin = times[0];
  const seconds = until - begin || 1;
  const y = (one) => 2 + (HEIGHT - 4) * (high === low ? 0.5 : (high - one) / span);
  if (zero !== null) {
    context.fillStyle = ink.zero;
    context.fillRect(0, Math.round(y(zero)), WIDTH, 1);
  }
  context.strokeStyle = ink.line;
  context.lineWidth = 1.5;
  context.beginPath();
  let isDown = false;
  values.forEach((one, at) => {
    if (one !== one) {
      isDown = false;
      return;
    }
    const x = 1 + ((WIDTH - 2) * (times[at] - begin)) / seconds;
    if (!isDown) context.moveTo(x, y(one));
    else {
      context.lineTo(x, y(values[at - 1]));
      context.lineTo(x, y(one));
    }
    isDown = true;
  });
  if (isDown) context.lineTo(WIDTH - 1, y(values[values.length - 1]));
  context.stroke();
}

/** Draw a window's buckets, [start, quantity, value], as bars over its whole length. */
export function drawBars(canvas, buckets, endS, lengthS, stepS, ink) {
  const context = cleared(canvas);
  let most = 0;
  for (const bucket of buckets) most = Math.max(most, Number(bucket[1]));
  context.fillStyle = ink.zero;
  context.fillRect(0, HEIGHT - 1, WIDTH, 1);
  if (most === 0) return;
  context.fillStyle = ink.bar;
  const width = Math.max(1.5, (WIDTH * stepS) / lengthS - 1);
  for (const [start, quantity] of buckets) {
    const x = (WIDTH * (start - (endS - lengthS))) / lengthS;
    const height = Math.max(1, ((HEIGHT - 3) * Number(quantity)) / most);
    context.fillRect(Math.max(0, x), HEIGHT - 1 - height, width, height);
  }
}
