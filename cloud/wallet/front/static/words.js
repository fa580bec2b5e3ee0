// Words of the pages: [Chinese, English]. {0}, {1}: what is put in.
const WORDS = {
  wallet: ["钱包", "Wallet"], home: ["首页", "Home"], more: ["更多", "More"], demo: ["演练", "Demonstration"],
  signIn: ["登录", "Sign in"], signOut: ["退出", "Sign out"], language: ["English", "中文"],
  linkHelp: ["请打开学校给的一次性链接登录。", "Open the one-time link that the school gave you."],
  onCard: ["卡内余额", "On the card"], seenAt: ["{1} 在 {0} 所见，其后脱机消费未计", "as seen at {0}, {1}; later offline purchases are not counted"],
  asIssued: ["发卡时的余额，还没有消费记录", "as issued; no record yet"],
  pending: ["待圈存", "Pending load"], pendingHelp: ["在终端刷卡领取", "tap at a terminal to claim it"],
  online: ["在线账户", "Online account"], onlineHelp: ["一账通，账本余额", "kept by the ledger"],
  subsidy: ["补助余额", "Subsidy"], transit: ["圈存在途", "Loads under way"],
  neverSummed: ["三处各是各的，不相加。", "Three places; they are not added up."],
  lost: ["已挂失", "Reported lost"], replaced: ["已换卡", "Replaced"], normal: ["正常", "In use"],
  offline: ["连不上网络，这是 {0} 的数据", "No connection: this is as of {0}"],
  noneYet: ["还没有可以查看的持卡人", "There is nobody here yet"],
  newVersion: ["有新版本", "A new version is ready"], takeIt: ["更新", "Update"], retry: ["重试", "Try again"],
  statement: ["账单", "Statement"], loss: ["挂失", "Lost card"],
  loading: ["正在读取…", "Loading…"], whose: ["持卡人", "Whose"], menu: ["导航", "Pages"],
};
const MEMORY = "wallet.language";

function stored() {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

let language = stored() || (navigator.language.startsWith("zh") ? "zh" : "en");

export function spoken() {
  return language;
}

export function speak(name) {
  language = name;
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(MEMORY, name);
  } catch {
    // spoken until the page is closed
  }
}

export function t(name, ...values) {
  const pair = WORDS[name];
  const text = pair ? pair[language === "zh" ? 0 : 1] : name;
  return text.replace(/\{(\d)\}/g, (_, at) => values[at]);
}

/** Words of a family's own page. */
export function addWords(more) {
  Object.assign(WORDS, more);
}

/** A text that the server has said in both languages. */
export function said(both) {
  return language === "zh" ? both.zh : both.en;
}

/** Integer fen as yuan; there is no float. */
export function yuan(fen) {
  const whole = Math.abs(fen);
  return `${fen < 0 ? "−" : ""}¥${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

/** A moment of this device's clock, ms. */
export function moment(ms) {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** Campus seconds since 2000, which are the school's own time wherever this phone is. */
export function campusTime(s) {
  const one = new Date(Date.UTC(2000, 0, 1) + s * 1000);
  const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", form).format(one);
}
