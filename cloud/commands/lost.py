"""`cloud lost`: lost and kept cards, for whom their balances wait, and how two persons write a terminal off for one.

Each act is one transaction and may be said again. A name is the person's word for himself: who may use this command is
the operating system's business, until people sign in at a screen, which uses the same doors.
"""

import json
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.held.losses.door import LossLedger
from cloud.ledger.held.losses.standing import LostCard
from cloud.ledger.held.losses.write_off import read_offer
from cloud.ledger.held.two_persons import Proposal
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.reader import Reader
from cloud.process.settings import load_settings
from cloud.words.losses import card_json, explain_lines, list_lines, offer_json, offer_lines
from shared.errors import ConfigFault
from shared.words.voice import Text

_SILENT = Text("三个上课日未联系", "silent for three school days")
SILENT_REASON = f"{_SILENT.zh} / {_SILENT.en}"
"""Stored as the reason of a person who gave none."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which terminals of which card; due: all that stand by themselves; every: all that it waits for."""

    card: str
    terminals: tuple[str, ...]
    due: bool
    every: bool
    who: str
    reason: str | None


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """All of them. Always 0: it is work, not a fault."""
    with open_books(data, dsn) as reader:
        found = reader.lost_cards(wall_now())
    if as_json:
        _json({"cards": [card_json(one) for one in found]})
    else:
        _say(*list_lines(found))
    return 0


def explain(data: Path, dsn: str | None, label: str, *, as_json: bool) -> int:
    """Why each terminal is waited for, and what can be done."""
    with open_books(data, dsn) as reader:
        one = _card(reader, label)
    if as_json:
        _json(card_json(one))
    else:
        _say(*explain_lines(one))
    return 0


def propose(data: Path, dsn: str | None, wish: Wish, *, as_json: bool) -> int:
    """The first signature. ProposalRefused, ConfigFault; then nothing was changed."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        one = _card(reader, wish.card)
    names = _names(one, wish)
    reason = wish.reason or (SILENT_REASON if wish.due else "")
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        made = LossLedger(opened).propose_write_off(wish.card, names, wish.who, reason, now)
    return _told(made, wish.card, names, now.unix_ms, as_json=as_json)


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second signature: written off, and the possible loss booked, when this returns. ProposalRefused."""
    now = wall_now()
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        decided = LossLedger(opened).confirm_write_off(number, who, now)
    return _decided(data, dsn, decided.proposal, now.unix_ms, as_json=as_json)


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """The balance waits on. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        decided = LossLedger(opened).reject_write_off(number, who, reason, now)
    return _decided(data, dsn, decided.proposal, now.unix_ms, as_json=as_json)


def _names(one: LostCard, wish: Wish) -> list[str]:
    waiting = [w for w in one.waiting if w.terminal.device not in one.proposed]
    if wish.due:
        waiting = [w for w in waiting if w.terminal.device in one.due]
    names = list(wish.terminals) or [w.terminal.name for w in waiting if wish.due or wish.every]
    if not names:
        raise ConfigFault(
            Text(
                "没有可销账的终端：--terminal NAME、--due 或 --every",
                "no terminal to write off: --terminal NAME, --due or --every",
            )
        )
    return names


def _card(reader: Reader, label: str) -> LostCard:
    one = reader.lost_card(label, wall_now())
    if one is not None:
        return one
    raise ConfigFault(
        Text(f"卡 {label[:40]} 未挂失，也未收存", f"card {label[:40]} was neither reported lost nor kept")
    )


def _decided(data: Path, dsn: str | None, proposal: Proposal, now_ms: int, *, as_json: bool) -> int:
    offer = read_offer(proposal.document)
    with open_books(data, dsn) as reader:
        names = [one.name for one in reader.terminals() if one.device in offer.devices]
        labels = {one.card: one.label for one in reader.cards()}
        left = reader.lost_card(labels[offer.card], wall_now())
    _told(proposal, labels[offer.card], list(dict.fromkeys(names)), now_ms, as_json=as_json)
    if not as_json:
        _say(*list_lines([left] if left else []))
    return 0


def _told(proposal: Proposal, label: str, names: list[str], now_ms: int, *, as_json: bool) -> int:
    if as_json:
        _json(offer_json(proposal, label, names, now_ms))
    else:
        _say(*offer_lines(proposal, label, names, now_ms))
    return 0


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
