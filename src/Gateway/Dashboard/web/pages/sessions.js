// MQTT sessions that outlive their connections.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { clock, count } from "../lib/format.js";
import { ask, button, head, load, pairs, panel, show as dialog, state, tag, toast } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";

const PAGE = 500;
const idOf = (session) => session.clientId ?? session.id;
const isConnected = (session) => session.isConnected ?? session.connected;
const filtersOf = (session) => (session.subscriptions ?? []).map((one) => (typeof one === "string" ? { filter: one } : one));

export async function show(root, { signal }) {
  const place = h("div", {});
  const again = () => load(place, signal, async () => page(await get(path("sessions"), { limit: PAGE }, signal), "sessions"), (answer) => list(answer, again, signal));
  root.append(head("Sessions", { about: "What MQTT clients left behind to find again: subscriptions and the messages that wait for them.", actions: button("Refresh", again) }), place);
  await again();
}

function list({ items, next }, again, signal) {
  const search = searchable({
    label: "Find a session", rows: items, text: (session) => [idOf(session), ...filtersOf(session).map((one) => one.filter)].join(" "),
    build: (rows) => table([
      { label: "Client identifier", head: true, key: idOf, cell: (session) => h("span", { class: "mono" }, idOf(session)) },
      { label: "State", key: (session) => String(isConnected(session)), cell: (session) => isConnected(session) ? tag("connected", "good") : tag("away") },
      { label: "Subscriptions", num: true, key: (session) => filtersOf(session).length, cell: (session) => count(Array.isArray(session.subscriptions) ? session.subscriptions.length : session.subscriptions) },
      { label: "Waiting", num: true, key: (session) => session.waiting, cell: (session) => count(session.waiting) },
      { label: "Ends", key: (session) => session.expiresAt ?? "", cell: (session) => session.expiresAt ? clock(session.expiresAt) : h("span", { class: "soft" }, isConnected(session) ? "after it leaves" : "never") },
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
  const place = h("div", {});
  dialog(idOf(session), place);
  await load(place, signal, async () => ({ ...session, ...(await get(path("sessions", idOf(session)), {}, signal)) }), (found) => {
    const known = new Set(["clientId", "id", "subscriptions", "isConnected", "connected"]);
    return [
      pairs([["Connected", isConnected(found) ? "yes" : "no"], ...Object.entries(found).filter(([name]) => !known.has(name)).map(([name, value]) => [words(name), /At$/.test(name) ? clock(value) : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)])]),
      h("h3", {}, "Subscriptions"),
      table([
        { label: "Filter", head: true, cell: (one) => h("span", { class: "mono" }, one.filter) },
        { label: "QoS", num: true, cell: (one) => one.qos ?? "–" },
        { label: "Waiting", num: true, cell: (one) => count(one.waiting) },
      ], filtersOf(found), { caption: "Subscriptions", empty: state("None") }),
    ];
  });
}

const words = (name) => name.replace(/([A-Z])/g, " $1").replace(/^./, (letter) => letter.toUpperCase());

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
