"""What waits for a card, and who may have it: claims 领款 of the pending load, and one second try of a load gone wrong.

A load that was granted and proven not to have reached its card is granted once more, once, at the card's next online
act. It is offered before: an offer that is lost on its way is made again at the act after, three times in all, and each
is marked in the transaction that makes it. What came of it or not, then it stands for the desk. A fresh act of the
holder over the same account closes it: nobody gets both.
"""

from cloud.ledger.books.chart import Side
from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.spares import borrowed, payer_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import COLUMNS, LoadCase, payer_of_case, set_retry
from cloud.ledger.loads.retry import OFFERABLE, OFFERED, UNGRANTED, Retry
from cloud.ledger.loads.sources import Source, account_of
from cloud.ledger.loads.split.due import due
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database
from shared.money import FEN_MAX
from shared.online import LoadRequest, LoadResult, Purpose

NOTHING = (LoadResult.NOTHING, 0)
_WANTED = ", ".join(str(int(retry)) for retry in (*UNGRANTED, Retry.SECOND))
_RETRY = {Source.ONLINE: LoadResult.RETRY, Source.PENDING: LoadResult.RETRY_CLAIM}


def offer(writing: Writing, load: LoadRequest, accounts: CardAccounts) -> tuple[LoadResult, int]:
    """The answer to a question (a request over 0 fen), and the sum it names. What is offered is marked as offered."""
    writing.booking.flush()
    if load.purpose is Purpose.AUTO:
        fen = due(writing.db, load.card, accounts, load.balance_fen, writing.now).fen if is_own(writing, load) else 0
        return (LoadResult.AUTO, fen) if fen else NOTHING
    if load.purpose is Purpose.CLAIM and (fen := claimable_fen(writing.db, accounts)):
        return LoadResult.CLAIMABLE, fen
    case = next((one for one in _given_back(writing.db, load.card, *OFFERABLE) if _is_paid(writing, one)), None)
    if case is None:
        return NOTHING
    set_retry(writing, case, OFFERABLE[Retry(case.retry)])
    return _RETRY[Source(case.source)], case.amount_fen


def is_own(writing: Writing, load: LoadRequest) -> bool:
    """By itself nothing is loaded onto a spare: its holder says so, or claims."""
    return payer_of(writing.db, load.card) == load.card


def claimable_fen(db: Database, accounts: CardAccounts) -> int:
    """The card's pending load, as far as one claim can take it; never negative."""
    return max(0, min(FEN_MAX, balance_now(db, accounts.pending, Side.CREDIT)))


def offered(db: Database, load: LoadRequest) -> LoadCase | None:
    """The case whose sum was offered to this card and is asked for now."""
    cases = _given_back(db, load.card, *OFFERED)
    return next((case for case in cases if _is_asked_for(case, load)), None)


def _is_asked_for(case: LoadCase, load: LoadRequest) -> bool:
    """A RETRY may be of a claim: a terminal of before RETRY_CLAIM knows no other word."""
    is_source = load.purpose is Purpose.RETRY or case.source == Source.PENDING
    return is_source and case.amount_fen == load.amount_fen


def close_others(db: Database, card: bytes, source: Source) -> None:
    """The holder loads or claims anew: what was given back to the same account before is wanted no more."""
    db.run(
        f"UPDATE load_case SET retry = ? WHERE card = ? AND +state = ? AND source = ? AND retry IN ({_WANTED})",  # noqa: S608
        (int(Retry.CLOSED), card, int(CaseState.REVERSED), int(source)),
    )


def _is_paid(writing: Writing, case: LoadCase) -> bool:
    """Is the money still where it went back to?"""
    payer = payer_of_case(writing, case)
    accounts = borrowed(writing.registry, case.card, payer)
    floor_fen = floor_of(writing.db, payer) if case.source == Source.ONLINE else 0
    left_fen = balance_now(writing.db, account_of(accounts, Source(case.source)), Side.CREDIT)
    return left_fen - floor_fen >= case.amount_fen


def _given_back(db: Database, card: bytes, *retries: Retry) -> list[LoadCase]:
    """Newest first."""
    marks = ", ".join(str(int(retry)) for retry in retries)
    rows = db.run(
        f"SELECT {COLUMNS} FROM load_case WHERE card = ? AND +state = ? AND debited = 1 AND retry IN ({marks}) "  # noqa: S608
        "ORDER BY changed_ms DESC, counter DESC, key",
        (card, int(CaseState.REVERSED)),
    )
    return [LoadCase(*row) for row in rows]
