// The watching half of the try-it page: MQTT subscriptions, or the event stream of a topic.
import { h, replace } from "../lib/dom.js";
import { path } from "../lib/api.js";
import { connect, loginFields, mqttUser } from "../lib/broker.js";
import { clock } from "../lib/format.js";
import { events } from "../lib/live.js";
import { bodyOf, traceAddress } from "../lib/message.js";
import { button, choice, field, panel, select, state, tag } from "../lib/parts.js";

const KEPT = 200;

export function watcher(topic, signal) {
  let protocol = "mqtt";
  let stop = null;
  let seen = 0;
  const feed = h("ul", { class: "feed", role: "log", "aria-live": "off", "aria-label": "Messages", tabindex: "0" });
  const nothing = state("Nothing yet", "Start watching, then publish.");
  const told = h("span", { class: "soft", role: "status" });
  const fields = h("div", {});
  const start = h("button", { type: "submit", class: "main" }, "Start");
  const form = h("form", { class: "stack", onsubmit: toggle },
    choice("Protocol", "watch-by", [["mqtt", "MQTT over WebSocket"], ["http", "HTTP events"]], protocol, (value) => { protocol = value; end("Stopped."); draw(); }),
    fields,
    h("div", { class: "actions" }, start, button("Clear", () => { feed.replaceChildren(); nothing.hidden = false; }), told));
  draw();
  signal.addEventListener("abort", () => stop?.());
  return panel("Watch", [form, h("div", { class: "results" }, nothing, feed)]);

  function draw() {
    replace(fields, protocol === "mqtt" ? mqttFields(topic) : httpFields(topic));
  }

  async function toggle(event) {
    event.preventDefault();
    if (stop) return end("Stopped.");
    const values = Object.fromEntries(new FormData(form));
    start.disabled = true;
    told.textContent = "Connecting…";
    try {
      stop = protocol === "mqtt" ? await byMqtt(values) : byHttp(values);
      start.textContent = "Stop";
    } catch (problem) {
      end(problem.message);
    } finally {
      start.disabled = false;
    }
  }

  function end(why) {
    const running = stop;
    stop = null;
    running?.();
    start.textContent = "Start";
    told.textContent = why;
  }

  async function byMqtt({ filter, qos, user, password }) {
    const client = await connect({ user, password, onclose: (why) => stop && end(why) });
    client.addEventListener("message", ({ detail }) => note(fromMqtt(detail)));
    try {
      const granted = await client.subscribe(filter, Number(qos));
      told.textContent = `Subscribed to ${filter}, QoS ${granted}.`;
    } catch (problem) {
      client.close();
      throw problem;
    }
    return () => client.close();
  }

  function byHttp({ topic: name, filter }) {
    const stream = new AbortController();
    events(path("topics", name, "stream"), {
      query: { filter }, signal: stream.signal,
      onOpen: () => { told.textContent = `Watching ${name}.`; },
      onEvent: ({ data }) => note(fromHttp(JSON.parse(data))),
    }).then(() => end("The stream ended."), (problem) => problem.name !== "AbortError" && end(problem.message));
    return () => stream.abort();
  }

  function note(item) {
    nothing.hidden = true;
    seen++;
    feed.prepend(item);
    while (feed.childElementCount > KEPT) feed.lastElementChild.remove();
    told.textContent = `${told.textContent.replace(/ \d+ came\.$/, "")} ${seen} came.`;
  }
}

const line = (name, marks, extra, body) => h("li", {},
  h("div", { class: "line" }, h("strong", { class: "wrap" }, name), marks, h("span", { class: "soft" }, clock(Date.now())), extra),
  h("pre", {}, body));

function fromMqtt({ topic, qos, retain, properties, payload }) {
  const marks = [tag(`QoS ${qos}`), retain && tag("retained"), properties.contentType && tag(properties.contentType)];
  let body;
  try {
    body = new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    body = [...payload.subarray(0, 1024)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  }
  return line(topic, marks, properties.user.map(([name, value]) => h("span", { class: "mono soft wrap" }, `${name}=${value}`)), body);
}

const fromHttp = (message) => line(message.tag ? `${message.topic} · ${message.tag}` : message.topic, [tag(`${message.queueId} · ${message.offset}`)],
  [Object.entries(message.properties ?? {}).map(([name, value]) => h("span", { class: "mono soft wrap" }, `${name}=${value}`)),
    h("a", { href: traceAddress(message.messageId) }, "Trace")], bodyOf(message));

const mqttFields = (topic) => [
  h("div", { class: "split" },
    field("Filter", h("input", { name: "filter", required: true, value: topic ? `${topic}/#` : "", autocomplete: "off", spellcheck: "false", placeholder: "sensors/#" })),
    field("QoS", select({ name: "qos", value: "1" }, [["0", "0, at most once"], ["1", "1, at least once"]]))),
  loginFields(mqttUser()),
];

const httpFields = (topic) => h("div", { class: "split" },
  field("Topic", h("input", { name: "topic", required: true, value: topic, autocomplete: "off", spellcheck: "false", placeholder: "sensors" })),
  field("Tags", h("input", { name: "filter", autocomplete: "off", spellcheck: "false", placeholder: "all" })));
