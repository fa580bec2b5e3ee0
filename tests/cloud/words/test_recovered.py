"""The statement after a restore, as whoever answers for the money reads it."""

from typing import Any

import pytest

from cloud.commands.chains.backups.restoring import Restored
from cloud.ledger.journal.witnessed import PutBack
from cloud.ledger.read.put_backs import BoxAgain, LackView, PutBackView
from cloud.words.recovered import BoxSays, Statement, lines, to_json
from shared.words.voice import Language, Text, speak

MADE_MS, AT_MS = 1_795_800_000_000, 1_795_867_200_000
AGAIN = BoxAgain("canteen", 3, 120, 98_050, 20_000, 0)
GONE = PutBack(1, "canteen", b"store-01", 1, 9, 4, b"c" * 32, 140, 20, 5, 7, b"b" * 32, MADE_MS, AT_MS)
OPEN = Statement(
    Restored("backup-20261128-030000", MADE_MS, MADE_MS, AT_MS, 400, 900),
    (BoxSays("canteen", "一楼食堂", True, 0, AGAIN), BoxSays("bus", "校车", False, 3, None)),
    PutBackView((GONE,)), (LackView("0001", "online", 5_000),), 1_020,
)  # fmt: skip
DONE = OPEN._replace(
    boxes=OPEN.boxes[:1], view=PutBackView((GONE._replace(proposal=8),)), lacks=(),
)  # fmt: skip


def text(said: Statement, language: Language = Language.ZH) -> str:
    speak(language)
    return "\n".join(map(str, lines(said)))


def test_in_chinese() -> None:
    assert text(OPEN) == (
        "还原说明书\n"
        "2026-11-28 20:00:00 由 backup-20261128-030000（2026-11-28 01:20:00）还原；账本为 2026-11-28 01:20:00 的状态\n"
        "流水：备份时 900，现在 1020\n"
        "一、由网关重新送来、已入账\n"
        "   canteen：3 台终端，120 条流水，消费 ¥980.50，圈存 ¥200.00\n"
        "   合计：3 台终端，120 条流水，消费 ¥980.50，圈存 ¥200.00\n"
        "二、不会再来，须人补记\n"
        "   2026-11-28 01:20:00 之后 3 笔只在账本里的事：充值、发放、账户支付、圈提、卡务、审批、指令（5–7），"
        "按纸据与银行对账单补记\n"
        "   卡 0001 电子账户 至少缺 ¥50.00\n"
        "三、尚不知道\n"
        "   网关 bus 还原后未连过\n"
        "   没有一个网关见过的事没有见证：还原前最后几秒的充值与审批，按纸据核对\n"
        "未完：\n"
        "   等各网关送完，再看一遍\n"
        "   按底单补记缺款\n"
        "   补记后由两人办结：./ykt cloud put-back propose --who 姓名 --reason 缘由"
    )


def test_in_english_nothing_is_left_in_chinese() -> None:
    said = text(OPEN, Language.EN)
    assert "3 deeds after 2026-11-28 01:20:00 that stood in the books alone" in said
    assert said.isascii() or set(said) - set("¥–") <= set(map(chr, range(128)))


def test_what_is_done_says_so_and_still_names_what_could_not_come() -> None:
    said = text(DONE)
    assert said.endswith("完整：没有要等的，也没有未办结的")
    assert "3 笔只在账本里的事" in said
    assert (DONE.is_whole, OPEN.is_whole) == (True, False)
    for waits in (OPEN.boxes[1], OPEN.boxes[0]._replace(unsettled=1), OPEN.boxes[0]._replace(heard=False)):
        assert not DONE._replace(boxes=(waits,)).is_whole


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"restored": None}, "未见还原记录"),
        ({"boxes": (BoxSays("bus", "", True, None, None),)}, "网关 bus 未说还有多少"),
        ({"boxes": (BoxSays("bus", "", True, 3, AGAIN._replace(gone=4)),)}, "4 行已过保留期"),
        ({"boxes": (BoxSays("bus", "", True, 3, None),)}, "网关 bus 还有 3 行在送"),
        ({"view": PutBackView(), "lacks": (), "boxes": ()}, "未见有缺"),
        ({"view": PutBackView((GONE._replace(book=b"", first=0, last=0),))}, "旧版网关只见证流水"),
        ({"restored": Restored("b", MADE_MS, None, AT_MS, 1, 1)}, "归档所及的最后状态"),
    ],
)
def test_what_is_not_known_is_said(changed: dict[str, Any], says: str) -> None:
    said = text(OPEN._replace(**changed))
    assert says in said


def test_as_a_program_reads_it() -> None:
    said = to_json(OPEN)
    assert (said["whole"], said["records"], said["cannot"][0]["last"]) == (False, {"restored": 900, "now": 1020}, 7)
    assert said["boxes"][0] == {
        "box": "canteen", "heard": True, "unsettled": 0, "done": True, "terminals": 3, "records": 120,
        "spent_fen": 98_050, "loaded_fen": 20_000, "gone": 0,
    }  # fmt: skip
    assert isinstance(lines(OPEN)[0], Text)
