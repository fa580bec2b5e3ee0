// Offline codes: this phone pays without a network. Which phone, whose card, how often still, until when; shown on a tap.
import { Problem, ask, call, phoneHint } from "./api.js";
import { fill, h } from "./dom.js";
import { nameOf } from "./more.js";
import { able, answered, asked, ended, GOOD_S, heard, kept, nextCode, read, standing } from "./phone.js";
import { drawn } from "./qr.js";
import { form, proven } from "./sign_in.js";
import { addWords, campusTime, said, t, yuan } from "./words.js";

addWords({
  offlineHelp: ["手机没有网络时也能付。出示一次即用掉一次，{0} 秒内有效。", "Pays without a network. Showing it uses it up; it is good for {0} seconds."],
  offlineLeft: ["还可用 {0} 次，共 {1} 次", "{0} of {1} uses left"], offlineOne: ["每次至多 {0}", "{0} at most each time"],
  offlineUntil: ["有效至 {0}", "until {0}"], offlineCard: ["{0}，卡号 {1}", "{0}, card {1}"],
  offlineRenew: ["联网后自动更新。", "Renewed by itself when there is a network."],
  offlineShow: ["出示（第 {0} 次）", "Show it (use {0})"], offlineNone: ["次数已用完，联网后更新。", "None is left: it is renewed when there is a network."],
  offlineGood: ["还有 {0} 秒", "{0} seconds left"], offlineOver: ["这张码已过期。", "This code is over."],
  offlineLate: ["有效期已过，联网后更新。", "Its time is over: it is renewed when there is a network."],
  offlineStart: ["在本机启用", "Have it on this phone"], offlineEnd: ["停用", "Switch it off"],
  offlineOther: ["另一台手机在用：{0}。在本机启用后，那台即停用。", "Another phone has it: {0}. Here, it ends there."],
  offlineTheirs: ["手机 {0}，有效至 {1}", "Phone: {0}, until {1}"], offlineNobody: ["没有手机启用。", "No phone has it."],
  offlineOff: ["学校没有开通脱机付款码。", "The school has no offline codes."], offlineAway: ["连上网络后才能启用。", "It takes a network to begin."],
  offlineUnable: ["这里不能保存密钥，请在自己手机的浏览器里启用。", "No key can be kept here: use your own phone's browser."],
});
const ENDED = { zh: "本机的脱机付款码已失效", en: "This phone's offline code counts no more" };

export async function offline(holder, { show }) {
  const { value, at, fresh } = await heldTo(holder, ask("offline", { holder }));
  if (fresh && value.own) await renewed(holder, value).catch(onlyProblems);
  const one = value.own ? await kept(holder) : null;
  return { at, fresh, page: [h("h1", {}, t("offline_page")), value.own ? own(holder, value, one, fresh, show) : theirs(holder, value, show)] };
}

function own(holder, value, one, fresh, show) {
  const now = standing(one);
  if (now) return [shower(holder, now), facts(one, now), fresh ? switchOff(holder, show) : null];
  const begins = fresh && value.on && able();
  return [
    one?.ended ? h("p", { class: "problem", role: "alert" }, said(one.ended)) : null,
    value.on ? h("p", {}, t("offlineHelp", GOOD_S)) : h("p", {}, t("offlineOff")),
    value.on && !able() ? h("p", { class: "problem" }, t("offlineUnable")) : null,
    value.on && !fresh ? h("p", {}, t("offlineAway")) : null,
    begins && value.phone && !value.phone.this ? h("p", {}, t("offlineOther", nameOf(value.phone.agent))) : null,
    begins ? starter(holder, value, show) : null,
  ];
}

function theirs(holder, { on, phone }, show) {
  if (!phone) return h("p", {}, t(on ? "offlineNobody" : "offlineOff"));
  return [h("p", {}, t("offlineTheirs", nameOf(phone.agent), campusTime(phone.until_s))), switchOff(holder, show)];
}

function facts(one, now) {
  return h("ul", { class: "entries" }, [
    t("offlineCard", one.label.name, one.label.card), nameOf(navigator.userAgent),
    t("offlineOne", yuan(now.one_fen)), t("offlineUntil", campusTime(now.until_s)), t("offlineRenew"),
  ].map((line) => h("li", {}, line)));
}

