"""Records, entries and cases by the names that people know them by. Inside of a snapshot."""

from collections.abc import Collection, Iterable, Sequence

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.keys import release_key, void_key, withdrawal_key
from cloud.ledger.funds import deposits, grants
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.views import EntryView, LoadView, QuarantineView, RecordView, SuspenseView, VoidView
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.arrival import arrive, case_key, record_key, split_key
from cloud.ledger.records.grey import State
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database, Row
from shared.ids import CardId
from shared.online import LoadResult
from shared.records import CounterKind, Kind, LoadRecord, PurchaseRecord
from shared.records.kinds import CountedRecord
from shared.wire import codec

_RECORD = "id, stored, verdict, reason, received_ms"
_ENTRY = "SELECT id, kind, effective_day, booked_at_ms, flags, record, reverses FROM entry WHERE"
_PURSES = (0b0001, 0b0010, 0b0101, 0b0110)
"""Main and subsidy application, ED and EP (records.purse_of)."""
_SIGNED = {
    int(EntryKind.DEPOSIT): deposits.FIELDS, int(EntryKind.GRANT): grants.FIELDS, int(EntryKind.CASH_IN): 1,
    int(EntryKind.CASH_OUT): 1, int(EntryKind.CASH_FLOAT): 1, int(EntryKind.CASH_CLOSED): 1,
}  # fmt: skip
"""Kind → at which place its document names who made it."""
_BY_CASE = (
    EntryKind.LOAD_AUTHORISED, EntryKind.LOAD_CONFIRMED, EntryKind.LOAD_CONFIRMED_BY_COUNTER, EntryKind.LOAD_REVERSED,
    EntryKind.LOAD_ALONE, EntryKind.CLAIM_AUTHORISED, EntryKind.CLAIM_REVERSED, EntryKind.CLAIM_ALONE,
)  # fmt: skip


def last_records(db: Database, most: int) -> list[RecordView]:
    """Newest first."""
    return _views(db, db.run(f"SELECT {_RECORD} FROM record ORDER BY id DESC LIMIT ?", (most,)))  # noqa: S608


def last_records_of(db: Database, device: bytes, most: int) -> list[RecordView]:
    """Of one terminal, by its own numbers, the highest first."""
    ends = record_key(device, 0, 0), record_key(device, 0xFFFF, 0xFFFFFFFF)
    found = db.run(f"SELECT {_RECORD} FROM record WHERE key >= ? AND key <= ? ORDER BY key DESC LIMIT ?", (*ends, most))  # noqa: S608
    return _views(db, found)


def records_of_key(db: Database, device: bytes, epoch: int, seq: int) -> list[RecordView]:
    """The first bytes under the key, then its forks."""
    key = record_key(device, epoch, seq)
    return _views(db, db.run(f"SELECT {_RECORD} FROM record WHERE key = ? ORDER BY id", (key,)))  # noqa: S608


def records_of_keys(
    db: Database, keys: Collection[tuple[bytes, int, int]]
) -> dict[tuple[bytes, int, int], list[RecordView]]:
    """The same of many keys in one go."""
    asked = [record_key(*key) for key in keys]
    rows = sorted(db.find(f"SELECT {_RECORD} FROM record WHERE key", asked))  # noqa: S608  # our own names
    found: dict[tuple[bytes, int, int], list[RecordView]] = {key: [] for key in keys}
    for one in _views(db, rows):
        found[bytes(one.device), one.epoch, one.seq].append(one)
    return found


def entries_of_counter(db: Database, card: CardId, counter: int, application: int | None = None) -> list[EntryView]:
    """By the card's keys, its grey records and its load cases: no scan. application None: of all its purses."""
    wanted_purses = [purse for purse in _PURSES if application in (None, purse >> 2)]
    purses = [card + bytes((purse,)) for purse in wanted_purses]
    keys = [p + bytes((kind,)) + counter.to_bytes(2, "big") for p in purses for kind in CounterKind]
    records = {record for (record,) in db.find("SELECT record FROM proof WHERE card_key", keys)}
    grey = db.find("SELECT counter, record FROM suspense WHERE purse", purses)
    records |= {record for n, record in grey if n == counter}
    loads = db.run("SELECT key, counter FROM load_case WHERE card = ?", (card,)) if not application else []
    cases = [key for key, n in loads if n == counter]
    wanted = _keys_of_cases(cases) + _keys_of_records(db, sorted(records))
    return _entries(db, db.find(f"{_ENTRY} key", wanted))


