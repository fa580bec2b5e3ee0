"""Storage epochs (RECORDS "Who"): a known (device, storage, PSAM) keeps its number, a new one gets the next.

Another flash under the same PSAM leaves a fact. Refuses bodies and PSAMs that are not registered here or reported
stolen, a fifth epoch while four are not drained, and to number on above an epoch that no ledger can have given.
"""

from collections.abc import Iterable

from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database
from shared.facts.books import EpochRefused, NewFlash
from shared.wire.messages import EPOCH_MAX, EpochAnswer, EpochRequest

EPOCHS_AHEAD = 16
"""An epoch that a box names counts at most so far above the ledger's own: 65535, named once, would lock a terminal out
for ever. An older copy of this ledger may have forgotten a few; more of them takes two persons."""
UNDRAINED_MAX = 4
"""Epochs that AUTH can list."""
TOO_MANY = "too-many-epochs"
AHEAD = "epoch-ahead"
REVOKED = "revoked"
"""Reported stolen: the box knows this word."""
_GIVEN = "SELECT device, epoch FROM (SELECT device, epoch FROM epoch UNION ALL SELECT device, epoch FROM epoch_let) g"
_WORDS = {
    Reason.DEVICE_UNKNOWN: "unknown-device",
    Reason.OTHER_BOX: "other-box",
    Reason.PSAM_UNKNOWN: "unknown-psam",
    Reason.PSAM_MOVED: "psam-moved",
}


def is_ahead(epoch: int, known: int) -> bool:
    """Further above the ledger's than a box's word counts."""
    return epoch > known + EPOCHS_AHEAD


def known_epochs(db: Database, keys: Iterable[tuple[bytes, int]]) -> dict[bytes, int]:
    """The ledger's highest epoch of each device that somebody names a high one of; (device, epoch) are those named."""
    devices = {device for device, epoch in keys if is_ahead(epoch, 0)}
    rows = db.find(f"{_GIVEN} WHERE device", sorted(devices)) if devices else []
    return {bytes(device): epoch for device, epoch in sorted(rows)}


def highest_given(db: Database, device: bytes) -> int:
    """The highest that the ledger gave this device, or two persons let through; 0 if there is none."""
    return max((epoch for _, epoch in db.run(f"{_GIVEN} WHERE device = ?", (device,))), default=0)


def assign(writing: Writing, box: str, request: EpochRequest) -> EpochAnswer:
    """Inside of a transaction; told only after the commit."""
    registry = writing.registry
    refusal = _WORDS.get(registry.place(box, request.device, request.psam).reason, "")
    if registry.stolen.names(request.device, request.psam):
        refusal = REVOKED
    if refusal:
        return _refused(writing, box, request, refusal)
    triple = (request.device, request.storage, request.psam)
    known = writing.db.run("SELECT epoch FROM epoch WHERE device = ? AND storage = ? AND psam = ?", triple)
    if known:
        return _answer(request, known[0][0])
    if _undrained(writing, request) >= UNDRAINED_MAX:
        return _refused(writing, box, request, TOO_MANY)
    given = highest_given(writing.db, request.device)
    if is_ahead(request.highest, given):
        return _refused(writing, box, request, AHEAD)
    epoch = _next(writing, request, given)
    if epoch > EPOCH_MAX:
        return _refused(writing, box, request, TOO_MANY)
    _note_new_flash(writing, box, request, epoch)
    row = (request.device, epoch, request.storage, request.psam)
    writing.db.insert("epoch", "device, epoch, storage, psam", [row])
    return _answer(request, epoch)


def _note_new_flash(writing: Writing, box: str, request: EpochRequest, epoch: int) -> None:
    """A PSAM that stays while the flash under it is another one needs no order, but somebody shall hear of it."""
    before = writing.db.run(
        "SELECT storage FROM epoch WHERE device = ? AND psam = ? ORDER BY epoch DESC LIMIT 1",
        (request.device, request.psam),
    )
    for (storage,) in before:
        told = NewFlash(request.psam, storage, request.storage, epoch)
        writing.notes.tell(told, box=box, device=request.device)


def _next(writing: Writing, request: EpochRequest, given: int) -> int:
    """Above all that registry, books and edge know: an older copy of this ledger may have forgotten some. Records of
    an epoch that is too far ahead count for nothing here, however they came into the books."""
    rows = writing.db.run("SELECT epoch FROM device_mark WHERE device = ?", (request.device,))
    held = max((epoch for (epoch,) in rows if not is_ahead(epoch, given)), default=0)
    return 1 + max(given, held, request.highest)


def _undrained(writing: Writing, request: EpochRequest) -> int:
    """Of those that the body's last STATUS still named."""
    sql = (
        "SELECT COUNT(*) FROM epoch_status e JOIN device_status d ON d.device = e.device AND d.at_ms = e.at_ms "
        "WHERE e.device = ? AND (e.settled < e.last OR e.open_slots > 0)"
    )
    return int(writing.db.run(sql, (request.device,))[0][0])


def _refused(writing: Writing, box: str, request: EpochRequest, word: str) -> EpochAnswer:
    known = request.device in writing.registry.devices
    about = word.encode() + (request.device if known else b"")  # numbers can be made up without end
    if writing.picture.is_first(box, about):
        writing.notes.tell(EpochRefused(word, request.psam), box=box, device=request.device)
    return _answer(request, 0, word)


def _answer(request: EpochRequest, epoch: int, reason: str = "") -> EpochAnswer:
    return EpochAnswer(request.request, request.device, request.storage, request.psam, epoch, reason)
