"""The closed list of series: where each lives in a store, in which unit, in words, and which end of it is the bad one.

Pure. A series that follows a signal has the signal's name, unit and words. Tags are boxes, services and certificates:
few, and never a card or a person.
"""

from enum import StrEnum
from typing import NamedTuple

from cloud.watch.alarms.signals import SIGNALS
from shared.words.voice import Text


class Worst(StrEnum):
    """What a step of a chart keeps of its readings, in the words of every store."""

    MOST = "max"
    LEAST = "min"


class Series(NamedTuple):
    """measurement and field: of the line protocol; `measurement_field` is Prometheus's name. tag: '' for none."""

    measurement: str
    field: str
    tag: str
    unit: str
    words: Text
    worst: Worst = Worst.MOST

    @property
    def is_whole(self) -> bool:
        """Counted, not measured. A store keeps the type of a field for good."""
        return self.unit in ("count", "fen", "yes")

    @property
    def metric(self) -> str:
        """Its name in PromQL and on the page."""
        return f"{self.measurement}_{self.field}"


BOX, TERMINALS, LEDGER = "ykt_box", "ykt_terminals", "ykt_ledger"
SERVICE, MACHINE, CERTIFICATE, WATCH = "ykt_service", "ykt_machine", "ykt_certificate", "ykt_watch"
STATES = ("online", "silent", "unknown")
"""Of terminals: heard of late, not heard, and behind a box that does not tell."""


def _follows(signal: str, measurement: str, field: str, tag: str = "", worst: Worst = Worst.MOST) -> Series:
    kind = SIGNALS[signal]
    return Series(measurement, field, tag, kind.unit, kind.words, worst)


OF_SIGNALS = {
    "box-silent": _follows("box-silent", BOX, "silent_s", "box"),
    "box-unsettled": _follows("box-unsettled", BOX, "unsettled", "box"),
    "box-oldest": _follows("box-oldest", BOX, "oldest_s", "box"),
    "box-room": _follows("box-room", BOX, "room_percent", "box", Worst.LEAST),
    "box-plain": _follows("box-plain", BOX, "plain", "box"),
    "ledger-away": _follows("ledger-away", LEDGER, "away"),
    "ledger-late": _follows("ledger-late", LEDGER, "late_percent"),
    "trial-balance": _follows("trial-balance", LEDGER, "trial_balance_fen"),
    "differences": _follows("differences", LEDGER, "differences"),
    "quarantine": _follows("quarantine", LEDGER, "quarantine"),
    "suspense": _follows("suspense", LEDGER, "suspense"),
    "held": _follows("held", LEDGER, "held"),
    "load-oldest": _follows("load-oldest", LEDGER, "load_oldest_s"),
    "hotlist-unmade": _follows("hotlist-unmade", LEDGER, "hotlist_unmade"),
    "put-back": _follows("put-back", LEDGER, "put_back"),
    "service-down": _follows("service-down", SERVICE, "down", "service"),
    "disk-free": _follows("disk-free", MACHINE, "disk_free_percent", worst=Worst.LEAST),
    "memory-free": _follows("memory-free", MACHINE, "memory_free_percent", worst=Worst.LEAST),
    "certificate-left": _follows("certificate-left", CERTIFICATE, "left_days", "certificate", Worst.LEAST),
}
"""Each is a signal's readings as they come."""

OF_TERMINALS = {
    "terminals-online": Series(
        TERMINALS, "online", "box", "count", Text("在线终端", "terminals that are heard"), Worst.LEAST
    ),
    "terminals-silent": Series(TERMINALS, "silent", "box", "count", Text("断线终端", "terminals that are not heard")),
    "terminals-unknown": Series(
        TERMINALS, "unknown", "box", "count", Text("状态不明的终端", "terminals of which nothing is known")
    ),
    "terminals-owe": Series(
        TERMINALS, "owes", "box", "count", Text("各终端欠交记录之和", "records that terminals owe, in all")
    ),
    "terminals-gap": Series(TERMINALS, "gap", "box", "count", Text("各终端缺号之和", "lost numbers, in all")),
}
"""Counted over the terminals of a box: 5,000 of them are no tags."""

OF_WATCH = {
    "watch-turns": Series(WATCH, "turns", "", "count", Text("值守轮次", "turns of the watch since its start")),
    "watch-facts": Series(WATCH, "facts", "", "count", Text("已读事件", "facts that the watch has taken up")),
    "watch-raised": Series(WATCH, "raised", "", "count", Text("产生的报警", "alarms that were raised")),
    "watch-standing": Series(WATCH, "standing", "", "count", Text("在册报警", "alarms that are kept")),
    "watch-queued": Series(WATCH, "queued", "", "count", Text("已排队消息", "messages that were queued")),
    "metrics-dropped": Series(
        WATCH, "metrics_dropped", "", "count", Text("未能保存的指标", "points that no store has taken")
    ),
}
"""Since the start of its process, but `standing`."""

SERIES: dict[str, Series] = {**OF_SIGNALS, **OF_TERMINALS, **OF_WATCH}
