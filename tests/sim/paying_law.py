"""Laws of online accounts, by the records' bytes, rows of requests and entries of the books; no core is believed.

floor: a payment leaves in its account what the school says, at the moment at which it is posted · lost: nothing is paid
by an account whose card was reported lost · use: a use of a phone's certificate is charged to its holder once · paid:
when all is at rest each request is paid once and so the till says, or it has no money · word: what a till has shown it
has on record, and the books say the same of it · given: each meal and each code that a till has on record is posted
once.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.payments.cases import PaymentState
from edge.terminal.store.book import Row
from shared.records import STORED, STORED_HEAD, CodeRecord, Kind, PaymentRecord, decode
from tests.sim.world import Violation, World

FLOOR_FEN = 20_00
KINDS = frozenset({Kind.ONLINE, Kind.REVERSAL, Kind.CODE, Kind.MEAL})
"""Records of what moves no card."""
APART = frozenset({
    EntryKind.DEPOSIT, EntryKind.CASH_OUT, EntryKind.CASH_FLOAT, EntryKind.ACCOUNT_PAID, EntryKind.ACCOUNT_REVERSED,
    EntryKind.CODE_PAID, EntryKind.CODE_BORNE, EntryKind.MEAL, EntryKind.MEAL_REPAID,
})  # fmt: skip
"""Entries of accounts alone: the laws of cards do not ask for them."""
_OVER = frozenset({PaymentState.REFUSED, PaymentState.REVERSED, PaymentState.TOMBSTONE})
_KINDS = frozenset(bytes((kind,)) for kind in KINDS)
Place = tuple[bytes, int, int]
"""Device, epoch, and the number of a record or of a request."""
Line = tuple[str, str, int]
"""Debit, credit, fen."""


class _Said(NamedTuple):
    """A record in the ledger: its number there, and what it says."""

    number: int
    record: Any


class PayingLaw:
    """Hears of entries, shown rows and reports of loss."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lost: set[bytes] = set()
        self.shown: dict[Place, Kind] = {}
        self.excused: set[bytes] = set()
        """Devices whose flash has rotted, that were stolen or whose word is not believed: what they have on record may
        be missing, or wait for persons."""
        self.was_put_back = False
        self._charged: Counter[tuple[int, int]] = Counter()
        self._moved: Counter[tuple[EntryKind, int | None]] = Counter()

    def told(self, device: bytes, row: Row) -> None:
        """成功 is in the shown log of a terminal."""
        self.world.note(f"account {row.kind.name.lower()}", row.seq, row.amount_fen)
        self.shown[bytes(device), row.epoch, row.seq] = row.kind

    def put_back(self) -> None:
        """It is an older copy: what was reported since is not known there."""
        self.was_put_back = True
        self.lost.clear()
        self._charged.clear()
        self._moved.clear()

    def booked(self, kind: EntryKind, record: int | None, stored: bytes | None, lines: Iterable[Line],
               balances: Counter[str]) -> None:  # fmt: skip
        """An entry of accounts alone is in the books."""
        self._moved[kind, record] += 1
        for debit, _, _ in lines:
            if kind is EntryKind.ACCOUNT_PAID:
                self._require_allowed(debit, -balances[debit])
        if kind is EntryKind.CODE_PAID and stored is not None:
            said = decode(stored[STORED_HEAD:])
            if isinstance(said, CodeRecord):
                self._charged[said.certificate, said.use] += 1
                if self._charged[said.certificate, said.use] > 1:
                    raise Violation("use", f"use {said.use} of certificate {said.certificate} is charged twice")

    def _require_allowed(self, account: str, left_fen: int) -> None:
        if left_fen < FLOOR_FEN:
            raise Violation("floor", f"{account}: a payment leaves {left_fen} fen")
        if bytes.fromhex(account.partition(":")[2]) in self.lost:
            raise Violation("lost", f"{account} has paid, and its card was reported lost")

    # --- at rest --------------------------------------------------------------------------------------------------

    def at_rest(self, database: sqlite3.Connection) -> None:
        """Everything that terminals have on record is in the ledger."""
        said: dict[Place, _Said] = {}
        ended: dict[Place, list[Kind]] = {}
        for number, stored in database.execute("SELECT id, stored FROM record ORDER BY id"):
            if stored[:6] in self.excused or stored[STORED_HEAD + 1 : STORED_HEAD + 2] not in _KINDS:
                continue
            device, epoch, _ = STORED.unpack(stored[:STORED_HEAD])
            record = decode(stored[STORED_HEAD:])
            said[bytes(device), epoch, record.seq] = _Said(number, record)
            if isinstance(record, PaymentRecord):
                ended.setdefault((bytes(device), epoch, record.request), []).append(Kind(record.kind))
        states = self._states(database)
        self._require_shown(said, states)
        for place, state in states.items():
            self.world.note(f"account {state.name.lower()}", *place)
            if place[0] not in self.excused:
                self._require_ended(place, state, ended.get(place, []))
        for place, one in said.items():
            if place[0] not in self.excused:
                self._require_posted(one)

    def _states(self, database: sqlite3.Connection) -> dict[Place, PaymentState]:
        rows = database.execute("SELECT key, state FROM payment_case").fetchall()
        return {
            (bytes(key[:6]), int.from_bytes(key[6:8], "big"), int.from_bytes(key[8:12], "big")): PaymentState(state)
            for key, state in rows
        }

    def _require_shown(self, said: dict[Place, _Said], states: dict[Place, PaymentState]) -> None:
        for place, kind in self.shown.items():
            if place[0] in self.excused:
                continue
            record = said[place].record if place in said else None
            if record is None or record.kind != kind:
                raise Violation("word", f"{place[0].hex()} has shown seq {place[2]}, and the ledger has no such record")
            if isinstance(record, PaymentRecord):
                state = states.get((place[0], place[1], record.request))
                if state is not PaymentState.APPROVED and not (self.was_put_back and state is PaymentState.WORD):
                    raise Violation("word", f"request {record.request} is shown as paid, and stands at {state}")

    def _require_ended(self, place: Place, state: PaymentState, kinds: list[Kind]) -> None:
        """By one record, and by the one that fits."""
        if state is PaymentState.WORD and self.was_put_back:
            return
        fits = {PaymentState.APPROVED: [Kind.ONLINE]}.get(state, [])
        is_right = kinds == fits if state is PaymentState.APPROVED else state in _OVER and Kind.ONLINE not in kinds
        if not is_right or (state in (PaymentState.REVERSED, PaymentState.TOMBSTONE) and not kinds):
            words = [kind.name for kind in kinds]
            raise Violation("paid", f"request {place[2]} of {place[0].hex()} stands at {state.name}, records {words}")

    def _require_posted(self, one: _Said) -> None:
        kinds = {Kind.MEAL: (EntryKind.MEAL,), Kind.CODE: (EntryKind.CODE_PAID, EntryKind.CODE_BORNE)}
        wanted = kinds.get(one.record.kind)
        if wanted is None:
            return
        times = sum(self._moved[kind, one.number] for kind in wanted)
        if times != 1:
            raise Violation("given", f"record {one.number}: {wanted[0].name.lower()} is posted {times} times")
