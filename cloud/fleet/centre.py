"""The centre's side of documents, for the ingest: what boxes say, what they are sent, and the look that follows.

Never raises KeyFault: without a key process nothing new is made, and what was made is sent on with the keys of before.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from cloud.fleet.making import Maker
from cloud.fleet.overseeing import Overseer
from cloud.fleet.sending import Sender, Sent
from cloud.fleet.signing import TrustSigner
from cloud.fleet.trusting import Trusting
from cloud.ledger.fleet.boxes.door import BoxLedger
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.holidays import Holidays
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.errors import KeyFault
from shared.ids import BoxId, DeviceId
from shared.keys.document_key import DocumentKey
from shared.wire.fleet_lane import (
    FirmwareProgress,
    FleetDown,
    Held,
    OnLink,
    PagesWanted,
    Piece,
    Reported,
    Tallied,
)
from shared.wire.messages import ReleasePartWanted, ReleaseSaid, ReleaseWanted

RETRY_MS = 1_000
"""So often it is looked what was offered and not taken, when nothing new was made."""
BEHIND_MS = 30_000
"""So often it is looked which terminals are behind."""
JOBS_MS = 500
"""So often it is looked whose turn it is, and whose clock has run out; an answer moves its job on at once."""


class Centre:
    """Belongs to the ledger thread. beat_age_s: of the watch's newest beat."""

    def __init__(
        self, opened: OpenedLedger, signer: TrustSigner, beat_age_s: Callable[[], float | None] = lambda: None
    ) -> None:
        self._ledger = DocumentLedger(opened)
        self._parameters = ParameterLedger(opened)
        self._opened = opened
        self._maker = Maker(self._ledger, signer)
        self._sender = Sender(self._ledger, self._serves)
        self._sender.remember(self._ledger.held_by())
        self._keys: Sequence[DocumentKey] = ()
        self._jobs = JobLedger(opened)
        self._firmware = FirmwareLedger(opened)
        self._boxes = BoxLedger(opened)
        self._trusting = Trusting(self._firmware, self._ledger, self._maker, signer)
        self._holidays = Holidays(opened)
        self._overseer = Overseer(opened, beat_age_s)
        self._due_ms = self._behind_ms = self._jobs_ms = 0

    def connected(self, box: BoxId) -> None:
        """A box greets: what it was offered counts no more."""
        self._sender.connected(box)

    def takes(self, box: BoxId) -> bool:
        """Does this box take documents? One of release 0.1 is told of stolen devices and awaited cards by messages."""
        return self._sender.takes(box)

    def held(self, box: BoxId, said: Held, now: Now) -> list[FleetDown]:
        """What it lacks. StoreFault."""
        if self._ledger.held(box, said, now):
            self._maker.doubt()
        self._sender.follow(self._ledger.versions()[1])
        keys = self._keys or self._fresh_keys(now)  # else the look keeps them fresh, outside of any transaction
        return self._sender.held(box, said, keys, now.unix_ms)

    def pages(self, asked: PagesWanted | ReleasePartWanted) -> list[FleetDown]:
        """Those that there are; of a release of boxes the part behind what is there. StoreFault."""
        if isinstance(asked, ReleasePartWanted):
            return [*self._boxes.part(asked)]
        return self._sender.pages(asked)

    def reported(self, box: BoxId, said: Reported, now: Now) -> None:
        """A terminal's word. StoreFault."""
        self._ledger.reported(box, said, now)

    def progressed(self, box: BoxId, said: FirmwareProgress, now: Now) -> None:
        """How far a release has come at terminals. StoreFault."""
        self._ledger.progressed(box, said, now)

    def runs(self, box: BoxId, said: ReleaseSaid, now: Now) -> ReleaseWanted:
        """What a box runs, and what it should. StoreFault."""
        return self._boxes.said(box, said, now)

    def on_link(self, box: BoxId, said: OnLink, now: Now) -> None:
        """A box has put an order on the link. StoreFault."""
        self._jobs.on_link(box, said, now)

    def said(self, box: BoxId, said: Piece, now: Now) -> None:
        """A piece of what a terminal says at length. StoreFault."""
        self._jobs.said(box, said, now)

    def tallied(self, box: BoxId, said: Tallied, now: Now) -> None:
        """What a terminal has served and refused. StoreFault."""
        self._parameters.tallied(box, said, now)

    def looked(self, now: Now) -> list[Sent]:
        """The hotlist follows the books; then what boxes lack. Cheap where nothing has changed. StoreFault."""
        books, _ = self._ledger.versions()
        self._maker.look(books, now)
        self._trusting.look(now)
        self._move_jobs_on(now)
        is_new = self._sender.follow(self._ledger.versions()[1])
        if not is_new and 0 <= now.unix_ms - self._due_ms < RETRY_MS:
            return []
        self._due_ms = now.unix_ms
        return self._sender.due(self._fresh_keys(now), now.unix_ms)

    def chores(self, now: Now) -> None:
        """Terminals that are behind, trials that end, canaries that are judged, a holiday that is near, a watch that
        stands still. StoreFault."""
        if not 0 <= now.unix_ms - self._behind_ms < BEHIND_MS:
            self._behind_ms = now.unix_ms
            self._ledger.tell_behind(now)
            self._parameters.end_due(now)
            self._parameters.watch(now)
            self._holidays.look(now)
            self._overseer.look(now)

    def _move_jobs_on(self, now: Now) -> None:
        if not 0 <= now.unix_ms - self._jobs_ms < JOBS_MS:
            self._jobs_ms = now.unix_ms
            self._jobs.move_on(now)
            self._firmware.move_on(now)
            self._boxes.move_on(now)

    def _fresh_keys(self, now: Now) -> Sequence[DocumentKey]:
        with suppress(KeyFault):  # those of before are as good
            self._keys = [*self._maker.keys(now), *self._firmware.keys()]
        return self._keys

    def _serves(self, box: BoxId, device: DeviceId) -> bool:
        return self._opened.picture.registry.serves(box, device)
