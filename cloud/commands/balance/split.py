"""`cloud split CARD` and `cloud card auto-load`: what a holder may spend offline and online, and what moves by rule."""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from cloud.words.balance.split import rule_json, rule_lines, split_json, split_lines
from shared.errors import ConfigFault
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Where:
    """Which books."""

    data: Path
    dsn: str | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Of a class, or of the card with this label."""

    card_class: int | None
    label: str | None
    quota: Quota
    who: str
    reason: str


def split(where: Where, label: str) -> int:
    """Always 0. ConfigFault: there is no such card."""
    with open_books(where.data, where.dsn) as reader:
        found = reader.split(label, wall_now())
    if found is None:
        raise ConfigFault(Text(f"没有卡 {label[:40]}", f"there is no card {label[:40]}"))
    if where.as_json:
        _say(json.dumps(split_json(found, is_apart=True), ensure_ascii=False))
    else:
        _say(*map(str, split_lines(found, is_apart=True)))
    return 0


def order(where: Where, label: str, fen: int, key: str, who: str) -> int:
    """Ordered when this returns; 0 calls off. OrderRefused, DeskRefused: nothing was changed."""
    _with(where, lambda books, now: books.order(key, label, fen, who, now))
    return split(where, label)


def rules(where: Where) -> int:
    """Of classes and cards. Always 0."""
    with open_books(where.data, where.dsn) as reader:
        found = reader.split_rules()
    if where.as_json:
        _say(json.dumps({"auto_load": [rule_json(one) for one in found]}, ensure_ascii=False))
    else:
        _say(*map(str, rule_lines(found)))
    return 0


def set_rule(where: Where, told: Told) -> int:
    """Counts when this returns. RuleRefused, ProposalRefused, DeskRefused: nothing was changed."""
    if told.label is not None:
        label = told.label
        _with(where, lambda books, now: books.set_of_card(label, told.quota, told.who, told.reason, now))
        return split(where, label)
    if told.card_class is None:
        raise ConfigFault(Text("须有卡面号或 --class", "a label or --class is needed"))
    number = told.card_class
    _with(where, lambda books, now: books.set_of_class(number, told.quota, told.who, told.reason, now))
    return rules(where)


def _with(where: Where, act: Callable[[SplitLedger, Now], object]) -> None:
    with closing(open_prepared(load_settings(where.data).books(where.dsn))) as opened:
        act(SplitLedger(opened), wall_now())


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
