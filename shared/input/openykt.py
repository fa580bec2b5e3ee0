"""`openykt PART …`: the parts of an installation, by the one command that the wheel brings.

It imports no part: one is started by its name, as `python -m` does, and a part whose packages are not installed is
named with what installs them. What a checkout alone has (`./ykt up`, `./ykt test`) is not here.
"""

import importlib.metadata
import importlib.util
import os
import runpy
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from shared.words.ending import end
from shared.words.voice import INHERITED, Text, call, speak, wanted, without

NAME = "openykt"
WRONG_USE = 2


class Part(NamedTuple):
    """What is started. extra: what pip has to bring for it; needs: a package of that extra that nothing else brings."""

    module: str
    extra: str
    needs: str
    does: Text


PARTS = {
    "edge": Part("edge", "edge", "paho", Text("数据网关", "the edge box")),
    "terminal": Part("edge.terminal", "edge", "paho", Text("终端", "a terminal")),
    "conform": Part("edge.conform", "edge", "can", Text("终端协议的检验台", "the bench for terminals of others")),
    "desk": Part("edge.desk", "edge", "paho", Text("卡务台", "the card desk")),
    "cloud": Part("cloud", "cloud", "sqlalchemy", Text("中心平台", "the cloud: the platform in the middle")),
    "provision": Part(
        "provisioning", "provisioning", "tuf", Text("发行：密钥、卡、PSAM、网关", "keys, cards, PSAMs, boxes")
    ),
}
"""By the word that people type."""


def main(arguments: Sequence[str]) -> int:
    """Start a part with the words behind it; its exit code, or 2: there is no such part, or it is not installed."""
    words, language = without(arguments), wanted(arguments, os.environ)
    speak(language)
    os.environ[INHERITED] = language.value
    call(NAME, tuple(PARTS))
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"{importlib.metadata.version(NAME)}\n")
        return 0
    part = PARTS.get(words[0])
    if part is None:
        return _wrong(
            Text(f"没有 {words[0]}；openykt --help 列出全部", f"there is no {words[0]}; openykt --help lists all")
        )
    if importlib.util.find_spec(part.needs) is None:
        return _wrong(
            Text(f"未安装：pip install {NAME}[{part.extra}]", f"not installed: pip install {NAME}[{part.extra}]")
        )
    sys.argv = [f"{NAME} {words[0]}", *words[1:]]
    runpy.run_module(part.module, run_name="__main__")
    return 0


def _help() -> str:
    usage = Text(f"用法：{NAME} 部件 …", f"usage: {NAME} PART …")
    rows = "".join(f"  {name:<10} {part.does}\n" for name, part in PARTS.items())
    return f"{usage}\n\n{rows}"


def _wrong(said: Text) -> int:
    sys.stderr.write(f"{said}\n")
    return WRONG_USE


def run() -> NoReturn:
    """The command of the wheel."""
    os.umask(0o077)
    end(lambda: main(sys.argv[1:]))
