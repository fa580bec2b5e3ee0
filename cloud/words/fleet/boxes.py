"""What people are told of a box's identity: for commands and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.wire.enrol.office import Row
from shared.wire.enrol.words import words_of
from shared.words.voice import Text

HINDERS = {
    "not-proved": Text("尚未证实消息代理已换用列表", "the broker is not proved to have the list"),
    "fails-open": Text("消息代理仍放行已吊销的证书", "the broker lets a revoked certificate in"),
    "broker-away": Text("消息代理不在", "the broker is away"),
}
"""By the word of the signer."""
_STEPS = {
    "": Text("未出码", "no code"),
    "open": Text("等待网关", "waits for the box"),
    "waiting": Text("等人核对", "its words wait"),
    "approved": Text("已批准", "approved"),
    "issued": Text("已入网", "enrolled"),
    "rejected": Text("四词不符，已拒绝", "other words, refused"),
    "cancelled": Text("码已作废", "code cancelled"),
}


_NEXT = {
    "": Text("出入网码", "make a code"),
    "open": Text("在网关上输入码", "enter the code at the box"),
    "waiting": Text("核对四个词", "compare the four words"),
    "approved": Text("在网关上重说同一条命令", "say the same command at the box again"),
    "rejected": Text("查明是谁，再出新码", "find out who it was, then make a new code"),
    "cancelled": Text("要入网则出新码", "to come in it needs a new code"),
}
_LATE = Text("出新码", "make a new code")
_AGAIN = Text("要再用则出新码重新入网", "to be used again it comes in by a new code")
_ENDED = Text("在网关上看为何没有自行续期", "look at the box why it has not renewed by itself")


def next_text(row: Row, now_s: int) -> Text | None:
    """What somebody has to do now; None: nothing."""
    if row.step == "open":
        return _LATE if row.expires_s <= now_s else _NEXT["open"]
    if row.step in ("waiting", "approved", "rejected"):
        return _NEXT[row.step]
    if row.revoked_s:
        return _AGAIN
    if row.ends_s:
        return _ENDED if row.ends_s <= now_s else None
    return _NEXT.get(row.step)


def step_text(row: Row) -> Text:
    """Where it stands; a revoked one is that above all."""
    if row.revoked_s:
        return Text("已吊销", "revoked")
    return _STEPS.get(row.step, Text(row.step, row.step))


def row_line(row: Row, now_s: int) -> Text:
    """A line of the list."""
    said = [Text(row.box, row.box), step_text(row), *_more(row, now_s)]
    return Text("  ".join(one.zh for one in said), "  ".join(one.en for one in said))


def _more(row: Row, now_s: int) -> Iterator[Text]:
    if row.ends_s:
        until = day_of(row.ends_s)
        yield Text(f"证书至 {until}", f"certificate until {until}")
    if row.step == "waiting":
        yield words_of(row.key)
    if row.step == "open" and row.expires_s <= now_s:
        yield Text("码已过期", "the code has expired")
    if row.wrong:
        yield Text(f"试错 {row.wrong} 次", f"wrong codes: {row.wrong}")
    if row.stolen:
        yield Text(f"码被另一把密钥用过 {row.stolen} 次", f"code used by another key: {row.stolen}")
    if row.owed:
        yield Text("旧会话待断开", "an old session is to be cut")


def day_of(unix_s: int) -> str:
    """As people read it."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d}"
