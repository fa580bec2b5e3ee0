// 充值: how much, by which provider, and how it stands. The key of a deposit is kept on this device before it is asked
// for, so that asking again, or opening the page again, is the same deposit.
import { ask, call, newKey } from "./api.js";
import { fill, h } from "./dom.js";
import { codeOf, go, pressed, wayOf, whoPays } from "./paying.js";
import { addWords, fenOf, said, t, yuan } from "./words.js";

addWords({
  depositTo: ["充入 {0} 的在线账户", "Into the online account of {0}"],
  depositHelp: ["钱先到在线账户，再拿卡到终端上刷一下，才到卡里。", "The money goes to the online account; then tap the card at a terminal to bring it onto the card."],
  amount: ["金额", "Amount"], otherAmount: ["其他金额（元）", "Another amount (yuan)"], by: ["支付渠道", "Pay by"],
  wechat: ["微信支付", "WeChat Pay"], alipay: ["支付宝", "Alipay"], bank: ["银行", "Bank"],
  noChannels: ["学校还没有开通线上充值，请到卡务窗口。", "The school takes no deposits here yet: go to the card desk."],
  wrongAmount: ["请填 {0} 至 {1}", "{0} to {1}, please"], nextDeposit: ["再充一笔", "Another deposit"],
  payInside: ["微信支付", "Pay with WeChat"], goAndPay: ["去付款", "Go and pay"], comeBack: ["付款后回到本页。没有到账前请勿重复付款。", "Come back when you have paid. Do not pay twice while it is on its way."],
  scanWechat: ["用微信扫一扫：另一台手机直接扫；同一台手机请长按保存图片，再从相册选取。", "Scan it with WeChat: from another phone, or keep the picture by a long press and choose it from the album."],
  scanOther: ["也可以用另一台手机扫这个码付款。", "Or scan this code with another phone."], qrToPay: ["付款二维码", "QR code to pay"],
  is_made: ["正在下单…", "Ordering…"], "is_to-pay": ["等待付款", "Waiting to be paid"], is_posted: ["已到在线账户", "In the online account"],
  is_closed: ["已关闭，没有扣款入账", "Closed; nothing was posted"], is_refunded: ["已退回付款人", "Given back to its payer"],
  is_unknown: ["结果未知，学校正在核对；请勿重复付款", "Not known yet: the school is finding out; do not pay twice"],
  is_asked: ["结果未知，正在重问；不会重复下单", "No answer yet, asking again; it is not ordered twice"],
});
const MEMORY = "wallet.kept.deposit.";
const AGAIN_MS = 2000;
const WAITS = ["asked", "made", "to-pay", "unknown"];
const OPENS = /^(https:|weixin:|alipays?:|http:\/\/(127\.0\.0\.1|localhost)[:/])/;
const NATIVE = /^weixin:/, QUIET = 4, SCALE = 6;
const volatile = {};

export async function deposit(holder) {
  const { value, at, fresh } = await ask("deposit/channels", { holder });
  const place = h("div", { "data-name": "deposit" });
  const name = `${MEMORY}${value.by}.${holder}`;
  const redraw = () => fill(place, recalled(name) ? order(holder, name, redraw, value) : choice(name, value, redraw));
  redraw();
  return { at, fresh, page: [h("h1", {}, t("deposit")), h("p", {}, `${t("depositTo", value.to)} · ${value.label}`),
    h("p", { class: "soft" }, t("depositHelp")), value.channels.length || recalled(name) ? place : h("p", {}, t("noChannels"))] };
}

function choice(memory, terms, redraw) {
  const problem = h("p", { class: "problem", role: "alert" });
  const other = h("input", { name: "yuan", inputmode: "decimal", maxlength: 8, autocomplete: "off" });
  const radio = (name, value, text, first) => h("label", { class: "switch" },
    h("input", { type: "radio", name, value, checked: first, onchange: () => name === "fen" && (other.value = "") }), text);
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const fen = given.get("yuan") ? fenOf(given.get("yuan")) : Number(given.get("fen"));
    if (!(fen >= terms.least_fen && fen <= terms.most_fen)) {
      problem.textContent = t("wrongAmount", yuan(terms.least_fen), yuan(terms.most_fen));
      return;
    }
    const channel = given.get("channel");
    keep(memory, { key: newKey(), fen, channel, way: wayOf(channel, terms.ways) });
    redraw();
  };
  return h("form", { "data-name": "new", onsubmit: submit },
    h("fieldset", {}, h("legend", {}, t("amount")), terms.presets_fen.map((fen, at) => radio("fen", fen, yuan(fen), at === 0)),
      h("label", { class: "field" }, h("span", {}, t("otherAmount")), other)),
    h("fieldset", {}, h("legend", {}, t("by")), terms.channels.map((one, at) => radio("channel", one, t(one), at === 0))),
    problem, h("button", { class: "main" }, t("deposit")));
}

