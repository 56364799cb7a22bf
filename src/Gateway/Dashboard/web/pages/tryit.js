// Publish and watch, by HTTP and by MQTT over WebSocket.
import { h } from "../lib/dom.js";
import { head } from "../lib/parts.js";
import { publisher } from "./try-publish.js";
import { watcher } from "./try-watch.js";

export async function show(root, { query, signal }) {
  root.append(
    head("Try it", { about: "Publish by one protocol and watch by the other: a message is the same for both. Nothing here is consumed from a group." }),
    h("div", { class: "grid" }, publisher(query.topic ?? "", signal), watcher(query.topic ?? "", signal)));
}