function starter(holder, value, show) {
  const again = h("div");
  const begin = () => certify("offline/certify", holder, value).then(show);
  return [form("offlineStart", [], "offlineStart", () => proven(again, begin)), again];
}

const switchOff = (holder, show) => form("offlineEnd", [], "offlineEnd", async () => {
  const value = await call("offline/end", { holder });
  if (value.own) await stop(holder, null);
  await show();
}, "danger");

async function stop(holder, why) {
  await ended(holder, why);
  phoneHint(false);
}

/** Asked under the same key until there is an answer. A refusal leaves what there is. */
async function certify(operation, holder, { name, label }) {
  const { public: point, key } = await asked(holder);
  try {
    const given = await call(operation, { holder, public: point, key });
    await answered(holder, given.certificate, { name, card: label }, given.now_s);
    phoneHint(true);
    navigator.storage?.persist?.(); // asked of the browser: it is free to make room otherwise
  } catch (problem) {
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) await answered(holder, null);
    throw problem;
  }
}

/** On line: the clock is heard, what ended is ended here, what was used or grows old is renewed. */
async function renewed(holder, value) {
  let one = await kept(holder);
  if (!one?.certificate) return;
  const stands = value.phone?.this && value.phone.number === read(one.certificate).number;
  const now = standing(one);
  if (now && !stands && !one.asking) return stop(holder, value.ended || ENDED);
  if (stands) one = await heard(holder, value.now_s);
  const due = !now || one.asking || now.left < now.uses || now.until_s - now.now_s < (now.until_s - now.from_s) / 2;
  if (!value.on || !due || now?.shown) return;
  try {
    await certify("offline/renew", holder, value);
  } catch (problem) {
    if (now && !stands && problem.code === "prove-again") await stop(holder, value.ended || ENDED);
    throw problem;
  }
}

/** As `renewed`, whatever page is open; without a network nothing happens. */
export async function tend(holder) {
  try {
    await renewed(holder, await heldTo(holder, call("offline", { holder })));
  } catch (problem) {
    onlyProblems(problem);
  }
}

/** Who is told nothing of it any more, for want of a consent or a card, has none here either. */
async function heldTo(holder, asking) {
  try {
    return await asking;
  } catch (problem) {
    if ([403, 409].includes(problem.status) && (await kept(holder))?.certificate) await stop(holder, { zh: problem.zh, en: problem.en });
    throw problem;
  }
}

function onlyProblems(problem) {
  if (!(problem instanceof Problem)) throw problem;
}

/** For the page of pay codes, when there is no network; null: this phone has none. */
export async function offlineCode(holder) {
  const one = await kept(holder), now = standing(one);
  return now && [shower(holder, now), facts(one, now)];
}

/** The button, or the code that it was pressed for, until that is over. */
function shower(holder, now) {
  const box = h("section", { class: "code", "data-name": "offline" });
  const left = (one) => h("p", { "data-name": "left" }, t("offlineLeft", one.left, one.uses));
  const wait = (one, ...lines) => fill(box, lines, one ? [left(one), one.left
    ? h("button", { class: "main", onclick: press }, t("offlineShow", one.uses - one.left + 1))
    : h("p", { class: "problem" }, t("offlineNone")), h("p", { class: "soft" }, t("offlineHelp", GOOD_S))] : h("p", { class: "problem" }, t("offlineLate")));
  const press = () => drawCode().catch(() => fill(box, h("p", { class: "problem", role: "alert" }, t("offlineUnable"))));
  const drawCode = async () => {
    for (const one of box.querySelectorAll("button")) one.disabled = true;
    const shown = await nextCode(holder), after = standing(await kept(holder));
    if (!shown || !after) return void wait(after);
    const line = h("p", { class: "soft" }), until = Date.now() + (shown.made_s + GOOD_S - after.now_s) * 1000;
    fill(box, drawn(shown.digits, t("offline_page")), left(after), line);
    const tick = async (turn) => {
      const left_s = Math.floor((until - Date.now()) / 1000);
      line.textContent = t("offlineGood", Math.max(0, left_s));
      if (left_s <= 0) wait(standing(await kept(holder)), h("p", {}, t("offlineOver")));
      else if (!turn || box.isConnected) setTimeout(tick, 1000, turn + 1);
    };
    tick(0);
  };
  wait(now);
  if (now.shown) press();
  return box;
}
