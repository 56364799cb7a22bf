// One message as it is shown: in lists, in a dialog, as text or bytes.
import { h } from "./dom.js";
import { bytes, clock } from "./format.js";
import { pairs, show } from "./parts.js";

/** The body as text; what is no text as hexadecimal. */
export function bodyOf(message) {
  if (message.bodyEncoding !== "base64") return message.body ?? "";
  const raw = Uint8Array.from(atob(message.body ?? ""), (letter) => letter.charCodeAt(0));
  return [...raw.subarray(0, 4096)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ") + (raw.length > 4096 ? " …" : "");
}

function sizeOf(message) {
  if (message.bodyEncoding === "base64") return Math.floor((message.body?.length ?? 0) * 3 / 4);
  return new TextEncoder().encode(message.body ?? "").length;
}

/** JSON is shown with its structure; everything else as it is. */
export function readable(text) {
  if (!/^\s*[[{]/.test(text) || text.length > 200000) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export const traceAddress = (id) => `#/messages/${encodeURIComponent(id)}`;

export function details(message) {
  const properties = Object.entries(message.properties ?? {});
  const text = readable(bodyOf(message));
  return [
    pairs([
      ["Id", message.messageId && h("span", { class: "mono wrap" }, message.messageId)],
      ["Sender's id", message.uniqueKey && h("span", { class: "mono wrap" }, message.uniqueKey)],
      ["MQTT topic name", message.name],
      ["Topic", message.topic && h("a", { href: `#/topics/${encodeURIComponent(message.topic)}` }, message.topic)],
      ["Lies in", message.liesIn],
      ["Tag", message.tag],
      ["Keys", (message.keys ?? []).join(", ")],
      ["Content type", message.contentType],
      ["Born", message.bornAt && clock(message.bornAt)],
      ["Born at", message.bornHost],
      ["Stored", message.storedAt && clock(message.storedAt)],
      ["Queue and offset", message.queueId === undefined ? null : `${message.broker ? `${message.broker} · ` : ""}${message.queueId} · ${message.offset}`],
      ["Attempts", message.attempts],
      ...properties.map(([name, value]) => [name, h("span", { class: "mono" }, String(value))]),
    ]),
    h("div", {},
      h("h3", {}, `Body, ${bytes(message.size ?? sizeOf(message))}${message.bodyEncoding === "base64" ? ", as hexadecimal" : ""}${message.bodyIsCut ? ", its beginning" : ""}`),
      text === "" ? h("p", { class: "soft" }, "Empty") : h("pre", { class: "text", tabindex: "0", role: "region", "aria-label": "Body" }, text)),
  ];
}

export const open = (message) => show("Message", [
  ...details(message),
  message.messageId && h("p", {}, h("a", { href: traceAddress(message.messageId), onclick: (event) => event.currentTarget.closest("dialog").close() }, "Trace this message")),
]);
