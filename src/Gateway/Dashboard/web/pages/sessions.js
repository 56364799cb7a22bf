// MQTT sessions that outlive their connections.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { clock, count, duration } from "../lib/format.js";
import { ask, button, head, load, pairs, panel, show as dialog, state, tag, toast } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";

const PAGE = 500;
const idOf = (session) => session.clientId;

export async function show(root, { signal }) {
  const place = h("div", {});
  const again = () => load(place, signal, async () => page(await get(path("sessions"), { limit: PAGE }, signal), "sessions"), (answer) => list(answer, again, signal));
  root.append(head("Sessions", { about: "What MQTT clients left behind to find again: subscriptions and the messages that wait for them.", actions: button("Refresh", again) }), place);
  await again();
}

function list({ items, next }, again, signal) {
  const search = searchable({
    label: "Find a session", rows: items, text: (session) => [idOf(session), ...session.subscriptions.map((one) => one.filter)].join(" "),
    build: (rows) => table([
      { label: "Client identifier", head: true, key: idOf, cell: (session) => h("span", { class: "mono" }, idOf(session)) },
      { label: "State", key: (session) => String(session.isConnected), cell: (session) => session.isConnected ? tag("connected", "good") : tag("away") },
      { label: "Subscriptions", num: true, key: (session) => session.subscriptions.length, cell: (session) => count(session.subscriptions.length) },
      { label: "Left", key: (session) => session.disconnectedAt ?? "", cell: (session) => clock(session.disconnectedAt) },
      { label: "Ends", key: (session) => session.expiresAt ?? "", cell: (session) => session.expiresAt ? clock(session.expiresAt) : h("span", { class: "soft" }, session.isConnected ? `${duration(session.expirySeconds * 1000)} after it leaves` : "never") },
      { label: "", cell: (session) => h("div", { class: "actions" },
        button("Details", () => details(session, signal), { class: "small", "aria-label": `Details of ${idOf(session)}` }),
        button("Delete", () => remove(session, again), { class: "small danger", "aria-label": `Delete the session of ${idOf(session)}` })) },
    ], rows, {
      caption: "Sessions", empty: state("No sessions", "A client gets one with a session expiry (MQTT 5), or without clean session (3.1.1)."),
      more: next ? async () => { const answer = page(await get(path("sessions"), { limit: PAGE, cursor: next }, signal), "sessions"); next = answer.next; return answer; } : null,
    }),
  });
  return panel(`${count(items.length)}${next ? "+" : ""} sessions`, search.place, { plain: true, bar: search.input });
}

async function details(session, signal) {
  const place = h("div", { class: "stack" });
  dialog(idOf(session), place);
  await load(place, signal, () => get(path("sessions", idOf(session)), {}, signal), (found) => [
    pairs([
      ["Connected", found.isConnected ? "yes" : "no"],
      ["Outlives its connection by", duration(found.expirySeconds * 1000)],
      ["Left", found.disconnectedAt && clock(found.disconnectedAt)],
      ["Ends", found.expiresAt && clock(found.expiresAt)],
      ["Waiting", found.waiting != null && count(found.waiting)],
      ["Left out of its backlog", found.leftOut > 0 && count(found.leftOut)],
    ]),
    h("h3", {}, "Subscriptions"),
    table([
      { label: "Filter", head: true, cell: (one) => h("span", { class: "mono" }, one.filter) },
      { label: "QoS", num: true, cell: (one) => one.qos },
    ], found.subscriptions, { caption: "Subscriptions", compact: true, empty: state("None") }),
  ]);
}

async function remove(session, again) {
  const done = await ask({
    title: `Delete the session of ${idOf(session)}?`,
    text: "Its subscriptions go, and so does what waits for it. When the client is connected, it is disconnected.",
    action: "Delete",
    danger: true,
    submit: async () => {
      await call("DELETE", path("sessions", idOf(session)));
      toast(`The session of ${idOf(session)} is deleted.`);
    },
  });
  if (done) again();
}
