"""The closed list of signals that rules may read: of which kind of source, in which unit, in words. Pure."""

from typing import NamedTuple

from cloud.watch.alarms.terms import Kind
from shared.words.voice import Text


class SignalKind(NamedTuple):
    """One signal. unit: s, percent, fen, count, days, or 'yes' for 0 and 1."""

    kind: Kind
    unit: str
    words: Text


SIGNALS = {
    "box-silent": SignalKind(Kind.BOX, "s", Text("网关失联时长", "time since the box was heard")),
    "box-unsettled": SignalKind(Kind.BOX, "count", Text("网关待入账记录", "records that wait at the box")),
    "box-oldest": SignalKind(
        Kind.BOX, "s", Text("网关最早一条待入账的时长", "age of the box's oldest record that waits")
    ),
    "box-room": SignalKind(Kind.BOX, "percent", Text("网关发件箱剩余", "room left in the box's outbox")),
    "box-plain": SignalKind(Kind.BOX, "count", Text("网关未加密的线路", "links of the box without TLS")),
    "terminal-silent": SignalKind(Kind.TERMINAL, "s", Text("终端断线时长", "time since the terminal was heard")),
    "terminal-owes": SignalKind(Kind.TERMINAL, "count", Text("终端欠交记录", "records that the terminal owes")),
    "terminal-gap": SignalKind(Kind.TERMINAL, "count", Text("终端缺号", "lost numbers of the terminal")),
    "group-away": SignalKind(
        Kind.GROUP, "percent", Text("分组同时断线的比例", "share of a group that fell silent at once")
    ),
    "ledger-away": SignalKind(Kind.CAMPUS, "yes", Text("账本读不到", "the ledger cannot be read")),
    "trial-balance": SignalKind(Kind.CAMPUS, "fen", Text("试算平衡差额", "difference of the trial balance")),
    "differences": SignalKind(Kind.CAMPUS, "count", Text("未说明的卡账差异", "unexplained differences")),
    "quarantine": SignalKind(Kind.CAMPUS, "count", Text("隔离中的记录", "records in quarantine")),
    "suspense": SignalKind(Kind.CAMPUS, "count", Text("挂账的记录", "records in suspense")),
    "held": SignalKind(Kind.CAMPUS, "count", Text("待核的记录", "records that are held")),
    "load-oldest": SignalKind(Kind.CAMPUS, "s", Text("最早一笔未完圈存的时长", "age of the oldest open load")),
    "hotlist-unmade": SignalKind(Kind.CAMPUS, "count", Text("尚未制成名单的挂失", "listed cards on no hotlist yet")),
    "put-back": SignalKind(Kind.CAMPUS, "yes", Text("放回的旧账本未办结", "a put-back ledger is not seen to")),
    "service-down": SignalKind(Kind.SERVICE, "yes", Text("服务不应答", "a service does not answer")),
    "disk-free": SignalKind(Kind.SERVICE, "percent", Text("磁盘剩余", "free disk")),
    "memory-free": SignalKind(Kind.SERVICE, "percent", Text("内存剩余", "free memory")),
    "certificate-left": SignalKind(Kind.SERVICE, "days", Text("证书剩余天数", "days until a certificate ends")),
    "metrics-away": SignalKind(Kind.SERVICE, "yes", Text("指标库连不上", "the store of metrics is away")),
    "docked-online": SignalKind(Kind.DOCKED, "yes", Text("对接设备在线", "a docked device is there")),
    "docked-value": SignalKind(Kind.METRIC, "count", Text("对接设备的指标值", "value of a docked device's metric")),
    "alarms-turned-away": SignalKind(Kind.SERVICE, "count", Text("未能登记的报警", "alarms that were not taken up")),
}
