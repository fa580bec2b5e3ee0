"""What a person reads who typed something wrong: in one language what is wrong, and where help is."""

import argparse

import pytest

from shared.input.command_line import Parser
from shared.words.voice import Language, Text, speak


def parser() -> Parser:
    made = Parser(prog="./ykt desk", description=Text("卡务台", "the card desk"))
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    load = verbs.add_parser("load", help=Text("圈存", "load a card"))
    which = load.add_mutually_exclusive_group(required=True)
    which.add_argument("--card")
    which.add_argument("--reader")
    load.add_argument("--yuan", required=True, help=Text("元", "in yuan"))
    load.add_argument("--to", type=int, choices=(1, 2))
    load.add_argument("--cash", action="store_true")
    return made


WRONG = [
    ([], "缺少 VERB", "arguments are required: VERB"),
    (["dance"], "没有 'dance'，可选 ", "invalid choice: 'dance'"),
    (["load", "--card", "1"], "缺少 --yuan", "are required: --yuan"),
    (["load", "--yuan", "1"], "须给出其中一个：--card --reader", "one of the arguments --card --reader is required"),
    (["load", "--card", "1", "--reader", "x", "--yuan", "1"], "--reader 不能与 --card 同用", "not allowed with"),
    (["load", "--card", "1", "--yuan"], "--yuan 缺少值", "expected one argument"),
    (["load", "--card", "1", "--yuan", "1", "--to", "x"], "--to 应为数字，不是 'x'", "invalid int value: 'x'"),
    (["load", "--card", "1", "--yuan", "1", "--to", "3"], "，可选 1, 2", "(choose from 1, 2)"),
    (["load", "--card", "1", "--yuan", "1", "--dance"], "看不懂：--dance", "unrecognized arguments: --dance"),
    (["load", "--card", "1", "--yuan", "1", "--ca", "1"], "--ca 不明确，可能是 --card, --cash", "ambiguous option"),
    (["load", "--card", "1", "--yuan", "1", "--cash=1"], "--cash 不带值：'1'", "ignored explicit argument '1'"),
    (["load", "--lang", "fr"], "--lang 没有 'fr'，可选 ", "invalid choice: 'fr'"),
]


def said_to(words: list[str], language: Language, capsys: pytest.CaptureFixture[str]) -> str:
    speak(language)
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(("words", "zh", "en"), WRONG)
def test_wrong_use_is_named_in_one_language(
    capsys: pytest.CaptureFixture[str], words: list[str], zh: str, en: str
) -> None:
    chinese, english = said_to(words, Language.ZH, capsys), said_to(words, Language.EN, capsys)
    assert (zh in chinese, en in chinese) == (True, False)
    assert (zh in english, en in english) == (False, True)
    assert "--help 有说明" in chinese
    assert "--help says more" in english


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.ZH, "--yuan：应为元"), (Language.EN, "argument --yuan: must be yuan")],
)
def test_a_message_of_ours_speaks_with_one_voice(
    capsys: pytest.CaptureFixture[str], language: Language, said: str
) -> None:
    def yuan(text: str) -> int:
        raise argparse.ArgumentTypeError(str(Text(f"应为元: {text}", f"must be yuan: {text}")))

    speak(language)
    made = Parser(prog="x")
    made.add_argument("--yuan", type=yuan)
    with pytest.raises(SystemExit):
        made.parse_args(["--yuan", "y"])
    assert f"\n{said}: y\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ZH, ("用法：./ykt desk load", "选项:", "显示本帮助", "元")),
        (Language.EN, ("usage: ./ykt desk load", "options:", "show this help and end", "in yuan")),
    ],
)
def test_the_help_page_is_in_one_language(
    capsys: pytest.CaptureFixture[str], language: Language, words: tuple[str, ...]
) -> None:
    speak(language)
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["load", "--help"])
    page = capsys.readouterr().out
    assert ended.value.code == 0
    assert [word for word in words if word not in page] == []
    assert any("\u4e00" <= char <= "\u9fff" for char in page) is (language is Language.ZH)
