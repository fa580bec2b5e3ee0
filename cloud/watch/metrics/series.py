"""The closed list of series: where each lives in a store, in which unit, in words, and which end of it is the bad one.

Pure. A series that follows a signal has the signal's name, unit and words. Tags are boxes, their links, services and
certificates: few, and never a card or a person.
"""

from enum import StrEnum
from typing import NamedTuple

from cloud.watch.alarms.signals import SIGNALS
from shared.wire.box_state import Reading
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
BUS, BROKER, INGEST, KEYS, CONSOLE = "ykt_bus", "ykt_broker", "ykt_ingest", "ykt_keys", "ykt_console"
ENROLMENT = "ykt_enrolment"
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
    "cards-incomplete-though-drained": _follows("cards-incomplete-though-drained", LEDGER, "cards_incomplete"),
    "quarantine": _follows("quarantine", LEDGER, "quarantine"),
    "suspense": _follows("suspense", LEDGER, "suspense"),
    "held": _follows("held", LEDGER, "held"),
    "load-oldest": _follows("load-oldest", LEDGER, "load_oldest_s"),
    "hotlist-unmade": _follows("hotlist-unmade", LEDGER, "hotlist_unmade"),
    "put-back": _follows("put-back", LEDGER, "put_back"),
    "service-down": _follows("service-down", SERVICE, "down", "service"),
    "disk-free": _follows("disk-free", MACHINE, "disk_free_percent", worst=Worst.LEAST),
    "memory-free": _follows("memory-free", MACHINE, "memory_free_percent", worst=Worst.LEAST),
    "load-unwritten": _follows("load-unwritten", LEDGER, "load_unwritten"),
    "bus-silent": _follows("bus-silent", BUS, "silent_s", "bus"),
    "box-hours-left": _follows("box-hours-left", BOX, "room_left_h", "box", Worst.LEAST),
    "disk-hours-left": _follows("disk-hours-left", MACHINE, "disk_left_h", worst=Worst.LEAST),
    "temperature": _follows("temperature", MACHINE, "temperature_c"),
    "backup-age": _follows("backup-age", LEDGER, "backup_age_h"),
    "backup-missing": _follows("backup-missing", LEDGER, "backup_missing"),
    "backup-verified-age": _follows("backup-verified-age", LEDGER, "backup_verified_age_h"),
    "key-backup-unproven": _follows("key-backup-unproven", LEDGER, "key_backup_unproven"),
    "archive-failing": _follows("archive-failing", LEDGER, "archive_failing"),
    "archive-waiting": _follows("archive-waiting", LEDGER, "archive_waiting"),
    "sign-in-failures": _follows("sign-in-failures", CONSOLE, "sign_in_failures"),
    "revocation-unproved": _follows("revocation-unproved", ENROLMENT, "revocation_unproved"),
    "enrol-wrong": _follows("enrol-wrong", ENROLMENT, "wrong_codes"),
    "enrol-stolen": _follows("enrol-stolen", ENROLMENT, "stolen_codes"),
    "duty-hours": _follows("duty-hours", WATCH, "duty_left_h", worst=Worst.LEAST),
    "beat-refused": _follows("beat-refused", WATCH, "beat_refused_s"),
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


def _box(field: str, unit: str, words: Text, worst: Worst = Worst.MOST) -> Series:
    return Series(BOX, field, "box", unit, words, worst)


def _bus(field: str, unit: str, words: Text) -> Series:
    return Series(BUS, field, "bus", unit, words)


def _service(measurement: str, field: str, unit: str, words: Text, worst: Worst = Worst.MOST) -> Series:
    return Series(measurement, field, "", unit, words, worst)


