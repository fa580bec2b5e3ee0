// Words of the pages: [Chinese, English]. {0}, {1}: what is put in.
const WORDS = {
  wallet: ["钱包", "Wallet"], home: ["首页", "Home"], more: ["更多", "More"], demo: ["演练", "Demonstration"],
  signOnNo: ["统一身份认证未完成", "The campus account did not sign you in"],
  signIn: ["登录", "Sign in"], signOut: ["退出", "Sign out"], language: ["English", "中文"],
  linkHelp: ["也可以打开学校给的一次性链接登录。", "Or open the one-time link that the school gave you."],
  sharedHelp: ["还没有密码：到卡务台要一个链接来设。一分钟不动自动退出。", "No password yet: the card desk gives you a link to set one. A minute without a touch signs out."],
  onCard: ["卡内余额", "On the card"], seenAt: ["{1} 在 {0} 所见，其后脱机消费未计", "as seen at {0}, {1}; later offline purchases are not counted"],
  asIssued: ["发卡时的余额，还没有消费记录", "as issued; no record yet"],
  phoneGone: ["已退出登录，本机的脱机付款码已删除", "Signed out: this phone's offline code is deleted"],
  offline_page: ["脱机付款码", "Offline code"],
  pending: ["待圈存", "Pending load"], pendingHelp: ["在终端刷卡领取", "tap at a terminal to claim it"],
  online: ["在线账户", "Online account"], onlineHelp: ["一账通，账本余额", "kept by the ledger"],
  subsidy: ["补助余额", "Subsidy"], transit: ["圈存在途", "Loads under way"],
  neverSummed: ["各处余额各是各的，不相加。", "Each stands for itself; they are not added up."],
  lost: ["已挂失", "Reported lost"], replaced: ["已换卡", "Replaced"], normal: ["正常", "In use"],
  offline: ["连不上网络，这是 {0} 的数据", "No connection: this is as of {0}"],
  noneYet: ["还没有可以查看的持卡人", "There is nobody here yet"],
  newVersion: ["有新版本", "A new version is ready"], takeIt: ["更新", "Update"], retry: ["重试", "Try again"],
  statement: ["账单", "Statement"], loss: ["挂失", "Loss"], find: ["查找", "Find"], older: ["更早", "Older"],
  noneFits: ["没有符合的", "Nothing fits"], noEntries: ["还没有入账", "Nothing posted yet"],
  posted: ["已入账", "Posted"], reversed: ["已冲正", "Reversed"], proof: ["凭证", "Proof"],
  phone: ["手机号", "Phone"], password: ["密码", "Password"], newPassword: ["新密码（至少 8 位）", "New password (8 or more)"],
  code: ["验证码", "Code"], byPassword: ["手机号和密码", "Phone and password"], byCode: ["短信验证码登录", "Sign in by SMS code"],
  firstTime: ["首次使用：绑定", "First time here"], sendCode: ["发送验证码", "Send a code"], confirm: ["确定", "Confirm"],
  codeSent: ["若信息无误，验证码已发到手机。", "If that is right, a code is on its way to the phone."], back: ["返回", "Back"],
  number: ["学号或工号", "Student or staff number"], anyNumber: ["学号、工号或手机号", "Student or staff number, or phone"], fullName: ["姓名", "Name"], born: ["出生日期", "Date of birth"],
  lostNight: ["卡和手机都丢了", "Card and phone are both lost"], why: ["说明（可不填）", "Why (may be empty)"],
  nightHelp: ["立即锁定该生的卡、钱包和已登录设备；报告人会留记录。应急餐不受影响。", "Blocks card, wallet and devices at once. Who reports is on record. The emergency meal stays."],
  nightElse: ["也可以找班主任、值班室或卡务台，他们能马上锁定。", "A class teacher, whoever is on duty or the card desk can block it at once, too."],
  nightUnheard: ["没有答复，可能没有挂失。请再报一次，并马上找他们", "No answer: it may not be blocked. Report again, and go to them now"],
  blockNow: ["立即挂失锁定", "Block now"], nightDone: ["已受理：信息无误则已锁定", "Taken: if that was right, all is blocked"],
  lossHelp: ["卡、在线账户的使用和本人其他设备立即冻结；联不上的终端在收到黑名单前仍可能受理。", "Card, online account and other devices are frozen at once. A terminal out of reach may still take the card until the hotlist gets there."],
  lossUnheard: ["没有连上，还没有挂失。请马上找班主任、值班室或卡务台，或换一台手机再报", "Not heard: nothing is blocked yet. Go to a class teacher, whoever is on duty or the card desk, or report from another phone"],
  lossStill: ["卡丢了？挂失不用等同意", "Lost the card? It is reported without consent"],
  consentHow: ["请监护人登录自己的钱包，到“更多”→“隐私与授权”点“我同意”。刷卡、应急餐照常。", "A guardian signs in to a wallet of his own and consents under More, Privacy and consent. The card and emergency meals need none."],
  adultHelp: ["持卡人已满 18 岁：您可以充值、挂失；余额和账单要本人在“隐私与授权”里允许才能看。", "The holder is of age: you may top up and report a loss; balances and statement are seen by the holder's own word alone."],
  cancelLoss: ["找到了，解挂", "Found: cancel the report"], reportedBy: ["报告人", "Reported by"],
  byStranger: ["未登录者", "somebody who had not signed in"], prank: ["没有丢，是恶作剧", "Nothing was lost: a prank"],
  spareOut: ["备用卡 {0} 在用：刷它即用本账户", "A spare card {0} is out: it spends this account"], yourName: ["您的姓名（报告人）", "Your own name"], class: ["我的班级", "My class"],
  spread: ["还有 {0} 台终端未确认拒收此卡", "{0} terminals have not said yet that they refuse the card"],
  spreadAll: ["所有终端都已拒收此卡", "Every terminal refuses the card"],
  proveHelp: ["解挂前请再输一次密码。", "Give your password once more."],
  devices: ["已登录设备", "Devices"], thisDevice: ["本机", "This one"], endDevice: ["退出该设备", "Sign it out"],
  passkeys: ["通行密钥", "Passkeys"], addPasskey: ["添加通行密钥", "Add a passkey"], keyLabel: ["给它起个名", "What you call it"],
  byPasskey: ["用通行密钥登录", "Sign in with a passkey"], endPasskey: ["删除该密钥", "Remove this passkey"],
  setPassword: ["设置密码", "Set a password"], elder: ["长辈模式：大字", "Large letters"], done: ["已保存", "Saved"],
  deposit: ["充值", "Top up"], code_page: ["付款码", "Pay code"], pay: ["付账单", "Pay an order"], split: ["圈存", "Load"],
  privacy: ["隐私与授权", "Privacy and consent"], apps: ["第三方应用", "Applications"], limits: ["限额", "Limits"], messages: ["消息", "Messages"], data: ["我的数据", "My data"], stall: ["档口", "Stall"],
  unread: ["{0} 条新消息", "New messages: {0}"], proveAgain: ["调高前请再输一次密码。", "Give your password once more to raise it."],
  amountForm: ["金额写法：12 或 12.50", "Write 12 or 12.50"],
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

/** Yuan as somebody wrote them, in fen; no float. 0: they are none. */
export function fenOf(text) {
  const found = /^(\d{1,5})(?:\.(\d{1,2}))?$/.exec(text.trim());
  return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : 0;
}

/** A moment of this device's clock, ms. */
export function moment(ms) {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** A business day of the campus. */
export function campusDay(day) {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(new Date(Date.UTC(2000, 0, 1) + day * 86_400_000));
}

/** Campus seconds since 2000, which are the school's own time wherever this phone is. */
export function campusTime(s) {
  const one = new Date(Date.UTC(2000, 0, 1) + s * 1000);
  const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", form).format(one);
}
