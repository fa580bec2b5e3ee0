"""`./ykt completion bash|zsh|fish`: a script by which the shell completes verbs and options, made from the parsers.

Every verb is a program of its own, so each is asked for what it takes (`--describe`), and shtab is given one parser of
it all. A verb that does not answer, for what it needs is not installed, is completed by its name. Exit 0 written, 2
wrong use.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import shtab

from compose.place import ROOT, keep_private
from compose.verbs import Verb, existing
from shared.input.command_line import Parser
from shared.input.described import DESCRIBE, FILE, FOLDER
from shared.words.ending import end
from shared.words.voice import INHERITED, Text, speak, spoken, wanted

SHELLS = ("bash", "zsh", "fish")
ASKED_S = 30.0
"""A program that says nothing for so long is completed by its name."""
ASKED_AT_ONCE = 4
HANDED_ON = {"held": ("cloud", "held")}
"""Verbs whose words another one reads."""
_FILES = {FILE: shtab.FILE, FOLDER: shtab.DIRECTORY}
_NOTHING: dict[str, Any] = {"elsewhere": False, "options": []}
ABOUT = Text(
    """命令补全：按 Tab 补出命令、选项和文件名。脚本由各命令的参数表生成，更新后请重新生成：
  bash  ./ykt completion bash >~/.local/share/bash-completion/completions/ykt
  zsh   ./ykt completion zsh >目录/_ykt，目录须在 $fpath 中
  fish  ./ykt completion fish >~/.config/fish/completions/ykt.fish
只在本窗口试用：eval "$(./ykt completion bash)\"""",
    """Completion of verbs, options and file names by Tab. The script is made from what the verbs take;
after an update make it again:
  bash  ./ykt completion bash >~/.local/share/bash-completion/completions/ykt
  zsh   ./ykt completion zsh >FOLDER/_ykt, a folder of $fpath
  fish  ./ykt completion fish >~/.config/fish/completions/ykt.fish
Only in this window: eval "$(./ykt completion bash)\"""",
)
_PROG_HELP = Text("校园一卡通", "a campus one-card platform")


def main(arguments: list[str]) -> int:
    """Write the script."""
    parser = Parser(prog="./ykt completion", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("shell", choices=SHELLS, help=Text("用哪种 shell", "which shell"))
    given = parser.parse_args(arguments)
    sys.stdout.write(script(given.shell, existing()))
    return 0


def script(shell: str, verbs: tuple[Verb, ...]) -> str:
    """The script for these verbs of the launcher."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as asking:
        told = asking.map(whole, (verb.module for verb in verbs))
        trees = {verb.name: tree for verb, tree in zip(verbs, told, strict=True)}
    for name, path in HANDED_ON.items():
        trees[name] = _joined(trees.get(name, _NOTHING), _below(trees.get(path[0], _NOTHING), path[1:]))
    parser = argparse.ArgumentParser(prog="ykt", description=str(_PROG_HELP))
    below = parser.add_subparsers()
    for verb in verbs:
        _fill(below.add_parser(verb.name, help=_escaped(str(verb.does)), add_help=False), trees[verb.name])
    return str(shtab.complete(parser, shell=shell))


def whole(module: str, *path: str) -> dict[str, Any]:
    """What a program takes, also where it hands a verb on to another parser of it."""
    tree = asked(module, *path)
    for verb in tree.get("verbs", ()):
        if verb["parser"]["elsewhere"]:
            verb["parser"] = whole(module, *path, verb["name"])
    return tree


def asked(module: str, *path: str) -> dict[str, Any]:
    """What one parser says of itself; nothing, where it does not."""
    words = (sys.executable, "-P", "-m", module, *path, DESCRIBE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), INHERITED: spoken().value}
    try:
        done = subprocess.run(words, capture_output=True, timeout=ASKED_S, check=False, env=environment)
        return dict(json.loads(done.stdout)) if done.returncode == 0 else _NOTHING
    except (subprocess.TimeoutExpired, ValueError):
        return _NOTHING


def _below(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        tree = next((verb["parser"] for verb in tree.get("verbs", ()) if verb["name"] == name), _NOTHING)
    return tree


def _joined(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The verbs of the other, and the options of both."""
    known = {word for option in own["options"] for word in option["words"]}
    return {**other, "options": own["options"] + [one for one in other["options"] if known.isdisjoint(one["words"])]}


def _fill(parser: argparse.ArgumentParser, tree: dict[str, Any]) -> None:
    for option in tree["options"]:
        _add(parser, option)
    below = parser.add_subparsers() if "verbs" in tree else None
    for verb in tree.get("verbs", ()):
        if below is not None:
            _fill(below.add_parser(verb["name"], help=_escaped(verb["help"]), add_help=False), verb["parser"])


def _add(parser: argparse.ArgumentParser, option: dict[str, Any]) -> None:
    words, told = option["words"] or [option["name"]], _escaped(option["help"])
    if option["takes"] == 0:
        parser.add_argument(*words, action="store_true", help=told)
        return
    action = parser.add_argument(*words, nargs=option["takes"], choices=option["choices"] or None, help=told)
    if option["kind"]:
        action.complete = _FILES[option["kind"]]  # type: ignore[attr-defined]  # where shtab looks for it


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
