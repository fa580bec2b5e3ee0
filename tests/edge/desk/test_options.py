"""What a person at the card desk may type, and what wrong use is told."""

import io
import sys
from pathlib import Path

import pytest

from edge.desk.__main__ import main
from edge.desk.options import parse
from shared.clocks.clock import day_of_date_bcd
from shared.words.voice import Language, speak


@pytest.mark.parametrize("text", ["20261126", "2026-11-26"])
def test_a_day_as_the_sheet_prints_it_or_as_one_number(text: str) -> None:
    assert parse(["sheet", "--day", text]).day == day_of_date_bcd(bytes.fromhex("20261126"))


@pytest.mark.parametrize("option", ["--label", "--card"])
def test_a_card_that_need_not_be_there_is_named_either_way(option: str) -> None:
    assert parse(["lost", option, "0012"]).label == "0012"


@pytest.mark.parametrize("typed", ["", "1", "一二三四", "12345678901234"])
def test_what_is_no_pin_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
    assert main(["pin-verify", "--data", str(tmp_path), "--card", "0012"]) == 2
    assert "口令应为 4 到 12 位数字，且为偶数位" in capsys.readouterr().err


def test_what_is_no_pin_is_told_in_english_to_who_reads_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speak(Language.EN)
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    assert main(["pin-verify", "--data", str(tmp_path), "--card", "0012"]) == 2
    assert capsys.readouterr().err == "PIN: 4 to 12 digits, an even number of them\n"


VERBS = (
    "agent", "read", "log", "cash-in", "cash-out", "float", "load", "unload", "claim", "settle", "activate", "block",
    "unblock", "add", "pin-verify", "pin-change", "pin-reload", "pin-unblock", "class", "lost", "found", "replace",
    "reissue", "release", "draw", "spoil", "close", "sheet",
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_each_verbs_help_is_in_one_language(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    speak(Language.EN)
    with pytest.raises(SystemExit):
        parse([verb, "--help"])
    # of what is shared, --data and --yuan may still mix; the desk's own lines do not
    assert "the desk's terminal" in (english := capsys.readouterr().out)
    assert "卡务台" not in english
    speak(Language.ZH)
    with pytest.raises(SystemExit):
        parse([verb, "--help"])
    assert "the desk's terminal" not in (chinese := capsys.readouterr().out)
    assert "卡务台终端名" in chinese


def test_a_folder_without_a_campus_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--data", str(tmp_path), "--card", "0012"]) == 2
    assert "先 ./ykt up" in capsys.readouterr().err


def test_an_index_that_cannot_be_read_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cards" / "index.json").mkdir(parents=True)
    assert main(["read", "--data", str(tmp_path), "--card", "0012"]) == 2
    assert "无法读取" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "index.json").write_text('{"0012": {"card": "00010001000100000001", "file": "00001.card"}}')
    assert main(["read", "--data", str(tmp_path), "--card", "0012", "--offline"]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
