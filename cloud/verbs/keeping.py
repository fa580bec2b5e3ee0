"""Verbs that keep the books elsewhere and bring them back, and the one that says which functions the campus has."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloud.verbs.arguments import Made, add_json
from shared.errors import ConfigFault, StoreFault
from shared.input.command_line import Parser
from shared.input.functions import Function
from shared.words.ending import reader_is_gone
from shared.words.refused import why_not
from shared.words.voice import Text

if TYPE_CHECKING:
    from cloud.commands.chains.backups.files import Backup

DEEDS: Mapping[str, Text] = {
    "make": Text("做一份并校验（缺省）", "make one and verify it (the default)"),
    "list": Text("有哪几份，还原得到哪一段", "which there are, and what span can be put back"),
    "check": Text("与做成时是否相同", "is it as it was made"),
    "restore": Text("还原到空处", "put it back where nothing is"),
    "recovered": Text("还原之后的说明书", "the statement after one was put back"),
    "set-up": Text("备份从此加密；PostgreSQL：建备份库与归档", "seal backups from now on; PostgreSQL: repository"),
    "keys": Text("密钥与配置封存到别处", "seal keys and configuration elsewhere"),
    "prove": Text("按纸上口令证明能打开", "prove that the paper opens it"),
    "open-keys": Text("在空机器上打开封存", "open what was sealed, on an empty machine"),
}
LIST, LATEST = "list", "latest"


def keeping_verbs() -> dict[str, Made]:
    """Backup, functions, and whether this program may open the books."""
    text = Text("备份：运行中复制、证明、列出、还原", "backups: made while all runs, proven, listed, put back")
    told = Text("这所校园有哪些功能，打开、关闭一个", "which functions this campus has; put one on or off")
    asked = Text(
        "账本是哪一版，本程序能否打开；什么也不改",
        "which schema the ledger has, and may this program open it; changes nothing",
    )
    return {
        "backup": (text, _backup, (_options, add_json)),
        "functions": (told, _functions, (_function_options,)),
        "schema": (asked, _schema, ()),
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


def _schema(chosen: argparse.Namespace) -> int:
    from contextlib import closing

    from cloud.ledger.schema.migrate import HEAD, require_openable
    from cloud.process.settings import load_settings
    from cloud.store.db import open_database

    with closing(open_database(load_settings(chosen.data).books(chosen.dsn))) as database:
        found = require_openable(database) or "–"
    told = Text(f"账本 {found}，本程序 {HEAD}：可以打开", f"ledger {found}, this program {HEAD}: it may be opened")
    sys.stdout.write(f"{told}\n")
    return 0


def _options(parser: Parser) -> None:
    zh, en = (", ".join(f"{name} {each}" for name, each in texts) for texts in (_named("zh"), _named("en")))
    parser.add_argument("deed", nargs="?", choices=[*DEEDS], default="make", help=Text(zh, en))
    parser.add_argument("--to", type=Path, metavar="DIR", help=Text("备份所在的目录", "where backups are"))
    one = Text("一份备份，或一份封存", "one backup, or one sealed archive")
    parser.add_argument("--from", dest="one", type=Path, metavar="BACKUP", help=one)
    keep = Text("留最近几份，缺省 14", "how many of the newest stay (14)")
    parser.add_argument("--keep", type=int, default=14, metavar="N", help=keep)
    at = Text("还原到此刻，校园时间；latest 到最后", "put back as of then, campus time; latest: all there is")
    parser.add_argument("--at", metavar="TIME", help=at)
    full = Text("PostgreSQL：做完整的，不只做变化", "PostgreSQL: a full one, not what has changed alone")
    parser.add_argument("--full", action="store_true", help=full)
    shares = Text("口令分成几份，任几份可开（keys）", "the passphrase in shares, any K of N open it (keys)")
    parser.add_argument("--shares", metavar="K/N", help=shares)
    cluster = Text("PostgreSQL 的数据目录（set-up、restore）", "the cluster of PostgreSQL (set-up, restore)")
    parser.add_argument("--cluster", type=Path, metavar="DIR", help=cluster)
    of = Text("封存的是这个目录，缺省为数据目录（keys）", "what is sealed, the data folder if not said (keys)")
    parser.add_argument("--of", type=Path, metavar="DIR", help=of)
    without = Text("--of 之下不封存的目录，可重复", "a folder below --of that is not sealed; may be repeated")
    parser.add_argument("--without", action="append", default=[], metavar="DIR", help=without)
    seal_key = Text("每夜封存所用的钥匙文件（keys）", "the key file that each night seals by (keys)")
    parser.add_argument("--seal-key", type=Path, metavar="FILE", help=seal_key)
    sockets = Text("数据库套接字所在目录（set-up）", "the folder of the server's socket (set-up)")
    parser.add_argument("--sockets", type=Path, metavar="DIR", help=sockets)


def _named(language: str) -> list[tuple[str, str]]:
    return [(name, getattr(text, language)) for name, text in DEEDS.items()]


def _backup(chosen: argparse.Namespace) -> int:
    try:
        said, lines, code = _DOES[chosen.deed](chosen)
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        told = f"{fault.filename}: {why_not(fault)}" if fault.filename else str(fault)
        raise StoreFault(Text(f"无法读写：{told}", f"cannot read or write: {told}")) from fault
    if chosen.json:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


Done = tuple[Any, list[Text | str], int]
"""For programs, for people, and how it ends."""


def _make(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import making
    from cloud.commands.opening import wall_now
    from cloud.process.settings import load_settings

    settings, where = load_settings(chosen.data), _required(chosen.to, "--to")
    keep = max(1, chosen.keep)
    made = making.make(settings, settings.dsn(chosen.dsn), where, wall_now().unix_ms, keep, full=chosen.full)
    return [made.to_json()], [_line(made)], 0


def _list(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import files, pgbackrest

    where = _required(chosen.to, "--to")
    found, reach = files.listed(where), None
    if (where / pgbackrest.CONF).is_file():
        reach = pgbackrest.span(pgbackrest.repository(where, chosen.data))
    lines: list[Text | str] = [_line(one) for one in found]
    if reach is not None:
        lines.append(Text(f"可还原到任一秒：{reach.text}", f"any second can be put back: {reach.text}"))
    return [one.to_json() for one in found], lines, 0


def _check(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import making
    from cloud.commands.opening import wall_now

    found = making.check(_required(chosen.one, "--from"), chosen.data, wall_now().unix_ms)
    return [found.to_json()], [_line(found)], 0


def _restore(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import restoring
    from cloud.commands.opening import wall_now

    at_ms, one = _moment(chosen.at), chosen.one
    if one is None:
        one = restoring.chosen(_required(chosen.to, "--from"), at_ms).folder
    done = restoring.restore(one, chosen.data, wall_now().unix_ms, chosen.cluster, at_ms)
    return done._asdict(), [*restoring.told(done), _AFTER], 0


def _recovered(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import recovered
    from cloud.commands.opening import open_books
    from cloud.words.recovered import lines, to_json

    with open_books(chosen.data, chosen.dsn) as reader:
        found = recovered.statement(reader, chosen.data)
    return to_json(found), lines(found), int(not found.is_whole)


_SEALS = Text("从下一份起，备份里的每个文件都加密", "from the next one on, each file of a backup is sealed")


def _set_up(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import pgbackrest
    from cloud.process.settings import load_settings

    dsn = load_settings(chosen.data).dsn(chosen.dsn)
    if "://" not in dsn:
        pgbackrest.keep_secret(chosen.data)
        return {"sealed": True}, [_SEALS, pgbackrest.SEAL_AGAIN], 0
    cluster = _required(chosen.cluster, "--cluster")
    where, fulls = _required(chosen.to, "--to"), max(1, chosen.keep // 7)
    made = pgbackrest.set_up(where, chosen.data, cluster, dsn, fulls, chosen.sockets)
    return {"conf": str(made.conf)}, pgbackrest.next_steps(made, cluster), 0


def _keys(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import key_archive
    from cloud.commands.opening import wall_now

    where, now_ms = _required(chosen.to, "--to"), wall_now().unix_ms
    one = key_archive.whole(chosen.data, chosen.of, chosen.without, chosen.seal_key)
    if not (chosen.json or sys.stdout.isatty() or one.key.exists()):
        raise ConfigFault(
            Text(
                "第一次须在终端上做：口令只显示一次，不可落入日志",
                "the first time at a terminal: the passphrase is shown once, and must not end in a log",
            )
        )
    made = key_archive.seal(chosen.data, where, now_ms, max(1, chosen.keep), _splitting(chosen.shares), one)
    said: dict[str, Any] = {"file": str(made.file), "files": len(made.names)}
    said |= {"passphrase": made.passphrase} if made.passphrase else {}
    said |= {"shares": [one.to_text() for one in made.shares]} if made.shares else {}
    return said, key_archive.sealed_lines(made), 0


def _splitting(text: str | None) -> tuple[int, int] | None:
    """k of n."""
    if text is None:
        return None
    needed, _, count = text.partition("/")
    if not (needed.isdecimal() and count.isdecimal()):
        raise ConfigFault(Text("--shares: 如 2/3", "--shares: like 2/3"))
    return int(needed), int(count)


def _prove(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import key_archive
    from cloud.commands.opening import wall_now

    archive = chosen.one or key_archive.newest(_required(chosen.to, "--to"))
    names = key_archive.prove(chosen.data, archive, key_archive.typed(_asked), wall_now().unix_ms)
    told = Text(f"{archive.name}: 打得开，{len(names)} 个文件", f"{archive.name}: opens, {len(names)} files")
    return {"file": str(archive), "files": len(names)}, [told], 0


def _open_keys(chosen: argparse.Namespace) -> Done:
    from cloud.commands.chains.backups import key_archive

    names = key_archive.unseal(_required(chosen.one, "--from"), chosen.data, key_archive.typed(_asked))
    told = Text(f"{chosen.data}: 放回 {len(names)} 个文件", f"{chosen.data}: {len(names)} files are back")
    return {"files": len(names)}, [told], 0


_DOES: Mapping[str, Callable[[argparse.Namespace], Done]] = {
    "make": _make, "list": _list, "check": _check, "restore": _restore, "recovered": _recovered, "set-up": _set_up,
    "keys": _keys, "prove": _prove, "open-keys": _open_keys,
}  # fmt: skip
_AFTER = Text(
    "之后的流水由各网关重新送来。启动后看 ./ykt cloud backup recovered；密钥与证书不在其中。"
    "PostgreSQL 的归档已关：确认今后用它，再做 set-up。",
    "What came after comes again from the boxes. Start, and look at ./ykt cloud backup recovered. Keys are not in it. "
    "Of PostgreSQL the log is archived no more: set-up again, once this is the ledger from now on.",
)


def _asked(prompt: Text) -> str:
    """From the terminal, not shown; from a pipe one line."""
    import getpass

    return getpass.getpass(str(prompt)) if sys.stdin.isatty() else sys.stdin.readline()


def _moment(at: str | None) -> int | None:
    """Unix ms of a campus time; 0: the latest."""
    from shared.clocks.campus_clock import WALL
    from shared.clocks.clock import ClockError, parse_time

    if at is None or at == LATEST:
        return None if at is None else 0
    try:
        return int((parse_time(at) - WALL.campus_s) * 1000)
    except ClockError as fault:
        raise ConfigFault(Text("--at: 如 2026-11-26T11:30:00", "--at: like 2026-11-26T11:30:00")) from fault


def _required(path: Path | None, option: str) -> Path:
    if path is None:
        raise ConfigFault(Text(f"缺少 {option}", f"{option} is missing"))
    return path


def _line(one: "Backup") -> Text:
    from shared.clocks.campus_clock import WALL
    from shared.clocks.clock import time_text

    head = f"{one.folder.name}  {time_text(WALL.at(one.made_ms / 1000))}  "
    return Text(
        f"{head}分录 {one.entries}  流水 {one.records}", f"{head}{one.entries} entries, {one.records} records"
    )
