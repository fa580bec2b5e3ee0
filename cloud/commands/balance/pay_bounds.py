"""`cloud pay-bounds`: what the school lets online accounts pay, of one payment and of a card on a day."""

import json
import sys
from contextlib import closing
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.payments.school import PayBounds, pay_bounds
from cloud.ledger.journal.opened import open_prepared
from cloud.process.settings import load_settings
from shared.money import yuan
from shared.words.voice import Text


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Those that count. Always 0."""
    with open_books(data, dsn) as reader, reader.database.reading():
        return _say(pay_bounds(reader.database), as_json=as_json)


def set_bounds(
    data: Path, dsn: str | None, one_fen: int | None, day_fen: int | None, who: str, reason: str, *, as_json: bool
) -> int:  # fmt: skip
    """None: as it is. Counts when this returns. PayBoundsRefused, ProposalRefused: nothing was changed."""
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        with opened.database.reading():
            now = pay_bounds(opened.database)
        bounds = PayBounds(now.one_fen if one_fen is None else one_fen, now.day_fen if day_fen is None else day_fen)
        made = BankLedger(opened).set_pay_bounds(bounds, who, reason, wall_now())
    return _say(made, as_json=as_json)


def _say(bounds: PayBounds, *, as_json: bool) -> int:
    one, day = yuan(bounds.one_fen), yuan(bounds.day_fen)
    told = Text(
        f"账户支付：每笔至多 ¥{one}，一卡一天至多 ¥{day}",
        f"account payments: ¥{one} at most in one, ¥{day} a card and day",
    )
    sys.stdout.write(f"{json.dumps(bounds._asdict()) if as_json else told}\n")
    return 0
