"""The ledger's side of an account payment 账户支付: decided and, where it is a yes, posted, in one transaction.

The answer may leave only after the commit. A repeated request hears the same; one that was reversed, before or after it
came, never becomes a yes.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.keys import payment_key
from cloud.ledger.books.posting import account_paid
from cloud.ledger.funds.bounds import day_max_of
from cloud.ledger.funds.codes import CodeRow, CodeState, find_code, judged
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.payments.cases import (
    PaymentCase,
    PaymentState,
    case_of,
    guesses_on,
    is_by_code,
    keep,
    nobodys,
    paid_on,
)
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, GUESSES_MAX, UNBOUND_FEN, Asked, decide, may_check
from cloud.ledger.funds.payments.school import pay_bounds
from cloud.ledger.funds.payments.spare_sums import loaded_beside, spent_with
from cloud.ledger.funds.spares import payer_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.readers import CODES
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import record_key, split_key
from cloud.ledger.records.values import OWN_PARTITION
from shared.clocks.clock import day_number
from shared.facts.money.payments import CodesGuessed, PaymentReused
from shared.ids import card_id
from shared.inventory import LOADERS
from shared.online import LoadRequest, PaymentAnswer, PaymentResult, code_digest, code_request
from shared.wire import codec
from shared.wire.messages import OnlineRequest


class Asking(NamedTuple):
    """What a terminal has asked with. key: (device, epoch, request)."""

    key: bytes
    psam: bytes
    payload: bytes


class Card(NamedTuple):
    """What the card has shown. is_there: MAC1 under the presence id is right, as the key process says. meal_fen: what a
    capped card 限餐卡 may still pay in this meal period; None: it is not capped."""

    request: LoadRequest
    is_there: bool
    meal_fen: int | None = None


def authorise(writing: Writing, box: str, request: OnlineRequest, card: Card) -> PaymentAnswer:
    """Inside of a transaction; true once it is committed."""
    key = record_key(request.device, request.epoch, request.request)
    known = case_of(writing.db, key)
    if known is not None and known.state != PaymentState.WORD:
        return _again(writing, box, known, request)
    asked = _asked(writing, box, request, card)
    result = decide(asked)
    if result is PaymentResult.WRONG_DEVICE:
        return PaymentAnswer(result)  # nobody's row: whoever asks so may ask without end
    return _kept(writing, box, request, payer_of(writing.db, card.request.card), asked, result, known)


def authorise_code(writing: Writing, box: str, request: OnlineRequest, code: str, amount_fen: int) -> PaymentAnswer:
    """As authorise, by a code 付款码 of the holder's wallet, which is used up by the answer, whatever it is.

    The answer does not say whose it is, nor what is left: the phone shows that to its holder.
    """
    key = record_key(request.device, request.epoch, request.request)
    known = case_of(writing.db, key)
    if known is not None and known.state != PaymentState.WORD:
        return _again(writing, box, known, request)
    if place_of(writing, box, request) is None:
        return PaymentAnswer(PaymentResult.WRONG_DEVICE)
    writing.booking.need(CODES)
    found = find_code(writing.db, code_digest(code))
    if found is None and guesses_on(writing.db, request.device, day_number(writing.now.campus_s)) >= GUESSES_MAX:
        return PaymentAnswer(PaymentResult.NOT_NOW)  # as above: nobody's row
    against = _against(found, writing.now.unix_ms)
    if found is None:
        _guessed(writing, box, request)
    else:
        judged(writing.db, found, found.case_key or key)
    payer = nobodys(request.device) if found is None else found.card
    shown = code_request(code, amount_fen)._replace(card=card_id(payer))
    asked = _asked(writing, box, request, Card(shown, is_there=True))
    return _kept(writing, box, request, payer, asked, against or decide(asked), known)


def _against(code: CodeRow | None, now_ms: int) -> PaymentResult | None:
    if code is not None and code.state == CodeState.JUDGED:
        return PaymentResult.CODE_USED
    return None if code is not None and code.is_alive(now_ms) else PaymentResult.CODE_INVALID


def _guessed(writing: Writing, box: str, request: OnlineRequest) -> None:
    """A code that is none: told when a terminal asks with the last one that it may ask with on a day."""
    day = day_number(writing.now.campus_s)
    if guesses_on(writing.db, request.device, day) + 1 == GUESSES_MAX:
        writing.notes.tell(CodesGuessed(GUESSES_MAX), box=box, device=request.device)


def _kept(
    writing: Writing, box: str, request: OnlineRequest, payer: bytes, asked: Asked, result: PaymentResult,
    known: PaymentCase | None,
) -> PaymentAnswer:  # fmt: skip
    """Posted where it is a yes, and kept in every case, so that a repeat hears the same."""
    key = record_key(request.device, request.epoch, request.request)
    is_paid = result is PaymentResult.APPROVED
    left_fen = asked.left_fen - asked.amount_fen if is_paid else 0
    of = Asking(key, request.psam, request.payload)
    entry = post_paid(writing, of, payer, asked.amount_fen) if is_paid else None
    ms, day = writing.now.unix_ms, day_number(writing.now.campus_s)
    opened_ms, record = (known.opened_ms, known.record) if known else (ms, None)
    state = PaymentState.APPROVED if is_paid else PaymentState(known.state) if known else PaymentState.REFUSED
    case = PaymentCase(
        key, payer, asked.amount_fen, request.psam, box, request.payload, int(result), left_fen,
        int(state), entry, day, record, known.reversal if known else None, None, opened_ms, ms,
    )  # fmt: skip
    keep(writing.db, case)
    return _answer(case)


def check(writing: Writing, box: str, request: OnlineRequest, card: bytes) -> PaymentAnswer:
    """May this card buy? Nothing is written, so nothing is the same for a repeated question but the truth of now."""
    if place_of(writing, box, request) is None:
        return PaymentAnswer(PaymentResult.WRONG_DEVICE)
    known = writing.registry.cards.get(card)
    return PaymentAnswer(may_check(is_known=known is not None, is_hotlisted=known is not None and known.hotlisted))


def _again(writing: Writing, box: str, case: PaymentCase, request: OnlineRequest) -> PaymentAnswer:
    if case.state in (PaymentState.TOMBSTONE, PaymentState.REVERSED):
        return PaymentAnswer(PaymentResult.REVERSED)
    if (case.payload, case.psam) != (request.payload, request.psam):
        writing.notes.tell(PaymentReused(request.request), box=box, device=request.device)
        return PaymentAnswer(PaymentResult.NOT_NOW)
    return _answer(case)


def _answer(case: PaymentCase) -> PaymentAnswer:
    is_paid = case.result == PaymentResult.APPROVED
    left_fen = 0 if is_by_code(case) else case.left_fen
    return PaymentAnswer(PaymentResult(case.result), case.amount_fen if is_paid else 0, left_fen)


def _asked(writing: Writing, box: str, request: OnlineRequest, card: Card) -> Asked:
    """Hotlisted, or not, is what was shown; a spare card's holder pays, whose own card may be lost."""
    wanted, known = card.request, writing.registry.cards.get(card.request.card)
    day_fen = left_fen = floor_fen = 0
    day_max_fen, own_fen = DAY_MAX_FEN, UNBOUND_FEN
    if known is not None:
        payer, day = payer_of(writing.db, wanted.card), day_number(writing.now.campus_s)
        day_fen = paid_on(writing.db, payer, day) + loaded_beside(writing.db, payer, writing.now)
        left_fen = balance_now(writing.db, writing.registry.cards[payer].accounts.online, Side.CREDIT)
        floor_fen, day_max_fen = floor_of(writing.db, payer), day_max_of(writing.db, payer)
        spent = spent_with(writing.db, wanted.card, payer, writing.now)
        own_fen = UNBOUND_FEN if spent is None else spent.left_fen
        own_fen = own_fen if card.meal_fen is None else min(own_fen, card.meal_fen)
    return Asked(
        place_of(writing, box, request) is not None, known is not None, known is not None and known.hotlisted,
        card.is_there, request.is_late(writing.now.unix_ms), wanted.amount_fen, day_fen, left_fen,
        floor_fen, day_max_fen, own_fen, pay_bounds(writing.db).one_fen,
    )  # fmt: skip


def place_of(writing: Writing, box: str, request: OnlineRequest) -> int | None:
    """The merchant's account; None where nothing may be sold."""
    place = writing.registry.place(box, request.device, request.psam)
    if place.reason or place.device is None or place.device.kind in LOADERS:
        return None
    return None if writing.registry.stolen.names(request.device, request.psam) else place.account


def post_paid(writing: Writing, of: Asking, payer: bytes, amount_fen: int) -> int:
    """The entry's number: this card's account has paid the merchant of the terminal that asked."""
    device, _, _ = split_key(of.key)
    merchant = writing.registry.devices[device].merchant_account
    kind, accounts = EntryKind.ACCOUNT_PAID, writing.registry.cards[payer].accounts
    document = codec.dumps([int(kind), of.key, payer, amount_fen, bytes(of.psam), of.payload])
    day, postings = day_number(writing.now.campus_s), account_paid(accounts, merchant, amount_fen)
    entry = Entry(kind, day, payment_key(of.key), document_hash(document), postings, document=document)
    return writing.booking.add_entry(entry, OWN_PARTITION)
