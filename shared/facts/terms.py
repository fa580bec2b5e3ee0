"""Closed sets of words that facts have as parameters: the word on the wire, and what people read. Pure.

A word is a promise as a code is: added to, never renamed. One that is not here (a newer box) is shown as it is.
"""

Words = tuple[str, str]
"""Chinese, English."""

REASONS: dict[str, Words] = {
    "device-unknown": ("终端未登记", "unknown device"),
    "other-box": ("别的网关的终端", "another box's device"),
    "psam-unknown": ("PSAM 未登记", "unknown PSAM"),
    "psam-moved": ("PSAM 换了机身", "PSAM in another body"),
    "stolen": ("已挂失的 PSAM 或终端", "stolen PSAM or body"),
    "swapped": ("备用机顶替，待中心确认", "a spare body, not confirmed yet"),
    "fork": ("同号不同内容", "same number, other bytes"),
    "undecodable": ("无法解读", "unreadable"),
    "wrong-tac": ("TAC 错误", "wrong TAC"),
    "key-unknown": ("密钥版本未知", "unknown key version"),
    "card-unknown": ("卡未登记", "unknown card"),
    "card-key-taken": ("卡计数器已入账", "card counter already proven by other bytes"),
    "ttn-taken": ("TAC 被重用", "TAC used again under other numbers"),
    "void-mac": ("撤销签名错误", "wrong MAC of a void"),
    "load-purse": ("圈存写明的不是主钱包", "a load of another purse than the main one"),
    "epoch-ahead": ("存储代号过高", "an epoch far above the ledger's"),
    "defect": ("程序缺陷", "a defect of ours"),
    "void": ("撤销待原笔消费", "a void that waits for its purchase"),
    "void-no-sale": ("撤销的不是消费", "a void of what is no such purchase"),
    "void-twice": ("已撤销过", "void already"),
    "void-pin": ("仅凭口令撤销，无主管卡", "a void by PIN alone, no supervisor's card"),
    "void-bound": ("撤销超出时限、单笔或当日限额", "a void that is too old, over too much, or one too many of the day"),
    "payment-mac": ("账户支付或冲正的终端签名错误", "wrong MAC of an account payment or its reversal"),
    "meal-mac": ("应急餐的终端签名错误", "wrong MAC of an emergency meal"),
    "meal-unknown": ("应急餐的学号不在册", "an emergency meal of a number that is in no roster"),
    "code-mac": ("脱机付款码的终端签名错误", "wrong MAC of an offline code's record"),
    "code-unknown": ("脱机付款码的凭证账本没有", "an offline code of a certificate that was never given out"),
    "code-signature": ("脱机付款码的手机签名错误", "an offline code that its phone has not signed"),
    "void-witness": ("撤销的主管卡或原卡签名错误", "wrong MAC of the card that stands for a void"),
    "void-whole": ("混合支付完整，不应退半笔", "half of a mixed payment that is whole"),
}
"""Why the ledger did not simply post a record: the names of cloud.ledger's Reason."""

CODES_BEYOND: dict[str, Words] = {
    "twice": ("用了两次", "was used twice"),
    "uses": ("次数超出凭证", "is a use that its certificate does not have"),
    "sum": ("超出单码限额", "is above what a code may pay"),
    "time": ("不在凭证有效期内", "is outside of its certificate's time"),
    "ended": ("的凭证已停用", "is of a certificate that had ended"),
    "listed": ("的卡已列入黑名单", "is of a card that was on the hotlist"),
}
"""Why the school bears all of an offline code: the names of cloud.ledger's Beyond."""

REFUSALS: dict[str, Words] = {
    "unknown-device": ("终端未登记", "unknown device"),
    "other-box": ("别的网关的终端", "another box's device"),
    "unknown-psam": ("PSAM 未登记", "unknown PSAM"),
    "psam-moved": ("PSAM 换了机身", "PSAM in another body"),
    "revoked": ("已挂失", "reported stolen"),
    "epoch-ahead": ("存储代号过高，须两人放行", "an epoch far above the ledger's: two persons let it through"),
    "too-many-epochs": ("未清存储代过多", "too many epochs are not drained"),
}
"""Why the ledger gives no epoch."""

