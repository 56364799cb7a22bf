// Numbers, sizes and times as people read them.
import { h } from "./dom.js";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const NONE = "–";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? whole.format(value) : NONE);

/** A rate or another measured number: three digits that matter. */
export function measure(value) {
  if (!isNumber(value)) return NONE;
  if (value === 0 || Math.abs(value) >= 100) return whole.format(value);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

export function short(value) {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${measure(value / 1e9)} G`;
  if (size >= 1e6) return `${measure(value / 1e6)} M`;
  if (size >= 1e4) return `${measure(value / 1e3)} k`;
  return measure(value);
}

export function bytes(value) {
  if (!isNumber(value)) return NONE;
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${measure(value)} ${units[unit]}`;
}

/** Milliseconds as a duration. */
export function duration(ms) {
  if (!isNumber(ms)) return NONE;
  if (ms > 0 && ms < 1) return `${measure(ms * 1000)} µs`;
  if (ms < 1000) return `${measure(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${measure(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

/** A point in time (ISO text, or milliseconds) in the browser's own time zone. */
export function clock(value) {
  const date = value === undefined || value === null || value === "" ? null : new Date(value);
  if (!date || Number.isNaN(date.getTime()) || date.getTime() <= 0) return h("span", { class: "soft" }, NONE);
  const pad = (number, width = 2) => String(number).padStart(width, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return h("time", { datetime: date.toISOString(), title: date.toISOString(), class: "nowrap" }, `${day} ${time}`);
}

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const percent = (share) => (isNumber(share) ? `${measure(share * 100)} %` : NONE);
