// Asking who one is. What was typed is tried before it is kept.
import { h } from "./dom.js";
import { Problem, send } from "./api.js";
import { ask, choice, field, toast, wrongInput } from "./parts.js";
import { nameOf, signIn } from "./session.js";

let isOpen = false;

export async function askToSignIn() {
  if (isOpen) return;
  isOpen = true;
  const secret = h("div", { class: "stack" });
  let kind = "basic";
  const draw = () => secret.replaceChildren(...fields(kind));
  draw();
  const kinds = [["basic", "User and password"], ["bearer", "API key or token"]];
  if (location.protocol === "https:") kinds.push(["certificate", "Certificate of this browser"]);
  try {
    await ask({
      title: "Sign in",
      text: "The same users, keys and rules as for MQTT and HTTP. What you enter stays in this tab and is forgotten when it closes.",
      fields: [choice("With", "kind", kinds, kind, (value) => { kind = value; draw(); }), secret],
      action: "Sign in",
      submit: async (values) => {
        const given = read(values);
        await tryOut(given);
        signIn(given);
        toast(`Signed in: ${nameOf(given)}`);
      },
    });
  } finally {
    isOpen = false;
  }
}

function fields(kind) {
  if (kind === "certificate") return [h("p", { class: "soft" }, "The browser shows the certificate that it has for this address.")];
  if (kind === "bearer") return [field("API key or token", h("input", { name: "token", type: "password", autocomplete: "off", required: true, autofocus: true }))];
  return [
    field("User", h("input", { name: "user", autocomplete: "username", required: true, autofocus: true, autocapitalize: "none", spellcheck: "false" })),
    field("Password", h("input", { name: "password", type: "password", autocomplete: "current-password", required: true })),
  ];
}

function read({ kind, user, password, token }) {
  if (kind === "certificate") return { kind };
  if (kind === "bearer") {
    // A header takes visible ASCII; anything else is a slip of the clipboard.
    const text = token.trim().replace(/^bearer\s+/i, "");
    if (!/^[\x21-\x7e]+$/.test(text)) throw wrongInput("That is no API key and no token: they have no spaces and no special letters.");
    return { kind, token: text };
  }
  if (user.includes(":")) throw wrongInput("A user name cannot contain a colon.");
  return { kind, user, password };
}

// 403 says that the gateway knows who this is, and that is all that is asked here.
async function tryOut(given) {
  try {
    await send("GET", "/v1/topics", { as: given });
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) throw wrongInput("The gateway does not know this user, key or token, or the password is wrong.");
    if (!(problem instanceof Problem) || problem.status !== 403) throw problem;
  }
}
