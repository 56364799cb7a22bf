// Mapping rules between MQTT names and topics: those in force, and trying names out.
import { h, replace } from "../lib/dom.js";
import { call, callWithTag, path } from "../lib/api.js";
import { ask, button, choice, failure, field, head, load, pairs, panel, state, toast, wrongInput } from "../lib/parts.js";
import { table } from "../lib/table.js";

export async function show(root, { signal }) {
  const rules = h("div", {});
  let found = null;
  const again = () => load(rules, signal, async () => (found = await callWithTag("GET", path("mapping"), { signal })), ({ value }) => ruleTable(value));
  root.append(
    head("Mapping", {
      about: "Without rules, the first level of an MQTT topic name is the topic and the rest is the tag. Rules say otherwise for the names that they match.",
      actions: [button("Refresh", again), button("Edit rules", () => found && edit(found, again))],
    }),
    h("div", { class: "grid" }, panel("Rules in force", rules, { plain: true }), trial()));
  await again();
}

const COLUMNS = [["mqtt", "MQTT topic name"], ["topic", "Topic"], ["tag", "Tag"], ["key", "Key"], ["name", "Rule"]];

const ruleTable = ({ rules }) => table(COLUMNS.map(([name, label]) => ({
  label, head: name === "mqtt", className: "wrap", cell: (rule) => h("span", { class: name === "name" ? "" : "mono" }, rule[name] ?? ""),
})), rules, { caption: "Mapping rules", empty: state("No rules", "The default mapping holds for every name.") });

async function edit({ value, tag }, again) {
  const done = await ask({
    title: "Mapping rules",
    text: "A list of rules as JSON. The first that matches a name decides. They hold for messages from now on.",
    wide: true,
    fields: field("Rules", h("textarea", { name: "rules", rows: "16", spellcheck: "false" }, JSON.stringify(value.rules, null, 2))),
    action: "Put in force",
    submit: async ({ rules }) => {
      let list;
      try {
        list = JSON.parse(rules);
      } catch (wrong) {
        throw wrongInput(`That is no JSON: ${wrong.message}`);
      }
      if (!Array.isArray(list)) throw wrongInput("Rules are a list: [ … ].");
      await call("PUT", path("mapping"), { json: { rules: list }, headers: tag ? { "If-Match": tag } : {} });
      toast("The rules are in force.");
    },
  });
  if (done) again();
}

function trial() {
  const place = h("div", { class: "results", "aria-live": "polite" });
  const fields = h("div", { class: "split" });
  let way = "name";
  const draw = () => replace(fields, way === "name"
    ? field("MQTT topic name", h("input", { name: "mqttTopic", required: true, autocomplete: "off", spellcheck: "false", placeholder: "site1/dev7/telemetry/temp" }))
    : [
      field("Topic", h("input", { name: "topic", required: true, autocomplete: "off", spellcheck: "false" })),
      field("Tag", h("input", { name: "tag", autocomplete: "off", spellcheck: "false" })),
      field("Key", h("input", { name: "key", autocomplete: "off", spellcheck: "false" })),
    ]);
  draw();
  const form = h("form", { class: "stack", onsubmit: async (event) => {
    event.preventDefault();
    const json = Object.fromEntries([...new FormData(form)].filter(([name, text]) => name !== "way" && text !== ""));
    try {
      const answer = await call("POST", path("mapping", "try"), { json });
      replace(place, pairs([["MQTT topic name", mono(answer.mqttTopic)], ["Topic", mono(answer.topic)], ["Tag", mono(answer.tag)], ["Key", mono(answer.key)], ["Rule", answer.rule], ["Why", answer.why]]));
    } catch (problem) {
      replace(place, problem.status === 400 ? h("p", { class: "note bad" }, problem.message) : failure(problem));
    }
  } },
    choice("From", "way", [["name", "MQTT to topic"], ["topic", "topic to MQTT"]], way, (value) => { way = value; draw(); }),
    fields, h("div", { class: "actions" }, h("button", { type: "submit" }, "Try")));
  return panel("Try a name", [form, place]);
}

const mono = (text) => (text === undefined ? undefined : h("span", { class: "mono" }, text));
