"""Command line of the cloud 中心平台; `./ykt cloud --help` lists its verbs.

Exit codes: 0 done or true, 1 false or broken off by a fault, 2 wrong use. Each verb imports only what it needs.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from cloud.process.private import keep_private
from cloud.verbs.arguments import Verb
from cloud.verbs.asking import asking_verbs
from cloud.verbs.boxes import box_verbs
from cloud.verbs.deciding import deciding_verbs
from cloud.verbs.docking import docking_verbs
from cloud.verbs.fleet import fleet_verbs
from cloud.verbs.keeping import keeping_verbs
from cloud.verbs.meals import meal_verbs
from cloud.verbs.money import money_verbs
from cloud.verbs.parameters import parameter_verbs
from cloud.verbs.paying import paying_verbs
from cloud.verbs.planning import planning_verbs
from cloud.verbs.rollouts.box_releases import box_release_verbs
from cloud.verbs.rollouts.firmware import firmware_verbs
from cloud.verbs.support import support_verbs
from cloud.verbs.watching import watching_verbs
from shared.errors import ConfigFault, YktError
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.support.logs import set_up
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted, without

FALSE, WRONG_USE = 1, 2
CONSOLE = "console"
SERVERS = {
    CONSOLE: "cloud.console.app", "desk": "cloud.desk.app", "watch": "cloud.watch.app",
    "dock": "cloud.watch.docking.app", "enrol": "cloud.fleet.enrol.app",
    "accounts": "cloud.open.back.accounts", "wallet": "cloud.wallet.front.app", "open": "cloud.open.app",
}  # fmt: skip
"""Verbs that read their own words."""

DSN_HELP = Text(
    "账本：postgresql://… 或文件；缺省依 cloud/ledger.dsn，否则 SQLite 文件",
    "the ledger: postgresql://… or a file; if not given as cloud/ledger.dsn says, else the SQLite file",
)
SIGN_IN = Text("一次性登录链接：首次，或忘记密码", "a one-time link: for the first time, or a forgotten password")
ADDRESS = "https://127.0.0.1:8443/"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    words = without(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in SERVERS:
            return _server(SERVERS[words[0]], words[1:])
        chosen = _parser().parse_args(words)
        run: Verb = chosen.run
        return run(chosen)
    except ConfigFault as fault:
        return _say(fault, WRONG_USE)
    except YktError as fault:
        return _say(fault, FALSE)


def _say(fault: YktError, code: int) -> int:
    kind = "" if isinstance(fault, ConfigFault) else f"{type(fault).__name__}: "
    sys.stderr.write(f"{Text('错误：', 'error: ')}{kind}{fault}\n")
    return code


def _parser() -> Parser:
    parser = Parser(prog="./ykt cloud", description=Text("中心平台", "the cloud: the platform in the middle"))
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser(CONSOLE, help=Text("集控平台", "the console"), add_help=False)
    verbs.add_parser("desk", help=Text("卡务中心的账本接口", "the ledger for card desks"), add_help=False)
    verbs.add_parser("watch", help=Text("值守：事实变为报警", "the watch: facts become alarms"), add_help=False)
    docked = Text("对接：第三方设备", "docking: strangers' devices")
    verbs.add_parser("dock", help=docked, add_help=False)
    admit = Text("准许一名收银员，写出令牌文件", "admit a cashier, write a token file")
    verbs.add_parser("enrol", help=Text("入网服务：数据网关", "the enrolment door of boxes"), add_help=False)
    verbs.add_parser("accounts", help=Text("账户服务：钱包之后", "the accounts behind the wallet"), add_help=False)
    verbs.add_parser("wallet", help=Text("钱包：手机访问的前置", "the wallet: what phones reach"), add_help=False)
    third = Text("开放平台：第三方程序的接口", "the open platform: for programs of third parties")
    verbs.add_parser("open", help=third, add_help=False)
    _cashier_options(verbs.add_parser("cashier", help=admit))
    _sign_in_options(verbs.add_parser("sign-in", help=SIGN_IN, description=SIGN_IN))

    known = {
        **money_verbs(), **asking_verbs(), **deciding_verbs(), **fleet_verbs(), **parameter_verbs(), **watching_verbs(),
        **planning_verbs(), **meal_verbs(), **paying_verbs(),
    }  # fmt: skip
    known |= box_verbs() | box_release_verbs() | firmware_verbs() | docking_verbs() | keeping_verbs() | support_verbs()
    for name, (text, run, options) in known.items():
        verb: Parser = verbs.add_parser(name, help=text, description=text)
        add_data(verb)
        verb.add_argument("--dsn", metavar="DSN", help=DSN_HELP)
        verb.set_defaults(run=run)
        for add in options:
            add(verb)
    return parser


def _cashier_options(parser: Parser) -> None:
    add_data(parser)
    parser.add_argument("--name", required=True, metavar="NAME", help=Text("姓名或工号", "name or number"))
    parser.set_defaults(run=_cashier)


def _sign_in_options(parser: Parser) -> None:
    add_data(parser)
    parser.add_argument(
        "--address",
        default=ADDRESS,
        metavar="URL",
        help=Text(f"集控平台地址，缺省 {ADDRESS}", f"address of the console ({ADDRESS})"),
    )
    parser.set_defaults(run=_sign_in)


def _cashier(chosen: argparse.Namespace) -> int:
    from cloud.desk.cashiers import admit
    from cloud.process.settings import FOLDER, load_settings

    kept = admit(load_settings(chosen.data).data / FOLDER, chosen.name)
    sys.stdout.write(f"{Text('令牌文件：', 'token file: ')}{kept}\n")
    return 0


def _sign_in(chosen: argparse.Namespace) -> int:
    from cloud.console.app import sign_in_link
    from cloud.process.settings import load_settings

    link = sign_in_link(load_settings(chosen.data), chosen.address)
    said = Text("登录链接（24 小时内用一次）：", "sign-in link, to be used once within 24 hours: ")
    sys.stdout.write(f"{said}{link}\n")
    return 0


def _server(module: str, words: list[str]) -> int:
    """What it imports stays, so the collector of cycles rests meanwhile and never looks at it: a sixth of a start."""
    gc.disable()
    try:
        main_of = importlib.import_module(module).main
    finally:
        gc.freeze()
        gc.enable()
    code: int = main_of(words)
    return code


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    set_up("cloud", os.environ)
    end(main)
