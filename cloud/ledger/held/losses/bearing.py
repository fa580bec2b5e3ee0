"""挂失后损失: each purchase that the school bears is booked back into the card's purse, once; given back, it is undone.

Beside the posting of records, by the look for differences. What was provided for the card pays first; what of that is
not spent when the card is found again is taken back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import LOSS, LOSS_PROVISION
from cloud.ledger.books.entry import Entry, EntryKind, Posting, document_hash
from cloud.ledger.books.keys import TURNS_MAX, card_of_unprovided, loss_key, loss_undone_key, unprovided_key
from cloud.ledger.books.posting import CardAccounts, Moved, Postings, loss_borne, loss_unprovided, withdrawn
from cloud.ledger.cards.life import DeedKind, frozen_by
from cloud.ledger.held.losses.reports import Report
from cloud.ledger.held.losses.spent import Spent, borne, released_at, spent
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.registry import Registry, ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database, Newest
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.wire import codec

COLUMNS = "id, record, card, application, fen, provided_fen, entry, undone"
_STANDING = (
    "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN application <> 0 THEN fen END), 0) "
    "AS BIGINT), COUNT(*) FROM loss WHERE undone IS NULL"
)


class Loss(NamedTuple):
    """A row: a record's purchase as the school bears it. undone: the entry that took it back; None: it stands."""

    number: int
    record: int
    card: bytes
    application: int
    fen: int
    provided_fen: int
    entry: int
    undone: int | None


class Paper(NamedTuple):
    """What the document of such an entry says."""

    record: int
    card: bytes
    application: int
    fen: int
    provided_fen: int

    def to_bytes(self) -> bytes:
        return codec.dumps([int(EntryKind.LOSS_BORNE), *self])


def read_paper(document: bytes) -> Paper:
    """WireFault for a document that is none."""
    kind, *fields = codec.fields(codec.loads(document), int, int, bytes, int, int, int, what="loss")
    if kind != EntryKind.LOSS_BORNE:
        raise WireFault("loss: another kind")
    return Paper(*fields)


def paper_postings(registry: Registry, paper: Paper) -> Postings:
    """What the paper means; KeyError for a card or an account that is none."""
    accounts = registry.cards[paper.card].accounts
    purse = accounts.subsidy if paper.application else accounts.purse
    loss, provision = registry.drawers[LOSS.code], registry.drawers[LOSS_PROVISION.code]
    return loss_borne(loss, provision, purse, paper.fen, paper.provided_fen)


class Unprovided(NamedTuple):
    """What the document says of an entry that takes back what was provided."""

    card: bytes
    fen: int

    def to_bytes(self) -> bytes:
        return codec.dumps([int(EntryKind.LOSS_UNPROVIDED), *self])


def read_unprovided(document: bytes) -> Unprovided:
    """WireFault for a document that is none."""
    kind, *fields = codec.fields(codec.loads(document), int, bytes, int, what="provision taken back")
    if kind != EntryKind.LOSS_UNPROVIDED:
        raise WireFault("provision taken back: another kind")
    return Unprovided(*fields)


def unprovided_postings(registry: Registry, said: Unprovided) -> Postings:
    """What it means; KeyError for accounts that are none."""
    return loss_unprovided(registry.drawers[LOSS.code], registry.drawers[LOSS_PROVISION.code], said.fen)


def losses(db: Database, cards: Iterable[bytes] | None = None) -> list[Loss]:
    """All rows, or those of these cards, in order."""
    select = f"SELECT {COLUMNS} FROM loss"  # noqa: S608  # our own names
    rows = db.run(f"{select} ORDER BY id") if cards is None else sorted(db.find(f"{select} WHERE card", list(cards)))
    return [Loss(*row) for row in rows]


class Sums(NamedTuple):
    """What the school has borne, fen. fen: 挂失后损失 in all; provision_fen: of it provided and not spent by now.

    purses_fen: given back to purses of lost cards, subsidy_fen of it to their subsidy purses.
    """

    fen: int
    provision_fen: int
    purses_fen: int
    subsidy_fen: int
    purchases: int


def sums(db: Database) -> Sums:
    """Of all cards."""
    ((given, subsidy_fen, purchases),) = db.run(_STANDING)
    codes: dict[str, int] = dict(db.find("SELECT code, id FROM account WHERE code", [LOSS.code, LOSS_PROVISION.code]))
    fen, provision_fen = (
        balance(db, codes[one.code], one.side) if one.code in codes else 0 for one in (LOSS, LOSS_PROVISION)
    )
    return Sums(fen, provision_fen, int(given), int(subsidy_fen), purchases)


def kept_or_lost(db: Database, cards: list[bytes]) -> set[bytes]:
    """Those of these cards of which somebody but their holder may spend, or may have spent."""
    rows = db.find("SELECT card, kind FROM card_deed WHERE card", cards)
    return {bytes(card) for card, kind in rows if kind in (DeedKind.LOST, DeedKind.KEPT, DeedKind.REPLACED)}


