"""Every 成功 that a terminal has shown, held against the books: posted exactly once, or lost, or double.

Reads DATA/terminals/NAME/shown.log (JSON lines, written by the terminal before it shows) where such a folder is: in a
demonstration and a test. A last line without its newline was never shown. Voids are left out: `verify` checks those.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import StoreFault
from shared.ids import CardId, card_id
from shared.records import LOAD_SHAPED, Kind, Pair

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


@dataclass(slots=True)
class Shown:
    """What was shown, and how often the books hold it. first: the first one that they do not hold once.

    mixed: of the taps, those that two purses paid.
    """

    taps: int = 0
    mixed: int = 0
    loads: int = 0
    lost: int = 0
    double: int = 0
    first: str = ""
    by_terminal: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Name → purchases and loads shown."""


def compare(data: Path, kinds_of: Callable[[CardId, int, int], Sequence[str]]) -> Shown:
    """`kinds_of(card, application, counter)`: kinds of the entries that this counter made. StoreFault: damaged log.

    The first of a mixed payment is no tap of its own.
    """
    found = Shown()
    seen: Counter[Success] = Counter()
    for log in sorted((data / "terminals").glob("*/shown.log")):
        told = [success for success in _remembered(log, seen) if success.pair != Pair.FIRST]
        mine = Counter(success.is_load for success in told)
        found.mixed += sum(success.pair == Pair.SECOND for success in told)
        found.by_terminal[log.parent.name] = (mine[False], mine[True])
        found.taps += mine[False]
        found.loads += mine[True]
    for success in seen:
        _judge(found, success, kinds_of(success.card, success.application, success.counter))
    return found


def _judge(found: Shown, success: Success, kinds: Sequence[str]) -> None:
    weights = LOADED if success.is_load else PURCHASED
    times = sum(weights.get(kind, 0) for kind in kinds)
    wanted = 1 if success.fen else 0  # a boarding with distance fare takes nothing, and nothing is posted
    found.lost += times < wanted
    found.double += times > wanted
    if times != wanted and not found.first:
        what = "load" if success.is_load else "purchase"
        found.first = f"{what} of card {success.card.hex()} counter {success.counter}: posted {times} times"


def _remembered(log: Path, seen: "Counter[Success]") -> Iterator[Success]:
    for success in _read(log):
        seen[success] += 1
        yield success


def _read(log: Path) -> Iterator[Success]:
    try:
        raw = log.read_bytes()
    except OSError as fault:
        raise StoreFault(f"{log}: {fault.strerror}") from fault
    for number, line in enumerate(raw.rpartition(b"\n")[0].splitlines(), 1):
        try:
            row = json.loads(line)
            if row["kind"] == Kind.VOID:
                continue  # it takes back a success that stands above, and that stays posted
            card, is_load = card_id(bytes.fromhex(row["card"])), row["kind"] in LOAD_SHAPED
            yield Success(card, is_load, row["counter"], row["fen"], row.get("purse", 0), row.get("pair", 0))
        except (ValueError, RecursionError, KeyError, TypeError) as fault:
            raise StoreFault(f"{log}: line {number} is damaged") from fault
