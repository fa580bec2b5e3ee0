"""python -m cloud card, documents: what a person types and reads when a card is lost, and how every terminal stands."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.opening import wall_now
from cloud.fleet.making import Maker
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.ledger import open_ledger
from shared.fleet.document import Head
from shared.wire.fleet_lane import Verdict
from shared.wire.messages import DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.fleet.documents import Signer, in_use
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW, POS


def run(capsys: pytest.CaptureFixture[str], data: Path, verb: str, *words: object) -> tuple[int, str]:
    try:
        code = main([verb, "--data", str(data), *map(str, words)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def made(data: Path, **changed: object) -> Head:
    """A hotlist is made, and pos-01 says that it uses it, or something else."""
    with closing(open_ledger(str(data / "cloud" / "ledger.db"))) as ledger:
        documents = DocumentLedger(ledger.opened)
        Maker(documents, Signer()).look(documents.versions()[0], NOW)
        head = documents.wanted()[0].head
        documents.reported(BOX, replace(in_use(POS, head), **changed), NOW)  # type: ignore[arg-type]
        return head


def test_a_card_is_reported_lost_and_found(early: Path, capsys) -> None:
    code, said = run(capsys, early, "card", "report-lost", "0003", "--who", "王芳", "--reason", "丢失")
    assert (code, said) == (0, "卡 0003 已挂失，列入黑名单；各终端：cloud documents\n")
    assert run(capsys, early, "card", "report-lost", "0003", "--who", "王芳")[0] == 0, "may be said again"
    said = run(capsys, early, "card")[1]
    assert "0003  挂失" in said
    assert "王芳 丢失" in said
    assert "黑名单共 1 张卡" in said
    told = json.loads(run(capsys, early, "card", "list", "--json")[1])["listed"]
    assert [(one["card"], one["why"], one["who"]) for one in told] == [("0003", "lost", "王芳")]
    assert run(capsys, early, "card", "cancel-report", "0003", "--who", "王芳")[0] == 0
    assert "共 0 张卡" in run(capsys, early, "card")[1]


def test_who_takes_his_reason_back_takes_nobody_elses(early: Path, capsys) -> None:
    run(capsys, early, "card", "hotlist", "0003", "--who", "李明", "--reason", "冒用")
    run(capsys, early, "card", "report-lost", "0003", "--who", "王芳")
    run(capsys, early, "card", "cancel-report", "0003", "--who", "王芳")
    assert "人工列入" in run(capsys, early, "card")[1]
    said = json.loads(run(capsys, early, "card", "unlist", "0003", "--who", "李明", "--reason", "查清", "--json")[1])
    assert said == {"card": "0003", "step": "unlist", "new": True}
    assert "共 0 张卡" in run(capsys, early, "card")[1]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("report-lost",), 2, "LABEL"),
        (("report-lost", "nobody"), 2, "没有卡 nobody"),
        (("hotlist", "0003"), 2, "--reason"),
        (("cancel-report", "0003"), 1, "没有挂失"),
    ],
)
def test_wrong_use_changes_nothing(early: Path, capsys, words: tuple[str, ...], code: int, told: str) -> None:
    found, said = run(capsys, early, "card", *words)
    assert (found, told in said) == (code, True), said
    assert "共 0 张卡" in run(capsys, early, "card")[1]


def test_before_anything_is_made_nothing_is_told(early: Path, capsys) -> None:
    assert run(capsys, early, "documents") == (
        0,
        "还没有下发文件\n终端×文件 0：在用 0，未到 0，未知 0，须查 0\n",
    )


def test_wanted_stands_beside_reported(early: Path, capsys) -> None:
    head = made(early)
    code, said = run(capsys, early, "documents")
    assert code == 0
    assert "黑名单 第 1 版  2048 字节" in said
    assert "● 终端 pos-01 1号窗口  黑名单：在用，应有 1，实有 1\n" in said
    assert "○ 终端 pos-02 2号窗口  黑名单：未知，应有 1，实有 未知\n" in said
    assert "网关 canteen-1  黑名单：未持有" in said
    assert said.endswith("终端×文件 4：在用 1，未到 0，未知 3，须查 0\n")
    told = json.loads(run(capsys, early, "documents", "--device", "pos-01", "--json")[1])
    (row,) = told["terminals"]
    assert (row["standing"], row["reported"], row["digest"]) == ("in-use", 1, head.digest.hex())
    assert (told["ok"], told["documents"][0]["generation"]) == (True, 1)
    speak(Language.EN)
    said = run(capsys, early, "documents")[1]
    assert "● terminal pos-01 1号窗口  the hotlist: in use, wanted 1, reported 1\n" in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"digest": b"x" * 32}, "内容不同（分叉）"),
        (
            {"generation": 0, "digest": bytes(32), "verdict": Verdict.WRONG_SIGNATURE},
            "拒绝，应有 1，实有 –，签名无效（第 1 版）",
        ),
    ],
)
def test_a_fork_and_a_refusal_are_red(early: Path, capsys, change: dict[str, object], told: str) -> None:
    made(early, **change)
    code, said = run(capsys, early, "documents")
    assert (code, told in said, "须查 1" in said) == (1, True, True), said


def test_a_terminal_that_is_none(early: Path, capsys) -> None:
    code, said = run(capsys, early, "documents", "--device", "pos-99")
    assert (code, "没有终端 pos-99" in said) == (2, True)
    assert c.POS == POS


def test_which_findings_list_a_card_is_asked_and_set(early: Path, capsys) -> None:
    assert run(capsys, early, "card", "policy")[1] == "自动列入黑名单的账目发现：无\n"
    code, said = run(capsys, early, "card", "policy", "--finding", "negative", "--finding", "chain", "--who", "李明")
    assert (code, said) == (0, "自动列入黑名单的账目发现：卡户为负、余额不连续\n")
    told = json.loads(run(capsys, early, "card", "policy", "--finding", "none", "--who", "李明", "--json")[1])
    assert told == {"findings": []}
    assert run(capsys, early, "card", "policy", "--finding", "rumour")[0] == 2


def test_who_waits_is_told_at_which_terminals_it_counts(early: Path, capsys) -> None:
    """Nobody makes a hotlist here; then one is made, and pos-01 uses it, and is heard; the others are away."""
    lost = ("card", "report-lost", "0003", "--who", "王芳")
    code, said = run(capsys, early, *lost, "--wait", "0.01", "--json")
    told = json.loads(said)
    assert (code, told["ok"], told["generation"], told["there"]) == (1, False, 0, [])
    made(early)
    heard(early)
    told = json.loads(run(capsys, early, *lost, "--wait", "0.01", "--json")[1])
    assert (told["ok"], told["generation"], told["there"], told["late"]) == (True, 1, ["pos-01"], [])
    assert told["away"] == ["load-01", "pos-02", "pos-03"]
    code, said = run(capsys, early, "card", "cancel-report", "0003", "--who", "王芳", "--wait", "0.01")
    assert (code, "已生效 0 台；在线未到：pos-01；" in said) == (1, True), said
    made(early)
    assert run(capsys, early, "card", "unlist", "0003", "--who", "w", "--reason", "x", "--wait", "0.01")[0] == 0


def heard(data: Path) -> None:
    rows = (EpochStatus(1, c.psam(1), 1, 0, 0, 0),)
    with closing(open_ledger(str(data / "cloud" / "ledger.db"))) as ledger:
        ledger.store_status(BOX, DeviceStatus(POS, rows, 1, 1, 100, True, 1, 1), wall_now().unix_ms)
