// The latest refusals of all protocols.
import { h } from "../lib/dom.js";
import { get, page, path } from "../lib/api.js";
import { clock, count } from "../lib/format.js";
import { button, head, load, panel, state, tag } from "../lib/parts.js";
import { protocolName } from "../lib/overview.js";
import { searchable, table } from "../lib/table.js";

const whoOf = (refusal) => [refusal.user, refusal.client].filter(Boolean).join(" · ");

export async function show(root, { signal }) {
  const place = h("div", {});
  const again = () => load(place, signal, async () => page(await get(path("refusals"), { limit: 500 }, signal), "refusals").items, list);
  root.append(head("Refusals", { about: "What the gateway turned away lately, newest first. It keeps so many in memory; the log has the others.", actions: button("Refresh", again) }), place);
  await again();
}

function list(refusals) {
  const search = searchable({
    label: "Find a refusal", rows: refusals, text: (refusal) => Object.values(refusal).join(" "),
    build: (rows) => table([
      { label: "Time", head: true, className: "nowrap", key: (refusal) => refusal.at, cell: (refusal) => clock(refusal.at) },
      { label: "Protocol", key: (refusal) => refusal.protocol, cell: (refusal) => tag(protocolName(refusal.protocol)) },
      { label: "Action", key: (refusal) => refusal.action, cell: (refusal) => refusal.action },
      { label: "Who", className: "wrap", key: whoOf, cell: whoOf },
      { label: "From", className: "wrap", key: (refusal) => refusal.from, cell: (refusal) => refusal.from },
      { label: "What", className: "wrap", key: (refusal) => refusal.what, cell: (refusal) => h("span", { class: "mono" }, refusal.what) },
      { label: "Why", className: "wrap", key: (refusal) => refusal.why, cell: (refusal) => refusal.why },
    ], rows, { caption: "Refusals", empty: state("Nothing was refused", "Since the start of this process.") }),
  });
  return panel(`${count(refusals.length)} refusals`, search.place, { plain: true, bar: search.input });
}
