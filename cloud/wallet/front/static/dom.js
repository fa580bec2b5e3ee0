// Elements from values. Text is always text: nothing that anybody wrote becomes markup.

/** h("p", {class: "x", onclick: f}, "text", other) */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/** A labelled input in one line. */
export function field(label, props) {
  return h("label", { class: "field" }, h("span", {}, label), h("input", props));
}

export function say(text) {
  const line = document.getElementById("said");
  line.textContent = "";
  requestAnimationFrame(() => (line.textContent = text));
}

/** A file to this device. */
export function download(text, type, name) {
  const file = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: file, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 60_000);
}

const ELDER = "wallet.elder";

/** Large letters, as this device remembers them. */
export function keepSize() {
  let large = null;
  try {
    large = localStorage.getItem(ELDER);
  } catch {
    // the device's own size
  }
  document.documentElement.toggleAttribute("data-elder", large === "1");
}

export function setSize(large) {
  try {
    localStorage.setItem(ELDER, large ? "1" : "0");
  } catch {
    // until the page is closed
  }
  document.documentElement.toggleAttribute("data-elder", large);
}
