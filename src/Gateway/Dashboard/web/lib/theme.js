// Light, dark, or as the system has it.
const ORDER = ["system", "light", "dark"];
const LABELS = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

const chosen = () => document.documentElement.dataset.theme ?? "system";

function choose(theme, button) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // It holds for this page.
  }
  label(button);
  document.dispatchEvent(new CustomEvent("theme"));
}

function label(button) {
  button.setAttribute("aria-label", LABELS[chosen()]);
  button.title = LABELS[chosen()];
}

export function startTheme(button) {
  label(button);
  button.addEventListener("click", () => choose(ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length], button));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("theme")));
}

/** A token of the style sheet as the colour it is now: canvases cannot read tokens. */
export function colour(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
