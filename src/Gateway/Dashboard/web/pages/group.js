// One group: lag by queue, members, settings, reset by time.
import { h, replace } from "../lib/dom.js";
import { call, callWithTag, get, page, path } from "../lib/api.js";
import { clock, count, plural } from "../lib/format.js";
import { repeat } from "../lib/live.js";
import { ask, button, check, choice, field, head, load, news, pairs, panel, state, tag, toast, wrongInput } from "../lib/parts.js";
import { table } from "../lib/table.js";

const EVERY = 5000;

export async function showGroup(root, name, query, signal) {
  const settings = h("div", {});
  const lag = h("div", {});
  const members = h("div", {});
  let found = null;
  let topics = [];
  const again = () => Promise.all([
    load(settings, signal, async () => (found = await callWithTag("GET", path("groups", name), { signal })), ({ value }) => settingsOf(value)),
    readLag(),
    load(members, signal, async () => page(await get(path("groups", name, "members"), { limit: 500 }, signal), "members").items, memberTable),
  ]);
  const readLag = () => load(lag, signal, async () => {
    const queues = queuesOf(await get(path("groups", name, "lag"), {}, signal));
    topics = [...new Set(queues.map((queue) => queue.topic))];
    return queues;
  }, lagTable);
  root.append(
    head(name, {
      crumb: { href: "#/groups", label: "Groups" },
      actions: [
        button("Refresh", again),
        h("a", { class: "button", href: `#/dead-letters?group=${encodeURIComponent(name)}` }, "Dead letters"),
        button("Reset progress", () => reset(name, topics, again)),
        button("Change", () => found && change(name, found, again)),
        button("Delete", () => remove(name, found?.tag), { class: "danger" }),
      ],
    }),
    panel("Lag", lag, { plain: true }),
    h("div", { class: "grid" }, panel("Members", members, { plain: true }), panel("Settings", settings)));
  await again();
  repeat(EVERY, signal, () => !root.querySelector("section:focus-within") && readLag());
}

const queuesOf = (answer) => page(answer, "queues").items;

const settingsOf = (group) => pairs([
  ["May consume", group.canConsume === false ? tag("no: paused", "warn") : "yes"],
  ["Broadcasting", group.canBroadcast === false ? "no" : "yes"],
  ["In order", group.isOrdered ? "yes" : "no"],
  ["Tries", group.maxRetries === undefined ? null : count(group.maxRetries)],
  ["Retry queues", group.retryQueues === undefined ? null : count(group.retryQueues)],
]);

function lagTable(queues) {
  const sum = queues.reduce((all, queue) => all + (queue.lag ?? 0), 0);
  const worst = queues.reduce((most, queue) => Math.max(most, queue.lag ?? 0), 0);
  return [
    table([
      { label: "Topic", head: true, key: (queue) => queue.topic, cell: (queue) => h("a", { href: `#/topics/${encodeURIComponent(queue.topic)}` }, queue.topic) },
      { label: "Queue", num: true, key: (queue) => queue.queueId, cell: (queue) => queue.queueId },
      { label: "Progress", num: true, key: (queue) => queue.offset, cell: (queue) => count(queue.offset) },
      { label: "End", num: true, key: (queue) => queue.end, cell: (queue) => count(queue.end) },
      { label: "Lag", num: true, key: (queue) => queue.lag, cell: (queue) => count(queue.lag) },
      { label: "", className: "lag-bar", cell: (queue) => queue.lag > 0 ? bar(queue.lag, worst) : null },
      { label: "Last handled, stored", key: (queue) => queue.lastHandledStoredAt ?? "", cell: (queue) => clock(queue.lastHandledStoredAt) },
    ], queues, { caption: "Lag by queue", empty: state("No progress yet", "The group has not read from any topic.") }),
    queues.length > 0 && h("div", { class: "under soft" }, `${plural(sum, "message")} behind, in ${plural(queues.length, "queue")}`),
  ];
}

function bar(lag, worst) {
  const inner = h("i", {});
  inner.style.width = `${Math.max(2, (lag / worst) * 100)}%`;
  return h("span", { class: "meter", "aria-hidden": "true" }, inner);
}

