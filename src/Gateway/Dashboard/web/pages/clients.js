// Clients of all protocols in one list.
import { h } from "../lib/dom.js";
import { call, get, page, path } from "../lib/api.js";
import { clock, count } from "../lib/format.js";
import { ask, button, head, load, pairs, panel, select, show as dialog, state, tag, toast } from "../lib/parts.js";
import { protocolName } from "../lib/overview.js";
import { searchable, table } from "../lib/table.js";

const PAGE = 500;

export async function show(root, { query, signal }) {
  const place = h("div", {});
  const protocol = select({ "aria-label": "Protocol", class: "short", value: query.protocol ?? "", onchange: () => again() },
    [["", "All protocols"], ["mqtt", "MQTT"], ["http", "HTTP"], ["remoting", "RocketMQ"]]);
  const wanted = () => ({ limit: PAGE, protocol: protocol.value });
  const again = () => load(place, signal, async () => page(await get(path("clients"), wanted(), signal), "clients"), (answer) => list(answer, protocol, wanted(), again, signal));
  root.append(head("Connections", { about: "Who is connected now, by every protocol.", actions: [protocol, button("Refresh", again)] }), place);
  await again();
}

function list({ items, next }, protocol, wanted, again, signal) {
  const search = searchable({
    label: "Find a client", rows: items, text: (client) => [client.protocol, client.id, client.address, client.user, ...(client.subscriptions ?? [])].join(" "),
    build: (rows) => table([
      { label: "Client", head: true, key: (client) => client.id, cell: (client) => h("span", { class: "mono" }, client.id) },
      { label: "Protocol", key: (client) => client.protocol, cell: (client) => tag(protocolName(client.protocol)) },
      { label: "Address", key: (client) => client.address ?? "", cell: (client) => client.address ?? "–" },
      { label: "User", key: (client) => client.user ?? "", cell: (client) => client.user ?? h("span", { class: "soft" }, "–") },
      { label: "Since", key: (client) => client.since ?? "", cell: (client) => clock(client.since) },
      { label: "Subscriptions", num: true, key: (client) => client.subscriptions?.length ?? 0, cell: (client) => count(client.subscriptions?.length ?? 0) },
      { label: "", cell: (client) => h("div", { class: "actions" },
        button("Details", () => details(client), { class: "small", "aria-label": `Details of ${client.id}` }),
        button("Disconnect", () => disconnect(client, again), { class: "small danger", "aria-label": `Disconnect ${client.id}` })) },
    ], rows, {
      caption: "Clients", empty: state("Nobody is connected"),
      more: next ? async () => { const answer = page(await get(path("clients"), { ...wanted, cursor: next }, signal), "clients"); next = answer.next; return answer; } : null,
    }),
  });
  return panel(`${count(items.length)}${next ? "+" : ""} clients`, search.place, { plain: true, bar: search.input });
}

function details(client) {
  const subscriptions = client.subscriptions ?? [];
  dialog(client.id, [
    pairs([
      ["Protocol", protocolName(client.protocol)], ["Address", client.address], ["User", client.user], ["Since", client.since && clock(client.since)],
      ...Object.entries(client.details ?? {}).map(([name, value]) => [name, typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)]),
    ]),
    h("div", {}, h("h3", {}, "Subscriptions"), subscriptions.length === 0 ? h("p", { class: "soft" }, "None") : h("ul", {}, subscriptions.map((filter) => h("li", { class: "mono wrap" }, filter)))),
  ]);
}

async function disconnect(client, again) {
  const done = await ask({
    title: `Disconnect ${client.id}?`,
    text: "Its connection is closed. Most clients come back by themselves.",
    action: "Disconnect",
    danger: true,
    submit: async () => {
      await call("DELETE", path("clients", client.protocol, client.id));
      toast(`${client.id} is disconnected.`);
    },
  });
  if (done) again();
}
