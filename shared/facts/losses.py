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
