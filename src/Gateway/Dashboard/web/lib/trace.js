// The way of a message as a picture: a rail for each protocol or part that it crossed, steps from left to right in time.
import { h, s } from "./dom.js";
import { clock, duration } from "./format.js";
import { tag } from "./parts.js";
import { table } from "./table.js";

const WIDTH = 960, LEFT = 150, RIGHT = 60, TOP = 46, ROW = 56, WIDEST = 260;

const PLACES = { mqtt: "MQTT", http: "HTTP", remoting: "RocketMQ", gateway: "HTTP, MQTT", broker: "broker" };

const timeOf = (step) => new Date(step.at).getTime();
const railOf = (step) => PLACES[step.where] ?? step.where;
const isBad = (step) => /dead|failed|back/.test(step.step);
const moreOf = ({ group, client, details }) => Object.entries({ group, client, ...details }).filter(([, value]) => value !== undefined && value !== "");

export function picture({ steps: given, groups, isPartial }) {
  const steps = [...given].sort((a, b) => timeOf(a) - timeOf(b));
  const rails = [...new Set(steps.map(railOf))];
  const begin = timeOf(steps[0]);
  return [
    h("div", { class: "trace", tabindex: "0", role: "region", "aria-label": "Trace as a picture" }, draw(steps, rails, begin)),
    table([
      { label: "Time", className: "nowrap", cell: (step) => clock(step.at) },
      { label: "After", num: true, cell: (step) => duration(timeOf(step) - begin) },
      { label: "Where", className: "nowrap", cell: railOf },
      { label: "What", head: true, className: "nowrap", cell: (step) => h("span", { class: isBad(step) ? "bad-text" : "" }, words(step.step)) },
      { label: "Details", className: "wrap", cell: (step) => moreOf(step).map(([name, value]) => h("span", { class: "pair" }, h("span", { class: "soft" }, `${name} `), value, " ")) },
    ], steps, { caption: "Steps of the message" }),
    groupTable(groups),
    isPartial && h("p", { class: "soft under" }, "There is more than one request looks at: some steps may be missing."),
  ];
}

const STATES = { waiting: "", consumed: "good", retrying: "warn", "dead-letter": "bad" };

const groupTable = (groups) => groups.length === 0 ? null : table([
  { label: "Group", head: true, cell: (one) => h("a", { href: `#/groups/${encodeURIComponent(one.group)}` }, one.group) },
  { label: "State", cell: (one) => tag(words(one.state), STATES[one.state] ?? "") },
  { label: "Failed deliveries", num: true, cell: (one) => one.attempts },
  { label: "Members", className: "wrap", cell: (one) => one.members.join(", ") },
], groups, { caption: "Groups that read it" });

const words = (text) => text.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[-_]/g, " ").toLowerCase();

// Steps stand at equal distances: times between a microsecond and a day would not fit one scale. The gaps are written.
function draw(steps, rails, begin) {
  const height = TOP + rails.length * ROW + 10;
  const space = steps.length > 1 ? Math.min(WIDEST, (WIDTH - LEFT - RIGHT) / (steps.length - 1)) : 0;
  const x = (index) => LEFT + index * space;
  const y = (step) => TOP + rails.indexOf(railOf(step)) * ROW + 18;
  const marks = [];
  for (const [index, rail] of rails.entries()) {
    const at = TOP + index * ROW + 18;
    marks.push(s("text", { x: 8, y: at + 4, class: "faint" }, rail), s("line", { x1: LEFT - 20, x2: WIDTH - RIGHT + 20, y1: at, y2: at, class: "rail" }));
  }

  for (let index = 1; index < steps.length; index++) {
    const [from, to] = [steps[index - 1], steps[index]];
    const middle = (x(index - 1) + x(index)) / 2;
    marks.push(
      s("path", { class: "hop", d: `M${x(index - 1) + 6} ${y(from)}C${middle} ${y(from)} ${middle} ${y(to)} ${x(index) - 6} ${y(to)}` }),
      s("text", { x: middle, y: 16, "text-anchor": "middle", class: "faint" }, `+${duration(timeOf(to) - timeOf(from))}`));
  }

  for (const [index, step] of steps.entries()) {
    const below = step.group ?? step.client;
    marks.push(s("g", {},
      s("title", {}, `${words(step.step)}, ${duration(timeOf(step) - begin)} after the first`),
      s("circle", { cx: x(index), cy: y(step), r: 6, class: isBad(step) ? "stop bad" : "stop" }),
      s("text", { x: x(index), y: y(step) + 24, "text-anchor": "middle" }, words(step.step)),
      below && s("text", { x: x(index), y: y(step) - 12, "text-anchor": "middle", class: "faint" }, below.length > 18 ? `${below.slice(0, 17)}…` : below)));
  }

  return s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${steps.length} steps across ${rails.join(", ")}` }, marks);
}
