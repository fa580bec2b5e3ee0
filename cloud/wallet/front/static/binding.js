// The first time: number, name and what the school has chosen, birth or the code of its letter; then a code by SMS.
import { call } from "./api.js";
import { field, fill, h } from "./dom.js";
import { CODE, PHONE, SECRET, twoSteps } from "./sign_in.js";
import { addWords, t } from "./words.js";

addWords({
  bindHelp: ["用学校登记的学号、姓名、出生日期绑定；家长填学生的。", "By what the school has: number, name and birth; a parent gives the pupil's."],
  letterHelp: ["用学校发的激活信绑定；家长填学生的学号和姓名。", "By the letter that the school handed out; a parent gives the pupil's number and name."],
  letterCode: ["激活码（信上 12 位）", "Code of the letter (12 characters)"],
});
const LETTER = { name: "letter", required: true, minlength: 12, maxlength: 32, autocomplete: "off", autocapitalize: "characters", spellcheck: "false" };

/** done: called when somebody has signed in. */
export async function offer(room, done) {
  const { by } = await call("bind/way");
  const fresh = { ...SECRET, autocomplete: "new-password", minlength: 8 };
  const known = by === "letter" ? field(t("letterCode"), LETTER) : field(t("born"), { name: "born", type: "date", required: true });
  const first = [
    field(t("number"), { name: "number", required: true, maxlength: 32 }),
    field(t("fullName"), { name: "name", autocomplete: "name", required: true, maxlength: 64 }),
    known, field(t("phone"), PHONE),
  ];
  fill(room, h("p", { class: "soft" }, t(by === "letter" ? "letterHelp" : "bindHelp")),
    twoSteps(first, (given) => call("bind/begin", given), [field(t("code"), CODE), field(t("newPassword"), fresh)],
      ({ number, phone, code, password }) => call("bind/finish", { number, phone, code, password }).then(done)));
}
