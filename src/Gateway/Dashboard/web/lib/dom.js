// Elements are made here and nowhere else. Children are nodes or text: text stays text, whatever it contains.

const SVG = "http://www.w3.org/2000/svg";

// What a page sets as a property, because the attribute would only be its first value.
const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate", "hidden", "open", "selected"]);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else if (name === "href") element.setAttribute("href", address(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

// A link leads to this gateway: nothing that came as data can become another address or a script.
function address(value) {
  const text = String(value);
  return text.startsWith("#") || (text.startsWith("/") && !text.startsWith("//")) ? text : "#";
}

export function append(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** An element of HTML. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Puts new children in place of all there are. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

let last = 0;
export const freshId = (prefix) => `${prefix}-${++last}`;
