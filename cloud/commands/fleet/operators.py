"""`cloud operators`: which operator cards 主管卡 void sales at tills, and what provisioning says goes to all of them.

`provision operator` makes cards and withdraws them, with its custody log; its index, without any key, is what is read
here. Signed at the key process's socket for orders. One transaction; the same again changes nothing.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import open_books
from cloud.fleet.beside import campus_clock, orders_socket
from cloud.fleet.operating import Office, newest_operators
from cloud.keys.client import KeyClient
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.standing import DocumentState
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from cloud.words.fleet import operators as words
from cloud.words.fleet.operators import OperatorCards, OperatorsReach
from shared.errors import ConfigFault, WireFault
from shared.fleet.document import DocumentKind
from shared.ids import CardId, card_id
from shared.words.refused import why_not
from shared.words.voice import Text

INDEX = Path("operators") / "index.json"
"""In the campus folder, as `provision operator` keeps it."""
INDEX_BYTES_MAX = 1 << 20
POLL_S = 0.1
HEARD_MS = 60_000
"""A terminal whose STATUS is older than this is away."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which books, which index (None: the campus folder's), and who signs (None: the running key process)."""

    data: Path
    dsn: str | None
    index: Path | None = None
    keys: Path | None = None
    as_json: bool = False


def listing(where: Where) -> int:
    """Always 0."""
    labels = {card: label for label, card in _index(where, is_needed=False).items()}
    with closing(open_prepared(load_settings(where.data).books(where.dsn))) as opened:
        found = newest_operators(DocumentLedger(opened))
    shown = OperatorCards(*found, labels) if found else OperatorCards(None, frozenset(), labels)
    if where.as_json:
        _say(json.dumps(words.operators_json(shown), ensure_ascii=False))
    else:
        _say(*words.operators_lines(shown))
    return 0


def push(where: Where, who: str, wait_s: float) -> int:
    """On its way to every terminal when this returns. 1: not at each of those that are heard by wait_s."""
    cards = {*_index(where, is_needed=True).values()}
    try:
        with _office(where) as office:
            made = office.let_void(cards, who, _now(where))
    except WireFault as fault:
        raise ConfigFault(Text(f"主管卡名单：{fault}", f"operator cards: {fault}")) from fault
    reach = _reach(where, wait_s) if wait_s else None
    if where.as_json:
        _say(json.dumps(words.pushed_json(made, len(cards), reach), ensure_ascii=False))
    else:
        _say(str(words.pushed_line(made, len(cards))), *([str(words.reach_line(reach))] if reach else []))
    return int(reach is not None and bool(reach.late))


def mend(where: Where, who: str) -> int:
    """Documents of persons of which somebody has another one are made anew. Always 0."""
    with _office(where) as office:
        made = [(one.document, one.is_left) for one in office.mend(who, _now(where))]
    _say(*words.mended_lines(made))
    return 0


@contextmanager
def _office(where: Where) -> Iterator[Office]:
    opened = open_prepared(load_settings(where.data).books(where.dsn))
    with closing(opened), closing(KeyClient(orders_socket(where.data, where.keys))) as keys:
        yield Office(opened, keys)


def _index(where: Where, *, is_needed: bool) -> dict[str, CardId]:
    """Label → card, of those that count. ConfigFault: there is none, or it is none."""
    path = where.index or load_settings(where.data).data / INDEX
    try:
        raw = path.read_bytes()
    except OSError as fault:
        if not is_needed:
            return {}
        why = why_not(fault)
        raise ConfigFault(Text(f"{path}: 无法读取：{why}", f"{path}: cannot be read: {why}")) from fault
    try:
        rows = json.loads(raw[:INDEX_BYTES_MAX])
        return {
            str(label): card_id(bytes.fromhex(row["card"]))
            for label, row in rows.items()
            if "withdrawn" not in row and "making" not in row
        }
    except (AttributeError, KeyError, TypeError, ValueError, WireFault) as fault:
        raise ConfigFault(Text(f"{path}: 不是主管卡目录", f"{path}: not an index of operator cards")) from fault


def _reach(where: Where, wait_s: float) -> OperatorsReach:
    """When it has come everywhere, or the time is over."""
    until = time.monotonic() + wait_s
    with open_books(where.data, where.dsn) as reader:
        while (reach := _reach_now(reader, _now(where))).late and time.monotonic() < until:
            time.sleep(POLL_S)
    return reach


def _reach_now(reader: Reader, now: Now) -> OperatorsReach:
    heard = {one.name for one in reader.terminals() if now.unix_ms - one.heard_ms < HEARD_MS}
    rows = [row for row in reader.fleet.documents().terminals if row.which[0] is DocumentKind.OPERATORS]
    there = {row.name for row in rows if row.standing is DocumentState.IN_USE}
    others = sorted({row.name for row in rows if row.standing is not DocumentState.UNUSED} - there)
    return OperatorsReach(
        len(there), tuple(one for one in others if one in heard), tuple(one for one in others if one not in heard)
    )


def _now(where: Where) -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), campus_clock(where.data, "").at(unix_s))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
