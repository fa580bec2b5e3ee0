"""What the books hold of one purse of a card, as the steps of its chain. Inside of a transaction; bounded.

A step is one that the card certainly took: by a TAC, by evidence, or by its next counter.
"""

from typing import NamedTuple

from cloud.ledger.cards.life import DeedKind
from cloud.ledger.loads.cases import CaseState
from cloud.ledger.loads.evidence import MAIN_PURSE
from cloud.ledger.loads.unloads import TAKEN, UnloadState
from cloud.ledger.records.chain import Step
from cloud.ledger.records.grey import STANDS, State
from cloud.store.db import Database, Question, Rows
from shared.errors import WireFault
from shared.records import STORED_HEAD, CounterKind, LoadRecord, PurchaseRecord, decode, parse_stored

SUBSIDY_PURSE = 0b0110
"""Application subsidy, EP (records.purse_of)."""
PURSES = (MAIN_PURSE, SUBSIDY_PURSE)
"""By application."""
PURCHASES_MAX, LOADS_MAX = 16, 64
"""The newest that are judged at a look; what lies before was judged when it came."""
COUNTERS = 1 << 16
_PROVEN = (
    "SELECT p.record, r.stored FROM proof p JOIN record r ON r.id = p.record "
    "WHERE p.card_key >= ? AND p.card_key <= ? ORDER BY p.card_key DESC LIMIT ?"
)
_EVIDENCE = (
    "SELECT s.record, r.stored FROM suspense s JOIN record r ON r.id = s.record "
    "WHERE s.purse = ? AND s.load IS NULL AND s.state IN (?, ?)"
)
_BY_COUNTER = "SELECT counter, balance_fen, amount_fen FROM load_case WHERE card = ? AND +state = ?"
_UNLOADED = "SELECT counter, balance_fen, -amount_fen FROM unload_case WHERE card = ? AND +state IN (?, ?)"
_IN_TRANSIT = "SELECT amount_fen FROM load_case WHERE card = ? AND +state = ? AND debited = 1"
_UNLOADING = "SELECT 1 FROM unload_case WHERE card = ? AND +state = ?"
_GREY = "SELECT 1 FROM suspense WHERE purse = ? AND state = ?"


class Held(NamedTuple):
    """A purchase that stands, and its number in the books."""

    record: int
    said: PurchaseRecord

    @property
    def step(self) -> Step:
        """As the chain has it."""
        return Step(self.said.counter, self.said.balance_fen, self.said.amount_fen)


class Purse(NamedTuple):
    """whole: all purchases and loads are here. coming_fen: loads in transit. is_open: something is not decided yet."""

    purchases: list[Held]
    loads: list[Step]
    whole: bool
    coming_fen: int
    is_open: bool


class Report(NamedTuple):
    """A report of loss that stands: which deed, and when by the campus clock."""

    deed: int
    at_s: int


def newest_of_purse(db: Database, card: bytes, application: int) -> Purse:
    """Its newest steps."""
    return _purse(db, card, application, PURCHASES_MAX, LOADS_MAX)


def whole_purse(db: Database, card: bytes, application: int) -> Purse:
    """All its steps: a counter has no more."""
    return _purse(db, card, application, COUNTERS, COUNTERS)


def spent_since(db: Database, card: bytes, application: int, since_s: int) -> list[Held]:
    """Purchases that the card took after this moment, by their own time: for the few cards that are lost."""
    key = card + bytes((PURSES[application],))
    spent, grey = db.ask(_proven(key, CounterKind.OFFLINE, COUNTERS), _evidence(key))
    return [one for one in _held([*spent, *grey]) if one.said.time > since_s and one.said.amount_fen]


def reports(db: Database, cards: list[bytes]) -> dict[bytes, Report]:
    """Of those cards that are reported lost and were not found."""
    last: dict[bytes, tuple[int, int, int]] = {}
    for card, deed, kind, at_s in db.find("SELECT card, id, kind, at_s FROM card_deed WHERE card", cards):
        if kind in (DeedKind.LOST, DeedKind.FOUND):
            last[bytes(card)] = max(last.get(bytes(card), (0, 0, 0)), (deed, kind, at_s))
    return {card: Report(deed, at_s) for card, (deed, kind, at_s) in last.items() if kind == DeedKind.LOST}


def place_of(db: Database, record: int) -> tuple[bytes, str, str]:
    """Device, name and place of the terminal that a record names; the names are empty if it is none of ours."""
    ((stored,),) = db.run("SELECT stored FROM record WHERE id = ?", (record,))
    device = parse_stored(stored).device
    rows = db.run("SELECT name, place FROM device WHERE device = ?", (device,))
    return (device, *rows[0]) if rows else (device, device.hex(), "")


def _purse(db: Database, card: bytes, application: int, purchases_max: int, loads_max: int) -> Purse:
    key = card + bytes((PURSES[application],))
    asked = [_proven(key, CounterKind.OFFLINE, purchases_max), _evidence(key), Question(_GREY, (key, int(State.OPEN)))]
    asked += [] if application else _of_loads(card, key, loads_max)
    spent, grey, is_grey, *rest = db.ask(*asked)
    purchases = _held([*spent, *grey])
    loads, coming, unloading = _loads(*rest) if rest else ([], [], [])
    whole = len(spent) < purchases_max and (not rest or len(rest[0]) < loads_max)
    return Purse(purchases, loads, whole, sum(fen for (fen,) in coming), bool(is_grey or coming or unloading))


def _proven(key: bytes, kind: CounterKind, most: int) -> Question:
    return Question(_PROVEN, (key + bytes((kind, 0, 0)), key + bytes((kind, 0xFF, 0xFF)), most))


def _evidence(key: bytes) -> Question:
    return Question(_EVIDENCE, (key, *sorted(map(int, STANDS))))


def _of_loads(card: bytes, key: bytes, most: int) -> list[Question]:
    return [
        _proven(key, CounterKind.ONLINE, most),
        Question(_BY_COUNTER, (card, int(CaseState.CONFIRMED_BY_COUNTER))),
        Question(_UNLOADED, (card, *TAKEN)),
        Question(_IN_TRANSIT, (card, int(CaseState.PENDING))),
        Question(_UNLOADING, (card, int(UnloadState.PENDING))),
    ]


def _held(rows: Rows) -> list[Held]:
    found = [(record, _decoded(stored)) for record, stored in rows]
    held = [Held(record, said) for record, said in found if isinstance(said, PurchaseRecord)]
    return sorted(held, key=lambda one: one.step)


def _loads(
    proven: Rows, by_counter: Rows, unloaded: Rows, coming: Rows, unloading: Rows
) -> tuple[list[Step], Rows, Rows]:
    said = [_decoded(stored) for _, stored in proven]
    steps = [Step(one.counter, one.balance_fen, one.amount_fen) for one in said if isinstance(one, LoadRecord)]
    return sorted([*steps, *(Step(*row) for row in (*by_counter, *unloaded))]), coming, unloading


def _decoded(stored: bytes) -> object:
    try:
        return decode(stored[STORED_HEAD:])
    except WireFault:
        return None
