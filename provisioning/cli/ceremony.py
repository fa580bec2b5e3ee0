"""`provisioning ceremony …` 密钥仪式: the guided steps, for a terminal or for scripts.

At a terminal each officer types his components with echo off and compares check values; a script gives a private sheet
file per officer (or `-`, standard input) and a private passphrase file. Says after every step what is next.
"""

import argparse
import getpass
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from provisioning.ceremony.ceremony import Ceremony
from provisioning.ceremony.room import Room
from provisioning.cli.arguments import Verbs, add_group, add_store, add_who, now_s, say, vault_of
from provisioning.cli.beside import may_lie_open
from provisioning.custody import files as key_files
from provisioning.custody.files import PASSPHRASE_LEAST
from provisioning.custody.journal import read_private, write_private
from provisioning.keys.components import (
    Component,
    ComponentFault,
    check_text,
    checked,
    new_component,
    parse_sheet,
    sheet,
)
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind, Unlock
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.purse.suite import SUITES, TRIPLE_DES
from shared.words.voice import Text

TRIES = 3
"""Times that one component may be typed wrongly before the step ends; nothing is kept of them."""


def add_to(verbs: Verbs) -> None:
    """Add the verb and its steps."""
    steps = add_group(verbs, "ceremony", Text("密钥仪式", "the key ceremony"))
    begin = _step(steps, "begin", _begin, Text("开始：保管员二或三人", "begin with two or three officers"))
    begin.add_argument("--campus", type=int, required=True, help=Text("学校号", "number of the school"))
    begin.add_argument("--region", type=int, default=1, help=Text("地区号，缺省 1", "number of the region (1)"))
    begin.add_argument(
        "--version", type=int, help=Text("密钥版本，缺省为下一版本", "key version, the next one unless given")
    )
    begin.add_argument(
        "--officer", action="append", required=True, metavar="NAME",
        help=Text("一名保管员，二或三次", "an officer; two or three times"),
    )  # fmt: skip
    begin.add_argument(
        "--algorithm",
        choices=list(SUITES),
        default=TRIPLE_DES.name,
        help=Text(
            "交易密钥的算法；sm4-campus 不声明互通", "algorithm of the money keys; sm4-campus claims no interworking"
        ),
    )
    draw = steps.add_parser("draw", help=Text("保管员独自抽取一份新分量", "an officer alone draws fresh components"))
    draw.set_defaults(run=_draw)
    draw.add_argument(
        "--out", type=Path, required=True, metavar="SHEET", help=Text("新文件（600）", "a new file (600)")
    )
    enter = _step(steps, "enter", _enter, Text("一名保管员录入分量", "one officer enters his components"))
    enter.add_argument("--officer", required=True, metavar="NAME", help=Text("哪一名保管员", "which officer"))
    enter.add_argument(
        "--sheet",
        metavar="SHEET",
        help=Text("分量单；缺省逐项键入，- 为标准输入", "sheet of components; typed unless given, - is standard input"),
    )
    enter.add_argument(
        "--officer-passphrase-file", type=Path, metavar="FILE",
        help=Text("该保管员的口令文件（600）", "file with the officer's passphrase (600)"),
    )  # fmt: skip
    join = _step(steps, "join", _join, Text("全体到场，合成根密钥", "all together make the root masters"))
    join.add_argument(
        "--officer-passphrase", action="append", default=[], metavar="NAME=FILE",
        help=Text("各保管员的口令文件", "file with an officer's passphrase; once for each"),
    )  # fmt: skip
    _step(steps, "derive", _derive, Text("逐级分散：根 → 地区 → 学校", "derive the masters of region and school"))
    close = _step(steps, "close", _close, Text("写仪式记录，结束", "write the minutes and end"))
    abort = _step(steps, "abort", _abort, Text("中止，分量作废", "give up, the components are void"))
    abort.add_argument("--reason", required=True, help=Text("缘由", "why"))
    for step in (begin, close, abort):
        add_who(step)
    status = _step(steps, "status", _status, Text("进行到哪一步", "where it stands"))
    minutes = _step(steps, "minutes", _minutes, Text("显示仪式记录", "print the minutes"))
    may_lie_open(status, minutes)


def _step(steps: Verbs, name: str, run: object, help_text: Text) -> Parser:
    step = steps.add_parser(name, help=help_text)
    add_store(step)
    step.set_defaults(run=run)
    return step


def _room(chosen: argparse.Namespace) -> Room:
    return Room(vault_of(chosen), now_s)


def _begin(chosen: argparse.Namespace) -> None:
    terms = (chosen.campus, chosen.region, chosen.version, chosen.officer)
    _say(_room(chosen).begin(*terms, chosen.who, chosen.algorithm))


