"""The statement after a backup was put back, as text and as JSON, in both languages. Pure.

For whoever answers for the money: sums in yuan, each line one thing, what to do at the end.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from cloud.ledger.read.put_backs import BoxAgain, LackView, PutBackView
from cloud.words.put_backs import ACCOUNTS, SHOWN_MAX
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.money import yuan
from shared.words.voice import Text


class Restored(Protocol):
    """What the restore has written down. of_ms: of which moment the books are, None: the last that was archived."""

    @property
    def backup(self) -> str: ...
    @property
    def made_ms(self) -> int: ...
    @property
    def of_ms(self) -> int | None: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def records(self) -> int: ...


class BoxSays(NamedTuple):
    """A box since then. heard: at all; unsettled: rows it has still to send, None: it never said; again: what came."""

    box: str
    name: str
    heard: bool
    unsettled: int | None
    again: BoxAgain | None

    @property
    def is_done(self) -> bool:
        """Has it sent all that it keeps?"""
        return self.heard and self.unsettled == 0


class Statement(NamedTuple):
    """restored: None where nobody knows of a restore. records: in the books now."""

    restored: Restored | None
    boxes: tuple[BoxSays, ...]
    view: PutBackView
    lacks: tuple[LackView, ...]
    records: int

    @property
    def again(self) -> list[BoxAgain]:
        """Of all boxes that have shown something that these books lacked."""
        return [one.again for one in self.boxes if one.again is not None]

    @property
    def is_whole(self) -> bool:
        """Is there nothing more to wait for, and nothing to see to?"""
        return all(one.is_done for one in self.boxes) and not self.view.waits and not self.lacks


def to_json(said: Statement) -> dict[str, Any]:
    """Sums in fen, times in Unix milliseconds."""
    restored = said.restored
    return {
        "whole": said.is_whole,
        "backup": restored.backup if restored else None,
        "backup_ms": restored.made_ms if restored else None,
        "books_of_ms": restored.of_ms if restored else None,
        "restored_ms": restored.at_ms if restored else None,
        "records": {"restored": restored.records if restored else None, "now": said.records},
        "boxes": [
            {"box": one.box, "heard": one.heard, "unsettled": one.unsettled, "done": one.is_done}
            | (one.again._asdict() if one.again else {}) for one in said.boxes
        ],
        "cannot": [
            {"box": one.box, "first": one.first, "last": one.last, "unknown": one.is_unknown, "open": one.is_open}
            for one in said.view.found if one.last or one.is_unknown
        ],
        "lacks": [one._asdict() for one in said.lacks],
    }  # fmt: skip


def lines(said: Statement) -> list[Text | str]:
    """The whole statement."""
    return [*_head(said), *_came(said), *_cannot(said), *_unknown(said), *_then(said)]


def _head(said: Statement) -> Iterator[Text]:
    yield Text("还原说明书", "Statement of a restore")
    if said.restored is None:
        yield Text("未见还原记录：以下只据网关所见", "no restore is written down here: only what boxes bear witness of")
        return
    one = said.restored
    done, made = _time(one.at_ms), _time(one.made_ms)
    of = Text(f"账本为 {_time(one.of_ms)} 的状态", f"the books as of {_time(one.of_ms)}")
    if one.of_ms is None:
        of = Text("账本为归档所及的最后状态", "the books as of the last that was archived")
    yield Text(f"{done} 由 {one.backup}（{made}）还原；{of.zh}", f"{done} from {one.backup} ({made}); {of.en}")
    yield Text(f"流水：备份时 {one.records}，现在 {said.records}", f"records: {one.records} then, {said.records} now")


def _came(said: Statement) -> Iterator[Text]:
    yield Text("一、由网关重新送来、已入账", "1. Came again from the boxes, and is booked")
    for one in said.again:
        yield _again_line(Text(one.box, one.box), one)
    total = [sum(column) for column in zip(*(one[1:] for one in said.again), strict=True)] or [0] * 5
    yield _again_line(Text("合计", "in all"), BoxAgain("", *total))


def _again_line(name: Text, one: BoxAgain) -> Text:
    spent, loaded = yuan(one.spent_fen), yuan(one.loaded_fen)
    return Text(
        f"   {name.zh}：{one.terminals} 台终端，{one.records} 条流水，消费 ¥{spent}，圈存 ¥{loaded}",
        f"   {name.en}: {one.terminals} terminals, {one.records} records, spent ¥{spent}, loaded ¥{loaded}",
    )


def _cannot(said: Statement) -> Iterator[Text]:
    yield Text("二、不会再来，须人补记", "2. Cannot come again, and must be entered by hand")
    spans = [one for one in said.view.found if one.last]
    for one in spans:
        count, since = one.last - one.first + 1, _time(one.since_ms)
        yield Text(
            f"   {since} 之后 {count} 笔只在账本里的事：充值、发放、账户支付、圈提、卡务、审批、指令"
            f"（{one.first}–{one.last}），按纸据与银行对账单补记",
            f"   {count} deeds after {since} that stood in the books alone: deposits, grants, account payments, "
            f"unloads, desk, approvals, orders ({one.first}–{one.last}); enter them from paper and bank statements",
        )
    for lack in said.lacks[:SHOWN_MAX]:
        account, fen = ACCOUNTS.get(lack.account, Text(lack.account, lack.account)), yuan(lack.fen)
        yield Text(
            f"   卡 {lack.label} {account.zh} 至少缺 ¥{fen}",
            f"   card {lack.label}, {account.en}: lacks at least ¥{fen}",
        )
    for again in said.again:
        if again.gone:
            yield Text(
                f"   网关 {again.box} 有 {again.gone} 行已过保留期，无法重发",
                f"   box {again.box} no longer keeps {again.gone} rows that it was asked for",
            )
    if not spans and not said.lacks and not any(one.gone for one in said.again):
        yield Text("   未见有缺", "   nothing, as far as any box has seen")


def _unknown(said: Statement) -> Iterator[Text]:
    yield Text("三、尚不知道", "3. Not known yet")
    waits = [one for one in said.boxes if not one.is_done]
    for one in waits:
        yield _waiting(one)
    if any(one.is_unknown for one in said.view.found):
        yield Text(
            "   旧版网关只见证流水：充值、发放、卡务、审批请按纸据核对",
            "   a box of 0.1 bears witness of records only: check deposits, grants, desk, approvals by paper",
        )
    yield Text(
        "   没有一个网关见过的事没有见证：还原前最后几秒的充值与审批，按纸据核对",
        "   what no box has seen has no witness: check the last seconds before by paper",
    )


def _waiting(one: BoxSays) -> Text:
    if not one.heard:
        return Text(f"   网关 {one.box} 还原后未连过", f"   box {one.box} has not been heard since")
    if one.unsettled is None:
        return Text(f"   网关 {one.box} 未说还有多少", f"   box {one.box} has not said how much it has")
    return Text(f"   网关 {one.box} 还有 {one.unsettled} 行在送", f"   box {one.box} has {one.unsettled} rows to send")


def _then(said: Statement) -> Iterator[Text]:
    if said.is_whole:
        yield Text("完整：没有要等的，也没有未办结的", "Whole: nothing to wait for, nothing open")
        return
    yield Text("未完：", "Not whole yet:")
    if any(not one.is_done for one in said.boxes):
        yield Text("   等各网关送完，再看一遍", "   wait until every box has sent all, and look again")
    if said.lacks:
        yield Text("   按底单补记缺款", "   enter what accounts lack, from paper")
    if said.view.waits:
        yield Text(
            "   补记后由两人办结：./ykt cloud put-back propose --who 姓名 --reason 缘由",
            "   when it is entered, two persons close it: ./ykt cloud put-back propose --who NAME --reason TEXT",
        )


def _time(unix_ms: int | None) -> str:
    return time_text(WALL.at(unix_ms / 1000)) if unix_ms else "—"
