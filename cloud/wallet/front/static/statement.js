// The statement: each entry with channel, state and proof; sums of the months shown, a filter, disputes, and all of it as files.
import { Problem, ask, call, newKey } from "./api.js";
import { download, field, fill, h, say } from "./dom.js";
import { form } from "./sign_in.js";
import { addWords, campusDay, campusTime, said, t, yuan } from "./words.js";

const PAGES_MAX = 400, PATIENCE = 20, LOOKS_MAX = 40, PAGE = 50;
const CHANNELS = ["card", "account", "order", "load", "desk", "school", "wechat", "alipay", "bank"];
const DAY_MS = 86_400_000, FIRST_MS = Date.UTC(2000, 0, 1);
addWords({
  dispute: ["有异议", "Dispute it"], disputeWhy: ["哪里不对", "What is wrong"], disputeKept: ["已记下，学校会答复", "It is on record; the school will answer"],
  dispute_open: ["异议待答复", "disputed, no answer yet"], dispute_answered: ["异议已答复，见消息", "dispute answered: see messages"],
  channel: ["渠道", "Channel"], by_card: ["卡", "card"], by_account: ["账户支付或付款码", "account or code"], by_order: ["付账单", "order"],
  by_load: ["圈存", "load"], by_desk: ["卡务窗口", "card desk"], by_school: ["学校", "school"], by_wechat: ["微信支付", "WeChat Pay"],
  by_alipay: ["支付宝", "Alipay"], by_bank: ["银行", "bank"], month: ["{0}：收 {1}，支 {2}", "{0}: {1} in, {2} out"],
  monthOf: ["月份", "Month"], monthAll: ["所有渠道", "Every channel"], lookAgain: ["还没有找完，再找", "Not all was looked through: go on"],
  monthPart: ["（未全部列出）", " (not all shown)"], takeReceipt: ["凭证文件", "Receipt"], takeCsv: ["导出 CSV", "Export CSV"], takeJson: ["导出 JSON", "Export JSON"],
  taking: ["正在导出…", "Exporting…"], taken: ["已导出 {0} 条", "{0} entries exported"],
});

export async function statement(holder) {
  const { value, at, fresh } = await ask("statement", { holder });
  const list = h("ol", { class: "entries" }), months = h("ul", { class: "links soft", "data-name": "months" });
  let rows = value.rows, next = value.next;
  const further = async () => {
    const page = await ask("statement", { holder, before: next });
    rows = rows.concat(page.value.rows);
    next = page.value.next;
  };
  const more = h("button", { onclick: () => (wanted() ? reach() : further()).then(show, (problem) => say(said(problem))) }, t("older"));
  const find = h("input", { type: "search", "aria-label": t("find"), placeholder: t("find"), oninput: () => show() });
  const month = h("input", { type: "month", name: "month", placeholder: "2026-11", "aria-label": t("monthOf"), onchange: () => reach().then(show, (problem) => say(said(problem))) });
  const by = h("select", { name: "channel", "aria-label": t("channel"), onchange: () => show() },
    h("option", { value: "" }, t("monthAll")), CHANNELS.map((one) => h("option", { value: one }, t(`by_${one}`))));
  /** A browser without a picker of months takes what is typed. */
  const wanted = () => (/^\d{4}-\d\d$/.test(month.value) ? month.value : "");
  /** Behind a whole page of months before it there is nothing of a month; so many pages are looked through at a time. */
  const isReached = () => !next || !wanted() || rows.slice(-PAGE).every((row) => monthOf(row) < wanted());
  const reach = async () => {
    for (let looks = 0; looks < LOOKS_MAX && !isReached(); looks++) await further();
  };
  const show = () => {
    const word = find.value.trim().toLowerCase();
    const fits = rows.filter((row) => (!wanted() || monthOf(row) === wanted()) && (!by.value || row.channel === by.value)
      && (!word || `${said(row.said)} ${row.place} ${yuan(row.fen)} ${channel(row)}`.toLowerCase().includes(word)));
    fill(list, fits.length ? fits.map((row) => entry(row, holder)) : h("li", { class: "soft" }, t(rows.length ? "noneFits" : "noEntries")));
    fill(months, sums(fits, wanted() ? !isReached() : next).map((one) => h("li", {}, one)));
    more.hidden = wanted() ? isReached() : !next;
    more.textContent = t(wanted() ? "lookAgain" : "older");
  };
  show();
  const take = (name, make) => h("button", { class: "plain", onclick: (event) => taken(event.target, holder, make) }, t(name));
  return { at, fresh, page: [h("h1", {}, t("statement")), find, h("p", { class: "row" }, month, by), months, list, more,
    h("p", { class: "row" }, take("takeCsv", csv), take("takeJson", json))] };
}

