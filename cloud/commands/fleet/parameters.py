"""`cloud parameters`: one file for the campus is checked, compared, pushed to terminals, and taken back.

A push is one transaction: all of its terminals, or none. What refuses more than before becomes a proposal, which
another person confirms, and which ends. Nothing is changed where a file is wrong: the fault names line, key, reason.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.fleet.beside import campus_clock, orders_socket
from cloud.fleet.pushing import Pusher, Target, alike, lowered_to
from cloud.keys.client import KeyClient
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.tightening import DAYS
from cloud.ledger.held.two_persons import Proposal, ProposalKind, person
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from cloud.parameters.resolve import Position, resolved, samples
from cloud.process.settings import load_settings
from cloud.words.fleet import parameters as words
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.fleet.document import Head, SignedHead
from shared.keys.document_key import DocumentKey
from shared.words.refused import why_not
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Where:
    """Which books, and who signs."""

    data: Path
    dsn: str | None
    keys: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Which terminals: by name, by box, or every one. canary: names of those that get it first, and alone; by_hand: the
    others wait for a person, however well that goes."""

    names: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    every: bool = False
    canary: tuple[str, ...] = ()
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Who, why, and for how long what is tightened counts."""

    who: str
    reason: str = ""
    days: int = DAYS


def check(where: Where, path: Path) -> int:
    """0: the file is right. Names are looked up where there is a ledger. ConfigFault: line, key, reason."""
    file = _read(path)
    for one in samples(file):
        resolved(file, one)
    known = _known(where, file)
    if where.as_json:
        _json({"ok": True, "hash": file.hash.hex(), "rules": len(file.rules), "terminals": known})
        return 0
    against = Text(f"已对照 {known} 台终端", f"held against {known} terminals")
    alone = Text("没有账本，未核对终端名", "no ledger here: names of terminals were not looked up")
    meals, rules, spans = len(file.meals), len(file.rules), len(file.calendar.spans)
    said = Text(
        f"文件无误：{meals} 餐次，{rules} 条限额，校历 {spans} 段；",
        f"the file is right: {meals} meals, {rules} rules, {spans} spans of the calendar; ",
    )
    _say(f"{said}{alone if known is None else against}")
    return 0


def diff(where: Where, path: Path, choice: Choice) -> int:
    """What would change, by terminal; 1 where anything would, 0 where nothing."""
    file = _read(path)
    with _office(where) as (opened, pusher):
        targets = _chosen(opened, pusher, file, choice)
    groups = alike(file, targets)
    if where.as_json:
        _json({"terminals": len(targets), "differences": words.difference_json(groups)})
    else:
        _say(*words.difference_text(groups))
    return int(bool(groups))


def push(where: Where, path: Path, choice: Choice, order: Order) -> int:
    """On its way to the terminals when this returns, or proposed to a second person where it tightens."""
    file = _read(path)
    with _office(where) as (opened, pusher):
        targets = _chosen(opened, pusher, file, choice)
        canary = _named(targets, choice.canary)
        kind = PushKind.CANARY if canary else PushKind.PUSH
        return _send(where, opened, pusher, file, kind, targets, canary, order, by_hand=choice.by_hand)


def lower(where: Where, day_fen: int, choice: Choice, order: Order) -> int:
    """The knob: no card spends more on a day, for some days; proposed to a second person. ConfigFault."""
    with _office(where) as (opened, pusher):
        file, targets = lowered_to(ParameterLedger(opened), day_fen, _devices(opened, choice))
        return _send(where, opened, pusher, file, PushKind.PUSH, targets, (), order)


def go_on(where: Where, number: int, order: Order) -> int:
    """The others of a canary's terminals."""
    with _office(where) as (opened, pusher):
        begun, file = ParameterLedger(opened).push_of(number)
        if not begun.left:
            raise ConfigFault(Text(f"第 {number} 次下发没有待续的终端", f"push {number} has no terminals that wait"))
        targets = pusher.targets(file, begun.left)
        return _send(where, opened, pusher, file, PushKind.CONTINUE, targets, (), order)


