/**
 * A table of any number of rows, of which only those in sight exist.
 *
 * A row's elements are used again for another entry; a cell is touched only if what it
 * shows has changed. To a screen reader it is one table: it says how many rows there are,
 * and each row which one it is. One link per row is the way in: arrow keys, Page Up and
 * Down, Home and End go through all rows, Tab leaves the table.
 */

import { h, setAttribute, setText } from "./dom.js";

/** Rows made beyond what is in sight, so that scrolling finds them there. */
const SPARE_ROWS = 6;
/** Between columns, and at the sides, as the style sheet has them. */
const GAP_REM = 0.75;
const PADDING_REM = 1.5;
/** With more columns than on a phone, the first has to be so much wider than its least. */
const FEW_COLUMNS = 3;
const ROOMY_REM = 6;
/** How long nothing is drawn before the elements are put in order. */
const SETTLED_MS = 150;

/**
 * Args of a column: `name`, `title`, `rem` (its width), `importance` (the greatest goes
 * first where there is no room), and `of(entry)`, its text, or `draw(canvas, entry)`.
 * Optional: `about` the column, `tip(entry)` for what is cut off, `mark(entry)` what the
 * style knows the cell by, `classes` of all its cells, `unsorted` if one cannot sort by
 * it, `isOf(entry)` if it shows only where some entry has it.
 */
export class VirtualTable {
  #columns;
  #options;
  #headers;
  #entries = [];
  #pool = [];
  #first = 0;
  #active = 0;
  #rowHeight = 32;
  #printing = false;
  #settling = null;
  #roomRem = 60;
  #template = "";
  #isShown = [];

