"""A record's own bytes and what its TAC proves, for whoever looks into it. Pure.

Which purse paid, and how much of a mixed payment, is told by some of the bytes: they are covered for whoever may not
see a named person's aid, in every record alike, so that being covered says nothing.
"""

from cloud.ledger.read.views import RecordView
from cloud.ledger.records.arrival import arrive
from shared.records import PROVEN, Kind, Record, encode
from shared.words.voice import Text

_TELLING = {"purse": 1, "flags": 1, "amount_fen": 0x01010101, "balance_fen": 0x01010101}
"""Fields, and a change of each of their octets."""
COVERED = "••"
LINE = 16
_WRONG = ("wrong_tac", "void_mac", "void_witness", "payment_mac", "meal_mac", "code_mac")
_UNASKED = ("undecodable", "key_unknown", "defect", "card_unknown")
_BOOKED = ("posted", "held")
PROOF = {
    "true": ("ok", Text("正确", "right")),
    "wrong": ("bad", Text("错误", "wrong")),
    "none": ("warn", Text("没有 TAC（灰记录）", "carries none (a grey record)")),
    "unasked": ("off", Text("未验：无法核算", "not checked: it cannot be asked")),
    "unknown": ("off", Text("未知", "unknown")),
}


def tac_word(record: RecordView) -> tuple[str, Text]:
    """Its mark, and what is known of its proof: of a TAC, or of a terminal's MAC."""
    if record.reason in _WRONG:
        return PROOF["wrong"]
    if record.reason in _UNASKED or not record.kind:
        return PROOF["unasked"]
    if record.verdict in _BOOKED:
        return PROOF["true"]
    is_grey = Kind[record.kind.upper()] not in PROVEN and record.verdict == "suspense"
    return PROOF["none"] if is_grey and "void" not in record.kind else PROOF["unknown"]


def hexed(stored: bytes, *, aid: bool) -> list[str]:
    """In lines of LINE octets."""
    covered = set() if aid else _of_purse(stored)
    octets = [COVERED if at in covered else f"{octet:02x}" for at, octet in enumerate(stored)]
    return [" ".join(octets[at : at + LINE]) for at in range(0, len(octets), LINE)]


def _of_purse(stored: bytes) -> set[int]:
    """Where purse and flags (which of two halves it is) stand: there a record of another purse has other bytes."""
    record = arrive(stored).record
    if record is None:
        return set()
    start = len(stored) - len(encode(record))
    return {start + at for name in _TELLING for at in _changed(record, name)}


def _changed(record: Record, name: str) -> list[int]:
    if name not in record._fields:
        return []
    own = encode(record)
    other = encode(record._replace(**{name: getattr(record, name) ^ _TELLING[name]}))
    return [at for at, (one, two) in enumerate(zip(own, other, strict=True)) if one != two]
