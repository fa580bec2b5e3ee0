"""What the ledger tells of records, loads and boxes."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class RecordHeld(Told):
    code, level = "record-held", Level.IMPORTANT
    zh = "记录待核，{reason:reason}：序号 {seq}"
    en = "a record is held, {reason:reason}: seq {seq}"
    reason: str
    seq: int


@dataclass(frozen=True)
class StolenUsed(Told):
    code, level = "stolen-used", Level.URGENT
    zh = "已挂失的 PSAM 或终端仍有新记录：序号 {seq}"
    en = "a stolen PSAM or body still makes records: seq {seq}"
    seq: int


@dataclass(frozen=True)
class RecordQuarantined(Told):
    code, level = "record-quarantined", Level.IMPORTANT
    zh = "记录隔离，{reason:reason}：序号 {seq}{why:aside}"
    en = "a record is quarantined, {reason:reason}: seq {seq}{why:aside}"
    reason: str
    seq: int
    why: str


@dataclass(frozen=True)
class RecordElsewhere(Told):
    code, level = "record-elsewhere", Level.IMPORTANT
    zh = "网关送来不在该处的终端的记录，无凭，{reason:reason}：序号 {seq}；该终端不受影响"
    en = "unproven, and its terminal is not at this box, {reason:reason}: seq {seq}; the terminal is not touched"
    reason: str
    seq: int


@dataclass(frozen=True)
class QuarantineFull(Told):
    code, level = "quarantine-full", Level.URGENT
    zh = "一天隔离已满 {most} 条：其后只留条数与摘要，原件在网关"
    en = "{most} records in quarantine in a day: of more only count and digest are kept, the box has the bytes"
    most: int


@dataclass(frozen=True)
class TtnTwoCards(Told):
    code, level = "ttn-two-cards", Level.IMPORTANT
    zh = "两张卡同一终端交易号：序号 {seq}"
    en = "two cards under one terminal number: seq {seq}"
    seq: int


@dataclass(frozen=True)
class TimeDoubtful(Told):
    code, level = "time-doubtful", Level.IMPORTANT
    zh = "时间存疑 {time:time}：序号 {seq}"
    en = "an impossible time {time:time}: seq {seq}"
    time: int
    seq: int


@dataclass(frozen=True)
class LoadWithoutDebit(Told):
    code, level = "load-without-debit", Level.IMPORTANT
    zh = "圈存没有在途款：序号 {seq}"
    en = "a load without its pending debit: seq {seq}"
    seq: int


@dataclass(frozen=True)
class LoadContradiction(Told):
    code, level = "load-contradiction", Level.URGENT
    zh = "圈存与账上的在途款不符：序号 {seq}"
    en = "a load that contradicts its pending debit: seq {seq}"
    seq: int


@dataclass(frozen=True)
class LoadRequestReused(Told):
    code, case, level = "load-reused", "request", Level.IMPORTANT
    zh = "圈存请求号重用：{request}"
    en = "a load's request number is used again: {request}"
    request: int


@dataclass(frozen=True)
class LoadCounterReused(Told):
    code, case, level = "load-reused", "counter", Level.IMPORTANT
    zh = "卡计数器已被圈存用过：卡 {card} 计数 {counter}"
    en = "card counter already used by a load: card {card} counter {counter}"
    card: bytes
    counter: int


@dataclass(frozen=True)
class AccountNegative(Told):
    code, level = "account-negative", Level.IMPORTANT
    zh = "电子账户或过渡余额为负，{fen:yuan}：卡 {card}"
    en = "online account or pending load is negative, {fen:yuan}: card {card}"
    fen: int
    card: bytes


@dataclass(frozen=True)
class GreyWithdrawn(Told):
    code, case, level = "evidence-withdrawn", "record", Level.GENERAL
    zh = "灰记录改判：序号 {seq}"
    en = "a grey record is decided anew: seq {seq}"
    seq: int


@dataclass(frozen=True)
class LoadWithdrawn(Told):
    code, case, level = "evidence-withdrawn", "load", Level.GENERAL
    zh = "圈存改判：请求 {request}"
    en = "a load is decided anew: request {request}"
    request: int


@dataclass(frozen=True)
class LedgerRecovery(Told):
    code, level = "ledger-recovery", Level.URGENT
    zh = "账本比自己的回执 {shown} 旧（现为 {here}），正从网关恢复"
    en = "the ledger is behind its own ack {shown} (here {here}): recovering from the box"
    shown: int
    here: int


@dataclass(frozen=True)
class PutBackFound(Told):
    code, case, level = "put-back", "found", Level.URGENT
    zh = "账本是放回的旧本：账内链 {first}–{last} 号（充值、发放、卡务、审批）不会再来，须两人办结：cloud put-back"
    en = (
        "an older ledger was put back: links {first} to {last} of the book-only chain (deposits, grants, desk, "
        "approvals) cannot come again; two persons see to it: cloud put-back"
    )
    first: int
    last: int


@dataclass(frozen=True)
class PutBackUnknown(Told):
    code, case, level = "put-back", "unknown", Level.URGENT
    zh = "账本是放回的旧本：网关有回执 {shown}，账本只到 {here}；旧版网关不见证充值、发放，须两人办结：cloud put-back"
    en = (
        "an older ledger was put back: the box has ack {shown}, the ledger {here}; such a box knows of no deposits, "
        "grants or desk that are gone; two persons see to it: cloud put-back"
    )
    shown: int
    here: int


@dataclass(frozen=True)
class PutBackAgain(Told):
    code, case, level = "put-back", "again", Level.GENERAL
    zh = "放回的旧账本已由网关补齐：{records} 条，消费 {spent:yuan}，{terminals} 台终端"
    en = "the box has brought again what was lacking: {records} records, {spent:yuan} spent, {terminals} terminals"
    records: int
    spent: int
    terminals: int


@dataclass(frozen=True)
class EpochRefused(Told):
    code, level = "epoch-refused", Level.IMPORTANT
    zh = "不给存储代，{reason:refusal}：PSAM {psam}"
    en = "no epoch is given, {reason:refusal}: PSAM {psam}"
    reason: str
    psam: bytes


@dataclass(frozen=True)
class SwapTold(Told):
    code, level = "swap-told", Level.IMPORTANT
    zh = "备用机顶替坏机 {broken}，PSAM {psam}，存储代 {epoch}，{who} 于 {at:time}；商户侧待核，待两人确认"
    en = "a spare stands in for body {broken}: PSAM {psam}, epoch {epoch}, {who} at {at:time}; held until confirmed"
    broken: bytes
    psam: bytes
    epoch: int
    at: int
    who: str


@dataclass(frozen=True)
class SwapRefused(Told):
    code, level = "swap-refused", Level.URGENT
    zh = "网关所报换机不予承认，{reason:swap}：坏机 {broken}，PSAM {psam}，{who}"
    en = "a swap that a box tells is not taken, {reason:swap}: body {broken}, PSAM {psam}, {who}"
    reason: str
    broken: bytes
    psam: bytes
    who: str


@dataclass(frozen=True)
class NewFlash(Told):
    code, level = "new-flash", Level.IMPORTANT
    zh = "PSAM {psam} 未动而存储已换：{before} → {after}，新存储代 {epoch}"
    en = "another flash under PSAM {psam}: {before} → {after}, epoch {epoch}"
    psam: bytes
    before: bytes
    after: bytes
    epoch: int


@dataclass(frozen=True)
class EpochAhead(Told):
    code, level = "epoch-ahead", Level.IMPORTANT
    zh = "终端报告的存储代 {epoch} 远高于账本所给，不予采信"
    en = "a terminal names epoch {epoch}, far above what the ledger gave: not believed"
    epoch: int


@dataclass(frozen=True)
class MessageJunk(Told):
    code, case, level = "message-junk", "junk", Level.IMPORTANT
    zh = "不是我们的消息：{fault}"
    en = "not a message of ours: {fault}"
    fault: str


@dataclass(frozen=True)
class MessageDefect(Told):
    code, case, level = "message-junk", "defect", Level.URGENT
    zh = "消息处理失败，程序缺陷：{fault}"
    en = "a message that our own code stumbled over, a defect of ours: {fault}"
    fault: str


@dataclass(frozen=True)
class MessagesRefused(Told):
    code, level = "messages-refused", Level.IMPORTANT
    zh = "网关超出限额，拒收{lane:lane} {count} 条；流水网关会重发，其余的不再来"
    en = "a box is beyond its quota: refused {count} {lane:lane}; records come again, nothing else does"
    lane: str
    count: int


@dataclass(frozen=True)
class MessagesSlowed(Told):
    code, level = "messages-slowed", Level.IMPORTANT
    zh = "网关发送过快，{lane:lane}已限速读取 {count} 次，多出的由代理丢弃；流水不会丢，网关会重发"
    en = "a box sends too fast: {lane:lane} were read slowly {count} times, the broker drops the rest; no money is lost"
    lane: str
    count: int


@dataclass(frozen=True)
class SessionTaken(Told):
    code, level = "session-taken", Level.URGENT
    zh = "入账会话 {session} 被他人用同一客户端标识接管 {count} 次，已重新连接"
    en = "session {session} of the ingest was taken over {count} times by somebody with its client id; connected again"
    session: str
    count: int


@dataclass(frozen=True)
class SpokenForTerminal(Told):
    code, case, level = "spoken-for", "terminal", Level.IMPORTANT
    zh = "替别人的终端说话：{device}"
    en = "speaks for another box's terminal: {device}"
    device: bytes


@dataclass(frozen=True)
class SpokenForBox(Told):
    code, case, level = "spoken-for", "box", Level.IMPORTANT
    zh = "替别的网关说话：{owner}"
    en = "speaks for another box: {owner}"
    owner: str


@dataclass(frozen=True)
class RevocationsBehind(Told):
    code, level = "revocations-behind", Level.URGENT
    zh = "网关的失窃设备名单 {there} 比账本的 {here} 新：重做 psam-stolen"
    en = "the box has list of stolen devices {there}, the ledger {here}: psam-stolen again"
    there: int
    here: int


@dataclass(frozen=True)
class VoidHeld(Told):
    code, level = "void-held", Level.IMPORTANT
    zh = "撤销待核，{reason:reason}：序号 {seq}，撤销 {sale}"
    en = "a void is held, {reason:reason}: seq {seq} of {sale}"
    reason: str
    seq: int
    sale: int


@dataclass(frozen=True)
class VoidByOperator(Told):
    code, case, level = "void", "operator", Level.NOTICE
    zh = "主管卡 {operator} 撤销 ¥{fen:yuan}：序号 {seq}，撤销 {sale}"
    en = "operator card {operator} has voided {fen:yuan}: seq {seq} of {sale}"
    operator: bytes
    fen: int
    seq: int
    sale: int


@dataclass(frozen=True)
class VoidBySameCard(Told):
    code, case, level = "void", "same-card", Level.NOTICE
    zh = "收银员凭原卡撤销 ¥{fen:yuan}：序号 {seq}，撤销 {sale}"
    en = "the cashier alone has voided {fen:yuan} with the card that paid: seq {seq} of {sale}"
    fen: int
    seq: int
    sale: int


@dataclass(frozen=True)
class UnloadContradiction(Told):
    code, level = "unload-contradiction", Level.URGENT
    zh = "圈提证明与计数器矛盾：卡 {card}"
    en = "an unload is proven after its counter said no: card {card}"
    card: bytes


@dataclass(frozen=True)
class Mac3Wrong(Told):
    code, level = "mac3-wrong", Level.URGENT
    zh = "圈提证明错误：卡 {card}"
    en = "a wrong MAC3 of an unload: card {card}"
    card: bytes


@dataclass(frozen=True)
class PurseNegative(Told):
    code, case, level = "difference", "negative", Level.URGENT
    zh = "卡 {card} {purse:purse}账为负 {fen:yuan}：卡上花掉了账本没有给过的钱"
    en = "card {card}, {purse:purse}: the account is at {fen:yuan}; the card has spent money that the ledger never gave"
    card: str
    purse: str
    fen: int


@dataclass(frozen=True)
class BalanceChainBroken(Told):
    code, case, level = "difference", "chain", Level.URGENT
    zh = "卡 {card} {purse:purse}余额接不上：应为 {expected:yuan}，卡上读到 {read:yuan}，计数器 {counter}"
    en = "card {card}, {purse:purse}: its balance should be {expected:yuan}, it read {read:yuan}, counter {counter}"
    card: str
    purse: str
    expected: int
    read: int
    counter: int


@dataclass(frozen=True)
class CardCounterBack(Told):
    code, level = "card-counter-back", Level.URGENT
    zh = "卡 {card} {purse:purse}在 {terminal} {place} 计数器由 {before} 退到 {counter}"
    en = "card {card}, {purse:purse}: at {terminal} {place} its counter went back from {before} to {counter}"
    card: str
    purse: str
    terminal: str
    place: str
    before: int
    counter: int


@dataclass(frozen=True)
class CardCapped(Told):
    code, case, level = "card-capped", "on", Level.NOTICE
    zh = "卡 {card} 自下一餐起每餐限一份：发现 {finding}，{why:cardfinding}"
    en = "card {card} eats one meal a period from the next one on: finding {finding}, {why:cardfinding}"
    card: str
    finding: int
    why: str


@dataclass(frozen=True)
class CardUncapped(Told):
    code, case, level = "card-capped", "off", Level.NOTICE
    zh = "卡 {card} 不再限餐：发现 {finding}，{why:cardfinding}，已到期或已查明"
    en = "card {card} is capped no more: finding {finding}, {why:cardfinding}, has lapsed or is explained"
    card: str
    finding: int
    why: str


@dataclass(frozen=True)
class FindingConfirmed(Told):
    code, case, level = "finding-word", "confirmed", Level.NOTICE
    zh = "发现 {finding} 已确认，卡 {card}，{who}：{reason}"
    en = "finding {finding} is confirmed, card {card}, {who}: {reason}"
    finding: int
    card: str
    who: str
    reason: str


@dataclass(frozen=True)
class FindingUndone(Told):
    code, case, level = "finding-word", "undone", Level.NOTICE
    zh = "发现 {finding} 已解除，卡 {card}，{who}：{reason}"
    en = "finding {finding} is undone, card {card}, {who}: {reason}"
    finding: int
    card: str
    who: str
    reason: str


@dataclass(frozen=True)
class DiscountDoubted(Told):
    code, level = "discount-doubted", Level.IMPORTANT
    zh = "流水 {seq} 写明折扣 {fen:yuan}，与当时的参数不符：不予补付"
    en = "record {seq} says a discount of {fen:yuan}, which the parameters there do not: nothing is paid for it"
    seq: int
    fen: int


@dataclass(frozen=True)
class LostCardSpent(Told):
    code, case, level = "difference", "lost", Level.URGENT
    zh = "已挂失的卡 {card} {purse:purse}在 {terminal} {place} 消费 {fen:yuan}，挂失后共 {total:yuan}"
    en = "lost card {card}, {purse:purse}, paid {fen:yuan} at {terminal} {place}; {total:yuan} since it was reported"
    card: str
    purse: str
    terminal: str
    place: str
    fen: int
    total: int


@dataclass(frozen=True)
class PurseNegativeOver(Told):
    code, case, level = "difference-over", "negative", Level.NOTICE
    zh = "卡 {card} 不再有未说明的负账：迟到的已到，或已说明"
    en = "card {card}: no account below zero waits any more; what was late has come, or it is explained"
    card: str


@dataclass(frozen=True)
class BalanceChainOver(Told):
    code, case, level = "difference-over", "chain", Level.NOTICE
    zh = "卡 {card} 不再有未说明的余额差异：迟到的记录已到，或已说明"
    en = "card {card}: no balance that did not fit waits any more; what was late has come, or it is explained"
    card: str


@dataclass(frozen=True)
class LostCardOver(Told):
    code, case, level = "difference-over", "lost", Level.NOTICE
    zh = "卡 {card} 挂失后的消费不再待查：挂失已撤销，或已说明"
    en = "card {card}: what it paid when lost waits no more; the report is taken back, or it is explained"
    card: str


@dataclass(frozen=True)
class ListedCardSpent(Told):
    code, level = "listed-card-spent", Level.URGENT
    zh = "黑名单卡 {card} 在 {terminal} {place} 消费 {fen:yuan}"
    en = "hotlisted card {card} paid {fen:yuan} at {terminal} {place}"
    card: str
    terminal: str
    place: str
    fen: int


@dataclass(frozen=True)
class IngestStarted(Told):
    code, level = "ingest-started", Level.GENERAL
    zh = "入账已启动，此前 {seconds} 秒没有动静"
    en = "the ingest has started; nothing had happened for {seconds} s"
    seconds: int


@dataclass(frozen=True)
class KeysBack(Told):
    code, case, level = "outage-over", "keys", Level.IMPORTANT
    zh = "密钥进程已恢复，中断 {seconds} 秒"
    en = "the key process answers again, after {seconds} s"
    seconds: int


@dataclass(frozen=True)
class DatabaseBack(Told):
    code, case, level = "outage-over", "database", Level.IMPORTANT
    zh = "账本数据库已恢复，中断 {seconds} 秒"
    en = "the ledger's database answers again, after {seconds} s"
    seconds: int


@dataclass(frozen=True)
class WatchSilent(Told):
    code, level = "watch-silent", Level.IMPORTANT
    zh = "值守已 {seconds} 秒没有心跳：其间没有人被通知"
    en = "the watch has given no beat for {seconds} s: nobody is told of anything meanwhile"
    seconds: int
