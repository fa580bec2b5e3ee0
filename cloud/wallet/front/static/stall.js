// A stall's keeper: takings of now by shift and till, what terminals still owe, and the statement by day.
import { ask, call } from "./api.js";
import { fill, h, say } from "./dom.js";
import { addWords, campusDay, moment, said, t, yuan } from "./words.js";

const AGAIN_MS = 30000;
addWords({
  stallToday: ["今日已入账", "Posted today"], stallCount: ["{0} 笔", "{0} sales"], stallBack: ["退 {0}", "{0} given back"],
  stallHeld: ["其中待核 {0}", "{0} of it wait for two persons"], stallShifts: ["按餐次", "By shift"], stallTills: ["按收银机", "By till"],
  stallNone: ["今天还没有入账", "Nothing posted today"], stallUnsent: ["未上传", "Unsent"],
  stallUnsentHelp: ["未上传的流水不在上面的合计里，到了自动入账。", "What is unsent is in no sum above; it is posted when it comes."],
  stallOwes: ["{0} 条未上传", "{0} records unsent"], stallOpen: ["{0} 笔未完成", "{0} unfinished"], stallAll: ["已收齐", "complete"],
  stallUnknown: ["未知：最近没有联系上", "unknown: not heard of late"], stallHeard: ["最近联系 {0}", "heard {0}"], stallNever: ["从未联系", "never heard"],
  stallStatement: ["按日对账", "Statement by day"], stallNet: ["净额 {0}", "{0} net"], stallChoose: ["选择档口", "Which stall"],
  stallNoDays: ["这几天没有入账", "Nothing posted on these days"],
});

let chosen;

export async function stall(_, { show, me }) {
  if (!me.stalls.includes(chosen)) chosen = me.stalls[0];
  const merchant = chosen;
  const { value, at, fresh } = await ask("stall", { merchant });
  const box = h("div", { "data-name": "today" });
  const draw = (now) => fill(box, today(now));
  draw(value);
  again(box, merchant, draw);
  const days = h("div"), older = h("button", {}, t("older"));
  older.onclick = () => statement(merchant, days, older).catch((problem) => say(said(problem)));
  older.dataset.before = "";
  if (fresh) await statement(merchant, days, older);
  return { at, fresh, page: [
    h("h1", {}, merchant),
    me.stalls.length > 1 ? h("label", { class: "field" }, h("span", {}, t("stallChoose")), h("select", { onchange: (event) => (chosen = event.target.value, show()) },
      me.stalls.map((one) => h("option", { value: one, selected: one === merchant }, one)))) : null,
    box, h("h2", {}, t("stallStatement")), days, older,
  ] };
}

function again(box, merchant, draw) {
  setTimeout(async () => {
    if (!box.isConnected) return;
    if (!document.hidden) await call("stall", { merchant }).then(draw).catch((problem) => say(said(problem)));
    again(box, merchant, draw);
  }, AGAIN_MS);
}

function today(value) {
  const rows = (list) => h("table", {}, h("tbody", {}, list.map((one) =>
    h("tr", {}, h("th", { scope: "row" }, said(one)), h("td", { class: "n" }, t("stallCount", one.count)), h("td", { class: "n" }, yuan(one.net_fen))))));
  return [
    h("section", { class: "balance", "data-name": "sum" }, h("h2", {}, t("stallToday")), h("p", { class: "fen" }, yuan(value.sums.net_fen)),
      h("p", { class: "soft" }, [t("stallCount", value.sums.count), value.sums.back_fen ? t("stallBack", yuan(value.sums.back_fen)) : "",
        value.sums.held_fen ? t("stallHeld", yuan(value.sums.held_fen)) : "", moment(value.at_ms)].filter(Boolean).join(" · "))),
    value.tills.length ? [h("h2", {}, t("stallShifts")), rows(value.shifts), h("h2", {}, t("stallTills")), rows(value.tills)] : h("p", {}, t("stallNone")),
    h("h2", {}, t("stallUnsent")), h("p", { class: "soft" }, t("stallUnsentHelp")),
    h("ul", { class: "entries", "data-name": "unsent" }, value.unsent.map(unsent)),
  ];
}

function unsent(one) {
  const owed = [one.records ? t("stallOwes", one.records) : "", one.open ? t("stallOpen", one.open) : ""].filter(Boolean).join(" · ");
  return h("li", { "data-known": one.known ? "1" : "0" }, h("p", {}, `${one.till} ${one.place}`, h("br"),
    h("strong", { class: one.known ? null : "unknown" }, [owed, one.known ? (owed ? "" : t("stallAll")) : t("stallUnknown")].filter(Boolean).join(" · "))),
    h("p", { class: "soft" }, one.heard_ms ? t("stallHeard", moment(one.heard_ms)) : t("stallNever")));
}

async function statement(merchant, days, older) {
  const before = Number(older.dataset.before) || undefined;
  const page = await call("stall/statement", { merchant, before });
  days.append(...(page.days.length ? page.days.map(day) : [h("p", { class: "soft" }, t("stallNoDays"))]));
  older.dataset.before = String(page.next);
  older.hidden = !page.next;
}

function day(one) {
  return h("details", { class: "panel" }, h("summary", {}, `${campusDay(one.day)} · ${t("stallNet", yuan(one.net_fen))}`),
    h("table", {}, h("tbody", {}, one.kinds.map((kind) => h("tr", {}, h("th", { scope: "row" }, kind.zh ? said(kind) : kind.kind),
      h("td", { class: "n" }, t("stallCount", kind.count)), h("td", { class: "n" }, yuan(kind.net_fen)))))));
}
