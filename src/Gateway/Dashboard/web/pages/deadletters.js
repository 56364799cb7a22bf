// Dead letters of a group: search, select, send again.
import { h, replace } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { count, plural } from "../lib/format.js";
import { ask, button, check, field, head, load, panel, state, toast } from "../lib/parts.js";
import { messageTable } from "./topic.js";

const PAGE = 100;

export async function show(root, { query, signal }) {
  const place = h("div", { class: "below" });
  const names = h("datalist", { id: "groups-known" });
  const form = h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); search(); } },
    field("Group", h("input", { name: "group", required: true, value: query.group ?? "", list: "groups-known", autocomplete: "off", spellcheck: "false" })), names,
    field("Key", h("input", { name: "key", autocomplete: "off" })),
    field("Died from", h("input", { name: "from", type: "datetime-local", step: "1" })),
    field("to", h("input", { name: "to", type: "datetime-local", step: "1" })),
    h("button", { type: "submit" }, "Show"));
  root.append(head("Dead letters", { about: "Messages that a group gave up after all its tries. Sending them again gives them to the group alone, with all tries before them; or publishes them to a topic that you name." }), panel(null, form), place);
  // Suggestions only: whoever may not list groups can still type one.
  get(path("groups"), { limit: 500 }, signal).then((answer) => replace(names, page(answer, "groups").items.map((group) => h("option", { value: group.name }))), () => {});
  if (query.group) await search();
  else replace(place, state("Which group?", "Dead letters belong to the group that gave up."));

  function search() {
    const { group, ...bounds } = Object.fromEntries(new FormData(form));
    for (const bound of ["from", "to"]) if (bounds[bound]) bounds[bound] = new Date(bounds[bound]).toISOString();
    const read = async (cursor) => page(await get(path("groups", group, "dead-letters"), { ...bounds, limit: PAGE, cursor }, signal), "messages");
    return load(place, signal, read, (answer) => list(group, answer, bounds, read, search));
  }
}

function list(group, { items, next }, bounds, read, again) {
  const picks = new Set();
  const chosen = button("Send selected again", () => resend(group, [...picks], again), { class: "main", disabled: true });
  const rows = messageTable(items, read, next, {
    withTopic: true,
    empty: state("No dead letters", `${group} has given up no message here.`),
    columns: [{ label: "Tries", num: true, key: (message) => message.attempts, cell: (message) => count(message.attempts) }],
    table: {
      picks, nameOf: (message) => `message ${message.messageId}`,
      onPick: () => {
        chosen.disabled = picks.size === 0;
        chosen.textContent = picks.size === 0 ? "Send selected again" : `Send ${plural(picks.size, "message")} again`;
      },
    },
  });
  return panel(`${count(items.length)}${next ? "+" : ""} dead letters`, rows, { plain: true, bar: items.length > 0 && [chosen, button("Send all again", () => resendAll(group, bounds, again))] });
}

async function resend(group, messages, again) {
  const done = await ask({
    title: `Send ${plural(messages.length, "message")} again?`,
    text: "They go to this group alone, and have all tries before them. With a topic they are published there, and every group that reads it gets them.",
    fields: field("Topic instead of the group", h("input", { name: "topic", autocomplete: "off", spellcheck: "false", placeholder: "the group alone" })),
    action: "Send again",
    submit: async ({ topic }) => tell(await call("POST", path("groups", group, "dead-letters", "resend"), { json: { messageIds: messages.map((message) => message.messageId), ...(topic ? { topic } : {}) } })),
  });
  if (done) again();
}

async function resendAll(group, bounds, again) {
  const done = await ask({
    title: `Send all dead letters of ${group} again?`,
    text: Object.values(bounds).some(Boolean) ? "All that the key and times above match, also those that are not shown." : "Also those that are not shown.",
    fields: [
      field("Topic instead of the group", h("input", { name: "topic", autocomplete: "off", spellcheck: "false", placeholder: "the group alone" })),
      check("I want all of them", { name: "sure", required: true }),
    ],
    action: "Send all again",
    danger: true,
    submit: async ({ topic }) => tell(await call("POST", path("groups", group, "dead-letters", "resend"), { json: { all: true, ...Object.fromEntries(Object.entries(bounds).filter(([, value]) => value)), ...(topic ? { topic } : {}) } })),
  });
  if (done) again();
}

function tell({ sent, results, isComplete }) {
  const refused = (results ?? []).filter((one) => one.error);
  if (refused.length > 0) throw new RangeError(`${plural(sent, "message")} sent, ${count(refused.length)} not: ${refused[0].error.detail}`);
  toast(`${plural(sent, "message")} sent again.${isComplete ? "" : " There are more: send again."}`);
}
