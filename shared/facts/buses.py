"""What a box tells of its CAN buses: who disturbs one, where it is cut, and when it was clean again."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class BusSender(Told):
    code, case, level = "bus-culprit", "sender", Level.IMPORTANT
    zh = "总线 {link} 的故障点：地址 {address} 的 {name} 发送有故障，或其支线不良；坏帧 {errors}，离线 {offs} 次"
    en = "bus {link}: {name} at address {address} is faulty on transmit, or its stub; {errors} bad frames, off {offs}"
    link: str
    address: int
    name: str
    errors: int
    offs: int


@dataclass(frozen=True)
class BusReceiver(Told):
    code, case, level = "bus-culprit", "receiver", Level.IMPORTANT
    zh = "总线 {link} 的故障点：地址 {address} 的 {name} 接收有故障，破坏别人的帧 {errors}；被它赶下线的不是故障点"
    en = "bus {link}: {name} at address {address} is faulty on receive: {errors} frames of others; who is off is not it"
    link: str
    address: int
    name: str
    errors: int


@dataclass(frozen=True)
class BusSearched(Told):
    code, case, level = "bus-culprit", "searched", Level.IMPORTANT
    zh = "总线 {link} 的故障点：地址 {address} 的 {name}，它离开时总线无错，共查 {rounds} 轮"
    en = "bus {link}: {name} at address {address}: without it there are no errors; found in {rounds} rounds"
    link: str
    address: int
    name: str
    rounds: int


@dataclass(frozen=True)
class BusLine(Told):
    code, case, level = "bus-culprit", "line", Level.IMPORTANT
    zh = "总线 {link} 的错误人人都有：线缆、接头或网关一端；坏帧 {errors}"
    en = "bus {link}: all nodes have the errors: cable, connectors or the box's end; {errors} bad frames"
    link: str
    errors: int


@dataclass(frozen=True)
class BusUnknown(Told):
    code, case, level = "bus-culprit", "unknown", Level.GENERAL
    zh = "总线 {link} 有错误，原因不明：{why:bus}；请整夜观察；坏帧 {errors}"
    en = "bus {link} has errors, cause unknown: {why:bus}; watch it overnight; {errors} bad frames"
    link: str
    why: str
    errors: int


@dataclass(frozen=True)
class BusTerminator(Told):
    code, level = "bus-terminator", Level.GENERAL
    zh = "总线 {link} 疑似缺少终端电阻：错误一直均匀；请断电测量两线间电阻，应为六十欧"
    en = "bus {link}: a terminator may be missing, the errors are steady: power off and measure, sixty ohms are right"
    link: str


@dataclass(frozen=True)
class BusBabbling(Told):
    code, level = "bus-babbling", Level.IMPORTANT
    zh = "总线 {link} 上地址 {address} 的 {name} 发送过多，已限流：乱码帧 {junk}，限流 {throttled} 次"
    en = "bus {link}: {name} at address {address} babbles and is throttled: {junk} senseless frames, held {throttled}"
    link: str
    address: int
    name: str
    junk: int
    throttled: int


@dataclass(frozen=True)
class BusDuplicate(Told):
    code, level = "bus-duplicate-address", Level.IMPORTANT
    zh = "总线地址重复，在 {place}：登记的是 {device}，又来了 {other}"
    en = "two terminals share the address {place}: {device}, and now {other}"
    place: str
    device: bytes
    other: bytes


@dataclass(frozen=True)
class BusSegmentCut(Told):
    code, level = "bus-segment-cut", Level.URGENT
    zh = "总线 {link} 在 {behind} 与 {before} 之间断开，或该段断电：其后 {terminals} 台同时失联"
    en = "bus {link} is cut between {behind} and {before}, or power is off there: {terminals} fell silent at once"
    link: str
    behind: str
    before: str
    terminals: int


@dataclass(frozen=True)
class BusSegmentWhole(Told):
    code, level = "bus-segment-whole", Level.NOTICE
    zh = "总线 {link} 在 {before} 之前不再断开：其后的终端又在线"
    en = "bus {link} is no longer cut before {before}: the terminals behind it are heard again"
    link: str
    before: str


@dataclass(frozen=True)
class BusNodeBack(Told):
    code, level = "bus-node-back", Level.NOTICE
    zh = "总线 {link} 上地址 {address} 的 {name} 离线后恢复，累计 {offs} 次；线路是否完好另行判断"
    en = "bus {link}: {name} at address {address} was bus-off and is back, {offs} in all; that does not clear the line"
    link: str
    address: int
    name: str
    offs: int


@dataclass(frozen=True)
class BusClean(Told):
    code, level = "bus-clean", Level.NOTICE
    zh = "总线 {link} 一小时无错误"
    en = "bus {link}: an hour without errors"
    link: str


@dataclass(frozen=True)
class BusErrorPassive(Told):
    code, level = "bus-error-passive", Level.GENERAL
    zh = "总线 {link} 上地址 {address} 的 {name} 进入错误被动：发送错误计数 {tec}，接收错误计数 {rec}"
    en = "bus {link}: {name} at address {address} became error-passive: TEC {tec}, REC {rec}"
    link: str
    address: int
    name: str
    tec: int
    rec: int


@dataclass(frozen=True)
class BusLoadHigh(Told):
    code, case, level = "bus-load", "high", Level.GENERAL
    zh = "总线 {link} 负载 {percent}%"
    en = "bus {link}: load {percent} %"
    link: str
    percent: int


@dataclass(frozen=True)
class BusLoadOver(Told):
    code, case, level = "bus-load", "over", Level.NOTICE
    zh = "总线 {link} 负载回落到 {percent}%"
    en = "bus {link}: load is down to {percent} %"
    link: str
    percent: int


@dataclass(frozen=True)
class BusErrorsRise(Told):
    code, level = "bus-errors-rise", Level.GENERAL
    zh = "总线 {link} 的错误在增多：一小时 {errors} 次，此前平均 {before} 次"
    en = "bus {link} has more errors: {errors} in an hour, {before} on average before"
    link: str
    errors: int
    before: int
