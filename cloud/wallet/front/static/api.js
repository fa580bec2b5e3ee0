// Calls of the accounts service through the front, and what this device remembers of the last answers, with their moment.
const KEPT = "wallet.kept.", PHONE = "wallet.phone", OUT = "wallet.out";
const WAIT_MS = 12000, HELD_LATE_MS = 6000;
/** Where something can be shown without an answer, and somebody stands at a till. */
export const HASTE_MS = 3000;

/** A refusal: code, zh, en, status; status 0: no network, or no answer. */
export class Problem extends Error {
  constructor(told) {
    super(told.code);
    Object.assign(this, told);
  }
}

export const AWAY = { status: 0, code: "offline", zh: "连不上网络", en: "no connection" };

export async function call(operation, args = {}, wait_ms = WAIT_MS) {
  if (isMarked(OUT)) await sayOut();
  return called(operation, args, wait_ms);
}

async function called(operation, args, wait_ms) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), wait_ms);
  let answer;
  try {
    answer = await fetch(`/w/api/${operation}`, {
      method: "POST", headers: { "content-type": "application/json", "x-ykt": "1" }, body: JSON.stringify(args),
      credentials: "same-origin", cache: "no-store", signal: stop.signal,
    });
  } catch {
    throw new Problem(AWAY);
  } finally {
    clearTimeout(late);
  }
  const said = await answer.json().catch(() => undefined); // cut off, or of a proxy: no answer of ours, and no refusal
  if (answer.ok && said !== undefined) return said;
  throw new Problem(said?.code ? said : AWAY);
}

/** Asked how something stands, and told when it ends within these seconds: by whoever can be held, else at once. */
export const held = (operation, args, wait_s) => call(operation, { ...args, wait_s }, 1000 * wait_s + HELD_LATE_MS);

/** What is asked, or without a network what was last told: {value, at, fresh}. Only for reading. */
export async function ask(operation, args = {}) {
  const name = KEPT + operation + JSON.stringify(args);
  try {
    const value = await call(operation, args, phoneHint() && recalled(name) ? HASTE_MS : WAIT_MS);
    remember(name, { value, at: Date.now() });
    return { value, at: Date.now(), fresh: true };
  } catch (problem) {
    const kept = problem.status === 0 || problem.status === 503 ? recalled(name) : null;
    if (!kept) throw problem;
    return { ...kept, fresh: false };
  }
}

function remember(name, kept) {
  if (document.documentElement.dataset.kiosk) return; // many share it
  try {
    localStorage.setItem(name, JSON.stringify(kept));
  } catch {
    forget(); // full, or not allowed: it works without
  }
}

function recalled(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

/** Nothing that was told stays on this device. */
export function forget() {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(KEPT)) localStorage.removeItem(name);
  } catch {
    // there is no storage
  }
}

/** Signed out here, or by another device: what was told goes, and so do this phone's keys. Did it have any? */
export function leave() {
  const had = phoneHint();
  forget();
  phoneHint(false);
  globalThis.indexedDB?.deleteDatabase("wallet.phone");
  return had;
}

/** Signed out from here. Without a network, nothing is asked before the accounts service has heard of it: whoever has
 * this phone next is not signed in as him by the cookie that no script can remove. */
export async function out() {
  mark(OUT, true);
  leave();
  await sayOut().catch(() => null);
}

async function sayOut() {
  await called("sign-out", {}, WAIT_MS).catch((problem) => {
    if (problem.status !== 401) throw problem;
  });
  mark(OUT, false);
}

/** Does this phone have an offline code, as far as can be known without loading more? Said once, it is remembered. */
export function phoneHint(has) {
  if (has !== undefined) mark(PHONE, has);
  return isMarked(PHONE);
}

const marked = new Set(); // where there is no storage

function mark(name, is) {
  is ? marked.add(name) : marked.delete(name);
  try {
    is ? localStorage.setItem(name, "1") : localStorage.removeItem(name);
  } catch {
    // as above
  }
}

function isMarked(name) {
  try {
    return marked.has(name) || localStorage.getItem(name) === "1";
  } catch {
    return marked.has(name);
  }
}

/** A key for a deed: the same deed is asked again under the same key. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}
