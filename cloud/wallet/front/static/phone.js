// This phone's key for offline codes, its certificate, and what has been used of it: kept by the browser, never sent.
// The private key cannot be exported, by this page either. A use is kept before anybody sees it, and never goes down.
import { newKey } from "./api.js";

export const GOOD_S = 120; // as a terminal's clock rule
const STORE = "phone";
const CONTEXT = new TextEncoder().encode("openykt offline code v1\0");
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const DIGITS = 487, PREFIX = "80";

/** Can this browser keep a key? In some chat apps' browsers it cannot, and a terminal that many share must not. */
export const able = () => Boolean(globalThis.indexedDB && globalThis.crypto?.subtle && !document.documentElement.dataset.kiosk);

/** {holder, pair, public, certificate, used, shown, skew_s, ended, asking, label}, or null. */
export const kept = (holder) => able() ? inside("readonly", (store) => store.get(holder)).then((one) => one || null, () => null) : null;

/** The phone's public point, 33 bytes in hex, and the key of this deed, the same until it was answered. */
export async function asked(holder) {
  const made = (await kept(holder)) || (await newPhone(holder));
  const one = await change(holder, (found) => ({ ...(found || made), asking: found?.asking || newKey() }));
  return { public: one.public, key: one.asking };
}

async function newPhone(holder) {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { holder, pair, public: hex([2 + (point[64] & 1), ...point.slice(1, 33)]), used: 0 };
}

/** What came of it: a certificate in hex; null: it was refused, and what there is stays. */
export const answered = (holder, given, label, now_s) => change(holder, (one) => one && {
  ...one, asking: null, ...(given ? { skew_s: now_s - Date.now() / 1000, label } : {}),
  ...(given && given !== one.certificate ? { certificate: given, used: 0, shown: null, ended: null } : {}),
});

/** The certificate counts no more; why: a text in both languages. */
export const ended = (holder, why) => change(holder, (one) => one && { ...one, certificate: null, shown: null, ended: why });

/** The school's clock was heard. */
export const heard = (holder, now_s) => change(holder, (one) => one && { ...one, skew_s: now_s - Date.now() / 1000 });

/** What a certificate says, times in campus seconds. */
export function read(certificate) {
  const view = new DataView(bytes(certificate).buffer);
  return { number: view.getUint32(4), from_s: view.getUint32(52), until_s: view.getUint32(56), uses: view.getUint8(60), one_fen: view.getUint32(61) };
}

/** What is there to show: {left, uses, one_fen, until_s, now_s, shown}; null: nothing counts now. */
export function standing(one) {
  if (!one?.certificate) return null;
  const now_s = Date.now() / 1000 + one.skew_s, said = read(one.certificate);
  if (now_s < said.from_s || now_s >= said.until_s) return null;
  const shown = one.shown && Math.abs(now_s - one.shown.made_s) < GOOD_S ? one.shown : null;
  return { ...said, now_s, left: said.uses - one.used, shown };
}

/** The code that is shown still, or one of the next use: {digits, use, made_s}; null: none is left. */
export async function nextCode(holder) {
  let mine = null;
  const one = await change(holder, (found) => {
    const now = standing(found);
    if (!now || now.shown || !now.left) return found;
    mine = { number: now.number, use: found.used + 1, made_s: Math.floor(now.now_s) };
    return { ...found, used: mine.use };
  });
  if (!mine) return standing(one)?.shown || null;
  const shown = { use: mine.use, made_s: mine.made_s, digits: await digits(one, mine) };
  await change(holder, (found) => found && (found.certificate === one.certificate ? { ...found, shown } : found));
  return shown;
}

async function digits(one, { number, use, made_s }) {
  const said = new Uint8Array(9);
  const view = new DataView(said.buffer);
  view.setUint8(0, use);
  view.setUint32(1, made_s);
  crypto.getRandomValues(said.subarray(5));
  const numbered = new Uint8Array(4);
  new DataView(numbered.buffer).setUint32(0, number);
  const covered = new Uint8Array([...CONTEXT, ...numbered, ...said]);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, one.pair.privateKey, covered);
  return PREFIX + BigInt(`0x${one.certificate}${hex(said)}${hex(new Uint8Array(signature))}`).toString().padStart(DIGITS, "0");
}

const hex = (list) => Array.from(list, (one) => one.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g), (one) => parseInt(one, 16));

/** Read and written in one transaction, so that two tabs never take the same use; on the disk when this resolves. */
function change(holder, make) {
  let after = null;
  return inside("readwrite", (store) => {
    const asking = store.get(holder);
    asking.onsuccess = () => {
      after = make(asking.result || null);
      if (after) store.put(after);
    };
    return asking;
  }).then(() => after);
}

async function inside(mode, act) {
  const db = await new Promise((done, failed) => {
    const opening = indexedDB.open("wallet.phone", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "holder" });
    opening.onsuccess = () => done(opening.result);
    opening.onerror = opening.onblocked = () => failed(opening.error);
  });
  try {
    return await new Promise((done, failed) => {
      const turn = db.transaction(STORE, mode, { durability: "strict" });
      const asking = act(turn.objectStore(STORE));
      turn.oncomplete = () => done(asking.result);
      turn.onerror = turn.onabort = () => failed(turn.error);
    });
  } finally {
    db.close();
  }
}
