"""What the ledger tells of offline pay codes 脱机付款码: what the school bears, and what proves nothing."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class OfflineCodeTwice(Told):
    code, level = "offline-code-twice", Level.URGENT
    zh = "同一脱机付款码用了两次：卡 {card}，{stall}，{fen:yuan} 由学校承担；凭证 {certificate} 第 {use} 次"
    en = (
        "one offline code was used twice: card {card}, {stall}, the school bears {fen:yuan}; "
        "certificate {certificate}, use {use}"
    )
    card: str
    stall: str
    certificate: int
    use: int
    fen: int


@dataclass(frozen=True)
class OfflineCodeBeyond(Told):
    code, level = "offline-code-beyond", Level.URGENT
    zh = "脱机付款码{why:beyondcode}：卡 {card}，{stall}，{fen:yuan} 由学校承担；凭证 {certificate}"
    en = (
        "an offline code {why:beyondcode}: card {card}, {stall}, the school bears {fen:yuan}; "
        "certificate {certificate}"
    )
    card: str
    stall: str
    certificate: int
    why: str
    fen: int


@dataclass(frozen=True)
class OfflineCodeShort(Told):
    code, level = "offline-code-short", Level.IMPORTANT
    zh = "脱机付款码超出账户余额：卡 {card}，{stall}，{fen:yuan} 由学校承担；凭证 {certificate}"
    en = (
        "an offline code was above the account: card {card}, {stall}, the school bears {fen:yuan}; "
        "certificate {certificate}"
    )
    card: str
    stall: str
    certificate: int
    fen: int


@dataclass(frozen=True)
class OfflineCodeDay(Told):
    code, level = "offline-code-day", Level.URGENT
    zh = "终端一日脱机付款码 {fen:yuan}，超出学校准许的 {most:yuan}：到现场核对该终端，{stall}"
    en = "a terminal took {fen:yuan} by offline codes in a day, {most:yuan} was allowed: look at it on site, {stall}"
    stall: str
    fen: int
    most: int


@dataclass(frozen=True)
class OfflineCodeUnproven(Told):
    code, level = "offline-code-unproven", Level.URGENT
    zh = "脱机付款码不实，已隔离：{reason:reason}，序号 {seq}"
    en = "an offline code proves nothing and is in quarantine: {reason:reason}, seq {seq}"
    reason: str
    seq: int


@dataclass(frozen=True)
class OfflineCodeWaits(Told):
    code, level = "offline-code-waits", Level.GENERAL
    zh = "脱机付款码挂账，{fen:yuan}：{reason:reason}"
    en = "an offline code waits in suspense, {fen:yuan}: {reason:reason}"
    reason: str
    fen: int
