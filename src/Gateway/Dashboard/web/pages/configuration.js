// The configuration in force, and where each value comes from.
import { h } from "../lib/dom.js";
import { get, page, path } from "../lib/api.js";
import { count } from "../lib/format.js";
import { button, check, head, load, panel, state, tag } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";

const isDefault = (setting) => setting.source === "default";

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
    const answer = page(await get(path("configuration"), { limit: 1000, cursor }, signal), "settings");
    found.push(...answer.items);
    cursor = answer.next;
  } while (cursor);
  return found;
}

function list(settings) {
  const changed = check("Only what is set", { onchange: () => search.set(shown()) });
  const shown = () => (changed.firstChild.checked ? settings.filter((setting) => !isDefault(setting)) : settings);
  const search = searchable({
    label: "Find a setting", rows: settings, text: (setting) => `${setting.name} ${setting.value} ${setting.source} ${setting.where ?? ""}`,
    build: (rows) => table([
      { label: "Setting", head: true, key: (setting) => setting.name, cell: (setting) => h("span", { class: "mono" }, setting.name) },
      { label: "Value", className: "wrap", key: (setting) => setting.value, cell: (setting) => h("span", { class: "mono" }, setting.value === "" ? "–" : setting.value) },
      { label: "From", className: "wrap", key: (setting) => setting.source, cell: (setting) => isDefault(setting) ? h("span", { class: "soft" }, "default") : [tag(setting.source, "good"), " ", h("span", { class: "soft mono" }, setting.where)] },
    ], rows, { caption: "Settings", empty: state("Nothing is set", "Every setting has its default.") }),
  });
  return panel(`${count(settings.length)} settings`, search.place, { plain: true, bar: [changed, search.input] });
}
