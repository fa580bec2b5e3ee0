"""The laws, checked at the moment at which they could break: what leaves a part is held against what is durable then.

I1 exactly once · I2 zero sum · I3 card chain · I4 no acknowledgement before its commit · I5 nothing is dropped early ·
backup: what a box drops for its age is in a verified backup · hostile: no lie moves money · told: no success is shown
twice · number: none is given twice (`disk.py`) · forged: no box does what the ledger has not said (`stranger.py`) · the
way down has its own (`fleet_law.py`), and so have online accounts (`paying_law.py`).
The judge reads databases, flashes and card memories; it believes no core.
"""

import sqlite3
from typing import Any

from edge.box.values.effects import Settle
from edge.link.messages import Type
from edge.terminal.store.book import Row
from edge.terminal.taps.asking import ANSWER_S
from shared.ids import CardId
from shared.records import LOAD_SHAPED, VOIDS, CounterKind, Pair
from shared.wire.messages import DeviceMark, OnlineRequest, decode_ack, decode_ack_body
from tests.sim.books import Books
from tests.sim.disk import SimFlash
from tests.sim.fleet_law import FleetLaw
from tests.sim.forgeries import Forgeries
from tests.sim.paying_law import PayingLaw
from tests.sim.stores import Held, LedgerMirror, OutboxMirror, Seqs, held_in
from tests.sim.stranger import Answers
from tests.sim.truth import CardTruth, Deed, Happened
from tests.sim.world import Violation, World