BACKS: dict[str, Words] = {
    "starts": ("多次启动未成", "it did not come up"),
    "unwell": ("自检不如从前", "the box was worse than before"),
    "overdue": ("逾时无自检结果", "it never said that it is well"),
    "files": ("文件有损", "its files are not whole"),
    "unproven": ("签名未通过", "its signatures are wrong"),
    "python": ("本机 Python 版本不符", "it needs another Python"),
    "machine": ("处理器不符", "it is for another processor"),
    "room": ("磁盘已满", "the disk is full"),
    "person": ("由人退回", "a person took it back"),
    "older": ("不比现用的新", "it is no newer"),
}
"""Why a box has not kept a release of itself: the words of edge/upgrade."""
SWAPS: dict[str, Words] = {
    "spare-unknown": ("备用机未登记在此网关", "no spare body of this box"),
    "broken-unknown": ("坏机未登记在此网关，或种类不同", "no body of this box, or of another kind"),
    "psam-moved": ("PSAM 不是坏机的", "the PSAM is not that body's"),
    "stolen": ("已挂失", "reported stolen"),
    "spare-used": ("备用机已顶替过另一台", "the spare has stood in for another body"),
    "psam-swapped": ("PSAM 已在另一台备用机", "the PSAM is in another spare"),
    "epoch-ahead": ("存储代号过高", "an epoch far above the ledger's"),
    "epoch-taken": ("存储代已被占用", "the epoch belongs to another flash"),
}
"""Why the ledger does not take a swap that a box tells."""

STORES: dict[str, Words] = {
    "cap": ("未结清记录已达上限", "as many unsettled rows as it may have"),
    "full": ("磁盘已满", "the disk is full"),
    "queue": ("等待写盘的已满", "too much waits for the disk"),
    "damaged": ("文件损坏", "the file is damaged"),
    "collision": ("摘要相同而内容不同", "other bytes with the same digest"),
    "io": ("磁盘读写错误", "the disk fails"),
    "read-only": ("磁盘只读", "the disk is read-only"),
    "other": ("其他故障", "another fault"),
}
"""Why an outbox does not write."""

DAMAGES: dict[str, Words] = {
    "crc": ("校验和不符", "wrong checksum"),
    "digest": ("摘要不符", "wrong digest"),
    "missing": ("缺失", "missing"),
}
"""What is wrong with a row of an outbox."""

COMMANDS: dict[str, Words] = {
    "KeepBackupMark": ("备份标记", "a backup mark"),
    "KeepEpoch": ("存储代", "an epoch"),
    "KeepRevocations": ("失窃设备名单", "a list of stolen devices"),
}
"""What else an outbox is asked to keep: the names of edge.effects. Lists of stolen devices are kept by boxes of 0.1."""

DOCUMENTS: dict[str, Words] = {
    "hotlist": ("黑名单", "the hotlist"),
    "parameters": ("参数", "the parameters"),
    "firmware": ("固件", "the firmware"),
    "revocations": ("失窃设备名单", "the list of stolen devices"),
    "awaited": ("待补圈名单", "the list of awaited cards"),
    "capped": ("限餐名单", "the list of capped cards"),
    "operators": ("操作员名单", "the list of operators"),
    "order": ("指令", "an order"),
    "permit": ("固件准装", "a permit of firmware"),
    "enrolled": ("在册名单", "the roster"),
    "trust": ("固件信任链", "the trust chain of firmware"),
}
"""Kinds of documents that come down: the names of shared.fleet's DocumentKind."""

