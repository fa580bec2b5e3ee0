"""Nothing that arrived after its PSAM or body was reported stolen has reached a merchant (law of `stolen`)."""

from cloud.ledger.books.entry import EntryFlag
from cloud.ledger.checks.check import Check
from cloud.ledger.journal.theft_rows import read_marks, read_thefts
from cloud.ledger.read.thefts import booked_since
from cloud.ledger.records.marks import EMPTY
from cloud.ledger.records.stolen import Theft
from cloud.store.db import Database


def check_thefts(db: Database) -> Check:
    """Every purchase booked since the first report, against every report that stood then."""
    found = read_thefts(db)
    if not found:
        return Check("thefts", 0)
    marks, checked = read_marks(db), 0
    for entry, flags, _, a in booked_since(db, min(theft.entry for theft in found)):
        checked += 1
        for theft in found:
            waits = bool(flags & EntryFlag.MERCHANT_HELD) or not (theft.concerns(a) and _stood(theft, entry))
            if not waits and not marks.get((theft.number, a.device, a.epoch), EMPTY).holds(a.seq):
                shown = f"{a.device.hex()}/{a.epoch}/{a.seq}"
                return Check("thefts", checked, f"entry {entry}: {shown} of a stolen PSAM has reached the merchant")
    return Check("thefts", checked)


def _stood(theft: Theft, entry: int) -> bool:
    """Was the theft reported, and the PSAM not found again, when this was booked?"""
    return theft.entry < entry and (theft.found is None or entry <= theft.found[1])
