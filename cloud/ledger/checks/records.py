"""Records against their digests, keys, TACs and marks; and what is open."""

from collections.abc import Iterator

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check, proven, walk
from cloud.ledger.held.records_words import read_records
from cloud.ledger.held.two_persons import Outcome, ProposalKind
from cloud.ledger.journal.booking import CHUNK
from cloud.ledger.receive.beyond import beyond_marks
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.arrival import NOBODY, Arrival, arrive, is_apart, split_apart, split_key
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.marks import Mark, add, unpack_ranges
from cloud.ledger.records.values import CheckTac, Verdict
from cloud.store.db import Database
from shared.errors import KeyFault
from shared.purse.tac import TacVerdict
from shared.records import Cause, VoidRecord
from shared.wire.messages import RANGES_MAX
from shared.words.voice import Text

_POSTED_VOIDS = "SELECT record, entry FROM void_case WHERE state = ?"
_VOID_ENTRIES = "SELECT record, entry FROM posting WHERE kind = ? AND line = 0"
_BY_PIN = "SELECT record, proposal FROM void_case WHERE state = ? AND cause = ?"
_CONFIRMED = (
    "SELECT p.document FROM proposal p JOIN decision d ON d.proposal = p.id "
    "WHERE p.id = ? AND p.kind = ? AND d.outcome = ? AND d.checker <> p.maker"
)
_POSTED_WITHOUT_KEY = (
    "SELECT id FROM record WHERE verdict IN (?, ?) EXCEPT SELECT record FROM proof EXCEPT SELECT record FROM meal "
    "EXCEPT SELECT record FROM code_use ORDER BY 1 LIMIT 1"
)
"""Sorted sets: a join would look through all proofs for every record, for nothing else needs them by record. What an
emergency meal's record must have, and an offline code's, their own checks say."""
_POSTED = (int(Verdict.POSTED), int(Verdict.HELD))


def check_records(db: Database) -> Check:
    """Bytes fit their digest and key; every record judged 'posted' has its entry."""
    has_entry, released = _with_entry(db), _released(db)
    checked = 0
    columns = "id, key, fork, digest, stored, verdict, box"
    for number, key, fork, digest, stored, verdict, box in walk(db, columns, "record"):
        checked += 1
        a = arrive(stored)
        named = f"record {number} ({_shown(a.key)})"
        if a.digest != digest or not _is_its(a, key, fork, box):
            return Check("records", checked, f"{named}: its bytes are not those that came")
        if (verdict in _POSTED or number in released) and a.slot and number not in has_entry:
            return Check("records", checked, f"{named}: was posted and has no entry")
    return Check("records", checked)


def _is_its(a: Arrival, key: bytes, fork: int, box: str) -> bool:
    """Is it this record's key? One that was answered without its device has its row's."""
    if not is_apart(key):
        return key == a.key and fork in (0, a.fork_number)
    return split_apart(key)[2] == box and fork == a.fork_number


def _with_entry(db: Database) -> set[int]:
    rows = db.run("SELECT record FROM posting WHERE kind = ? AND line = 0", (int(EntryKind.PURCHASE),))
    return {record for (record,) in rows}


def _released(db: Database) -> set[int]:
    rows = db.run("SELECT record FROM quarantine WHERE state = ?", (int(QuarantineState.POSTED),))
    return {record for (record,) in rows}


def check_keys(db: Database) -> Check:
    """Every key names a record that proves it, and every posted record has its keys."""
    checked = 0
    for key, slot, claim, stored in proven(db):
        checked += 1
        a = arrive(stored) if stored is not None else None
        if a is None or a.item is None or a.card_key != key:
            return Check("keys", checked, f"card key {key.hex()} is not its record's")
        if (a.slot or None, a.claim or None) != (slot, claim):
            return Check("keys", checked, f"record {_shown(a.key)}: its terminal number stands differently")
    rows = db.run(_POSTED_WITHOUT_KEY, _POSTED)
    return Check("keys", checked, f"record {rows[0][0]} was posted and has no card key" if rows else "")


def check_tacs(db: Database, check_tac: CheckTac) -> Check:
    """Every TAC that made an entry, asked again."""
    checked, items, keys = 0, [], []
    for key, _, _, stored in proven(db):
        a = arrive(stored) if stored is not None else None
        if a is None or a.item is None:
            return Check("tacs", checked, f"card key {key.hex()} has no TAC behind it")
        items.append(a.item)
        keys.append(a.key)
        checked += 1
        if len(items) == CHUNK:
            broken = _wrong_tac(items, keys, check_tac)
            if broken:
                return Check("tacs", checked, broken)
            items, keys = [], []
    return Check("tacs", checked, _wrong_tac(items, keys, check_tac))