def rollback(where: Where, number: int, order: Order) -> int:
    """What that push said, to the same terminals."""
    with _office(where) as (opened, pusher):
        former, file = ParameterLedger(opened).push_of(number)
        targets = pusher.targets(file, former.targets)
        return _send(where, opened, pusher, file, PushKind.ROLLBACK, targets, (), order)


def history(where: Where) -> int:
    """Every push and proposal, oldest first. Always 0."""
    now = _now(where)
    with _office(where) as (opened, _):
        ledger = ParameterLedger(opened)
        found, names = ledger.history(), _names(ledger.positions())
        proposals = [one for one in Reader(opened.database).proposals() if one.kind is ProposalKind.TIGHTER]
        said, watched = ledger.canaries(), {one.push.number: one for one in ledger.watched(now)}
    titled = [(one, kept, read_file(kept.text).title) for one, kept in found]
    if where.as_json:
        told = [words.push_json(*one, names, said.get(one[0].number, ())) for one in titled]
        _json({"pushes": told, "proposals": [words.proposal_json(one, names, now.unix_ms) for one in proposals]})
        return 0
    for one in titled:
        _say(words.push_line(*one, time_text(WALL.at(one[0].at_ms / 1000))))
        if one[0].number in said:
            _say(words.canary_line(said[one[0].number], watched.get(one[0].number)))
    for proposal in proposals:
        _say(*words.proposal_lines(proposal, names, now.unix_ms))
    if not titled and not proposals:
        _say(str(Text("尚未下发过参数", "no parameters were pushed yet")))
    return 0


def confirm(where: Where, number: int, who: str) -> int:
    """The second person: on its way when this returns, and its end is signed with it. ProposalRefused."""
    now = _now(where)
    with _office(where) as (opened, pusher):
        decided, made = pusher.confirm(number, who, now)
        names = _names(ParameterLedger(opened).positions())
    _decided(where, decided.proposal, names, now.unix_ms)
    if made is not None and not where.as_json:
        _say(_made_text(made))
    return 0


def reject(where: Where, number: int, who: str, reason: str) -> int:
    """All stays as it is. ProposalRefused."""
    now = _now(where)
    with _office(where) as (opened, _):
        decided = HeldLedger(opened).reject_tighter(number, who, reason, now)
        names = _names(ParameterLedger(opened).positions())
    _decided(where, decided.proposal, names, now.unix_ms)
    return 0


def _send(
    where: Where, opened: OpenedLedger, pusher: Pusher, file: CampusFile, kind: PushKind, targets: Sequence[Target],
    canary: Sequence[bytes], order: Order, *, by_hand: bool = False,
) -> int:  # fmt: skip
    first = [one for one in targets if not canary or one.position.device in canary]
    if any(one.tighter for one in first):
        return _propose(where, opened, file, first, order)
    made = pusher.push(file, kind, person(order.who), targets, _now(where), canary, by_hand=by_hand)
    if where.as_json:
        _json({"push": made.number if made else None, "made": len(made.made) if made else 0, "of": len(targets)})
    elif made is None:
        _say(str(Text("没有变化，未下发", "nothing changes, nothing was pushed")))
    else:
        _say(*words.difference_text(alike(file, first)), _made_text(made))
    return 0


def _propose(
    where: Where, opened: OpenedLedger, file: CampusFile, targets: Sequence[Target], order: Order
) -> int:  # fmt: skip
    now, tight = _now(where), [one for one in targets if one.tighter]
    names = {one.position.device: one.position.name for one in targets}
    bodies = {one.position.device: one.after for one in tight}
    refused = ParameterLedger(opened).would_refuse(bodies, now)
    sums = sum(one.times for one in refused), sum(one.fen for one in refused)
    devices = [one.position.device for one in targets if one.is_new]
    made = HeldLedger(opened).propose_tighter(file, devices, order.days, sums, order.who, order.reason, now)
    if where.as_json:
        _json(words.proposal_json(made, names, now.unix_ms) | {"refused": words.refused_json(refused, names)})
        return 0
    _say(*words.tighter_lines(file, [(one.position.name, one.tighter) for one in tight[: words.NAMED]]))
    _say(*words.refused_lines(file, refused, names), *words.proposal_lines(made, names, now.unix_ms))
    return 0