function channel(row) {
  return row.channel ? t(`by_${row.channel}`) : "";
}

/** In and out of each month that is shown; of the last one it is said when more entries may belong to it. */
function sums(rows, next) {
  const found = new Map();
  for (const row of rows) {
    const month = monthOf(row);
    const one = found.get(month) || { in: 0, out: 0 };
    one[row.fen < 0 ? "out" : "in"] += row.fen;
    found.set(month, one);
  }
  return [...found].map(([month, one], at, all) => t("month", month, yuan(one.in), yuan(-one.out)) + (next && at === all.length - 1 ? t("monthPart") : ""));
}

function entry(row, holder) {
  const time = row.time ? campusTime(row.time) : campusDay(row.day);
  const state = row.dispute ? `${t(row.state)} · ${t(`dispute_${row.dispute}`)}` : t(row.state);
  return h("li", { "data-entry": row.entry }, h("details", {},
    h("summary", {}, h("span", {}, `${said(row.said)}${row.place ? ` · ${row.place}` : ""}`, h("small", { class: "soft" }, time)), h("strong", {}, yuan(row.fen || row.within_fen))),
    h("p", { class: "soft" }, [state, channel(row) ? `${t("channel")}: ${channel(row)}` : "", `№ ${row.entry}`].filter(Boolean).join(" · ")),
    row.proof ? h("p", { class: "soft proof" }, `${t("proof")}: ${row.proof.terminal} ${row.proof.epoch}/${row.proof.seq}`) : null,
    row.channel ? h("button", { class: "plain", onclick: () => receipt(row, holder) }, t("takeReceipt")) : null,
    dispute(row, holder)));
}

function receipt(row, holder) {
  return call("statement/receipt", { holder, entry: row.entry })
    .then((found) => download(JSON.stringify(found, null, 1), "application/json", `receipt-${row.entry}.json`), (problem) => say(said(problem)));
}

function dispute(row, holder) {
  if (row.dispute === "open") return null;
  const key = newKey();
  return h("details", { "data-name": "dispute" }, h("summary", {}, t("dispute")),
    form("dispute", [field(t("disputeWhy"), { name: "why", required: true, maxlength: 500 })], "confirm",
      ({ why }) => call("dispute", { holder, key, entry: row.entry, why }).then(() => say(t("disputeKept"))), "plain"));
}

async function taken(button, holder, make) {
  button.disabled = true;
  say(t("taking"));
  try {
    const rows = await every(holder);
    make(rows, holder);
    say(t("taken", rows.length));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say(said(problem));
  } finally {
    button.disabled = false;
  }
}

/** All entries, page by page; a front that is slow is waited for, so often at most. */
async function every(holder) {
  let rows = [], before, patience = PATIENCE;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    try {
      const page = await call("statement", { holder, before });
      rows = rows.concat(page.rows);
      if (!page.next) break;
      before = page.next;
    } catch (problem) {
      if (problem.status !== 429 || --patience < 0) throw problem;
      await new Promise((done) => setTimeout(done, 1000 * (problem.retry_s || 1)));
      pages--;
    }
  }
  return rows;
}

function csv(rows, holder) {
  const head = ["entry", "day", "booked", "kind", "kind_zh", "channel", "place", "yuan", "state", "dispute"];
  const lines = rows.map((row) => [row.entry, dayOf(row), row.booked, row.kind, row.said.zh, row.channel, row.place, plain(row.fen), row.state, row.dispute]);
  download(`\ufeff${[head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`, "text/csv", `statement-${holder}.csv`);
}

function json(rows, holder) {
  download(JSON.stringify({ holder, rows }, null, 1), "application/json", `statement-${holder}.json`);
}

const dayOf = (row) => new Date(FIRST_MS + row.day * DAY_MS).toISOString().slice(0, 10);
const monthOf = (row) => dayOf(row).slice(0, 7);
const plain = (fen) => `${fen < 0 ? "-" : ""}${Math.floor(Math.abs(fen) / 100)}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;

/** What a table program would take for a formula is text. */
function cell(value) {
  const text = String(value);
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
