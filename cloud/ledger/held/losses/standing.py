"""Lost and kept cards as they stand: what is left in their purses, for whom it waits, what two persons are to decide.

A proposal to write off a terminal that was silent for three school days stands by itself, and is told once. It waits
for two signatures: the first makes it a proposal of a person, the second confirms it. What is the same for many cards
is read once for all of them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.cards.life import DeedKind, Frozen, frozen
from cloud.ledger.fleet.documents.reported import InUse
from cloud.ledger.fleet.owing import Fleet, fleet
from cloud.ledger.fleet.parameters.door import calendar
from cloud.ledger.held import two_persons
from cloud.ledger.held.losses.bearing import Loss, losses, provided
from cloud.ledger.held.losses.exposure import certain_fen
from cloud.ledger.held.losses.waiting import Waiting, refusals, waiting_in, written_off_of
from cloud.ledger.held.losses.write_off import possible_fen, read_offer
from cloud.ledger.held.two_persons import ProposalKind
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database, Row
from shared.clocks.school_days import Calendar
from shared.facts.losses import WriteOffDue

CARDS_MAX = 1000
"""Most cards that are listed: those of which something is frozen first, of them those that were lost last. Each one is
told by its label."""
CARDS_A_LOOK = 32
"""Most cards of which a look tells what is due: what a record that comes meanwhile waits for."""
_CARDS = (
    "SELECT c.card, c.label, c.purse_account, c.subsidy_account, l.since_ms, COALESCE(s.label, '') FROM card_life l "
    "JOIN card c ON c.card = l.card LEFT JOIN card s ON s.card = l.successor "
    "LEFT JOIN balance m ON m.account = c.purse_account LEFT JOIN balance b ON b.account = c.subsidy_account "
    "WHERE l.state <> 0"
)
_TAIL = (
    "(SELECT {side} FROM posting WHERE entry > (SELECT value FROM watermark WHERE name = 'fold'))"  # a few hundred rows
)
_MOVED = " OR ".join(
    f"c.{account} IN {_TAIL.format(side=side)}"
    for account in ("purse_account", "subsidy_account")
    for side in ("debit", "credit")
)
_IS_OPEN = f"(COALESCE(m.credit_fen > m.debit_fen, FALSE) OR COALESCE(b.credit_fen > b.debit_fen, FALSE) OR {_MOVED})"
"""Something is left, or may be: what is not folded by now is looked at."""
_IS_BORNE = "EXISTS (SELECT 1 FROM loss WHERE loss.card = l.card AND loss.undone IS NULL)"
_DEED = "SELECT 1 FROM card_deed {0} WHERE {0}.card = l.card AND {0}.kind = {1}"
_FOUND = _DEED.format("f", int(DeedKind.FOUND))
_IS_LOST = f"EXISTS ({_DEED.format('d', int(DeedKind.LOST))} AND NOT EXISTS ({_FOUND} AND f.id > d.id))"
_LISTED = (
    f"{_CARDS} AND ({_IS_LOST} OR {_IS_BORNE} OR {_IS_OPEN}) "
    f"ORDER BY CASE WHEN {_IS_OPEN} THEN 0 ELSE 1 END, l.since_ms DESC LIMIT ?"
)
_LABELLED = f"{_CARDS} AND c.label = ?"
_OPEN_AFTER = f"{_CARDS} AND l.card > ? AND {_IS_OPEN} ORDER BY l.card LIMIT ?"


class LostCard(NamedTuple):
    """A card. left_fen, subsidy_left_fen: in its two purses; borne_fen: what the school has borne; provided_fen: and
    provided.

    free_fen: what of the main purse goes at once, whoever is waited for; of a card that is asked for alone.

    deed: what froze it.
    due: those of `waiting` whose write-off stands by itself; proposed: device → proposal that waits.
    """

    card: bytes
    deed: int
    label: str
    successor: str
    is_lost: bool
    since_ms: int
    left_fen: int
    subsidy_left_fen: int
    borne: int
    borne_fen: int
    provided_fen: int
    waiting: tuple[Waiting, ...]
    written_off: int
    due: frozenset[bytes]
    proposed: Mapping[bytes, int]
    free_fen: int = 0

    @property
    def is_open(self) -> bool:
        """Is there anything left to be decided?"""
        return self.frozen_fen > 0

    @property
    def frozen_fen(self) -> int:
        """Of both purses."""
        return self.left_fen + self.subsidy_left_fen


class _Read(NamedTuple):
    """What is read once for many cards. surplus: debit surplus by account; proposed: by card and deed."""

    there: Fleet
    surplus: Mapping[int, int]
    frozen: Mapping[bytes, Frozen]
    written_off: Mapping[bytes, set[bytes]]
    refusing: Mapping[bytes, Mapping[bytes, InUse]]
    losses: Mapping[bytes, list[Loss]]
    provided: Mapping[bytes, int]
    proposed: Mapping[tuple[bytes, int], Mapping[bytes, int]]
    calendar: Calendar


def standing(db: Database, now: Now) -> list[LostCard]:
    """Those that are lost, of which something is frozen, or of which the school bears something; CARDS_MAX at most.

    Inside of a snapshot. What is frozen comes first, then what was lost last.
    """
    found = _standing(db, now, db.run(_LISTED, (CARDS_MAX,)))
    return [one for one in found if one.is_lost or one.is_open or one.borne]


def standing_of(db: Database, now: Now, label: str) -> LostCard | None:
    """The card with this label; None for one that nobody has reported, kept or replaced. Inside of a snapshot."""
    for one in _standing(db, now, db.run(_LABELLED, (label,))):
        return one._replace(free_fen=certain_fen(db, one.card, one.left_fen, one.waiting, now))
    return None


def stand(writing: Writing, after: bytes) -> bytes:
    """Tell the write-offs that stand by themselves from now on, of some cards. Inside of a transaction.

    The last card that was looked at, which the next look comes after; b"": that were all.
    """
    rows = writing.db.run(_OPEN_AFTER, (after, CARDS_A_LOOK))
    cards = [bytes(row[0]) for row in rows]
    told: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
    for deed, device, card in writing.db.find("SELECT deed, device, card FROM write_off_due WHERE card", cards):
        told[bytes(card), deed].add(bytes(device))
    for one in _standing(writing.db, writing.now, rows):
        _tell_due(writing, one, one.due - told[one.card, one.deed])
    return cards[-1] if len(cards) == CARDS_A_LOOK else b""


def _tell_due(writing: Writing, one: LostCard, new: frozenset[bytes]) -> None:
    fresh = [w.terminal for w in one.waiting if w.terminal.device in new]
    if fresh and one.is_open:
        rows = [(one.card, terminal.device, one.deed, writing.now.unix_ms) for terminal in fresh]
        writing.db.insert("write_off_due", "card, device, deed, at_ms", rows)
        fen = possible_fen(writing, one.card)
        writing.notes.tell(WriteOffDue(one.label, fresh[0].name, len(fresh), fen), device=fresh[0].device)


def _standing(db: Database, now: Now, rows: Sequence[Row]) -> list[LostCard]:
    if not rows:
        return []
    read = _read(db, now, [bytes(row[0]) for row in rows], [account for row in rows for account in row[2:4]])
    return [_one(read, now, bytes(card), *rest) for card, *rest in rows]


def _read(db: Database, now: Now, cards: list[bytes], accounts: list[int]) -> _Read:
    froze = frozen(db, cards)
    borne: dict[bytes, list[Loss]] = defaultdict(list)
    for one in losses(db, cards):
        if one.undone is None:
            borne[one.card].append(one)
    return _Read(
        fleet(db), balances_of(db, accounts), froze, written_off_of(db, froze), refusals(db, cards), borne,
        provided(db, cards), _proposed(db, now), calendar(db),
    )  # fmt: skip


def _proposed(db: Database, now: Now) -> dict[tuple[bytes, int], dict[bytes, int]]:
    """Of all proposals that wait."""
    found: dict[tuple[bytes, int], dict[bytes, int]] = defaultdict(dict)
    for one in two_persons.waiting(db, now.unix_ms):
        if one.kind is ProposalKind.WRITE_OFF:
            offer = read_offer(one.document)
            found[offer.card, offer.deed].update(dict.fromkeys(offer.devices, one.number))
    return found


def _one(
    read: _Read, now: Now, card: bytes, label: str, purse: int, subsidy: int, since_ms: int, successor: str
) -> LostCard:  # fmt: skip
    left_fen, subsidy_fen = (max(0, -read.surplus.get(account, 0)) for account in (purse, subsidy))
    deed, is_lost = read.frozen.get(card, Frozen(0, is_lost=False))
    gone, borne = read.written_off.get(card, set()), read.losses.get(card, [])
    waiting: tuple[Waiting, ...] = ()
    if left_fen or subsidy_fen:
        refusing = read.refusing.get(card, {})
        waiting = tuple(waiting_in(read.there, since_ms, gone, refusing, is_lost=is_lost))
    proposed = read.proposed.get((card, deed), {})
    silent = frozenset(one.terminal.device for one in waiting if one.is_due(since_ms, now, read.calendar))
    due = silent - proposed.keys()
    return LostCard(
        card, deed, label, successor, is_lost, since_ms, left_fen, subsidy_fen, len(borne),
        sum(one.fen for one in borne), max(0, read.provided.get(card, 0)), waiting, len(gone), due, proposed,
    )  # fmt: skip
