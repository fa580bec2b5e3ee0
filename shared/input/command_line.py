"""A command line in one language: argparse, its own words in Chinese, too. Wrong use ends with 2.

Every parser of the product is a Parser, and so are the verbs under it. What argparse says that is not translated here
is printed as it is.
"""

import argparse
import json
import re
import sys
from typing import Any, NoReturn

from shared.input.described import DESCRIBE, described
from shared.words.voice import OPTION, Language, Text, as_called, spoken

WRONG_USE = 2
_ARGPARSE = (
    Text(r"缺少 \1", r"the following arguments are required: (.+)"),
    Text(r"须给出其中一个：\1", r"one of the arguments (.+) is required"),
    Text(r"看不懂：\1", r"unrecognized arguments: (.+)"),
    Text(r"\1 不明确，可能是 \2", r"ambiguous option: (.+) could match (.+)"),
    Text(r"\1 缺少值", r"argument (.+?): expected (?:one|at least one|at most one) argument"),
    Text(r"\1 不能与 \2 同用", r"argument (.+?): not allowed with argument (.+)"),
    Text(r"\1 不带值：\2", r"argument (.+?): ignored explicit argument (.+)"),
    Text(r"\1 没有 \2，可选 \3", r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)"),
    Text(r"\1 应为数字，不是 \2", r"argument (.+?): invalid (?:int|float) value: (.+)"),
    Text(r"\1 不能是 \2", r"argument (.+?): invalid \S+ value: (.+)"),
    Text(r"\1：\2", r"argument (.+?): (.+)"),
)
"""What argparse says, as a pattern, and the same in Chinese."""
_CHINESE = tuple((re.compile(said.en), said.zh) for said in _ARGPARSE)


class Parser(argparse.ArgumentParser):
    """As argparse.ArgumentParser, in one language. A Text as help, description, epilog or metavar is taken, too.

    Every parser, and every verb under it, has --lang; `voice.wanted` has read it before any parser was made.
    """

    def __init__(self, *words: Any, **options: Any) -> None:  # noqa: ANN401  # handed on as they are
        """See argparse.ArgumentParser."""
        super().__init__(*words, **_said(options))
        self.prog = as_called(self.prog)
        self._positionals.title = str(Text("命令与参数", "commands and arguments"))
        self._optionals.title = str(Text("选项", "options"))
        for action in self._actions:
            if "--help" in action.option_strings:
                action.help = str(Text("显示本帮助", "show this help and end"))
        languages = [language.value for language in Language]
        self.add_argument(OPTION, choices=languages, default=argparse.SUPPRESS, help=_LANG_HELP)

    def add_argument(self, *words: Any, **options: Any) -> argparse.Action:  # noqa: ANN401  # handed on
        """See argparse.ArgumentParser."""
        return super().add_argument(*words, **_said(options))

    def add_subparsers(self, **options: Any) -> Any:  # noqa: ANN401  # handed on
        """See argparse.ArgumentParser."""
        return super().add_subparsers(**{"action": _Verbs, **_said(options)})

    def add_argument_group(self, *words: Any, **options: Any) -> Any:  # noqa: ANN401  # handed on
        """See argparse.ArgumentParser."""
        return super().add_argument_group(*map(_one, words), **_said(options))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401  # handed on
        """See argparse.ArgumentParser. To DESCRIBE alone it answers what it takes, and ends with 0."""
        if list(sys.argv[1:] if args is None else args) == [DESCRIBE]:
            sys.stdout.write(f"{json.dumps(described(self), ensure_ascii=False)}\n")
            self.exit()
        return super().parse_known_args(args, namespace)

    def format_usage(self) -> str:
        """The usage line."""
        return _titled(super().format_usage())

    def format_help(self) -> str:
        """The whole page."""
        return _titled(super().format_help())

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401  # as argparse has it
        """A reader that has gone is the end of the command (words/ending.py); argparse would not say so."""
        (file or sys.stderr).write(message or "")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is; exit code 2."""
        more = Text("--help 有说明", "--help says more")
        self.exit(WRONG_USE, f"{self.format_usage()}{in_one_voice(message)}\n{self.prog} {more}\n")


class _Verbs(argparse._SubParsersAction):  # type: ignore[type-arg]  # noqa: SLF001  # what add_subparsers' action is
    """So that a verb's help may be a Text."""

    def add_parser(self, name: str, **options: Any) -> Any:  # noqa: ANN401  # handed on
        return super().add_parser(name, **_said(options))


_LANG_HELP = Text("界面语言，缺省随终端", "language of what is printed; the terminal's if not given")


def in_one_voice(message: str) -> str:
    """argparse's own message in the language that is spoken; another message as it is."""
    if spoken() is Language.ZH:
        for said, zh in _CHINESE:
            if found := said.fullmatch(message):
                return found.expand(zh)
    return message


def _said(options: dict[str, Any]) -> dict[str, Any]:
    return {name: _one(value) for name, value in options.items()}


def _one(value: Any) -> Any:  # noqa: ANN401  # of argparse's options, a Text is said and the others are handed on
    return str(value) if isinstance(value, Text) else value


def _titled(text: str) -> str:
    return text.replace("usage: ", str(Text("用法：", "usage: ")), 1)
