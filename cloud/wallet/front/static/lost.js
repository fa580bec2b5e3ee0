// Report a loss and take it back: what is frozen at once, and which terminals have not said yet that they refuse the card.
import { ask, call, newKey } from "./api.js";
import { field, h } from "./dom.js";
import { form, proven } from "./sign_in.js";
import { moment, t } from "./words.js";

const LOOK_MS = 5000;

export async function lost(holder, { show, own }) {
  const { value, at, fresh } = await ask("lost", { holder });
  if (value.lost && value.waits && fresh) setTimeout(() => location.hash === "#lost" && show(), LOOK_MS);
  return { at, fresh, page: [h("h1", {}, t("loss")), value.lost || value.blocked_ms ? standing(value, holder, show) : report(holder, show, own)] };
}

function report(holder, show) {
  const key = newKey();
  return form("report", [h("p", {}, t("lossHelp")), field(t("why"), { name: "why", maxlength: 200 })], "blockNow",
    (given) => call("lost/report", { holder, key, ...given }).then(show), "danger");
}

function standing(value, holder, show) {
  const key = newKey();
  const again = h("div");
  const prank = value.by_other ? h("label", { class: "switch" }, h("input", { type: "checkbox", name: "prank" }), t("prank")) : null;
  const cancel = form("cancel", [prank], "cancelLoss", (given) =>
    proven(again, () => call("lost/cancel", { holder, key, prank: Boolean(given.prank) }).then(show)), "plain");
  const by = [value.by, value.by_stranger ? `${t("byStranger")} · ${value.by_agent} · ${value.by_address}` : ""].filter(Boolean).join(" · ");
  return [
    h("p", { class: "state lost" }, `${t("lost")} · ${moment(value.blocked_ms || value.since_ms)}`),
    by ? h("p", {}, `${t("reportedBy")}: ${by} ${value.why}`) : null,
    h("p", { "data-name": "spread" }, value.waits ? t("spread", value.waits) : t("spreadAll")),
    value.waits ? h("p", { class: "soft" }, value.waiting.join(", ")) : null,
    cancel, again,
  ];
}
