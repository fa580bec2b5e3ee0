"""`cloud held`: what is held 待核, and what two persons make of it: the first proposes, the second confirms or rejects.

Each act is one transaction and may be said again. A name is the person's word for himself: who may use this command is
the operating system's business, until people sign in at a screen, which uses the same doors.
"""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.releases import ENTRIES_MAX, Side
from cloud.ledger.held.reversals import ReversalLedger
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, proposal
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.read.held import HeldView
from cloud.ledger.receive.void_words import VoidLedger
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from cloud.words.held import (
    held_json,
    held_lines,
    proposal_json,
    proposal_lines,
    reversal_json,
    reversal_lines,
    void_json,
    void_lines,
)
from shared.errors import ConfigFault
from shared.ids import PsamId
from shared.words.voice import Text

_KINDS = (ProposalKind.HELD, ProposalKind.VOID, ProposalKind.REVERSAL)
_Confirm = Callable[[int, str, Now], Decided]
_Reject = Callable[[int, str, str, Now], Decided]
VOIDS_SHOWN = 1000
DECIDED_SHOWN = 20
"""Of the newest proposals, shown to people beside all that are undecided; a program gets all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which held entries: of this PSAM, of these cards, with these numbers; what is not given does not choose."""

    psam: PsamId | None = None
    cards: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()

    def takes(self, view: HeldView) -> bool:
        """Is it one of them? Its PSAM was asked for before."""
        return (not self.cards or view.label in self.cards) and (not self.entries or view.entry in self.entries)

    @property
    def is_empty(self) -> bool:
        return self.psam is None and not self.cards and not self.entries


def listing(data: Path, dsn: str | None, choice: Choice, *, as_json: bool) -> int:
    """What waits, oldest first, and what is proposed. Always 0: it is work, not a fault."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        found = [view for view in reader.held(choice.psam, now.unix_ms) if choice.takes(view)]
        proposals = [one for one in reader.proposals() if one.kind in _KINDS]
        reversals = reader.reversals() if choice.is_empty else []
        voids = [] if not choice.is_empty else [one for one in reader.voids(VOIDS_SHOWN) if one.why != "void"]
    if as_json:
        told = {"held": [held_json(view) for view in found], "voids": [void_json(view) for view in voids]}
        told["reversals"] = [reversal_json(view) for view in reversals]
        _json(told | {"proposals": [proposal_json(one, now.unix_ms) for one in proposals]})
        return 0
    shown = [one for one in proposals if one.decision is None] + proposals[-DECIDED_SHOWN:]
    lines = (line for one in sorted(set(shown)) for line in proposal_lines(one, now.unix_ms))
    _say(*held_lines(found), *void_lines(voids), *reversal_lines(reversals), *lines)
    return 0


def propose_voids(
    data: Path, dsn: str | None, records: tuple[int, ...], who: str, reason: str, *, as_json: bool
) -> int:
    """The first person wants these voids to give back what their sales took. ProposalRefused."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        made = VoidLedger(opened).propose(records, who, reason, now)
    if as_json:
        _json(proposal_json(made, now.unix_ms))
    else:
        _say(*proposal_lines(made, now.unix_ms))
    return 0


def propose_reversals(
    data: Path, dsn: str | None, records: tuple[int, ...], who: str, reason: str, *, as_json: bool
) -> int:
    """The first person wants these reversals to give back what the accounts have paid. ProposalRefused."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        made = ReversalLedger(opened).propose(records, who, reason, now)
    if as_json:
        _json(proposal_json(made, now.unix_ms))
    else:
        _say(*proposal_lines(made, now.unix_ms))
    return 0


def propose(data: Path, dsn: str | None, choice: Choice, side: Side, who: str, reason: str, *, as_json: bool) -> int:
    """The first person. ProposalRefused, ConfigFault; then nothing was changed."""
    if choice.is_empty:
        raise ConfigFault(Text("请用 --psam、--card 或 --entry 指明", "say which: --psam, --card or --entry"))
    now = wall_now()
    with open_books(data, dsn) as reader:
        views = [view for view in reader.held(choice.psam, now.unix_ms) if choice.takes(view)]
    missing = set(choice.entries) - {view.entry for view in views}
    if missing:
        raise ConfigFault(
            Text(f"分录 {min(missing)} 不在待核", f"entry {min(missing)} is not held, or is not of these")
        )
    chosen = [view.entry for view in views if choice.entries or not view.proposal]
    if not chosen:
        raise ConfigFault(Text("没有可提议的待核分录", "nothing is held that is not proposed already"))
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).propose_release(side, chosen[:ENTRIES_MAX], who, reason, now)
    if as_json:
        _json(proposal_json(made, now.unix_ms))
        return 0
    left = len(chosen) - ENTRIES_MAX
    more = (str(Text(f"另有 {left} 笔，请再提议", f"{left} more: propose again")),) if left > 0 else ()
    _say(*proposal_lines(made, now.unix_ms), *more)
    return 0


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second person: posted when this returns. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = _doors(opened, number)[0](number, who, now)
    return _decided(decided.proposal, now.unix_ms, again=decided.again, as_json=as_json)


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """What is held stays held. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = _doors(opened, number)[1](number, who, reason, now)
    return _decided(decided.proposal, now.unix_ms, again=decided.again, as_json=as_json)


def _doors(opened: OpenedLedger, number: int) -> tuple[_Confirm, _Reject]:
    """Who decides this proposal."""
    with opened.database.reading():
        kind = proposal(opened.database, number).kind
    if kind is ProposalKind.VOID:
        return VoidLedger(opened).confirm, VoidLedger(opened).reject
    if kind is ProposalKind.REVERSAL:
        return ReversalLedger(opened).confirm, ReversalLedger(opened).reject
    return HeldLedger(opened).confirm_release, HeldLedger(opened).reject_release


def _open(data: Path, dsn: str | None) -> OpenedLedger:
    return open_prepared(load_settings(data).books(dsn))


def _decided(proposal: Proposal, now_ms: int, *, again: bool, as_json: bool) -> int:
    if as_json:
        _json(proposal_json(proposal, now_ms) | {"again": again})
        return 0
    _say(*proposal_lines(proposal, now_ms), *((str(Text("先前已办", "was decided before")),) if again else ()))
    return 0


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
