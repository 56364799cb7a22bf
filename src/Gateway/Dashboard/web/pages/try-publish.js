// The publishing half of the try-it page.
import { h, replace } from "../lib/dom.js";
import { call, path } from "../lib/api.js";
import { connect, loginFields, mqttUser } from "../lib/broker.js";
import { check, choice, field, panel, select } from "../lib/parts.js";
import { traceAddress } from "../lib/message.js";

const KEPT = 50;

export function publisher(topic, signal) {
  let protocol = "http";
  let client = null;
  const results = h("ul", { class: "feed", role: "log", "aria-label": "Results", tabindex: "0" });
  const fields = h("div", { class: "stack-here" });
  const form = h("form", { class: "stack", onsubmit: submit },
    choice("Protocol", "publish-by", [["http", "HTTP"], ["mqtt", "MQTT over WebSocket"]], protocol, (value) => { protocol = value; draw(); }),
    fields,
    field("Body", h("textarea", { name: "body", spellcheck: "false" }, '{"temperature": 21.5}')),
    field("Properties", h("input", { name: "properties", autocomplete: "off", placeholder: "unit=C; room=kitchen" }), "NAME=VALUE, separated by semicolons"),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, "Publish")));
  draw();
  signal.addEventListener("abort", () => client?.close());
  return panel("Publish", [form, h("div", { class: "results" }, results)]);

  function draw() {
    replace(fields, protocol === "http" ? httpFields(topic) : mqttFields(topic));
  }

  async function submit(event) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    try {
      const properties = readProperties(values.properties);
      note(protocol === "http" ? await byHttp(values, properties) : await byMqtt(values, properties));
    } catch (problem) {
      note(h("span", { class: "bad-text" }, problem.message));
    }
  }

  function note(...content) {
    results.prepend(h("li", {}, content));
    while (results.childElementCount > KEPT) results.lastElementChild.remove();
  }

  async function byHttp({ topic: name, tag, key, body, retain }, properties) {
    const began = performance.now();
    const json = { body, properties: Object.fromEntries(properties) };
    if (tag) json.tag = tag;
    if (key) json.keys = [key];
    if (retain) json.properties["mqtt.retain"] = "1";
    const answer = await call("POST", path("topics", name, "messages"), { body: JSON.stringify(json), headers: { "Content-Type": "application/vnd.protobridge+json" } });
    return h("div", { class: "line" },
      h("span", { class: "good-text" }, "Stored"), h("span", { class: "soft" }, `in ${(performance.now() - began).toFixed(1)} ms`),
      h("span", {}, `queue ${answer.queueId}, offset ${answer.offset}`),
      h("a", { class: "mono wrap", href: traceAddress(answer.messageId) }, answer.messageId));
  }

  async function byMqtt({ name, qos, retain, body, user, password }, properties) {
    client ??= await connect({ user, password, onclose: (why) => { client = null; note(h("span", { class: "soft" }, why)); } });
    const began = performance.now();
    await client.publish(name, body, { qos: Number(qos), retain: Boolean(retain), properties });
    return h("div", { class: "line" },
      h("span", { class: "good-text" }, qos === "0" ? "Sent" : "Acknowledged"),
      h("span", { class: "soft" }, qos === "0" ? "without an answer" : `in ${(performance.now() - began).toFixed(1)} ms`),
      h("span", { class: "wrap" }, name));
  }
}

const httpFields = (topic) => [
  h("div", { class: "split" },
    field("Topic", h("input", { name: "topic", required: true, value: topic, autocomplete: "off", spellcheck: "false", placeholder: "sensors" })),
    field("Tag", h("input", { name: "tag", autocomplete: "off", spellcheck: "false", placeholder: "kitchen/temp" })),
    field("Key", h("input", { name: "key", autocomplete: "off", spellcheck: "false", placeholder: "device-7" }))),
  check("Retain under its MQTT name", { name: "retain", value: "1" }),
];

const mqttFields = (topic) => [
  h("div", { class: "split" },
    field("Topic name", h("input", { name: "name", required: true, value: topic, autocomplete: "off", spellcheck: "false", placeholder: "sensors/kitchen/temp" })),
    field("QoS", select({ name: "qos", value: "1" }, [["0", "0, at most once"], ["1", "1, at least once"]]))),
  check("Retain", { name: "retain", value: "1" }),
  loginFields(mqttUser()),
];

export function readProperties(text) {
  return text.split(";").map((part) => part.trim()).filter(Boolean).map((part) => {
    const at = part.indexOf("=");
    if (at < 1) throw new RangeError(`“${part}” is no NAME=VALUE.`);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
}
