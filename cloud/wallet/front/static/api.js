// Calls of the accounts service through the front, and what this device remembers of the last answers, with their moment.
const KEPT = "wallet.kept.";
const WAIT_MS = 12000;

/** A refusal: code, zh, en, status; status 0: no network, or no answer. */
export class Problem extends Error {
  constructor(told) {
    super(told.code);
    Object.assign(this, told);
  }
}

const AWAY = { status: 0, code: "offline", zh: "连不上网络", en: "no connection" };

export async function call(operation, args = {}) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), WAIT_MS);
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
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  throw new Problem(said && said.code ? said : { ...AWAY, status: answer.status, code: "away" });
}

/** What is asked, or without a network what was last told: {value, at, fresh}. Only for reading. */
export async function ask(operation, args = {}) {
  const name = KEPT + operation + JSON.stringify(args);
  try {
    const value = await call(operation, args);
    remember(name, { value, at: Date.now() });
    return { value, at: Date.now(), fresh: true };
  } catch (problem) {
    const kept = problem.status === 0 || problem.status === 503 ? recalled(name) : null;
    if (!kept) throw problem;
    return { ...kept, fresh: false };
  }
}

function remember(name, kept) {
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

/** A key for a deed: the same deed is asked again under the same key. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}