OF_BOXES = {
    "box-cpu": _box("cpu_percent", "percent", Text("网关处理器占用", "processor of a box")),
    "box-memory-free": _box(
        "memory_free_percent", "percent", Text("网关内存剩余", "memory of a box, free"), Worst.LEAST
    ),
    "box-disk-free": _box("disk_free_percent", "percent", Text("网关磁盘剩余", "disk of a box, free"), Worst.LEAST),
    "box-temperature": _box("temperature_c", "celsius", Text("网关温度", "temperature of a box")),
    "outbox-rows": _box("outbox_rows", "count", Text("发件箱深度", "records in the outbox that wait")),
    "outbox-oldest": _box(
        "outbox_oldest_s", "s", Text("发件箱最旧一条的时长", "age of the oldest record in the outbox")
    ),
    "box-terminals": _box("registered", "count", Text("登记在此网关的终端", "terminals that are registered here")),
    "box-joined": _box("joined", "count", Text("已接入的终端", "terminals that have joined"), Worst.LEAST),
    "ack-p50": _box("ack_p50_s", "s", Text("终端等确认：半数", "a terminal waits for its ACK: half of them")),
    "ack-p99": _box("ack_p99_s", "s", Text("终端等确认：九成九", "a terminal waits for its ACK: 99 of 100")),
    "posted-p50": _box("posted_p50_s", "s", Text("收到至入账：半数", "from arrival until posted: half of them")),
    "posted-p99": _box("posted_p99_s", "s", Text("收到至入账：九成九", "from arrival until posted: 99 of 100")),
    "box-accepted": _box("accepted", "count", Text("网关已收记录", "records that a box has accepted")),
    "box-connects": _box("connects", "count", Text("网关连上代理的次数", "connections of a box to the broker")),
    "readings-dropped": _box("readings_dropped", "count", Text("网关未发的读数", "readings that a box has dropped")),
    "readings-lost": _box("readings_lost", "count", Text("途中丢失的读数", "readings that were lost on their way")),
    "readings-refused": _box("readings_refused", "count", Text("被拒的读数", "readings that the watch has refused")),
}
"""A box's own word, on up/bulk; counted since the start of its process, but `refused` and `lost`, which are ours."""

OF_BUSES = {
    "bus-load": _bus("load_percent", "percent", Text("总线负载", "load of a bus")),
    "bus-tec": _bus("tec", "count", Text("发送错误计数 TEC", "transmit error counter")),
    "bus-rec": _bus("rec", "count", Text("接收错误计数 REC", "receive error counter")),
    "bus-errors": _bus("errors", "count", Text("总线错误累计", "errors on a bus, in all")),
    "bus-offs": _bus("offs", "count", Text("离线 bus-off 次数", "times that the box was bus-off")),
    "bus-overflow": _bus("overflow", "count", Text("链路丢弃的输入", "input that a link has dropped")),
}
"""The same, of each link of a box; tag: box/link."""

OF_BROKER = {
    "broker-heard": _service(BROKER, "heard", "yes", Text("值守连着代理", "the watch hears the broker"), Worst.LEAST),
    "broker-clients": _service(BROKER, "clients", "count", Text("代理的连接", "connections at the broker")),
    "broker-received": _service(
        BROKER, "received", "count", Text("代理收到的消息", "messages that came to the broker")
    ),
    "broker-sent": _service(BROKER, "sent", "count", Text("代理发出的消息", "messages that the broker has sent")),
    "broker-dropped": _service(
        BROKER, "dropped", "count", Text("代理丢弃的消息", "messages that the broker has dropped")
    ),
    "broker-kept": _service(BROKER, "kept", "count", Text("代理保存的消息", "messages that the broker keeps")),
    "broker-bytes-in": _service(BROKER, "bytes_in", "count", Text("代理收到的字节", "bytes that came to the broker")),
    "broker-bytes-out": _service(
        BROKER, "bytes_out", "count", Text("代理发出的字节", "bytes that the broker has sent")
    ),
}
"""mosquitto's own word; of the embedded broker `heard` alone is known."""

BROKER_TOPICS = {
    "$SYS/broker/clients/connected": "broker-clients",
    "$SYS/broker/messages/received": "broker-received",
    "$SYS/broker/messages/sent": "broker-sent",
    "$SYS/broker/publish/messages/dropped": "broker-dropped",
    "$SYS/broker/store/messages/count": "broker-kept",
    "$SYS/broker/bytes/received": "broker-bytes-in",
    "$SYS/broker/bytes/sent": "broker-bytes-out",
}

