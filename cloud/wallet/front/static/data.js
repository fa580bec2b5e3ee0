// What the wallet keeps of whoever has signed in: as a file, and gone when he has left.
import { AWAY, Problem, ask, call } from "./api.js";
import { download, h, say } from "./dom.js";
import { proven } from "./sign_in.js";
import { addWords, moment, said, t } from "./words.js";

addWords({
  exportData: ["导出我的数据", "My data as a file"], exportJson: ["导出 JSON（给程序读）", "JSON, for programs"], exportHelp: ["人员资料、同意、异议、设备；账目在“账单”里另行导出。", "Person, consents, disputes, devices; money is exported from the statement."],
  erasure: ["注销", "Erasure"], erasureHelp: ["离校且结清以后可以申请。到期前可以取消。", "Who has left, with nothing in the account, may ask for it; until it is done it can be called off."],
  erasureAgainst: ["现在还不能申请：", "Not yet:"], erasureAsk: ["申请注销", "Ask for erasure"], erasureOff: ["取消申请", "Call it off"],
  erasureDue: ["已申请，{0} 删除", "Asked for: it is done at {0}"], erasureKept: ["保留什么、为什么、多久", "What is kept, why, and how long"],
  erasureDays: ["申请后 {0} 天删除", "gone {0} days after asking"], erasureBooks: ["与账本同期保存", "as long as the books"],
  proveErasure: ["请再输一次密码。", "Give your password once more."],
});

export async function data(_, { show }) {
  const { value, at, fresh } = await ask("erasure");
  const again = h("div");
  const deed = async (given) => {
    const act = () => call("erasure/ask", { given }).then(() => show());
    try {
      await proven(again, act, "proveErasure");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      say(said(problem));
    }
  };
  return { at, fresh, page: [
    h("h1", {}, t("data")), h("p", { class: "soft" }, t("exportHelp")),
    h("p", { class: "row" }, button("exportData", () => page(value)), button("exportJson", file)),
    h("section", { class: "panel", "data-name": "erasure" }, h("h2", {}, t("erasure")), h("p", {}, t("erasureHelp")),
      value.asked_ms ? [h("p", { class: "problem" }, t("erasureDue", moment(value.due_ms))), h("button", { onclick: () => deed(false) }, t("erasureOff"))]
        : value.against.length ? [h("p", {}, t("erasureAgainst")), h("ul", {}, value.against.map((one) => h("li", {}, said(one))))]
          : h("button", { class: "danger", onclick: () => deed(true) }, t("erasureAsk")), again),
    h("h2", {}, t("erasureKept")),
    h("ul", { class: "entries" }, value.kept.map((one) => h("li", {}, h("p", {}, said(one.what)),
      h("p", { class: "soft" }, because(one))))),
  ] };
}

const button = (name, act) => h("button", { "data-name": name, onclick: () => act().catch((problem) => say(said(problem.zh ? problem : AWAY))) }, t(name));
const because = (one) => `${said(one.why)} · ${one.days ? t("erasureDays", one.days) : t("erasureBooks")}`;

/** For a person: with what stays after an erasure, and why. */
async function page({ kept }) {
  const value = await call("export"), { readable } = await import("./readable.js");
  download(readable(value, kept.map((one) => `${said(one.what)}: ${because(one)}`)), "text/html", "wallet.html");
}

async function file() {
  download(JSON.stringify(await call("export"), null, 1), "application/json", "wallet.json");
}
