// The latest refusals of all protocols.
import { h } from "../lib/dom.js";
import { get, page, path } from "../lib/api.js";
import { clock, count } from "../lib/format.js";
import { button, head, load, panel, state, tag } from "../lib/parts.js";
import { searchable, table } from "../lib/table.js";

const timeOf = (refusal) => refusal.at ?? refusal.time;
const whyOf = (refusal) => refusal.why ?? refusal.reason ?? refusal.detail ?? "";
const whatOf = (refusal) => refusal.what ?? refusal.target ?? refusal.on ?? "";
const whoOf = (refusal) => refusal.who ?? refusal.user ?? refusal.client ?? "";
const fromOf = (refusal) => refusal.from ?? refusal.address ?? "";

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
      { label: "Time", head: true, className: "nowrap", key: (refusal) => timeOf(refusal) ?? "", cell: (refusal) => clock(timeOf(refusal)) },
      { label: "Protocol", key: (refusal) => refusal.protocol ?? "", cell: (refusal) => refusal.protocol ? tag(refusal.protocol) : "" },
      { label: "Action", key: (refusal) => refusal.action ?? "", cell: (refusal) => refusal.action ?? "" },
      { label: "Who", className: "wrap", key: whoOf, cell: whoOf },
      { label: "From", className: "wrap", key: fromOf, cell: fromOf },
      { label: "What", className: "wrap", key: whatOf, cell: (refusal) => h("span", { class: "mono" }, whatOf(refusal)) },
      { label: "Why", className: "wrap", key: whyOf, cell: whyOf },
    ], rows, { caption: "Refusals", empty: state("Nothing was refused", "Since the start of this process.") }),
  });
  return panel(`${count(refusals.length)} refusals`, search.place, { plain: true, bar: search.input });
}