  /** `label`, `columns`, `onSort(name)`, `onFrame()` asks to be drawn, `linkOf(entry)`. */
  constructor({ label, columns, ...options }) {
    this.#columns = columns;
    this.#options = options;
    this.#headers = columns.map((column) => this.#header(column));
    this.head = h("div.row.head", { role: "row", "aria-rowindex": "1" }, ...this.#headers);
    this.body = h("div.body", { role: "rowgroup" });
    this.table = h(
      "div.table",
      { role: "table", "aria-label": label, "aria-colcount": `${columns.length}` },
      h("div.headgroup", { role: "rowgroup" }, this.head),
      this.body,
    );
    this.element = h(
      "div.scroller",
      { role: "region", "aria-label": label, tabindex: "0" },
      this.table,
    );
    this.element.addEventListener("scroll", () => options.onFrame(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.body.addEventListener("focusin", (event) => this.#focused(event));
  }

  /** Whether somebody is at a row: then rows should not move away under them. */
  get isHeld() {
    return this.body.contains(document.activeElement) || this.body.matches(":active");
  }

  /** Show other entries, or the same in another order. */
  show(entries, { by, descending }) {
    this.#entries = entries;
    this.#active = Math.min(this.#active, Math.max(0, entries.length - 1));
    this.#columns.forEach(({ name }, at) => {
      const way = descending ? "descending" : "ascending";
      setAttribute(this.#headers[at], "aria-sort", name === by ? way : null);
    });
    setAttribute(this.table, "aria-rowcount", entries.length + 1);
    this.#fit();
  }

  // The columns that there is room for; the least important go first.
  #fit() {
    const wanted = this.#columns.filter(
      ({ isOf }) => !isOf || this.#entries.some((entry) => isOf(entry)),
    );
    const taken = () => {
      const sum = wanted.reduce((before, { rem }) => before + rem + GAP_REM, 0);
      return wanted.length > FEW_COLUMNS ? sum + ROOMY_REM : sum;
    };
    while (taken() > this.#roomRem && wanted.length > 1) {
      const most = Math.max(...wanted.map(({ importance }) => importance));
      wanted.splice(wanted.findLastIndex(({ importance }) => importance === most), 1);
    }
    const template = wanted
      .map(({ rem }, at) => (at === 0 ? `minmax(${rem}rem, 1fr)` : `${rem}rem`))
      .join(" ");
    if (template === this.#template) return;
    this.#template = template;
    this.table.style.setProperty("--columns", template);
    this.#isShown = this.#columns.map((column) => wanted.includes(column));
    for (const cells of [this.#headers, ...this.#pool.map((row) => row.cells)])
      cells.forEach((cell, at) => (cell.hidden = !this.#isShown[at]));
    for (const row of this.#pool) row.entry = null;
  }

  /** Measure anew: the window, the theme or the size of letters has changed. */
  measure() {
    const height = parseFloat(getComputedStyle(this.table).getPropertyValue("--row-px"));
    this.#rowHeight = height || 32;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.#roomRem = this.element.clientWidth / rem - PADDING_REM;
    this.#fit();
    for (const row of this.#pool) Object.assign(row, { entry: null, index: -1 });
  }

  /** Make all rows, for a printer; false makes those in sight again. */
  print(isPrinting) {
    this.#printing = isPrinting;
    this.draw();
  }

  /** Draw what is in sight. Cheap if nothing has changed. */
  draw() {
    const { scrollTop, clientHeight } = this.element;
    const height = this.#rowHeight;
    const total = this.#entries.length;
    const reach = Math.ceil(clientHeight / height) + 2 * SPARE_ROWS;
    const count = this.#printing ? total : Math.min(total, reach);
    const first = Math.floor(scrollTop / height) - SPARE_ROWS;
    this.#first = this.#printing ? 0 : Math.max(0, Math.min(total - count, first));
    const size = `${total * height}px`;
    if (this.body.style.height !== size) this.body.style.height = size;
    while (this.#pool.length < count) this.#pool.push(this.#row());
    while (this.#pool.length > count) this.#pool.pop().element.remove();
    // Row n of the entries lies in place n modulo the pool: scrolling by a row binds one.
    for (let index = this.#first; index < this.#first + count; index++)
      this.#bind(this.#pool[index % count], index);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), SETTLED_MS);
  }

  // Rows stand where their style says; for who reads them one after the other their
  // elements must come in the same order. Moving one takes the focus from it.
  #settle() {
    if (this.body.contains(document.activeElement)) return;
    const inOrder = [...this.#pool].sort((one, other) => one.index - other.index);
    if (inOrder.every((row, at) => this.body.children[at] === row.element)) return;
    this.body.append(...inOrder.map(({ element }) => element));
  }

  #row() {
    const link = h("a", { tabindex: "-1", draggable: "false" });
    const cells = this.#columns.map((column, at) => {
      const content = at === 0 ? link : column.draw ? h("canvas") : "";
      const classes = ["cell", `of-${column.name}`, ...(column.classes ?? [])];
      const hidden = !this.#isShown[at];
      return h(`div.${classes.join(".")}`, { role: "cell", hidden }, content);
    });
    const element = h("div.row", { role: "row" }, ...cells);
    this.body.append(element);
    return { element, link, cells, index: -1, entry: null, texts: [] };
  }

  #bind(row, index) {
    const entry = this.#entries[index];
    if (row.index !== index) {
      row.index = index;
      row.element.style.transform = `translateY(${index * this.#rowHeight}px)`;
      setAttribute(row.element, "aria-rowindex", index + 2);
    }
    row.link.tabIndex = index === this.#active ? 0 : -1;
    const isFresh = this.#options.isFresh(entry);
    if (row.isFresh !== isFresh) {
      row.isFresh = isFresh;
      row.element.classList.toggle("fresh", isFresh);
    }
    if (row.entry === entry && row.row === entry.row) return;
    if (row.entry !== entry) setAttribute(row.link, "href", this.#options.linkOf(entry));
    row.entry = entry;
    row.row = entry.row;
    this.#columns.forEach((column, at) => this.#fill(row, column, at, entry));
  }

  #fill(row, column, at, entry) {
    const cell = row.cells[at];
    if (!this.#isShown[at]) return;
    if (column.draw) {
      column.draw(cell.firstChild, entry);
      return;
    }
    if (column.mark) setAttribute(cell, "data-mark", column.mark(entry));
    const text = column.of(entry);
    if (row.texts[at] === text) return;
    row.texts[at] = text;
    setText(at === 0 ? row.link : cell, text);
    const tip = column.tip?.(entry);
    if (tip !== undefined) cell.title = tip;
  }

  #header(column) {
    const classes = ["cell", `of-${column.name}`, ...(column.classes ?? [])].join(".");
    const content = column.unsorted
      ? h("span", {}, column.title)
      : h("button", { click: () => this.#options.onSort(column.name) }, column.title);
    return h(`div.${classes}`, { role: "columnheader", title: column.about }, content);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#rowHeight) - 2);
    const last = this.#entries.length - 1;
    const to = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#active = Math.max(0, Math.min(last, to));
    this.#bringIntoSight();
    this.draw();
    const row = this.#pool.find(({ index }) => index === this.#active);
    row?.link.focus({ preventScroll: true });
  }

  #bringIntoSight() {
    const top = this.#active * this.#rowHeight;
    const { scrollTop, clientHeight } = this.element;
    const room = clientHeight - this.head.offsetHeight - this.#rowHeight;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top > scrollTop + room) this.element.scrollTop = top - room;
  }

  #focused({ target }) {
    const row = this.#pool.find(({ link }) => link === target);
    if (row === undefined) return;
    this.#active = row.index;
    for (const { link, index } of this.#pool) link.tabIndex = index === row.index ? 0 : -1;
  }
}
