"""The truth by another way: record bytes taken apart by RECORDS.md, sums by plain SQL over postings, cards by command.

Every 成功 shown has exactly one record under its (device, epoch, seq) with its card, counter and sum, and exactly one
entry that moves that sum; the books are balanced; cards = purse float; `verify` of both ends is true.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.attack.place import Place, asked, command

LOADS = {2, 13, 14, 15}
PURCHASE_ENTRY = 3


class Line(NamedTuple):
    """A line of a shown log."""

    body: str
    device: bytes
    epoch: int
    seq: int
    card: bytes
    counter: int
    fen: int
    is_load: bool


def lines(data: Path) -> Iterator[Line]:
    """Every 成功 of every terminal."""
    for log in sorted(data.glob("terminals/*/shown.log")):
        device = bytes.fromhex(json.loads((log.parent / "terminal.json").read_text())["device"])
        for raw in log.read_bytes().splitlines():
            row = json.loads(raw)
            card = bytes.fromhex(row["card"])
            is_load = row["kind"] in LOADS
            yield Line(log.parent.name, device, row["epoch"], row["seq"], card, row["counter"], row["fen"], is_load)


def require_books(place: Place, *, quarantined: int = 0, held: int = 0) -> int:
    """AssertionError naming the first thing that is not so; how many 成功 there were."""
    found = list(lines(place.data))
    for line in found:
        _require_once(place.ledger, line)
    _require_no_double(place.ledger)
    assert asked(place.ledger, "SELECT count(*) FROM posting WHERE fen <= 0 OR debit = credit") == [(0,)]
    _require_cards(place)
    open_ = asked(place.ledger, "SELECT count(*) FROM quarantine WHERE state = 0")[0][0]
    assert open_ == quarantined, f"{open_} in quarantine"
    waits = asked(place.ledger, "SELECT count(*) FROM record WHERE verdict = 2")[0][0]
    assert waits == held, f"{waits} held"
    said = command("cloud", "verify", "--data", place.data) + command("edge", "verify", "--data", place.data)
    assert "失败" not in said, said
    return len(found)


def _require_once(ledger: Path, line: Line) -> None:
    head = line.device + line.epoch.to_bytes(2, "big")
    rows = asked(
        ledger, "SELECT id, stored FROM record WHERE substr(stored, 1, 8) = ? AND substr(stored, 19, 4) = ? "
        "AND verdict IN (1, 2)", head, line.seq.to_bytes(4, "big"),
    )  # fmt: skip
    same = [(number, stored) for number, stored in rows if stored[26:36] == line.card]
    assert len(same) == 1, f"{len(same)} records of {line}"
    number, stored = same[0]
    wire = stored[14:]
    counter, fen = int.from_bytes(wire[22:24], "big"), int.from_bytes(wire[26:30], "big")
    assert (counter, fen) == (line.counter, line.fen), f"another record than {line}"
    if not line.is_load:
        moved = asked(ledger, "SELECT sum(fen) FROM posting WHERE record = ?", number)
        assert moved == [(line.fen,)], f"{moved} fen moved for {line}"


def _require_no_double(ledger: Path) -> None:
    """No two posted purchases of one card under one counter, and no record with two entries of its own."""
    rows = asked(ledger, "SELECT stored FROM record WHERE verdict IN (1, 2)")
    kinds = [(raw[14:], raw[15]) for (raw,) in rows]
    keys = Counter((wire[12:22], wire[22:24]) for wire, kind in kinds if kind in (1, 8))
    assert max(keys.values(), default=1) == 1, "one counter of a card is posted twice"
    sql = "SELECT record FROM posting WHERE record IS NOT NULL AND kind = ? GROUP BY record HAVING count(*) > 1"
    twice = asked(ledger, sql, PURCHASE_ENTRY)
    assert not twice, f"records with two entries: {twice}"


def _require_cards(place: Place) -> None:
    """What the cards hold is what the books say that they hold."""
    cards_fen = json.loads(command("edge.terminal", "cards", "--data", place.data, "--json"))["cards_fen"]
    side = "SELECT coalesce(sum(p.fen), 0) FROM posting p JOIN account a ON a.id = p."
    credit = asked(place.ledger, side + "credit WHERE a.kind = 'purse'")[0][0]
    debit = asked(place.ledger, side + "debit WHERE a.kind = 'purse'")[0][0]
    assert credit - debit == cards_fen, f"cards {cards_fen} fen, books {credit - debit}"
