"""`cloud findings` and `cloud reconcile`: what the books have found of cards, and which cards do not close.

A name is the person's word for himself: who may use this command is the operating system's business.
"""

import json
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.findings.found import CardFinding, FindingRefused
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.process.settings import load_settings
from cloud.words.balance.findings import (
    card_json,
    card_lines,
    closing_json,
    closing_lines,
    finding_json,
    finding_lines,
    list_lines,
)
from shared.errors import ConfigFault
from shared.words.voice import Text


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """All of them, oldest first; 1 while one acts."""
    with open_books(data, dsn) as reader:
        found = reader.findings()
    _say({"findings": [finding_json(one) for one in found]}, list_lines(found), as_json=as_json)
    return int(any(one.acts for one in found))


def show(data: Path, dsn: str | None, number: int, *, as_json: bool) -> int:
    """One. FindingRefused."""
    with open_books(data, dsn) as reader:
        found = reader.finding(number)
    if found is None:
        raise FindingRefused(Text(f"没有发现 {number}", f"there is no finding {number}"))
    _say(finding_json(found), finding_lines(found), as_json=as_json)
    return 0


def confirm(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """Kept for ever when this returns. FindingRefused; then nothing was changed."""
    with closing(Ledger(open_prepared(load_settings(data).books(dsn)))) as ledger:
        return _said(ledger.confirm_finding(number, who, reason, wall_now()), as_json=as_json)


def undo(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """As `confirm`."""
    with closing(Ledger(open_prepared(load_settings(data).books(dsn)))) as ledger:
        return _said(ledger.undo_finding(number, who, reason, wall_now()), as_json=as_json)


def reconcile(data: Path, dsn: str | None, label: str | None, *, as_json: bool) -> int:
    """One card as it stands now, or all that do not close; 1 where something does not. ConfigFault: no such card."""
    with open_books(data, dsn) as reader:
        if label is None:
            there = reader.not_closing()
            _say(closing_json(there), closing_lines(there), as_json=as_json)
            return int(there.counts.cards > 0)
        one = reader.card_now(label, wall_now())
    if one is None:
        raise ConfigFault(Text(f"没有这张卡：{label[:40]}", f"no such card: {label[:40]}"))
    _say(card_json(one), card_lines(one), as_json=as_json)
    return int(not one.closes)


def _said(one: CardFinding, *, as_json: bool) -> int:
    _say(finding_json(one), finding_lines(one), as_json=as_json)
    return 0


def _say(whole: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(whole, ensure_ascii=False) + "\n" if as_json else "".join(f"{one}\n" for one in lines))
