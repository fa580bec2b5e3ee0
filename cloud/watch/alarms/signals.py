"""The closed list of signals that rules may read: of which kind of source, in which unit, in words. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from cloud.watch.alarms.rule import Rule, SignalRule
from cloud.watch.alarms.terms import Kind
from shared.facts.told import Params
from shared.money import yuan
from shared.words.spans import span
from shared.words.voice import Text


class SignalKind(NamedTuple):
    """One signal. unit: s, h, days, percent, celsius, fen, count, or 'yes' for 0 and 1."""

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
    "ledger-late": SignalKind(
        Kind.CAMPUS, "percent", Text("近一小时入账迟的比例", "share of the last hour's records that came late")
    ),
    "trial-balance": SignalKind(Kind.CAMPUS, "fen", Text("试算平衡差额", "difference of the trial balance")),
    "differences": SignalKind(Kind.CAMPUS, "count", Text("未说明的卡账差异", "unexplained differences")),
    "cards-incomplete-though-drained": SignalKind(
        Kind.CAMPUS, "count", Text("缺交易而终端已交齐的卡", "cards that miss a purchase though tills owe nothing")
    ),
    "quarantine": SignalKind(Kind.CAMPUS, "count", Text("隔离中的记录", "records in quarantine")),
    "suspense": SignalKind(Kind.CAMPUS, "count", Text("挂账的记录", "records in suspense")),
    "held": SignalKind(Kind.CAMPUS, "count", Text("待核的记录", "records that are held")),
    "load-oldest": SignalKind(Kind.CAMPUS, "s", Text("最早一笔未完圈存的时长", "age of the oldest open load")),
    "load-unwritten": SignalKind(
        Kind.CAMPUS, "count", Text("已扣款未写卡的圈存", "loads that are debited and not known to be on their card")
    ),
    "hotlist-unmade": SignalKind(Kind.CAMPUS, "count", Text("尚未制成名单的挂失", "listed cards on no hotlist yet")),
    "put-back": SignalKind(Kind.CAMPUS, "yes", Text("放回的旧账本未办结", "a put-back ledger is not seen to")),
    "service-down": SignalKind(Kind.SERVICE, "yes", Text("服务不应答", "a service does not answer")),
    "disk-free": SignalKind(Kind.SERVICE, "percent", Text("磁盘剩余", "free disk")),
    "memory-free": SignalKind(Kind.SERVICE, "percent", Text("内存剩余", "free memory")),
    "certificate-left": SignalKind(Kind.SERVICE, "days", Text("证书剩余天数", "days until a certificate ends")),
    "drill": SignalKind(Kind.CAMPUS, "yes", Text("演练中", "a drill is on")),
    "metrics-away": SignalKind(Kind.SERVICE, "yes", Text("指标库连不上", "the store of metrics is away")),
    "docked-online": SignalKind(Kind.DOCKED, "yes", Text("对接设备在线", "a docked device is there")),
    "docked-value": SignalKind(Kind.METRIC, "count", Text("对接设备的指标值", "value of a docked device's metric")),
    "alarms-turned-away": SignalKind(Kind.SERVICE, "count", Text("未能登记的报警", "alarms that were not taken up")),
    "bus-silent": SignalKind(Kind.BUS, "s", Text("总线失联时长", "time since anybody on the bus was heard")),
    "box-hours-left": SignalKind(
        Kind.BOX, "h", Text("照此速度发件箱还够", "hours until the box's outbox is full at this rate")
    ),
    "disk-hours-left": SignalKind(
        Kind.SERVICE, "h", Text("照此速度磁盘还够", "hours until the disk is full at this rate")
    ),
    "list-age": SignalKind(Kind.TERMINAL, "h", Text("终端名单的时长", "age of the terminal's hotlist")),
    "taps-declined": SignalKind(
        Kind.TERMINAL, "percent", Text("卡与 PSAM 不合而拒绝的比例", "taps declined by card or PSAM")
    ),
    "temperature": SignalKind(Kind.SERVICE, "celsius", Text("机器温度", "temperature of the machine")),
    "backup-age": SignalKind(Kind.SERVICE, "h", Text("最近备份的时长", "age of the last backup")),
    "backup-missing": SignalKind(Kind.SERVICE, "yes", Text("应有而没有备份", "no backup though there should be one")),
    "backup-verified-age": SignalKind(
        Kind.SERVICE, "h", Text("备份上次校验的时长", "time since a backup was last verified")
    ),
    "key-backup-unproven": SignalKind(
        Kind.SERVICE, "yes", Text("密钥备份的口令未经重输证明", "the paper of the sealed keys is not proven")
    ),
    "archive-failing": SignalKind(
        Kind.SERVICE, "yes", Text("数据库日志归档失败", "the database's log is not archived")
    ),
    "archive-waiting": SignalKind(
        Kind.SERVICE, "count", Text("未归档的数据库日志段", "segments of the database's log that are not archived")
    ),
    "sign-in-failures": SignalKind(Kind.SERVICE, "count", Text("五分钟内登录失败", "failed sign-ins in five minutes")),
    "revocation-unproved": SignalKind(Kind.SERVICE, "yes", Text("吊销未证实", "a revocation is not proved")),
    "enrol-wrong": SignalKind(Kind.SERVICE, "count", Text("试错的入网码", "wrong enrolment codes")),
    "enrol-stolen": SignalKind(
        Kind.SERVICE, "count", Text("被另一把密钥用过的入网码", "enrolment codes that another key used")
    ),
    "close-due": SignalKind(Kind.PERSON, "h", Text("日结逾期", "time since a cashier's day should have been closed")),
    "duty-hours": SignalKind(Kind.CAMPUS, "h", Text("值班表还够", "hours until nobody is on duty")),
    "beat-refused": SignalKind(Kind.SERVICE, "s", Text("值守心跳送不出", "time for which the beat was not taken")),
}
_READ: dict[str, Callable[[int], Text]] = {
    "s": lambda seconds: Text(*span(seconds)),
    "percent": lambda share: Text(f"{share}%", f"{share}%"),
    "fen": lambda fen: Text(f"¥{yuan(fen)}", f"¥{yuan(fen)}"),
    "days": lambda days: Text(f"{days} 天", f"{days} days"),
    "count": lambda count: Text(f"{count}", f"{count}"),
}
"""By unit; of what is only so or not, there is nothing to say."""


def in_unit(unit: str, value: float) -> Text:
    """A value with its unit, rounded as people say it."""
    if unit == "yes":
        return Text("是", "yes") if value else Text("否", "no")
    if unit in _READ:
        return _READ[unit](round(value))
    sign = {"h": " h", "celsius": " °C"}.get(unit, "")
    return Text(f"{value:.3g}{sign}", f"{value:.3g}{sign}")


def reading(rule: Rule | None, told: Params) -> Text | None:
    """What a signal read when it raised this rule's alarm, with its unit; None where there is nothing to say."""
    value = dict(told).get("value")
    if not isinstance(rule, SignalRule) or not isinstance(value, int) or rule.signal not in SIGNALS:
        return None
    says = _READ.get(SIGNALS[rule.signal].unit)
    return says(value) if says else None