def _made_text(made: Push) -> str:
    count, left = len(made.made), len(made.left)
    then = Text(f"；其余 {left} 台待续：continue {made.number}", f"; {left} wait: continue {made.number}")
    said = Text(
        f"第 {made.number} 次下发：{count} 台有变化，下一餐次生效{then.zh if left else ''}；各终端：cloud documents",
        f"push {made.number}: {count} terminals change, at their next meal{then.en if left else ''}; "
        "see cloud documents",
    )
    return str(said)


def _decided(where: Where, one: Proposal, names: words.Names, now_ms: int) -> None:
    if where.as_json:
        _json(words.proposal_json(one, names, now_ms))
    else:
        _say(*words.proposal_lines(one, names, now_ms))


def _chosen(opened: OpenedLedger, pusher: Pusher, file: CampusFile, choice: Choice) -> list[Target]:
    """ConfigFault for a terminal or box that there is not."""
    return pusher.targets(file, _devices(opened, choice))


def _devices(opened: OpenedLedger, choice: Choice) -> list[bytes]:
    """As `_chosen`."""
    positions = ParameterLedger(opened).positions()
    names, boxes = {one.name for one in positions}, {one.box for one in positions}
    for asked in sorted({*choice.names, *choice.canary} - names):
        raise ConfigFault(Text(f"没有终端 {asked[:40]}", f"there is no terminal {asked[:40]}"))
    for asked in sorted({*choice.boxes} - boxes):
        raise ConfigFault(Text(f"没有网关 {asked[:40]}", f"there is no box {asked[:40]}"))
    every = choice.every or not (choice.names or choice.boxes)
    return [one.device for one in positions if every or one.name in choice.names or one.box in choice.boxes]


def _named(targets: Sequence[Target], names: Sequence[str]) -> list[bytes]:
    found = {one.position.name: one.position.device for one in targets}
    for asked in names:
        if asked not in found:
            raise ConfigFault(Text(f"{asked} 不在下发范围内", f"{asked} is none of those that it goes to"))
    return [found[asked] for asked in names]


def _known(where: Where, file: CampusFile) -> int | None:
    """How many terminals it was held against; None: there is no ledger."""
    try:
        load_settings(where.data).books(where.dsn)
    except ConfigFault:
        return None
    with _office(where) as (_, pusher):
        return len(pusher.targets(file))


@contextmanager
def _office(where: Where) -> Iterator[tuple[OpenedLedger, Pusher]]:
    """The books, and who pushes; the key process is asked when there is something to sign."""
    dsn = load_settings(where.data).books(where.dsn)
    with closing(open_prepared(dsn)) as opened, closing(_LateKeys(where)) as keys:
        yield opened, Pusher(opened, keys)


class _LateKeys:
    """The key process beside this command, looked for when there is something to sign."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._client: KeyClient | None = None

    def close(self) -> None:
        """Let the connection go."""
        if self._client is not None:
            self._client.close()

    def sign_document(self, head: Head) -> SignedHead:
        """By the key of its kind and version. KeyFault."""
        return self._found().sign_document(head)

    def document_keys(self) -> list[DocumentKey]:
        """The public halves. KeyFault."""
        return self._found().document_keys()

    def _found(self) -> KeyClient:
        if self._client is None:
            self._client = KeyClient(orders_socket(self._where.data, self._where.keys))
        return self._client


def _now(where: Where) -> Now:
    """By the campus clock of the ingest that runs here, else this machine's."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), campus_clock(where.data, "").at(unix_s))


def _names(positions: Iterable[Position]) -> dict[bytes, str]:
    return {one.device: one.name for one in positions}


def _read(path: Path) -> CampusFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        why = why_not(fault) if isinstance(fault, OSError) else "UTF-8"
        raise ConfigFault(Text(f"{path}: 无法读取：{why}", f"{path}: cannot be read: {why}")) from fault
    return read_file(text)


def _json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
