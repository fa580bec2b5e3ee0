"""What the centre answers a card desk: bytes in, bytes out. The HTTP around it is app.py's.

Refuses unknown operations and malformed arguments with a code; a ledger or a key process that is away is `away`:
whether something was done is then not known, and the same request asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cloud.desk.deposits import row_of
from cloud.keys.faults import KeyRefused
from cloud.ledger.cards.refusals import UNKNOWN_CARD, WRONG_PROOF, DeskRefused
from cloud.ledger.desk.deposits import DepositDesk
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.lending import Loan
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.desk.spare_door import SpareLedger
from cloud.ledger.loads.unloads import UnloadCase, UnloadState
from cloud.ledger.records.values import Now
from cloud.payments.pins import DEEDS, keep_pin_deed
from shared.clocks.clock import day_number
from shared.errors import KeyFault, StoreFault, WireFault
from shared.ids import CardId, card_id
from shared.money import fen
from shared.purse.crypto import TYPE_EP_LOAD, TYPE_UNLOAD
from shared.purse.load_auth import LoadAuth, mac3_halves
from shared.wire import codec
from shared.wire.desk.calls import KEY_SIZE, DeskOp, No, ReceiptSaid, decode_ask, encode_answer, parse_card_ask
from shared.words.voice import Text

MALFORMED = No.of("malformed", Text("请求有误", "a malformed request"))
AWAY = No.of("away", Text("账本或密钥进程暂不可用，请重试", "ledger or key process is away, ask again"))
_AUTH = (bytes, int, int, bytes, int, int, int, int, bytes, bytes)
_AUTH_SIZES = ((0, 10), (3, 4), (8, 6), (9, 4))
_TAKEN = {UnloadState.CONFIRMED: 1, UnloadState.CONFIRMED_BY_COUNTER: 1, UnloadState.NOT_TAKEN: 0}

PERSON_MAX = 64
SPARES_MAX = 500
"""Of a list, the first that were lent; a school has fewer."""

Answer = Sequence[object] | No


class MoneyKeys(Protocol):
    """The key process, as `keys.client` asks it. KeyRefused is a no, any other KeyFault means away: ask again."""

    def load_check(self, auth: LoadAuth) -> bool: ...

    def unload_check(self, auth: LoadAuth) -> bool: ...

    def unload_mac2(self, auth: LoadAuth, time_s: int) -> bytes: ...

    def unload_mac3(self, auth: LoadAuth, time_s: int, mac3: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and when."""

    cashier: str
    now: Now


@dataclass(slots=True)
class DeskCounts:
    """Since the start; the numbers of STATUS."""

    asked: int = 0
    refused: int = 0
    away: int = 0


