"""The ledger's side of an online load request: is it allowed, and the sum goes from the account into transit.

Refuses a body that is not where it is registered, a load where the holder cannot ask for one, and everything that MAC1
does not prove. A right MAC1 also says what became of the card's earlier loads: the same counter means not taken, a
later one means taken.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import Entry, document_hash
from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.payments.spare_sums import loadable_fen
from cloud.ledger.funds.spares import borrowed, payer_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import (
    LoadCase,
    add_case,
    case_of,
    counter_is_proven,
    load_document,
    set_retry,
    settle_pending,
)
from cloud.ledger.loads.evidence import MAIN_PURSE
from cloud.ledger.loads.offers import close_others, is_own, offer, offered
from cloud.ledger.loads.retry import Retry
from cloud.ledger.loads.sources import KINDS, LOAD_POSTINGS, Source, account_of
from cloud.ledger.loads.spare_bounds import is_over
from cloud.ledger.loads.split.due import due
from cloud.ledger.receive.suspense import Touched, settle_touched
from cloud.ledger.records.arrival import record_key
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import OWN_PARTITION, LoadDecision
from shared.clocks.clock import day_number
from shared.facts.books import LoadCounterReused, LoadRequestReused
from shared.inventory import LOADERS
from shared.money import FEN_MAX
from shared.online import RETRIES, LoadRequest, LoadResult, Purpose
from shared.wire.messages import OnlineRequest


class _Answer(NamedTuple):
    """fen: granted, or offered. source: who pays. retried: the case whose second try this is."""

    result: LoadResult
    fen: int = 0
    source: Source = Source.ONLINE
    retried: LoadCase | None = None


def authorise(writing: Writing, box: str, request: OnlineRequest, load: LoadRequest, *, mac1_ok: bool) -> LoadDecision:
    """Inside of a transaction. The decision may be told only after the commit.

    A request over 0 fen is a question: it settles earlier loads and hears what waits for the card (offers.py). One
    that comes when its terminal has given up is refused for ever: granted, its money would lie in transit until the
    card comes again.
    """
    key = record_key(request.device, request.epoch, request.request)
    known = case_of(writing.db, key)
    if known is not None:
        return _again(writing, box, known, request)
    result = _registered(writing, box, request, load, mac1_ok=mac1_ok)
    if result is LoadResult.GRANTED and request.is_late(writing.now.unix_ms):
        result = LoadResult.NOT_NOW  # the card has gone, and its counter may have moved since: no evidence either
    answer = _Answer(result)
    if result is LoadResult.GRANTED:
        _settle_earlier(writing, load, request.payload)
        answer = _decided(writing, load)
    _keep(writing, key, box, request, load, answer)
    time_s = writing.now.campus_s if answer.result is LoadResult.GRANTED else 0
    return LoadDecision(answer.result, answer.fen, time_s, again=False)


def _keep(
    writing: Writing, key: bytes, box: str, request: OnlineRequest, load: LoadRequest, answer: _Answer
) -> None:
    """The case of this request, so that a repeated one hears the same; and the money's way into transit."""
    granted = answer.result is LoadResult.GRANTED
    state = CaseState.PENDING if granted else CaseState.REFUSED
    if granted:
        _close_earlier(writing, load, answer)
    ms = writing.now.unix_ms
    add_case(
        writing.db,
        LoadCase(
            key, load.card, load.counter, load.balance_fen, load.amount_fen, request.psam, box, request.payload,
            int(answer.result), writing.now.campus_s, int(state), int(granted), None, "", ms, ms, int(answer.source),
            int(Retry.SECOND if answer.retried else Retry.OPEN), 0 if granted else answer.fen,
        ),
    )  # fmt: skip
    if granted:
        _enter(writing, key, load, request.payload, answer.source)


def _close_earlier(writing: Writing, load: LoadRequest, answer: _Answer) -> None:
    if answer.retried is not None:
        set_retry(writing, answer.retried, Retry.USED)
    else:
        close_others(writing.db, load.card, answer.source)


