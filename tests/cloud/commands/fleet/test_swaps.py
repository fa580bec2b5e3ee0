"""python -m cloud swap: what is listed, what two persons decide, what wrong use gets."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.ledger import open_ledger
from shared.ids import DeviceId, StorageId
from shared.inventory import DeviceKind, SpareRow
from shared.wire.messages import Swap
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c

SPARE = DeviceId(b"\0\1\x40\0\0\1")
PROPOSED = ("propose", "--number", 1, "--who", "李四", "--reason", "见过坏机")


@pytest.fixture
def data(early: Path) -> Path:
    """A campus folder with a spare in place of pos-01, which has sold once."""
    with closing(open_ledger(str(early / "cloud" / "ledger.db"))) as ledger:
        ledger.import_inventory(
            c.inventory(number=2, spares=(SpareRow(SPARE, DeviceKind.POS, c.BOX, "spare-01"),)), c.NOW
        )
        ledger.swap_told(c.BOX, Swap(SPARE, c.POS, StorageId(b"flash-s1"), c.psam(1), 1, c.T0, "张三"), c.NOW)
        c.Box(ledger).send(c.stored(c.purchase(1, c.card(1), 7, 250, c.OPENING), SPARE, 1, c.psam(1)))
    return early


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    code = main(["swap", "--data", str(data), *map(str, words)])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_listed_proposed_confirmed(data: Path, capsys) -> None:
    code, said = run(capsys, data)
    assert code == 0
    for text in ("spare-01 顶替 pos-01", "张三", "待两人确认", "待核 1 笔，¥2.50"):
        assert text in said
    speak(Language.EN)
    told = run(capsys, data, "list")[1]
    assert "spare-01 for pos-01" in told
    assert "waits for two persons" in told
    assert "held: 1, ¥2.50" in told
    speak(Language.ZH)
    assert run(capsys, data, *PROPOSED)[0] == 0
    assert "提议 1 待另一人确认" in run(capsys, data, "list")[1]
    assert run(capsys, data, *PROPOSED)[0] == 2, "it waits already"
    assert run(capsys, data, "confirm", "--proposal", 1, "--who", "李四")[0] == 2
    code, said = run(capsys, data, "confirm", "--proposal", 1, "--who", "王五")
    assert (code, f"./ykt held propose --psam {c.psam(1).hex()}" in said) == (0, True)
    (told,) = json.loads(run(capsys, data, "--json")[1])["swaps"]
    assert (told["state"], told["held"], told["fen"], told["spare"]) == ("confirmed", 1, 250, "spare-01")


def test_rejected(data: Path, capsys) -> None:
    run(capsys, data, *PROPOSED)
    assert run(capsys, data, "reject", "--proposal", 1, "--who", "王五", "--reason", "无此事")[0] == 0
    assert "已否决" in run(capsys, data)[1]


@pytest.mark.parametrize(
    "words",
    [("propose", "--who", "x", "--reason", "y"), ("propose", "--number", 9, "--who", "x", "--reason", "y"),
     ("confirm", "--who", "x"), ("confirm", "--proposal", 9, "--who", "x"), ("reject", "--proposal", 1, "--who", "x")],
)  # fmt: skip
def test_wrong_use(data: Path, capsys, words: tuple[object, ...]) -> None:
    assert run(capsys, data, *words)[0] == 2


def test_a_proposal_about_a_swap_is_none_about_what_is_held(data: Path, capsys) -> None:
    run(capsys, data, *PROPOSED)
    assert main(["held", "--data", str(data), "list"]) == 0
    assert "提议 " not in capsys.readouterr().out
    assert main(["held", "--data", str(data), "confirm", "--proposal", "1", "--who", "王五"]) == 2
