"""Every 成功 that a terminal has shown, held against the books: posted exactly once, or double, owed, or lost.

Owed is what still lies in a terminal or its box; lost is only what nobody can bring any more.

Reads DATA/terminals/NAME/shown.log (JSON lines, written by the terminal before it shows) where such a folder is: in a
demonstration and a test. A last line without its newline was never shown. Voids are left out: `verify` checks those.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cloud.ledger.records.marks import runs
from shared.errors import StoreFault
from shared.ids import CardId, card_id
from shared.records import LOAD_SHAPED, VOIDS, Kind, Pair
from shared.words.refused import why_not

PURCHASED = {"purchase": 1, "evidence": 1, "evidence_withdrawn": -1}
LOADED = {"load_confirmed": 1, "load_confirmed_by_counter": 1, "load_alone": 1, "claim_alone": 1}
"""Kinds of entries, and what each adds to the number of times that a purchase or load stands in the books."""


@dataclass(frozen=True, slots=True)
class Success:
    """One line of a shown log. counter, pair: as in the record. application: 0 main purse, 1 subsidy."""

    card: CardId
    is_load: bool
    counter: int
    fen: int
    application: int = 0
    pair: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Under which number a terminal wrote it."""

    name: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Owed:
    """Numbers of a terminal that were shown, are not in the books, and still come."""

    name: str
    epoch: int
    first: int
    last: int


@dataclass(slots=True)
class Shown:
    """What was shown, and how often the books hold it. first: the first one lost or double.

    mixed: of the taps, those that two purses paid. owed_fen, owed_subsidy_fen: what owed purchases took from the cards.
    """

    taps: int = 0
    mixed: int = 0
    loads: int = 0
    lost: int = 0
    double: int = 0
    owed: int = 0
    owed_fen: int = 0
    owed_subsidy_fen: int = 0
    owed_by: list[Owed] = field(default_factory=list)
    first: str = ""
    by_terminal: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name → purchases and loads shown."""


KindsOf = Callable[[CardId, int, int], Sequence[str]]
"""(card, application, counter) → kinds of the entries that this counter made."""
MayCome = Callable[[str, int, int], bool]
"""(name, epoch, seq) of a terminal: does the ledger lack it, and can somebody still bring it?"""


def compare(data: Path, kinds_of: KindsOf, may_come: MayCome) -> Shown:
    """The first of a mixed payment is no tap of its own. StoreFault: damaged log."""
    found = Shown()
    seen: dict[Success, list[Place]] = {}
    for log in sorted((data / "terminals").glob("*/shown.log")):
        told = [success for success in _remembered(log, seen) if success.pair != Pair.FIRST]
        mine = Counter(success.is_load for success in told)
        found.mixed += sum(success.pair == Pair.SECOND for success in told)
        found.by_terminal[log.parent.name] = (mine[False], mine[True])
        found.taps += mine[False]
        found.loads += mine[True]
    owed: list[Place] = []
    for success, places in seen.items():
        coming = [place for place in places if may_come(place.name, place.epoch, place.seq)]
        if _judge(found, success, kinds_of(success.card, success.application, success.counter), may_come=bool(coming)):
            owed += coming
    found.owed_by = _ranges(owed)
    return found


def _judge(found: Shown, success: Success, kinds: Sequence[str], *, may_come: bool) -> bool:
    """Count it; is it owed?"""
    weights = LOADED if success.is_load else PURCHASED
    times = sum(weights.get(kind, 0) for kind in kinds)
    wanted = 1 if success.fen else 0  # a boarding with distance fare takes nothing, and nothing is posted
    if times < wanted and may_come:
        _owe(found, success)
        return True
    found.lost += times < wanted
    found.double += times > wanted
    if times != wanted and not found.first:
        what = "load" if success.is_load else "purchase"
        found.first = f"{what} of card {success.card.hex()} counter {success.counter}: posted {times} times"
    return False


def _owe(found: Shown, success: Success) -> None:
    found.owed += 1
    if not success.is_load:
        found.owed_fen += success.fen
        found.owed_subsidy_fen += success.fen if success.application else 0


def _ranges(places: list[Place]) -> list[Owed]:
    numbers: dict[tuple[str, int], list[int]] = {}
    for place in sorted(places):
        numbers.setdefault((place.name, place.epoch), []).append(place.seq)
    return [Owed(*where, *span) for where, seqs in numbers.items() for span in runs(seqs)]


def _remembered(log: Path, seen: dict[Success, list[Place]]) -> Iterator[Success]:
    for place, success in _read(log):
        seen.setdefault(success, []).append(place)
        yield success


def _read(log: Path) -> Iterator[tuple[Place, Success]]:
    try:
        raw = log.read_bytes()
    except OSError as fault:
        raise StoreFault(f"{log}: {why_not(fault)}") from fault
    for number, line in enumerate(raw.rpartition(b"\n")[0].splitlines(), 1):
        try:
            row = json.loads(line)
            if row["kind"] in (Kind.ONLINE, Kind.MEAL, Kind.CODE):
                continue  # no card has paid it: `verify` holds it against its approval, or its record
            if row["kind"] in VOIDS:
                continue  # it takes back a success that stands above, and that stays posted
            card, is_load = card_id(bytes.fromhex(row["card"])), row["kind"] in LOAD_SHAPED
            success = Success(card, is_load, row["counter"], row["fen"], row.get("purse", 0), row.get("pair", 0))
            yield Place(log.parent.name, row["epoch"], row["seq"]), success
        except (ValueError, RecursionError, KeyError, TypeError) as fault:
            raise StoreFault(f"{log}: line {number} is damaged") from fault