def entries_of_key(db: Database, device: bytes, epoch: int, seq: int) -> list[EntryView]:
    """Of the record and its forks."""
    key = record_key(device, epoch, seq)
    records = [number for (number,) in db.run("SELECT id FROM record WHERE key = ?", (key,))]
    wanted = _keys_of_records(db, records)
    return _entries(db, db.find(f"{_ENTRY} key", wanted))


def statement(db: Database, card: CardId, most: int) -> list[EntryView]:
    """Newest first; a scan of the journal."""
    accounts = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (card,))  # noqa: S608  # our own names
    if not accounts:
        return []
    marks = ", ".join("?" * len(accounts[0]))
    moved = db.run(
        f"SELECT DISTINCT entry FROM posting WHERE debit IN ({marks}) OR credit IN ({marks}) "  # noqa: S608  # marks only
        "ORDER BY entry DESC LIMIT ?",
        (*accounts[0], *accounts[0], most),
    )
    rows = db.find(f"{_ENTRY} id", [entry for (entry,) in moved])
    return _entries(db, rows)[::-1]


def entries_of_numbers(db: Database, numbers: Sequence[int]) -> list[EntryView]:
    """In the order of booking; a number that no entry has is not there."""
    return _entries(db, db.find(f"{_ENTRY} id", numbers)) if numbers else []


def open_suspense(db: Database, most: int) -> list[SuspenseView]:
    """Oldest first."""
    rows = db.run(
        "SELECT record, opened_ms FROM suspense WHERE state = ? ORDER BY record LIMIT ?", (int(State.OPEN), most)
    )
    records = records_numbered(db, [record for record, _ in rows])
    return [SuspenseView(records[record], opened) for record, opened in rows]


def open_quarantine(db: Database, most: int) -> list[QuarantineView]:
    """Oldest first."""
    rows = db.run(
        "SELECT record, reason, opened_ms FROM quarantine WHERE state = ? ORDER BY record LIMIT ?",
        (int(QuarantineState.OPEN), most),
    )
    records = records_numbered(db, [record for record, _, _ in rows])
    return [QuarantineView(records[record], Reason(why).name.lower(), opened) for record, why, opened in rows]


def open_voids(db: Database, most: int) -> list[VoidView]:
    """Oldest first."""
    rows = db.run(
        "SELECT record, target, reason, opened_ms FROM void_case WHERE state <> ? ORDER BY record LIMIT ?",
        (int(VoidState.POSTED), most),
    )
    records = records_numbered(db, [record for record, _, _, _ in rows])
    return [
        VoidView(records[record], split_key(target)[2], Reason(why).name.lower(), opened)
        for record, target, why, opened in rows
    ]


def loads(db: Database, most: int) -> list[LoadView]:
    """Pending first, then newest first."""
    rows = db.run(
        "SELECT l.key, l.card, COALESCE(c.label, ''), l.counter, l.amount_fen, l.state, l.result, l.evidence, "
        "l.opened_ms, l.changed_ms FROM load_case l LEFT JOIN card c ON c.card = l.card "
        "ORDER BY CASE WHEN l.state = ? THEN 0 ELSE 1 END, l.opened_ms DESC, l.key LIMIT ?",
        (int(CaseState.PENDING), most),
    )
    return [
        LoadView(
            *split_key(key), card, label, counter, fen, CaseState(state).name.lower(), LoadResult(result).name.lower(),
            evidence, opened, changed,
        )
        for key, card, label, counter, fen, state, result, evidence, opened, changed in rows
    ]  # fmt: skip


def _keys_of_cases(cases: Iterable[bytes]) -> list[bytes]:
    return [bytes((kind,)) + case for case in cases for kind in _BY_CASE]


def _keys_of_records(db: Database, records: Sequence[int]) -> list[bytes]:
    """Every key under which a record may have made an entry."""
    keys: list[bytes] = []
    for number, stored, fork in db.find("SELECT id, stored, fork FROM record WHERE id", records):
        a = arrive(stored)
        tail = fork.to_bytes(8, "big") if fork else b""
        keys.append(bytes((EntryKind.PURCHASE,)) + a.key + tail)
        keys.append(void_key(keys[-1]))
        alone = (EntryKind.LOAD_ALONE, EntryKind.CLAIM_ALONE)
        keys += [bytes((kind,)) + a.key + number.to_bytes(8, "big") for kind in alone]
        keys += [bytes((kind,)) + a.key + tail for kind in (EntryKind.MEAL, EntryKind.CODE_PAID)]
        if isinstance(a.record, LoadRecord):
            keys += _keys_of_cases([case_key(a)])
    keys = list(dict.fromkeys(keys + _keys_of_evidence(db, records)))
    return keys + _keys_of_releases(db, keys)


