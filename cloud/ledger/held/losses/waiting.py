"""For which terminals the balance of a lost or kept card waits, and why: completeness, and that it refuses the card.

A card that the desk keeps can be used nowhere: for it every terminal has only to bring all that it has. A lost one may
be used wherever no terminal has said that it refuses it, and none can say so before hotlists travel: each is waited for
until two persons have written it off.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from cloud.ledger.cards.life import Frozen, frozen
from cloud.ledger.fleet.owing import Fleet, fleet, owing
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.school_days import school_days_since

SCHOOL_DAYS = 3
"""So many school days silent, and the proposal to write a terminal off stands by itself."""


class Waiting(NamedTuple):
    """Why a balance waits for a terminal. accepts: it has not said that it refuses the card."""

    terminal: TerminalView
    records: int
    open_slots: int
    silent: bool
    accepts: bool

    def is_due(self, since_ms: int, now: Now) -> bool:
        """Was it silent for SCHOOL_DAYS, since the card may not be used?"""
        last_ms = max(since_ms, self.terminal.heard_ms)
        return school_days_since(now.campus_s - (now.unix_ms - last_ms) // 1000, now.campus_s) >= SCHOOL_DAYS


def waits_for(db: Database, card: bytes, since_ms: int) -> list[Waiting]:
    """By name; those that are written off for this card are not waited for."""
    is_lost, gone = must_refuse(db, card), written_off(db, card)
    return waiting_in(db, fleet(db), card, since_ms, gone, is_lost=is_lost)


def waiting_in(
    db: Database, there: Fleet, card: bytes, since_ms: int, gone: Collection[bytes], *, is_lost: bool
) -> list[Waiting]:  # fmt: skip
    """The same, of what was read for many cards. gone: terminals that are written off for this one."""
    late: dict[bytes, tuple[int, int, bool]] = {}
    for device, one in owing(there, since_ms):
        records, slots, silent = late.get(device, (0, 0, False))
        late[device] = records + one.records, slots + one.open_slots, silent or one.silent
    found = []
    for device, terminal in there.tills.items():
        accepts = is_lost and not has_refused(db, device, card)
        if device not in gone and (accepts or device in late):
            found.append(Waiting(terminal, *late.get(device, (0, 0, False)), accepts))
    return found


def must_refuse(db: Database, card: bytes) -> bool:
    """May somebody use the card? Not one that the desk keeps; one that was reported lost and not found, yes."""
    found = frozen(db, [card]).get(card)
    return found is not None and found.is_lost


def written_off(db: Database, card: bytes) -> set[bytes]:
    """Terminals that two persons have written off for this card, since it was frozen: not those of a report before."""
    return written_off_of(db, frozen(db, [card])).get(card, set())


def written_off_of(db: Database, froze: Mapping[bytes, Frozen]) -> dict[bytes, set[bytes]]:
    """The same, of each of these cards of which anything is."""
    found: dict[bytes, set[bytes]] = {}
    for device, deed, card in db.find("SELECT device, deed, card FROM write_off WHERE card", list(froze)):
        if deed == froze[bytes(card)].deed:
            found.setdefault(bytes(card), set()).add(bytes(device))
    return found


def has_refused(_: Database, __: bytes, ___: bytes) -> bool:
    """Has this terminal said that it refuses this card? None can before hotlists travel: their echo belongs here."""
    return False
