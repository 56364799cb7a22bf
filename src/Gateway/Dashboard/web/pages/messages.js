// Messages by id, by key and by time; and what became of one.
import { h } from "../lib/dom.js";
import { get, page, path } from "../lib/api.js";
import { details } from "../lib/message.js";
import { button, field, head, load, panel, select, state } from "../lib/parts.js";
import { picture } from "../lib/trace.js";
import { messageTable } from "./topic.js";

export async function show(root, { segments: [id], query, signal }) {
  if (id) return showMessage(root, id, query.topic, signal);
  const place = h("div", { class: "below" });
  root.append(
    head("Search", { about: "Find one message by its id, or those of a topic by key and time. Nothing is consumed." }),
    h("div", { class: "grid" }, byId(), byKey(place, query, signal)), place);
}

function byId() {
  const input = h("input", { name: "id", required: true, autocomplete: "off", spellcheck: "false", class: "mono" });
  const topic = h("input", { name: "topic", autocomplete: "off", spellcheck: "false" });
  const find = () => { location.hash = `#/messages/${encodeURIComponent(input.value.trim())}${topic.value ? `?topic=${encodeURIComponent(topic.value)}` : ""}`; };
  return panel("By id", h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); find(); } },
    field("Message id", input), field("In topic, for a sender's own id", topic), h("button", { type: "submit" }, "Find")));
}

function byKey(place, query, signal) {
  const form = h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); search(); } },
    field("Topic", h("input", { name: "topic", required: true, value: query.topic ?? "", autocomplete: "off", spellcheck: "false" })),
    field("Key", h("input", { name: "key", value: query.key ?? "", autocomplete: "off", spellcheck: "false" })),
    field("Stored from", h("input", { name: "from", type: "datetime-local", step: "1" })),
    field("to", h("input", { name: "to", type: "datetime-local", step: "1" })),
    field("At most", select({ name: "limit", value: "50" }, [["20", "20"], ["50", "50"], ["200", "200"]]), null, "narrow"),
    h("button", { type: "submit" }, "Search"));
  const search = () => {
    const { topic, ...wanted } = Object.fromEntries(new FormData(form));
    for (const bound of ["from", "to"]) if (wanted[bound]) wanted[bound] = new Date(wanted[bound]).toISOString();
    const read = async (cursor) => page(await get(path("topics", topic, "messages"), { ...wanted, cursor }, signal), "messages");
    return load(place, signal, read, ({ items, next }) => panel(`${items.length}${next ? "+" : ""} messages`, messageTable(items, read, next), { plain: true }));
  };
  if (query.topic) search();
  return panel("By key and time", form);
}

async function showMessage(root, id, topic, signal) {
  const message = h("div", {});
  const trace = h("div", {});
  root.append(
    head("Message", { crumb: { href: "#/messages", label: "Search" }, about: h("span", { class: "mono wrap" }, id), actions: button("Refresh", () => again()) }),
    panel("Trace", trace), panel("Content", message));
  const again = () => Promise.all([
    load(trace, signal, () => get(path("messages", id, "trace"), { topic }, signal), (answer) =>
      answer.steps.length === 0 ? state("No trace", "Nothing is recorded of this message's way.") : picture(answer)),
    load(message, signal, () => get(path("messages", id), { topic }, signal), (found) => h("div", { class: "stack" }, details(found))),
  ]);
  await again();
}

