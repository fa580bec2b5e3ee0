"""The ledger's doors for the ingest and its commands: each is one transaction, and answers after its commit.

See the package for the list. Refuses nothing that was received; refuses questions by a typed error or a reason in the
answer.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from cloud.ledger.cards.inventory import import_inventory
from cloud.ledger.cards.listing import Why, list_card, unlist_card
from cloud.ledger.findings import found
from cloud.ledger.findings.acting import follow_differences
from cloud.ledger.findings.capped import meal_left_fen
from cloud.ledger.findings.discounts import look_at_discounts
from cloud.ledger.findings.found import CardFinding
from cloud.ledger.findings.listing import follow, set_policy
from cloud.ledger.findings.look import look
from cloud.ledger.findings.rows import Difference, Kind, explain
from cloud.ledger.fleet import epochs, status
from cloud.ledger.funds.deposits import deposit
from cloud.ledger.funds.grants import grant
from cloud.ledger.funds.meals.taking import settle_waiting
from cloud.ledger.funds.offline import taking as offline_codes
from cloud.ledger.funds.orders.asked import ask_order, close_asked, looked_at
from cloud.ledger.funds.orders.paying import SWEPT_MAX, expire
from cloud.ledger.funds.orders.rows import expired
from cloud.ledger.funds.payments import authorise as payments
from cloud.ledger.held.losses.standing import stand
from cloud.ledger.held.swaps import swap_told
from cloud.ledger.held.thefts import Report, Reported, report_found, report_stolen
from cloud.ledger.journal import facts
from cloud.ledger.journal.balances import fold
from cloud.ledger.journal.book_chain import BookLinkKind, Head, book_head, digest_of
from cloud.ledger.journal.booking import Booking
from cloud.ledger.journal.mark_rows import partition_of_store
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.awaited import awaited_cards
from cloud.ledger.loads.spare_bounds import ENDED_MAX, end_overdue, overdue
from cloud.ledger.receive import quarantine, recovery
from cloud.ledger.receive import rejudge as again
from cloud.ledger.receive.acks import ack_for
from cloud.ledger.receive.authorise import authorise
from cloud.ledger.receive.halving import AWAY, by_halves
from cloud.ledger.receive.lot import ArrivedBatch, ask_tacs, lot_of, lot_of_batches, prepare, prepare_defect
from cloud.ledger.receive.receive import Copy, Receiving, SettingAside, receive, receive_copies
from cloud.ledger.receive.recovery import VerifyAck
from cloud.ledger.receive.witnesses import witness_acks
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.judge import REJUDGED, Reason
from cloud.ledger.records.values import (
    CheckTac,
    Copied,
    Deposited,
    DepositRefused,
    Granted,
    ImportReport,
    LoadDecision,
    Now,
    Received,
    Rejudged,
    Verdict,
    singles_of,
)
from cloud.store.db import Row
from shared.errors import RuleBroken
from shared.facts.books import (
    EpochAhead,
    IngestStarted,
    MessageDefect,
    MessageJunk,
    RevocationsBehind,
    SpokenForBox,
    SpokenForTerminal,
)
from shared.facts.desks import Hotlisted, Unlisted
from shared.facts.told import Told
from shared.ids import BoxId, CardId, LedgerId, PsamId, StoreId
from shared.inventory import Inventory
from shared.online import CODES_MAX, LoadRequest, OrderAnswer, PaymentAnswer, Purpose
from shared.wire.messages import (
    FORM_1,
    AckBody,
    Awaited,
    BoxState,
    DeviceStatus,
    EpochAnswer,
    EpochRequest,
    Fact,
    Hello,
    OnlineRequest,
    Recover,
    Revocations,
    Swap,
    revocations_mark,
)

NOBODYS = b"?"
"""In the place of a terminal that is not registered."""
STANDS_MS = 3_600_000
"""So often it is looked which write-offs stand by themselves."""


def open_ledger(dsn: str, ledger_id: LedgerId | None = None) -> "Ledger":
    """As open_prepared, with the doors of the ingest. StoreFault, ConfigFault."""
    return Ledger(open_prepared(dsn, ledger_id))


class Ledger:
    """Over an opened ledger. Belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database
        self._stands_ms, self._stands_after = 0, b""
        self._waits = (0, 0)

    @property
    def id(self) -> LedgerId:
        """Made with the ledger."""
        return self.opened.picture.registry.ledger

    @property
    def demo(self) -> bool:
        """演示: demonstration data."""
        return self.opened.picture.registry.demo

    @property
    def name(self) -> str:
        """Of the campus; empty before the first import."""
        return self.opened.picture.registry.name

    @property
    def boxes(self) -> dict[BoxId, int]:
        """Those that are registered and their partitions, as of the last transaction."""
        return {BoxId(box): partition for box, partition in self.opened.picture.registry.boxes.items()}

    def close(self) -> None:
        """Let the database go."""
        self.opened.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that these doors are asked within the block; nothing of it is done when it raises.

        Not for what must be durable before its answer can be made: load_authorise, payment_authorise.
        """
        with self._doubting(), self.database.together():
            yield

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """What the picture has learnt within is doubted when it is undone."""
        try:
            yield
        except BaseException:
            self.opened.picture.doubt()
            raise

    # --- who ------------------------------------------------------------------------------------------------------

    def import_inventory(self, inventory: Inventory, now: Now) -> ImportReport:
        """Idempotent. InventoryRefused: a known id with other data, another campus; then nothing was taken."""
        with self.database.writing():
            last = self.opened.picture.look(self.database)
            booking = Booking(self.database, now, inventory.campus, *last)
            report = import_inventory(self.database, inventory, self.opened.picture.registry, booking)
            booking.close()
        self.opened.renew()
        return report

    def set_hotlisted(self, card: CardId, hotlisted: bool, now: Now, who: str = "", reason: str = "") -> bool:
        """By a person's word; what else lists the card stays. False: nothing changed. A card of nobody's inventory may
        be listed, too: by its number."""
        told = Hotlisted(card) if hotlisted else Unlisted(card)
        with self.opened.writing(now) as writing:
            if hotlisted:
                is_new = list_card(writing, card, Why.COMMAND, who, reason)
            else:
                is_new = unlist_card(writing, card, Why.COMMAND)
            if is_new:
                writing.booking.link(BookLinkKind.HOTLIST, 0, digest_of((card, int(hotlisted), now.unix_ms)))
                writing.notes.tell(told)
            return is_new

    def psam_stolen(self, report: Report, now: Now) -> Reported:
        """From here on its records' merchant side waits, and every box is told. Idempotent. TheftRefused."""
        return self._reported(now, lambda writing, last: report_stolen(writing, report, last))

    def psam_found(self, psam: PsamId, who: str, reason: str, now: Now) -> Reported:
        """It may sell again; what is held stays held. Idempotent. TheftRefused when it never was stolen."""
        return self._reported(now, lambda writing, last: report_found(writing, psam, who, reason, last))

    @property
    def revocations(self) -> Revocations:
        """The list that every box should hold, as of the last transaction."""
        return self.opened.picture.registry.stolen.revocations

    def assign_epoch(self, box: BoxId, request: EpochRequest, now: Now) -> EpochAnswer:
        """The epoch of (device, storage, PSAM); 0 with a reason when refused."""
        with self._doubting(), self.opened.writing(now) as writing:
            return epochs.assign(writing, box, request)

    def swap_told(self, box: BoxId, swap: Swap, now: Now) -> None:
        """A box has put a spare in a broken body's place. Idempotent; what is not taken leaves a fact, once."""
        with self._doubting(), self.opened.writing(now) as writing:
            refused = swap_told(writing, box, swap)
            if refused is not None and self.opened.picture.is_first(box, b"swap" + swap.spare):
                writing.notes.tell(refused, box=box, device=swap.spare)

    # --- records --------------------------------------------------------------------------------------------------

    def receive(self, batches: Sequence[Received], check_tac: CheckTac, now: Now) -> list[AckBody]:
        """One transaction for all; one ack per (box, store), in the order in which they came first.

        A record that our own code stumbles over is found by halves, and set aside as it came: a defect, acknowledged.
        """
        try:
            return self._receive(batches, check_tac, now)
        except AWAY:
            raise
        except Exception:  # noqa: BLE001  # a defect of ours: narrowed down to the record that it is about
            singles = [single for batch in batches for single in singles_of(batch)]
            acks = by_halves(
                singles,
                lambda some: self._receive(some, check_tac, now),
                lambda one, fault: self._received([prepare_defect(one, fault)], {}, now, by=SettingAside),
            )
            return list({(ack.box, ack.store): ack for ack in acks}.values())

    def receive_copy(self, box: BoxId, partition: int, stored: bytes, check_tac: CheckTac, now: Now) -> Verdict:
        """As receive_copies, for one."""
        return self.receive_copies([Copied(box, partition, stored)], check_tac, now)[0]

    def receive_copies(self, copied: Sequence[Copied], check_tac: CheckTac, now: Now) -> list[Verdict]:
        """Records that run ahead of their outbox rows, in one transaction. The rows come later, as duplicates."""
        copies = [Copy(arrive(one.stored), one.box, one.partition) for one in copied]
        arrivals = [copy.arrival for copy in copies]
        tacs = ask_tacs(arrivals, check_tac)
        lot = lot_of(arrivals, sorted({one.partition for one in copied}))
        with self.database.writing():
            writing, answers = self.opened.begin_with(now, *lot.questions())
            return receive_copies(writing, copies, Receiving(writing, lot, answers, tacs))

    def rejudge(self, check_tac: CheckTac, now: Now, reasons: Collection[Reason] = REJUDGED) -> Rejudged:
        """Every open quarantine case, of these reasons, that a registration, a key fix or a newer program can change.

        What our own code stumbles over stays where it is.
        """
        looked_at = posted = last = 0
        while True:
            with self.database.reading():
                last, waiting = again.waiting_after(self.database, last, reasons)
            if not last:
                return Rejudged(looked_at, posted)
            if waiting:
                posted += sum(by_halves(waiting, lambda some: self._judged_again(some, check_tac, now), _leave))
            looked_at += len(waiting)

    # --- acks -----------------------------------------------------------------------------------------------------

    def ack_for(self, box: BoxId, store: StoreId, form: int = FORM_1) -> AckBody:
        """The ack of this store made again, in this form of the wire."""
        with self.database.reading():
            partition = partition_of_store(self.database, box, store)
            if partition is None:
                partition = self.opened.picture.registry.boxes.get(box, 0)
            return ack_for(self.database, self.opened.picture.registry, box, store, partition, form)

    def book_head(self) -> Head:
        """Number and hash of the newest link of the book-only chain."""
        with self.database.reading():
            return book_head(self.database)

    def witness_acks(self) -> list[AckBody]:
        """An ack for every box that bears witness of the chains, with the newest heads."""
        with self.database.reading():
            return witness_acks(self.database, self.opened.picture.registry)

    def hello(self, box: BoxId, partition: int, hello: Hello, verify: VerifyAck, now: Now) -> AckBody | Recover:
        """What is held of the box's store; or Recover, when its signed ack names more than this ledger holds."""
        with self.opened.writing(now) as writing:
            return recovery.greet(writing, box, partition, hello, verify, self.opened.began)

    # --- money ----------------------------------------------------------------------------------------------------

    def deposit(self, card: CardId, fen: int, key: str, now: Now, who: str = "") -> Deposited:
        """充值 into the online account, once per key. who: made it; empty: nobody said so. DepositRefused."""
        with self.opened.writing(now) as writing:
            return deposit(writing, card, fen, key, who)

    def grant(
        self, card: CardId, fen: int, payer: str, reason: str, key: str, now: Now, who: str = ""
    ) -> Granted:  # fmt: skip
        """发放 into the pending load, once per key. who: as in deposit(). GrantRefused."""
        with self.opened.writing(now) as writing:
            return grant(writing, card, fen, payer, reason, key, who)

    def load_authorise(
        self, box: BoxId, request: OnlineRequest, load: LoadRequest, mac1_ok: bool, now: Now  # a fact, not a mode
    ) -> LoadDecision:  # fmt: skip
        """Is this load granted? Its sum is in transit when the answer is GRANTED."""
        with self.opened.writing(now) as writing:
            return authorise(writing, box, request, load, mac1_ok=mac1_ok)

    def payment_authorise(
        self, box: BoxId, request: OnlineRequest, card: LoadRequest, is_there: bool, now: Now  # a fact, not a mode
    ) -> PaymentAnswer:  # fmt: skip
        """May the online account pay? It has when the answer is APPROVED."""
        with self.opened.writing(now) as writing:
            shown = payments.Card(card, is_there, meal_left_fen(writing.db, card.card, now))
            return payments.authorise(writing, box, request, shown)

    def payment_by_code(
        self, box: BoxId, request: OnlineRequest, code: str, amount_fen: int, now: Now
    ) -> PaymentAnswer:  # fmt: skip
        """As payment_authorise, by a code out of a wallet: it is used up when this returns."""
        with self.opened.writing(now) as writing:
            return payments.authorise_code(writing, box, request, code, amount_fen)

    def payment_order(self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now) -> OrderAnswer:
        """An order 收款码 of a till's made, looked at, or closed."""
        if asked.purpose is Purpose.ORDER:
            with self.database.reading():
                standing = looked_at(self.database, request, now.unix_ms)
            if standing is not None:
                return standing
        drawn = self.opened.drawn(CODES_MAX)
        with self.opened.writing(now) as writing:
            if asked.purpose is Purpose.ORDER_CLOSE:
                return close_asked(writing, box, request, asked)
            return ask_order(writing, box, request, asked, drawn)

    def payment_check(self, box: BoxId, request: OnlineRequest, card: CardId, now: Now) -> PaymentAnswer:
        """May this card buy?"""
        with self.opened.writing(now) as writing:
            return payments.check(writing, box, request, card)

    def expire_payments(self, now: Now) -> bool:
        """Give back what was reserved and is over, a bounded part of it; is there more?"""
        with self.database.reading():
            is_due = bool(expired(self.database, now.unix_ms, 1))
        if not is_due:
            return False
        with self.opened.writing(now) as writing:
            return expire(writing) == SWEPT_MAX

    def end_spares(self, now: Now) -> bool:
        """Spare cards that should be back are refused from now on, a bounded number; are there more?"""
        with self.database.reading():
            is_due = bool(overdue(self.database, now))
        if not is_due:
            return False
        with self.opened.writing(now) as writing:
            return end_overdue(writing) == ENDED_MAX

    def awaited(self, now: Now) -> Awaited:
        """The cards that every box should await."""
        with self.database.reading():
            return awaited_cards(self.database, now)

    def fold(self) -> int:
        """Take the tail into the balances; how many entries it had."""
        with self.database.writing():
            return fold(self.database)

    # --- card against ledger --------------------------------------------------------------------------------------

    def find_differences(self, now: Now) -> bool:
        """Look at what was touched since the last look, a bounded part of it; is there more?

        Now and then also tell which terminals lost cards have waited for too long, a few cards a look.
        """
        after, is_due = b"", now.unix_ms >= self._stands_ms
        if is_due:
            self._stands_ms = now.unix_ms + STANDS_MS  # before: a fault of it costs one look
        with self.opened.writing(now) as writing:
            if is_due:
                after = stand(writing, self._stands_after)
            more = look(writing)
            waits = settle_waiting(writing, self._waits[0]), offline_codes.settle_waiting(writing, self._waits[1])
            more = look_at_discounts(writing) or more
        self._waits = waits
        if is_due:
            self._stands_after = after
        if after:
            self._stands_ms = 0  # the next look goes on
        return more or bool(after)

    def explain_difference(self, number: int, who: str, reason: str, now: Now) -> Difference:
        """Somebody's word, kept for ever. Idempotent. DifferenceRefused."""
        with self.opened.writing(now) as writing:
            said = explain(writing, number, who, reason)
            follow(writing, [said.found.card])
            follow_differences(writing, [said.found.card])
            return said

    def confirm_finding(self, number: int, who: str, reason: str, now: Now) -> CardFinding:
        """Its cap stays until it is undone. Idempotent. FindingRefused."""
        with self.opened.writing(now) as writing:
            return found.confirm(writing, number, who, reason)

    def undo_finding(self, number: int, who: str, reason: str, now: Now) -> CardFinding:
        """It was nothing, and acts no more. Idempotent. FindingRefused."""
        with self.opened.writing(now) as writing:
            return found.undo(writing, number, who, reason)

    def set_findings_policy(self, kinds: Collection[Kind], who: str, now: Now) -> bool:
        """Which findings list a card by themselves. False: it was so before."""
        with self.opened.writing(now) as writing:
            return set_policy(writing, kinds, who)

    # --- what is told ---------------------------------------------------------------------------------------------

    def store_status(self, box: BoxId, status_: DeviceStatus, now_ms: int) -> None:
        """The newest STATUS of a terminal. A box speaks for its own terminals only: else nothing is kept but a fact.
        Nor is an epoch that nobody can have given."""
        with self._doubting(), self.database.writing():
            self.opened.picture.look_at_registry(self.database)
            if self.opened.picture.registry.serves(box, status_.device):
                believed, ahead = status.without_epochs_ahead(self.database, status_)
                status.store_status(self.database, box, believed, now_ms)
                if ahead:
                    self._foreign(box, status_.device, EpochAhead(ahead), now_ms)
            else:
                self._foreign(box, status_.device, SpokenForTerminal(status_.device), now_ms)

    def store_state(self, box: BoxId, state: BoxState, now_ms: int) -> None:
        """The newest state of a box, told by that box."""
        with self._doubting(), self.database.writing():
            self.opened.picture.look_at_registry(self.database)
            if state.box == box:
                self._note_ahead(box, state, now_ms)
                status.store_state(self.database, box, state, now_ms)
            else:
                self._foreign(box, b"", SpokenForBox(state.box), now_ms)

    def started(self, now: Now) -> None:
        """The ingest has opened these books: told, with how long nothing had happened in them."""
        with self.database.writing():
            facts.append(self.database, [facts.row_of(IngestStarted(facts.quiet_s(self.database, now)), now.unix_ms)])

    def tell(self, told: Told, now: Now) -> None:
        """What the ingest has noticed."""
        with self.database.writing():
            facts.append(self.database, [facts.row_of(told, now.unix_ms)])

    def fact(self, box: BoxId, fact: Fact, now_ms: int) -> None:
        """What an edge noticed, at its own time; at ours if it has none."""
        with self.database.writing():
            facts.append(self.database, [facts.reported(box, fact, now_ms)])

    def quarantine_message(
        self, box: BoxId, partition: int, raw: bytes, told: MessageJunk | MessageDefect, now_ms: int
    ) -> None:
        """What is not a message of ours, or what our own code stumbled over, as it came; the same bytes once."""
        reason = told.fault if isinstance(told, MessageJunk) else f"{told.case}: {told.fault}"
        with self.database.writing():
            if quarantine.keep_message(self.database, box, partition, raw, reason, now_ms):
                facts.append(self.database, [facts.row_of(told, now_ms, box=box)])

    def _foreign(self, box: BoxId, device: bytes, told: Told, now_ms: int) -> None:
        known = device in self.opened.picture.registry.devices
        if self.opened.picture.is_first(box, device if known else NOBODYS):  # numbers can be made up without end
            facts.append(self.database, [facts.row_of(told, now_ms, box=box, device=device)])

    def _note_ahead(self, box: BoxId, state: BoxState, now_ms: int) -> None:
        """A box holds a list of stolen devices that this ledger does not know: it must have been put back."""
        ours = self.revocations
        ahead = state.revocations[0] >= ours.version and state.revocations != revocations_mark(ours)
        if ahead and self.opened.picture.is_first(box, b"revocations"):
            told = RevocationsBehind(state.revocations[0], ours.version)
            facts.append(self.database, [facts.row_of(told, now_ms, box=box)])

    # --- within ---------------------------------------------------------------------------------------------------

    def _receive(self, batches: Sequence[Received], check_tac: CheckTac, now: Now) -> list[AckBody]:
        arrived = prepare(batches)
        tacs = ask_tacs((a for one in arrived for a in one.arrivals), check_tac)
        try:
            return self._received(arrived, tacs, now, trusting=True)
        except RuleBroken:  # the counter of a card is proven already; nothing was written
            return self._received(arrived, tacs, now)

    def _received(
        self, arrived: Sequence[ArrivedBatch], tacs: dict[bytes, int], now: Now, *, trusting: bool = False,
        by: type[Receiving] = Receiving,
    ) -> list[AckBody]:  # fmt: skip
        lot = lot_of_batches(arrived)
        with self.database.writing():
            writing, answers = self.opened.begin_with(now, *lot.questions(trusting=trusting))
            acks = receive(writing, arrived, by(writing, lot, answers, tacs))
        self.opened.picture.remember(writing.brought)
        self.opened.picture.clocks_told(writing.clocks)
        return acks

    def _judged_again(self, rows: Sequence[Row], check_tac: CheckTac, now: Now) -> list[int]:
        waiting = [again.arrive_again(row) for row in rows]
        tacs = ask_tacs((a for a, _ in waiting), check_tac)
        with self.database.writing():
            return [again.rejudge(self.opened.begin(now), waiting, tacs)]

    def _reported(self, now: Now, act: Callable[[Writing, tuple[int, int]], Reported]) -> Reported:
        with self.opened.writing(now) as writing:
            reported = act(writing, writing.booking.last)
        self.opened.renew()
        return reported


def _leave(_: Row, __: Exception) -> list[int]:
    """In quarantine."""
    return []


__all__ = ["DepositRefused", "Ledger", "open_ledger"]
