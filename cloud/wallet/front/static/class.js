// The class teacher's page: names and states of his class, and its spare cards. No payment is ever here.
import { call, newKey } from "./api.js";
import { field, h, say } from "./dom.js";
import { form, proven } from "./sign_in.js";
import { addWords, moment, t } from "./words.js";

const FEW = 8;
addWords({
  noCard: ["无卡", "No card"], liftIt: ["解除挂失", "Lift it"], spares: ["本班备用卡", "Spare cards of this class"],
  spareLabel: ["备用卡卡面号", "Label of the spare"], days: ["借几天", "For so many days"], lend: ["借出备用卡", "Lend a spare"],
  collect: ["收回", "Take back"], collected: ["卡内可能有余额：交卡务台结清", "It may hold money: the card desk settles it"],
  handed: ["在手", "At hand"], lent: ["借出", "Lent"], overdue: ["逾期停用", "Overdue"], late: ["逾期", "Overdue"],
  "written-off": ["丢失注销", "Lost for good"], "taken-in": ["收回作废", "Taken in, void"],
  noClass: ["名册上没有您的班级", "The roster names no class of yours"],
});

export async function page(_, { show }) {
  const value = await call("class"); // never from what was kept: states change
  return { at: Date.now(), fresh: true, page: value.classes.length ? value.classes.map((one) => group(one, show)) : [h("p", {}, t("noClass"))] };
}

function group(one, show) {
  return [
    h("h1", {}, one.class),
    finder(one.pupils, h("ul", { class: "entries", "data-name": "pupils" }, one.pupils.map((pupil) => row(pupil, show)))),
    h("h2", {}, t("spares")),
    h("ul", { class: "entries", "data-name": "spares" }, one.spares.map((spare) => spareRow(one.class, spare, show))),
  ];
}

/** A class of fifty is looked through by name or number. */
function finder(pupils, list) {
  if (pupils.length <= FEW) return list;
  const find = (event) => {
    const word = event.target.value.trim().toLowerCase();
    [...list.children].forEach((line, at) => (line.hidden = !`${pupils[at].name} ${pupils[at].number}`.toLowerCase().includes(word)));
  };
  return [h("input", { type: "search", "aria-label": t("find"), placeholder: t("find"), oninput: find }), list];
}

function row(pupil, show) {
  const again = h("div");
  const state = pupil.blocked_ms ? `${t("lost")} · ${moment(pupil.blocked_ms)}` : t(pupil.card || "noCard");
  const lift = () => call("class/lift", { holder: pupil.number, key: newKey() }).then(show);
  return h("li", { "data-number": pupil.number }, h("details", {},
      h("summary", {}, pupil.name, h("span", { class: `state ${pupil.blocked_ms ? "lost" : pupil.card}` }, state)),
      pupil.by ? h("p", { class: "soft" }, `${t("reportedBy")}: ${pupil.by}`) : null,
      pupil.liftable ? form("lift", [], "liftIt", () => proven(again, lift), "plain") : null, again,
      pupil.blocked_ms ? null : form("report", [field(t("why"), { name: "why", maxlength: 200 })], "blockNow",
        (given) => call("class/lost", { holder: pupil.number, key: newKey(), ...given }).then(show), "danger"),
      form("lend", [field(t("spareLabel"), { name: "label", required: true, maxlength: 32 }),
        field(t("days"), { name: "days", type: "number", min: 1, max: 7, value: "1", required: true })], "lend",
      ({ label, days }) => call("class/lend", { holder: pupil.number, label, days: Number(days), key: newKey() }).then(show), "plain")));
}

function spareRow(group, spare, show) {
  const state = spare.late ? t("late") : t(spare.state);
  return h("li", { "data-label": spare.label }, h("p", {}, `${spare.label} · ${state}${spare.person ? ` · ${spare.person}` : ""}`),
    !["lent", "overdue"].includes(spare.state) ? null : form("collect", [], "collect",
      () => call("class/collect", { class: group, label: spare.label, key: newKey() })
        .then(({ state: now }) => { say(t(now)); show(); }), "plain"));
}
