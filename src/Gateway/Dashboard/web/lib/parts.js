// What every page is made of: head, panels, states, forms, dialogs, notices.
import { freshId, h, replace } from "./dom.js";

/** The title of a page, with what it is about and what can be done. */
export function head(title, { about, actions, crumb } = {}) {
  return h("div", { class: "head" },
    h("div", {},
      crumb && h("a", { class: "crumb", href: crumb.href }, `‹ ${crumb.label}`),
      h("h1", { tabindex: "-1" }, title),
      about && h("p", {}, about)),
    actions && h("div", { class: "actions" }, actions));
}

/** A framed part of a page; null title: no bar. */
export function panel(title, content, { bar, plain } = {}) {
  const id = freshId("panel");
  return h("section", { class: "panel", "aria-labelledby": title ? id : null },
    (title || bar) && h("div", { class: "bar" }, title && h("h2", { id }, title), bar),
    plain ? content : h("div", { class: "body" }, content));
}

export const button = (label, onclick, attributes = {}) => h("button", { type: "button", ...attributes, onclick }, label);

export const pairs = (rows) => h("dl", { class: "pairs" },
  rows.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

export const tag = (text, kind = "") => h("span", { class: `tag ${kind}` }, text);

export const state = (title, text, ...actions) => h("div", { class: "state" },
  h("h2", {}, title), text && h("p", {}, text), actions.length > 0 && h("div", { class: "actions" }, actions));

export const loading = () => h("div", { class: "state pulse", role: "status" }, "Loading…");

/** A failure in words that say what one can do about it. */
export function failure(problem, again) {
  const retry = again && button("Try again", again);
  if (problem.status === 401) return state("Sign in to see this", "This gateway asks who you are.", button("Sign in", () => document.dispatchEvent(new CustomEvent("signin")), { class: "main" }));
  if (problem.status === 403) return state("You have no right to this", `${problem.message} The rules of this gateway's access control decide; the right is called manage.`);
  if (isAbsent(problem)) return state("Not offered by this gateway", "This version of the gateway has no such operation yet.");
  if (problem.status === 404) return state("Not there", problem.message, retry);
  if (problem.status === 501) return state("Not possible with these brokers", problem.message);
  if (problem.status === 0) return state("No answer", problem.message, retry);
  if (problem.status === undefined) return state("The page failed", String(problem.message ?? problem), retry);
  return state(problem.title || "That did not work", problem.message, retry);
}

/** Whether the gateway does not know the address at all. */
export const isAbsent = (problem) => problem.status === 405 || (problem.status === 404 && (problem.type === "not-found" || problem.type === ""));

/** Loads into an element: first the wait, then what came, or why it did not. */
export async function load(element, signal, read, show) {
  const again = () => load(element, signal, read, show);
  // What answers at once must not flicker.
  const wait = setTimeout(() => replace(element, loading()), element.childElementCount ? 400 : 60);
  try {
    const value = await read();
    if (!signal?.aborted) replace(element, await show(value, again));
  } catch (problem) {
    if (problem.name === "AbortError" || signal?.aborted) return;
    if (problem.status === undefined) console.error(problem);
    replace(element, failure(problem, again));
  } finally {
    clearTimeout(wait);
  }
}

/** A labelled control. */
export function field(label, control, hint, className = "") {
  control.id ||= freshId("field");
  const hintId = hint && `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return h("div", { class: `field ${className}` }, h("label", { for: control.id }, label), control, hint && h("small", { id: hintId }, hint));
}

export const check = (label, attributes) => h("label", { class: "check" }, h("input", { type: "checkbox", ...attributes }), label);

export function choice(legend, name, options, chosen, onchange) {
  return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "choice" }, options.map(([value, label]) =>
    h("label", { class: "check" }, h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange?.(value) }), label))));
}

export const select = (attributes, options) => h("select", attributes, options.map(([value, label]) =>
  h("option", { value, selected: value === attributes.value }, label)));

/** A short notice. */
export function toast(text) {
  const shown = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), 6000);
}

function open(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return dialog;
}

/**
 * A dialog with a form. `submit` gets the form's values; what it throws is shown in the dialog, which stays open.
 * Answers true once it was done.
 */
export function ask({ title, text, fields, action, danger, wide, submit }) {
  return new Promise((resolve) => {
    const id = freshId("dialog");
    const wrong = h("p", { class: "note bad", role: "alert", hidden: true });
    const doIt = h("button", { type: "submit", class: danger ? "main danger" : "main" }, action);
    let done = false;
    const form = h("form", { method: "dialog", onsubmit: async (event) => {
      event.preventDefault();
      doIt.disabled = true;
      wrong.hidden = true;
      try {
        await submit?.(Object.fromEntries(new FormData(form)), form);
        done = true;
        dialog.close();
      } catch (problem) {
        if (problem.status === undefined && !(problem instanceof RangeError)) console.error(problem);
        wrong.className = problem.isNews ? "note" : "note bad";
        wrong.textContent = problem.message;
        wrong.hidden = false;
      } finally {
        doIt.disabled = false;
      }
    } },
      h("h2", { id }, title), text && h("p", {}, text), fields, wrong,
      h("div", { class: "actions" }, button("Cancel", () => dialog.close()), doIt));
    const dialog = h("dialog", { "aria-labelledby": id, class: wide ? "wide" : "" }, form);
    open(dialog).addEventListener("close", () => resolve(done));
  });
}

/** A dialog that only shows. */
export function show(title, content) {
  const id = freshId("dialog");
  const dialog = h("dialog", { "aria-labelledby": id, class: "wide" },
    h("div", { class: "inside" }, h("h2", { id }, title), content, h("div", { class: "actions" }, button("Close", () => dialog.close(), { class: "main" }))));
  return open(dialog);
}

/** Makes a wrong word of one's own appear in an open dialog. */
export const wrongInput = (text) => new RangeError(text);

/** Keeps a dialog open to tell something that is not wrong. */
export const news = (text) => Object.assign(new RangeError(text), { isNews: true });