def _draw(chosen: argparse.Namespace) -> None:
    if chosen.out.exists():
        raise ConfigFault(Text(f"{chosen.out.name}: 已存在", f"{chosen.out.name}: exists already"))
    made = [new_component(kind, os.urandom) for kind in MASTERS]
    write_private(chosen.out, sheet(made).encode("ascii"))
    sys.stdout.write(f"{check_text({one.kind: one.check for one in made})}\n")


def _enter(chosen: argparse.Namespace) -> None:
    room = _room(chosen)
    kinds = room.status().terms.kinds
    components = _typed(kinds) if chosen.sheet is None else parse_sheet(_sheet_text(chosen.sheet), kinds)
    _say(room.enter(chosen.officer, components, _passphrase(chosen.officer, chosen.officer_passphrase_file, new=True)))


def _join(chosen: argparse.Namespace) -> None:
    room, files = _room(chosen), {}
    for given in chosen.officer_passphrase:
        name, _, path = given.partition("=")
        files[name] = Path(path)
    officers = room.status().terms.officers
    _say(room.join({name: _passphrase(name, files.get(name), new=False) for name in officers}))


def _derive(chosen: argparse.Namespace) -> None:
    _say(_room(chosen).derive())


def _close(chosen: argparse.Namespace) -> None:
    sys.stdout.write(_room(chosen).close(chosen.who))
    say(Text("请打印并签字；根密钥库交保管\n", "print and sign; put the root store away\n"))
    if vault_of(chosen).is_for_demonstrations:
        say(
            Text(
                "同目录的 unlock 能打开密钥库，仅供演示：接着 seal\n",
                "unlock in the same folder opens the store, which is for demonstrations alone: seal next\n",
            )
        )


def _abort(chosen: argparse.Namespace) -> None:
    _say(_room(chosen).abort(chosen.who, chosen.reason))


def _status(chosen: argparse.Namespace) -> None:
    _say(_room(chosen).status())


def _minutes(chosen: argparse.Namespace) -> None:
    sys.stdout.write(_room(chosen).minutes())


def _say(ceremony: Ceremony) -> None:
    last = ceremony.rows[-1]
    checks = "".join(f"  {name:<24}KCV {check}\n" for name, check in last.get("checks", {}).items())
    terms, step = ceremony.terms, ceremony.next_step()
    say(
        Text(
            f"仪式 {terms.ceremony}，密钥版本 {terms.version}\n{checks}下一步：{step.zh}\n",
            f"ceremony {terms.ceremony}, key version {terms.version}\n{checks}next: {step.en}\n",
        )
    )


def _sheet_text(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        return read_private(Path(name)).decode("ascii")
    except UnicodeDecodeError:
        raise ConfigFault(Text(f"{name}: 不是分量单", f"{name}: not a sheet of components")) from None


def _passphrase(officer: str, file: Path | None, *, new: bool) -> Unlock:
    if file is not None:
        return key_files.read_passphrase(file)
    typed = _hidden(Text(f"{officer} 的口令: ", f"passphrase of {officer}: "))
    if new and typed != _hidden(Text("再输一次: ", "again: ")):
        raise ConfigFault(Text("两次口令不同", "the two passphrases differ"))
    if len(typed.encode()) < PASSPHRASE_LEAST:
        raise ConfigFault(
            Text(f"口令至少 {PASSPHRASE_LEAST} 字节", f"a passphrase has at least {PASSPHRASE_LEAST} bytes")
        )
    return Unlock(typed.encode(), is_passphrase=True)


def _typed(kinds: Sequence[KeyKind]) -> list[Component]:
    return [_typed_one(kind) for kind in kinds]


def _typed_one(kind: KeyKind) -> Component:
    for _ in range(TRIES):
        try:
            octets = bytes.fromhex(
                _hidden(Text(f"{kind} 分量（32 位十六进制）: ", f"{kind} component (32 hexadecimal digits): "))
            )
            check = bytes.fromhex(input(str(Text(f"{kind} 分量单上的校验值: ", f"{kind} check value on the sheet: "))))
            return checked(kind, octets, check)
        except (ValueError, ComponentFault) as fault:
            told = fault if isinstance(fault, ComponentFault) else Text("不是十六进制", "not hexadecimal")
            sys.stderr.write(f"{told}\n")
    raise ComponentFault(Text(f"{kind}: 已输错 {TRIES} 次", f"{kind}: typed wrongly {TRIES} times"))


def _hidden(prompt: Text) -> str:
    """A secret typed with echo off; ConfigFault where there is no terminal that could hide it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(str(prompt))
        except (getpass.GetPassWarning, EOFError):
            raise ConfigFault(
                Text("没有终端可隐藏输入：请用文件", "no terminal to hide the typing: give files")
            ) from None
