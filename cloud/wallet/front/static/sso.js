// The campus' own sign-on: the phone goes there and comes back with a code in its address, which is taken out at once.
import { call } from "./api.js";
import { fill, h, say } from "./dom.js";
import { said, t } from "./words.js";

const KEPT = "wallet.sign-on";

/** Buttons for what the school has; nothing where it has none, or none can be asked. */
export async function offer(room) {
  const ways = await call("sign-in/ways").catch(() => []);
  fill(room, ways.map((way) => h("button", { type: "button", "data-name": way.name, onclick: (event) => go(event.target, way.name) }, said(way))));
}

async function go(button, provider) {
  button.disabled = true;
  const kept = [...crypto.getRandomValues(new Uint8Array(32))].map((one) => one.toString(16).padStart(2, "0")).join("");
  try {
    const { url } = await call("sign-in/sso/begin", { provider, kept });
    sessionStorage.setItem(KEPT, kept);
    location.assign(url);
  } catch (problem) {
    button.disabled = false;
    say(said(problem));
  }
}

/** At the start: is somebody coming back? What his browser kept proves that it was this one that went. */
export async function comeBack() {
  const given = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname + location.hash);
  const state = given.get("sso") || given.get("state");
  const code = given.get("ticket") || given.get("code");
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (!state || !kept) return;
  if (!code) return say(t("signOnNo"));
  await call("sign-in/sso/finish", { state, code, kept }).catch((problem) => say(said(problem)));
}
