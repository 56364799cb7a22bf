// One topic: queues, groups that read it, messages that are kept.
import { h, replace } from "../lib/dom.js";
import { call, callWithTag, get, page, path } from "../lib/api.js";
import { clock, count, plural } from "../lib/format.js";
import { bodyOf, open } from "../lib/message.js";
import { ask, button, field, head, load, pairs, panel, select, state, toast, wrongInput } from "../lib/parts.js";
import { table } from "../lib/table.js";
import { access, kindOf } from "./topics.js";

export async function showTopic(root, name, query, signal) {
  const place = h("div", {});
  let found = null;
  const again = () => load(place, signal, async () => (found = await callWithTag("GET", path("topics", name), { signal })), ({ value }) => parts(name, value, query, signal));
  const gone = () => { location.hash = "#/topics"; };
  root.append(
    head(name, {
      crumb: { href: "#/topics", label: "Topics" },
      actions: [
        button("Refresh", again),
        h("a", { class: "button", href: `#/try?topic=${encodeURIComponent(name)}` }, "Try it"),
        button("Change", () => found && change(name, found, again)),
        button("Delete", () => remove(name, found?.tag, gone), { class: "danger" }),
      ],
    }),
    place);
  await again();
}

function parts(name, topic, query, signal) {
  const queues = h("div", {});
  const groups = h("div", {});
  const attributes = Object.entries(topic.attributes ?? {});
  load(queues, signal, async () => page(await get(path("topics", name, "queues"), { limit: 1000 }, signal), "queues").items, queueTable);
  load(groups, signal, async () => page(await get(path("topics", name, "groups"), { limit: 1000 }, signal), "groups").items, groupTable);
  return [
    panel(null, pairs([
      ["Queues", topic.readQueues !== undefined && topic.readQueues !== topic.queues ? `${topic.queues} written, ${topic.readQueues} read` : count(topic.queues)],
      ["Kind", kindOf(topic)],
      ["Access", access(topic)],
      ...attributes.map(([key, value]) => [key, h("span", { class: "mono" }, String(value))]),
    ])),
    h("div", { class: "grid" }, panel("Queues", queues, { plain: true }), panel("Groups", groups, { plain: true })),
    browse(name, query, signal),
  ];
}

function queueTable(queues) {
  const kept = queues.reduce((sum, queue) => sum + (queue.end - queue.first), 0);
  const severalBrokers = new Set(queues.map((queue) => queue.broker)).size > 1;
  return [
    table([
      severalBrokers && { label: "Broker", key: (queue) => queue.broker, cell: (queue) => queue.broker },
      { label: "Queue", num: true, key: (queue) => queue.queueId, cell: (queue) => queue.queueId },
      { label: "First", num: true, key: (queue) => queue.first, cell: (queue) => count(queue.first) },
      { label: "End", num: true, key: (queue) => queue.end, cell: (queue) => count(queue.end) },
      { label: "Kept", num: true, key: (queue) => queue.end - queue.first, cell: (queue) => count(queue.end - queue.first) },
      { label: "Newest", className: "nowrap", key: (queue) => queue.lastStoredAt ?? "", cell: (queue) => clock(queue.lastStoredAt) },
    ].filter(Boolean), queues, { caption: "Queues", compact: true, empty: state("No queues") }),
    queues.length > 0 && h("div", { class: "under soft" }, `${plural(kept, "message")} kept`),
  ];
}

function groupTable(groups) {
  const rows = groups.map((group) => (typeof group === "string" ? { name: group } : { ...group, name: group.name ?? group.group }));
  return table([
    { label: "Group", head: true, key: (group) => group.name, cell: (group) => h("a", { href: `#/groups/${encodeURIComponent(group.name)}` }, group.name) },
    { label: "Lag", num: true, key: (group) => group.lag, cell: (group) => count(group.lag) },
  ], rows, { caption: "Groups", empty: state("No group reads it", "A group appears with the first member that receives from this topic.") });
}

