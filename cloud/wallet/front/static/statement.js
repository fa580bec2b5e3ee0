// What moved the money, newest first. Each line says through which channel, and shows what proves it when it is asked.
import { ask } from "./api.js";
import { fill, h, say } from "./dom.js";
import { addWords, campusTime, moment, said, t, yuan } from "./words.js";

addWords({
  paid: ["消费", "Purchase"], corrected: ["消费更正", "Corrected"], topped_up: ["充值", "Deposit"],
  loading: ["圈存在途", "Load under way"], loaded: ["圈存", "Load"], load_back: ["圈存退回", "Load given back"],
  cash_in: ["现金充值", "Cash in"], cash_out: ["取现", "Cash out"], unloaded: ["圈提", "Unload"], exchanged: ["换卡转入", "From the former card"],
  account_paid: ["账户支付", "Paid by account"], account_back: ["账户支付冲正", "Account payment reversed"],
  borne: ["挂失后消费由学校承担", "Borne by the school"], meal_repaid: ["消费扣回", "Purchase repaid"], given: ["发放", "Given"],
  opening: ["期初", "Opening"], other: ["其他", "Other"],
  viaCard: ["刷卡", "card"], viaAccount: ["在线账户", "online account"], viaPending: ["待圈存", "pending load"], viaTransit: ["在途", "under way"],
  posted: ["已入账", "posted"], nothing: ["还没有记录", "Nothing yet"], proof: ["凭证", "Proof"], search: ["查找地点", "Find a place"],
  older: ["只显示最近的；更早的请到卡务中心打印", "The newest only; older ones are printed at the card desk"],
  record: ["终端 {0}，第 {1} 号记录，卡内序号 {2}", "terminal {0}, record {1}, counter {2}"],
  arrived: ["{0} 到达，{1} 入账，分录 {2}", "arrived {0}, posted {1}, entry {2}"], entryOnly: ["{0} 入账，分录 {1}", "posted {0}, entry {1}"],
});
const CHANNELS = { purses_fen: "viaCard", online_fen: "viaAccount", pending_fen: "viaPending", transit_fen: "viaTransit" };

export async function statement(holder) {
  const { value, at, fresh } = await ask("statement", { holder });
  const list = h("ol", { class: "lines" });
  const draw = (wanted) => fill(list, value.lines.filter((one) => one.place.includes(wanted)).map((one) => line(holder, one)));
  draw("");
  const find = h("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), oninput: (event) => draw(event.target.value.trim()) });
  return {
    at, fresh,
    page: [
      h("h1", {}, t("statement")), find,
      value.lines.length ? list : h("p", { class: "soft" }, t("nothing")),
      value.is_whole ? null : h("p", { class: "soft" }, t("older")),
    ],
  };
}

function line(holder, one) {
  const moved = Object.entries(one.moved);
  const place = [one.place, one.time ? campusTime(one.time) : "", t("posted")].filter(Boolean).join(" · ");
  const proof = h("div", {});
  return h("li", {},
    h("p", { class: "what" }, h("span", {}, t(one.what)), h("span", { class: "moved" }, moved.map(([name, fen]) =>
      h("span", {}, `${t(CHANNELS[name])} ${fen > 0 ? "+" : ""}${yuan(fen)}`)))),
    h("p", { class: "soft" }, place),
    one.entry ? h("button", { class: "plain", onclick: () => show(holder, one.entry, proof) }, t("proof")) : null, proof);
}

async function show(holder, entry, into) {
  try {
    const { value } = await ask("statement/proof", { holder, entry });
    const one = value.record;
    fill(into, h("p", { class: "soft" }, one ? t("record", one.terminal, one.seq, one.counter) : ""),
      h("p", { class: "soft" }, one ? t("arrived", moment(one.received_ms), moment(value.booked_ms), entry) : t("entryOnly", moment(value.booked_ms), entry)),
      one ? h("p", { class: "soft digest" }, `SHA-256 ${one.sha256}`) : null);
  } catch (problem) {
    say(said(problem));
  }
}
