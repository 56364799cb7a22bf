// The shell: which page is shown, the theme, who is signed in.
import { h, replace } from "./lib/dom.js";
import { loading, failure } from "./lib/parts.js";
import { nameOf, signOut } from "./lib/session.js";
import { askToSignIn } from "./lib/signin.js";
import { startTheme } from "./lib/theme.js";

// The first segment of the address is the page, the others are its own.
const pages = {
  "": () => import("./pages/overview.js"),
  topics: () => import("./pages/topics.js"),
  groups: () => import("./pages/groups.js"),
  messages: () => import("./pages/messages.js"),
  "dead-letters": () => import("./pages/deadletters.js"),
  try: () => import("./pages/tryit.js"),
  clients: () => import("./pages/clients.js"),
  sessions: () => import("./pages/sessions.js"),
  retained: () => import("./pages/retained.js"),
  mapping: () => import("./pages/mapping.js"),
  configuration: () => import("./pages/configuration.js"),
  refusals: () => import("./pages/refusals.js"),
};

const main = document.getElementById("main");
const menu = document.getElementById("menu");
const nav = document.getElementById("nav");
const account = document.getElementById("account");
let left = new AbortController();
let isFirst = true;

function here() {
  const [way, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { segments: way.split("/").map(decode), query: Object.fromEntries(new URLSearchParams(query)) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function show() {
  left.abort();
  left = new AbortController();
  const { signal } = left;
  const { segments: [name, ...rest], query } = here();
  openMenu(false);
  for (const link of nav.querySelectorAll("a[data-page]")) {
    if (link.dataset.page === (name || "overview")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }

  const root = h("div", {});
  const wait = setTimeout(() => !signal.aborted && replace(main, loading()), 150);
  try {
    const known = Object.hasOwn(pages, name) ? pages[name] : null;
    const page = known ? await known() : null;
    if (signal.aborted) return;
    if (page) await page.show(root, { segments: rest, query, signal });
    else root.append(h("h1", { tabindex: "-1" }, "No such page"), h("p", { class: "soft" }, "The address names none. The pages are in the menu."));
  } catch (problem) {
    if (signal.aborted) return;
    console.error(problem);
    replace(root, h("h1", { tabindex: "-1" }, "ProtoBridgeMQ"), failure(problem, show));
  } finally {
    clearTimeout(wait);
  }

  if (signal.aborted) return;
  replace(main, root);
  const title = main.querySelector("h1");
  document.title = title ? `${title.textContent} · ProtoBridgeMQ` : "ProtoBridgeMQ";
  main.dataset.shown = location.hash || "#/";
  if (!isFirst) {
    title?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  isFirst = false;
}

function openMenu(isOpen) {
  nav.classList.toggle("open", isOpen);
  menu.setAttribute("aria-expanded", String(isOpen));
}

function showAccount() {
  const name = nameOf();
  account.hidden = name === null;
  account.textContent = name === null ? "" : `Sign out ${name}`;
}

menu.addEventListener("click", () => openMenu(!nav.classList.contains("open")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && nav.classList.contains("open")) {
    openMenu(false);
    menu.focus();
  }
});
document.getElementById("skip").addEventListener("click", (event) => {
  // The address after # is the page: the skip link must not change it.
  event.preventDefault();
  main.focus();
});
account.addEventListener("click", signOut);
document.addEventListener("session", () => { showAccount(); show(); });
document.addEventListener("signin", askToSignIn);
addEventListener("hashchange", show);
startTheme(document.getElementById("theme"));
showAccount();
show();
