// A lost card: two taps, and then what is frozen at once and which terminals may still take it, as it is now.
import { Problem, ask, call, newKey } from "./api.js";
import { h, say } from "./dom.js";
import { addWords, moment, said, t } from "./words.js";

addWords({
  lossHelp: ["卡立即冻结；联网的终端几秒内拒绝此卡，离线的终端收到名单前仍可能消费。找到了可以解挂。",
    "The card is frozen at once. Terminals on line refuse it within seconds; one that is off line may take it until it hears. If you find it, cancel the report."],
  report: ["立即挂失", "Report it lost"], sure: ["确认挂失 {0}？", "Report {0} as lost?"], yes: ["是，挂失", "Yes, report it"], no: ["不", "No"],
  since: ["{0} 已挂失", "Reported {0}"], cancelLoss: ["找到了，解挂", "Found: cancel the report"],
  reached: ["{0} 台终端已拒绝此卡", "{0} terminals refuse it"], late: ["{0} 台在途", "{0} are on their way"], away: ["{0} 台联系不上", "{0} cannot be reached"],
  notTold: ["名单还没有发出", "The list is not out yet"], cancelled: ["已解挂", "The report is cancelled"],
});
const AGAIN_MS = 2000;

export async function loss(holder, again) {
  const { value, at, fresh } = await ask("loss", { holder });
  const isLost = value.state === "lost";
  if (isLost && fresh && value.reach.late) setTimeout(() => location.hash === "#loss" && !document.hidden && again(), AGAIN_MS);
  const page = value.state === "normal" ? toReport(holder, value, again) : isLost ? toCancel(holder, value, again) : [];
  return { at, fresh, page: [h("h1", {}, t("loss")), h("p", { class: `state ${value.state}` }, `${value.label} · ${t(value.state)}`), ...page] };
}

function toReport(holder, value, again) {
  const key = newKey(); // both taps, and a tap that is repeated, are one deed
  const ask = h("dialog", { "aria-labelledby": "sure" }, h("h2", { id: "sure" }, t("sure", value.label)),
    h("button", { class: "danger", onclick: () => done("loss/report", { holder, key }, again) }, t("yes")),
    h("button", { onclick: () => ask.close() }, t("no")));
  return [h("p", {}, t("lossHelp")), h("button", { class: "danger", onclick: () => ask.showModal() }, t("report")), ask];
}

function toCancel(holder, value, again) {
  const { there, late, away } = value.reach;
  const key = newKey();
  return [
    h("p", {}, t("since", moment(value.since_ms))),
    value.told
      ? h("ul", { class: "reach" }, h("li", {}, t("reached", there)), late ? h("li", {}, t("late", late)) : null, away ? h("li", {}, t("away", away)) : null)
      : h("p", {}, t("notTold")),
    h("button", { onclick: () => done("loss/cancel", { holder, key }, again, "cancelled") }, t("cancelLoss")),
  ];
}

async function done(operation, args, again, word) {
  try {
    await call(operation, args);
    if (word) say(t(word));
    await again();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(said(problem));
  }
}
