// What is shown stays true: frames of one stream say what has moved; the overview takes its part from them, and a part
// (#fresh) of any other page fetches itself anew when a subject of its own has moved (data-subjects; not said: any), at
// most once a second. It says how old it is, and looks it (IX1). Whoever types, chooses or has a dialog open is not disturbed.
import { Stream } from "./stream.js";

const STALE_MS = 15_000;
const LATE_MS = 6_000;
const LEAST_MS = 1_000;
const SHARE = 8; // a page that took long to fetch is left alone for so many times as long
const SAID_MS = 5_000;
const { body } = document;
const pill = document.getElementById("pill");
const cut = document.getElementById("cut");
const live = document.getElementById("live");
const fresh = document.getElementById("fresh");
const subjects = fresh ? fresh.dataset.subjects?.split(" ") : ["calling"]; // undefined: any
const REST_MS = fresh?.dataset.subjects ? 30_000 : 10_000; // times grow old by themselves; the stream says what moves
let heard = Date.now();
let fetched = Date.now();
let asked = Date.now();
let took = 0;
let etag = "";
let isDue = false;
let dueSince = 0;
let isFetching = false;
let moved = JSON.parse(body.dataset.moved || "{}");
let said = 0;

function isBusy(part) {
  const at = document.activeElement;
  const types = at && part.contains(at) && at.matches("input, select, textarea");
  const chosen = getSelection();
  const reads = chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode);
  const open = document.querySelector("dialog[open]") ?? part.querySelector("details.keep[open]:not([data-open])");
  const ticked = [...part.querySelectorAll("input")].some((one) => one.checked !== one.defaultChecked); // by somebody
  return types || reads || ticked || open !== null;
}

const PLACES = "a, button, tbody tr"; // where the focus may be

function focusAgain(one) {
  if (one?.matches("tr")) one.tabIndex = -1;
  one?.focus({ preventScroll: true });
}

// only what is different is put in, and the focus stays where it was
function put(part, next) {
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  const index = at ? [...part.querySelectorAll(PLACES)].indexOf(at) : -1;
  const [old, made] = [[...part.children], [...next.children]];
  if (old.length === made.length) old.forEach((one, i) => one.isEqualNode(made[i]) || one.replaceWith(made[i]));
  else part.replaceChildren(...next.childNodes);
  if (at && !at.isConnected) focusAgain(part.querySelectorAll(PLACES)[index]);
  document.dispatchEvent(new Event("ykt:fresh"));
}

// the session is over: what is looked at asks for a sign-in, what is hidden when it is looked at
function leave() {
  if (!document.hidden) return location.reload();
  document.addEventListener("visibilitychange", () => location.reload(), { once: true });
}

function take(frame) {
  if (frame.gone) return leave();
  if (!frame.stale) heard = Date.now();
  document.querySelectorAll("[data-as-of]").forEach((one) => { one.textContent = frame.as_of || one.textContent; });
  if (live && frame.html !== undefined && !isBusy(live)) {
    const next = document.createElement("template");
    next.innerHTML = frame.html;
    put(live, next.content);
  }
  if ((subjects ?? Object.keys(frame.moved)).some((one) => frame.moved[one] !== moved[one])) due();
  const others = Object.keys(frame.moved).filter((one) => frame.moved[one] !== moved[one]);
  if (others.length) document.dispatchEvent(new CustomEvent("ykt:moved", { detail: others }));
  moved = frame.moved;
  look();
  show();
}

function due() {
  if (!isDue) dueSince ||= Date.now();
  isDue = true;
}

function look() {
  if (document.hidden || isFetching || (fresh ? isBusy(fresh) : !isDue)) return;
  const now = Date.now();
  const rest = Math.max(LEAST_MS, SHARE * took);
  if (now - asked >= rest && (isDue || now - asked >= REST_MS)) again();
}

async function again() {
  [isFetching, isDue, asked] = [true, false, Date.now()];
  try {
    const answer = await fetch(location.href, {
      headers: { "X-Fresh": "1", ...(etag && { "If-None-Match": etag }) }, redirect: "manual", cache: "no-store",
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
    if (answer.ok || answer.status === 304) await renew(answer);
    else due();
  } catch {
    due(); // cannot be reached: the age of what is shown says it
  } finally {
    [isFetching, took] = [false, Date.now() - asked];
  }
}

async function renew(answer) {
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const calls = page.getElementById("calling");
    if (calls) document.getElementById("calling")?.replaceWith(calls);
    const next = page.getElementById("fresh");
    if (fresh && next && isBusy(fresh)) return due();
    if (fresh && next) put(fresh, next);
    etag = answer.headers.get("ETag") ?? "";
  } else {
    const time = fresh?.querySelector(".as-of");
    if (time) time.textContent = decodeURIComponent(answer.headers.get("X-As-Of") ?? time.textContent);
  }
  [fetched, dueSince] = [Date.now(), 0];
  show();
}

function show() {
  const now = Date.now();
  const own = fresh && !document.hidden ? now - fetched : 0;
  const isMissed = own > REST_MS + LATE_MS || (own && dueSince && now - dueSince > STALE_MS); // it has moved, and is not here
  const isHeld = fresh && isMissed && isBusy(fresh);
  const age = isHeld ? own : Math.max(now - heard, isMissed ? own : 0);
  const state = isHeld && now - heard <= STALE_MS ? "held" : age > STALE_MS ? "cut" : age > LATE_MS ? "late" : "live";
  for (const part of [live, fresh]) part?.classList.toggle("grey", state === "cut");
  if (cut) cut.hidden = state !== "cut";
  if (!pill || (pill.classList.contains(state) && (state === "live" || now - said < SAID_MS))) return;
  said = now;
  pill.className = `pill ${state}`;
  pill.textContent = pill.dataset[state] + (state === "live" ? "" : ` ${Math.round(age / 1_000)} ${pill.dataset.seconds}`);
}

function connect() {
  const { lang, stream, poll, show = "", worker } = body.dataset;
  const own = { lang, stream, poll, show };
  const alone = () => new Stream(take).ask({ ...own, query: `lang=${lang}${show ? `&show=${show}` : ""}` });
  if (!window.SharedWorker) return alone();
  try {
    const shared = new SharedWorker(worker, { type: "module", name: `ykt-${lang}` });
    shared.onerror = alone;
    shared.port.onmessage = ({ data }) => take(data);
    shared.port.start();
    addEventListener("pagehide", () => shared.port.postMessage({ bye: true }));
    addEventListener("pageshow", () => shared.port.postMessage(own));
    shared.port.postMessage(own);
  } catch {
    alone();
  }
}

if (pill) {
  document.addEventListener("visibilitychange", look);
  setInterval(() => { look(); show(); }, 500);
  connect();
  show();
}
