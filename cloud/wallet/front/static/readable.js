// What is kept of a person, as one page that a person reads or prints, with what stays after an erasure and why.
import { h } from "./dom.js";
import { nameOf } from "./more.js";
import { addWords, moment, spoken, t, yuan } from "./words.js";

addWords({
  readMade: ["导出时间 {0}", "Made {0}"], readPerson: ["我是谁", "Who I am"], readName: ["姓名", "Name"], readClass: ["班级", "Class"], readCard: ["卡面号", "Card"],
  readWords: ["同意与授权", "Consents and grants"], readDisputes: ["异议", "Disputes"], readOpen: ["待答复", "no answer yet"], readEntry: ["第 {0} 笔", "entry {0}"],
  readLosses: ["挂失记录", "Reports of loss"], readApps: ["告诉过的应用", "Applications that were told"], readStalls: ["档口", "Stalls"],
  readWards: ["监护的学生", "Whose guardian I am"], readAbove: ["付款满 {0} 提醒", "told of payments from {0}"], readNone: ["无", "none"],
  readMoney: ["账目在“账单”里导出。", "Money is exported from the statement."], readGiven: ["给予", "given"], readTaken: ["撤回", "taken back"], readConsent: ["监护人同意", "consent"], readGrant: ["授权查看", "grant of sight"],
});

/** value: of the call `export`; kept: of `erasure`, what stays, why and how long, each as a line. Text of a file. */
export function readable(value, kept) {
  const own = value.roster || {};
  const person = [["readName", value.person.name], ["number", value.person.holder], ["phone", value.person.phone], ["born", own.born], ["readClass", own.group], ["readCard", own.label]];
  const disputes = [...value.disputes.map((one) => [one, t("readOpen")]), ...value.answers.map((one) => [one.dispute, one.word])];
  const page = h("html", { lang: spoken() === "zh" ? "zh-CN" : "en" },
    h("head", {}, h("meta", { charset: "utf-8" }), h("meta", { name: "viewport", content: "width=device-width" }), h("title", {}, t("data")),
      h("style", {}, "body{font:16px/1.6 sans-serif;max-width:44rem;margin:1rem auto;padding:0 1rem}h2{border-bottom:1px solid #999}")),
    h("body", {}, h("h1", {}, t("data")), h("p", {}, t("readMade", moment(value.made_ms)), " · ", t("readMoney")),
      section("readPerson", person.filter(([, one]) => one).map(([name, one]) => `${t(name)}: ${one}`)),
      section("readWards", value.wards.map((one) => [one, value.told_above_fen[one] ? t("readAbove", yuan(value.told_above_fen[one])) : ""].filter(Boolean).join(" · "))),
      section("devices", value.devices.map((one) => `${nameOf(one.agent)} · ${one.address} · ${moment(one.seen_ms)}`)),
      section("readWords", value.words.map((one) => `${moment(one.at_ms)} · ${t(one.use === "consent" ? "readConsent" : "readGrant")} · ${t(one.given ? "readGiven" : "readTaken")}`)),
      section("readDisputes", disputes.map(([one, answer]) => `${moment(one.at_ms)} · ${t("readEntry", one.entry)} · ${one.why} → ${answer}`)),
      section("readLosses", value.losses.map((one) => `${moment(one.at_ms)} ${one.why}`)),
      section("readApps", value.applications.map((one) => `${moment(one.at_ms)} · ${one.app}: ${one.told}`)),
      section("readStalls", value.stalls), section("erasureKept", kept)));
  return `<!doctype html>\n${page.outerHTML}\n`;
}

function section(name, lines) {
  return [h("h2", {}, t(name)), lines.length ? h("ul", {}, lines.map((one) => h("li", {}, one))) : h("p", {}, t("readNone"))];
}
