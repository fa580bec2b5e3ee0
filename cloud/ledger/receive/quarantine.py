"""Quarantine: bytes that prove nothing, kept as a work queue; and messages that are not even messages of ours.

A commit like any other: acknowledged, settled, listed until somebody decides.
"""

import hashlib
from collections.abc import Iterable
from enum import IntEnum

from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database
from shared.wire.codec import MESSAGE_MAX

COLUMNS = "record, reason, state, entry, opened_ms, changed_ms"
REASON_MAX = 200
WHOLE_MAX = 1000
"""Messages that are kept whole; of those after them the beginning, so that a box gone mad cannot fill the ledger's
disk with a quarter of a megabyte each. The digest is of all of it."""
BEGINNING = 256


class QuarantineState(IntEnum):
    """Frozen numbers: they stand in the books."""

    OPEN = 0
    POSTED = 1
    """Judged again and posted."""
    NO_ENTRY = 2
    """Judged again: nothing to post."""
    SUSPENSE = 3
    """Judged again: readable now, but without TAC."""


def open_cases(writing: Writing, cases: Iterable[tuple[int, Reason]]) -> None:
    """Put records into quarantine by their number in the books."""
    ms = writing.now.unix_ms
    rows = [(record, int(reason), int(QuarantineState.OPEN), None, ms, ms) for record, reason in cases]
    writing.db.insert("quarantine", COLUMNS, rows)


def keep_message(db: Database, box: str, partition: int, raw: bytes, reason: str, now_ms: int) -> bool:
    """Keep a message as it came, once. False: these bytes were kept before. Longer than MESSAGE_MAX, or one of too
    many: its beginning."""
    digest = hashlib.sha256(raw).digest()
    if db.run("SELECT 1 FROM junk WHERE digest = ?", (digest,)):
        return False
    last = db.run("SELECT max(id) FROM junk")[0][0] or 0
    kept = raw[: MESSAGE_MAX if last < WHOLE_MAX else BEGINNING]
    row = (last + 1, digest, now_ms, box, partition, reason[:REASON_MAX], kept)
    db.insert("junk", "id, digest, at_ms, box, partition, reason, raw", [row])
    return True