def _keys_of_releases(db: Database, keys: Sequence[bytes]) -> list[bytes]:
    """Of what two persons made of held entries, and of its withdrawal."""
    made = [release_key(entry) for (entry,) in db.find("SELECT entry FROM posting WHERE key", keys)]
    return made + [withdrawal_key(entry) for (entry,) in db.find("SELECT entry FROM posting WHERE key", made)]


def _keys_of_evidence(db: Database, records: Sequence[int]) -> list[bytes]:
    keys = []
    for record, generations in db.find("SELECT record, generation FROM suspense WHERE record", records):
        made = [
            bytes((EntryKind.EVIDENCE,)) + record.to_bytes(8, "big") + n.to_bytes(2, "big")
            for n in range(1, generations + 1)
        ]
        keys += made
        for (entry,) in db.find("SELECT entry FROM posting WHERE key", made):
            keys.append(withdrawal_key(entry))
    return keys


def _entries(db: Database, rows: Sequence[Row]) -> list[EntryView]:
    rows = sorted(rows)
    lines: dict[int, list[tuple[str, str, int]]] = {row[0]: [] for row in rows}
    found = db.find(
        "SELECT p.entry, p.line, d.code, c.code, p.fen FROM posting p JOIN account d ON d.id = p.debit "
        "JOIN account c ON c.id = p.credit WHERE p.entry",
        list(lines),
    )
    for entry, _, debit, credit, fen in sorted(found):
        lines[entry].append((debit, credit, fen))
    records = records_numbered(db, [row[5] for row in rows if row[5] is not None])
    names = _names(db, [row[0] for row in rows if row[1] in _SIGNED])
    return [
        EntryView(
            number, EntryKind(kind).name.lower(), day, booked, flags, records.get(record), reverses or 0,
            tuple(lines[number]), names.get(number, ""),
        )
        for number, kind, day, booked, flags, record, reverses in rows
    ]  # fmt: skip


def _names(db: Database, entries: Sequence[int]) -> dict[int, str]:
    """Entry → the person that its document names, where it names one."""
    found = {}
    for entry, line, kind, document in db.find("SELECT entry, line, kind, document FROM posting WHERE entry", entries):
        fields = codec.loads(document) if line == 0 and document else []
        if isinstance(fields, list) and len(fields) > _SIGNED[kind]:
            found[entry] = str(fields[_SIGNED[kind]])
    return found


def records_numbered(db: Database, numbers: Sequence[int]) -> dict[int, RecordView]:
    """By their numbers in the books."""
    rows = db.find(f"SELECT {_RECORD} FROM record WHERE id", list(dict.fromkeys(numbers)))  # noqa: S608  # our own names
    return {view.number: view for view in _views(db, rows)}


def _views(db: Database, rows: Sequence[Row]) -> list[RecordView]:
    arrivals = [arrive(row[1]) for row in rows]
    cards = [a.record.card for a in arrivals if a.record]
    labels: dict[bytes, str] = dict(db.find("SELECT card, label FROM card WHERE card", list(dict.fromkeys(cards))))
    devices = list(dict.fromkeys(bytes(a.device) for a in arrivals))
    names: dict[bytes, str] = dict(db.find("SELECT device, name FROM device WHERE device", devices))
    found = []
    for (number, stored, verdict, reason, received_ms), a in zip(rows, arrivals, strict=True):
        r = a.record
        found.append(
            RecordView(
                number, a.device, names.get(a.device, a.device.hex()), a.epoch, a.seq,
                Kind(r.kind).name.lower() if r else "",
                r.card if r else b"", labels.get(r.card, "") if r else "",
                r.counter if isinstance(r, CountedRecord) else 0,
                r.amount_fen if r else 0, r.time if r else 0, received_ms, Verdict(verdict).name.lower(),
                Reason(reason).name.lower(), stored, r.trip if isinstance(r, PurchaseRecord) else b"",
            )
        )  # fmt: skip
    return found
