// How a deposit is opened in the browser that the wallet runs in: inside WeChat by its own bridge, on a phone by its
// provider's app, else by a code. Nothing that a browser says of a payment is believed: the provider is asked.
import { t } from "./words.js";

const AWAY_AT = "wallet.paying";
const INSIDE = /MicroMessenger/i, PHONE = /Mobile|Android|iPhone|iPad|HarmonyOS/i;

/** The way for this browser, of those that the school has: a code is always one. */
export function wayOf(channel, ways) {
  const has = (way) => (ways?.[channel] || []).includes(way) && way;
  if (location.pathname === "/kiosk") return "code";
  const agent = navigator.userAgent;
  if (INSIDE.test(agent)) return (channel === "wechat" && keeps() && has("inside")) || "code"; // it opens no other's pages
  return has(PHONE.test(agent) ? "phone" : "page") || "code";
}

/** WeChat says who a payer is only to whom it sends back: there, and here again with a code. */
export function whoPays(holder, [authorize, appid], kept) {
  const state = `pay.${kept.key}`;
  remember({ holder, state });
  const given = new URLSearchParams({ appid, redirect_uri: `${location.origin}/`, response_type: "code", scope: "snsapi_base", state });
  location.assign(`${authorize}?${given}#wechat_redirect`);
}

/** At the start: does somebody come back from paying, or from WeChat? Whose deposit it was, and WeChat's code. */
export function comeBack() {
  const given = new URLSearchParams(location.search), state = given.get("state") || "";
  if (!given.has("paid") && !state.startsWith("pay.")) return null;
  history.replaceState(null, "", `${location.pathname}#deposit`);
  const gone = remembered();
  if (gone && state === gone.state) remember({ ...gone, code: given.get("code") || "none" });
  return { holder: gone?.holder };
}

/** The code that WeChat gave for this deposit, once. */
export function codeOf(kept) {
  const gone = remembered();
  if (gone?.state !== `pay.${kept.key}` || !gone.code) return "";
  remember({ holder: gone.holder });
  return gone.code;
}

/** Opened by a press: a page of the provider's, which comes back here, or the chat app's own bridge. */
export function go(told, holder) {
  remember({ holder });
  if (told.way !== "inside") return location.assign(told.pay);
  const opens = () => window.WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(told.pay), () => null);
  if (window.WeixinJSBridge) opens();
  else document.addEventListener("WeixinJSBridgeReady", opens, { once: true });
}

export const pressed = (told) => (told.way === "inside" ? t("payInside") : t("goAndPay"));

/** Who goes to WeChat and comes back has to find again what he wanted. */
function keeps() {
  try {
    localStorage.setItem(AWAY_AT, "1");
    localStorage.removeItem(AWAY_AT);
    return remember({});
  } catch {
    return false;
  }
}

function remember(what) {
  try {
    sessionStorage.setItem(AWAY_AT, JSON.stringify(what));
    return true;
  } catch {
    return false;
  }
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(AWAY_AT));
  } catch {
    return null;
  }
}
