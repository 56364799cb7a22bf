// Requests to /v1. Failures are problem details (RFC 9457); what is none of them becomes one.
import { authorization, credential } from "./session.js";

export class Problem extends Error {
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || `The gateway answered ${status}.`);
    this.status = status;
    this.type = String(problem.type ?? "").replace("urn:protobridge:problem:", "");
    this.title = problem.title ?? "";
  }
}

/** The path of segments, each of which may contain anything. */
export const path = (...segments) => "/v1/" + segments.map(encodeURIComponent).join("/");

function withQuery(address, query) {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (entries.length === 0) return address;
  return `${address}?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`;
}

/** A request whose answer is the caller's to read. */
export async function send(method, address, { query, json, body, headers, signal, as } = {}) {
  const used = as === undefined ? credential() : as;
  const sent = new Headers(headers);
  const proof = authorization(used);
  if (proof) sent.set("Authorization", proof);
  if (json !== undefined) sent.set("Content-Type", "application/json");
  let response;
  try {
    response = await fetch(withQuery(address, query), {
      method,
      headers: sent,
      body: json === undefined ? body : JSON.stringify(json),
      signal,
      cache: "no-store",
      redirect: "error",
      // Omitted credentials keep the browser's own password dialog away; a client certificate needs them.
      credentials: used?.kind === "certificate" ? "same-origin" : "omit",
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(0, { title: "No answer", detail: "The gateway does not answer. It may be down, or the network between." });
  }
  if (!response.ok && response.status !== 207) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let problem = {};
  try {
    if ((response.headers.get("Content-Type") ?? "").includes("json")) problem = await response.json();
  } catch {
    // Half an answer: its status says enough.
  }
  const made = new Problem(response.status, problem);
  if (response.status === 401) document.dispatchEvent(new CustomEvent("signin"));
  return made;
}

/** A request whose answer is JSON, or nothing. */
export async function call(method, address, options) {
  const { value } = await callWithTag(method, address, options);
  return value;
}

/** The same, with the entity tag for a later If-Match. */
export async function callWithTag(method, address, options) {
  const response = await send(method, address, options);
  const text = await response.text();
  return { value: text ? JSON.parse(text) : null, tag: response.headers.get("ETag") };
}

export const get = (address, query, signal) => call("GET", address, { query, signal });

/** The items of a list, whatever its member is called, and where the next page begins. */
export function page(answer, member) {
  return { items: answer?.items ?? answer?.[member] ?? (Array.isArray(answer) ? answer : []), next: answer?.next };
}
