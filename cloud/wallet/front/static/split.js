// The split in the hand: what pays offline, what on line, what the next tap loads and why not; a load ordered, called off.
import { ask, call, newKey } from "./api.js";
import { field, h, say } from "./dom.js";
import { form } from "./sign_in.js";
import { addWords, fenOf, said, t, yuan } from "./words.js";

addWords({
  splitOffline: ["脱机可用", "Offline"], splitOfflineHelp: ["卡内，按账本", "on the card, by the books"],
  splitOnline: ["联机可用", "On line"], splitOnlineHelp: ["在线账户，已除保底 {0}", "the online account, without the {0} that stay"],
  splitDue: ["下次刷卡将圈存", "The next tap loads"], splitOrdered: ["已预约 {0}", "{0} ordered"], splitOff: ["取消预约", "Call it off"],
  splitOrder: ["预约圈存", "Order a load"], splitMost: ["金额（元，至多 {0}）", "Sum (yuan, {0} at most)"],
});

export async function split(holder, { show }) {
  const { value, at, fresh } = await ask("split", { holder });
  return { at, fresh, page: [
    h("h1", {}, t("split")),
    h("section", { class: "balances" },
      part("splitOffline", value.offline_fen, t("splitOfflineHelp")),
      part("splitOnline", value.online_fen, t("splitOnlineHelp", yuan(value.floor_fen))),
      part("splitDue", value.due_fen, value.due_why ? said(value.due_why) : "")),
    h("p", { class: "soft" }, said(value.quota)),
    value.own ? order(value, holder, show) : null,
  ] };
}

function part(name, fen, help) {
  return h("div", { class: "balance", "data-name": name }, h("h2", {}, t(name)), h("p", { class: "fen" }, yuan(fen)), h("p", { class: "soft" }, help));
}

function order(value, holder, show) {
  const key = newKey(), other = newKey();
  const off = () => call("split/order", { holder, key: other, fen: 0 }).then(show, (problem) => say(said(problem)));
  const sum = { name: "sum", inputmode: "decimal", required: true, pattern: "\\d{1,5}(\\.\\d{1,2})?", title: t("amountForm") };
  return [
    value.ordered_fen ? h("p", {}, t("splitOrdered", yuan(value.ordered_fen)), " ", h("button", { class: "plain", onclick: off }, t("splitOff"))) : null,
    value.orderable_fen ? form("split", [field(t("splitMost", yuan(value.orderable_fen)), sum)], "splitOrder",
      ({ sum }) => call("split/order", { holder, key, fen: fenOf(sum) }).then(show))
      : h("p", { class: "soft" }, value.orderable_why ? said(value.orderable_why) : ""),
  ];
}
