"""Facts that the ledger itself tells the alarm rules, and those that edges report: kept in order, never edited.

Codes are a promise to the rules: added to, never renamed. Bound: one row per code and device in one transaction, with
the number of times, so that a flood of bad records is not a flood of facts.
"""

from enum import StrEnum

from cloud.ledger.records.judge import TOP_GRADE, Reason
from cloud.store.db import Database
from shared.facts import TEXT_MAX, Level
from shared.wire.messages import Fact

CODE_MAX = 64
COLUMNS = "id, at_ms, level, code, box, device, text"


class Code(StrEnum):
    """What the ledger noticed."""

    RECORD_FORK = "record-fork"
    RECORD_HELD = "record-held"
    RECORD_QUARANTINED = "record-quarantined"
    TTN_TWO_CARDS = "ttn-two-cards"
    TIME_DOUBTFUL = "time-doubtful"
    LOAD_WITHOUT_DEBIT = "load-without-debit"
    LOAD_CONTRADICTION = "load-contradiction"
    LOAD_REUSED = "load-reused"
    ACCOUNT_NEGATIVE = "account-negative"
    EVIDENCE_WITHDRAWN = "evidence-withdrawn"
    LEDGER_RECOVERY = "ledger-recovery"
    ACK_FORGED = "ack-forged"
    ACK_FOREIGN = "ack-foreign"
    EPOCH_REFUSED = "epoch-refused"
    MESSAGE_JUNK = "message-junk"
    HOTLISTED = "hotlisted"
    SPOKEN_FOR = "spoken-for"
    GRANTED = "granted"
    UNLOAD_CONTRADICTION = "unload-contradiction"
    MAC3_WRONG = "mac3-wrong"
    CASH_DIFFERENCE = "cash-difference"
    CARD_LIFE = "card-life"
    PSAM_STOLEN = "psam-stolen"
    PSAM_FOUND = "psam-found"
    STOLEN_USED = "stolen-used"
    REVOCATIONS_BEHIND = "revocations-behind"
    VOID_HELD = "void-held"
    CERTIFICATE_ENDS = "certificate-ends"
    HELD_PROPOSED = "held-proposed"
    HELD_RELEASED = "held-released"
    HELD_RETURNED = "held-returned"
    HELD_REJECTED = "held-rejected"


LEVELS = {
    Code.RECORD_FORK: Level.URGENT,
    Code.LOAD_CONTRADICTION: Level.URGENT,
    Code.LEDGER_RECOVERY: Level.URGENT,
    Code.ACK_FORGED: Level.URGENT,
    Code.ACK_FOREIGN: Level.URGENT,
    Code.UNLOAD_CONTRADICTION: Level.URGENT,
    Code.MAC3_WRONG: Level.URGENT,
    Code.CARD_LIFE: Level.NOTICE,
    Code.PSAM_STOLEN: Level.URGENT,
    Code.STOLEN_USED: Level.URGENT,
    Code.REVOCATIONS_BEHIND: Level.URGENT,
    Code.TIME_DOUBTFUL: Level.GENERAL,
    Code.EVIDENCE_WITHDRAWN: Level.GENERAL,
    Code.GRANTED: Level.NOTICE,
    Code.HELD_PROPOSED: Level.NOTICE,
    Code.HELD_RELEASED: Level.NOTICE,
    Code.HELD_RETURNED: Level.NOTICE,
    Code.HELD_REJECTED: Level.NOTICE,
}

REASON_WORDS = {
    Reason.DEVICE_UNKNOWN: "终端未登记 unknown device",
    Reason.OTHER_BOX: "别的网关的终端 another box's device",
    Reason.PSAM_UNKNOWN: "PSAM 未登记 unknown PSAM",
    Reason.PSAM_MOVED: "PSAM 换了机身 PSAM in another body",
    Reason.STOLEN: "已挂失的 PSAM 或终端 stolen PSAM or body",
    Reason.FORK: "同号不同内容 same number, other bytes",
    Reason.UNDECODABLE: "无法解读 unreadable",
    Reason.WRONG_TAC: "TAC 错误 wrong TAC",
    Reason.KEY_UNKNOWN: "密钥版本未知 unknown key version",
    Reason.CARD_UNKNOWN: "卡未登记 unknown card",
    Reason.CARD_KEY_TAKEN: "卡计数器已入账 card counter already proven by other bytes",
    Reason.TTN_TAKEN: "TAC 被重用 TAC used again under other numbers",
    Reason.VOID_MAC: "撤销签名错误 wrong MAC of a void",
    Reason.LOAD_PURSE: "圈存写明的不是主钱包 a load of another purse than the main one",
}


class Notes:
    """Facts of one transaction, gathered and written at its end."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, bytes], tuple[Level, str, str, int]] = {}

    def tell(self, code: Code, text: str, *, box: str = "", device: bytes = b"", level: Level | None = None) -> None:
        """Level: the code's own (重要 if it has none), unless a higher one is given."""
        known = self._told.get((code, device))
        if known:
            self._told[code, device] = (*known[:3], known[3] + 1)
        else:
            self._told[code, device] = (level or LEVELS.get(code, Level.IMPORTANT), box, text, 1)

    def quarantined(self, reason: Reason, box: str, device: bytes, seq: int, why: str = "") -> None:
        """A record went to quarantine."""
        level = Level.URGENT if reason in TOP_GRADE else Level.IMPORTANT
        text = f"{REASON_WORDS[reason]}: seq {seq} {why}".rstrip()
        self.tell(Code.RECORD_QUARANTINED, text, box=box, device=device, level=level)

    def held(self, reason: Reason, box: str, device: bytes, seq: int) -> None:
        """A record's merchant side waits."""
        code = Code.STOLEN_USED if reason is Reason.STOLEN else Code.RECORD_HELD
        self.tell(code, f"{REASON_WORDS[reason]}: seq {seq}", box=box, device=device)

    def write(self, db: Database, now_ms: int) -> None:
        """Idempotent only as part of its transaction."""
        rows = [
            (now_ms, str(level), code, box, device, _counted(text, times))
            for (code, device), (level, box, text, times) in self._told.items()
        ]
        append(db, rows)


def append(db: Database, rows: list[tuple[int, str, str, str, bytes, str]]) -> None:
    """Add facts without their numbers."""
    if rows:
        last = db.run("SELECT max(id) FROM fact")[0][0] or 0
        db.insert("fact", COLUMNS, [(last + n, *row) for n, row in enumerate(rows, 1)])


def reported(box: str, fact: Fact, now_ms: int) -> tuple[int, str, str, str, bytes, str]:
    """The row of an edge's fact. Its words are the edge's: bounded here, believed nowhere."""
    level = fact.level if fact.level in list(Level) else Level.GENERAL
    return fact.at_ms or now_ms, str(level), fact.code[:CODE_MAX], box, fact.device[:16], fact.text[:TEXT_MAX]


def _counted(text: str, times: int) -> str:
    return (text if times == 1 else f"{text} ×{times}")[:TEXT_MAX]
