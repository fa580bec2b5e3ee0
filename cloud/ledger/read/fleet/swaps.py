"""Swaps 换机 as people read them: who stands in for whom, what is held, which proposal waits. In a snapshot."""

from typing import NamedTuple

from cloud.ledger.held import two_persons
from cloud.ledger.held.entries import held_of_psam
from cloud.ledger.held.two_persons import ProposalKind
from cloud.ledger.journal.swap_rows import SwapRow, number_in, read_swaps
from cloud.store.db import Database


class SwapView(NamedTuple):
    """spare, broken: their names. held, fen: entries that wait with this PSAM in this spare. proposal 0: none waits."""

    row: SwapRow
    spare: str
    broken: str
    place: str
    held: int
    fen: int
    proposal: int


def swap_views(db: Database, now_ms: int) -> list[SwapView]:
    """All of them, oldest first."""
    names = {device: (name, place) for device, name, place in db.run("SELECT device, name, place FROM device")}
    waiting = [one for one in two_persons.waiting(db, now_ms) if one.kind is ProposalKind.SWAP]
    proposed = {number_in(one.document): one.number for one in waiting}
    return [_view(db, row, names, proposed.get(row.number, 0)) for row in read_swaps(db)]


def _view(db: Database, row: SwapRow, names: dict[bytes, tuple[str, str]], proposal: int) -> SwapView:
    spare, place = names.get(row.spare, ("", ""))
    held = [one.fen for one in held_of_psam(db, row.psam) if one.arrival.device == row.spare]
    return SwapView(row, spare, names.get(row.broken, ("", ""))[0], place, len(held), sum(held), proposal)
