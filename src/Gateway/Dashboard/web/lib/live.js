// Server-sent events by fetch: EventSource cannot send an Authorization header, and an address must carry no secret.
import { send } from "./api.js";

const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;

/** Reads one stream until it ends. `onEvent` gets { event, id, data } of each. */
export async function events(address, { query, signal, onOpen, onEvent, headers }) {
  const response = await send("GET", address, { query, signal, headers: { Accept: "text/event-stream", ...headers } });
  onOpen?.();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) onEvent(event);
    }
  }
}

function parse(block) {
  const event = { event: "message", id: null, data: [] };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") event.data.push(value);
    else if (name === "event") event.event = value;
    else if (name === "id") event.id = value;
  }
  return event.data.length === 0 ? null : { ...event, data: event.data.join("\n") };
}

/**
 * Keeps a stream open while the page is shown: breaks are mended after a pause that grows, and a hidden tab holds none.
 * `onState` gets "open", "waiting" or the problem that made it give up.
 */
export async function follow(address, { query, signal, onEvent, onState }) {
  let pause = SHORTEST_PAUSE;
  let last = null;
  while (!signal.aborted) {
    if (document.hidden) await once(document, "visibilitychange", signal);
    if (signal.aborted) return;
    const stream = new AbortController();
    const stop = () => stream.abort();
    const hide = () => document.hidden && stop();
    signal.addEventListener("abort", stop);
    document.addEventListener("visibilitychange", hide);
    try {
      await events(address, {
        query, signal: stream.signal, headers: last ? { "Last-Event-ID": last } : {},
        onOpen: () => { pause = SHORTEST_PAUSE; onState?.("open"); },
        onEvent: (event) => { last = event.id ?? last; onEvent(event); },
      });
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
        onState?.(problem);
        return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", hide);
    }
    if (signal.aborted) return;
    if (!document.hidden) {
      onState?.("waiting");
      await sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}

const once = (target, name, signal) => new Promise((resolve) => {
  target.addEventListener(name, resolve, { once: true });
  signal.addEventListener("abort", resolve, { once: true });
});

const sleep = (ms, signal) => new Promise((resolve) => {
  setTimeout(resolve, ms);
  signal.addEventListener("abort", resolve, { once: true });
});

/** Runs a read again and again while its page is shown. */
export function repeat(every, signal, read) {
  const timer = setInterval(() => !document.hidden && read(), every);
  signal.addEventListener("abort", () => clearInterval(timer));
}
