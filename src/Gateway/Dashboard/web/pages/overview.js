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
  const largest = h("div", {});
  const plots = [
    ["Messages in, a second", "in", short], ["Messages out, a second", "out", short],
    ["Publish latency, milliseconds", "latency", measure], ["Connections", "connections", measure],
    ["Lag of all groups", "lag", short], ["Disk used, per cent", "disk", measure],
  ].map(([title, name, format]) => {
    const history = new History(SECONDS_KEPT);
    return { title, name, history, view: plot(history, { label: title, show: format, signal }) };
  });

  const take = (now) => {
    showAlarms(alarms, now);
    showTiles(tiles, now);
    showBrokers(brokers, now);
    showLargest(largest, now);
    const about = document.getElementById("uptime");
    if (about) about.textContent = [now.cluster, now.version && `version ${now.version}`, now.uptime !== undefined && `up ${duration(now.uptime)}`, now.durability].filter(Boolean).join(" · ");
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
  return [alarms, tiles, broken, h("div", { class: "grid plots" }, plots.map(({ title, view }) => panel(title, view.element))), h("div", { class: "grid" }, panel("Brokers", brokers), panel("Groups with the most lag", largest))];
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
  redraw(element, alarms.map((alarm) => alarm.text).join("\n"), () =>
    alarms.map((alarm) => h("p", { class: `note ${alarm.severity === "warning" ? "warn" : "bad"}`, role: "alert" }, alarm.text)));
  element.hidden = alarms.length === 0;
}

const tile = (name, value, sub, kind = "") => h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, value, sub && h("div", { class: "sub" }, sub)));

function showTiles(element, now) {
  const { disk } = now;
  replace(element,
    tile("Messages in", [short(now.inRate), h("small", {}, " /s")], by(now.series.in) ?? `${short(now.totalIn)} in all`),
    tile("Messages out", [short(now.outRate), h("small", {}, " /s")], by(now.series.out) ?? `${short(now.totalOut)} in all`),
    tile("Publish, 99 %", duration(now.p99), now.p50 === undefined ? "no publishes lately" : `half within ${duration(now.p50)}`),
    tile("Connections", count(now.connections), by(now.series.connections)),
    tile("Lag", short(now.lag), now.groups === undefined ? null : `in ${plural(now.groups, "group")}${now.isPartial ? " of more" : ""}`),
    tile("Disk", percent(disk?.usedShare), disk && `${bytes(disk.freeBytes)} free`, !disk ? "" : disk.usedShare >= disk.watermark ? "bad" : disk.usedShare >= disk.cleanWatermark ? "warn" : ""),
    tile("Alarms", count(now.alarms.length), now.alarms.length === 0 ? "none" : null, now.alarms.some((alarm) => alarm.severity === "critical") ? "bad" : now.alarms.length > 0 ? "warn" : ""));
}

function by(values) {
  const parts = Object.entries(values ?? {}).filter(([, value]) => value > 0);
  return parts.length === 0 ? null : parts.map(([name, value]) => h("div", { class: "nowrap" }, `${name} ${short(value)}`));
}

// What stands still is not drawn again: a reader, or somebody on a link, would be thrown out each second.
function redraw(element, text, draw) {
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  replace(element, draw());
}

function showLargest(element, { largest }) {
  redraw(element, JSON.stringify(largest), () => largest.length === 0 ? h("p", { class: "soft" }, "No group is behind.")
    : h("dl", { class: "pairs counts" }, largest.map(({ group, lag }) => [h("dt", {}, h("a", { href: `#/groups/${encodeURIComponent(group)}` }, group)), h("dd", {}, count(lag))])));
}

function showBrokers(element, { brokers }) {
  const said = brokers.map((broker) => ({ ...broker, storeBytes: broker.storeBytes ? bytes(broker.storeBytes) : null }));
  redraw(element, JSON.stringify(said), () => said.length === 0 ? h("p", { class: "soft" }, "None is known.") : h("ul", { class: "brokers" }, said.map(brokerLine)));
}

const brokerLine = (broker) => h("li", {},
  h("strong", {}, broker.name), " ",
  broker.canWrite ? tag("writes", "good") : tag("no writes", "bad"), " ", broker.canRead ? tag("reads", "good") : tag("no reads", "bad"),
  h("div", { class: "soft wrap" }, [
    broker.address, broker.version, broker.storeBytes && `${broker.storeBytes} of messages`,
    broker.nameServers > 0 && `${broker.nameServersReached} of ${plural(broker.nameServers, "name server")}`,
  ].filter(Boolean).join(" · ")),
  broker.reason && h("div", { class: "bad-text" }, broker.reason));
