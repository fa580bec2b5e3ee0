"""python -m cloud held: two persons at a command line, what each sees, and what wrong use gets."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.held.thefts import Report
from cloud.ledger.ledger import Ledger, open_ledger
from shared.records import Kind
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c

PSAM = c.psam(1).hex()
PROPOSED = ("propose", "--psam", PSAM, "--to", "merchant", "--who", "张三", "--reason", "与小票核对无误")


@pytest.fixture
def data(early: Path) -> Path:
    """A campus folder whose ledger has two purchases that a theft holds, of cards 0001 and 0002."""
    with closing(books(early)) as ledger:
        ledger.psam_stolen(Report(c.psam(1), body=False, since_s=c.T0, who="王五", reason="窗口被撬"), c.NOW)
        c.Box(ledger).send(*(c.stored(c.purchase(n, c.card(n), 1, 100 * n, c.OPENING)) for n in (1, 2)))
    return early


def books(data: Path) -> Ledger:
    return open_ledger(str(data / "cloud" / "ledger.db"))


def sums(data: Path) -> tuple[int, int]:
    """Of the merchant, and what waits."""
    with closing(books(data)) as ledger:
        return c.merchant(ledger), c.held(ledger)


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["held", "--data", str(data), *map(str, words)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_one_proposes_another_confirms_and_again_is_success(data: Path, capsys) -> None:
    code, said = run(capsys, data, "list")
    assert (code, "待核 2 笔，¥3.00" in said, "已挂失的 PSAM 或终端" in said) == (0, True, True), said
    code, said = run(capsys, data, *PROPOSED)
    for text in ("提议 1：待确认", "2 笔，¥3.00，放行给商户", "张三: 与小票核对无误", "余 7 天"):
        assert text in said
    assert (code, sums(data)) == (0, (0, 300))
    assert "提议 1" in run(capsys, data, "list")[1]
    code, said = run(capsys, data, "confirm", "--proposal", 1, "--who", "张三")
    assert (code, "张三 是提议人，须另一人确认" in said, sums(data)) == (2, True, (0, 300))
    code, said = run(capsys, data, "confirm", "--proposal", 1, "--who", "李四")
    assert (code, "已确认" in said, "复核人 李四" in said) == (0, True, True)
    code, said = run(capsys, data, "confirm", "--proposal", 1, "--who", "李四")
    assert (code, "先前已办\n" in said, sums(data)) == (0, True, (300, 0))
    assert "待核 0 笔" in run(capsys, data, "list")[1]


def test_in_english(data: Path, capsys) -> None:
    speak(Language.EN)
    code, said = run(capsys, data, "list")
    assert (code, "seq 1  stolen PSAM or body\n" in said, "held: 2, ¥3.00\n" in said) == (0, True, True), said
    code, said = run(capsys, data, *PROPOSED)
    waits = "proposal 1: waits: 2 entries, ¥3.00, released to the merchant\n"
    for text in (waits, "  proposed by 张三: ", "7 days left"):
        assert text in said
    code, said = run(capsys, data, "confirm", "--proposal", 1, "--who", "张三")
    assert (code, said) == (2, "error: 张三 proposed it: somebody else confirms\n")
    assert "  decided by 李四\n" in run(capsys, data, "confirm", "--proposal", 1, "--who", "李四")[1]


def test_a_void_by_pin_is_listed_and_given_back_by_two(early: Path, capsys) -> None:
    sale = c.purchase(1, c.card(1), 1, 700, c.OPENING)
    with closing(books(early)) as ledger:
        c.Box(ledger).send(c.stored(sale), c.void_by_pin(2, sale))
    code, said = run(capsys, early, "list")
    for text in ("撤销记录 2  卡 0001  ¥7.00", "序号 2 → 1", "仅凭口令撤销", "held propose --void N"):
        assert text in said
    assert json.loads(run(capsys, early, "list", "--json")[1])["voids"][0] == {
        "record": 2, "card": c.card(1).hex(), "label": "0001", "fen": 700, "terminal": "pos-01", "seq": 2, "sale": 1,
        "reason": "void_pin",
    }  # fmt: skip
    code, said = run(capsys, early, "propose", "--void", 2, "--who", "张三", "--reason", "已问主管")
    assert (code, "撤销，记录 2" in said, sums(early)) == (0, True, (700, 0))
    assert run(capsys, early, "confirm", "--proposal", 1, "--who", "张三")[0] == 2
    assert (run(capsys, early, "confirm", "--proposal", 1, "--who", "李四")[0], sums(early)) == (0, (0, 0))
    code, said = run(capsys, early, "list")
    assert ("待核撤销" in said, "提议 1：已确认" in said) == (False, True)


def test_a_reversal_that_contradicts_its_terminal_is_listed_and_given_back_by_two(early: Path, capsys) -> None:
    with closing(books(early)) as ledger:
        ledger.deposit(c.card(1), 5000, "k", c.NOW)
        c.pay(ledger, 7)
        c.Box(ledger).send(c.payment(1, 7, Kind.ONLINE), c.payment(2, 7, Kind.REVERSAL))
    code, said = run(capsys, early, "list")
    for text in ("冲正记录 2  卡 0001  ¥12.50", "请求 7", "终端另称已收款", "held propose --reversal N"):
        assert text in said
    (row,) = json.loads(run(capsys, early, "list", "--json")[1])["reversals"]
    assert (row["record"], row["fen"], row["said_paid"]) == (2, 1250, True)
    code, said = run(capsys, early, "propose", "--reversal", 2, "--who", "张三", "--reason", "看了录像")
    assert (code, "冲正，记录 2" in said) == (0, True), said
    code, said = run(capsys, early, "confirm", "--proposal", 1, "--who", "李四")
    assert (code, sums(early)) == (0, (0, 0)), said
    told = json.loads(run(capsys, early, "list", "--json")[1])
    assert (told["reversals"], told["proposals"][0]["reversals"]) == ([], [2])


def test_cards_are_given_back_and_the_rest_is_rejected(data: Path, capsys) -> None:
    back = ("--to", "holder", "--who", "张三", "--reason", "不是本人", "--json")
    code, said = run(capsys, data, "propose", "--card", "0002", *back)
    made = json.loads(said)
    assert (code, made["proposal"], made["state"], made["to"], made["fen"]) == (0, 1, "waits", "holder", 200)
    assert json.loads(run(capsys, data, "confirm", "--proposal", 1, "--who", "李四", "--json")[1])["again"] is False
    told = json.loads(run(capsys, data, "list", "--json")[1])
    assert [(row["label"], row["fen"], row["reason"]) for row in told["held"]] == [("0001", 100, "stolen")]
    entry = told["held"][0]["entry"]
    assert run(capsys, data, "propose", "--entry", entry, *back)[0] == 0
    code, said = run(capsys, data, "reject", "--proposal", 2, "--who", "李四", "--reason", "是本人")
    assert (code, "已否决" in said, sums(data)) == (0, True, (0, 100))
    states = [one["state"] for one in json.loads(run(capsys, data, "list", "--json")[1])["proposals"]]
    assert states == ["confirmed", "rejected"]


def test_what_was_proposed_already_is_not_proposed_again(data: Path, capsys) -> None:
    run(capsys, data, "propose", "--card", "0001", *PROPOSED[3:])
    code, said = run(capsys, data, *PROPOSED, "--json")
    assert (code, json.loads(said)["fen"]) == (0, 200), "of the PSAM, what is left"
    code, said = run(capsys, data, *PROPOSED)
    assert (code, "没有可提议的待核分录" in said) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "list|propose|confirm|reject"),
        (("propose", "--psam", PSAM, "--who", "a", "--reason", "b"), "--to"),
        (("propose", "--to", "merchant", "--who", "a", "--reason", "b"), "--psam"),
        (("propose", "--entry", "1", "--to", "merchant", "--who", "a", "--reason", "b"), "1 不在待核"),
        (("propose", "--psam", "5000000000ff", "--to", "merchant", "--who", "a", "--reason", "b"), "没有可提议"),
        (("propose", "--psam", PSAM, "--to", "merchant", "--who", " ", "--reason", "b"), "--who"),
        (("confirm", "--who", "a"), "--proposal"),
        (("confirm", "--proposal", "9", "--who", "a"), "没有提议 9"),
        (("reject", "--proposal", "9", "--who", "a"), "--reason"),
    ],
)
def test_wrong_use_changes_nothing(data: Path, capsys, words: tuple[str, ...], told: str) -> None:
    code, said = run(capsys, data, *words)
    assert (code, told in said, sums(data)) == (2, True, (0, 300)), said
