"""For which terminals the balance of a lost or kept card waits, and why: completeness, and that it refuses the card.

A card that the desk keeps can be used nowhere: for it every terminal has only to bring all that it has. A lost one may
be used wherever no terminal has said that it refuses it. A terminal says so when it reports that it uses a hotlist of
ours from which on every one names the card; then the ledger must have heard all that it wrote up to that moment. The
others are waited for until two persons have written them off.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cloud.ledger.cards.life import Frozen, frozen
from cloud.ledger.fleet.documents.hotlist import named_since
from cloud.ledger.fleet.documents.reported import InUse, hotlists_in_use, hotlists_reached
from cloud.ledger.fleet.owing import Fleet, fleet, owed_upto, owing
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.school_days import WEEKDAYS, Calendar, school_days_since

SCHOOL_DAYS = 3
"""So many school days silent, and the proposal to write a terminal off stands by itself."""


class Waiting(NamedTuple):
    """Why a balance waits for a terminal. accepts: it has not said that it refuses the card."""

    terminal: TerminalView
    records: int
    open_slots: int
    silent: bool
    accepts: bool

    def is_due(self, since_ms: int, now: Now, calendar: Calendar = WEEKDAYS) -> bool:
        """Was it silent for SCHOOL_DAYS, since the card may not be used?"""
        last_ms = max(since_ms, self.terminal.heard_ms)
        return school_days_since(now.campus_s - (now.unix_ms - last_ms) // 1000, now.campus_s, calendar) >= SCHOOL_DAYS


def waits_for(db: Database, card: bytes, since_ms: int) -> list[Waiting]:
    """By name; those that are written off for this card are not waited for."""
    is_lost, gone = must_refuse(db, card), written_off(db, card)
    refusing = refusals(db, [card]).get(card, {})
    return waiting_in(fleet(db), since_ms, gone, refusing, is_lost=is_lost)


def waiting_in(
    there: Fleet, since_ms: int, gone: Collection[bytes], refusing: Mapping[bytes, InUse], *, is_lost: bool
) -> list[Waiting]:  # fmt: skip
    """The same, of what was read for many cards. gone: terminals that are written off for this one; refusing: those
    that refuse it."""
    late: dict[bytes, tuple[int, int, bool]] = {}
    for device, one in owing(there, since_ms, {device: echo.seq for device, echo in refusing.items()}):
        records, slots, silent = late.get(device, (0, 0, False))
        late[device] = records + one.records, slots + one.open_slots, silent or one.silent
    found = []
    for device, terminal in there.tills.items():
        records, slots, silent = late.get(device, (0, 0, False))
        accepts = is_lost and device not in refusing
        if device in refusing:
            terminal = replace(terminal, owed=owed_upto(terminal, refusing[device].seq))
        silent = silent or (is_lost and not accepts and _is_unheard_since(terminal, refusing[device]))
        if device not in gone and (accepts or silent or device in late):
            found.append(Waiting(terminal, records, slots, silent, accepts))
    return found


def refusals(db: Database, cards: Sequence[bytes]) -> dict[bytes, dict[bytes, InUse]]:
    """Card → the terminals that refuse it: the hotlist of ours that each reports to use, and since when."""
    since = named_since(db, cards)
    used = hotlists_in_use(db) if since else {}
    return {
        card: {device: one for device, one in used.items() if one.generation >= first} for card, first in since.items()
    }


def _is_unheard_since(terminal: TerminalView, echo: InUse) -> bool:
    """Was its newest STATUS before the hotlist that it uses, or lacks it a record of before that?"""
    return terminal.heard_ms < echo.since_ms or terminal.last < echo.seq


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


def has_refused(db: Database, device: bytes, card: bytes) -> bool:
    """Has this terminal ever said that it refuses this card, as the newest hotlist does?"""
    since = named_since(db, [card]).get(card)
    return since is not None and hotlists_reached(db).get(device, 0) >= since
