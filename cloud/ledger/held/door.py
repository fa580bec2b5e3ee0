"""The ledger's doors for what two persons decide: each is one transaction, and answers after its commit.

For two persons, whether they stand at a command line or a screen. ProposalRefused changed nothing.
"""

from collections.abc import Sequence

from cloud.ledger.fleet.parameters.rows import KeptFile, Making, Push, file_of
from cloud.ledger.held.orders import confirm_order, propose_epoch, propose_move, reject_order
from cloud.ledger.held.put_backs import confirm_close, propose_close, reject_close
from cloud.ledger.held.releases import Side, confirm_release, propose_release, reject_release
from cloud.ledger.held.swaps import confirm_swap, propose_swap, reject_swap
from cloud.ledger.held.tightening import Offer, confirm_tighter, offered, propose_tighter, reject_tighter
from cloud.ledger.held.two_persons import Decided, Proposal
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile
from shared.ids import BoxId, DeviceId


class HeldLedger:
    """Over an opened ledger; belongs to one thread at a time. What is ordered about terminals is in here, too."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self.database = opened.database

    def propose_swap(self, number: int, who: str, reason: str, now: Now) -> Proposal:
        """The first person's word on a swap."""
        with self._opened.writing(now) as writing:
            return propose_swap(writing, number, who, reason)

    def confirm_swap(self, proposal: int, who: str, now: Now) -> Decided:
        """The second person's word: from here on what the spare brings is its merchant's. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_swap(writing, proposal, who)

    def reject_swap(self, proposal: int, who: str, reason: str, now: Now) -> Decided:
        """What the spare brings stays held. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_swap(writing, proposal, who, reason)

    def propose_tighter(
        self, file: CampusFile, devices: Sequence[bytes], days: int, refused: tuple[int, int], who: str, reason: str,
        now: Now,
    ) -> Proposal:  # fmt: skip
        """The first person's word on limits that refuse what was allowed: nothing changes yet."""
        with self._opened.writing(now) as writing:
            return propose_tighter(writing, file, devices, days, refused, who, reason)

    def tighter(self, number: int) -> tuple[Offer, KeptFile]:
        """What was proposed, and the file. ProposalRefused."""
        with self.database.reading():
            offer = offered(self.database, number)
            return offer, file_of(self.database, offer.file)

    def confirm_tighter(
        self, number: int, who: str, made: Sequence[Making], until_s: int, now: Now
    ) -> tuple[Decided, Push | None]:
        """The second person's word: on its way to the terminals when this returns, and its end with it. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_tighter(writing, number, who, made, until_s)

    def reject_tighter(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """Limits stay as they are. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_tighter(writing, number, who, reason)

    def propose_release(self, side: Side, entries: Sequence[int], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing moves yet."""
        with self._opened.writing(now) as writing:
            return propose_release(writing, side, entries, who, reason)

    def confirm_release(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: all entries of the proposal are in the books when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_release(writing, number, who)

    def reject_release(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """What is held stays held. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_release(writing, number, who, reason)

    def propose_move(self, device: DeviceId, box: BoxId, who: str, reason: str, now: Now) -> Proposal:
        """A terminal is to stand at this box."""
        with self._opened.writing(now) as writing:
            return propose_move(writing, device, box, who, reason)

    def propose_epoch(self, device: DeviceId, epoch: int, who: str, reason: str, now: Now) -> Proposal:
        """An epoch that is more than a box's word is good for."""
        with self._opened.writing(now) as writing:
            return propose_epoch(writing, device, epoch, who, reason)

    def confirm_order(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: it counts when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_order(writing, number, who)

    def reject_order(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """All stays as it is. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_order(writing, number, who, reason)
    # --- a ledger that was put back -------------------------------------------------------------------------------

    def propose_close(self, who: str, reason: str, now: Now) -> Proposal:
        """The first person has seen to all that cannot come again: nothing is closed yet."""
        with self._opened.writing(now) as writing:
            return propose_close(writing, who, reason)

    def confirm_close(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: the list is closed when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_close(writing, number, who)

    def reject_close(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """It stays open. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_close(writing, number, who, reason)