OF_SERVICES = {
    "ingest-rate": _service(INGEST, "received_per_s", "per-s", Text("每秒入账", "records a second")),
    "ingest-received": _service(INGEST, "received", "count", Text("已收记录", "records that came")),
    "ingest-posted": _service(INGEST, "posted", "count", Text("已入账记录", "records that are posted")),
    "ingest-duplicates": _service(INGEST, "duplicates", "count", Text("重复记录", "records that came again")),
    "ingest-refused": _service(INGEST, "refused", "count", Text("拒收的消息", "messages that were refused")),
    "ingest-junk": _service(INGEST, "junk", "count", Text("不成形的消息", "messages that are none of ours")),
    "ingest-waiting": _service(INGEST, "waiting_records", "count", Text("待入账记录", "records that wait")),
    "ingest-key-faults": _service(
        INGEST, "key_faults", "count", Text("密钥进程未答", "the key process did not answer")
    ),
    "ingest-store-faults": _service(INGEST, "store_faults", "count", Text("数据库未答", "the database did not answer")),
    "ingest-lost": _service(INGEST, "connections_lost", "count", Text("断开的会话", "sessions that were lost")),
    "ingest-p50": _service(INGEST, "commit_p50_s", "s", Text("到达至提交：半数", "from arrival until committed: half")),
    "ingest-p99": _service(
        INGEST, "commit_p99_s", "s", Text("到达至提交：九成九", "from arrival until committed: 99 %")
    ),
    "keys-asked": _service(KEYS, "requests", "count", Text("密钥进程的请求", "requests to the key process")),
    "keys-refused": _service(KEYS, "refused", "count", Text("密钥进程拒绝的", "requests that it has refused")),
    "keys-items": _service(KEYS, "tac_items", "count", Text("核验的 TAC", "TACs that were checked")),
    "keys-callers": _service(KEYS, "connections", "count", Text("密钥进程的连接", "connections to the key process")),
    "keys-turned-away": _service(
        KEYS, "turned_away", "count", Text("密钥进程未接的", "callers that it has turned away")
    ),
    "keys-p50": _service(KEYS, "answer_p50_s", "s", Text("密钥进程应答：半数", "the key process answers: half")),
    "keys-p99": _service(KEYS, "answer_p99_s", "s", Text("密钥进程应答：九成九", "the key process answers: 99 of 100")),
    "console-viewers": _service(CONSOLE, "viewers", "count", Text("在看集控平台的", "viewers of the console")),
    "console-stale": _service(
        CONSOLE, "stale", "yes", Text("集控平台读不到账本", "the console does not reach the ledger")
    ),
}
"""A service's own page."""

OF_MACHINE = {
    "machine-cpu": _service(MACHINE, "cpu_percent", "percent", Text("服务器处理器占用", "processor of the server")),
}

OF_READINGS: dict[Reading, tuple[str, int]] = {
    Reading.CPU_PERMILLE: ("box-cpu", 10),
    Reading.MEMORY_FREE_PERMILLE: ("box-memory-free", 10),
    Reading.DISK_FREE_PERMILLE: ("box-disk-free", 10),
    Reading.TEMPERATURE_MC: ("box-temperature", 1000),
    Reading.OUTBOX_ROWS: ("outbox-rows", 1),
    Reading.OUTBOX_OLDEST_MS: ("outbox-oldest", 1000),
    Reading.TERMINALS: ("box-terminals", 1),
    Reading.TERMINALS_JOINED: ("box-joined", 1),
    Reading.ACK_P50_MS: ("ack-p50", 1000),
    Reading.ACK_P99_MS: ("ack-p99", 1000),
    Reading.POSTED_P50_MS: ("posted-p50", 1000),
    Reading.POSTED_P99_MS: ("posted-p99", 1000),
    Reading.ACCEPTED: ("box-accepted", 1),
    Reading.CONNECTS: ("box-connects", 1),
    Reading.BUS_LOAD_PERMILLE: ("bus-load", 10),
    Reading.BUS_TEC: ("bus-tec", 1),
    Reading.BUS_REC: ("bus-rec", 1),
    Reading.BUS_ERRORS: ("bus-errors", 1),
    Reading.BUS_OFFS: ("bus-offs", 1),
    Reading.BUS_OVERFLOW: ("bus-overflow", 1),
}
"""Which series a reading is, and by what it is divided."""

SERIES: dict[str, Series] = {
    **OF_SIGNALS, **OF_TERMINALS, **OF_BOXES, **OF_BUSES, **OF_SERVICES, **OF_BROKER, **OF_MACHINE, **OF_WATCH,
}  # fmt: skip