ORDERS: dict[str, Words] = {
    "lock": ("锁定", "lock"),
    "unlock": ("解锁", "unlock"),
    "reboot": ("重启", "restart"),
    "locate": ("寻机", "locate"),
    "silence": ("静默", "silence"),
    "reread": ("重读流水", "records again"),
    "send-log": ("取日志", "send log"),
    "close-shift": ("结班", "close shift"),
    "cancel": ("撤回", "cancel"),
}
"""What terminals are ordered to do: the names of shared.fleet's Verb."""

BUSES: dict[str, Words] = {
    "too-rare": ("错误太少，无法逐台停机查找", "too rare to send nodes off one by one"),
    "not-one": ("停下任何一台都仍有错误", "whoever is off the bus, they go on"),
    "not-heard": ("停机指令没有到达", "orders to leave the bus do not arrive"),
    "gone": ("查找时错误自行消失", "they ended by themselves while nodes were off"),
    "too-few": ("节点太少", "too few nodes"),
    "searched-lately": ("一小时内已查找过", "a search was made within the hour"),
}
"""Why nobody is named."""

VERDICTS: dict[str, Words] = {
    "refused": ("拒绝", "refused"),
    "wrong-signature": ("签名无效", "a wrong signature"),
    "unknown-key": ("密钥未知", "an unknown key"),
    "older": ("比在用的旧", "older than what is in use"),
    "fork": ("同版号而内容不同", "the same generation with other bytes"),
    "wrong-digest": ("摘要不符", "a wrong digest"),
    "malformed": ("无法解读", "unreadable"),
    "too-long": ("过长", "too long"),
    "not-for-me": ("不是给本机的", "not for this terminal"),
    "no-room": ("存不下", "no room for it"),
    "busy": ("此时不宜生效", "not at this moment"),
    "expired": ("已过期", "expired"),
    "unsupported": ("本机不支持", "not supported here"),
}
"""Why a terminal has not taken a document: the names of the wire's Verdict, from REFUSED on."""

ANSWERS: dict[str, Words] = {
    "time": ("账本时刻", "the ledger's time"),
    "epoch": ("存储代", "an epoch"),
    "recover": ("要求重发", "a recovery"),
    "backup-mark": ("备份标记", "a backup mark"),
    "release": ("应有发行", "the release to run"),
}
"""What the ledger answers to a question of a box, and signs."""

DEEDS: dict[str, Words] = {
    "lost": ("挂失", "reported lost"),
    "found": ("解挂", "report cancelled"),
    "replaced": ("坏卡换卡", "replaced"),
    "released": ("余款解冻", "released"),
    "class": ("更改类别", "class changed"),
    "activated": ("领卡激活", "activated"),
    "reissued": ("挂失补卡", "reissued"),
    "drawn": ("领用", "drawn"),
    "spoiled": ("废卡", "spoiled"),
    "kept": ("坏卡换卡，旧卡收存", "replaced, the old card is kept"),
}
"""What a desk did with a card: the names of cloud.ledger's DeedKind."""

SPARES: dict[str, Words] = {
    "stocked": ("入备用库", "of the desk's spares"),
    "handed": ("交班级", "handed to a class"),
    "lent": ("借出", "lent"),
    "returned": ("归还", "returned"),
    "overdue": ("逾期停用", "overdue, refused"),
    "collected": ("班级收回，待结清", "back with the class, to be settled"),
    "written-off": ("遗失注销，押金归学校", "lost for good, its deposit kept"),
    "taken-in": ("收回作废", "taken in, void"),
}
"""Where a spare card is: the names of cloud.ledger's SpareAct."""

FINDINGS: dict[str, Words] = {
    "none": ("无", "none"),
    "negative": ("卡户为负", "a purse below zero"),
    "chain": ("余额不连续", "a balance that does not follow"),
    "all": ("卡户为负、余额不连续", "a purse below zero, a balance that does not follow"),
}
"""What the books find by which a card is listed: the names of cloud.ledger.findings' Kind."""

