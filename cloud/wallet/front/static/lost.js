// Report a loss and take it back: what is frozen at once, and which terminals have not said yet that they refuse the card.
import { Problem, ask, call, newKey } from "./api.js";
import { field, h, say } from "./dom.js";
import { form, proven, unheard } from "./sign_in.js";
import { moment, t } from "./words.js";

const LOOK_MS = 5000;

export async function lost(holder, { show }) {
  const found = await ask("lost", { holder }).catch(blind);
  if (found.blind) return { at: Date.now(), fresh: true, page: [h("h1", {}, t("loss")), report(holder, () => say(t("nightDone")))] };
  const { value, at, fresh } = found;
  if (value.lost && value.waits && fresh) setTimeout(() => location.hash === "#lost" && show(), LOOK_MS);
  return { at, fresh, page: [h("h1", {}, t("loss")), value.lost || value.blocked_ms ? standing(value, holder, show) : report(holder, show)] };
}

function report(holder, show) {
  const key = newKey();
  return form("report", [h("p", {}, t("lossHelp")), field(t("why"), { name: "why", maxlength: 200 })], "blockNow",
    (given) => call("lost/report", { holder, key, ...given }).then(show, unheard("lossUnheard")), "danger");
}

/** Who may report it may not always see how it stands: a child whose guardian has not consented, a guardian of one of age. */
function blind(problem) {
  if (!["consent-needed", "not-yours"].includes(problem.code)) throw problem;
  return { blind: true };
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
