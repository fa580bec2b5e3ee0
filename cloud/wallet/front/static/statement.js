// The statement: each entry with channel, state and proof; what is shown can be filtered on the device.
import { ask, call, newKey } from "./api.js";
import { field, fill, h, say } from "./dom.js";
import { form } from "./sign_in.js";
import { addWords, campusTime, said, t, yuan } from "./words.js";

addWords({ dispute: ["有异议", "Dispute it"], disputeWhy: ["哪里不对", "What is wrong"], disputeKept: ["已记下，学校会答复", "It is on record; the school will answer"] });

export async function statement(holder) {
  const { value, at, fresh } = await ask("statement", { holder });
  const list = h("ol", { class: "entries" });
  let rows = value.rows, next = value.next;
  const more = h("button", { onclick: async () => {
    const page = await ask("statement", { holder, before: next });
    rows = rows.concat(page.value.rows);
    next = page.value.next;
    show();
  } }, t("older"));
  const find = h("input", { type: "search", "aria-label": t("find"), placeholder: t("find"), oninput: () => show() });
  const show = () => {
    const word = find.value.trim().toLowerCase();
    const fits = rows.filter((row) => !word || `${named(row)} ${row.place} ${yuan(row.fen)}`.toLowerCase().includes(word));
    fill(list, fits.length ? fits.map((row) => entry(row, holder)) : h("li", { class: "soft" }, t(rows.length ? "noneFits" : "noEntries")));
    more.hidden = !next;
  };
  show();
  return { at, fresh, page: [h("h1", {}, t("statement")), find, list, more] };
}

function named(row) {
  return said(row.said);
}

function entry(row, holder) {
  const time = row.time ? campusTime(row.time) : campusTime(row.day * 86400).split(/[ ,] ?\d\d:/)[0];
  return h("li", {}, h("details", {},
    h("summary", {}, h("span", {}, `${named(row)}${row.place ? ` · ${row.place}` : ""}`), h("strong", {}, yuan(row.fen || row.within_fen))),
    h("p", { class: "soft" }, `${time} · ${t(row.state)} · № ${row.entry}`),
    row.proof ? h("p", { class: "soft proof" }, `${t("proof")}: ${row.proof.terminal} ${row.proof.epoch}/${row.proof.seq} ${row.proof.record}`) : null,
    dispute(row, holder)));
}

function dispute(row, holder) {
  const key = newKey();
  return form("dispute", [field(t("disputeWhy"), { name: "why", required: true, maxlength: 500 })], "dispute",
    ({ why }) => call("dispute", { holder, key, entry: row.entry, why }).then(() => say(t("disputeKept"))), "plain");
}
