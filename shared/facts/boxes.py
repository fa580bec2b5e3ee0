"""What a box tells of itself: its outbox, the ledger's acks, the broker, certificates."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class OutboxRefused(Told):
    code, level = "outbox-refused", Level.URGENT
    zh = "发件箱拒收：{reason:store}"
    en = "the outbox accepts nothing: {reason:store}"
    reason: str


@dataclass(frozen=True)
class OutboxRowDamaged(Told):
    code, case, level = "outbox-damaged", "row", Level.URGENT
    zh = "发件箱第 {row} 行损坏：{damage:damage}"
    en = "outbox row {row} is damaged: {damage:damage}"
    row: int
    damage: str


@dataclass(frozen=True)
class OutboxMarkDamaged(Told):
    code, case, level = "outbox-damaged", "mark", Level.URGENT
    zh = "结清标记损坏：{stream}"
    en = "a damaged settled mark: {stream}"
    stream: str


@dataclass(frozen=True)
class OutboxEpochDamaged(Told):
    code, case, level = "outbox-damaged", "epoch", Level.URGENT
    zh = "存储代损坏：{body}"
    en = "a damaged epoch: {body}"
    body: str


@dataclass(frozen=True)
class OutboxUnreadable(Told):
    code, case, level = "outbox-damaged", "read", Level.URGENT
    zh = "发件箱读取失败：{fault}"
    en = "the outbox cannot be read: {fault}"
    fault: str


@dataclass(frozen=True)
class OutboxReplaced(Told):
    code, level = "outbox-replaced", Level.URGENT
    zh = "发件箱文件损坏，已另存为 {file}"
    en = "the outbox file was damaged and is put aside as {file}"
    file: str


@dataclass(frozen=True)
class NotSettledHere(Told):
    code, case, level = "outbox-settle-failed", "settle", Level.IMPORTANT
    zh = "结清未能落盘：{reason:store}"
    en = "a settle was not written: {reason:store}"
    reason: str


@dataclass(frozen=True)
class NotUnsettledHere(Told):
    code, case, level = "outbox-settle-failed", "unsettle", Level.IMPORTANT
    zh = "恢复未能落盘：{reason:store}"
    en = "an unsettle was not written: {reason:store}"
    reason: str


@dataclass(frozen=True)
class NotKeptHere(Told):
    code, case, level = "outbox-settle-failed", "keep", Level.IMPORTANT
    zh = "{command:command}未能落盘：{reason:store}"
    en = "{command:command} was not written: {reason:store}"
    command: str
    reason: str


@dataclass(frozen=True)
class HouseNotKept(Told):
    code, case, level = "outbox-settle-failed", "housekeeping", Level.IMPORTANT
    zh = "发件箱维护失败：{fault}"
    en = "housekeeping of the outbox failed: {fault}"
    fault: str


@dataclass(frozen=True)
class OutboxShort(Told):
    code, level = "outbox-short", Level.GENERAL
    zh = "磁盘只够 {rows} 条未结清记录"
    en = "the disk has room for {rows} unsettled rows only"
    rows: int


@dataclass(frozen=True)
class OutboxKept(Told):
    code, level = "outbox-kept", Level.GENERAL
    zh = "已结清记录只保留 {days} 天"
    en = "settled rows are kept {days} days only"
    days: int


@dataclass(frozen=True)
class BallastUsed(Told):
    code, case, level = "ballast-used", "write", Level.URGENT
    zh = "磁盘不能写，动用压舱：{reason:store}"
    en = "the disk takes no writes, the ballast is used: {reason:store}"
    reason: str


@dataclass(frozen=True)
class BallastUsedToFold(Told):
    code, case, level = "ballast-used", "housekeeping", Level.URGENT
    zh = "发件箱维护不成，动用压舱：{fault}"
    en = "housekeeping failed, the ballast is used: {fault}"
    fault: str


@dataclass(frozen=True)
class AckForged(Told):
    code, case, level = "ack-forged", "signature", Level.URGENT
    zh = "账本回执签名无效"
    en = "a ledger ack with a wrong signature"


@dataclass(frozen=True)
class AckShownByOther(Told):
    code, case, level = "ack-forged", "owner", Level.URGENT
    zh = "出示了别的网关的回执：{owner}"
    en = "shows an ack that was made for {owner}"
    owner: str


@dataclass(frozen=True)
class AckForOtherBox(Told):
    code, case, level = "ack-foreign", "owner", Level.IMPORTANT
    zh = "回执属于别的网关：{owner}"
    en = "an ack that is for {owner}"
    owner: str


@dataclass(frozen=True)
class AckOfOtherLedger(Told):
    code, case, level = "ack-foreign", "ledger", Level.URGENT
    zh = "另一账本的回执：{ledger}"
    en = "an ack of another ledger: {ledger}"
    ledger: bytes


@dataclass(frozen=True)
class AnswerForged(Told):
    code, case, level = "answer-forged", "signature", Level.URGENT
    zh = "中心答复签名无效：{answer:answer}，未采用"
    en = "an answer of the platform with a wrong signature, not taken: {answer:answer}"
    answer: str


@dataclass(frozen=True)
class AnswerUnsigned(Told):
    code, case, level = "answer-forged", "unsigned", Level.URGENT
    zh = "中心答复没有签名：{answer:answer}，未采用"
    en = "an answer of the platform without a signature, not taken: {answer:answer}"
    answer: str


@dataclass(frozen=True)
class AnswerStale(Told):
    code, level = "answer-stale", Level.GENERAL
    zh = "中心答复了本网关没有问的：{answer:answer}，系重放或过迟，未采用"
    en = "an answer to nothing that this box asked, replayed or too late, not taken: {answer:answer}"
    answer: str


@dataclass(frozen=True)
class RevocationsForged(Told):
    code, level = "revocations-forged", Level.URGENT
    zh = "失窃设备名单签名无效"
    en = "a list of stolen devices with a wrong signature"


@dataclass(frozen=True)
class LedgerChanged(Told):
    code, level = "ledger-changed", Level.URGENT
    zh = "账本已更换：{before} → {after}"
    en = "another ledger: {before} → {after}"
    before: bytes
    after: bytes


@dataclass(frozen=True)
class LedgerBehind(Told):
    code, level = "ledger-behind", Level.URGENT
    zh = "账本回退：回执 {ack}，只到第 {row} 行"
    en = "the ledger has gone back: ack {ack}, rows to {row}"
    ack: int
    row: int


@dataclass(frozen=True)
class LedgerSilent(Told):
    code, level = "ledger-silent", Level.IMPORTANT
    zh = "账本久未回执"
    en = "the ledger acknowledges nothing"


@dataclass(frozen=True)
class LedgerTimeJumps(Told):
    code, case, level = "ledger-time-refused", "jump", Level.IMPORTANT
    zh = "账本时刻突变 {ahead:signed} 秒，未采用"
    en = "the ledger's time jumps by {ahead:signed} s: not taken"
    ahead: int


@dataclass(frozen=True)
class LedgerTimeImpossible(Told):
    code, case, level = "ledger-time-refused", "impossible", Level.IMPORTANT
    zh = "账本时刻不可能（Unix 毫秒 {told}），未采用"
    en = "an impossible time of the ledger (Unix ms {told}): not taken"
    told: int


@dataclass(frozen=True)
class Recovery(Told):
    code, level = "recovery", Level.URGENT
    zh = "账本恢复，从第 {row} 行起重发"
    en = "the ledger recovers: rows from {row} on are sent again"
    row: int


@dataclass(frozen=True)
class RecoveryGone(Told):
    code, level = "recovery-gone", Level.URGENT
    zh = "{rows} 行已过保留期，无法重发"
    en = "{rows} rows that are asked for are no longer kept"
    rows: int


@dataclass(frozen=True)
class DownMalformed(Told):
    code, level = "down-malformed", Level.GENERAL
    zh = "中心下行报文无法解读，{lane}：{fault}"
    en = "a malformed message from the platform, {lane}: {fault}"
    lane: str
    fault: str


@dataclass(frozen=True)
class PublishRefused(Told):
    code, level = "publish-refused", Level.IMPORTANT
    zh = "消息代理拒收 {lane}：{reason:code}"
    en = "the broker refused a message of {lane}: {reason:code}"
    lane: str
    reason: int


@dataclass(frozen=True)
class FactsDropped(Told):
    code, level = "facts-dropped", Level.GENERAL
    zh = "{count} 条事实因队列已满而丢弃"
    en = "{count} facts were dropped, the queue was full"
    count: int


@dataclass(frozen=True)
class CertificateEnds(Told):
    code, level = "certificate-ends", Level.IMPORTANT
    zh = "证书 {name} 于 {ends:day} 到期，余 {days} 天；续期：provision certificate renew"
    en = "certificate of {name} ends on {ends:day}, {days} days left; renew: provision certificate renew"
    name: str
    ends: int
    days: int


@dataclass(frozen=True)
class CertificateLastDays(Told):
    code, case, level = "certificate-last-days", "left", Level.URGENT
    zh = "证书 {name} 即将于 {ends:day} 到期，只余 {days} 天；续期：provision certificate renew"
    en = "certificate of {name} ends on {ends:day}, only {days} days left; renew: provision certificate renew"
    name: str
    ends: int
    days: int


@dataclass(frozen=True)
class CertificateEnded(Told):
    code, case, level = "certificate-last-days", "ended", Level.URGENT
    zh = "证书 {name} 已于 {ends:day} 过期；续期：provision certificate renew"
    en = "certificate of {name} has ended on {ends:day}; renew: provision certificate renew"
    name: str
    ends: int


@dataclass(frozen=True)
class BoxStarted(Told):
    code, level = "box-started", Level.GENERAL
    zh = "网关已启动，待入账 {rows} 条"
    en = "the box has started, {rows} records wait"
    rows: int


@dataclass(frozen=True)
class BrokerBack(Told):
    code, case, level = "outage-over", "broker", Level.GENERAL
    zh = "网关与中心的连接已恢复，中断 {seconds} 秒"
    en = "the box has its connection to the platform again, after {seconds} s"
    seconds: int
