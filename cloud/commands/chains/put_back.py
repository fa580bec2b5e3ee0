"""`cloud put-back`: an older ledger was put back: what came again, what cannot, and two persons who have seen to it.

A name is the person's word for himself: who may use this command is the operating system's business.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.process.settings import load_settings
from cloud.words.held import decision_lines, state_of
from cloud.words.put_backs import put_back_json, put_back_lines
from shared.words.voice import Text

NEXT = "put-back confirm"
CLOSE = Text("办结", "to close it")


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """All that is known; 1 while something is open."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        view, lacks = reader.put_back(), reader.lacks()
        proposals = [one for one in reader.proposals() if one.kind is ProposalKind.PUT_BACK]
    if as_json:
        _json(put_back_json(view, lacks) | {"proposals": [_proposal_json(one, now.unix_ms) for one in proposals]})
    else:
        lines = (line for one in proposals for line in decision_lines(one, CLOSE, now.unix_ms, NEXT))
        _say(*put_back_lines(view, lacks), *lines)
    return 1 if view.waits else 0


def propose(data: Path, dsn: str | None, who: str, reason: str, *, as_json: bool) -> int:
    """The first person. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).propose_close(who, reason, now)
    return _told(made, now.unix_ms, as_json=as_json)


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second person: closed when this returns. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = HeldLedger(opened).confirm_close(number, who, now)
    return _told(decided.proposal, now.unix_ms, as_json=as_json)


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """It stays open. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = HeldLedger(opened).reject_close(number, who, reason, now)
    return _told(decided.proposal, now.unix_ms, as_json=as_json)


def _open(data: Path, dsn: str | None) -> OpenedLedger:
    return open_prepared(load_settings(data).books(dsn))


def _told(one: Proposal, now_ms: int, *, as_json: bool) -> int:
    if as_json:
        _json(_proposal_json(one, now_ms))
    else:
        _say(*decision_lines(one, CLOSE, now_ms, NEXT))
    return 0


def _proposal_json(one: Proposal, now_ms: int) -> dict[str, Any]:
    said = one.decision
    return {
        "proposal": one.number, "state": state_of(one, now_ms), "maker": one.maker, "reason": one.reason,
        "at_ms": one.at_ms, "until_ms": one.until_ms, "checker": said.checker if said else "",
    }  # fmt: skip


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
