"""`cloud device`: a terminal moves to another box, or an epoch of it counts; one person orders, another confirms.

Each act is one transaction and may be said again. What a move does is the ledger's side alone: the terminal's key and
its place in the new box's settings come with that box's files.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.orders import ORDERS
from cloud.ledger.held.two_persons import Decided, Proposal
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.read.reader import Reader
from cloud.process.settings import load_settings
from cloud.words.orders import Names, order_json, order_lines
from shared.errors import ConfigFault
from shared.ids import BoxId, DeviceId
from shared.words.voice import Text


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Where every terminal is, and all that was ordered. Always 0."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        at = sorted({(row.name, row.box, row.device) for row in reader.terminals()})
        orders = [one for one in reader.proposals() if one.kind in ORDERS]
    names = {device: name for name, _, device in at}
    if as_json:
        told = {"terminals": [{"name": name, "box": box, "device": device.hex()} for name, box, device in at]}
        _json(told | {"proposals": [order_json(one, names, now.unix_ms) for one in orders]})
        return 0
    lines = (line for one in orders for line in order_lines(one, names, now.unix_ms))
    _say(*(str(Text(f"终端 {name}  网关 {box}", f"terminal {name}  box {box}")) for name, box, _ in at), *lines)
    return 0


def move(data: Path, dsn: str | None, name: str, box: str, who: str, reason: str, *, as_json: bool) -> int:
    """The first person: this terminal is to stand at that box. ProposalRefused, ConfigFault: nothing was changed."""
    device, names = _terminal(data, dsn, name)
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).propose_move(device, BoxId(box), who, reason, now)
    return _told(made, names, now.unix_ms, as_json=as_json)


def epoch(data: Path, dsn: str | None, name: str, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """The first person: this epoch is to count. ProposalRefused, ConfigFault: nothing was changed."""
    device, names = _terminal(data, dsn, name)
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        made = HeldLedger(opened).propose_epoch(device, number, who, reason, now)
    return _told(made, names, now.unix_ms, as_json=as_json)


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second person: it counts when this returns. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = HeldLedger(opened).confirm_order(number, who, now)
    return _decided(data, dsn, decided, now.unix_ms, as_json=as_json)


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """All stays as it is. ProposalRefused; then nothing was changed."""
    now = wall_now()
    with closing(_open(data, dsn)) as opened:
        decided = HeldLedger(opened).reject_order(number, who, reason, now)
    return _decided(data, dsn, decided, now.unix_ms, as_json=as_json)


def _terminal(data: Path, dsn: str | None, name: str) -> tuple[DeviceId, Names]:
    with open_books(data, dsn) as reader:
        names = _names(reader)
    found = [device for device, known in names.items() if name in (known, device.hex())]
    if len(found) != 1:
        raise ConfigFault(Text(f"没有（或不止一台）终端 {name}", f"no terminal {name}, or more than one"))
    return DeviceId(found[0]), names


def _names(reader: Reader) -> Names:
    return {row.device: row.name for row in reader.terminals()}


def _open(data: Path, dsn: str | None) -> OpenedLedger:
    return open_prepared(load_settings(data).books(dsn))


def _decided(data: Path, dsn: str | None, decided: Decided, now_ms: int, *, as_json: bool) -> int:
    with open_books(data, dsn) as reader:
        names = _names(reader)
    if as_json:
        _json(order_json(decided.proposal, names, now_ms) | {"again": decided.again})
        return 0
    _say(
        *order_lines(decided.proposal, names, now_ms),
        *((str(Text("先前已办", "was decided before")),) if decided.again else ()),
    )
    return 0


def _told(made: Proposal, names: Names, now_ms: int, *, as_json: bool) -> int:
    if as_json:
        _json(order_json(made, names, now_ms))
    else:
        _say(*order_lines(made, names, now_ms))
    return 0


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
