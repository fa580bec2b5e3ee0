"""What the ledger tells of losses after a report, and of terminals that two persons write off for a card."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class LossBorne(Told):
    code, level = "loss-late", Level.URGENT
    zh = "卡 {card} 的余款已解冻，其后又到 {terminal} {place} 的消费 {fen:yuan}，由学校承担"
    en = "card {card}: its balance was released before a purchase of {fen:yuan} came from {terminal} {place}"
    card: str
    terminal: str
    place: str
    fen: int


@dataclass(frozen=True)
class WriteOffDue(Told):
    code, level = "write-off-due", Level.IMPORTANT
    zh = "卡 {card} 的余款等终端 {terminal} 等 {count} 台，均已多个上课日未联系；销账待两人签字，可能损失 {fen:yuan}"
    en = (
        "card {card} waits for {terminal} and others, {count} in all, silent for school days: their write-off wants "
        "two signatures, {fen:yuan} may be lost"
    )
    card: str
    terminal: str
    count: int
    fen: int


@dataclass(frozen=True)
class WriteOffProposed(Told):
    code, level = "write-off-proposed", Level.NOTICE
    zh = "提议 {proposal}：卡 {card} 不再等终端 {terminal}（{count} 台），可能损失 {fen:yuan}，{maker}：{reason}"
    en = "proposal {proposal}: card {card} waits for {terminal} ({count}) no longer, {fen:yuan}; {maker}: {reason}"
    proposal: int
    card: str
    terminal: str
    count: int
    fen: int
    maker: str
    reason: str


@dataclass(frozen=True)
class WriteOffConfirmed(Told):
    code, level = "write-off-confirmed", Level.IMPORTANT
    zh = "提议 {proposal} 已确认：卡 {card} 的 {count} 台终端已销账，计提损失 {fen:yuan}，{maker} → {checker}"
    en = "proposal {proposal}: {count} terminals are written off for card {card}, {fen:yuan}; {maker} → {checker}"
    proposal: int
    card: str
    count: int
    fen: int
    maker: str
    checker: str


@dataclass(frozen=True)
class WriteOffRejected(Told):
    code, level = "write-off-rejected", Level.NOTICE
    zh = "提议 {proposal} 已否决：卡 {card} 仍等这 {count} 台终端，{maker} → {checker}"
    en = "proposal {proposal} is rejected: card {card} still waits for these {count} terminals; {maker} → {checker}"
    proposal: int
    card: str
    count: int
    maker: str
    checker: str
