// Limits: what the school lets a card and its account do, in words, and one's own lower bound of a day.
import { ask, call, newKey } from "./api.js";
import { field, h, say } from "./dom.js";
import { form, proven } from "./sign_in.js";
import { addWords, campusDay, fenOf, t, yuan } from "./words.js";

addWords({
  limitAccount: ["在线账户：付款码、付账单、账户支付", "Online account: codes, orders, payments at tills"],
  limitSingle: ["每笔至多 {0}", "{0} at most in one payment"], limitDay: ["每天至多 {0}，今天已付 {1}", "{0} a day at most; {1} paid today"],
  limitFloor: ["账户保底 {0}，不能花到它以下", "{0} stay in the account"],
  limitSchool: ["学校的上限是每天 {0}", "The school's own bound is {0} a day"],
  limitOwn: ["自设每日 {0}", "Own bound: {0} a day"], limitByGuardian: ["监护人设的每日 {0}", "Set by a guardian: {0} a day"],
  limitDays: ["最近 {0} 天，账户每天付了多少", "What the account paid on each of the last {0} days"],
  limitNone: ["没有自设限额", "No bound of one's own"],
  limitNew: ["自设每日限额（元，0 即不许账户付款）", "Own bound of a day (yuan; 0: the account pays nothing)"],
  limitHelp: ["调低立即生效；调高须再验证身份。", "A lower one counts at once; a higher one takes a fresh proof."],
  limitCard: ["卡内消费，由终端当场判断", "The card itself, judged by the terminal"], limitWhere: ["适用：{0}", "At {0}"],
  limitEverywhere: ["所有消费终端", "every till"], limitUnsaid: ["未设，按终端自带的规则：{0}", "Not set, the terminal's own rules: {0}"],
  limitNoParameters: ["学校没有下发限额，按终端自带的规则。", "The school has set none: the terminals' own rules count."],
  limitCeiling: ["卡内余额至多 {0}", "{0} at most on the card"], limitBefore: ["首餐以前", "before the first meal"],
  limitRefused: ["不能消费", "no purchases"], limitFree: ["不限", "no limit"], limitPin: ["超过 {0} 输密码", "PIN above {0}"],
  limitEach: ["每笔 {0}", "{0} each"], limitMeal: ["本餐 {0}", "{0} in the meal"], limitMealTimes: ["本餐 {0} 次", "{0} times in the meal"],
  limitOfDay: ["全天 {0}", "{0} a day"], limitDayTimes: ["全天 {0} 次", "{0} times a day"], limitMore: ["还有 {0} 组未列出", "{0} more are not shown"],
});

export async function limits(holder, { show }) {
  const { value, at, fresh } = await ask("limits", { holder });
  return { at, fresh, page: [
    h("h1", {}, t("limits")),
    h("section", { class: "panel", "data-name": "account" }, h("h2", {}, t("limitAccount")),
      h("p", {}, t("limitSingle", yuan(value.single_max_fen))), h("p", { "data-name": "day" }, t("limitDay", yuan(value.day_fen), yuan(value.paid_today_fen))),
      value.floor_fen ? h("p", {}, t("limitFloor", yuan(value.floor_fen))) : null,
      h("p", { class: "soft" }, value.bound_fen === null ? t("limitNone") : t(value.by_guardian ? "limitByGuardian" : "limitOwn", yuan(value.bound_fen)),
        " · ", t("limitSchool", yuan(value.day_max_fen))),
      value.may_set ? setting(value, holder, show) : null,
      value.days ? h("details", { "data-name": "days" }, h("summary", {}, t("limitDays", value.days.length)),
        h("table", {}, h("tbody", {}, value.days.map((one) => h("tr", {}, h("th", { scope: "row" }, campusDay(one.day)), h("td", { class: "n" }, yuan(one.fen))))))) : null),
    h("h2", {}, t("limitCard")),
    value.cards.length ? value.cards.map((one) => group(one, value.cards.length === 1 && !value.unsaid.length)) : h("p", {}, t("limitNoParameters")),
    value.more ? h("p", { class: "soft" }, t("limitMore", value.more)) : null,
    value.cards.length && value.unsaid.length ? h("p", { class: "soft" }, t("limitUnsaid", value.unsaid.filter(Boolean).join("、"))) : null,
  ] };
}

function setting(value, holder, show) {
  const again = h("div");
  const sum = { name: "sum", inputmode: "decimal", required: true, maxlength: 8, pattern: "\\d{1,4}(\\.\\d{1,2})?", title: t("amountForm") };
  const own = form("limit", [field(t("limitNew"), sum), h("p", { class: "soft" }, t("limitHelp"))], "confirm", async (given) => {
    const said = { holder, key: newKey(), day_fen: fenOf(given.sum) };
    const set = () => call("limits/set", said).then(() => show()).then(() => say(t("done")));
    await proven(again, set, "proveAgain");
  });
  return [own, again];
}

function group(one, alone) {
  return h("section", { class: "panel" },
    h("p", {}, t("limitWhere", alone ? t("limitEverywhere") : one.places.join("、") || "—")),
    one.ceiling_fen ? h("p", {}, t("limitCeiling", yuan(one.ceiling_fen))) : null,
    h("ul", { class: "entries" }, alike(one.meals).map(([text, names]) => h("li", {}, h("strong", {}, names.join("、")), " ", text))));
}

/** Meals that let the same stand on one line. */
function alike(meals) {
  const found = new Map();
  for (const meal of meals) {
    const text = words(meal).join("，");
    found.set(text, [...(found.get(text) || []), meal.name || t("limitBefore")]);
  }
  return [...found];
}

function words(meal) {
  if (meal.is_refused) return [t("limitRefused")];
  const sums = [["limitEach", meal.single_fen], ["limitMeal", meal.meal_fen], ["limitOfDay", meal.day_fen], ["limitPin", meal.pin_above_fen]];
  const times = [["limitMealTimes", meal.meal_count], ["limitDayTimes", meal.day_count]];
  const said = [...sums.filter(([, fen]) => fen !== null).map(([name, fen]) => t(name, yuan(fen))), ...times.filter(([, n]) => n !== null).map(([name, n]) => t(name, n))];
  return said.length ? said : [t("limitFree")];
}
