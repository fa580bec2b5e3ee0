"""The ledger's side of an online load request: is it allowed, and the sum goes from the account into transit.

Refuses a body that is no load machine or not where it is registered, and everything that MAC1 does not prove. A right
MAC1 also says what became of the card's earlier loads: the same counter means not taken, a later one means taken.
"""

from cloud.ledger.accounts import Side
from cloud.ledger.arrival import record_key
from cloud.ledger.balances import balance_now
from cloud.ledger.entry import Entry, EntryKind, document_hash
from cloud.ledger.facts import Code
from cloud.ledger.load_cases import (
    MAIN_PURSE,
    CaseState,
    LoadCase,
    add_case,
    case_of,
    counter_is_proven,
    settle_pending,
)
from cloud.ledger.posting import load_authorised
from cloud.ledger.suspense import Touched, settle_touched
from cloud.ledger.values import OWN_PARTITION, LoadDecision
from cloud.ledger.writing import Writing
from shared.clock import day_number
from shared.inventory import LOADERS
from shared.money import FEN_MAX
from shared.online import LoadRequest, LoadResult
from shared.wire import codec
from shared.wire.messages import OnlineRequest


def authorise(writing: Writing, box: str, request: OnlineRequest, load: LoadRequest, *, mac1_ok: bool) -> LoadDecision:
    """Inside of a transaction. The decision may be told only after the commit.

    amount 0 asks for nothing but the settling of earlier loads, and is answered NOT_NOW. A request that comes when its
    terminal has given up is refused for ever: granted, its money would lie in transit until the card comes again.
    """
    key = record_key(request.device, request.epoch, request.request)
    known = case_of(writing.db, key)
    if known is not None:
        return _again(writing, box, known, request)
    result = _registered(writing, box, request, load, mac1_ok=mac1_ok)
    if result is LoadResult.GRANTED and request.is_late(writing.now.unix_ms):
        result = LoadResult.NOT_NOW  # the card has gone, and its counter may have moved since: no evidence either
    if result is LoadResult.GRANTED:
        _settle_earlier(writing, load, request.payload)
        result = _affordable(writing, load)
    granted = result is LoadResult.GRANTED
    ms, time_s = writing.now.unix_ms, writing.now.campus_s
    state = CaseState.PENDING if granted else CaseState.REFUSED
    add_case(
        writing.db,
        LoadCase(
            key, load.card, load.counter, load.balance_fen, load.amount_fen, request.psam, box, request.payload,
            int(result), time_s, int(state), int(granted), None, "", ms, ms,
        ),
    )  # fmt: skip
    if not granted:
        return LoadDecision(result, 0, 0, again=False)
    _enter(writing, key, load, request.payload)
    return LoadDecision(result, load.amount_fen, time_s, again=False)


def _again(writing: Writing, box: str, case: LoadCase, request: OnlineRequest) -> LoadDecision:
    if case.payload != request.payload or case.psam != request.psam:
        text = f"圈存请求号重用 request number used again: {request.request}"
        writing.notes.tell(Code.LOAD_REUSED, text, box=box, device=request.device)
        return LoadDecision(LoadResult.NOT_NOW, 0, 0, again=True)
    if case.state == CaseState.PENDING:
        return LoadDecision(LoadResult.GRANTED, case.amount_fen, case.time_s, again=True)
    if case.state == CaseState.REFUSED:
        return LoadDecision(LoadResult(case.result), 0, 0, again=True)
    taken = case.state in (CaseState.CONFIRMED, CaseState.CONFIRMED_BY_COUNTER)
    return LoadDecision(LoadResult.ALREADY_LOADED if taken else LoadResult.NOT_NOW, 0, 0, again=True)


def _registered(writing: Writing, box: str, request: OnlineRequest, load: LoadRequest, *, mac1_ok: bool) -> LoadResult:
    """Who asks, and did the card ask."""
    place = writing.registry.place(box, request.device, request.psam)
    if writing.registry.stolen.names(request.device, request.psam):
        return LoadResult.WRONG_DEVICE
    if place.reason or place.device is None or place.device.kind not in LOADERS:
        return LoadResult.WRONG_DEVICE
    card = writing.registry.cards.get(load.card)
    if card is None:
        return LoadResult.UNKNOWN_CARD
    if not mac1_ok:
        return LoadResult.WRONG_MAC
    return LoadResult.GRANTED


def _settle_earlier(writing: Writing, load: LoadRequest, payload: bytes) -> None:
    settle_pending(writing, load.card, load.counter, payload)
    touched = Touched()
    touched.load(load.card + bytes((MAIN_PURSE,)))
    settle_touched(writing, touched)


def _affordable(writing: Writing, load: LoadRequest) -> LoadResult:
    card = writing.registry.cards[load.card]
    if card.hotlisted:
        return LoadResult.HOTLISTED
    if _counter_is_proven(writing, load):
        text = f"卡计数器已用 card counter already used by a load: card {load.card.hex()} counter {load.counter}"
        writing.notes.tell(Code.LOAD_REUSED, text)
        return LoadResult.ALREADY_LOADED
    if load.amount_fen == 0:
        return LoadResult.NOT_NOW
    if load.balance_fen + load.amount_fen > FEN_MAX:
        return LoadResult.OVER_LIMIT
    writing.booking.flush()
    funds = balance_now(writing.db, card.accounts.online, Side.CREDIT)
    return LoadResult.GRANTED if funds >= load.amount_fen else LoadResult.NO_FUNDS


def _counter_is_proven(writing: Writing, load: LoadRequest) -> bool:
    return counter_is_proven(writing.db, load.card, load.counter)


def _enter(writing: Writing, key: bytes, load: LoadRequest, payload: bytes) -> None:
    kind = EntryKind.LOAD_AUTHORISED
    document = codec.dumps([int(kind), key, load.card, load.amount_fen, payload])
    postings = load_authorised(writing.registry.cards[load.card].accounts, load.amount_fen)
    day = day_number(writing.now.campus_s)
    entry = Entry(kind, day, bytes((kind,)) + key, document_hash(document), postings, document=document)
    writing.booking.add_entry(entry, OWN_PARTITION)
