"""The ledger's doors for documents of the fleet: each is one transaction, and answers after its commit.

For the ingest, which makes the hotlist and sends what was made, and for whoever makes another document.
"""

from collections.abc import Sequence
from dataclasses import replace

from cloud.ledger.fleet.documents import making, reported, rows
from cloud.ledger.fleet.documents.hotlist import (
    Listing,
    card_count,
    changed_listing,
    listing,
    names_these,
    note_named,
)
from cloud.ledger.fleet.documents.lists import REVOCATIONS, revocations_now
from cloud.ledger.fleet.documents.making import Books, Draft, draft, keep, keep_refreshed
from cloud.ledger.fleet.documents.rows import Document, Wanted, Which
from cloud.ledger.fleet.documents.standing import DocumentState, DocumentsView, TerminalRow, standing
from cloud.ledger.fleet.firmware import door as firmware
from cloud.ledger.fleet.jobs.door import note_held, note_reported
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from shared.facts.books import SpokenForTerminal
from shared.facts.fleet import DocumentBehind
from shared.facts.told import Told
from shared.fleet.document import CAMPUS, DocumentKind, Head, SignedHead
from shared.ids import BoxId
from shared.wire.fleet_lane import FirmwareProgress, Held, HeldRow, Reported

HOTLIST: Which = (DocumentKind.HOTLIST, CAMPUS)
BEHIND_MS = 120_000
"""A terminal that is heard and lacks something for so long is told, once for each generation."""
HEARD_MS = 60_000
"""One whose STATUS is older than this is not heard: it is away, and that is told elsewhere."""
STRANGER = b"?"


class DocumentLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database
        self._cards = -1
        """Of the registry, when all of the hotlist was looked at last."""

    # --- made -----------------------------------------------------------------------------------------------------

    def versions(self) -> tuple[Books, int]:
        """What rises when a card is listed, or a document made, by whichever process. Cheap: one row each."""
        with self.database.reading():
            return making.versions(self.database)

    def draft(self, which: Which, body: bytes, key_version: int, now: Now) -> Draft | None:
        """The next generation of this document, to be signed; None: nothing is new. WireFault: it is too long."""
        with self.database.reading():
            return draft(self.database, which, body, key_version, now)

    def draft_hotlist(self, key_version: int, now: Now, since: Books | None = None) -> tuple[Draft, Listing] | None:
        """The same of the hotlist, as the books say it. since: of which the newest one is; then what has changed is
        looked at alone, where that is little. WireFault where the cards do not fit."""
        with self.database.reading():
            found = self._changed(since) or self._listed(now)
            made = draft(self.database, HOTLIST, found.body, key_version, now)
            is_said = names_these(self.database, found)
        if made is None and not is_said:
            self._name(found, now)
        return (made, found) if made is not None else None

    def _name(self, found: Listing, now: Now) -> None:
        """The newest one refuses these cards as it is: one bit may be two cards'."""
        with self.opened.writing(now) as writing:
            last = rows.newest(writing.db, *HOTLIST)
            if last is not None:
                note_named(writing.db, last.generation, found)

    def _changed(self, since: Books | None) -> Listing | None:
        """None: all of it is to be looked at, for there are other cards than then, or too much has changed."""
        if since is None:
            return None
        is_same = making.versions(self.database)[0].registry == since.registry
        if not is_same and card_count(self.database) != self._cards:  # a grant, a theft: no card comes by those
            return None
        return changed_listing(self.database, since.hotlist)

    def _listed(self, now: Now) -> Listing:
        self._cards = card_count(self.database)
        return listing(self.database, now)

    def draft_revocations(self, key_version: int, now: Now) -> Draft | None:
        """The same of stolen devices."""
        with self.database.reading():
            body = revocations_now(self.database)
            return draft(self.database, REVOCATIONS, body, key_version, now) if body is not None else None

    def is_made(self, which: Which) -> bool:
        """Was there ever one?"""
        with self.database.reading():
            return rows.newest(self.database, *which) is not None

    def keep(
        self, made: Draft, signed: SignedHead, who: str, now: Now, names: Listing | None = None
    ) -> Document | None:  # fmt: skip
        """Durable, and to be sent, when this returns. names: of a hotlist. None: another one was made meanwhile."""
        with self.opened.writing(now) as writing:
            document = keep(writing, made, signed, who)
            if document is not None and names is not None:
                note_named(writing.db, document.generation, names)
            return document

    def refreshed(self, which: Which, key_version: int, now: Now) -> Head | None:
        """Its newest head as of now, to be signed; None: it was never made."""
        with self.database.reading():
            return making.refreshed(self.database, which, key_version, now)

    def keep_refreshed(self, head: Head, signed: SignedHead, now: Now) -> None:
        """The same document, said later."""
        with self.opened.writing(now) as writing:
            keep_refreshed(writing, head, signed)

    # --- sent -----------------------------------------------------------------------------------------------------

    def wanted(self) -> list[Wanted]:
        """The newest generation of every document."""
        with self.database.reading():
            return rows.wanted(self.database)

    def newest(self, which: Which) -> Document | None:
        """None: it was never made."""
        with self.database.reading():
            return rows.newest(self.database, *which)

    def body(self, document: Document) -> bytes:
        """All bytes of this generation."""
        with self.database.reading():
            return rows.body_of(self.database, document)

    def pages(self, which: Which, generation: int, numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        """These pages of that generation, those that it has."""
        with self.database.reading():
            document = rows.generation_of(self.database, *which, generation)
            if document is None:
                return []
            known = [number for number in numbers if number < len(document.hashes)]
            return list(zip(known, rows.pages_at(self.database, document, known), strict=True))

    # --- told -----------------------------------------------------------------------------------------------------

    def held(self, box: BoxId, held: Held, now: Now) -> bool:
        """All that is durable at this box. True: something of it is not what was made here."""
        with self.opened.writing(now) as writing:
            wrong = reported.store_held(writing.db, box, held, now.unix_ms)
            note_held(writing.db, box, held, now.unix_ms)
            firmware.note_held(writing, box, held)
            for told in wrong:
                writing.notes.tell(told, box=box)
            return bool(wrong)

    def held_by(self) -> dict[str, list[HeldRow]]:
        """Box → what it said last that it holds."""
        with self.database.reading():
            return reported.held_by(self.database)

    def reported(self, box: BoxId, said: Reported, now: Now) -> None:
        """A terminal's word, by its own box; of another's nothing is kept but a fact, once."""
        with self.opened.writing(now) as writing:
            if writing.registry.serves(box, said.device):
                told = reported.store_reported(writing.db, box, said, now.unix_ms)
                note_reported(writing, said)
                firmware.note_reported(writing, said)
                if told is not None:
                    writing.notes.tell(told, box=box, device=said.device)
            elif writing.picture.is_first(box, writing.named(said.device) or STRANGER):
                writing.notes.tell(SpokenForTerminal(said.device), box=box, device=writing.named(said.device))

    def progressed(self, box: BoxId, said: FirmwareProgress, now: Now) -> None:
        """How far a release has come at terminals, by their own box."""
        with self.opened.writing(now) as writing:
            mine = tuple(row for row in said.rows if writing.registry.serves(box, row.device))
            firmware.note_progress(writing, replace(said, rows=mine))

    def tell(self, told: Told, now: Now) -> None:
        """What the maker has noticed."""
        with self.opened.writing(now) as writing:
            writing.notes.tell(told)

    def tell_behind(self, now: Now) -> int:
        """Tell of terminals that are heard and lack a generation for BEHIND_MS; how many."""
        with self.database.reading():
            rows = self.database.run("SELECT device FROM device_status WHERE at_ms > ?", (now.unix_ms - HEARD_MS,))
            heard = {bytes(device) for (device,) in rows}
            late = [one for one in standing(self.database).terminals if one.device in heard and _is_late(one, now)]
        if late:
            with self.opened.writing(now) as writing:
                for row in late:
                    _tell_behind(writing, row)
        return len(late)

    def standing(self) -> DocumentsView:
        """Wanted beside reported."""
        with self.database.reading():
            return standing(self.database)


def _is_late(row: TerminalRow, now: Now) -> bool:
    if row.standing is not DocumentState.BEHIND or row.known is None or row.known.told == row.wanted:
        return False
    return now.unix_ms - row.behind_ms >= BEHIND_MS


def _tell_behind(writing: Writing, row: TerminalRow) -> None:
    kind, whom = row.which
    seconds = (writing.now.unix_ms - row.behind_ms) // 1000
    has = row.known.said.generation if row.known else 0
    told = DocumentBehind(kind.name.lower(), row.name, has, row.wanted, seconds)
    writing.notes.tell(told, box=row.box, device=row.device)
    reported.note_behind(writing.db, row.device, kind, whom, row.wanted)
