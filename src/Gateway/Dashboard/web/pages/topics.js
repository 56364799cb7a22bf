// Topics: all of them, and one with its queues, groups and messages.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { count } from "../lib/format.js";
import { ask, button, check, field, head, load, panel, state, tag, toast, wrongInput } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";
import { showTopic } from "./topic.js";

const PAGE = 1000;

export async function show(root, { segments: [topic], query, signal }) {
  if (topic) return showTopic(root, topic, query, signal);
  const place = h("div", {});
  const all = check("Also those of groups and brokers", { checked: query.kind === "all", onchange: () => again() });
  const wanted = () => ({ limit: PAGE, kind: all.firstChild.checked ? "all" : "user" });
  const again = () => load(place, signal, async () => page(await get(path("topics"), wanted(), signal), "topics"), (answer) => list(answer, all, wanted(), again, signal));
  root.append(
    head("Topics", {
      about: "Where messages go, whichever protocol sent them. The first level of an MQTT topic is the topic here.",
      actions: [button("Refresh", again), button("Create topic", () => create(again), { class: "main" })],
    }),
    place);
  await again();
}

/** user, retry, dead letters or system: said by the gateway, else by the name. */
export function kindOf(topic) {
  const said = String(topic.kind ?? "").toLowerCase().replace(/[^a-z]/g, "");
  if (said) return said === "deadletter" ? "dead letters" : said;
  if (topic.name.startsWith("%RETRY%")) return "retry";
  if (topic.name.startsWith("%DLQ%")) return "dead letters";
  return "user";
}

function list({ items, next }, all, wanted, again, signal) {
  const search = searchable({
    label: "Find a topic", rows: items, text: (topic) => topic.name,
    build: (rows) => table([
      { label: "Topic", head: true, key: (topic) => topic.name, cell: (topic) => h("a", { href: `#/topics/${encodeURIComponent(topic.name)}` }, topic.name) },
      { label: "Queues", num: true, key: (topic) => topic.queues, cell: (topic) => count(topic.queues) },
      { label: "Kind", key: kindOf, cell: (topic) => kindOf(topic) === "user" ? h("span", { class: "soft" }, "user") : tag(kindOf(topic)) },
      { label: "Access", cell: access },
      { label: "", className: "nowrap", cell: (topic) => h("div", { class: "actions" },
        h("a", { href: `#/try?topic=${encodeURIComponent(topic.name)}`, "aria-label": `Try it: ${topic.name}` }, "Try it")) },
    ], rows, {
      caption: "Topics",
      empty: state("No topics yet", "A topic comes to be when somebody publishes to it, or when you create it.", button("Create topic", () => create(again), { class: "main" })),
      more: next ? async () => { const answer = page(await get(path("topics"), { ...wanted, cursor: next }, signal), "topics"); next = answer.next; return answer; } : null,
    }),
  });
  return panel(`${count(items.length)}${next ? "+" : ""} topics`, search.place, { plain: true, bar: [all, search.input] });
}

export function access(topic) {
  if (topic.canRead === undefined) return h("span", { class: "soft" }, "read, write");
  if (topic.canRead && topic.canWrite) return h("span", { class: "soft" }, "read, write");
  return tag(topic.canRead ? "read only" : topic.canWrite ? "write only" : "closed", "warn");
}

async function create(again) {
  const done = await ask({
    title: "Create a topic",
    text: "Letters, digits, % | _ - and up to 127 of them. The number of queues is how many members of a group can read at once; it can grow later.",
    fields: [
      field("Name", h("input", { name: "name", required: true, autofocus: true, maxlength: "127", autocomplete: "off", spellcheck: "false" })),
      field("Queues", h("input", { name: "queues", type: "number", min: "1", max: "1024", value: "8", required: true })),
    ],
    action: "Create",
    submit: async ({ name, queues }) => {
      if (!name.trim()) throw wrongInput("The topic needs a name.");
      await call("PUT", path("topics", name.trim()), { json: { queues: Number(queues) }, headers: { "If-None-Match": "*" } });
      toast(`Topic ${name.trim()} is there.`);
    },
  });
  if (done) again();
}