const memberTable = (members) => table([
  { label: "Client", head: true, key: (member) => member.clientId, cell: (member) => h("span", { class: "mono" }, member.clientId) },
  { label: "Address", key: (member) => member.address ?? "", cell: (member) => member.address ?? "–" },
  { label: "Language", key: (member) => member.language ?? "", cell: (member) => [member.language ?? "–", member.isGateway ? [" ", tag("gateway")] : null] },
  { label: "Reads", className: "wrap", cell: (member) => (member.subscriptions ?? []).map((one) => h("div", {}, typeof one === "string" ? one : [one.topic, h("span", { class: "soft" }, ` ${one.expression ?? ""}`)])) },
], members, { caption: "Members", empty: state("Nobody is connected", "Messages wait until a member comes.") });

function resetRows(rows) {
  return table([
    { label: "Queue", num: true, cell: (row) => row.broker ? `${row.broker} · ${row.queueId}` : row.queueId },
    { label: "From", num: true, cell: (row) => (row.from === undefined ? "none" : count(row.from)) },
    { label: "To", num: true, cell: (row) => count(row.to) },
    { label: "Moves", num: true, cell: (row) => (row.from === undefined ? "–" : `${row.to > row.from ? "+" : ""}${count(row.to - row.from)}`) },
  ], rows, { caption: "What the reset does", compact: true, empty: state("Nothing to reset") });
}

async function reset(name, topics, again) {
  const preview = h("div", {});
  const time = field("Time", h("input", { name: "time", type: "datetime-local", step: "1" }), "In the time zone of this browser. Members go on with the first message stored at or after it.");
  const done = await ask({
    title: `Reset the progress of ${name}`,
    text: "First look at what it would do; then do it.",
    wide: true,
    fields: [
      h("div", { class: "split" }, field("Topic", h("input", { name: "topic", required: true, list: "reset-topics", value: topics.find((topic) => !topic.startsWith("%RETRY%")) ?? "" })), time),
      h("datalist", { id: "reset-topics" }, topics.map((topic) => h("option", { value: topic }))),
      choice("To", "to", [["time", "the time above"], ["earliest", "the oldest message kept"], ["latest", "the end: skip everything"]], "time"),
      check("Only look (dry run)", { name: "dry", checked: true }),
      preview,
    ],
    action: "Go",
    submit: async (values) => {
      const json = resetBody(values);
      const rows = page(await call("POST", path("groups", name, "offsets", "reset"), { json }), "queues").items;
      if (!json.dryRun) return toast(`${name} goes on from there.`);
      replace(preview, h("h3", {}, "It would do this:"), resetRows(rows));
      throw news("Nothing was changed. Take the mark off “Only look” to do it.");
    },
  });
  if (done) again();
}

function resetBody({ topic, time, to, dry }) {
  if (to === "time" && !time) throw wrongInput("Choose a time.");
  const json = { topic, dryRun: Boolean(dry) };
  if (to === "time") json.time = new Date(time).toISOString();
  else json.to = to;
  return json;
}

async function change(name, { value, tag: version }, again) {
  const done = await ask({
    title: `Change ${name}`,
    fields: [
      field("Tries before a message is a dead letter", h("input", { name: "maxRetries", type: "number", min: "-1", max: "1000", value: String(value.maxRetries ?? 16), required: true })),
      check("May consume", { name: "canConsume", checked: value.canConsume !== false }),
      check("May broadcast", { name: "canBroadcast", checked: value.canBroadcast !== false }),
    ],
    action: "Change",
    submit: async ({ maxRetries, canConsume, canBroadcast }) => {
      await call("PUT", path("groups", name), {
        json: { maxRetries: Number(maxRetries), canConsume: Boolean(canConsume), canBroadcast: Boolean(canBroadcast) },
        headers: version ? { "If-Match": version } : {},
      });
      toast(`Group ${name} is changed.`);
    },
  });
  if (done) again();
}

async function remove(name, version) {
  const done = await ask({
    title: `Delete ${name}?`,
    text: "Its settings go, and its progress when you say so. Its dead letters stay.",
    fields: [
      check("Forget its progress, too", { name: "progress" }),
      field("Type the group's name", h("input", { name: "typed", autocomplete: "off", spellcheck: "false", required: true })),
    ],
    action: "Delete the group",
    danger: true,
    submit: async ({ typed, progress }) => {
      if (typed !== name) throw wrongInput(`That is not ${name}.`);
      await call("DELETE", path("groups", name), { query: { progress: progress ? "remove" : "keep" }, headers: version ? { "If-Match": version } : {} });
      toast(`Group ${name} is deleted.`);
    },
  });
  if (done) location.hash = "#/groups";
}