// Browsing consumes nothing: no group moves.
function browse(name, query, signal) {
  const place = h("div", {});
  const form = h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); search(); } },
    field("Key", h("input", { name: "key", value: query.key ?? "", autocomplete: "off" })),
    field("Stored from", h("input", { name: "from", type: "datetime-local", step: "1", value: query.from ?? "" })),
    field("to", h("input", { name: "to", type: "datetime-local", step: "1" })),
    field("Queue", h("input", { name: "queue", type: "number", min: "0", value: query.queue ?? "" }), null, "narrow"),
    field("Offset", h("input", { name: "offset", type: "number", min: "0", value: query.offset ?? "" }), null, "narrow"),
    field("At most", select({ name: "limit", value: "50" }, [["20", "20"], ["50", "50"], ["200", "200"]]), null, "narrow"),
    h("button", { type: "submit" }, "Show"));

  function asked() {
    const values = Object.fromEntries(new FormData(form));
    for (const bound of ["from", "to"]) if (values[bound]) values[bound] = new Date(values[bound]).toISOString();
    return values;
  }

  const search = () => {
    const wanted = asked();
    return load(place, signal, async () => page(await get(path("topics", name, "messages"), wanted, signal), "messages"), ({ items, next }) => messageTable(items, next && (async (cursor) =>
      page(await get(path("topics", name, "messages"), { ...wanted, cursor }, signal), "messages")), next));
  };
  replace(place, state("Look without consuming", "Shows messages that are kept, from any place or time. No group's progress moves."));
  return panel("Messages", [form, h("div", { class: "results" }, place)], {});
}

/** Messages, each of which opens. */
export function messageTable(items, read, next, options = {}) {
  return table([
    { label: "Stored", head: true, className: "nowrap", key: (message) => message.storedAt ?? "", cell: (message) => clock(message.storedAt) },
    options.withTopic && { label: "Topic", key: (message) => message.topic, cell: (message) => h("a", { href: `#/topics/${encodeURIComponent(message.topic)}` }, message.topic) },
    { label: "Tag", className: "wrap", key: (message) => message.tag ?? "", cell: (message) => message.tag ?? "" },
    { label: "Keys", className: "wrap", key: (message) => (message.keys ?? []).join(" "), cell: (message) => (message.keys ?? []).join(", ") },
    { label: "Body", cell: (message) => h("span", { class: "clip mono" }, bodyOf(message).slice(0, 160) || "(empty)") },
    { label: "Place", num: true, cell: (message) => message.queueId === undefined ? "" : `${message.queueId} · ${message.offset}` },
    ...(options.columns ?? []),
    { label: "", cell: (message) => h("div", { class: "actions" }, button("Open", () => open(message), { class: "small", "aria-label": `Open message ${message.messageId}` })) },
  ].filter(Boolean), items, {
    caption: "Messages", ...options.table,
    empty: options.empty ?? state("No messages here", "None is kept at this place."),
    more: next ? async () => { const answer = await read(next); next = answer.next; return answer; } : null,
  });
}

async function change(name, { value, tag }, again) {
  const closed = value.canRead === undefined;
  const done = await ask({
    title: `Change ${name}`,
    text: "Queues can grow, not shrink.",
    fields: [
      field("Queues", h("input", { name: "queues", type: "number", min: String(value.queues), max: "1024", value: String(value.queues), required: true })),
      !closed && field("Access", select({ name: "access", value: value.canRead ? (value.canWrite ? "rw" : "r") : "w" }, [["rw", "read and write"], ["r", "read only"], ["w", "write only"]])),
    ],
    action: "Change",
    submit: async ({ queues, access: wanted }) => {
      const json = { queues: Number(queues) };
      if (!closed) Object.assign(json, { canRead: wanted !== "w", canWrite: wanted !== "r" });
      await call("PUT", path("topics", name), { json, headers: tag ? { "If-Match": tag } : {} });
      toast(`Topic ${name} is changed.`);
    },
  });
  if (done) again();
}

async function remove(name, tag, gone) {
  const done = await ask({
    title: `Delete ${name}?`,
    text: "Its messages go with it, for every protocol, and so does the progress of its groups. This cannot be undone.",
    fields: [field("Type the topic's name", h("input", { name: "typed", autocomplete: "off", spellcheck: "false", required: true }))],
    action: "Delete the topic",
    danger: true,
    submit: async ({ typed }) => {
      if (typed !== name) throw wrongInput(`That is not ${name}.`);
      await call("DELETE", path("topics", name), { headers: tag ? { "If-Match": tag } : {} });
      toast(`Topic ${name} is deleted.`);
    },
  });
  if (done) gone();
}

