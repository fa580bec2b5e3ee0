"""`cloud offline-codes`: switched on and off, phones' certificates of a card, what was taken on a day, one ended."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.replacing import card_of
from cloud.ledger.funds.offline.certificates import of_card, showable
from cloud.ledger.funds.offline.rules import code_rule
from cloud.ledger.funds.offline.taking import uses_where
from cloud.ledger.funds.offline.terms import CodeRule, EndWhy
from cloud.ledger.journal.opened import open_prepared
from cloud.payments import doors
from cloud.payments.offline.door import OfflineDoor
from cloud.process.functions import read_off
from cloud.process.settings import load_settings
from cloud.words.balance.offline_codes import certificate_json, code_lines, rule_text, standing_text, use_json
from shared.clocks.clock import day_number
from shared.errors import ConfigFault
from shared.ids import card_id
from shared.input.functions import Function, require_on
from shared.money import yuan
from shared.words.voice import Text


def listing(data: Path, dsn: str | None, label: str | None, day: int | None, *, as_json: bool) -> int:
    """The rule, and of a card its certificates and codes; without a card what was taken on a day. Always 0."""
    now = wall_now()
    with open_books(data, dsn) as reader, reader.database.reading():
        db = reader.database
        rule = code_rule(db)
        card = card_of(db, label) if label else b""
        rows, shown = of_card(db, card, now.campus_s) if card else [], showable(db, now.campus_s)
        of_day = day_number(now.campus_s) if day is None else day
        uses = uses_where(db, "card = ?", (card,)) if card else uses_where(db, "day = ?", (of_day,))
    if as_json:
        said = {
            "rule": rule._asdict(), "showable": len(shown), "ended": sum(bool(one.ended_why) for one in shown),
            "certificates": [*map(certificate_json, rows)], "codes": [*map(use_json, uses)],
        }  # fmt: skip
        return _say(json.dumps(said, ensure_ascii=False))
    fen, borne = yuan(sum(one.fen for one in uses)), yuan(sum(one.borne_fen for one in uses))
    total = Text(f"{len(uses)} 笔 ¥{fen}，学校承担 ¥{borne}", f"{len(uses)} codes ¥{fen}, the school bears ¥{borne}")
    return _say(*map(str, (rule_text(rule), standing_text(shown), *code_lines(rows, uses, now.campus_s), total)))


def switch(data: Path, dsn: str | None, rule: CodeRule, who: str, reason: str, *, as_json: bool) -> int:
    """Counts when this returns, at terminals with the next document. CodeRuleRefused, ConfigFault: nothing changed."""
    if rule.is_on:
        require_on(read_off(data), Function.OFFLINE_CODE)
    with _door(data, dsn) as door:
        made = door.set_rule(rule, who, reason, wall_now())
    return _say(json.dumps(made._asdict()) if as_json else str(rule_text(made)))


def end(data: Path, dsn: str | None, label: str, number: int, who: str, *, as_json: bool) -> int:
    """1: this card has no such one, or it has ended or is over already."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        with opened.database.reading():
            card = card_id(card_of(opened.database, label))
        is_ended = doors.offline(opened, None).end(card, number, wall_now(), EndWhy.PERSON, who)
    told = Text(f"凭证 {number} 已停用", f"certificate {number} has ended")
    none = Text(f"凭证 {number} 不在用", f"certificate {number} is none that counts")
    _say(json.dumps({"certificate": number, "ended": is_ended}) if as_json else str(told if is_ended else none))
    return 0 if is_ended else 1


@contextmanager
def _door(data: Path, dsn: str | None) -> Iterator[OfflineDoor]:
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        yield doors.offline(opened, None)


def require_rule(uses: int | None, one_fen: int | None, day_fen: int | None, bearer: str) -> CodeRule:
    """ConfigFault: an option is missing."""
    if uses is None or one_fen is None or day_fen is None:
        raise ConfigFault(Text("on 须有 --uses、--one、--day", "on wants --uses, --one and --day"))
    return CodeRule(uses, one_fen, day_fen, bearer)


def _say(*lines: str) -> int:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