CARD_FINDINGS: dict[str, Words] = {
    "clone": ("同一计数两笔真交易（复制卡）", "two genuine records at one counter: a copied card"),
    "replay": ("同一笔交易重放", "one transaction told twice"),
    "back": ("计数器回退", "a counter that went back"),
    "jumped": ("计数器跳号", "a counter that jumped"),
    "overdraft": ("卡户为负（透支）", "a purse below zero"),
    "chain": ("余额不连续", "a balance that does not follow"),
    "lost": ("挂失后消费", "paid after its loss was reported"),
}
"""What the books find of one card: the names of cloud.ledger.findings.found.What."""

PAYERS: dict[str, Words] = {"fund": ("补助基金", "the fund"), "bank": ("银行专户", "the bank")}

SIDES: dict[str, Words] = {"merchant": ("商户", "the merchant"), "holder": ("持卡人", "the holders")}
"""Who gets what was held."""

PURSES: dict[str, Words] = {"main": ("主钱包", "main purse"), "subsidy": ("补助钱包", "subsidy purse")}
"""Of a card."""


DECLINES: dict[str, Words] = {
    "foreign-card": ("非本系统卡", "not a card of this system"),
    "card-blocked": ("卡应用已锁定", "the card's application is blocked"),
    "card-disabled": ("卡未启用", "the card is not enabled"),
    "card-not-yet-valid": ("卡未到启用日期", "the card is not valid yet"),
    "card-expired": ("卡已过有效期", "the card has expired"),
    "card-data": ("卡数据异常，请到卡务中心", "card data wrong, please go to the card office"),
    "card-gone": ("请重新放卡", "please present the card again"),
    "card-locked": ("卡消费功能已锁定", "spending is locked on this card"),
    "card-key": ("卡密钥版本不支持", "the card's key is not supported"),
    "card-counter-full": ("卡交易次数已满，请换卡", "the card's counter is full, please replace the card"),
    "card-refused": ("卡拒绝交易", "the card refused"),
    "pin-wanted": ("请输入口令", "the PIN is wanted"),
    "pin-wrong": ("口令错误", "wrong PIN"),
    "pin-locked": ("口令已锁定，请到卡务中心", "the PIN is locked, please go to the card office"),
    "pin-refused": ("卡拒绝验证口令", "the card would not check the PIN"),
    "amount": ("金额无效", "not a valid amount"),
    "balance": ("余额不足", "balance too low"),
    "hotlisted": ("黑名单卡", "the card is on the hotlist"),
    "cap-single": ("超单笔限额", "over the limit for one purchase"),
    "cap-meal-sum": ("超本餐限额", "over the limit for this meal"),
    "cap-meal-count": ("超本餐次数", "over the count for this meal"),
    "cap-day-sum": ("超当日限额", "over the limit for today"),
    "cap-day-count": ("超当日次数", "over the count for today"),
    "no-fare": ("本线路无此票价", "no fare is set for this ride"),
    "ride-unclear": ("乘车记录异常，请到卡务中心", "the ride on the card is unclear, please go to the card office"),
    "tapped-twice": ("已刷卡，请勿重复", "already tapped"),
    "no-rides": ("本卡未开通乘车，请到卡务中心", "not a card for rides, please go to the card office"),
    "not-served": ("本餐不接待此类卡", "cards of this class are not served in this meal"),
}
"""Why a till refuses a card: the names of shared.purse's Reason."""


def word_of(name: str) -> str:
    """The word of an enum's member, by its name: CARD_UNKNOWN is card-unknown."""
    return name.lower().replace("_", "-")


LANES: dict[str, Words] = {
    "now": ("即时消息", "messages of the now lane"),
    "money": ("流水批次", "batches of the money lane"),
    "state": ("状态", "states"),
    "facts": ("事件", "facts"),
    "junk": ("无法解读的消息", "unreadable messages"),
    "documents": ("下发文件的消息", "messages about documents"),
}
"""What of a box was beyond its quota: the words of cloud.ingest.admission."""
