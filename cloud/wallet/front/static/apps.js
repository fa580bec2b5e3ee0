// What programs of third parties know of the holder: an ask is read, agreed to or declined; what was agreed is taken back.
import { Problem, ask, call } from "./api.js";
import { fill, h, say } from "./dom.js";
import { addWords, moment, said, t } from "./words.js";

addWords({
  appsHelp: ["您同意告诉这些应用的内容，随时可以收回。", "What you let these applications know. You can take it back at any time."],
  appsNone: ["没有告诉过任何应用", "No application knows anything"], appsBack: ["收回", "Take back"],
  appsCode: ["您出示过付款码：只知道一个代号", "You showed it your code: a subject alone, and no name"],
  appsAsks: ["{0}（{1}）想知道：", "{0} ({1}) asks for:"], appsWhy: ["用途：{0}", "Why: {0}"],
  appsAgree: ["同意告诉它", "Let it know"], appsDecline: ["不同意", "No"], appsUnknown: ["学校没有登记", "the school has not said"],
  appsAgreed: ["已同意", "It knows now"], appsDeclined: ["未同意，什么也没有告诉", "Nothing was told"],
  claim_name: ["姓名", "Name"], claim_number: ["学号", "Number"], claim_class: ["班级", "Class"], claim_of_age: ["是否成年", "Of age"],
  claimYes: ["是", "yes"], claimNo: ["否", "no"],
});

export async function apps(holder, { show }) {
  const token = location.hash.split("/")[1] || "";
  const box = h("section", {});
  if (token) await asked(box, holder, token);
  const { value, at, fresh } = await ask("apps", { holder });
  const back = (one) => deed("apps/take-back", { holder, ask: one.ask }, show);
  return { at, fresh, page: [
    h("h1", {}, t("apps")), box, h("p", {}, t("appsHelp")),
    h("ul", { class: "entries", "data-name": "apps" }, value.items.length ? value.items.map((one) => h("li", {},
      h("p", {}, `${one.app} · ${one.merchant}`), h("p", {}, one.claims.map((name) => t(`claim_${name}`)).join(" · ") || t("appsCode")),
      h("p", { class: "soft" }, t("appsWhy", one.why), " · ", moment(one.at_ms)),
      value.own ? h("button", { class: "plain", onclick: () => back(one) }, t("appsBack")) : null)) : h("li", { class: "soft" }, t("appsNone"))),
  ] };
}

async function asked(box, holder, token) {
  try {
    const found = await call("apps/asked", { holder, token });
    const answer = (agree) => deed("apps/answer", { holder, token, agree }, () => {
      history.replaceState(null, "", "#apps");
      fill(box, h("p", { role: "status" }, t(agree ? "appsAgreed" : "appsDeclined")));
    });
    fill(box, h("h2", {}, t("appsAsks", found.app, found.merchant)),
      h("ul", { class: "entries", "data-name": "asked" }, found.told.map((one) => h("li", {}, `${t(`claim_${one.claim}`)}：${valued(one.value)}`))),
      h("p", {}, t("appsWhy", found.why)),
      h("button", { class: "main", onclick: () => answer(true) }, t("appsAgree")),
      h("button", { class: "plain", onclick: () => answer(false) }, t("appsDecline")));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    fill(box, h("p", { class: "problem", role: "alert" }, said(problem)));
  }
}

function valued(value) {
  return value === null ? t("appsUnknown") : typeof value === "boolean" ? t(value ? "claimYes" : "claimNo") : value;
}

async function deed(name, args, then) {
  try {
    await call(name, args);
    await then();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(said(problem));
  }
}
