// Consumer groups: all of them, and one with its lag and members.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { count } from "../lib/format.js";
import { ask, button, field, head, load, panel, state, tag, toast } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";
import { showGroup } from "./group.js";

const PAGE = 500;

export async function show(root, { segments: [group], query, signal }) {
  if (group) return showGroup(root, group, query, signal);
  const place = h("div", {});
  const again = () => load(place, signal, async () => page(await get(path("groups"), { limit: PAGE }, signal), "groups"), (answer) => list(answer, signal));
  root.append(
    head("Groups", {
      about: "Members of a group share its messages, by whichever protocols they receive. Lag is what the group has before it.",
      actions: [button("Refresh", again), button("Create group", () => create(again), { class: "main" })],
    }),
    place);
  await again();
}

const membersOf = (group) => (Array.isArray(group.members) ? group.members.length : group.members);

function list({ items, next }, signal) {
  const search = searchable({
    label: "Find a group", rows: items, text: (group) => group.name,
    build: (rows) => table([
      { label: "Group", head: true, key: (group) => group.name, cell: (group) => h("a", { href: `#/groups/${encodeURIComponent(group.name)}` }, group.name) },
      { label: "Lag", num: true, key: (group) => group.lag, cell: (group) => count(group.lag) },
      { label: "Members", num: true, key: membersOf, cell: (group) => count(membersOf(group)) },
      { label: "Tries", num: true, key: (group) => group.maxRetries, cell: (group) => count(group.maxRetries) },
      { label: "State", cell: marks },
    ], rows, {
      caption: "Groups",
      empty: state("No groups yet", "A group comes to be when its first member receives, or when you create it."),
      more: next ? async () => { const answer = page(await get(path("groups"), { limit: PAGE, cursor: next }, signal), "groups"); next = answer.next; return answer; } : null,
    }),
  });
  return panel(`${count(items.length)}${next ? "+" : ""} groups`, search.place, { plain: true, bar: search.input });
}

function marks(group) {
  const found = [];
  if (group.canConsume === false) found.push(tag("paused", "warn"));
  if (group.isOrdered) found.push(tag("in order"));
  if (group.isSystem) found.push(tag("system"));
  if (membersOf(group) === 0 && group.lag > 0) found.push(tag("nobody reads", "warn"));
  return found.length ? found.flatMap((mark) => [mark, " "]) : h("span", { class: "soft" }, "–");
}

async function create(again) {
  const done = await ask({
    title: "Create a group",
    fields: [
      field("Name", h("input", { name: "name", required: true, maxlength: "255", autocomplete: "off", spellcheck: "false" })),
      field("Tries before a message is a dead letter", h("input", { name: "maxRetries", type: "number", min: "-1", max: "1000", value: "16", required: true })),
    ],
    action: "Create",
    submit: async ({ name, maxRetries }) => {
      await call("PUT", path("groups", name.trim()), { json: { maxRetries: Number(maxRetries) }, headers: { "If-None-Match": "*" } });
      toast(`Group ${name.trim()} is there.`);
    },
  });
  if (done) again();
}
