"""Facts that the ledger itself tells the alarm rules, and those that edges report: kept in order, never edited.

Kept are a code and its parameters; the words stand in shared/facts. Bound: one row per code and device in one
transaction, or per code and box where no device is named, with the number of times, so that a flood of bad records is
not a flood of facts.
"""

import json

from cloud.ledger.records.judge import TOP_GRADE, Reason
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.books import RecordElsewhere, RecordHeld, RecordQuarantined, StolenUsed
from shared.facts.told import TEXT_MAX, TIMES, Level, Params, Told, Value
from shared.wire.messages import Fact

CODE_MAX = 64
COLUMNS = "id, at_ms, level, code, box, device, text, params"
HEX = "hex"
"""Bytes are written as {"hex": "00ff"}."""

FactRow = tuple[int, str, str, str, bytes, str, str]
"""A row without its number. text: what a box of before has said in its own words, else empty."""


class Notes:
    """Facts of one transaction, gathered and written at its end."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, bytes], tuple[Level, str, Told, int]] = {}

    def tell(self, told: Told, *, box: str = "", device: bytes = b"", level: Level | None = None) -> None:
        """Level: the fact's own, unless a higher one is given. Of one code and device the first one is written."""
        key = (told.code, "" if device else box, device)
        known = self._told.get(key)
        if known:
            self._told[key] = (*known[:3], known[3] + 1)
        else:
            self._told[key] = (level or told.level, box, told, 1)

    def quarantined(self, reason: Reason, box: str, device: bytes, seq: int, why: str = "") -> None:
        """A record went to quarantine."""
        level = Level.URGENT if reason in TOP_GRADE else Level.IMPORTANT
        self.tell(RecordQuarantined(reason.word, seq, why), box=box, device=device, level=level)

    def elsewhere(self, reason: Reason, box: str, device: bytes, seq: int) -> None:
        """A record of another box's terminal proves nothing."""
        level = Level.URGENT if reason in TOP_GRADE else Level.IMPORTANT
        self.tell(RecordElsewhere(reason.word, seq), box=box, device=device, level=level)

    def held(self, reason: Reason, box: str, device: bytes, seq: int) -> None:
        """A record's merchant side waits."""
        told = StolenUsed(seq) if reason is Reason.STOLEN else RecordHeld(reason.word, seq)
        self.tell(told, box=box, device=device)

    def write(self, db: Database, now_ms: int) -> None:
        """Idempotent only as part of its transaction."""
        rows = [
            row_of(told, now_ms, box=box, device=device, level=level, times=times)
            for (*_, device), (level, box, told, times) in self._told.items()
        ]
        append(db, rows)


def append(db: Database, rows: list[FactRow]) -> None:
    """Add facts without their numbers."""
    if rows:
        last = db.run("SELECT max(id) FROM fact")[0][0] or 0
        db.insert("fact", COLUMNS, [(last + n, *row) for n, row in enumerate(rows, 1)])


def row_of(
    told: Told, now_ms: int, *, box: str = "", device: bytes = b"", level: Level | None = None, times: int = 1
) -> FactRow:
    """The row of a fact of our own."""
    params = told.params() if times == 1 else (*told.params(), (TIMES, times))
    return now_ms, str(level or told.level), told.code, box, device, "", to_json(params)


def quiet_s(db: Database, now: Now) -> int:
    """Whole seconds since the last batch, box's word or fact; 0 where there never was one."""
    sql = (
        "SELECT (SELECT MAX(committed_ms) FROM batch), (SELECT MAX(at_ms) FROM box_state), "
        "(SELECT at_ms FROM fact WHERE id = (SELECT MAX(id) FROM fact))"
    )
    ((batch_ms, box_ms, fact_ms),) = db.run(sql)
    last_ms = max(batch_ms or 0, box_ms or 0, fact_ms or 0)
    return max(0, now.unix_ms - last_ms) // 1000 if last_ms else 0


def reported(box: str, fact: Fact, now_ms: int) -> FactRow:
    """The row of an edge's fact. What it tells is the edge's: bounded here, believed nowhere."""
    level = fact.level if fact.level in list(Level) else Level.GENERAL
    text = fact.told[:TEXT_MAX] if isinstance(fact.told, str) else ""
    params = () if isinstance(fact.told, str) else fact.told
    return fact.at_ms or now_ms, str(level), fact.code[:CODE_MAX], box, fact.device[:16], text, to_json(params)


def to_json(params: Params) -> str:
    """One text for each params: an object in the order of the telling."""
    told = {name: {HEX: value.hex()} if isinstance(value, bytes) else value for name, value in params}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Params:
    """What `to_json` wrote."""
    return tuple((name, _value(value)) for name, value in json.loads(text).items())


def _value(value: int | str | dict[str, str]) -> Value:
    return bytes.fromhex(value[HEX]) if isinstance(value, dict) else value