class Judge:
    """Hears of everything that matters and raises Violation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.deeds: dict[Deed, tuple[str, Happened]] = {}
        self.ledger = LedgerMirror()
        self.copied: set[CardId] = set()
        """Cards of which somebody has made a second body, from then on: what both do stands apart from the deeds."""
        self.rivals: dict[Deed, list[Happened]] = {}
        """What the bodies of copied cards have done, of each counter one or two."""
        self.books = Books(self.deeds, self.rivals)
        self.outboxes: dict[str, OutboxMirror] = {}
        self.flashes: dict[str, SimFlash] = {}
        self.shown_rows: list[tuple[str, Row]] = []
        self.voids_shown: list[tuple[str, Row]] = []
        self.gone_links: set[int] = set()
        """Book-only links that a box had seen when the ledger was put back, and that the copy does not have."""
        self._told: set[tuple[str, int, int]] = set()
        self.retired: list[OutboxMirror] = []
        self.forgeries = Forgeries()
        self.answers = Answers()
        self.signed: set[tuple[bytes, bytes]] = set()
        """Body and signature of every ack that the ledger's own seal has made: only ever true ones."""
        self._acked_rows: dict[bytes, dict[int, int]] = {}
        """Rows that an ack has named and that are committed: of each store the last one of each range, by its first."""
        self.fleet: FleetLaw | None = None
        """Of a seed in which documents come down."""
        self.paying: PayingLaw | None = None
        """Of a seed in which accounts pay."""
        self.backup: Held | None = None
        """Of a seed with backups: what the newest verified one holds."""
        self._hostile = b""
        self._covers: dict[tuple[str, str, bytes], int] = {}
        self._gives_up_s: dict[tuple[bytes, int, int], float] = {}

    # --- cards and terminals --------------------------------------------------------------------------------------

    def disbelieve(self, device: bytes) -> None:
        """What this body says is made up: it moves no money, and what it is answered is its own affair."""
        self._hostile = self.books.hostile = device
        if self.paying is not None:
            self.paying.excused.add(bytes(device))

    def accounts_pay(self) -> PayingLaw:
        """From here on; what is in the books by now is not asked for."""
        self.paying = self.books.paying = PayingLaw(self.world)
        return self.paying

    def flash(self, terminal: str, flash: SimFlash) -> None:
        """A terminal's store exists."""
        self.flashes[terminal] = flash

    def deed(self, terminal: str, card: CardTruth, happened: Happened) -> None:
        """A card commits in this terminal's field: what it does must be durable in the terminal already."""
        deed = happened.deed
        self.world.note("deed", terminal, card.label, deed.kind.name, deed.counter, happened.amount_fen)
        if deed in self.deeds:
            raise Violation("card", f"{card.label}: counter {deed.counter} twice")
        if not self.flashes[terminal].holds(deed):
            raise Violation("I5", f"{terminal}: {card.label} counter {deed.counter} moves, nothing pending is durable")
        if deed.card in self.copied:
            self.rivals.setdefault(deed, []).append(happened)
            return
        if self.fleet is not None:
            self.fleet.deed(terminal, deed)
        self.deeds[deed] = terminal, happened
        card.history.append(happened)

    def flash_lost(self, terminal: str, deed: Deed) -> None:
        """The last trace of a deed in this terminal is gone: the ledger must have it."""
        done = self.deeds.get(deed)
        if done is None or done[0] != terminal or self.ledger.ever.has(deed):
            return
        raise Violation("I5", f"{terminal}: {_name(deed)} is gone from the flash and not in the ledger")

    def shown(self, terminal: str, row: Row) -> None:
        """成功 is in the shown log of a terminal, and on its display."""
        self.world.note("shown", terminal, row.seq, row.counter, row.amount_fen)
        if row.kind in VOIDS:
            self.voids_shown.append((terminal, row))
            return
        self.shown_rows.append((terminal, row))
        if row.pair is Pair.SECOND:
            self.world.note("mixed", terminal, row.seq, row.sale_fen)
        deed = deed_of_row(row)
        if deed not in self.deeds and deed not in self.rivals:
            raise Violation("I1", f"{terminal}: shows {row} that no card has done")
        if not self.flashes[terminal].has_record(deed):
            raise Violation("I4", f"{terminal}: shows seq {row.seq}, its record is not durable")

    def told(self, terminal: str, row: Row) -> None:
        """A display says 成功 of this row: it has never said so before."""
        place = terminal, row.epoch, row.seq
        if place in self._told:
            raise Violation("told", f"{terminal}: seq {row.seq} was shown before and is told as a new success")
        self._told.add(place)

    def asked(self, device: bytes, epoch: int, number: int) -> None:
        """A terminal asks the centre, and will wait so long."""
        self._gives_up_s[device, epoch, number] = self.world.now_s + ANSWER_S

    def granted(self, request: OnlineRequest) -> None:
        """The ledger grants a load for the first time: somebody must still want it."""
        gone_s = self._gives_up_s[request.device, request.epoch, request.request]
        if self.world.now_s >= gone_s:
            late_s = self.world.now_s - gone_s
            raise Violation("late", f"request {request.request} granted {late_s:.1f} s after its terminal gave up")

    # --- edges ----------------------------------------------------------------------------------------------------

    def outbox(self, box: str) -> None:
        """An outbox exists."""
        self.outboxes[box] = OutboxMirror(box)

    def outbox_committed(self, box: str, database: Any) -> None:
        """A transaction of an outbox is durable."""
        mirror = self.outboxes[box]
        if database.added or not mirror.store:
            database.added = False
            mirror.committed(database.raw)
        if database.marked:
            database.marked = False
            mirror.look_settled(database.raw)
        if database.dropped:
            database.dropped = False
            for key in mirror.dropped(database.raw):
                if key not in self.ledger.ever.keys and key not in mirror.rotten:
                    raise Violation("I5", f"{box}: row of seq {key[8:12].hex()} dropped, the ledger has never had it")
                if self.backup is not None and key not in self.backup.keys and key not in mirror.rotten:
                    raise Violation("backup", f"{box}: row of seq {key[8:12].hex()} dropped, and no backup has it")

    def outbox_rotten(self, box: str, row: int) -> None:
        """A fault of ours: this row is not what was written. Whoever sent it must be asked again."""
        mirror = self.outboxes[box]
        mirror.rotten.add(mirror.rows[row][0])

    def outbox_destroyed(self, box: str) -> None:
        """A disaster of ours. What was settled or acknowledged there is gone."""
        if self.books.theft is not None:
            self.books.theft.store_lost(box)
        if self.fleet is not None:
            self.fleet.outbox_destroyed(box)
        self.retired.append(self.outboxes[box])
        self._covers.clear()
        self.outboxes[box] = OutboxMirror(box)

    def down(self, box: str, device: bytes, message: bytes) -> None:
        """A message leaves a box for a terminal: ACK and SETTLED must be true already."""
        kind = message[0]
        if kind not in (Type.ACK, Type.SETTLED):
            if kind == Type.WELCOME and self.books.theft is not None:
                self.books.theft.welcomed(box, device, message)
            return
        if device == self._hostile:
            return
        seq = int.from_bytes(message[1:3], "big")
        if kind == Type.ACK:
            self.world.note("ACK", box, device, seq)
            if not self._covered(box, "held", device, seq, [self.outboxes[box].held, self.ledger.ever]):
                raise Violation("I4", f"{box}: ACK {seq} to {device.hex()} before it is durable")
        else:
            self.world.note("SETTLED", box, device, seq)
            if not self._covered(box, "ledger", device, seq, [self.ledger.ever]):
                raise Violation("I4", f"{box}: SETTLED {seq} to {device.hex()}, the ledger has not committed it")
            settled = [mirror.settled for mirror in (self.outboxes[box], *self.retired)]
            if not self._covered(box, "settled", device, seq, settled):
                raise Violation("I4", f"{box}: SETTLED {seq} to {device.hex()} before the settle is durable")

    def state_told(self, box: str, payload: bytes) -> None:
        """A box says what it is and holds."""
        if self.books.theft is not None:
            self.books.theft.state(box, payload)

    def settled_here(self, box: str, settle: Settle) -> None:
        """A box has marked rows as committed by the ledger: these very bytes must be."""
        mirror = self.outboxes[box]
        for low, high in settle.rows:
            for row in range(low, high + 1):
                if row not in mirror.rows:
                    raise Violation("I4", f"{box}: row {row} settled, the box has never had it")
                if mirror.rows[row][0] not in self.ledger.ever.keys:
                    raise Violation("I4", f"{box}: row {row} settled, the ledger has never had it")

    def _covered(self, box: str, what: str, device: bytes, seq: int, stores: list[Held]) -> bool:
        """Is everything up to seq, of one epoch of this device, in these stores together?"""
        streams = {stream: None for held in stores for stream in held.streams.get(device, ())}
        return not seq or any(self._reaches((box, what, stream), stores, seq) for stream in streams)

    def _reaches(self, place: tuple[str, str, bytes], stores: list[Held], seq: int) -> bool:
        cover = self._covers.get(place, 0)
        if cover >= seq:
            return True
        there = [seqs.there for seqs in (held.seqs(place[2]) for held in stores) if seqs is not None]
        while cover < seq and any(cover + 1 in seqs for seqs in there):
            cover += 1
        self._covers[place] = cover
        return cover >= seq

    # --- ledger ---------------------------------------------------------------------------------------------------

    def ledger_committed(self, database: sqlite3.Connection) -> None:
        """A transaction of the ledger is durable."""
        self.forgeries.committed(database)
        self.ledger.committed(database)
        self.books.committed(database)
        if self.fleet is not None:
            self.fleet.committed(database)

    def backed_up(self, copy: sqlite3.Connection) -> None:
        """A backup is archived and verified: from here on a box may drop what is in there."""
        self.backup = held_in(copy)

    def ledger_put_back(self, database: sqlite3.Connection) -> None:
        """A disaster of ours: every debit that it lost must still be in an outbox or a flash."""
        before = self.ledger.now
        self.forgeries.put_back()
        if self.paying is not None:
            self.paying.put_back()
        if self.fleet is not None:
            self.fleet.put_back(database)
        self.ledger.put_back(database)
        self.books.put_back(database)
        self._acked_rows.clear()
        for deed in before.deeds:
            if not self.ledger.now.has(deed) and deed in self.deeds and not self._somewhere(deed):
                raise Violation("I5", f"{_name(deed)} was settled and is nowhere but in the ledger that was lost")

    def ledger_ack(self, payload: bytes) -> None:
        """A ledger ack leaves: it must name only what is committed."""
        signed = decode_ack(payload)
        self.signed.add((signed.body, signed.signature))
        body = decode_ack_body(signed.body)
        self.world.note("ledger ack", body.box, body.number, body.row_cumulative)
        for mark in body.devices:
            seqs = self.ledger.now.seqs(mark.device + mark.epoch.to_bytes(2, "big"))
            if not _holds_all(seqs, mark):
                raise Violation("I4", f"ledger ack {body.number} names {mark}, not all of it is committed")
        self._require_rows(body.box, body.store, body.row_cumulative, body.row_ranges)

    def _require_rows(self, box: str, store: bytes, cumulative: int, ranges: tuple[tuple[int, int], ...]) -> None:
        if store in self.forgeries.stores:
            return
        mirrors = [self.outboxes[box], *self.retired]
        mirror = next((mirror for mirror in mirrors if mirror.store == store), None)
        if mirror is None:
            raise Violation("I4", f"ledger ack for a store of {box} that never was")
        known = self._acked_rows.setdefault(store, {})
        for low, high in ((1, cumulative), *ranges):
            for row in range(known.get(low, low - 1) + 1, high + 1):
                held = mirror.rows.get(row)
                if held is not None and held[0] not in self.ledger.now.keys:
                    raise Violation("I4", f"ledger ack names row {row} of {box}, it is not committed")
            known[low] = max(high, known.get(low, high))

    def _somewhere(self, deed: Deed) -> bool:
        if any(mirror.held.has(deed) for mirror in self.outboxes.values()):
            return True
        return any(flash.holds(deed) for flash in self.flashes.values())


def _holds_all(seqs: Seqs | None, mark: DeviceMark) -> bool:
    """Is all that the mark names there?"""
    if seqs is None:
        return not mark.cumulative and not mark.ranges
    named = (seq for low, high in mark.ranges for seq in range(low, high + 1))
    return seqs.reaches(mark.cumulative) and all(seq in seqs.there for seq in named)


def deed_of_row(row: Row) -> Deed:
    """The deed that a shown row tells of."""
    kind = CounterKind.ONLINE if row.kind in LOAD_SHAPED else CounterKind.OFFLINE
    return Deed(row.card, kind, row.counter, row.application)


def _name(deed: Deed) -> str:
    return f"{deed.card[-2:].hex()} {deed.kind.name.lower()} {deed.counter}"
