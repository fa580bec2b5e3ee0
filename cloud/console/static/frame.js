// What every page has: light or dark, the menu of a small screen, and a part (#fresh) that keeps itself new and says how
// old it is. A page is whole without any of it.
const FRESH_MS = 5_000;
const STALE_MS = 15_000;
const THEMES = ["light", "dark"];

function theme() {
  const button = document.getElementById("theme");
  const kept = localStorage.getItem("ykt-theme");
  if (THEMES.includes(kept)) document.documentElement.dataset.theme = kept;
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
    const next = isDark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("ykt-theme", next);
  });
}

function menu() {
  const details = document.getElementById("menu");
  if (details && matchMedia("(max-width: 900px)").matches) details.open = false;
}

function fresh() {
  const part = document.getElementById("fresh");
  const pill = document.getElementById("pill");
  if (!part || !pill) return;
  let heard = Date.now();

  function show() {
    const age = Date.now() - heard;
    const state = age > STALE_MS ? "cut" : age > 2 * FRESH_MS ? "late" : "live";
    pill.hidden = false;
    pill.className = `pill ${state}`;
    const seconds = ` ${Math.round(age / 1000)} ${pill.dataset.seconds}`;
    pill.textContent = pill.dataset[state] + (state === "live" ? "" : seconds);
    part.classList.toggle("grey", state === "cut");
  }

  // whoever types, chooses or reads a dialog is not disturbed; what he sees grows old, and the pill says so
  function isBusy() {
    const at = document.activeElement;
    const types = at && part.contains(at) && at.matches("input, select, textarea");
    return document.hidden || types || part.querySelector("dialog[open], details.keep[open], :checked") !== null;
  }

  async function again() {
    try {
      if (!isBusy()) {
        const answer = await fetch(location.href, { headers: { "X-Fresh": "1" }, redirect: "manual" });
        if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const next = page.getElementById("fresh");
          const calls = page.getElementById("calling");
          if (calls) document.getElementById("calling")?.replaceWith(calls);
          if (next && !isBusy()) {
            if (next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
            heard = Date.now();
          }
        }
      }
    } catch {
      // cannot be reached: the age of what is shown says it
    }
    setTimeout(again, FRESH_MS);
  }

  setInterval(show, 1_000);
  setTimeout(again, FRESH_MS);
  show();
}

// "/" and Ctrl+K go to the search, unless somebody types, in Chinese too
function keys() {
  const search = document.getElementById("q");
  document.addEventListener("keydown", (event) => {
    const types = event.target.matches("input, select, textarea, [contenteditable]") || event.isComposing;
    const isSlash = event.key === "/" && !types && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!search || !(isSlash || (event.key === "k" && event.ctrlKey))) return;
    event.preventDefault();
    search.select();
  });
}

keys();
theme();
menu();
fresh();
