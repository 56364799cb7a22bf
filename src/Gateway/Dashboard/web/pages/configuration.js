// The configuration in force, and where each value comes from.
import { h } from "../lib/dom.js";
import { get, page, path } from "../lib/api.js";
import { count } from "../lib/format.js";
import { button, check, head, load, panel, state, tag } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";

const sourceOf = (setting) => setting.source ?? setting.from ?? "default";
const nameOf = (setting) => setting.name ?? setting.key;
const isDefault = (setting) => /^default/i.test(sourceOf(setting));
const textOf = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

export async function show(root, { signal }) {
  const place = h("div", {});
  const again = () => load(place, signal, async () => all(signal), list);
  root.append(head("Configuration", { about: "Every setting as it is in force in this process, and what set it. Secrets are not shown.", actions: button("Refresh", again) }), place);
  await again();
}

async function all(signal) {
  const found = [];
  let cursor;
  do {
    const answer = page(await get(path("configuration"), { cursor }, signal), "settings");
    found.push(...answer.items);
    cursor = answer.next;
  } while (cursor);
  return found;
}

function list(settings) {
  const changed = check("Only what is set", { onchange: () => search.set(shown()) });
  const shown = () => (changed.firstChild.checked ? settings.filter((setting) => !isDefault(setting)) : settings);
  const search = searchable({
    label: "Find a setting", rows: settings, text: (setting) => `${nameOf(setting)} ${textOf(setting.value)} ${sourceOf(setting)}`,
    build: (rows) => table([
      { label: "Setting", head: true, key: nameOf, cell: (setting) => [h("span", { class: "mono" }, nameOf(setting)), setting.description && h("div", { class: "soft" }, setting.description)] },
      { label: "Value", className: "wrap", key: (setting) => textOf(setting.value), cell: (setting) => h("span", { class: "mono" }, textOf(setting.value) || "–") },
      { label: "From", key: sourceOf, cell: (setting) => isDefault(setting) ? h("span", { class: "soft" }, "default") : tag(sourceOf(setting), "good") },
    ], rows, { caption: "Settings", empty: state("Nothing is set", "Every setting has its default.") }),
  });
  return panel(`${count(settings.length)} settings`, search.place, { plain: true, bar: [changed, search.input] });
}
