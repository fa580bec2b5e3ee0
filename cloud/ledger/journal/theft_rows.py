"""The rows of reports of theft, append-only: read into one value, and added to. Inside of a transaction."""

from collections.abc import Iterable

from cloud.ledger.records.marks import Mark, pack_ranges, unpack_ranges
from cloud.ledger.records.stolen import Act, Stolen, Theft
from cloud.store.db import Database, Row

_COLUMNS = "id, version, act, psam, device, since_s, who, reason, at_ms, record, entry"
_MARK_COLUMNS = "revocation, device, epoch, cumulative, ranges"


def read_stolen(db: Database) -> Stolen:
    """The reports that stand."""
    thefts = read_thefts(db)
    numbers = {theft.number for theft in thefts if theft.found is None}
    marks = {key: mark for key, mark in read_marks(db).items() if key[0] in numbers}
    return Stolen(read_version(db), thefts, marks)


def read_version(db: Database) -> int:
    """Of the list that the newest row has made; 0 = there never was one."""
    return int(db.run("SELECT COALESCE(MAX(version), 0) FROM revocation")[0][0])


def read_thefts(db: Database) -> list[Theft]:
    """Every report, oldest first, those of what was found again too."""
    found: dict[int, Theft] = {}
    for number, _, act, psam, device, since_s, who, reason, at_ms, record, entry in db.run(
        f"SELECT {_COLUMNS} FROM revocation ORDER BY id"  # noqa: S608  # our own names
    ):
        if act == Act.STOLEN:
            found[number] = Theft(number, psam, device, since_s, who, reason, at_ms, record, entry)
        elif act == Act.FOUND:
            ended = [theft for theft in found.values() if theft.psam == psam and theft.found is None]
            found.update((theft.number, theft._replace(found=(record, entry))) for theft in ended)
    return list(found.values())


def read_marks(db: Database) -> dict[tuple[int, bytes, int], Mark]:
    """What the ledger held of each (theft, device, epoch) at the report."""
    rows = db.run(f"SELECT {_MARK_COLUMNS} FROM revocation_mark ORDER BY revocation, device, epoch")  # noqa: S608  # ours
    return {
        (number, device, epoch): Mark(cumulative, unpack_ranges(ranges))
        for number, device, epoch, cumulative, ranges in rows
    }


def add_row(db: Database, row: Row) -> int:
    """A row without its number; the number."""
    number = int(db.run("SELECT COALESCE(MAX(id), 0) FROM revocation")[0][0]) + 1
    db.insert("revocation", _COLUMNS, [(number, *row)])
    return number


def freeze_marks(db: Database, number: int, devices: Iterable[bytes]) -> None:
    """Write down what the ledger holds of every epoch of these bodies."""
    held = db.find("SELECT device, epoch, cumulative, ranges FROM device_mark WHERE device", sorted(set(devices)))
    rows = [
        (number, device, epoch, cumulative, pack_ranges(unpack_ranges(ranges)))
        for device, epoch, cumulative, ranges in held
    ]
    db.insert("revocation_mark", _MARK_COLUMNS, rows)
