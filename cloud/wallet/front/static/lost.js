// Report a loss and take it back: what is frozen at once, and which terminals have not said yet that they refuse the card.
import { ask, call, newKey } from "./api.js";
import { field, h } from "./dom.js";
import { form, proof } from "./sign_in.js";
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
  const cancel = form("cancel", [], "cancelLoss", async () => {
    try {
      await call("lost/cancel", { holder, key });
      show();
    } catch (problem) {
      if (problem.code !== "prove-again") throw problem;
      again.replaceChildren(proof("proveHelp", () => call("lost/cancel", { holder, key }).then(show)));
    }
  }, "plain");
  const by = value.by_stranger ? t("byStranger") : value.by;
  return [
    h("p", { class: "state lost" }, `${t("lost")} · ${moment(value.blocked_ms || value.since_ms)}`),
    by ? h("p", {}, `${t("reportedBy")}: ${by} ${value.why}`) : null,
    h("p", { "data-name": "spread" }, value.waits ? t("spread", value.waits) : t("spreadAll")),
    value.waits ? h("p", { class: "soft" }, value.waiting.join(", ")) : null,
    cancel, again,
  ];
}
