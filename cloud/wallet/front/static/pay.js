// An order that a merchant shows: looked at, confirmed, paid once. A lost answer is asked for under the same key.
import { Problem, call, held, newKey } from "./api.js";
import { fill, h, field } from "./dom.js";
import { form } from "./sign_in.js";
import { addWords, said, t, yuan } from "./words.js";

const TOKEN = /^(?:[0-9a-f]{32}|72[0-9]{16})$/; // or what stands on a till
const HELD_S = 25, LOOK_MS = 700;
const WAITS_MS = [0, 1000, 3000, 8000, 15000, 25000];
addWords({
  payScan: ["扫一扫", "Scan"], payToken: ["商户码", "The merchant's code"], payLook: ["查看", "Look"],
  payHelp: ["扫商户的码，或输入码下的字符。", "Scan the merchant's code, or type what stands below it."],
  payNow: ["付 {0}", "Pay {0}"], payNot: ["不付", "Do not pay"], payDone: ["已付 {0}", "Paid {0}"],
  payClosed: ["已付、已关闭或已过期", "Paid, closed, or over"],
  payUnsure: ["正在确认结果，请不要再付…", "Asking what it came to; do not pay again…"],
  payUnknown: ["结果未知。连上网络后再查，不会重复扣款。", "Not known yet. Ask again when there is a network; it is never taken twice."],
  payReserved: ["已预留，商户确认后才扣款", "Reserved: the merchant takes it once he confirms"],
  payTaken: ["商户已扣款 {0}", "The merchant has taken {0}"], payFreed: ["预留已退回，没有扣款", "Freed again: nothing was taken"],
  payAsk: ["再查", "Ask again"],
});

export async function pay(holder) {
  const box = h("section", { class: "pay" });
  const token = location.hash.split("/")[1] || "";
  if (token) await look(box, holder, token);
  else start(box, holder);
  return { at: Date.now(), fresh: true, page: [h("h1", {}, t("pay")), box] };
}

function start(box, holder) {
  const input = field(t("payToken"), { name: "token", required: true, maxlength: 200, autocapitalize: "none", autocomplete: "off", spellcheck: "false" });
  const frame = h("div", { "data-name": "scan" });
  const scan = canScan() ? h("button", { onclick: async () => {
    scan.disabled = true;
    const found = await (await import("./scan.js")).scanned(frame).finally(() => (scan.disabled = false));
    if (found) await look(box, holder, found);
  } }, t("payScan")) : null;
  fill(box, scan, frame, form("order", [h("p", {}, t("payHelp")), input], "payLook", (given) => look(box, holder, given.token)));
}

/** Whether this browser reads codes by itself, and has a camera that may be asked for. */
const canScan = () => "BarcodeDetector" in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);

/** token: as typed or scanned, alone or at the end of an address. */
async function look(box, holder, token) {
  try {
    const plain = token.replace(/\s+/g, "").split(/[/=]/).pop().toLowerCase();
    if (!TOKEN.test(plain)) throw new Problem({ status: 422, code: "no-token", zh: "这不是商户的付款码", en: "This is no merchant's code" });
    const order = await call("order", { token: plain });
    ask(box, holder, order);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    start(box, holder);
    box.prepend(h("p", { class: "problem", role: "alert" }, said(problem)));
  }
}

function ask(box, holder, order) {
  const key = newKey();
  const button = h("button", { class: "main", onclick: () => {
    button.disabled = true;
    deed(box, holder, order, key);
  } }, t("payNow", yuan(order.fen)));
  fill(box, h("h2", {}, order.merchant), h("p", { class: "fen" }, yuan(order.fen)), h("p", {}, order.note),
    order.is_open ? button : h("p", { class: "problem" }, t("payClosed")),
    h("button", { class: "plain", onclick: () => start(box, holder) }, t("payNot")));
  follow(() => button.isConnected && !button.disabled, () => held("order/held", { token: order.token }, HELD_S), (now) =>
    now.is_open ? false : button.replaceWith(h("p", { class: "problem", role: "alert" }, t("payClosed"))));
}

/** Asked and told until `end` has shown the end of it, nobody looks any more, or it may not be asked. */
async function follow(stands, asks, end) {
  while (stands()) {
    const asked = Date.now();
    const now = await asks().catch((problem) => (isLost(problem) || problem.status === 429 ? null : undefined));
    if (now === undefined || !stands() || (now && end(now) !== false)) return;
    await new Promise((done) => setTimeout(done, Math.max(0, asked + LOOK_MS - Date.now())));
  }
}

async function deed(box, holder, order, key) {
  try {
    const outcome = await call("pay", { holder, key, token: order.token, fen: order.fen });
    told(box, holder, outcome);
    if (outcome.result === "done" && !order.captures) reserved(box, holder, outcome);
  } catch (problem) {
    if (isLost(problem)) settle(box, holder, key);
    else refused(box, holder, problem);
  }
}

const isLost = (problem) => problem instanceof Problem && (problem.status === 0 || problem.status >= 500);

async function settle(box, holder, key) {
  fill(box, h("p", { role: "status" }, t("payUnsure")));
  for (const wait of WAITS_MS) {
    await new Promise((done) => setTimeout(done, wait));
    try {
      return told(box, holder, await call("pay/settle", { holder, key }));
    } catch (problem) {
      if (!isLost(problem)) return refused(box, holder, problem);
    }
  }
  fill(box, h("p", { class: "problem", role: "alert" }, t("payUnknown")), h("button", { class: "main", onclick: () => settle(box, holder, key) }, t("payAsk")));
}

function told(box, holder, outcome) {
  const [zh, en] = outcome.why;
  fill(box, outcome.result === "done" ? h("p", { class: "fen", role: "status" }, t("payDone", yuan(outcome.fen)))
    : h("p", { class: "problem", role: "alert" }, said({ zh, en })),
    h("button", { onclick: () => start(box, holder) }, t("back")));
}

/** The merchant takes it later, or lets it go. */
function reserved(box, holder, outcome) {
  const line = h("p", { role: "status", "data-name": "reserved" }, t("payReserved"));
  box.prepend(line);
  follow(() => line.isConnected, () => held("paid/held", { holder, payment: outcome.payment }, HELD_S), (now) => {
    if (now.state === "authorised") return false;
    line.textContent = now.state === "captured" ? t("payTaken", yuan(now.captured_fen)) : t("payFreed");
  });
}

function refused(box, holder, problem) {
  if (!(problem instanceof Problem)) throw problem;
  start(box, holder);
  box.prepend(h("p", { class: "problem", role: "alert" }, said(problem)));
}