/** One deposit until it is settled: asked for under its key, again and again while this page is shown. */
function order(holder, name, redraw, terms) {
  const kept = recalled(name);
  const code = kept.way === "inside" && !kept.code ? codeOf(kept) : kept.code;
  if (kept.way === "inside" && !code && !kept.asked && terms.sign[kept.channel]) {
    keep(name, { ...kept, asked: true });
    whoPays(holder, terms.sign[kept.channel], kept);
    return h("p", { role: "status" }, t("is_made"));
  }
  // without WeChat's word of who pays it is an order by a code
  if (kept.way === "inside" && !kept.code) keep(name, Object.assign(kept, code && code !== "none" ? { code } : { way: "code" }));
  const wanted = { key: kept.key, fen: kept.fen, channel: kept.channel, way: kept.way, code: kept.code };
  let known = false;
  const line = h("p", { role: "status" }), pay = h("p", {}), next = h("p", {});
  const place = h("section", { class: "panel", "data-name": "order" }, h("p", { class: "fen" }, yuan(kept.fen)), h("p", {}, t(kept.channel)), line, pay, next);
  const show = (state, told = {}) => {
    const { pay: opens, qr: rows } = told;
    place.dataset.state = state;
    const words = t(`is_${state}`);
    if (line.textContent !== words) line.textContent = words;
    if (state !== "to-pay") fill(pay);
    else if (!pay.firstChild && told.way !== "code") {
      fill(pay, h("button", { class: "main", onclick: () => go(told, holder) }, pressed(told)), " ", t("comeBack"));
    } else if (!pay.firstChild) {
      fill(pay, OPENS.test(opens) && !NATIVE.test(opens) ? h("a", { href: opens, rel: "noreferrer" }, t("goAndPay")) : "",
        rows?.length ? [picture(rows), h("span", { class: "soft" }, t(NATIVE.test(opens) ? "scanWechat" : "scanOther"))] : opens, " ", t("comeBack"));
    }
    if (state !== "asked" && !next.firstChild) fill(next, h("button", { onclick: () => (keep(name, null), redraw()) }, t("nextDeposit")));
  };
  const turn = async () => {
    let state = "asked";
    try {
      const told = await (known ? call("deposit/state", { holder, key: kept.key }) : call("deposit/new", { holder, ...wanted }));
      known = true;
      state = told.state;
      show(state, told);
    } catch (problem) {
      if (problem.status !== 0 && problem.status !== 503 && problem.status !== 429) {
        if (problem.status !== 401) keep(name, null);
        fill(place, h("p", { class: "problem", role: "alert" }, said(problem)), h("button", { onclick: redraw }, t("retry")));
        return;
      }
      show(state);
    }
    if (WAITS.includes(state)) setTimeout(() => place.isConnected && turn(), AGAIN_MS);
  };
  setTimeout(turn);
  return place;
}

/** A QR as an image, so that a long press keeps it: WeChat scans it out of the phone's pictures, or off this screen. */
function picture(rows) {
  const canvas = document.createElement("canvas"), size = rows.length + 2 * QUIET;
  canvas.width = canvas.height = size * SCALE;
  const ink = canvas.getContext("2d");
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.fillStyle = "#000";
  rows.forEach((row, y) => [...row].forEach((dark, x) => dark === "1" && ink.fillRect((x + QUIET) * SCALE, (y + QUIET) * SCALE, SCALE, SCALE)));
  return h("img", { src: canvas.toDataURL("image/png"), alt: t("qrToPay"), width: 240, height: 240, "data-name": "qr" });
}

function keep(name, what) {
  delete volatile[name];
  try {
    if (what) localStorage.setItem(name, JSON.stringify(what));
    else localStorage.removeItem(name);
  } catch {
    volatile[name] = what; // until the page is closed
  }
}

function recalled(name) {
  if (volatile[name]) return volatile[name];
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}
