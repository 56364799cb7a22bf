// A table that can be sorted, filtered and picked from; on narrow screens each row is a card.
import { h, replace } from "./dom.js";
import { count } from "./format.js";
import { button, state } from "./parts.js";

const PAGE = 200;

/**
 * columns: { label, cell(row), key(row) to sort by, num, head: the cell names the row }.
 * options: caption, empty (node), picks (Set of rows), onPick, more (async, loads the next page), compact (stays a table
 * on narrow screens, too: few narrow columns).
 */
export function table(columns, rows, options = {}) {
  const view = { rows, sorted: null, descending: false, shown: PAGE };
  const body = h("tbody", { role: "rowgroup" });
  const heads = columns.map((column) => head(column, view, draw));
  const under = h("div", { class: "under", hidden: true });
  const pickAll = options.picks && h("input", { type: "checkbox", "aria-label": "Select all that are shown", onchange: () => {
    for (const row of view.rows) pickAll.checked ? options.picks.add(row) : options.picks.delete(row);
    draw();
    options.onPick?.();
  } });

  function draw() {
    const ordered = order(view);
    replace(body, ordered.slice(0, view.shown).map((row) => line(columns, row, options)));
    heads.forEach(({ element, column }) => element.setAttribute("aria-sort", view.sorted !== column ? "none" : view.descending ? "descending" : "ascending"));
    for (const { element, column } of heads) if (!column.key) element.removeAttribute("aria-sort");
    const rest = ordered.length - view.shown;
    under.hidden = rest <= 0 && !options.more;
    replace(under,
      h("span", { class: "soft" }, `${count(Math.min(view.shown, ordered.length))} of ${options.more ? "more than " : ""}${count(ordered.length)}`),
      rest > 0 ? button("Show more", () => { view.shown += PAGE; draw(); }, { class: "small" })
        : options.more && button("Load more", (event) => more(event.currentTarget), { class: "small" }));
  }

  async function more(pressed) {
    pressed.disabled = true;
    const page = await options.more().finally(() => { pressed.disabled = false; });
    view.rows = view.rows.concat(page.items);
    view.shown += page.items.length;
    if (!page.next) options.more = null;
    draw();
  }

  draw();
  if (rows.length === 0) return options.empty ?? state("Nothing here");
  return h("div", options.compact ? { class: "scroll", tabindex: "0", role: "group", "aria-label": options.caption } : {},
    h("table", { class: options.compact ? "compact" : "cards", role: "table" },
      options.caption && h("caption", { class: "hear" }, options.caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        options.picks && h("th", { class: "pick", role: "columnheader", scope: "col" }, pickAll), heads.map(({ element }) => element))),
      body),
    under);
}

function head(column, view, draw) {
  const element = h("th", { scope: "col", role: "columnheader", class: column.num ? "num" : "" },
    column.key ? button(column.label, () => {
      view.descending = view.sorted === column ? !view.descending : Boolean(column.num);
      view.sorted = column;
      draw();
    }) : column.label || h("span", { class: "hear" }, "Actions"));
  return { element, column };
}

function line(columns, row, options) {
  return h("tr", { role: "row" },
    options.picks && h("td", { class: "pick", role: "cell", "data-label": "Select" }, h("input", {
      type: "checkbox", checked: options.picks.has(row), "aria-label": `Select ${options.nameOf?.(row) ?? "this row"}`,
      onchange: (event) => { event.currentTarget.checked ? options.picks.add(row) : options.picks.delete(row); options.onPick?.(); },
    })),
    columns.map((column) => column.head
      ? h("th", { scope: "row", role: "rowheader", class: column.className ?? "wrap" }, column.cell(row))
      : h("td", { role: "cell", class: [column.num && "num", column.className].filter(Boolean).join(" "), "data-label": column.label ?? "" }, column.cell(row))));
}

function order(view) {
  if (!view.sorted) return view.rows;
  const key = view.sorted.key;
  const sign = view.descending ? -1 : 1;
  return [...view.rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === "string" || typeof y === "string") return sign * String(x ?? "").localeCompare(String(y ?? ""), "en", { numeric: true });
    return sign * ((x ?? -Infinity) - (y ?? -Infinity));
  });
}

/** A search field that filters rows by what `text` makes of them, and the table below it. */
export function searchable({ label, rows, text, build, initial = "" }) {
  const place = h("div", {});
  const draw = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? rows : rows.filter((row) => { const all = text(row).toLowerCase(); return words.every((word) => all.includes(word)); });
    replace(place, found.length === 0 && rows.length > 0 ? state("Nothing matches", `None of ${count(rows.length)} contains “${input.value}”.`) : build(found));
  };
  const input = h("input", { type: "search", class: "search", "aria-label": label, placeholder: label, value: initial, oninput: draw });
  draw();
  return { input, place, draw, set: (next) => { rows = next; draw(); } };
}
