// What every page has: colours, the size of type, the menu of a small screen, keys, a link to copy. A page is whole
// without any of it.
const THEMES = ["light", "dark", "contrast"];
const SIZES = ["", "large", "larger"];
const root = document.documentElement;

function chooses(id, kept, set, values, now) {
  const button = document.getElementById(id);
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = values[(values.indexOf(root.dataset[set] ?? now()) + 1) % values.length];
    if (next) root.dataset[set] = next;
    else delete root.dataset[set];
    try {
      localStorage.setItem(kept, next);
    } catch {
      // no storage: it holds for this page
    }
  });
}

// What was done can be taken back for ten seconds, and as long as somebody is about to; a reload offers nothing
const UNDO_MS = 10_000;

function undo() {
  const form = document.getElementById("undo");
  if (!form) return;
  const here = new URL(location.href);
  here.searchParams.delete("undo");
  history.replaceState(history.state, "", here);
  const end = () => (form.matches(":hover, :focus-within") ? setTimeout(end, 1_000) : form.remove());
  setTimeout(end, UNDO_MS);
}

function menu() {
  const details = document.getElementById("menu");
  if (!details) return;
  if (matchMedia("(max-width: 900px)").matches) details.open = false;
  const here = details.querySelector("[aria-current]");
  if (here) details.scrollTop = here.offsetTop - details.offsetTop - details.clientHeight / 2;
}

// What goes with the account is for every browser, this one too
function looks() {
  document.getElementById("looks")?.addEventListener("submit", () => {
    try {
      localStorage.removeItem("ykt-theme");
      localStorage.removeItem("ykt-size");
    } catch {
      // none is kept here
    }
  });
}

function copy() {
  const button = document.getElementById("copy");
  if (!button || !navigator.clipboard) return;
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href).catch(() => {});
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = name; }, 2_000);
  });
}

// Keys of one letter can be switched off (WCAG 2.1.4); who types, in Chinese too, and who has a dialog open has none
const KEPT = "ykt-keys";
const WAIT_MS = 1_500;
let gone = 0;

function hasKeys() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

function rows() {
  return [...document.querySelectorAll("main tbody tr:not(:has(th[scope=rowgroup]))")]; // what heads a group is no row of it
}

function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("tbody tr"));
  const row = all[Math.min(all.length - 1, Math.max(0, at + by))];
  if (!row) return;
  row.tabIndex = -1;
  row.focus();
}

function row() {
  return document.activeElement?.closest("main tbody tr");
}

const DEEDS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => row()?.querySelector("input[type=checkbox]")?.click(),
  Enter: () => row() === document.activeElement && row()?.querySelector("a")?.click(),
  e: () => row()?.querySelector("details > summary")?.click(),
  u: () => document.querySelector("#undo button")?.click(),
  g: () => { gone = Date.now(); },
  "?": () => document.getElementById("keys")?.showModal(),
};

function pressed(event) {
  const search = document.getElementById("q");
  const types = event.target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]") || event.isComposing;
  const held = event.ctrlKey || event.metaKey || event.altKey;
  if (event.key.toLowerCase() === "k" && event.ctrlKey && search) {
    event.preventDefault();
    return search.select();
  }
  if (types || held || event.repeat || !hasKeys() || document.querySelector("dialog[open]")) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    return search.select();
  }
  if (Date.now() - gone < WAIT_MS) {
    gone = 0;
    return document.querySelector(`.menu a[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
  if (DEEDS[event.key]) DEEDS[event.key]();
  else document.dispatchEvent(new CustomEvent("ykt:key", { detail: event.key })); // for a page that has keys of its own
}

function keys() {
  const button = document.getElementById("help");
  const off = document.getElementById("keys-off");
  if (!button || !off) return;
  button.hidden = false;
  button.addEventListener("click", DEEDS["?"]);
  off.checked = !hasKeys();
  off.addEventListener("change", () => localStorage.setItem(KEPT, off.checked ? "off" : "on"));
  document.addEventListener("keydown", pressed);
}

// what is wider than its place is scrolled by keys: the place takes the focus, unless something in it does
function scrolls() {
  for (const place of document.querySelectorAll(".scroll")) {
    const isWide = place.scrollWidth > place.clientWidth && !place.querySelector("a, button, input, select, summary");
    if (isWide === (place.tabIndex === 0)) continue;
    if (!isWide) {
      for (const told of ["tabindex", "role", "aria-label"]) place.removeAttribute(told);
      continue;
    }
    place.tabIndex = 0;
    place.role = "group";
    place.ariaLabel = (place.closest("section")?.querySelector("h2") ?? document.querySelector("h1"))?.innerText ?? null;
  }
}

chooses("theme", "ykt-theme", "theme", THEMES, () => (getComputedStyle(root).colorScheme === "dark" ? "dark" : "light"));
chooses("size", "ykt-size", "size", SIZES, () => "");
menu();
undo();
looks();
copy();
keys();
scrolls();
addEventListener("resize", scrolls);
document.addEventListener("ykt:fresh", scrolls);
