// The gateway at a glance, live.
import { h, replace } from "../lib/dom.js";
import { get, path } from "../lib/api.js";
import { bytes, count, duration, measure, percent, plural, short } from "../lib/format.js";
import { follow } from "../lib/live.js";
import { failure, head, load, panel, tag } from "../lib/parts.js";
import { History, plot } from "../lib/plot.js";
import { read } from "../lib/overview.js";

const SECONDS_KEPT = 300;

export async function show(root, { signal }) {
  const place = h("div", {});
  root.append(head("Overview", { about: h("span", { id: "uptime" }, "") }), place);
  await load(place, signal, async () => read(await get(path("overview"), {}, signal)), (first) => board(first, signal));
}

function board(first, signal) {
  const alarms = h("div", { class: "notes" });
  const tiles = h("dl", { class: "tiles" });
  const broken = h("div", {});
  const brokers = h("div", {});
  const plots = [
    ["Messages in, a second", "in", short], ["Messages out, a second", "out", short],
    ["Publish latency, milliseconds", "latency", measure], ["Connections", "connections", count],
    ["Lag of all groups", "lag", short], ["Disk used, per cent", "disk", measure],
  ].map(([title, name, format]) => {
    const history = new History(SECONDS_KEPT);
    return { title, name, history, view: plot(history, { label: title, show: format, signal }) };
  });

  const take = (now) => {
    showAlarms(alarms, now);
    showTiles(tiles, now);
    showBrokers(brokers, now);
    const about = document.getElementById("uptime");
    if (about) about.textContent = [now.version && `Version ${now.version}`, now.uptime !== undefined && `up ${duration(now.uptime)}`].filter(Boolean).join(" · ");
    for (const { name, history, view } of plots) {
      history.add(now.at / 1000, now.series[name] ?? {});
      view.update();
    }
  };

  follow(path("live"), {
    signal,
    onEvent: ({ event, data }) => event === "overview" && take(read(JSON.parse(data))),
    onState: (state) => live(state, broken),
  });
  signal.addEventListener("abort", () => replace(document.getElementById("status")));
  take(first);
  // Plots measure themselves, so they are drawn when they stand in the page.
  requestAnimationFrame(() => requestAnimationFrame(() => plots.forEach(({ view }) => view.update())));
  return [alarms, tiles, broken, h("div", { class: "grid plots" }, plots.map(({ title, view }) => panel(title, view.element))), brokers];
}

function live(state, broken) {
  const status = document.getElementById("status");
  if (state === "open") {
    replace(status, h("span", { class: "dot good" }), "Live");
    replace(broken);
  } else if (state === "waiting") replace(status, h("span", { class: "dot warn" }), "Reconnecting");
  else {
    replace(status, h("span", { class: "dot bad" }), "Not live");
    replace(broken, panel("Live data", failure(state)));
  }
}

function showAlarms(element, { alarms }) {
  const text = alarms.map((alarm) => alarm.text).join("\n");
  // Read out once, not every second.
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  replace(element, alarms.map((alarm) => h("p", { class: `note ${alarm.severity === "warning" ? "warn" : "bad"}`, role: "alert" }, alarm.text)));
  element.hidden = alarms.length === 0;
}

const tile = (name, value, sub, kind = "") => h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, value, sub && h("div", { class: "sub" }, sub)));

function showTiles(element, now) {
  replace(element,
    tile("In", [short(now.inRate), h("small", {}, " /s")], by(now.series.in)),
    tile("Out", [short(now.outRate), h("small", {}, " /s")], by(now.series.out)),
    tile("Publish, 99 %", duration(now.p99), now.p50 === undefined ? null : `half within ${duration(now.p50)}`),
    tile("Connections", count(now.connections), by(now.series.connections)),
    tile("Lag", short(now.lag), now.groups === undefined ? null : `in ${plural(now.groups, "group")}`, ""),
    tile("Disk", percent(now.diskUsed), now.diskFree === undefined ? null : `${bytes(now.diskFree)} free`, now.diskUsed > 0.9 ? "bad" : now.diskUsed > 0.75 ? "warn" : ""),
    tile("Alarms", count(now.alarms.length), now.alarms.length === 0 ? "none" : null, now.alarms.length > 0 ? "bad" : ""));
}

const by = (values) => Object.entries(values ?? {}).filter(([, value]) => value > 0).map(([name, value]) => `${name} ${short(value)}`).join(", ") || null;

function showBrokers(element, { brokers }) {
  const text = JSON.stringify(brokers.map(({ name, canWrite, canRead, reason, storeBytes }) => [name, canWrite, canRead, reason, Math.round((storeBytes ?? 0) / 1e6)]));
  if (element.dataset.text === text || brokers.length === 0) return;
  element.dataset.text = text;
  replace(element, panel("Brokers", h("dl", { class: "pairs" }, brokers.map((broker) => [
    h("dt", {}, broker.name),
    h("dd", {}, broker.canWrite === false ? tag("no writes", "bad") : tag("writes", "good"), " ", broker.canRead === false ? tag("no reads", "bad") : tag("reads", "good"),
      h("span", { class: "soft" }, [broker.address, broker.version, broker.storeBytes === undefined || broker.storeBytes === null ? null : `${bytes(broker.storeBytes)} of messages`,
        broker.nameServers ? `${broker.nameServersReached ?? "?"} of ${plural(broker.nameServers, "name server")}` : null].filter(Boolean).map((part) => ` · ${part}`)),
      broker.reason && h("div", { class: "bad-text" }, broker.reason)),
  ]))));
}
