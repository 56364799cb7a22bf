// Plots over the last minutes, with uPlot.
import { h } from "./dom.js";
import { colour } from "./theme.js";

const HEIGHT = 160;
const SHORTEST = 60;

/** Points of several series over time; the oldest go when there are too many. */
export class History {
  constructor(limit) {
    this.limit = limit;
    this.times = [];
    this.series = new Map();
  }

  add(time, values) {
    if (this.times.length > 0 && time <= this.times.at(-1)) return;
    this.times.push(time);
    for (const name of Object.keys(values)) if (!this.series.has(name)) this.series.set(name, Array(this.times.length - 1).fill(null));
    for (const [name, points] of this.series) points.push(values[name] ?? null);
    if (this.times.length > this.limit) {
      this.times.shift();
      for (const points of this.series.values()) points.shift();
    }
  }
}

/** A plot of a history. `update` redraws; series that appear later come into it. */
export function plot(history, { label, show, signal }) {
  const element = h("div", { class: "plot", role: "img", "aria-label": label });
  let drawn = null;
  let names = "";

  function draw() {
    if (!element.isConnected || typeof uPlot === "undefined") return;
    drawn?.destroy();
    names = [...history.series.keys()].join("\n");
    drawn = new uPlot(options(), data(), element);
  }

  const data = () => [history.times, ...history.series.values()];

  function options() {
    const [ink, line] = [colour("--soft"), colour("--line")];
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return {
      width: Math.max(200, element.clientWidth), height: HEIGHT,
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      legend: { live: true },
      padding: [6, 10, 0, 0],
      scales: {
        // At least a minute, so that the first points do not stand for all time.
        x: { range: (_, low, high) => [Math.min(low ?? 0, (high ?? 0) - SHORTEST), high ?? 0] },
        y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, 1) * 1.1] },
      },
      axes: [
        { ...axis, size: 26, space: 70, values: (_, times) => times.map((time) => new Date(time * 1000).toTimeString().slice(0, 8)) },
        { ...axis, size: 56, space: 34, values: (_, values) => values.map(show) },
      ],
      series: [
        { label: "Time", value: (_, time) => (time ? new Date(time * 1000).toTimeString().slice(0, 8) : "–") },
        ...[...history.series.keys()].map((name, index) => ({
          label: name, stroke: colour(`--plot-${(index % 6) + 1}`), width: 1.5, points: { show: false },
          // Not by colour alone: from the second on, lines are broken in ways of their own.
          dash: [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]][index % 6],
          // Without a cursor, the newest.
          value: (of, value, series, at) => {
            const shown = at === null || at === undefined ? of.data[series].at(-1) : value;
            return shown === null || shown === undefined ? "–" : show(shown);
          },
        })),
      ],
    };
  }

  const resized = new ResizeObserver(() => drawn && drawn.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }));
  resized.observe(element);
  document.addEventListener("theme", draw);
  signal.addEventListener("abort", () => {
    resized.disconnect();
    document.removeEventListener("theme", draw);
    drawn?.destroy();
  });

  return {
    element,
    update() {
      if (!drawn || names !== [...history.series.keys()].join("\n")) draw();
      else drawn.setData(data());
    },
  };
}
