// The first page: three balances, each with what it is worth; never added up.
import { ask } from "./api.js";
import { h } from "./dom.js";
import { campusTime, t, yuan } from "./words.js";

const FULL = 30; // of one page: so many, or more

export async function home(holder) {
  const { value, at, fresh } = await ask("home", { holder });
  const card = value.card;
  const seen = card.seen ? t("seenAt", card.place, campusTime(card.time)) : t("asIssued");
  return {
    at, fresh,
    page: [
      h("h1", {}, value.name),
      h("p", { class: `state ${value.state}` }, `${value.label} · ${t(value.state)}`),
      value.unread ? h("p", {}, h("a", { class: "badge", href: "#messages", "data-name": "unread" },
        t("unread", value.unread < FULL ? value.unread : `${FULL}+`))) : null,
      h("section", { class: "balances" },
        balance("onCard", card.fen, seen),
        balance("pending", value.pending_fen, t("pendingHelp")),
        balance("online", value.online_fen, t("onlineHelp")),
        value.subsidy_fen + value.pending_subsidy_fen ? balance("subsidy", value.subsidy_fen, seen) : null,
        value.transit_fen ? balance("transit", value.transit_fen, "") : null,
      ),
      value.spare ? h("p", { "data-name": "spare" }, t("spareOut", value.spare)) : null,
      h("p", { class: "soft" }, t("neverSummed")),
    ],
  };
}

function balance(name, fen, help) {
  return h("div", { class: "balance", "data-name": name },
    h("h2", {}, t(name)), h("p", { class: "fen" }, yuan(fen)), h("p", { class: "soft" }, help));
}
