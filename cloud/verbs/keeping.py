"""Verbs that keep the books elsewhere and bring them back, and the one that says which functions the campus has."""

import argparse
import json
import sys
from pathlib import Path

from cloud.verbs.arguments import Made, add_json
from shared.errors import ConfigFault, StoreFault
from shared.input.command_line import Parser
from shared.input.functions import Function
from shared.words.ending import reader_is_gone
from shared.words.voice import Text

MAKE, LIST, CHECK, RESTORE = "make", "list", "check", "restore"


def keeping_verbs() -> dict[str, Made]:
    """Backup."""
    text = Text("备份：运行中复制、证明、列出、还原", "backups: made while all runs, proven, listed, put back")
    told = Text("这所校园有哪些功能，打开、关闭一个", "which functions this campus has; put one on or off")
    return {
        "backup": (text, _backup, (_options, add_json)),
        "functions": (told, _functions, (_function_options,)),
    }


def _function_options(parser: Parser) -> None:
    deed = Text("做什么，缺省 list", "what to do (list)")
    parser.add_argument("deed", nargs="?", choices=[LIST, "on", "off"], default=LIST, help=deed)
    parser.add_argument(
        "function", nargs="?", type=Function, choices=list(Function), help=Text("哪个功能", "which function")
    )


def _functions(chosen: argparse.Namespace) -> int:
    from cloud.process.functions import read_off, switch

    if chosen.deed != LIST:
        if chosen.function is None:
            raise ConfigFault(Text("哪个功能？", "which function?"))
        switch(chosen.data, chosen.function, on=chosen.deed == "on")
        sys.stdout.write(f"{Text('重启集控平台、值守与对接后生效', 'restart console, watch and docking')}\n")
    off = read_off(chosen.data)
    for one in Function:
        state = Text("关", "off") if one in off else Text("开", "on")
        sys.stdout.write(f"{one:<13} {Text(f'{state.zh}  {one.said.zh}', f'{state.en:<4} {one.said.en}')}\n")
    return 0


def _options(parser: Parser) -> None:
    deed = Text("做什么，缺省 make", "what to do (make)")
    parser.add_argument("deed", nargs="?", choices=[MAKE, LIST, CHECK, RESTORE], default=MAKE, help=deed)
    parser.add_argument("--to", type=Path, metavar="DIR", help=Text("备份所在的目录", "where backups are"))
    one = Text("一份备份（check、restore）", "one backup (check, restore)")
    parser.add_argument("--from", dest="one", type=Path, metavar="BACKUP", help=one)
    keep = Text("留最近几份，缺省 14", "how many of the newest stay (14)")
    parser.add_argument("--keep", type=int, default=14, metavar="N", help=keep)


def _backup(chosen: argparse.Namespace) -> int:
    try:
        return _done(chosen)
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        said = f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)
        raise StoreFault(Text(f"无法读写：{said}", f"cannot read or write: {said}")) from fault


def _done(chosen: argparse.Namespace) -> int:
    from cloud.commands.chains import backup
    from cloud.commands.opening import wall_now
    from cloud.process.settings import load_settings

    match chosen.deed:
        case "make":
            settings, where = load_settings(chosen.data), _required(chosen.to, "--to")
            found = [backup.make(settings, settings.dsn(chosen.dsn), where, wall_now().unix_ms, max(1, chosen.keep))]
        case "list":
            found = backup.listed(_required(chosen.to, "--to"))
        case "check":
            found = [backup.check(_required(chosen.one, "--from"))]
        case _:
            found = [backup.restore(_required(chosen.one, "--from"), chosen.data)]
    if chosen.json:
        sys.stdout.write(json.dumps([one.to_json() for one in found], ensure_ascii=False) + "\n")
        return 0
    for one in found:
        sys.stdout.write(f"{_line(one.folder, one.made_ms, one.entries, one.records)}\n")
    if chosen.deed == RESTORE:
        sys.stdout.write(f"{_AFTER}\n")
    return 0


_AFTER = Text(
    "之后的流水由各网关重新送来，启动后看 ./ykt cloud put-back；密钥与证书不在其中。",
    "What came after comes again from the boxes: start, and look at ./ykt cloud put-back. Keys are not in it.",
)


def _required(path: Path | None, option: str) -> Path:
    if path is None:
        raise ConfigFault(Text(f"缺少 {option}", f"{option} is missing"))
    return path


def _line(folder: Path, made_ms: int, entries: int, records: int) -> Text:
    from shared.clocks.campus_clock import WALL
    from shared.clocks.clock import time_text

    head = f"{folder.name}  {time_text(WALL.at(made_ms / 1000))}  "
    return Text(f"{head}分录 {entries}  流水 {records}", f"{head}{entries} entries, {records} records")
