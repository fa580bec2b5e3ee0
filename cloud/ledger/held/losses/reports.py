"""Reports of loss 挂失, and what the terminals had told at that moment: before and after are told by sequence.

After the report is what lies above the last number that a terminal had told, by STATUS or by its records. A terminal
that was silent then has told too little: of what lies above its last number its own time decides, if its clock was set;
if not, the school bears it. So does a report of before this was written down, for all terminals. A second report of a
card that is lost already is one more person's word, and moves nothing: the first one stands.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cloud.ledger.cards.life import DeedKind
from cloud.ledger.fleet.heard import marks
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.inventory import LOADERS
from shared.records import PurchaseRecord, parse_flags
from shared.wire import codec

SILENT_MS = 60_000
"""A terminal whose newest STATUS is older than this was silent; one is due every ten seconds."""


class Told(NamedTuple):
    """What a terminal had told when a card was reported lost. last: by epoch."""

    silent: bool
    last: Mapping[int, int]


class Report(NamedTuple):
    """A report of loss that stands: which deed, and when by the campus clock. told: by device."""

    deed: int
    at_s: int
    told: Mapping[bytes, Told]

    def is_after(self, device: bytes, epoch: int, said: PurchaseRecord) -> bool:
        """Did the card spend this after it was reported lost?"""
        told = self.told.get(device)
        if told is not None and said.seq <= told.last.get(epoch, 0):
            return False
        if told is not None and not told.silent:
            return True
        return not parse_flags(said.flags).clock_set or said.time > self.at_s


def freeze_told(writing: Writing, deed: int) -> None:
    """Write down what every terminal that can debit has told by now."""
    body = codec.dumps([[device, one.silent, list(map(list, one.last.items()))] for device, one in _told(writing)])
    writing.db.insert("loss_report", "deed, told", [(deed, body)])


def reports(db: Database, cards: list[bytes]) -> dict[bytes, Report]:
    """Of those cards that are reported lost and were not found."""
    standing: dict[bytes, tuple[int, int]] = {}
    for deed, card, kind, at_s in sorted(db.find("SELECT id, card, kind, at_s FROM card_deed WHERE card", cards)):
        if kind == DeedKind.LOST:
            standing.setdefault(bytes(card), (deed, at_s))
        elif kind == DeedKind.FOUND:
            standing.pop(bytes(card), None)
    deeds = [deed for deed, _ in standing.values()]
    told = {deed: _read(raw) for deed, raw in db.find("SELECT deed, told FROM loss_report WHERE deed", deeds)}
    return {card: Report(deed, at_s, told.get(deed, {})) for card, (deed, at_s) in standing.items()}


def _told(writing: Writing) -> list[tuple[bytes, Told]]:
    db, since_ms = writing.db, writing.now.unix_ms - SILENT_MS
    last: dict[bytes, dict[int, int]] = {}
    for device, epoch, seq in db.run("SELECT device, epoch, last FROM epoch_status"):
        last.setdefault(device, {})[epoch] = seq
    for (device, epoch), mark in marks(db).items():
        mine = last.setdefault(device, {})
        mine[epoch] = max(mine.get(epoch, 0), mark.highest())
    heard: dict[bytes, int] = dict(db.run("SELECT device, at_ms FROM device_status"))
    debitors = [device for device, kind in db.run("SELECT device, kind FROM device") if kind not in LOADERS]
    return [(one, Told(heard.get(one, 0) < since_ms, last.get(one, {}))) for one in sorted(debitors)]


def _read(raw: bytes) -> dict[bytes, Told]:
    return {device: Told(silent, dict(last)) for device, silent, last in codec.loads(raw)}
