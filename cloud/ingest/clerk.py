"""What is done with each message: records into the ledger, a signed ack out; a question answered; junk kept.

Commit, then answer: every letter here names what the ledger has committed. An exception means that nothing was
acknowledged; doing the same again is safe, for every record, request and message has its own key in the ledger.
"""

from collections.abc import Callable, Mapping, Sequence

from cloud.fleet.centre import Centre
from cloud.ingest.awaiting import Awaiting
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Junk, Letter, Notice, States, Ticket
from cloud.ingest.witnesses import BackupsTold, Met, Witnesses
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import CheckTac, Copied, Now, Received
from cloud.online.answers import OnlineAnswers
from shared.clocks.expiry import DailyLook
from shared.errors import KeyFault, RuleBroken, StoreFault
from shared.facts.books import DatabaseBack, KeysBack, MessageDefect, MessageJunk
from shared.facts.endings import told_of
from shared.facts.fleet import DocumentUnmade
from shared.facts.releases import VersionsApart
from shared.facts.told import Told
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.fleet_lane import (
    FirmwareProgress,
    FleetDown,
    FleetUp,
    Held,
    OnLink,
    PagesWanted,
    Piece,
    Reported,
    Tallied,
    encode_fleet_down,
)
from shared.wire.form.versions import OF_LEDGER
from shared.wire.messages import (
    FORM_1,
    FORM_4,
    AckBody,
    Batch,
    Bound,
    DeviceStatus,
    EpochRequest,
    Fact,
    Hello,
    HelloWanted,
    LedgerTime,
    LedgerVersions,
    NotUnderstood,
    NowDown,
    NowUp,
    OnlineRequest,
    RecordCopy,
    Recover,
    ReleasePartWanted,
    ReleaseSaid,
    ReleaseUp,
    Swap,
    encode_now,
)
from shared.wire.topics import DOWN_BULK, DOWN_NOW, Address, topic

NO_DEVICE = DeviceId(b"")
OnBoxes = Callable[[Mapping[BoxId, int]], None]
NOBODY = (BoxId(""), 0)
"""Sender of what came on no topic of ours."""


