// How pages connect by MQTT: to the gateway they came from, as who is signed in.
import { h } from "./dom.js";
import { MqttClient } from "./mqtt.js";
import { field } from "./parts.js";
import { credential } from "./session.js";

/** The user and password for MQTT: those one signed in with. A token goes as the password; API keys are for HTTP only. */
export function mqttUser() {
  const used = credential();
  if (used?.kind === "basic") return { user: used.user, password: used.password };
  if (used?.kind === "bearer" && !used.token.startsWith("pbk_")) return { user: "token", password: used.token };
  return { user: "", password: "" };
}

/** Fields for another user; hidden away where nobody needs to sign in. */
export const loginFields = ({ user, password }) => h("details", { open: credential()?.kind === "bearer" && !password },
  h("summary", {}, "MQTT user"),
  h("div", { class: "split" },
    field("User", h("input", { name: "user", value: user, autocomplete: "off", spellcheck: "false" })),
    field("Password or token", h("input", { name: "password", type: "password", value: password, autocomplete: "off" }))));

export async function connect({ user, password, onclose }) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const random = crypto.getRandomValues(new Uint32Array(2));
  const client = await MqttClient.connect({
    address: `${scheme}://${location.host}/mqtt`,
    clientId: `${user ? `${user}-` : ""}dashboard-${[...random].map((part) => part.toString(36)).join("")}`,
    user, password,
  });
  client.addEventListener("close", ({ detail }) => onclose?.(detail));
  return client;
}
