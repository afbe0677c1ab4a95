/**
 * Elements made by code. Whatever comes from the feed goes in as text, never as HTML:
 * nothing here parses markup, and the page's policy refuses it to everybody else.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `h("a.quiet", { href: "#/" }, "Market")`.
 *
 * A name may end in classes. Attributes that are null or false are left out; functions
 * are listeners. Children are texts or elements; null is left out.
 */
export function h(name, attributes = {}, ...children) {
  return filled((tag) => document.createElement(tag), name, attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return filled((tag) => document.createElementNS(SVG, tag), name, attributes, children);
}

function filled(make, name, attributes, children) {
  const [tag, ...classes] = name.split(".");
  const element = make(tag);
  if (classes.length > 0) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set an element's text if it is another: a change costs layout, a look does not. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set or, with null, remove an attribute if it is another. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, value);
}

/**
 * Fill a table's body: one row per list of cells, elements kept where they fit.
 *
 * A cell is a text or an element; one that is the same as before is left alone, so that
 * focus and selection stay while figures change.
 */
export function fillRows(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, at) => {
    const row = body.rows[at] ?? body.insertRow();
    while (row.cells.length > cells.length) row.deleteCell(-1);
    cells.forEach((cell, column) => {
      const held = row.cells[column] ?? row.insertCell();
      if (typeof cell === "string") {
        setText(held, cell);
      } else if (!held.firstElementChild?.isEqualNode(cell)) {
        held.replaceChildren(cell);
      }
    });
  });
}

/** A table that is scrolled sideways where there is no room for it, with its head. */
export function wideTable(label, columns, body, { endsInWords = false } = {}) {
  const head = columns.map((column) => h("th", { scope: "col" }, column));
  return h(
    endsInWords ? "div.wide.ends-in-words" : "div.wide",
    { tabindex: "0", role: "region", "aria-label": label },
    h("table", {}, h("thead", {}, h("tr", {}, ...head)), body),
  );
}
