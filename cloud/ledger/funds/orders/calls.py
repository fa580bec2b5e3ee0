"""A call that moves money is done once per key of its caller; the same key with other parameters is a typed conflict.

What a call came to is kept beside its key, a decline as well as a yes, so a repeat hears the same. Whoever has not
heard it asks under the key: what came has its answer, and what has not come never does anything from then on.
"""

import hashlib
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import NamedTuple

from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.wire import codec
from shared.words.voice import Text

COLUMNS = "caller, key, what, digest, result, payment, fen, at_ms"
CALLER_MAX, KEY_MAX = 200, 64


class What(IntEnum):
    """Frozen numbers: they stand in the books."""

    PAY = 1
    CAPTURE = 2
    VOID = 3
    REFUND = 4
    ORDER = 5
    ABANDONED = 9
    """Nothing was done under this key, and nothing ever is."""


class PayResult(StrEnum):
    """What a call has come to; in words: PAY_TEXT. Frozen: they stand in the books."""

    DONE = "done"
    NO_FUNDS = "no-funds"
    OVER_LIMIT = "over-limit"
    HOTLISTED = "hotlisted"
    CLOSED = "closed"
    """The order is paid, closed, or its time is over."""
    OVER = "over"
    """The payment is not authorised any more: captured, void, or its time is over."""
    ABOVE = "above"
    """More than was authorised, or than is left of what was captured."""
    ABANDONED = "abandoned"
    """Its caller has given it up before it came."""


PAY_TEXT = {
    PayResult.DONE: Text("成功", "done"),
    PayResult.NO_FUNDS: Text("电子账户余额不足", "not enough in the online account"),
    PayResult.OVER_LIMIT: Text("超过账户支付限额", "over the limit for account payments"),
    PayResult.HOTLISTED: Text("卡已挂失或停用", "the card is on the hotlist"),
    PayResult.CLOSED: Text("付款单已关闭或已付款", "the order is closed, or paid"),
    PayResult.OVER: Text("该笔已请款、已撤回或已超时", "captured, void or over already"),
    PayResult.ABOVE: Text("超过可请款或可退款的金额", "more than can be captured, or given back"),
    PayResult.ABANDONED: Text("该笔已放弃，未付款", "given up before it came: not paid"),
}
"""What a person is told of each."""


class Call(NamedTuple):
    """caller: who calls, an account of ours (a wallet, a stall, an application); key: of his choosing."""

    caller: str
    key: str


class Outcome(NamedTuple):
    """payment: of which, 0 for none. fen: what was moved. again: this is a repeat."""

    result: PayResult
    payment: int = 0
    fen: int = 0
    again: bool = False


class KeyReused(ConfigFault):
    """Happens when a key comes again with other parameters. Nothing was done."""


class PayRefused(ConfigFault):
    """Happens when a call cannot be meant: no such order, payment or sum, or another's. Nothing was done or kept."""


class _Kept(NamedTuple):
    what: int
    digest: bytes
    outcome: Outcome


def once(writing: Writing, call: Call, what: What, parameters: list[object], act: Callable[[], Outcome]) -> Outcome:
    """Do it, or say what it came to when it was done. KeyReused, PayRefused."""
    require_call(call)
    digest = hashlib.sha256(codec.dumps([int(what), *parameters])).digest()
    known = _known(writing.db, call)
    if known is None:
        outcome = act()
        _keep(writing, call, _Kept(int(what), digest, outcome))
        return outcome
    if known.what == What.ABANDONED:
        return known.outcome._replace(again=True)
    if (known.what, known.digest) != (what, digest):
        raise KeyReused(Text(f"幂等键 {call.key!r} 已用于另一次调用", f"key {call.key!r} was used for another call"))
    return known.outcome._replace(again=True)


def outcome_of(db: Database, call: Call) -> Outcome | None:
    """What this call came to; None: it has not come."""
    known = _known(db, call)
    return None if known is None else known.outcome


def abandon(writing: Writing, call: Call) -> Outcome:
    """What this call came to; where it has not come, it never will. Idempotent. PayRefused."""
    require_call(call)
    known = _known(writing.db, call)
    if known is not None:
        return known.outcome._replace(again=True)
    outcome = Outcome(PayResult.ABANDONED)
    _keep(writing, call, _Kept(int(What.ABANDONED), b"", outcome))
    return outcome


def require_call(call: Call) -> None:
    """PayRefused."""
    caller, key = call
    is_sound = all(text.isprintable() and text == text.strip() for text in call)
    if not is_sound or not 0 < len(caller.encode()) <= CALLER_MAX or not 0 < len(key.encode()) <= KEY_MAX:
        raise PayRefused(
            Text(f"调用须有 1..{KEY_MAX} 字节的幂等键", f"a call has a key of 1 to {KEY_MAX} bytes, and a caller")
        )


def _known(db: Database, call: Call) -> _Kept | None:
    sql = "SELECT what, digest, result, payment, fen FROM pay_call WHERE caller = ? AND key = ?"
    rows = db.run(sql, (call.caller, call.key))
    if not rows:
        return None
    what, digest, result, payment, fen = rows[0]
    return _Kept(what, bytes(digest), Outcome(PayResult(result), payment, fen))


def _keep(writing: Writing, call: Call, kept: _Kept) -> None:
    said = kept.outcome
    row = (*call, kept.what, kept.digest, str(said.result), said.payment, said.fen, writing.now.unix_ms)
    writing.db.insert("pay_call", COLUMNS, [row])
