"""What a box tells of its terminals. The first six are the illegal-terminal cases 非法终端."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class TerminalUnknown(Told):
    code, level = "terminal-unknown", Level.IMPORTANT
    zh = "未登记的终端号 {device}，在 {place}"
    en = "unknown terminal number {device} at {place}"
    device: bytes
    place: str


@dataclass(frozen=True)
class TerminalWrongKey(Told):
    code, level = "terminal-wrong-key", Level.IMPORTANT
    zh = "终端密钥不符，在 {place}"
    en = "a terminal with a wrong key at {place}"
    place: str


@dataclass(frozen=True)
class TerminalLiveTwice(Told):
    code, level = "terminal-live-twice", Level.URGENT
    zh = "终端号 {device} 同时在线两处"
    en = "terminal number {device} is live twice"
    device: bytes


@dataclass(frozen=True)
class TerminalMacFailures(Told):
    code, level = "terminal-mac-failures", Level.IMPORTANT
    zh = "校验或计数错误过多，会话终止，在 {place}"
    en = "too many bad MACs or counters at {place}: the session is over"
    place: str


@dataclass(frozen=True)
class RecordFork(Told):
    code, level = "record-fork", Level.URGENT
    zh = "同号不同记录：存储代 {epoch} 序号 {seq}"
    en = "same number, other bytes: epoch {epoch} seq {seq}"
    epoch: int
    seq: int


@dataclass(frozen=True)
class TerminalUnauthenticated(Told):
    code, level = "terminal-unauthenticated", Level.IMPORTANT
    zh = "未认证的报文，在 {place}"
    en = "unauthenticated traffic at {place}"
    place: str


@dataclass(frozen=True)
class TerminalMalformed(Told):
    code, level = "terminal-malformed", Level.GENERAL
    zh = "终端报文无法解读，在 {place}：{fault}"
    en = "a malformed message at {place}: {fault}"
    place: str
    fault: str


@dataclass(frozen=True)
class TerminalPlain(Told):
    code, level = "terminal-plain", Level.IMPORTANT
    zh = "未加密的连接，此端口只收 TLS，在 {place}"
    en = "a call without TLS at a port that takes nothing else: {place}"
    place: str


@dataclass(frozen=True)
class TerminalUnbelieved(Told):
    code, level = "terminal-certificate", Level.IMPORTANT
    zh = "终端证书不在本网关名单上，在 {place}"
    en = "a certificate that this box does not know at {place}"
    place: str


@dataclass(frozen=True)
class TerminalTlsBroken(Told):
    code, level = "terminal-tls-broken", Level.GENERAL
    zh = "TLS 连接失败，在 {place}：{fault}"
    en = "TLS did not come about at {place}: {fault}"
    place: str
    fault: str


@dataclass(frozen=True)
class TerminalFlooding(Told):
    code, level = "terminal-flooding", Level.GENERAL
    zh = "终端报文过多，在 {place}"
    en = "too many messages at {place}"
    place: str


@dataclass(frozen=True)
class TerminalMoved(Told):
    code, level = "terminal-moved", Level.NOTICE
    zh = "终端不在登记的位置，而在 {place}"
    en = "a terminal is not at its registered place, but at {place}"
    place: str


@dataclass(frozen=True)
class TerminalRolledBack(Told):
    code, level = "terminal-rolled-back", Level.URGENT
    zh = "终端只到 {last}，网关已收 {held}"
    en = "the body has gone back from {held} to {last}"
    held: int
    last: int


@dataclass(frozen=True)
class TerminalTooManyEpochs(Told):
    code, level = "terminal-too-many-epochs", Level.IMPORTANT
    zh = "未清存储代已达 {most} 个"
    en = "{most} epochs are not drained"
    most: int


@dataclass(frozen=True)
class TerminalNoEpoch(Told):
    code, level = "terminal-no-epoch", Level.IMPORTANT
    zh = "中心拒绝编存储代：{reason:refusal}"
    en = "the platform gives no epoch: {reason:refusal}"
    reason: str


@dataclass(frozen=True)
class SpareWaits(Told):
    code, level = "spare-waits", Level.NOTICE
    zh = "备用机到场，尚无换机单，不能营业，在 {place}"
    en = "a spare body is here without a swap order, and may not sell, at {place}"
    place: str


@dataclass(frozen=True)
class StolenElsewhere(Told):
    code, level = "stolen-elsewhere", Level.URGENT
    zh = "已挂失的终端或 PSAM 出现在未登记它的网关：终端 {device}，PSAM {psam}，在 {place}"
    en = "a stolen body or PSAM is at a box where it was never registered: body {device}, PSAM {psam} at {place}"
    device: bytes
    psam: bytes
    place: str


@dataclass(frozen=True)
class TerminalRevoked(Told):
    code, level = "terminal-revoked", Level.URGENT
    zh = "已挂失的终端或 PSAM 到场：PSAM {psam}，在 {place}"
    en = "a revoked body or PSAM is here: PSAM {psam} at {place}"
    psam: bytes
    place: str
