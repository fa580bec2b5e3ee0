"""A command line in both languages: argparse, with Chinese before its own English words. Wrong use ends with 2.

Every parser of the product is a Parser, and so are the verbs under it. What argparse says that is not translated here,
or stands in both languages already, is printed as it is.
"""

import argparse
import re
from typing import Any, NoReturn

WRONG_USE = 2
_CHINESE = tuple(
    (re.compile(said), zh)
    for said, zh in (
        (r"the following arguments are required: (.+)", r"缺少 \1"),
        (r"one of the arguments (.+) is required", r"须给出其中一个：\1"),
        (r"unrecognized arguments: (.+)", r"看不懂：\1"),
        (r"ambiguous option: (.+) could match (.+)", r"\1 不明确，可能是 \2"),
        (r"argument (.+?): expected (?:one|at least one|at most one) argument", r"\1 缺少值"),
        (r"argument (.+?): not allowed with argument (.+)", r"\1 不能与 \2 同用"),
        (r"argument (.+?): ignored explicit argument (.+)", r"\1 不带值：\2"),
        (r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", r"\1 没有 \2，可选 \3"),
        (r"argument (.+?): invalid (?:int|float) value: (.+)", r"\1 应为数字，不是 \2"),
        (r"argument (.+?): invalid \S+ value: (.+)", r"\1 不能是 \2"),
    )
)


class Parser(argparse.ArgumentParser):
    """As argparse.ArgumentParser, in both languages."""

    def __init__(self, *words: Any, **options: Any) -> None:  # noqa: ANN401  # handed on as they are
        """See argparse.ArgumentParser."""
        super().__init__(*words, **options)
        self._positionals.title = "命令与参数 commands and arguments"
        self._optionals.title = "选项 options"
        for action in self._actions:
            if "--help" in action.option_strings:
                action.help = "显示本帮助 · show this help and end"

    def format_usage(self) -> str:
        """The usage line."""
        return _titled(super().format_usage())

    def format_help(self) -> str:
        """The whole page."""
        return _titled(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is; exit code 2."""
        self.exit(WRONG_USE, f"{self.format_usage()}{in_both(message)}\n{self.prog} --help 有说明 / says more\n")


def in_both(message: str) -> str:
    """argparse's own message after its Chinese one; another message as it is."""
    for said, zh in _CHINESE:
        if found := said.fullmatch(message):
            return f"{found.expand(zh)} / {message}"
    return message


def _titled(text: str) -> str:
    return text.replace("usage: ", "用法 usage: ", 1)
