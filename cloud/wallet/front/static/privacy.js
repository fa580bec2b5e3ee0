// A guardian's consent, an adult's grants of sight, and the record of both.
import { Problem, ask, call } from "./api.js";
import { h, say } from "./dom.js";
import { addWords, moment, said, t } from "./words.js";

addWords({
  consentHelp: ["未满 14 岁：本人用钱包前须监护人同意；用卡不须同意。", "Under 14 a guardian's consent comes before the child's own wallet. The card needs none."],
  consentStands: ["监护人已同意", "A guardian has consented"], consentNone: ["尚未同意", "No consent yet"],
  consentGive: ["我同意", "I consent"], consentTake: ["撤回我的同意", "Take my consent back"],
  grantHelp: ["成年后，由本人决定哪位监护人可以查看。", "Who is of age says which guardian may see."],
  grantGive: ["允许查看", "Let see"], grantTake: ["不再允许", "No longer"], privacyWords: ["同意与授权记录", "Record of consents and grants"],
  word_consent: ["监护人同意", "consent"], word_grant: ["授权查看", "grant of sight"], wordGiven: ["给予", "given"], wordTaken: ["撤回", "taken back"],
  privacyNoWords: ["还没有记录", "None yet"],
});

export async function privacy(holder, { show }) {
  const { value, at, fresh } = await ask("privacy", { holder });
  const deed = (name, args) => call(name, { holder, ...args }).then(show, (problem) => {
    if (!(problem instanceof Problem)) throw problem;
    say(said(problem));
  });
  const button = (name, label, args, look = "") => h("button", { class: look, onclick: () => deed(name, args) }, t(label));
  return { at, fresh, page: [
    h("h1", {}, t("privacy")),
    value.under14 ? [h("p", {}, t("consentHelp")), h("p", {}, t(value.consented ? "consentStands" : "consentNone"))] : null,
    value.under14 && !value.own ? [button("consent", "consentGive", { given: true }), value.consented ? button("consent", "consentTake", { given: false }, "plain") : null] : null,
    value.own && value.of_age ? [h("p", {}, t("grantHelp")), h("ul", { class: "entries" }, value.guardians.map((one) =>
      h("li", {}, one.name, " ", button("grant", one.granted ? "grantTake" : "grantGive", { person: one.person, given: !one.granted }))))] : null,
    h("h2", {}, t("privacyWords")),
    h("ul", { class: "entries", "data-name": "words" }, value.words.length ? value.words.map(word) : h("li", { class: "soft" }, t("privacyNoWords"))),
  ] };
}

function word(one) {
  return h("li", {}, h("p", {}, [t(`word_${one.use}`), t(one.given ? "wordGiven" : "wordTaken"), one.by, one.to ? `→ ${one.to}` : ""].filter(Boolean).join(" · ")),
    h("p", { class: "soft" }, moment(one.at_ms)));
}
