"""`cloud card`: a card is reported lost, found, listed or unlisted, and every terminal hears of it.

The rule of a report is the card desk's own: the same door, the same deed. Each act is one transaction, and may be said
again. A name is the person's word for himself, as with the other commands.
"""

import json
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.findings.rows import Kind
from cloud.ledger.fleet.documents.reach import CardReach
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.process.settings import load_settings
from cloud.words.fleet.cards import done_json, done_line, listed_json, listed_lines, policy_line, reach_line
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.words.voice import Text

KEY_SIZE = 16
POLL_S = 0.1
"""How often the books are asked how far it has come."""


@dataclass(frozen=True, slots=True)
class Deed:
    """step: report-lost, cancel-report, hotlist or unlist. wait_s: for every terminal that is heard; 0: for none."""

    step: str
    label: str
    who: str
    reason: str
    wait_s: float = 0.0


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Every card that is to be refused, and why. Always 0."""
    with open_books(data, dsn) as reader:
        found = reader.listed_cards()
        labels = {bytes(one.card): one.label for one in reader.cards()}
    if as_json:
        _say(json.dumps(listed_json(found, labels), ensure_ascii=False))
    else:
        _say(*listed_lines(found, labels))
    return 0


def act(data: Path, dsn: str | None, deed: Deed, *, as_json: bool) -> int:
    """Done when this returns, and on its way to every terminal. 1: not at each of those that are heard by wait_s.
    DeskRefused, ConfigFault: nothing was changed."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        card = _card(opened, deed.label)
        is_new = _do(opened, deed, card)
    reach = _awaited(data, dsn, card, deed.wait_s) if deed.wait_s else None
    if as_json:
        _say(json.dumps(done_json(deed.step, deed.label, reach, is_new=is_new), ensure_ascii=False))
    else:
        _say(done_line(deed.step, deed.label), *([reach_line(reach)] if reach else []))
    return int(reach is not None and not reach.is_whole)


def _awaited(data: Path, dsn: str | None, card: CardId, wait_s: float) -> CardReach:
    """How far it has come, when it has come everywhere, or the time is over."""
    until = time.monotonic() + wait_s
    with open_books(data, dsn) as reader:
        while not (reach := reader.reach_of(card, wall_now())).is_whole and time.monotonic() < until:
            time.sleep(POLL_S)
    return reach


def policy(data: Path, dsn: str | None, findings: Sequence[str] | None, who: str, *, as_json: bool) -> int:
    """Which findings list a card by themselves; findings None: only told. "none" beside others counts for nothing."""
    if findings is not None:
        kinds = {Kind[one.upper()] for one in findings if one != "none"}
        with closing(open_prepared(load_settings(data).books(dsn))) as opened:
            Ledger(opened).set_findings_policy(kinds, who, wall_now())
    with open_books(data, dsn) as reader:
        found = reader.findings_policy()
    _say(json.dumps({"findings": sorted(kind.name.lower() for kind in found)}) if as_json else policy_line(found))
    return 0


def _do(opened: OpenedLedger, deed: Deed, card: CardId) -> bool:
    now, wish = wall_now(), Wish(secrets.token_bytes(KEY_SIZE), deed.who, deed.label, deed.reason)
    match deed.step:
        case "report-lost":
            DeskLedger(opened).report_lost(wish, now)
        case "cancel-report":
            DeskLedger(opened).cancel_lost(wish, now)
        case step:
            return Ledger(opened).set_hotlisted(card, step == "hotlist", now, deed.who, deed.reason)
    return True


def _card(opened: OpenedLedger, label: str) -> CardId:
    with opened.database.reading():
        rows = opened.database.run("SELECT card FROM card WHERE label = ?", (label,))
    if not rows:
        raise ConfigFault(Text(f"没有卡 {label[:40]}", f"there is no card {label[:40]}"))
    return CardId(bytes(rows[0][0]))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
