"""`cloud card floor`: what no movement leaves less than in the online accounts of a card class."""

import json
import sys
from contextlib import closing
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.process.settings import load_settings
from shared.money import yuan
from shared.words.voice import Text


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Of each class of which anybody has said something; the others have none. Always 0."""
    with open_books(data, dsn) as reader:
        found = reader.floors()
    if as_json:
        _say(json.dumps({"floors": [one._asdict() for one in found]}, ensure_ascii=False))
        return 0
    for one in found:
        fen, said = yuan(one.fen), " ".join(part for part in (one.who, one.reason) if part)
        _say(str(Text(f"卡类 {one.card_class} 保底 ¥{fen}  {said}", f"class {one.card_class}: ¥{fen} stay  {said}")))
    _say(str(Text(f"其他卡类没有保底（共 {len(found)} 类有）", f"no other class has a floor ({len(found)} have)")))
    return 0


def set_floor(
    data: Path, dsn: str | None, card_class: int, fen: int, who: str, reason: str, *, as_json: bool
) -> int:  # fmt: skip
    """Counts when this returns. FloorRefused, ProposalRefused: nothing was changed."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        BankLedger(opened).set_floor(card_class, fen, who, reason, wall_now())
    return listing(data, dsn, as_json=as_json)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