def bear(writing: Writing, card: bytes, report: Report | None) -> list[Spent]:
    """Book what is new, take back what was given back; what is new."""
    found = spent(writing.db, card)
    standing = {one.record: one for one in losses(writing.db, [card]) if one.undone is None}
    for record in standing.keys() - {one.record for one in found}:
        _undo(writing, standing[record])
    due = borne(found, report, released_at(writing.db, card))
    fresh = [one for one in due if one.record not in standing]
    if fresh:
        need_accounts(writing)
    for one in fresh:
        _book(writing, card, one)
    writing.booking.flush()
    take_back_provided(writing, card)
    return fresh


def provided_left(db: Database, card: bytes) -> int:
    """What was provided for this card, and is neither spent by now nor taken back."""
    return provided(db, [card]).get(card, 0)


def provided(db: Database, cards: Sequence[bytes]) -> dict[bytes, int]:
    """The same of those of these cards for which something ever was."""
    found: dict[bytes, int] = defaultdict(int)
    for fen, card in db.find("SELECT fen, card FROM write_off WHERE card", cards):
        found[bytes(card)] += fen
    for one in losses(db, list(found)):
        found[one.card] -= one.provided_fen if one.undone is None else 0
    for card, (_, fen) in _taken_back(db, list(found)).items():
        found[card] -= fen
    return dict(found)


def take_back_provided(writing: Writing, card: bytes) -> None:
    """Of a card that nothing freezes any more nothing stays provided, be it that a loss was taken back later."""
    fen = 0 if frozen_by(writing.db, card) else provided_left(writing.db, card)
    if fen > 0:
        document = Unprovided(card, fen).to_bytes()
        key = unprovided_key(card, _taken_back(writing.db, [card]).get(card, (0, 0))[0])
        entry = Entry(
            EntryKind.LOSS_UNPROVIDED, day_number(writing.now.campus_s), key, document_hash(document),
            unprovided_postings(writing.registry, Unprovided(card, fen)), document=document,
        )  # fmt: skip
        writing.booking.add_entry(entry, OWN_PARTITION)
        writing.booking.flush()


def _taken_back(db: Database, cards: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """How often, and fen, of those of these cards of which anything ever was."""
    ends = [(unprovided_key(card, 0), unprovided_key(card, TURNS_MAX)) for card in cards]
    (rows,) = db.ask(Newest("SELECT key, fen FROM posting WHERE key", ends, TURNS_MAX + 1))
    found: dict[bytes, tuple[int, int]] = {}
    for key, fen in rows:
        turns, before = found.get(card := card_of_unprovided(bytes(key)), (0, 0))
        found[card] = turns + 1, before + fen
    return found


def borne_beside(db: Database, card: bytes, accounts: CardAccounts) -> Moved:
    """What was borne of this card's purses and lies in their accounts still, though the card itself has it not."""
    standing = [one for one in losses(db, [card]) if one.undone is None]
    if not standing:
        return Moved(0, 0, 0, 0, 0)
    main, subsidy = (
        sum(one.fen for one in standing if one.application == application)
        - _moved_before(db, *sides)
        for application, sides in enumerate(
            ((accounts.purse, accounts.online), (accounts.subsidy, accounts.pending_subsidy))
        )
    )
    return Moved(max(0, main), 0, 0, max(0, subsidy), 0)


def _moved_before(db: Database, purse: int, beside: int) -> int:
    """By a card that was found again before."""
    ((fen,),) = db.run(
        "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM posting WHERE debit = ? AND credit = ? AND kind = ?",
        (purse, beside, int(EntryKind.LOSS_RELEASED)),
    )
    return int(fen)


def need_accounts(writing: Writing) -> None:
    """The accounts of losses, made with the first one."""
    if LOSS.code not in writing.registry.drawers:
        writing.registry.drawers.update(ensure_accounts(writing.db, (LOSS, LOSS_PROVISION)))
        touch_registry(writing.db)


def _book(writing: Writing, card: bytes, one: Spent) -> None:
    db, fen = writing.db, one.said.amount_fen
    ((last, before),) = db.run(
        "SELECT COALESCE(MAX(id), 0), COUNT(CASE WHEN record = ? THEN 1 END) FROM loss", (one.record,)
    )
    paper = Paper(one.record, card, one.application, fen, min(fen, max(0, provided_left(db, card))))
    document = paper.to_bytes()
    entry = Entry(
        EntryKind.LOSS_BORNE, day_number(writing.now.campus_s), loss_key(one.record, before), document_hash(document),
        paper_postings(writing.registry, paper), document=document,
    )  # fmt: skip
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    db.insert("loss", COLUMNS, [(last + 1, *paper, number, None)])


def _undo(writing: Writing, loss: Loss) -> None:
    columns = "debit, credit, fen, effective_day, input_hash"
    rows = writing.db.run(f"SELECT {columns} FROM posting WHERE entry = ? ORDER BY line", (loss.entry,))  # noqa: S608  # ours
    postings = withdrawn(tuple(Posting(*row[:3]) for row in rows))
    day, input_hash = rows[0][3:]
    kind, key = EntryKind.LOSS_TAKEN_BACK, loss_undone_key(loss.entry)
    entry = Entry(kind, day, key, input_hash, postings, record=loss.record, reverses=loss.entry)
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    writing.db.run("UPDATE loss SET undone = ? WHERE id = ?", (number, loss.number))
