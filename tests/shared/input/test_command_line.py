"""What a person reads who typed something wrong: Chinese, then argparse's own words, then where help is."""

import argparse

import pytest

from shared.input.command_line import Parser


def parser() -> Parser:
    made = Parser(prog="./ykt desk", description="卡务台 · the card desk")
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    load = verbs.add_parser("load", help="圈存 · load")
    which = load.add_mutually_exclusive_group(required=True)
    which.add_argument("--card")
    which.add_argument("--reader")
    load.add_argument("--yuan", required=True)
    load.add_argument("--to", type=int, choices=(1, 2))
    load.add_argument("--cash", action="store_true")
    return made


@pytest.mark.parametrize(
    ("words", "zh"),
    [
        ([], "缺少 VERB"),
        (["dance"], "没有 'dance'，可选 "),
        (["load", "--card", "1"], "缺少 --yuan"),
        (["load", "--yuan", "1"], "须给出其中一个：--card --reader"),
        (["load", "--card", "1", "--reader", "x", "--yuan", "1"], "--reader 不能与 --card 同用"),
        (["load", "--card", "1", "--yuan"], "--yuan 缺少值"),
        (["load", "--card", "1", "--yuan", "1", "--to", "x"], "--to 应为数字，不是 'x'"),
        (["load", "--card", "1", "--yuan", "1", "--to", "3"], "，可选 1, 2 / "),
        (["load", "--card", "1", "--yuan", "1", "--dance"], "看不懂：--dance"),
        (["load", "--card", "1", "--yuan", "1", "--ca", "1"], "--ca 不明确，可能是 --card, --cash"),
        (["load", "--card", "1", "--yuan", "1", "--cash=1"], "--cash 不带值：'1'"),
    ],
)
def test_wrong_use_in_both_languages(capsys: pytest.CaptureFixture[str], words: list[str], zh: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert zh in said
    assert said.index(zh) < said.rindex(" / ")
    assert "--help 有说明 / says more" in said


def test_a_message_of_ours_stands_in_both_languages_already(capsys: pytest.CaptureFixture[str]) -> None:
    def yuan(text: str) -> int:
        raise argparse.ArgumentTypeError(f"应为元，如 12.50 / yuan, as 12.50: {text}")

    made = Parser(prog="x")
    made.add_argument("--yuan", type=yuan)
    with pytest.raises(SystemExit):
        made.parse_args(["--yuan", "y"])
    assert "argument --yuan: 应为元，如 12.50 / yuan, as 12.50: y\n" in capsys.readouterr().err


def test_the_help_page_has_chinese_titles(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["load", "--help"])
    page = capsys.readouterr().out
    assert ended.value.code == 0
    for words in ("用法 usage: ./ykt desk load", "选项 options:", "显示本帮助 · show this help and end"):
        assert words in page
