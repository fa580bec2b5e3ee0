"""`cloud swap`: which spares stand in for broken bodies, and what two persons say of each.

Each act is one transaction and may be said again. A name is the person's word for himself, as in `cloud held`.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.two_persons import Proposal
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.journal.swap_rows import number_in
from cloud.ledger.read.fleet.swaps import SwapView
from cloud.process.settings import load_settings
from cloud.words.held import state_of
from cloud.words.swaps import confirmed_lines, decision_lines, swap_json, swap_lines


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """All swaps, oldest first. Always 0: it is work, not a fault."""
    views = _views(data, dsn)
    if as_json:
        _json({"swaps": [swap_json(view) for view in views]})
        return 0
    _say(*swap_lines(views))
    return 0


def propose(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """The first person. ProposalRefused; then nothing was changed."""
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).propose_swap(number, who, reason, wall_now())
    return _told(made, as_json=as_json)


def confirm(data: Path, dsn: str | None, proposal: int, who: str, *, as_json: bool) -> int:
    """The second person. ProposalRefused; then nothing was changed."""
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).confirm_swap(proposal, who, wall_now()).proposal
    number = number_in(made.document)
    psams = [view.row.psam for view in _views(data, dsn) if view.row.number == number]
    return _told(made, *(line for psam in psams for line in confirmed_lines(psam)), as_json=as_json)


def reject(data: Path, dsn: str | None, proposal: int, who: str, reason: str, *, as_json: bool) -> int:
    """What the spare brings stays held. ProposalRefused; then nothing was changed."""
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).reject_swap(proposal, who, reason, wall_now()).proposal
    return _told(made, as_json=as_json)


def _views(data: Path, dsn: str | None) -> list[SwapView]:
    with open_books(data, dsn) as reader:
        return reader.fleet.swaps(wall_now().unix_ms)


def _open(data: Path, dsn: str | None) -> OpenedLedger:
    return open_prepared(load_settings(data).books(dsn))


def _told(made: Proposal, *more: str, as_json: bool) -> int:
    now_ms = wall_now().unix_ms
    if as_json:
        said = made.decision.checker if made.decision else ""
        state = state_of(made, now_ms)
        told = {"proposal": made.number, "swap": number_in(made.document), "state": state, "maker": made.maker}
        _json(told | {"checker": said})
        return 0
    _say(*decision_lines(made, now_ms), *more)
    return 0


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
