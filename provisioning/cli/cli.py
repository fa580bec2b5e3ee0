"""Command line of provisioning 密钥与发卡: `campus`, `keys`, `plan`; further verbs in the modules cli_*.

Exit codes: 0 done, 1 false or broken (a damaged log, a broken order of rows), 2 wrong use (a folder in use, a wrong
plan, a store that does not open, a step before its time), said in zh and en.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioning.campus.campus import Making, campus_files
from provisioning.campus.folder import make_folder, require_empty
from provisioning.campus.settings import to_bytes
from provisioning.cli import cards as cli_cards
from provisioning.cli import ceremony as cli_ceremony
from provisioning.cli import certificate as cli_certificate
from provisioning.cli import crl as cli_crl
from provisioning.cli import firmware as cli_firmware
from provisioning.cli import keeper as cli_keeper
from provisioning.cli import keys as cli_keys
from provisioning.cli import operators as cli_operators
from provisioning.cli import psam as cli_psam
from provisioning.cli import seal as cli_seal
from provisioning.cli import stock as cli_stock
from provisioning.cli import terminal_tls as cli_terminal_tls
from provisioning.cli import theft as cli_theft
from provisioning.cli.arguments import say, warn
from provisioning.cli.beside import note_open, refuse_open
from provisioning.custody import files as key_files
from provisioning.keys.store import KeyStore, Level
from provisioning.plan.demo import CARDS, demo_plan
from provisioning.plan.differences import differences, summary
from provisioning.plan.plan import parse_plan
from provisioning.plan.sheets import plan_of
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault, KeyFault, RuleBroken, StoreFault, WireFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.section import from_json
from shared.words.ending import reader_is_gone
from shared.words.screen import ProgressLine
from shared.words.voice import Text

BROKEN, WRONG_USE = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen)
    except (ConfigFault, KeyFault, WireFault) as fault:
        warn(Text(f"错误：{fault}\n", f"error: {fault}\n"))
        return WRONG_USE
    except (RuleBroken, StoreFault) as fault:
        warn(Text(f"数据有误：{fault}\n", f"broken: {fault}\n"))
        return BROKEN
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        told = f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
        warn(Text(f"无法读写：{told}\n", f"cannot read or write: {told}\n"))
        return WRONG_USE


def _run(chosen: argparse.Namespace) -> int:
    refuse_open(chosen)
    code = int(chosen.run(chosen) or 0)
    note_open(chosen)
    return code


def _parser() -> Parser:
    parser = Parser(prog="./ykt provision", description=Text("密钥、发卡、证书", "keys, cards, certificates"))
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    campus = verbs.add_parser("campus", help=Text("按计划生成全部数据", "make everything that a plan describes"))
    campus.add_argument(
        "--plan", type=Path, required=True, metavar="PLAN.json",
        help=Text("校园计划，见 plan demo", "the plan, as plan demo writes one"),
    )  # fmt: skip
    campus.add_argument(
        "--masters",
        type=Path,
        metavar="DIR",
        help=Text("仪式所得密钥的目录", "folder with the masters that a ceremony made"),
    )
    campus.set_defaults(run=_campus)
    add_data(campus)
    campus.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=Text("口令文件（600），代替随机的 unlock 文件", "passphrase file (600), instead of a random unlock file"),
    )
    campus.add_argument(
        "--share-file",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help=Text("打开 --masters 的份额，可重复", "a share that opens --masters; may be repeated"),
    )
    _plan_options(verbs.add_parser("plan", help=Text("写出、核对校园计划", "write and check a plan")))
    keys = (cli_keeper, cli_ceremony, cli_seal, cli_keys, cli_stock, cli_cards, cli_psam, cli_theft, cli_operators)
    for part in (*keys, cli_firmware, cli_crl, cli_certificate, cli_terminal_tls):
        part.add_to(verbs)
    return parser


def _campus(chosen: argparse.Namespace) -> None:
    require_empty(chosen.data.resolve())
    plan = parse_plan(from_json(chosen.plan.read_bytes(), "--plan"))
    unlock = key_files.read_passphrase(chosen.passphrase_file) if chosen.passphrase_file else None
    now = time.time()
    masters, custody = _masters(chosen)
    making = Making(plan, WALL.at(now), datetime.fromtimestamp(now, UTC), os.urandom, unlock, masters, custody)
    with ProgressLine(sys.stderr, os.environ) as progress:
        making_files = Text("制作卡与密钥，文件", "making cards and keys, files")
        make_folder(chosen.data, progress.through(making_files, campus_files(making)))
    bodies, cards, boxes = sum(1 for _ in plan.terminals()), len(plan.cards), len(plan.boxes)
    say(
        Text(
            f"已生成 {plan.name}：{cards} 张卡，{bodies} 台终端，{boxes} 台数据网关：{chosen.data}\n",
            f"made {plan.name}: {cards} cards, {bodies} terminals, {boxes} boxes: {chosen.data}\n",
        )
    )


def _masters(chosen: argparse.Namespace) -> tuple[KeyStore | None, bytes]:
    if chosen.masters is None:
        return None, b""
    school = key_files.open_with(
        chosen.masters, Level.SCHOOL, key_files.unlock_of(chosen.masters, chosen.passphrase_file, chosen.share_file)
    )
    return school, (chosen.masters / key_files.FOLDER / key_files.CUSTODY).read_bytes()


def _plan_options(parser: Parser) -> None:
    kinds = parser.add_subparsers(required=True, metavar="WHICH")
    demo = kinds.add_parser("demo", help=Text("演示校园", "the demonstration's"))
    demo.add_argument("--cards", type=int, default=CARDS, help=Text("多少张卡", "how many cards"))
    demo.set_defaults(run=lambda chosen: _write_plan(chosen, demo_plan(chosen.cards)))
    tables = Text("由学校的两张表：终端、卡", "from a school's two tables: terminals, cards")
    new = kinds.add_parser("new", help=tables, description=_TABLES)
    new.add_argument("--campus", type=int, required=True, metavar="N", help=Text("校园编号", "the campus's number"))
    new.add_argument("--name", required=True, help=Text("校名", "the school's name"))
    new.add_argument("--terminals", type=Path, required=True, metavar="CSV", help=Text("终端表", "its terminals"))
    new.add_argument("--cards", type=Path, metavar="CSV", help=Text("卡表；没有则分批制卡", "cards; else by batches"))
    new.set_defaults(run=_new_plan)
    for one in (demo, new):
        one.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help=Text("- 为标准输出", "- is standard output")
        )
    check = kinds.add_parser("check", help=Text("核对一份计划，可与旧的比较", "check a plan, and against an old one"))
    check.add_argument("plan", type=Path, metavar="PLAN.json", help=Text("要核对的计划", "the plan to check"))
    check.add_argument("--than", type=Path, metavar="OLD.json", help=Text("旧计划", "the old one"))
    check.set_defaults(run=_check_plan)


_TABLES = Text(
    "终端表的列：网关、地点、线路、线路类型（can、485、tcp）、速率、终端、类型（消费机、车载机、圈存机、卡务台、备用消费机）、"
    "地址、商户、点位；卡表的列：卡面号、班级、开卡余额（元）、补助（元）。UTF-8 或 GB18030，列序不限。",
    "Columns of terminals: box, site, link, link kind (can, 485, tcp), rate, terminal, kind (pos, validator, load, "
    "desk, spare pos), address, merchant, place; of cards: label, class, opening and subsidy (yuan). UTF-8 or GB18030.",
)


def _new_plan(chosen: argparse.Namespace) -> None:
    cards = chosen.cards.read_bytes() if chosen.cards else None
    _write_plan(chosen, plan_of(chosen.campus, chosen.name, chosen.terminals.read_bytes(), cards))


def _write_plan(chosen: argparse.Namespace, raw: dict[str, Any]) -> None:
    made, text = parse_plan(raw), to_bytes(raw)
    if str(chosen.out) == "-":
        sys.stdout.write(text.decode())
        return
    chosen.out.write_bytes(text)
    say(Text(f"{summary(made).zh}：{chosen.out}\n", f"{summary(made).en}: {chosen.out}\n"))


def _check_plan(chosen: argparse.Namespace) -> None:
    made = parse_plan(from_json(chosen.plan.read_bytes(), str(chosen.plan)))
    say(Text(f"{summary(made).zh}\n", f"{summary(made).en}\n"))
    if chosen.than is None:
        return
    found = differences(parse_plan(from_json(chosen.than.read_bytes(), "--than")), made)
    same = Text("与旧计划相同", "the same as the old one")
    for line in found or [same]:
        say(Text(f"{line.zh}\n", f"{line.en}\n"))
