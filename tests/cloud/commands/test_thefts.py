"""python -m cloud psam-stolen: one command, as often as one likes; what it prints, and what wrong use gets."""

import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from shared.wire.messages import BoxState, revocations_mark
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c

PSAM = c.psam(1).hex()
STOLEN = ("--psam", PSAM, "--since", "2026-07-21T10:00", "--who", "王五", "--reason", "窗口被撬")


@pytest.fixture
def data(early: Path) -> Path:
    """A campus folder whose ledger is the small campus of the ledger's tests, with two settled records."""
    with closing(ledger_of(early)) as ledger:
        c.Box(ledger).send(*(c.stored(c.purchase(n, c.card(n), 1, 100 * n, c.OPENING)) for n in (1, 2)))
    return early


def ledger_of(data: Path) -> Ledger:
    return open_ledger(str(data / "cloud" / "ledger.db"))


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, str]:
    try:
        code = main(["psam-stolen", "--data", str(data), *map(str, words)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def later(data: Path, *seqs: int) -> None:
    with closing(ledger_of(data)) as ledger:
        box = c.Box(ledger, row=2)
        box.send(*(c.stored(c.purchase(n, c.card(n), 1, 100 * n, c.OPENING)) for n in seqs))


def confirm(data: Path, *boxes: str) -> None:
    with closing(ledger_of(data)) as ledger:
        mark = revocations_mark(ledger.revocations)
        for box in boxes:
            state = BoxState(box, c.STORE, 77, True, 0, 1000, 0, 0, 0, (), mark)  # type: ignore[arg-type]
            ledger.store_state(state.box, state, 80)


def test_it_says_what_was_done_who_knows_and_what_the_key_reaches(data: Path, capsys) -> None:
    code, said = run(capsys, data, *STOLEN)
    assert code == 0, said
    for text in (
        "已挂失", "pos-01 1号窗口 一楼大伙 @ canteen-1", "2026-07-21 10:00:00", "王五: 窗口被撬",
        "版本 1，已确认 0/2", "未确认：canteen-1", "序号 2", "待核    0 笔",
        "campus 密钥版本 1：8 张卡",
        "给卡加钱（没有圈存密钥）", "--found",
    ):  # fmt: skip
        assert text in said


def test_in_english(data: Path, capsys) -> None:
    speak(Language.EN)
    code, said = run(capsys, data, *STOLEN)
    assert code == 0, said
    for text in (
        ": reported stolen\n", "  list     version 1, confirmed by 0/2 boxes\n", "not yet: canteen-1", "seq 2",
        "held     0 records, ¥0.00 (the card side is posted)", "campus key version 1: 8 cards", "never credit",
        "quarantines", "to undo it (held stays held): psam-stolen --found",
    ):  # fmt: skip
        assert text in said
    code, said = run(capsys, data, "--psam", PSAM, "--found", "--who", "王五", "--reason", "found")
    assert "it may sell again; two persons release what is held" in said


def test_run_again_it_tells_how_far_it_is_and_adds_nothing(data: Path, capsys) -> None:
    run(capsys, data, *STOLEN)
    later(data, 3, 4)
    confirm(data, c.BOX)
    code, said = run(capsys, data, *STOLEN, "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["version"], told["confirmed"], told["state"]) == (1, False, "stolen")
    assert [(box["box"], box["confirmed"]) for box in told["boxes"]] == [(c.BOX, True), (c.OTHER_BOX, False)]
    assert told["settled"][0]["seq"] == 2
    assert told["held"] == {"records": 2, "fen": 700}
    assert told["cards"] == 4, "two of before the report, made since the theft, and two of after"
    assert told["settled_since_theft"] == {"records": 2, "fen": 300}
    assert [card["label"] for card in told["cards_most"]] == ["0004", "0003", "0002", "0001"]
    assert told["reach"] == [{"profile": "campus", "key_version": 1, "cards": 8, "purse_fen": 8 * c.OPENING - 1000}]
    with closing(ledger_of(data)) as ledger:
        assert len(Reader(ledger.database).thefts()) == 1


def test_wait_ends_when_all_boxes_hold_the_list_and_says_when_not(data: Path, capsys) -> None:
    assert run(capsys, data, *STOLEN, "--wait", "0.3")[0] == 1
    confirm(data, c.BOX, c.OTHER_BOX)
    code, said = run(capsys, data, *STOLEN, "--wait", "30")
    assert (code, "已确认 2/2" in said) == (0, True)


def test_the_cards_go_to_a_file(data: Path, tmp_path: Path, capsys) -> None:
    run(capsys, data, *STOLEN)
    later(data, 3)
    run(capsys, data, *STOLEN, "--csv", tmp_path / "cards.csv")
    rows = list(csv.DictReader((tmp_path / "cards.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["card_label"], row["fen"], row["held_fen"]) for row in rows] == [
        ("0003", "300", "300"), ("0002", "200", "0"), ("0001", "100", "0"),
    ]  # fmt: skip


def test_found_again(data: Path, capsys) -> None:
    found = ("--psam", PSAM, "--found", "--who", "王五", "--reason", "在抽屉里")
    assert run(capsys, data, *found)[0] == 2, "it was never stolen"
    run(capsys, data, *STOLEN)
    later(data, 3)
    code, said = run(capsys, data, *found)
    assert code == 0
    assert "已找回" in said
    assert "待核    1 笔" in said
    assert "待核由两人核对后放行" in said


def test_a_psam_of_no_inventory_is_a_slip_unless_it_is_said(data: Path, capsys) -> None:
    words = ("--psam", "51" * 6, *STOLEN[2:])
    code, said = run(capsys, data, *words)
    assert (code, "请核对号码" in said) == (2, True), said
    with closing(ledger_of(data)) as ledger:
        assert Reader(ledger.database).thefts() == []
    assert run(capsys, data, *words, "--unlisted")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--psam", "51"), "12 位十六进制"),
        (("--psam", PSAM, "--who", "a", "--reason", "b"), "--since"),
        (("--psam", PSAM, "--who", "a", "--reason", "b", "--since", "yesterday"), "--since"),
        (("--psam", PSAM, "--who", "a", "--reason", "b", "--since", "2130-01-01"), "将来"),
        (("--psam", PSAM, "--who", "", "--reason", "b", "--since", "2026-01-01"), "--who"),
        (("--psam", PSAM, "--who", "a", "--reason", "b", "--since", "2026-01-01", "--wait", "-1"), "--wait"),
    ],
)
def test_wrong_use_changes_nothing(data: Path, capsys, words: tuple[str, ...], told: str) -> None:
    code, said = run(capsys, data, *words)
    assert (code, told in said) == (2, True), said
    with closing(ledger_of(data)) as ledger:
        assert Reader(ledger.database).thefts() == []
