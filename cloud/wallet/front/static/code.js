// A payment code on the screen: renewed before it is over, put away when nobody looks for a minute. The
// service tells what a till made of it; where it cannot hold the call, the page asks again every 0.7 s.
import { Problem, call, HASTE_MS, held, phoneHint } from "./api.js";
import { fill, h } from "./dom.js";
import { bars } from "./code128.js";
import { drawn } from "./qr.js";
import { addWords, said, t, yuan } from "./words.js";

const LOOK_MS = 700, AWAY_MS = 60_000, HELD_MAX_S = 25;
addWords({
  codeBars: ["付款码条码", "Pay code as bars"], codeHelp: ["给收银员扫，或报这 18 位数字。只付一次。", "Let the till scan it, or say the 18 figures. It pays once."],
  codeOwn: ["付款码只在持卡人本人的手机上出示。家长可以充值、圈存、挂失。", "A pay code is shown on its holder's own phone alone. A parent can top up, order loads and report a loss."],
  codeNeeds: ["付款码要连网。没有网时请刷卡。", "A pay code needs a network. Without one, use the card."],
  codeClosed: ["付款码已收起", "The code was put away"], codeShow: ["再出示一个", "Show another one"],
  codePaid: ["已付 {0}", "Paid {0}"], codeLeft: ["在线账户余 {0}", "{0} left in the online account"],
  codeShown: ["已出示给“{0}”，没有付款", "Shown to “{0}”; nothing was paid"],
  codeDeclined: ["没有付成", "Not paid"], codeReversed: ["已冲正，没有扣款", "Reversed: nothing was taken"],
  codeUnsure: ["暂时连不上，付款结果请以收银机为准", "No connection for now: the till knows the result"],
});

let showing = 0;

export async function code(holder) {
  const box = h("section", { class: "code" });
  show(box, holder, ++showing);
  return { at: Date.now(), fresh: true, page: [h("h1", {}, t("code_page")), box] };
}

async function show(box, holder, mine) {
  const stands = () => mine === showing && location.hash.startsWith("#code");
  const again = (...lines) => fill(box, ...lines,
    h("button", { class: "main", onclick: () => show(box, holder, ++showing) }, t("codeShow")));
  const hidden = () => {
    clearTimeout(hidden.timer);
    if (document.hidden) hidden.timer = setTimeout(() => mine === showing && (showing++, again(h("p", {}, t("codeClosed")))), AWAY_MS);
  };
  document.addEventListener("visibilitychange", hidden);
  try {
    let given = null;
    const earlier = [];
    while (stands()) {
      if (!given || Date.now() >= given.renew) {
        if (given) earlier.push(given.code);
        const asked = Date.now();
        const fresh = await call("code/new", { holder }, phoneHint() ? HASTE_MS : undefined);
        given = { code: fresh.code, renew: asked + fresh.rotate_ms - fresh.issued_ms };
        if (!stands()) return;
        fill(box, drawn(given.code, t("code_page")), h("p", { class: "figures" }, given.code.replace(/(.{4})(?=.)/g, "$1 ")), bars(given.code, t("codeBars")),
          h("p", { class: "soft" }, t("codeHelp")), h("p", { class: "soft", "data-name": "line", role: "status" }));
      }
      const asked = Date.now();
      const left_s = Math.floor((given.renew - asked) / 1000);
      const found = await look(holder, [given.code, ...earlier.slice(-1)], Math.min(Math.max(left_s, 0), HELD_MAX_S), box);
      if (!stands()) return;
      const seen = found.find((one) => ["paid", "declined", "reversed"].includes(one.state) || (one.state === "over" && one.place));
      if (seen) return again(...result(seen));
      await new Promise((done) => setTimeout(done, Math.max(0, asked + LOOK_MS - Date.now())));
    }
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (mine !== showing) return;
    if (problem.code === "not-yours") fill(box, h("p", {}, t("codeOwn")));
    else if (problem.status && problem.status < 500) again(h("p", { class: "problem", role: "alert" }, said(problem)));
    else again(...await away(holder, problem));
  } finally {
    document.removeEventListener("visibilitychange", hidden);
    clearTimeout(hidden.timer);
  }
}

/** This phone's offline code, if it has one; else why there is none. */
async function away(holder, problem) {
  const found = phoneHint() && await import("./offline.js").then((loaded) => loaded.offlineCode(holder));
  return found || [h("p", { class: "problem", role: "alert" }, problem.status ? said(problem) : t("codeNeeds"))];
}

/** Nothing while there is no connection: the code stands, and a till may have judged it. */
async function look(holder, codes, wait_s, box) {
  const line = box.querySelector("[data-name=line]");
  try {
    const found = await held("code/held", { holder, codes }, wait_s);
    line.textContent = "";
    return found;
  } catch (problem) {
    if (!(problem instanceof Problem) || (problem.status && problem.status < 500 && problem.status !== 429)) throw problem;
    line.textContent = t("codeUnsure");
    return [];
  }
}

function result(seen) {
  if (seen.state === "over") return [h("p", { role: "status" }, t("codeShown", seen.place)), h("p", { class: "soft" }, h("a", { href: "#apps" }, t("apps")))];
  const [zh, en] = seen.why;
  if (seen.state !== "paid") {
    return [h("p", { class: "problem", role: "alert" }, t(seen.state === "declined" ? "codeDeclined" : "codeReversed")), zh ? h("p", {}, said({ zh, en })) : null];
  }
  return [h("p", { class: "fen", role: "status" }, t("codePaid", yuan(seen.fen))), h("p", {}, seen.place), h("p", { class: "soft" }, t("codeLeft", yuan(seen.left_fen)))];
}