class DeskAnswers:
    """One centre's answers. Not thread-safe: the ledger is one thread's."""

    def __init__(self, ledger: DeskLedger, keys: MoneyKeys, folder: Path | None = None) -> None:
        """folder: of the cloud's files, where holders are told; None: nobody is."""
        self._ledger = ledger
        self._spares = SpareLedger(ledger.opened)
        self._deposits = DepositDesk(ledger.opened)
        self._keys = keys
        self._folder = folder
        self.counts = DeskCounts()
        self._deeds: dict[str, Callable[[list[Any], Asked], Answer]] = {
            DeskOp.CARD: self._card,
            DeskOp.CASH_IN: self._cash_in,
            DeskOp.CASH_OUT: self._cash_out,
            DeskOp.CASH_FLOAT: self._cash_float,
            DeskOp.UNLOAD: self._unload,
            DeskOp.UNLOAD_PROOF: self._unload_proof,
            DeskOp.UNLOAD_CASE: self._unload_case,
            DeskOp.UNLOAD_NOTHING: self._unload_nothing,
            DeskOp.FIND: self._find,
            DeskOp.LOST: self._lost,
            DeskOp.FOUND: self._found,
            DeskOp.REPLACE: self._replace,
            DeskOp.REISSUE: self._reissue,
            DeskOp.RELEASE: self._release,
            DeskOp.CLASS: self._class,
            DeskOp.DRAW: self._draw,
            DeskOp.SPOIL: self._spoil,
            DeskOp.CLOSE: self._close,
            DeskOp.SHEET: self._sheet,
            DeskOp.SPARE_LEND: self._spare_lend,
            DeskOp.SPARE_BACK: self._spare_back,
            DeskOp.SPARE_IN: self._spare_in,
            DeskOp.SPARE_OFF: self._spare_off,
            DeskOp.SPARE_CLASS: self._spare_class,
            DeskOp.SPARES: self._spare_list,
            DeskOp.DEPOSITS: self._deposit_list,
            DeskOp.DEPOSIT_REFUND: self._deposit_refund,
            DeskOp.PIN: self._pin,
        }

    def answer(self, raw: bytes, cashier: str, now: Now) -> bytes:
        """Never raises for bad bytes. cashier: who asks, as its token proved."""
        self.counts.asked += 1
        answer = self._answered(raw, Asked(cashier, now))
        self.counts.refused += isinstance(answer, No)
        return encode_answer(answer)

    def _answered(self, raw: bytes, asked: Asked) -> Answer:
        try:
            operation, arguments = decode_ask(raw)
            deed = self._deeds.get(operation)
            return MALFORMED if deed is None else deed(arguments, asked)
        except DeskRefused as refused:
            return refused.no
        except WireFault:
            return MALFORMED
        except (StoreFault, KeyFault):
            self.counts.away += 1
            return AWAY

    def _card(self, arguments: list[Any], _: Asked) -> Answer:
        books = self._ledger.card_books(parse_card_ask(arguments))
        return UNKNOWN_CARD if books is None else books.to_list()

    def _cash_in(self, arguments: list[Any], asked: Asked) -> Answer:
        return self._ledger.cash_in(*_cash(arguments, asked)).to_list()

    def _cash_out(self, arguments: list[Any], asked: Asked) -> Answer:
        return self._ledger.cash_out(*_cash(arguments, asked)).to_list()

    def _cash_float(self, arguments: list[Any], asked: Asked) -> Answer:
        key, fen = codec.fields(arguments, bytes, int, what="cash float")
        return self._ledger.cash_float(_key(key), asked.cashier, fen, asked.now).to_list()

    def _unload(self, arguments: list[Any], asked: Asked) -> Answer:
        """Commit, then MAC2: the same question gets the same answer for as long as the case is pending."""
        key, fields = codec.fields(arguments, bytes, list, what="unload")
        auth = _auth(fields)
        case = self._ledger.unload_authorise(
            _key(key), asked.cashier, auth, asked.now, mac1_ok=self._is_the_cards(auth)
        )
        return [case.time_s, self._keys.unload_mac2(auth, case.time_s)]

    def _is_the_cards(self, auth: LoadAuth) -> bool:
        try:
            return self._keys.unload_check(auth)
        except KeyRefused:
            return False  # no such key, version or algorithm

    def _unload_proof(self, arguments: list[Any], asked: Asked) -> Answer:
        key, mac3 = codec.fields(arguments, bytes, bytes, what="unload proof")
        case = self._ledger.unload_case(_key(key))
        right = self._right_half(case, mac3)
        if right is None:
            self._ledger.unload_mac3_wrong(key, asked.now)
            return [False, []]
        receipt: ReceiptSaid = self._ledger.unload_proven(key, case.cashier, right, asked.now)
        return [True, receipt.to_list()]

    def _right_half(self, case: UnloadCase, proof: bytes) -> bytes | None:
        """Of 805A's 8 bytes the key tells which half is MAC3."""
        auth = _auth(codec.loads(case.auth))
        halves = mac3_halves(proof)
        try:
            return next((half for half in halves if self._keys.unload_mac3(auth, case.time_s, half)), None)
        except KeyRefused:
            return None

    def _unload_case(self, arguments: list[Any], asked: Asked) -> Answer:
        (key,) = codec.fields(arguments, bytes, what="unload case")
        state, receipt = self._ledger.unload_end(_key(key), asked.now)
        return [_TAKEN.get(state, -1), receipt.to_list() if receipt is not None else []]

    def _unload_nothing(self, arguments: list[Any], asked: Asked) -> Answer:
        (key,) = codec.fields(arguments, bytes, what="unload nothing")
        self._ledger.unload_nothing(_key(key), asked.now)
        return []

    def _pin(self, arguments: list[Any], asked: Asked) -> Answer:
        """Once by its key: the same again tells nobody twice."""
        key, card, deed = codec.fields(arguments, bytes, bytes, str, what="pin")
        if deed not in DEEDS:
            return MALFORMED
        if self._folder is not None:
            keep_pin_deed(self._folder, _key(key), card_id(card), deed, asked.now.unix_ms)
        return []

    def _find(self, arguments: list[Any], _: Asked) -> Answer:
        (label,) = codec.fields(arguments, str, what="find")
        return self._ledger.find(label)

    def _lost(self, arguments: list[Any], asked: Asked) -> Answer:
        self._ledger.report_lost(_wish(arguments, asked), asked.now)
        return []

    def _found(self, arguments: list[Any], asked: Asked) -> Answer:
        self._ledger.cancel_lost(_wish(arguments, asked), asked.now)
        return []

    def _replace(self, arguments: list[Any], asked: Asked) -> Answer:
        """A card that can be read proves its balance by the MAC1 of a load of nothing."""
        key, old, new, reason, fields = codec.fields(arguments, bytes, str, str, str, list, what="replace")
        proof = _auth(fields, TYPE_EP_LOAD) if fields else None
        if proof is not None and (proof.amount_fen or not self._is_load_mac1(proof)):
            return WRONG_PROOF
        wish = _wish([key, old, reason], asked)
        return self._ledger.replace_broken(wish, new, proof, asked.now).to_list()

    def _is_load_mac1(self, auth: LoadAuth) -> bool:
        try:
            return self._keys.load_check(auth)
        except KeyRefused:
            return False

    def _reissue(self, arguments: list[Any], asked: Asked) -> Answer:
        key, old, new, reason = codec.fields(arguments, bytes, str, str, str, what="reissue")
        return self._ledger.replace_lost(_wish([key, old, reason], asked), new, asked.now).to_list()

    def _class(self, arguments: list[Any], asked: Asked) -> Answer:
        key, card, number, reason = codec.fields(arguments, bytes, bytes, int, str, what="class")
        if not 0 <= number <= 0xFF:
            raise WireFault("a card class is one byte")
        self._ledger.change_class(_wish([key, "", reason], asked), card_id(card), number, asked.now)
        return []

    def _draw(self, arguments: list[Any], asked: Asked) -> Answer:
        key, first, last = codec.fields(arguments, bytes, str, str, what="draw")
        self._ledger.draw(_key(key), asked.cashier, first, last, asked.now)
        return []

    def _spoil(self, arguments: list[Any], asked: Asked) -> Answer:
        self._ledger.spoil(_wish(arguments, asked), asked.now)
        return []

    def _close(self, arguments: list[Any], asked: Asked) -> Answer:
        key, counted, left = codec.fields(arguments, bytes, int, int, what="close")
        return self._ledger.close_day(_key(key), asked.cashier, fen(counted), fen(left), asked.now).to_list()

    def _sheet(self, arguments: list[Any], asked: Asked) -> Answer:
        (day,) = codec.fields(arguments, int, what="sheet")
        return self._ledger.sheet(asked.cashier, day or day_number(asked.now.campus_s)).to_list()

    def _spare_lend(self, arguments: list[Any], asked: Asked) -> Answer:
        key, label, holder, person, deposit, in_cash, limit, until, reason = codec.fields(
            arguments, bytes, str, str, str, int, bool, int, int, str, what="spare"
        )
        loan = Loan(holder, person[:PERSON_MAX], fen(deposit), in_cash, fen(limit), until)
        return self._spares.lend(_wish([key, label, reason], asked), loan, asked.now).to_list()

    def _spare_back(self, arguments: list[Any], asked: Asked) -> Answer:
        key, label, reason, fields = codec.fields(arguments, bytes, str, str, list, what="spare back")
        proof = _auth(fields, TYPE_EP_LOAD)
        if proof.amount_fen or not self._is_load_mac1(proof):
            return WRONG_PROOF
        return self._spares.take_back(_wish([key, label, reason], asked), proof, asked.now).to_list()

    def _spare_in(self, arguments: list[Any], asked: Asked) -> Answer:
        key, label, reason, second = codec.fields(arguments, bytes, str, str, str, what="spare in")
        return self._spares.take_in(_wish([key, label, reason], asked), second, asked.now).to_list()

    def _spare_off(self, arguments: list[Any], asked: Asked) -> Answer:
        self._spares.write_off(_wish(arguments, asked), asked.now)
        return []

    def _spare_class(self, arguments: list[Any], asked: Asked) -> Answer:
        key, label, place = codec.fields(arguments, bytes, str, str, what="spare class")
        self._spares.hand_to_class(_wish([key, label, ""], asked), place[:PERSON_MAX], asked.now)
        return []

    def _spare_list(self, arguments: list[Any], asked: Asked) -> Answer:
        (place,) = codec.fields(arguments, str, what="spares")
        return [list(one) for one in self._spares.listed(asked.now, place)[:SPARES_MAX]]

    def _deposit_list(self, arguments: list[Any], asked: Asked) -> Answer:
        (card,) = codec.fields(arguments, bytes, what="deposits")
        return [row_of(one) for one in self._deposits.listed(card_id(card), asked.now)]

    def _deposit_refund(self, arguments: list[Any], asked: Asked) -> Answer:
        key, card, order, wanted, reason = codec.fields(arguments, bytes, bytes, str, int, str, what="refund")
        return [
            self._deposits.propose(_key(key), asked.cashier, card_id(card), order, fen(wanted), reason, asked.now)
        ]

    def _release(self, arguments: list[Any], asked: Asked) -> Answer:
        return self._ledger.release(_wish(arguments, asked), asked.now).to_list()


def _wish(arguments: list[Any], asked: Asked) -> Wish:
    key, label, reason = codec.fields(arguments, bytes, str, str, what="card deed")
    return Wish(_key(key), asked.cashier, label, reason)


def _cash(arguments: list[Any], asked: Asked) -> tuple[bytes, str, CardId, int, Now]:
    key, card, fen = codec.fields(arguments, bytes, bytes, int, what="cash")
    return _key(key), asked.cashier, card_id(card), fen, asked.now


def _key(key: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise WireFault(f"a deed's key has {KEY_SIZE} bytes")
    return key


def _auth(fields: list[Any], kind: int = TYPE_UNLOAD) -> LoadAuth:
    found = codec.fields(fields, *_AUTH, what="unload")
    if any(len(found[at]) != size for at, size in _AUTH_SIZES):
        raise WireFault("unload: a field of another size")
    auth = LoadAuth(*found)
    in_bounds = all(0 <= value <= 0xFF for value in (auth.key_version, auth.algorithm)) and 0 <= auth.counter <= 0xFFFF
    if auth.type != kind or not in_bounds or min(auth.balance_fen, auth.amount_fen) < 0:
        raise WireFault("unload: a field out of bounds")
    return auth