def _again(writing: Writing, box: str, case: LoadCase, request: OnlineRequest) -> LoadDecision:
    if case.payload != request.payload or case.psam != request.psam:
        writing.notes.tell(LoadRequestReused(request.request), box=box, device=request.device)
        return LoadDecision(LoadResult.NOT_NOW, 0, 0, again=True)
    if case.state == CaseState.PENDING and case.debited:
        return LoadDecision(LoadResult.GRANTED, case.amount_fen, case.time_s, again=True)
    if case.state == CaseState.REFUSED:
        return LoadDecision(LoadResult(case.result), case.offered_fen, 0, again=True)
    taken = case.state in (CaseState.CONFIRMED, CaseState.CONFIRMED_BY_COUNTER)
    return LoadDecision(LoadResult.ALREADY_LOADED if taken else LoadResult.NOT_NOW, 0, 0, again=True)


def _registered(writing: Writing, box: str, request: OnlineRequest, load: LoadRequest, *, mac1_ok: bool) -> LoadResult:
    """Who asks, and did the card ask."""
    place = writing.registry.place(box, request.device, request.psam)
    if writing.registry.stolen.names(request.device, request.psam):
        return LoadResult.WRONG_DEVICE
    if place.reason or place.device is None:
        return LoadResult.WRONG_DEVICE
    if load.purpose is Purpose.LOAD and place.device.kind not in LOADERS:
        return LoadResult.WRONG_DEVICE  # only there the holder says that the online account is to pay
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


def _decided(writing: Writing, load: LoadRequest) -> _Answer:
    card = writing.registry.cards[load.card]
    if card.hotlisted or is_over(writing.db, load.card, writing.now):
        return _Answer(LoadResult.HOTLISTED)
    if counter_is_proven(writing.db, load.card, load.counter):
        writing.notes.tell(LoadCounterReused(load.card, load.counter))
        return _Answer(LoadResult.ALREADY_LOADED)
    if not load.amount_fen:
        return _Answer(*_offered(writing, load, _accounts(writing, load)))
    if load.balance_fen + load.amount_fen > FEN_MAX or load.amount_fen > loadable_fen(
        writing.db, load.card, writing.now
    ):
        return _Answer(LoadResult.OVER_LIMIT)
    return _affordable(writing, load)


def _offered(writing: Writing, load: LoadRequest, accounts: CardAccounts) -> tuple[LoadResult, int]:
    """A load machine that asks for nothing and for which nothing waits hears what it always has."""
    result, fen = offer(writing, load, accounts)
    is_plain = result is LoadResult.NOTHING and load.purpose is Purpose.LOAD
    return (LoadResult.NOT_NOW, 0) if is_plain else (result, fen)


def _affordable(writing: Writing, load: LoadRequest) -> _Answer:
    """A claim draws on the pending load and nothing else, a second try on what paid the first."""
    retried = offered(writing.db, load) if load.purpose in RETRIES else None
    if load.purpose in RETRIES and retried is None:
        return _Answer(LoadResult.NOTHING)
    source = Source.PENDING if load.purpose is Purpose.CLAIM else Source.ONLINE
    source = Source(retried.source) if retried else source
    writing.booking.flush()
    payer = account_of(_accounts(writing, load), source)
    if load.purpose is Purpose.AUTO and load.amount_fen > _due(writing, load):
        return _Answer(LoadResult.NOTHING)
    floor_fen = floor_of(writing.db, payer_of(writing.db, load.card)) if source is Source.ONLINE else 0
    if balance_now(writing.db, payer, Side.CREDIT) - floor_fen < load.amount_fen:
        return _Answer(LoadResult.NO_FUNDS)
    return _Answer(LoadResult.GRANTED, load.amount_fen, source, retried)


def _due(writing: Writing, load: LoadRequest) -> int:
    """By itself nothing is loaded that rule and order do not say now."""
    if not is_own(writing, load):
        return 0
    return due(writing.db, load.card, _accounts(writing, load), load.balance_fen, writing.now).fen


def _accounts(writing: Writing, load: LoadRequest) -> CardAccounts:
    """A spare card's purse and transit are its own; what pays is its holder's."""
    return borrowed(writing.registry, load.card, payer_of(writing.db, load.card))


def _enter(writing: Writing, key: bytes, load: LoadRequest, payload: bytes, source: Source) -> None:
    kind = KINDS[source].authorised
    document = load_document(kind, key, load.card, load.amount_fen, payload, payer_of(writing.db, load.card))
    postings = LOAD_POSTINGS[kind](_accounts(writing, load), load.amount_fen)
    day = day_number(writing.now.campus_s)
    entry = Entry(kind, day, bytes((kind,)) + key, document_hash(document), postings, document=document)
    writing.booking.add_entry(entry, OWN_PARTITION)
