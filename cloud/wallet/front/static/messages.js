// Messages: what waits for somebody now, then what happened, newest first; looking at them is reading them.
import { ask, call } from "./api.js";
import { field, fill, h, say } from "./dom.js";
import { form } from "./sign_in.js";
import { addWords, fenOf, moment, said, t, yuan } from "./words.js";

addWords({
  messagesNone: ["还没有消息", "Nothing yet"], messagesWait: ["待办", "Waits for you"], messagesDo: ["去办理", "Do it"],
  messageTold: ["提醒设置", "What I am told of"], messageNew: ["新", "New"], messageAbove: ["付款满多少就告诉我（元，0 即不告诉）", "Tell me of payments from (yuan; 0: of none)"],
  messageBelow: ["在线账户或卡内低于多少就告诉我（元，0 即不告诉）", "Tell me when the online account, or the card, falls below (yuan; 0: not)"],
  messageAboveNow: ["现在：{0}", "Now: {0}"], messageAboveNone: ["不告诉", "none"],
});

export async function messages(holder, { show }) {
  const { value, at, fresh } = await ask("messages", { holder });
  if (fresh && value.upto_ms) call("messages/read", { holder, upto_ms: value.upto_ms }).catch(() => null); // the next look says it again
  const list = h("ol", { class: "entries", "data-name": "messages" });
  let rows = value.rows, next = value.next;
  const more = h("button", { onclick: async () => {
    try {
      const page = await call("messages", { holder, before: next });
      rows = rows.concat(page.rows);
      next = page.next;
      draw();
    } catch (problem) {
      say(said(problem));
    }
  } }, t("older"));
  const draw = () => {
    fill(list, rows.length ? rows.map(line) : h("li", { class: "soft" }, t("messagesNone")));
    more.hidden = !next;
  };
  draw();
  const sum = { name: "sum", inputmode: "decimal", required: true, maxlength: 6, pattern: "\\d{1,3}(\\.\\d{1,2})?", title: t("amountForm") };
  return { at, fresh, page: [
    h("h1", {}, t("messages")),
    value.wanted.length ? h("section", { class: "panel", "data-name": "wanted" }, h("h2", {}, t("messagesWait")),
      value.wanted.map((one) => h("p", {}, said(one), " ", h("a", { href: `#${one.page}` }, t("messagesDo"))))) : null,
    list, more,
    h("details", { class: "panel", "data-name": "told" }, h("summary", {}, t("messageTold")), form("above", [field(t("messageAbove"), sum), h("p", { class: "soft" }, t("messageAboveNow", value.above_fen ? yuan(value.above_fen) : t("messageAboveNone")))],
      "confirm", (given) => call("messages/above", { holder, fen: fenOf(given.sum) }).then(() => show())),
    form("below", [field(t("messageBelow"), sum), h("p", { class: "soft" }, t("messageAboveNow", value.below_fen ? yuan(value.below_fen) : t("messageAboveNone")))],
      "confirm", (given) => call("messages/below", { holder, fen: fenOf(given.sum) }).then(() => show()))),
  ] };
}

function line(one) {
  return h("li", { class: one.is_new ? "new" : null }, h("p", {}, one.is_new ? h("strong", {}, `${t("messageNew")} `) : null, said(one)),
    h("p", { class: "soft" }, moment(one.at_ms), one.entry ? ` · № ${one.entry}` : ""));
}
