// Before somebody has signed in: phone and password, a code, binding, and a loss reported from anybody's phone.
import { AWAY, call, newKey } from "./api.js";
import { field, fill, h, say } from "./dom.js";
import { able, byPasskey } from "./passkey.js";
import { said, t } from "./words.js";

export const PHONE = { name: "phone", type: "tel", autocomplete: "username", inputmode: "tel", required: true, maxlength: 16 };
export const CODE = { name: "code", inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}", maxlength: 6, required: true };
export const SECRET = { name: "password", type: "password", required: true, maxlength: 128 };

/** done: called when somebody has signed in. Where many share a terminal the one way is that whose session is brief: any
 * other, and the campus' own, would stay there for the next one who opens the wallet. */
export function signIn(done) {
  const secret = { ...SECRET, autocomplete: "off" }, isShared = Boolean(document.documentElement.dataset.kiosk);
  const shared = () => [
    form("byNumber", [field(t("anyNumber"), { name: "number", autocomplete: "off", required: true, maxlength: 32 }), field(t("password"), secret)],
      "signIn", (given) => call("sign-in/number", given).then(done)),
  ];
  const own = () => [
    campus(),
    form("byPassword", [field(t("phone"), PHONE), field(t("password"), { ...SECRET, autocomplete: "current-password" })],
      "signIn", (given) => call("sign-in/password", given).then(done)),
    able() ? form("byPasskey", [], "byPasskey", () => byPasskey().then(done), "plain") : "",
    folded("byCode", twoSteps([field(t("phone"), PHONE)], (given) => call("sign-in/send-code", given),
      [field(t("code"), CODE)], (given) => call("sign-in/code", given).then(done))),
    firstTime(done),
  ];
  return [
    h("h1", {}, t("signIn")), isShared ? shared() : own(),
    folded("lostNight", [h("p", {}, t("nightHelp")), h("p", { class: "soft" }, t("nightElse")), night()]),
    h("p", { class: "soft" }, t(isShared ? "sharedHelp" : "linkHelp")),
  ];
}

/** What the school asks for is heard once somebody looks. */
function firstTime(done) {
  const room = h("div");
  const opened = folded("firstTime", [room]);
  const look = () => import("./binding.js").then((loaded) => loaded.offer(room, done)).catch((problem) => fill(room, said(problem.zh ? problem : AWAY)));
  opened.addEventListener("toggle", () => opened.open && !room.firstElementChild && look());
  return opened;
}

/** What the school's own sign-on offers; the rest of the page does not wait for it. */
function campus() {
  const room = h("div", { class: "row", "data-name": "sso" });
  import("./sso.js").then((loaded) => loaded.offer(room)).catch(() => null);
  return room;
}

function night() {
  const key = newKey();
  return form("night", [
    field(t("number"), { name: "number", required: true, maxlength: 32 }),
    field(t("fullName"), { name: "name", required: true, maxlength: 64 }),
    field(t("born"), { name: "born", type: "date", required: true }),
    field(t("yourName"), { name: "by", maxlength: 64 }),
    field(t("why"), { name: "why", maxlength: 200 }),
  ], "blockNow", (given) => call("lost-night", { ...given, key }).then(() => say(t("nightDone")), unheard("nightUnheard")), "danger");
}

/** Whoever reports a loss must know that nobody may have heard it. */
export function unheard(name) {
  return (problem) => {
    if (problem.status && problem.status < 500) throw problem;
    throw { ...problem, zh: t(name), en: t(name) };
  };
}

function folded(name, content) {
  return h("details", { class: "panel", "data-name": name }, h("summary", {}, t(name)), content);
}

/** A form that says what it was refused for, and is not sent twice. */
export function form(name, fields, button, act, kind = "main") {
  const wrong = h("p", { class: "problem", role: "alert" });
  const send = h("button", { class: kind }, t(button));
  return h("form", { "data-name": name, onsubmit: async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.textContent = "";
    try {
      await act(Object.fromEntries(new FormData(event.target)));
    } catch (problem) {
      wrong.textContent = said(problem);
    } finally {
      send.disabled = false;
    }
  } }, fields, wrong, send);
}

/** A deed that may need a fresh proof: tried, and where it is refused it is asked for in this room. */
export async function proven(room, act, help = "proveHelp") {
  try {
    await act();
  } catch (problem) {
    if (problem.code !== "prove-again") throw problem;
    await (await import("./prove.js")).ask(room, act, help);
  }
}

export function twoSteps(first, begin, second, finish) {
  const room = h("div");
  const start = (given = {}) => fill(room, form("begin", first, "sendCode", async (now) => {
    await begin(now);
    fill(room, h("p", {}, t("codeSent")), form("finish", second, "confirm", (last) => finish({ ...now, ...last })),
      h("button", { class: "plain", onclick: () => start(now) }, t("back")));
  }));
  start();
  return room;
}
