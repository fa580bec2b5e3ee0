"""What the books hold of one purse of a card, as the steps of its chain. Inside of a transaction; bounded.

A step is one that the card certainly took: by a TAC, by evidence, or by its next counter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.findings.rows import MAIN
from cloud.ledger.held.losses.spent import PURSES
from cloud.ledger.loads.unloads import TAKEN, UnloadState
from cloud.ledger.records.chain import Step
from cloud.ledger.records.grey import STANDS, State
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database, Newest, Question, Rows
from shared.errors import WireFault
from shared.records import STORED_HEAD, CounterKind, LoadRecord, PurchaseRecord, decode, parse_stored

PURCHASES_MAX, LOADS_MAX = 16, 64
"""The newest that are judged at a look; what lies before was judged when it came."""
COUNTERS = 1 << 16
_PURSE = 11
"""Bytes of a key that name the purse: card and purse."""
_STANDS, _OPEN = sorted(map(int, STANDS)), int(State.OPEN)
_TAKEN, _UNLOADING = sorted(map(int, TAKEN)), int(UnloadState.PENDING)
_BY_COUNTER, _IN_TRANSIT = int(CaseState.CONFIRMED_BY_COUNTER), int(CaseState.PENDING)
_PROVEN = "SELECT p.card_key, p.record, r.stored FROM proof p JOIN record r ON r.id = p.record WHERE p.card_key"


def _one_of(states: Iterable[int]) -> str:
    return f"IN ({', '.join(map(str, states))})"


_GREY = (
    "SELECT s.purse, s.state, s.load, s.record, r.stored FROM suspense s JOIN record r ON r.id = s.record "  # noqa: S608  # numbers of ours
    f"WHERE s.state {_one_of((*_STANDS, _OPEN))} AND s.purse"
)
_LOADS = (
    "SELECT card, state, debited, counter, balance_fen, amount_fen FROM load_case "  # noqa: S608  # as above
    f"WHERE +state {_one_of((_BY_COUNTER, _IN_TRANSIT))} AND card"
)
_UNLOADS = (
    "SELECT card, state, counter, balance_fen, -amount_fen FROM unload_case "  # noqa: S608  # as above
    f"WHERE +state {_one_of((*_TAKEN, _UNLOADING))} AND card"
)

Whose = tuple[bytes, int]
"""A card and which of its applications."""


class Held(NamedTuple):
    """A purchase that stands, and its number in the books. sender: the head of a proven one, as it is stored."""

    record: int
    said: PurchaseRecord
    sender: bytes = b""

    @property
    def step(self) -> Step:
        """As the chain has it."""
        return Step(self.said.counter, self.said.balance_fen, self.said.amount_fen)


class Purse(NamedTuple):
    """whole: all purchases and loads are here. coming_fen: loads in transit. is_open: something is not decided yet.
    loaded_by: the record of the newest load; None where a counter or a desk says it."""

    purchases: list[Held]
    loads: list[Step]
    whole: bool
    coming_fen: int
    is_open: bool
    loaded_by: int | None = None


def newest_of_purses(db: Database, whose: Sequence[Whose]) -> dict[Whose, Purse]:
    """Their newest steps, all asked for at once."""
    return _purses(db, whose, PURCHASES_MAX, LOADS_MAX)


def purchases_of(db: Database, whose: Sequence[Whose], most: int) -> dict[Whose, list[int]]:
    """Counters of their newest purchases that stand, in order; none of a purse in which something is not decided."""
    purses = _purses(db, whose, most, 1)
    decided = {one: [] if purse.is_open else purse.purchases for one, purse in purses.items()}
    return {one: [held.said.counter for held in purchases] for one, purchases in decided.items()}


def whole_purse(db: Database, whose: Whose) -> Purse:
    """All its steps: a counter has no more."""
    return _purses(db, [whose], COUNTERS, COUNTERS)[whose]


def place_of(db: Database, record: int) -> tuple[bytes, str, str]:
    """Device, name and place of the terminal that a record names; the names are empty if it is none of ours."""
    ((stored,),) = db.run("SELECT stored FROM record WHERE id = ?", (record,))
    device = parse_stored(stored).device
    rows = db.run("SELECT name, place FROM device WHERE device = ?", (device,))
    return (device, *rows[0]) if rows else (device, device.hex(), "")


class _Said(NamedTuple):
    """Rows of many purses by what names each: its key, or for loads its card."""

    spent: dict[bytes, Rows]
    loaded: dict[bytes, Rows]
    grey: dict[bytes, Rows]
    cases: dict[bytes, Rows]
    unloads: dict[bytes, Rows]


def _purses(db: Database, whose: Sequence[Whose], purchases_max: int, loads_max: int) -> dict[Whose, Purse]:
    keys = [_key(one) for one in whose]
    mains = [_key(one) for one in whose if one[1] == MAIN]
    cards = [card for card, application in whose if application == MAIN]
    spent, loaded, *rest = db.ask(
        _proven(keys, CounterKind.OFFLINE, purchases_max), _proven(mains, CounterKind.ONLINE, loads_max),
        Question(_GREY, keys, keyed=True), Question(_LOADS, cards, keyed=True), Question(_UNLOADS, cards, keyed=True),
    )  # fmt: skip
    said = _Said(_by(spent, _PURSE), _by(loaded, _PURSE), *map(_by, rest))
    return {one: _purse(one, said, purchases_max, loads_max) for one in whose}


def _purse(whose: Whose, said: _Said, purchases_max: int, loads_max: int) -> Purse:
    key, (card, application) = _key(whose), whose
    spent, loaded, grey = said.spent[key], said.loaded[key], said.grey[key]
    cases, unloads = (rows[card] if application == MAIN else [] for rows in (said.cases, said.unloads))
    coming = [fen for state, debited, *_, fen in cases if state == _IN_TRANSIT and debited]
    waits = any(state == _OPEN for state, *_ in grey) or any(state == _UNLOADING for state, *_ in unloads)
    whole = len(spent) < purchases_max and len(loaded) < loads_max
    recorded = _recorded(loaded)
    loads = _loads(list(recorded), cases, unloads)
    by = recorded.get(loads[-1]) if loads else None
    return Purse(_purchases(spent, grey), loads, whole, sum(coming), waits or bool(coming), by)


def _key(whose: Whose) -> bytes:
    card, application = whose
    return card + bytes((PURSES[application],))


def _by(rows: Rows, size: int | None = None) -> dict[bytes, Rows]:
    """By the first `size` bytes of their first column, without it."""
    found: dict[bytes, Rows] = defaultdict(list)
    for first, *rest in rows:
        found[bytes(first[:size])].append(tuple(rest))
    return found


def _proven(keys: Sequence[bytes], kind: CounterKind, most: int) -> Newest:
    return Newest(_PROVEN, [(key + bytes((kind, 0, 0)), key + bytes((kind, 0xFF, 0xFF))) for key in keys], most)


def _purchases(spent: Rows, grey: Rows) -> list[Held]:
    proven = [(record, stored, stored[:STORED_HEAD]) for record, stored in spent]
    stands = [(record, stored, b"") for state, load, record, stored in grey if state in _STANDS and load is None]
    found = [(record, _decoded(stored), bytes(sender)) for record, stored, sender in (*proven, *stands)]
    held = [Held(record, said, sender) for record, said, sender in found if isinstance(said, PurchaseRecord)]
    return sorted(held, key=lambda one: one.step)


def _recorded(proven: Rows) -> dict[Step, int]:
    """Loads that a record proves, each with it."""
    said = [(record, _decoded(stored)) for record, stored in proven]
    return {
        Step(one.counter, one.balance_fen, one.amount_fen): record
        for record, one in said
        if isinstance(one, LoadRecord)
    }


def _loads(recorded: list[Step], cases: Rows, unloads: Rows) -> list[Step]:
    by_counter = [Step(*step) for state, _, *step in cases if state == _BY_COUNTER]
    return sorted([*recorded, *by_counter, *(Step(*step) for state, *step in unloads if state in _TAKEN)])


def _decoded(stored: bytes) -> object:
    try:
        return decode(stored[STORED_HEAD:])
    except WireFault:
        return None