class Clerk:
    """Works for the ledger thread."""

    def __init__(
        self,
        ledger: Ledger,
        check_tac: CheckTac,
        online: OnlineAnswers,
        seal: AckSeal,
        clock: Callable[[], Now],
        tally: Tally,
        expiry: DailyLook | None = None,
        on_boxes: OnBoxes = lambda _: None,
        centre: Centre | None = None,
    ) -> None:
        """expiry: of the platform's own certificates; None: nobody looks. on_boxes: hears which boxes (id → partition)
        are registered, when they have changed. centre: of documents; None: nothing is made or sent."""
        self._ledger = ledger
        self._check_tac = check_tac
        self._online = online
        self._seal = seal
        self._clock = clock
        self._tally = tally
        self._awaiting = Awaiting(ledger)
        self._witnesses = Witnesses(ledger)
        self._met = Met(ledger)
        self._backups = BackupsTold(ledger)
        self._expiry = expiry
        self._on_boxes = on_boxes
        self._centre = centre
        self._boxes_told: dict[BoxId, int] = {}
        self._judged_again = False
        self._stumbled: set[BoxId] = set()
        """Boxes whose state our code could not work on; as many as are registered, for nobody else is heard."""
        self._looks_failed: set[str] = set()
        """Faults of looks that are told; as many as there are classes of them."""

    def money(self, tickets: Sequence[Ticket]) -> list[Letter]:
        """One ledger transaction, and an ack for each (box, store) in it."""
        now = self._clock()
        junk = [(ticket, ticket.body) for ticket in tickets if isinstance(ticket.body, Junk)]
        if junk:
            with self._ledger.together():
                for ticket, body in junk:
                    self._keep_junk(ticket, body, now)
        batches = [received for ticket in tickets if (received := _of_batch(ticket)) is not None]
        return self._received(batches, now) if batches else []

    def now(self, ticket: Ticket) -> list[Letter]:
        """One message of the now lane, and its answer where it asks for one."""
        now = self._clock()
        if isinstance(ticket.body, Junk):
            self._keep_junk(ticket, ticket.body, now)
            return []
        if ticket.address is None or isinstance(ticket.body, Batch):
            raise RuleBroken("a message of the money lane, or of nobody, among those of now")
        return self._routed(ticket.address, ticket.body, now)

    def together(self, tickets: Sequence[Ticket]) -> list[Letter]:
        """A part of a *now* turn in one transaction: copies of records, or messages without a commit of their own."""
        copies = [copied for ticket in tickets if (copied := _of_copy(ticket)) is not None]
        if copies:
            self._copy(copies, self._clock())
            return []
        with self._met.undone_by_a_fault(), self._ledger.together():
            return [letter for ticket in tickets for letter in self.now(ticket)]

    def set_aside(self, ticket: Ticket, fault: Exception) -> None:
        """A message of the now lane that our own code stumbled over: kept as it came, as a defect of ours."""
        box, partition = (ticket.address.box, ticket.address.partition) if ticket.address else NOBODY
        told, now_ms = MessageDefect(type(fault).__name__), self._clock().unix_ms
        self._ledger.quarantine_message(box, partition, ticket.arrival.payload, told, now_ms)
        self._tally.defects += 1

    def outage_over(self, fault: type[KeyFault] | type[StoreFault], seconds: int) -> None:
        """The key process, or the database, was away for so long."""
        told = KeysBack(seconds) if issubclass(fault, KeyFault) else DatabaseBack(seconds)
        self._ledger.tell(told, self._clock())

    def states(self, states: States) -> list[Letter]:
        """What the boxes say of themselves; the console reads it. Of those that take no documents, one with an older
        list of stolen devices gets ours with every state until it says that it holds it, and each hears which cards to
        await when that has changed."""
        now = self._clock()
        with self._ledger.together():
            for address, state in states.states:
                self._ledger.store_state(address.box, state, now.unix_ms)
        version = self._ledger.revocations.version
        there = [(address, state) for address, state in states.states if state.online and self._is_former(address.box)]
        behind = [address for address, state in there if state.revocations[0] < version]
        letters = [letter for address in behind for letter in self._revocations(address)]
        due = [(address, self._awaiting.due(address.box, now)) for address, _ in there]
        return letters + [_letter(address, awaited) for address, awaited in due if awaited is not None]

    def witnessed(self) -> list[Letter]:
        """A head of the ledger's chains that the boxes should keep, when there is one; then they should show it."""
        now = self._clock()
        told = [self._acked(ack) for ack in self._witnesses.due(now)]
        asked = [_hello_wanted(ack.box, ack.store, ack.partition) for ack in self._witnesses.to_ask(now)]
        return told + asked + [_hello_wanted(*one) for one in self._backups.to_ask(now)]

    def looked(self) -> list[Letter]:
        """What boxes lack of the documents that were made."""
        found = self._centre.looked(self._clock()) if self._centre is not None else []
        boxes = self._ledger.boxes
        return [_bulk(Address(boxes[box], box, DOWN_BULK), message) for box, message in found if box in boxes]

    def look_failed(self, fault: Exception) -> None:
        """Our own code stumbles over a document: told once for each kind of fault, for it is looked at again and
        again."""
        self._tally.defects += 1
        name = type(fault).__name__
        if name not in self._looks_failed:
            self._tell(NOBODY[0], DocumentUnmade("hotlist", name), self._clock())
            self._looks_failed.add(name)

    def notices(self, notices: Sequence[Notice]) -> None:
        """Facts of the ingest's own: all of them, or none when the database is away."""
        now = self._clock()
        with self._ledger.together():
            for sender, told in notices:
                self._tell(sender, told, now)

    def state_failed(self, address: Address, fault: Exception) -> None:
        """A state that our own code stumbles over: told once for its box, for it comes again and again."""
        self._tally.defects += 1
        if address.box not in self._stumbled:
            self._tell(address.box, MessageDefect(type(fault).__name__), self._clock())
            self._stumbled.add(address.box)

    def chores(self) -> bool:
        """What the ledger wants every few seconds; then its sums are quickly told. Is there more to do?"""
        now = self._clock()
        more = self._ledger.find_differences(now)  # folds, too
        more = self._ledger.expire_payments(now) or more
        more = self._ledger.end_spares(now) or more
        self._tally.books = Reader(self._ledger.database).counts()
        self.tell_boxes()
        self._look_at_certificates(now)
        self._judge_defects_again(now)
        if self._centre is not None:
            self._centre.chores(now)
        return more

    def tell_boxes(self) -> None:
        """As of the last transaction."""
        boxes = self._ledger.boxes
        if boxes != self._boxes_told:
            self._boxes_told = boxes
            self._on_boxes(boxes)

    def _look_at_certificates(self, now: Now) -> None:
        for one in self._expiry.look(now.campus_s) if self._expiry is not None else ():
            self._tell(NOBODY[0], told_of(one), now)

    def _tell(self, box: BoxId, told: Told, now: Now) -> None:
        fact = Fact(told.code, told.level, now.unix_ms, NO_DEVICE, told.params())
        self._ledger.fact(box, fact, now.unix_ms)

    def _judge_defects_again(self, now: Now) -> None:
        """What a program before this one stumbled over; once, for this one will do it no better the next time."""
        if not self._judged_again:
            self._ledger.rejudge(self._check_tac, now, {Reason.DEFECT})
            self._judged_again = True

    def _received(self, batches: Sequence[Received], now: Now) -> list[Letter]:
        acks = self._ledger.receive(batches, self._check_tac, now)
        self._tally.committed(len(batches), sum(len(batch.records) for batch in batches))
        for batch in batches:
            self._backups.spoke(batch.box, batch.store, batch.partition, batch.form)
        return [self._acked(ack) for ack in acks]

    def _acked(self, ack: AckBody) -> Letter:
        """The ack, once this process has heard what the box bears witness of: a newer head would take the place of the
        one that the box has seen, and with it what is gone of a ledger that was put back."""
        if ack.heads is None or self._met.has(ack.box, ack.store):
            return self._seal.letter(ack)
        return _hello_wanted(ack.box, ack.store, ack.partition)

    def _routed(self, sender: Address, body: NowUp, now: Now) -> list[Letter]:
        match body:
            case EpochRequest():
                return [self._bound(sender, body.asked, self._ledger.assign_epoch(sender.box, body, now))]
            case OnlineRequest():
                return self._asked(sender, body, now)
            case Hello():
                return self._welcomed(sender, body, now)
            case RecordCopy():
                self._copy([Copied(sender.box, sender.partition, body.stored)], now)
            case DeviceStatus():
                self._ledger.store_status(sender.box, body, now.unix_ms)
            case Fact():
                self._ledger.fact(sender.box, body, now.unix_ms)
            case Swap():
                self._ledger.swap_told(sender.box, body, now)
            case _:
                return self._of_documents(sender, body, now)
        return []

    def _welcomed(self, sender: Address, hello: Hello, now: Now) -> list[Letter]:
        """The time, which forms we understand, and what the ledger holds. To a box of which we understand none, only
        that; to one of before they were said nothing of them, for it knows no such message."""
        said = hello.versions
        if not OF_LEDGER.common(said):
            theirs, mine = (f"{least}–{most}" for least, most in (said, OF_LEDGER))
            self._tell(sender.box, VersionsApart(theirs, mine), now)
            return [_letter(sender, NotUnderstood(*OF_LEDGER, f"box {theirs}, ledger {mine}"))]
        versions = [_letter(sender, LedgerVersions(OF_LEDGER))] if said.most >= FORM_4 else []
        former = self._for_former(sender, now) if self._is_former(sender.box) else []
        if self._centre is not None:
            self._centre.connected(sender.box)
        greeted = self._greeted(sender, hello, now)
        return [self._bound(sender, hello.asked, LedgerTime(now.unix_ms)), *versions, *former, *greeted]

    def _of_documents(self, sender: Address, body: FleetUp | ReleaseUp, now: Now) -> list[Letter]:
        """A box without documents never says any of these; without a centre nobody answers."""
        if self._centre is None:
            return []
        match body:
            case Held():
                return [_bulk(sender, one) for one in self._centre.held(sender.box, body, now)]
            case PagesWanted() | ReleasePartWanted():
                return [_bulk(sender, one) for one in self._centre.pages(body)]
            case ReleaseSaid():
                return [self._bound(sender, body.asked, self._centre.runs(sender.box, body, now))]
            case Reported():
                self._centre.reported(sender.box, body, now)
            case FirmwareProgress():
                self._centre.progressed(sender.box, body, now)
            case OnLink():
                self._centre.on_link(sender.box, body, now)
            case Piece():
                self._centre.said(sender.box, body, now)
            case Tallied():
                self._centre.tallied(sender.box, body, now)
        return []

    def _asked(self, sender: Address, request: OnlineRequest, now: Now) -> list[Letter]:
        """One answer, or silence. A box that asks too late may have an outdated idea of the time here."""
        answer = self._online.answer(sender.box, request, now)
        asked = request.asked if request.form > FORM_1 else b""
        letters = [self._bound(sender, asked, LedgerTime(now.unix_ms))] if request.is_late(now.unix_ms) else []
        return letters + ([_letter(sender, answer)] if answer else [])

    def _greeted(self, sender: Address, hello: Hello, now: Now) -> list[Letter]:
        """What the ledger holds of this store, and has in a backup; or that the ledger is the older one and needs all
        above again."""
        answer: AckBody | Recover = self._ledger.hello(sender.box, sender.partition, hello, self._seal.opened, now)
        self._met.add(sender.box, hello.store)
        if isinstance(answer, Recover):
            self._tally.recoveries += 1
            return [self._bound(sender, hello.asked, answer)]
        mark = self._backups.answer(sender.box, hello.store)
        return [*([self._bound(sender, hello.asked, mark)] if mark else []), self._seal.letter(answer)]

    def _bound(self, to: Address, asked: bytes, answer: Bound) -> Letter:
        """Signed for this box and its question; bare for a box of form 1, which asks without a name."""
        return _letter(to, self._seal.answer(to.box, asked, answer) if asked else answer)

    def _is_former(self, box: BoxId) -> bool:
        """Does this box take no documents, as those of release 0.1?"""
        return self._centre is None or not self._centre.takes(box)

    def _for_former(self, box: Address, now: Now) -> list[Letter]:
        """What such a box hears when it greets."""
        awaited = self._awaiting.hello(box.box, now)
        return self._revocations(box) + ([_letter(box, awaited)] if awaited else [])

    def _revocations(self, to: Address) -> list[Letter]:
        wanted = self._ledger.revocations
        return [_letter(to, self._seal.revocations(wanted))] if wanted.version else []

    def _copy(self, copies: Sequence[Copied], now: Now) -> None:
        """They settle nothing and come again in money: not worth waiting for a key process that is away."""
        try:
            self._ledger.receive_copies(copies, self._check_tac, now)
            self._tally.copies += len(copies)
        except KeyFault:
            self._tally.copies_skipped += len(copies)

    def _keep_junk(self, ticket: Ticket, junk: Junk, now: Now) -> None:
        box, partition = (ticket.address.box, ticket.address.partition) if ticket.address else NOBODY
        told = MessageJunk(junk.reason)
        self._ledger.quarantine_message(box, partition, ticket.arrival.payload, told, now.unix_ms)
        self._tally.junk += 1


def _of_batch(ticket: Ticket) -> Received | None:
    if ticket.address is None or not isinstance(ticket.body, Batch):
        return None
    batch, sender = ticket.body, ticket.address
    return Received(sender.box, sender.partition, batch.store, batch.first_row, batch.records, batch.form)


def _of_copy(ticket: Ticket) -> Copied | None:
    if ticket.address is None or not isinstance(ticket.body, RecordCopy):
        return None
    return Copied(ticket.address.box, ticket.address.partition, ticket.body.stored)


def _hello_wanted(box: BoxId, store: StoreId, partition: int) -> Letter:
    """For this outbox of that box."""
    return _letter(Address(partition, box, DOWN_NOW), HelloWanted(store))


def _bulk(to: Address, message: FleetDown) -> Letter:
    return Letter(DOWN_BULK, topic(to.partition, to.box, DOWN_BULK), encode_fleet_down(message))


def _letter(to: Address, message: NowDown) -> Letter:
    return Letter(DOWN_NOW, topic(to.partition, to.box, DOWN_NOW), encode_now(message))
