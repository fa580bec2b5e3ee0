"""What a full quarantine says, against the books: as many are kept whole as were counted, a digest for the others."""

import hashlib
from collections import Counter

from cloud.ledger.checks.check import Check, walk
from cloud.ledger.receive.beyond import UNCOUNTED
from cloud.ledger.records.arrival import NOBODY, arrive, is_apart
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.words.voice import Text

NAME = "quarantine"
_DIGEST = hashlib.sha256().digest_size
_DAYS = "SELECT box, device, day, kept, beyond, digest FROM quarantine_day ORDER BY day, box, device"


def check_quarantine(db: Database) -> Check:
    """Every box, device and day."""
    days = db.run(_DAYS)
    here = _counted(db) if days else Counter()
    for box, device, day, kept, beyond, digest in days:
        named = f"{device.hex()} through {box}, day {day}"
        if len(digest) != (_DIGEST if beyond else 0) or (beyond and not kept):
            return Check(NAME, len(days), f"{named}: {beyond} records and no digest of them, or the other way round")
        found = here[box, bytes(device), day]
        if device != NOBODY and found < kept:
            return Check(NAME, len(days), f"{named}: {kept} records were kept, {found} are here")
    beyond = sum(row[4] for row in days)
    return Check(NAME, len(days), "", Text(f"只留摘要：{beyond}", f"digests only: {beyond}") if beyond else None)


def _counted(db: Database) -> Counter[tuple[str, bytes, int]]:
    found: Counter[tuple[str, bytes, int]] = Counter()
    for _, key, stored, verdict, reason, box, received_s in walk(
        db, "id, key, stored, verdict, reason, box, received_s", "record"
    ):
        if (verdict == Verdict.QUARANTINED and reason not in UNCOUNTED) or is_apart(key):
            found[box, bytes(arrive(stored).device), day_number(received_s)] += 1
    return found
