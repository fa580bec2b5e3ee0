// Who he is, once more: by his password, a passkey, a code to the phone that the school has, or the campus' own account.
import { call } from "./api.js";
import { field, fill, h } from "./dom.js";
import { able, provenByPasskey } from "./passkey.js";
import { form, twoSteps } from "./sign_in.js";
import { addWords, t } from "./words.js";

addWords({
  proveByCode: ["用短信验证码（尾号 {0}）", "By a code to the phone that ends in {0}"], proveByKey: ["用通行密钥", "By a passkey"],
  proveSend: ["发到学校登记的手机。", "It goes to the phone that the school has."],
  proveNone: ["没有可用的验证方式，请重新登录后再办。", "There is nothing to prove it by: sign in anew."],
});
const SECRET = { name: "password", type: "password", required: true, maxlength: 128, autocomplete: "current-password" };
const CODE = { name: "code", inputmode: "numeric", pattern: "[0-9]{6}", maxlength: 6, required: true, autocomplete: "one-time-code" };

export async function ask(room, act, help) {
  const ways = await call("prove/ways");
  const campus = h("div", { class: "row" });
  const found = [
    ways.password ? form("prove", [h("p", {}, t(help)), field(t("password"), SECRET)], "confirm", (given) => call("prove", given).then(act)) : null,
    ways.passkey && able() ? form("proveKey", [], "proveByKey", () => provenByPasskey().then(act), "plain") : null,
    ways.sms ? h("details", { class: "panel", "data-name": "proveCode", open: !ways.password }, h("summary", {}, t("proveByCode", ways.sms)),
      twoSteps([h("p", {}, t("proveSend"))], () => call("prove/send-code"), [field(t("code"), CODE)], (given) => call("prove/code", { code: given.code }).then(act))) : null,
  ].filter(Boolean);
  fill(room, found.length ? found : h("p", {}, t("proveNone")), campus);
  if (ways.campus) import("./sso.js").then((loaded) => loaded.offer(campus)).catch(() => null);
}
