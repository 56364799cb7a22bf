// Retained messages: what a new MQTT subscription finds at once.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { bytes, clock, count } from "../lib/format.js";
import { bodyOf, open } from "../lib/message.js";
import { ask, button, field, head, load, panel, state, toast } from "../lib/parts.js";
import { table } from "../lib/table.js";

const PAGE = 200;
const nameOf = (message) => message.name;

export async function show(root, { query, signal }) {
  const place = h("div", {});
  const filter = h("input", { name: "filter", value: query.filter ?? "#", required: true, spellcheck: "false", autocomplete: "off" });
  const again = () => load(place, signal, async () => page(await get(path("retained"), { filter: filter.value, limit: PAGE }, signal), "retained"), (answer) => list(answer, filter.value, again, signal));
  root.append(
    head("Retained", { about: "The last message kept under an MQTT topic name, which a new subscription gets at once.", actions: button("Refresh", again) }),
    panel(null, h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); again(); } },
      field("MQTT filter", filter), h("button", { type: "submit" }, "Show"))),
    place);
  place.className = "below";
  await again();
}

function list({ items, next }, filter, again, signal) {
  const rows = table([
    { label: "Topic name", head: true, key: nameOf, cell: (message) => h("span", { class: "mono" }, nameOf(message)) },
    { label: "Body", cell: (message) => h("span", { class: "clip mono" }, bodyOf(message).slice(0, 160) || "(empty)") },
    { label: "Size", num: true, key: (message) => message.size, cell: (message) => bytes(message.size) },
    { label: "Stored", key: (message) => message.storedAt, cell: (message) => clock(message.storedAt) },
    { label: "Expires", key: (message) => message.expiresAt ?? "", cell: (message) => message.expiresAt ? clock(message.expiresAt) : h("span", { class: "soft" }, "never") },
    { label: "", cell: (message) => h("div", { class: "actions" },
      button("Open", () => open(message), { class: "small", "aria-label": `Open ${nameOf(message)}` }),
      button("Delete", () => remove(nameOf(message), again), { class: "small danger", "aria-label": `Delete ${nameOf(message)}` })) },
  ], items, {
    caption: "Retained messages", empty: state("No retained messages", `None has a name that ${filter} matches.`),
    more: next ? async () => { const answer = page(await get(path("retained"), { filter, limit: PAGE, cursor: next }, signal), "retained"); next = answer.next; return answer; } : null,
  });
  return panel(`${count(items.length)}${next ? "+" : ""} messages`, rows, { plain: true });
}

async function remove(name, again) {
  const done = await ask({
    title: "Delete this retained message?",
    text: `New subscriptions find nothing under ${name} then. The message itself stays in its topic.`,
    action: "Delete",
    danger: true,
    submit: async () => {
      await call("DELETE", path("retained"), { query: { name } });
      toast(`Nothing is retained under ${name} any more.`);
    },
  });
  if (done) again();
}
