"""The ledger's door for payment codes: given out, looked at, cancelled. Each call is one transaction."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.funds.codes import ROTATE_MS, CodeRow, CodeState, cancel_codes, find_code, keep_code, use_up
from cloud.ledger.funds.payments.cases import PaymentState, case_of
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.arrival import split_key
from cloud.ledger.records.values import Now
from cloud.payments.codes.making import SECRET_SIZE, code_from
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.online import PAYMENT_TEXT, PaymentResult, code_digest
from shared.words.voice import Text

TURNS_MAX = 8
"""Codes that are tried until one is nobody's; that two are the same is one chance in a hundred thousand millions."""


class CodeRefused(ConfigFault):
    """There is no code for this card now. Nothing was changed."""


class Code(NamedTuple):
    """A new code. rotate_ms: when a phone asks for the next one."""

    code: str
    issued_ms: int
    expires_ms: int
    rotate_ms: int

    def __repr__(self) -> str:
        return f"Code(…{self.code[-2:]}, expires_ms={self.expires_ms})"


class Standing(StrEnum):
    """What has become of a code."""

    ALIVE = "alive"
    OVER = "over"
    """It was never used and is no good any more."""
    PAID = "paid"
    DECLINED = "declined"
    REVERSED = "reversed"


class Seen(NamedTuple):
    """What its holder's phone shows. why: of DECLINED; place: the till's name; at_ms: when it was judged."""

    standing: Standing
    amount_fen: int = 0
    left_fen: int = 0
    place: str = ""
    why: Text | None = None
    at_ms: int = 0


class ShownTo(NamedTuple):
    """What a code that was shown has said. card: whose it was; None: used, over, or its card is listed. is_one: was it
    ever given out, as far as is known?"""

    card: CardId | None
    is_one: bool


class CodeDoor:
    """Over an opened ledger; belongs to one thread at a time. random_bytes(n): n unpredictable bytes."""

    def __init__(self, opened: OpenedLedger, random_bytes: Callable[[int], bytes]) -> None:
        self._opened = opened
        self._random_bytes = random_bytes

    def new(self, card: CardId, now: Now) -> Code:
        """For a wallet of this card; the oldest of its codes is over by it where there are too many. CodeRefused."""
        secret, ms = self._random_bytes(SECRET_SIZE), now.unix_ms
        with self._opened.writing(now) as writing:
            known = writing.registry.cards.get(card)
            if known is None or known.hotlisted:
                raise CodeRefused(Text("此卡不能出付款码", "there are no codes for this card"))
            code = _nobodys(writing.db, secret)
            row = keep_code(writing.db, card, code_digest(code), ms)
        return Code(code, row.issued_ms, row.expires_ms, ms + ROTATE_MS)

    def seen(self, card: CardId, code: str, now: Now) -> Seen:
        """What has become of a code of this card; another card's is over, as one that never was."""
        with self._opened.database.reading() as _:
            row = find_code(self._opened.database, code_digest(code))
            if row is None or row.card != card:
                return Seen(Standing.OVER)
            return _seen(self._opened.database, row, now.unix_ms)

    def show(self, code: str, now: Now) -> ShownTo:
        """Used up by being shown, for no payment."""
        with self._opened.writing(now) as writing:
            row = find_code(writing.db, code_digest(code))
            if row is None or not row.is_alive(now.unix_ms):
                return ShownTo(None, is_one=row is not None)
            use_up(writing.db, row)
            known = writing.registry.cards.get(row.card)
            return ShownTo(None if known is None or known.hotlisted else CardId(row.card), is_one=True)

    def cancel(self, card: CardId, now: Now) -> int:
        """None of its codes pays any more; so many did."""
        with self._opened.writing(now) as writing:
            return cancel_codes(writing.db, card)


def _nobodys(db: Database, secret: bytes) -> str:
    for turn in range(TURNS_MAX):
        code = code_from(secret, turn)
        if find_code(db, code_digest(code)) is None:
            return code
    raise CodeRefused(Text("请重试", "please try again"))


def _seen(db: Database, row: CodeRow, now_ms: int) -> Seen:
    case = case_of(db, row.case_key) if row.case_key is not None else None
    if case is None:
        return Seen(Standing.ALIVE if row.is_alive(now_ms) else Standing.OVER)
    place, at_ms = _place(db, case.key), case.opened_ms
    if case.state in (PaymentState.REVERSED, PaymentState.TOMBSTONE):
        return Seen(Standing.REVERSED, case.amount_fen, 0, place, None, case.changed_ms)
    if case.result != PaymentResult.APPROVED:
        return Seen(Standing.DECLINED, case.amount_fen, 0, place, PAYMENT_TEXT[PaymentResult(case.result)], at_ms)
    return Seen(Standing.PAID, case.amount_fen, case.left_fen, place, None, at_ms)


def _place(db: Database, key: bytes) -> str:
    rows = db.run("SELECT place FROM device WHERE device = ?", (split_key(key)[0],))
    return str(rows[0][0]) if rows else ""


__all__ = ["Code", "CodeDoor", "CodeRefused", "CodeState", "Seen", "Standing"]
