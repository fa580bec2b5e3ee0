"""Command line of provisioning 密钥与发卡: `campus`, `keys`, `plan`; further verbs in the modules cli_*.

Exit codes: 0 done, 1 false or broken (a damaged log, a broken order of rows), 2 wrong use (a folder in use, a wrong
plan, a store that does not open, a step before its time), said in zh and en.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from provisioning.campus.campus import Making, campus_files
from provisioning.campus.file import File
from provisioning.campus.folder import make_folder, require_empty
from provisioning.cli import ceremony as cli_ceremony
from provisioning.cli import firmware as cli_firmware
from provisioning.cli import keeper as cli_keeper
from provisioning.cli import keys as cli_keys
from provisioning.cli import operators as cli_operators
from provisioning.cli import psam as cli_psam
from provisioning.cli import seal as cli_seal
from provisioning.cli import terminal_tls as cli_terminal_tls
from provisioning.cli import theft as cli_theft
from provisioning.cli.arguments import say, warn
from provisioning.cli.beside import note_open, refuse_open
from provisioning.cli.boxes import certificate as cli_certificate
from provisioning.cli.boxes import crl as cli_crl
from provisioning.cli.boxes import sheet as cli_sheet
from provisioning.cli.boxes import signer as cli_signer
from provisioning.cli.issuing import cards as cli_cards
from provisioning.cli.issuing import stock as cli_stock
from provisioning.cli.plans import plan as cli_plan
from provisioning.cli.plans.apply import PLAN
from provisioning.custody import files as key_files
from provisioning.keys.store import KeyStore, Level
from provisioning.plan.plan import parse_plan
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault, KeyFault, RuleBroken, StoreFault, WireFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.section import from_json
from shared.words.ending import reader_is_gone
from shared.words.refused import why_not
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
        told = f"{fault.filename}: {why_not(fault)}" if fault.filename else why_not(fault)
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
    cli_plan.add_to(verbs)
    keys = (cli_keeper, cli_ceremony, cli_seal, cli_keys, cli_stock, cli_cards, cli_psam, cli_theft, cli_operators)
    for part in (*keys, cli_firmware, cli_crl, cli_certificate, cli_terminal_tls, cli_signer, cli_sheet):
        part.add_to(verbs)
    return parser


def _campus(chosen: argparse.Namespace) -> None:
    require_empty(chosen.data.resolve())
    raw = chosen.plan.read_bytes()
    plan = parse_plan(from_json(raw, "--plan"))
    unlock = key_files.read_passphrase(chosen.passphrase_file) if chosen.passphrase_file else None
    now = time.time()
    masters, custody = _masters(chosen)
    making = Making(plan, WALL.at(now), datetime.fromtimestamp(now, UTC), os.urandom, unlock, masters, custody)
    with ProgressLine(sys.stderr, os.environ) as progress:
        making_files = Text("制作卡与密钥，文件", "making cards and keys, files")
        files = chain(campus_files(making), [File(PLAN, raw)])
        make_folder(chosen.data, progress.through(making_files, files))
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
