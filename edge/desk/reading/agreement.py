"""Does a card agree with the ledger, and if not, who owes what: one pure judgement over both.

The ledger lacks a record: *late*, and the card's own log says from which terminal, for how much. All records are there
and the sums differ: *unexplained*, which is a finding. Something granted and undecided: *in doubt* until it is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from shared.purse.crypto import TYPE_ED_LOAD, TYPE_EP_LOAD, TYPE_OVERDRAFT, TYPE_UNLOAD
from shared.purse.files import LogRecord
from shared.purse.profiles import CardProfile, Number
from shared.wire.desk.calls import CardBooks, OpenMatter
from shared.words.voice import Text

LOADS = frozenset((TYPE_ED_LOAD, TYPE_EP_LOAD))
ONLINE_TYPES = LOADS | {TYPE_UNLOAD, TYPE_OVERDRAFT}
"""These move the online counter."""


class Match(Enum):
    """What card and ledger say of each other."""

    AGREES = Text("相符", "agrees")
    LATE = Text("迟到：有流水未到账本", "late: records have not reached the ledger")
    IN_DOUBT = Text("在途：有圈存或圈提未了", "in doubt: a load or unload is not decided")
    UNEXPLAINED = Text("不符，原因不明", "unexplained difference")


@dataclass(frozen=True, slots=True)
class Owed:
    """A transaction of the card that no record has brought. log: the card's own line; None: it holds it no more."""

    counter: int
    is_online: bool
    log: LogRecord | None
    place: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """difference_fen: card minus ledger. proven: the owed transactions make the difference, to the fen."""

    match: Match
    difference_fen: int
    owed: tuple[Owed, ...]
    open: tuple[OpenMatter, ...]
    proven: bool


def agree(profile: CardProfile, balance_fen: int, log: Sequence[LogRecord], books: CardBooks) -> Agreement:
    """Hold a card's balance and log against the books."""
    places = {terminal: f"{name} {place}".strip() for terminal, name, place in books.places}
    owed = tuple(
        _owed(counter, is_online, log, profile, places)
        for counters, is_online in ((books.missing_offline, False), (books.missing_online, True))
        for counter in counters
    )
    difference = balance_fen - books.purse_fen
    known = [_moved(one.log) for one in owed if one.log is not None]
    proven = len(known) == len(owed) and sum(known) == difference
    return Agreement(_match(difference, owed, books, proven=proven), difference, owed, books.open, proven)


def _match(difference: int, owed: tuple[Owed, ...], books: CardBooks, *, proven: bool) -> Match:
    if books.open or books.grey:
        return Match.IN_DOUBT
    if not owed:
        return Match.AGREES if difference == 0 else Match.UNEXPLAINED
    is_all_logged = all(one.log is not None for one in owed)
    return Match.UNEXPLAINED if is_all_logged and not proven else Match.LATE


def _owed(
    counter: int, is_online: bool, log: Sequence[LogRecord], profile: CardProfile, places: dict[bytes, str]
) -> Owed:
    number = counter + (profile.log_number is Number.AFTER)
    found = next((r for r in log if r.number == number and (r.kind in ONLINE_TYPES) is is_online), None)
    return Owed(counter, is_online, found, places.get(found.terminal_id, "") if found else "")


def _moved(record: LogRecord | None) -> int:
    """fen that it brought to the card."""
    if record is None or record.kind == TYPE_OVERDRAFT:
        return 0
    return record.amount_fen if record.kind in LOADS else -record.amount_fen
