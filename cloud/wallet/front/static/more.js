// All else of a person: his devices, a password, large letters, language.
import { ask, call } from "./api.js";
import { field, h, say, setSize } from "./dom.js";
import { able, addPasskey } from "./passkey.js";
import { form, proven } from "./sign_in.js";
import { addWords, moment, t } from "./words.js";

addWords({
  proveAdd: ["请先验证身份。", "Prove who you are first."],
  by_link: ["凭一次性链接登录", "signed in by a link"], by_password: ["凭密码登录", "signed in by password"],
  by_code: ["凭短信验证码登录", "signed in by an SMS code"], by_passkey: ["凭通行密钥登录", "signed in by a passkey"],
  by_campus: ["凭统一身份认证登录", "signed in by the campus account"], by_bound: ["首次绑定", "bound the first time"],
});

const FURTHER = ["messages", "pay", "split", "limits", "offline", "privacy", "apps"], OF_A_PHONE = ["pay", "offline", "apps"];

export async function more(_, { show, signOut, me, menu }) {
  const shared = Boolean(document.documentElement.dataset.kiosk);
  const offered = shared ? FURTHER.filter((one) => !OF_A_PHONE.includes(one)) : FURTHER;
  const further = [...(me.holders.length ? offered.filter((one) => !menu.includes(one)) : []), ...(me.stalls.length && me.holders.length ? ["stall"] : []), ...(me.holders.length ? ["data"] : [])];
  const links = [h("h1", {}, t("more")), h("ul", { class: "links" }, further.map((one) => h("li", {}, h("a", { href: `#${one}` }, t(one === "offline" ? "offline_page" : one))))),
    h("label", { class: "switch" }, h("input", { type: "checkbox", checked: document.documentElement.hasAttribute("data-elder"),
      onchange: (event) => setSize(event.target.checked) }), t("elder")),
    h("p", {}, h("button", { onclick: signOut }, t("signOut")))];
  if (shared) return { at: Date.now(), fresh: true, page: links };
  const { value, at, fresh } = await ask("devices");
  const { value: keys } = await ask("passkeys");
  const again = h("div");
  const secret = { name: "password", type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128, required: true };
  return { at, fresh, page: [
    links,
    h("h2", {}, t("devices")),
    h("ul", { class: "entries" }, value.map((one) => device(one, show))),
    able() || keys.length ? h("h2", {}, t("passkeys")) : null,
    h("ul", { class: "entries", "data-name": "passkeys" }, keys.map((one) => passkey(one, show))),
    able() ? form("addPasskey", [field(t("keyLabel"), { name: "label", required: true, maxlength: 64 })], "addPasskey",
      ({ label }) => proven(again, () => addPasskey(label).then(show), "proveAdd")) : "",
    h("h2", {}, t("setPassword")),
    form("password", [field(t("newPassword"), secret)], "confirm", (given) => proven(again, () => call("password", given).then(() => say(t("done"))), "proveAdd")),
    again,
  ] };
}

function device(one, show) {
  return h("li", {}, h("p", {}, nameOf(one.agent)), h("p", { class: "soft" }, `${one.address} · ${moment(one.seen_ms)}`),
    one.way ? h("p", { class: "soft", "data-name": "way" }, t(`by_${one.way}`)) : "",
    one.this ? h("p", {}, t("thisDevice"))
      : h("button", { class: "danger", onclick: () => call("devices/end", { key: one.key }).then(show) }, t("endDevice")));
}

function passkey(one, show) {
  return h("li", {}, h("p", {}, one.label), h("p", { class: "soft" }, moment(one.at_ms)),
    h("button", { class: "danger", onclick: () => call("passkeys/end", { key: one.key }).then(show) }, t("endPasskey")));
}

/** What a person calls it; a browser that says nothing of the kind is shown as it names itself. */
export function nameOf(agent) {
  const system = ["HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((one) => agent.includes(one));
  const browser = [["MicroMessenger", "WeChat"], ["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]]
    .find(([sign]) => agent.includes(sign));
  return system && browser ? `${system} · ${browser[1]}` : agent || "?";
}
