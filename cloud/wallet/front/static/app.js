// The wallet: who is here, for whom he looks, and which page is shown. A page is a function → {page, at, fresh} of the
// module of its name; all but the first are loaded when somebody opens them, out of this version's own files.
import { AWAY, Problem, ask, call, forget, leave, out, phoneHint } from "./api.js";
import { fill, h, keepSize, say } from "./dom.js";
import { home } from "./home.js";
import { moment, said, speak, spoken, t } from "./words.js";

const PAGES = ["code", "deposit", "statement", "lost", "more", "pay", "split", "privacy", "apps", "limits", "messages", "stall",
  "offline", "data", "class"];
const NAMES = { lost: "loss", code: "code_page" };
const TENDED_MS = 60_000;
const IN_NAV = ["home", "code", "deposit", "statement", "lost", "more"];
const OF_A_PERSON = ["stall", "class", "data", "more"]; // about no holder's card
const state = { me: null, holder: undefined, turn: 0, tended: 0 };
const at = (id) => document.getElementById(id);

async function start() {
  speak(spoken());
  at("skip").hidden = false;
  keepSize();
  if (location.pathname === "/kiosk") await (await import("./kiosk.js")).begin();
  else keepWorker();
  if (location.search) await comeBack();
  await takeLink();
  addEventListener("hashchange", () => takeLink().then(show));
  addEventListener("online", show);
  await show();
}

/** From paying, or from the campus' own sign-on. */
async function comeBack() {
  const paid = (await import("./paying.js")).comeBack();
  if (paid) state.holder = paid.holder;
  else await (await import("./sso.js")).comeBack();
}

/** A one-time link, also where the wallet is open already and its address alone changes. */
async function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (!link) return;
  history.replaceState(null, "", location.pathname);
  try {
    await call("sign-in/link", { token: link });
    forget(); // what was kept may be somebody else's
    state.me = null;
  } catch (problem) {
    say(said(problem));
  }
}

async function show() {
  const turn = ++state.turn;
  const name = location.hash.slice(1).split("/")[0] || "home";
  try {
    const me = await who();
    const holders = state.me.holders;
    if (!holders.some((one) => one.number === state.holder)) state.holder = holders[0]?.number;
    const opened = shownTo(state.me, name);
    const page = await pageOf(opened);
    const shown = holders.length || OF_A_PERSON.includes(opened) ? await page(state.holder, { show, signOut, me: state.me, menu: menuOf(state.me, state.holder) })
      : { page: [h("p", {}, t("noneYet"))], ...(await ask("me")) };
    if (turn !== state.turn) return;
    frame(opened);
    stale(shown);
    fill(at("main"), shown.page);
    if (me.fresh || navigator.onLine) tend(holders.find((one) => one.own));
  } catch (problem) {
    if (turn === state.turn) refused(problem, name);
  }
}

/** Who is here: asked before the first page, and beside each further one, which does not wait for it. */
async function who() {
  const asking = ask("me").then((told) => {
    state.me = told.value;
    return told;
  });
  if (!state.me) return asking;
  asking.catch((problem) => problem.status === 401 && refused(problem));
  return { value: state.me, fresh: false };
}

/** A phone that pays without a network gets its certificate anew while there is one. */
function tend(own) {
  if (!own || !phoneHint() || Date.now() - state.tended < TENDED_MS) return;
  state.tended = Date.now();
  import("./offline.js").then((loaded) => loaded.tend(own.number));
}

/** Who holds no card and sees nobody's has his stall, or his class. */
function shownTo({ holders, stalls, teaches }, name) {
  if (holders.length || OF_A_PERSON.includes(name)) return name;
  return stalls.length ? "stall" : teaches ? "class" : name;
}

/** Where nobody pays by a code, who is not its holder or sits at a terminal that many share, messages stand in its place. */
function menuOf({ holders, stalls, teaches }, number) {
  const has = { stall: stalls.length, class: teaches };
  if (!holders.length) return OF_A_PERSON.filter((one) => !(one in has) || has[one]);
  const shows = holders.find((one) => one.number === number)?.own && !isShared();
  return [...IN_NAV.map((one) => (one === "code" && !shows ? "messages" : one)), ...(teaches ? ["class"] : [])];
}

const isShared = () => Boolean(document.documentElement.dataset.kiosk);

async function pageOf(name) {
  if (!PAGES.includes(name)) return home;
  try {
    const loaded = await import(`./${name}.js`);
    return loaded[name] || loaded.page;
  } catch {
    throw new Problem(AWAY);
  }
}

async function refused(problem, name = "home") {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.status === 401) {
    if (leave()) say(t("phoneGone"));
    state.me = null;
  }
  frame(name);
  stale({ fresh: true });
  fill(at("main"), problem.status === 401
    ? (await import("./sign_in.js")).signIn(show)
    : [h("p", { class: "problem", role: "alert" }, said(problem)),
      ...still(problem.code), h("button", { onclick: show }, t("retry"))]);
}

/** What may be done for a holder whom one may not see. */
function still(code) {
  const one = state.me?.holders.find((holder) => holder.number === state.holder);
  const way = (page, words) => h("p", {}, h("a", { href: `#${page}` }, t(words)));
  if (code === "consent-needed") return [h("p", {}, t("consentHow")), way("lost", "lossStill")];
  return code === "not-yours" && one && !one.own ? [h("p", {}, t("adultHelp")), way("deposit", "deposit"), way("lost", "loss")] : [];
}

function stale({ fresh, at: when }) {
  at("stale").hidden = fresh;
  at("stale").textContent = fresh ? "" : t("offline", moment(when));
}

function frame(name) {
  document.title = t("wallet");
  fill(at("top"), chooser() || h("strong", {}, t("wallet")), state.me?.demo ? h("span", { class: "demo" }, t("demo")) : null,
    h("button", { class: "plain", onclick: otherLanguage }, t("language")),
    state.me && isShared() ? h("button", { class: "plain", onclick: signOut }, t("signOut")) : null);
  at("nav").setAttribute("aria-label", t("menu"));
  const menu = state.me ? menuOf(state.me, state.holder) : [];
  const current = menu.includes(name) ? name : "more"; // what is reached from there
  fill(at("nav"), menu.map((one) => h("a", { href: `#${one}`, "aria-current": one === current ? "page" : null }, t(NAMES[one] || one))));
}

function chooser() {
  const holders = state.me?.holders || [];
  if (holders.length < 2) return null;
  const options = holders.map((one) => h("option", { value: one.number, selected: one.number === state.holder }, one.name));
  return h("select", { "aria-label": t("whose"), onchange: (event) => choose(event.target.value) }, options);
}

function choose(number) {
  state.holder = number;
  show();
}

function otherLanguage() {
  speak(spoken() === "zh" ? "en" : "zh");
  show();
}

async function signOut() {
  await out();
  state.me = null;
  await show();
}

/** Files of this version stay on the device; a newer one waits until its reader wants it. */
function keepWorker() {
  if (!navigator.serviceWorker) return; // in some chat apps' browsers: it works, with a network
  const replacing = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => replacing && location.reload());
  navigator.serviceWorker.register("/sw.js").then((kept) => {
    if (kept.waiting) offer(kept.waiting);
    kept.addEventListener("updatefound", () => {
      const fresh = kept.installing;
      fresh.addEventListener("statechange", () => {
        if (fresh.state === "installed" && navigator.serviceWorker.controller) offer(fresh);
      });
    });
  }).catch(() => null);
}

function offer(worker) {
  fill(at("said"), t("newVersion"), " ", h("button", { onclick: () => worker.postMessage("take-over") }, t("takeIt")));
}

start();
