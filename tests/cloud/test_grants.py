"""python -m cloud grant: one card, a CSV with a result for each line, and the same file again."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.read.reader import open_reader
from shared.words.voice import Language, speak
from tests.cloud.campus import Campus


@pytest.fixture
def campus(provisioned: Campus, tmp_path: Path) -> Campus:
    made = provisioned.copy_to(tmp_path / "data")
    assert main(["import", "--data", str(made.data)]) == 0
    return made


def grant(capsys: pytest.CaptureFixture[str], campus: Campus, *words: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["grant", "--data", str(campus.data), *map(str, words)])
    said = capsys.readouterr()
    return code, said.out + said.err


def pending(campus: Campus) -> dict[str, int]:
    with closing(open_reader(str(campus.data / "cloud" / "ledger.db"))) as reader:
        return {card.label: card.pending_fen for card in reader.cards() if card.pending_fen}


def test_one_card(campus: Campus, capsys) -> None:
    words = ("--card", "0001", "--fen", 3000, "--reason", "春季补助", "--key", "spring-0001")
    code, said = grant(capsys, campus, *words)
    assert (code, pending(campus)) == (0, {"0001": 3000})
    assert "卡 0001 ¥30.00 已发放\n" in said
    code, said = grant(capsys, campus, *words)
    assert (code, pending(campus)) == (0, {"0001": 3000})
    assert "卡 0001 ¥30.00 先前已发放\n" in said
    code, said = grant(capsys, campus, *words[:3], 3001, *words[4:])
    assert code == 1
    assert "已用于另一笔发放" in said


def write(tmp_path: Path, *lines: str, encoding: str = "utf-8-sig", end: str = "\n") -> Path:
    file = tmp_path / "batch.csv"
    file.write_bytes((end.join(lines) + end).encode(encoding))
    return file


def test_a_batch_has_a_result_for_each_line_and_is_the_same_batch_again(campus: Campus, tmp_path: Path, capsys) -> None:
    file = write(
        tmp_path, "card,fen,reason", "0001,3000,春季", "0002,x,春季", "9999,100,春季", "0003,0,春季", "0004,250,春季"
    )
    code, said = grant(capsys, campus, "--file", file, "--key", "spring")
    assert (code, pending(campus)) == (1, {"0001": 3000, "0004": 250})
    parts = ("第 3 行：卡 0002", "金额应为整数分", "没有这张卡\n", "大于零")
    assert all(part in said for part in (*parts, "新发放 2 笔 ¥32.50", "拒绝 3"))
    speak(Language.EN)
    _, said = grant(capsys, campus, "--file", file, "--key", "spring")
    parts = ("line 3: card 0002", "refused: the amount is a whole", "no such card\n", "granted before 2, refused 3")
    assert all(part in said for part in parts)
    code, said = grant(capsys, campus, "--file", file, "--key", "spring", "--json")
    found = json.loads(said)
    assert (code, found["granted"], found["again"], found["refused"], found["granted_fen"]) == (1, 0, 2, 3, 0)
    assert [line["result"] for line in found["lines"]] == ["again", "refused", "refused", "refused", "again"]
    assert found["lines"][2]["why"] == "没有这张卡 / no such card", "JSON has no language"
    assert pending(campus) == {"0001": 3000, "0004": 250}


def test_lines_may_have_keys_and_the_command_the_reason(campus: Campus, tmp_path: Path, capsys) -> None:
    file = write(tmp_path, "key,fen,card", "a,100,0001", "b,100,0001", "a,100,0001")
    code, said = grant(capsys, campus, "--file", file, "--reason", "更正")
    assert (code, pending(campus)) == (0, {"0001": 200})
    assert "先前已发放 1，" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_finance_offices_own_file(campus: Campus, tmp_path: Path, capsys, encoding: str, end: str) -> None:
    lines = ("姓名,卡号,金额(元),缘由", '张三,"=""0001""",30.00,春季补助', '李四,0002,"1,234.50",春季补助', "王五,0003")
    file = write(tmp_path, *lines, encoding=encoding, end=end)
    code, said = grant(capsys, campus, "--file", file, "--key", "春季")
    assert (code, pending(campus)) == (1, {"0001": 3000, "0002": 123450})
    assert "第 4 行：卡  ¥0.00 拒绝：列数不足" in said
    assert "新发放 2 笔 ¥1264.50，先前已发放 0，拒绝 1\n" in said


def test_fen_are_fen_and_yuan_are_yuan(campus: Campus, tmp_path: Path, capsys) -> None:
    grant(capsys, campus, "--file", write(tmp_path, "卡号,金额(分),事由", "0001,30,r"), "--key", "a")
    grant(capsys, campus, "--file", write(tmp_path, "card,amount,reason", "0002,30,r"), "--key", "b")
    assert pending(campus) == {"0001": 30, "0002": 3000}
    both = write(tmp_path, "card,fen,金额,reason", "0001,30,30,r")
    assert grant(capsys, campus, "--file", both, "--key", "c")[0] == 2


def test_what_is_no_text_is_wrong_use(campus: Campus, tmp_path: Path, capsys) -> None:
    file = tmp_path / "batch.csv"
    file.write_bytes(b"card,fen,reason\n0001,5,\xff\xff\n")
    code, said = grant(capsys, campus, "--file", file, "--key", "k")
    assert (code, pending(campus)) == (2, {})
    assert "既不是 UTF-8 也不是 GB18030" in said


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("card,fen,reason", "0001,1,r"), ()),
        (("card,reason", "0001,r"), ("--key", "k")),
        (("card,fen,reason", "0001,1,r"), ("--key", "k", "--fen", "5")),
        ((), ("--key", "k")),
    ],
)
def test_a_wish_without_sense_is_wrong_use(
    campus: Campus, tmp_path: Path, capsys, lines: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert grant(capsys, campus, "--file", write(tmp_path, *lines), *words)[0] == 2
    assert pending(campus) == {}


def test_a_file_that_is_not_there_is_wrong_use(campus: Campus, tmp_path: Path, capsys) -> None:
    assert grant(capsys, campus, "--file", tmp_path / "none.csv", "--key", "k")[0] == 2
    assert grant(capsys, campus, "--card", "0001", "--fen", 5)[0] == 2