def _wrong_tac(items: list[bytes], keys: list[bytes], check_tac: CheckTac) -> str:
    if not items:
        return ""
    answers = check_tac(b"".join(items))
    if len(answers) != len(items):
        raise KeyFault("TAC check: not one verdict per item")
    return next(
        (f"record {_shown(key)}: its TAC is wrong" for key, v in zip(keys, answers, strict=True) if v != TacVerdict.OK),
        "",
    )


def check_marks(db: Database) -> Check:
    """What acks name is held, at least its digest (I4); what is held is named, as far as a mark has room."""
    marks = {
        (device, epoch): Mark(cumulative, unpack_ranges(ranges))
        for device, epoch, cumulative, ranges in db.run("SELECT device, epoch, cumulative, ranges FROM device_mark")
    }
    held = beyond_marks(db)
    checked = 0
    for key in _keys(db):
        device, epoch, seq = split_key(key)
        checked += 1
        mark = held.get((device, epoch), Mark())
        if mark.holds(seq):  # of other bytes under it only the digest is kept
            continue
        wider = add(mark, [seq])
        if wider == mark:
            body = device.hex()
            note = Text(
                f"{body} 超过 {RANGES_MAX} 段，未比对", f"more than {RANGES_MAX} ranges of {body}: not compared"
            )
            return Check("marks", checked, "", note)
        held[device, epoch] = wider
    for at in sorted({*marks, *held}):
        named, here = marks.get(at, Mark()), held.get(at, Mark())
        if not here.covers(named):
            return Check("marks", checked, f"{at[0].hex()}/{at[1]}: acknowledges records that are not held")
        if named != here and len(named.ranges) < RANGES_MAX:
            return Check("marks", checked, f"{at[0].hex()}/{at[1]}: holds records that it does not acknowledge")
    return Check("marks", checked)


def _keys(db: Database) -> Iterator[bytes]:
    """Keys of first bytes, in order of device, epoch, seq; without those of nobody."""
    last = NOBODY + b"\xff" * 6
    while True:
        rows = db.run("SELECT key FROM record WHERE key > ? AND fork = 0 ORDER BY key LIMIT ?", (last, CHUNK))
        yield from (key for (key,) in rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def check_voids(db: Database, check_tac: CheckTac) -> Check:
    """Every void that was posted has its MACs, asked again, and its entry; and no entry is without."""
    posted: dict[int, int] = dict(db.run(_POSTED_VOIDS, (int(VoidState.POSTED),)))
    entries: dict[int, int] = dict(db.run(_VOID_ENTRIES, (int(EntryKind.VOID),)))
    if posted != entries:
        record = min(record for record, _ in posted.items() ^ entries.items())
        return Check("voids", len(entries), f"record {record}: its void and its entry are not each other's")
    arrivals = [arrive(stored) for _, stored in db.find("SELECT id, stored FROM record WHERE id", list(posted))]
    asked = [(a, item) for a in arrivals for item in a.items if isinstance(a.record, VoidRecord)]
    if len({a.key for a, _ in asked}) != len(posted):
        return Check("voids", len(entries), "a void comes from a record that is none")
    answers = check_tac(b"".join(item for _, item in asked)) if asked else b""
    wrong = next((a for (a, _), v in zip(asked, answers, strict=True) if v != TacVerdict.OK), None)
    broken = f"record {_shown(wrong.key)}: its MAC is wrong" if wrong else _alone_fault(db)
    return Check("voids", len(entries), broken)


def _alone_fault(db: Database) -> str:
    """By PIN alone no void moves money, but by the word of two persons. Those of an older program have no cause."""
    for record, number in db.run(_BY_PIN, (int(VoidState.POSTED), int(Cause.CASHIER))):
        rows = db.run(_CONFIRMED, (number or 0, int(ProposalKind.VOID), int(Outcome.CONFIRMED)))
        if not rows or record not in read_records(rows[0][0]):
            return f"record {record}: a void by PIN alone has moved money, and no two persons have let it"
    return ""


def check_open(db: Database) -> Check:
    """Cases that somebody or something must still decide. Never broken."""
    (grey,) = db.run("SELECT COUNT(*) FROM suspense WHERE state = ?", (int(State.OPEN),))[0]
    (loads,) = db.run("SELECT COUNT(*) FROM load_case WHERE state = ?", (int(CaseState.PENDING),))[0]
    (bad,) = db.run("SELECT COUNT(*) FROM quarantine WHERE state = ?", (int(QuarantineState.OPEN),))[0]
    (voids,) = db.run("SELECT COUNT(*) FROM void_case WHERE state <> ?", (int(VoidState.POSTED),))[0]
    note = Text(
        f"灰记录 {grey}，圈存在途 {loads}，隔离 {bad}，撤销未结 {voids}",
        f"unproven records {grey}, loads in transit {loads}, quarantined {bad}, open voids {voids}",
    )
    return Check("open-cases", grey + loads + bad + voids, "", note)


def _shown(key: bytes) -> str:
    device, epoch, seq = split_key(key)
    return f"{device.hex()}/{epoch}/{seq}"
