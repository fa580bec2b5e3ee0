"""What people are told of a box's identity: for commands and pages."""

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


def step_text(row: Row) -> Text:
    """Where it stands; a revoked one is that above all."""
    if row.revoked_s:
        return Text("已吊销", "revoked")
    return _STEPS.get(row.step, Text(row.step, row.step))


def row_line(row: Row, now_s: int) -> Text:
    """A line of the list."""
    said, until = step_text(row), _day(row.ends_s)
    zh, en = f"{row.box}  {said.zh}", f"{row.box}  {said.en}"
    if row.ends_s:
        zh, en = f"{zh}  证书至 {until}", f"{en}  certificate until {until}"
    if row.step == "waiting":
        words = words_of(row.key)
        zh, en = f"{zh}  {words.zh}", f"{en}  {words.en}"
    if row.step == "open" and row.expires_s <= now_s:
        zh, en = f"{zh}  码已过期", f"{en}  the code has expired"
    if row.wrong:
        zh, en = f"{zh}  试错 {row.wrong} 次", f"{en}  wrong codes: {row.wrong}"
    if row.stolen:
        zh, en = f"{zh}  码被另一把密钥用过 {row.stolen} 次", f"{en}  code used by another key: {row.stolen}"
    if row.owed:
        zh, en = f"{zh}  旧会话待断开", f"{en}  an old session is to be cut"
    return Text(zh, en)


def _day(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d}"
