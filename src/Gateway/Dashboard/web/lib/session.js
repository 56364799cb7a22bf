// Who is signed in. The credential lives in this tab's session storage and goes out in the Authorization header only:
// never in an address, a cookie or a log.
const KEY = "credential";

/** { kind: "basic", user, password } or { kind: "bearer", token } or { kind: "certificate" } or null. */
export function credential() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function signIn(value) {
  sessionStorage.setItem(KEY, JSON.stringify(value));
  document.dispatchEvent(new CustomEvent("session"));
}

export function signOut() {
  sessionStorage.removeItem(KEY);
  document.dispatchEvent(new CustomEvent("session"));
}

export function authorization(value = credential()) {
  if (value?.kind === "bearer") return `Bearer ${value.token}`;
  if (value?.kind !== "basic") return null;
  const pair = new TextEncoder().encode(`${value.user}:${value.password}`);
  return `Basic ${btoa(String.fromCharCode(...pair))}`;
}

export function nameOf(value = credential()) {
  return { basic: value?.user, bearer: "API key or token", certificate: "Certificate" }[value?.kind] ?? null;
}
