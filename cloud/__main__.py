"""Command line of the cloud 中心平台: ingest, console, desk, cashier, import, deposit, grant, verify, report,
loads, psam-stolen, held, device, swap, differences, put-back, checkpoint.

Exit codes: 0 done or true, 1 false or broken off by a fault, 2 wrong use. Each verb imports only what it needs.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cloud.process.private import keep_private
from shared.errors import ConfigFault, WireFault, YktError
from shared.ids import PsamId, psam_id
from shared.input.amount import AMOUNT_HELP, typed_sum
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.login import LOGIN_HELP
from shared.words.voice import Text, speak, wanted, without

FALSE, WRONG_USE = 1, 2
CONSOLE = "console"
SERVERS = {CONSOLE: "cloud.console.app", "desk": "cloud.desk.app"}
"""Verbs that read their own words."""

DSN_HELP = Text(
    "账本：postgresql://… 或文件；缺省依 cloud/ledger.dsn，否则 SQLite 文件",
    "the ledger: postgresql://… or a file; if not given as cloud/ledger.dsn says, else the SQLite file",
)
LABEL_HELP = Text("卡面号", "the text printed on the card")
SIGN_IN = Text("一次性登录链接：首次，或忘记密码", "a one-time link: for the first time, or a forgotten password")
LOADS_LISTED = 20
ADDRESS = "https://127.0.0.1:8443/"
Verb = Callable[[argparse.Namespace], int]
Made = tuple[Text, Verb, tuple[Callable[[Parser], None], ...]]
"""A verb: what it is for, what runs it, what adds its options."""


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
    admit = Text("准许一名收银员，写出令牌文件", "admit a cashier, write a token file")
    _cashier_options(verbs.add_parser("cashier", help=admit))
    _sign_in_options(verbs.add_parser("sign-in", help=SIGN_IN, description=SIGN_IN))

    for name, (text, run, options) in {**_money_verbs(), **_asking_verbs(), **_two_person_verbs()}.items():
        verb: Parser = verbs.add_parser(name, help=text, description=text)
        add_data(verb)
        verb.add_argument("--dsn", metavar="DSN", help=DSN_HELP)
        verb.set_defaults(run=run)
        for add in options:
            add(verb)
    return parser


def _money_verbs() -> dict[str, Made]:
    """What brings something into the books."""
    return {
        "ingest": (
            Text("收记录、验 TAC、入账、回执", "take records: check their TACs, post, acknowledge"),
            _ingest,
            (_ingest_options,),
        ),
        "deposit": (Text("充值到电子账户", "make deposits into online accounts"), _deposit, (_deposit_options,)),
        "grant": (
            Text("发放补助等，到过渡余额待领", "grant subsidies into pending loads, to be claimed"),
            _grant,
            (_grant_options, _json),
        ),
        "import": (
            Text("导入签名清单，期初余额入账", "take the signed inventory, post opening balances"),
            _import,
            (_keys,),
        ),
    }


def _asking_verbs() -> dict[str, Made]:
    """What only asks the books."""
    return {
        "verify": (
            Text("核对账本：查了什么、多少，先错在哪里", "check the ledger: what, how many, the first thing broken"),
            _verify,
            (_verify_options, _keys, _json),
        ),
        "report": (Text("账本合计", "the sums of the ledger"), _report, (_json,)),
        "loads": (
            Text("圈存逐笔：到哪一步、凭据、接下来怎样", "loads one by one: stage, evidence, what will happen"),
            _loads,
            (_loads_options, _json),
        ),
        "checkpoint": (
            Text("签名检查点：各链到哪里，另存他处", "a signed checkpoint of the chains, to be kept elsewhere"),
            _checkpoint,
            (_checkpoint_options, _json),
        ),
    }


def _two_person_verbs() -> dict[str, Made]:
    """What a person reports, finds out, or decides with a second one."""
    return {
        "psam-stolen": (
            Text("PSAM 被盗挂失、找回；可反复执行", "a PSAM was stolen, or found again; may be repeated"),
            _psam_stolen,
            (_theft_options, _json),
        ),
        "held": (
            Text(
                "待核：列出；一人提议、另一人确认放行或退还",
                "held entries: list; one person proposes, another confirms",
            ),
            _held,
            (_held_options, _json),
        ),
        "device": (
            Text(
                "终端移到别的网关、放行存储代：双人", "a terminal moves to another box, or an epoch counts: two persons"
            ),
            _device,
            (_device_options, _json),
        ),
        "swap": (
            Text(
                "换机：备用机顶替坏机；一人提议、另一人确认",
                "spares in broken bodies' places: one proposes, another confirms",
            ),
            _swap,
            (_swap_options, _json),
        ),
        "differences": (
            Text("卡与账本的差异：列出；查明后说明", "differences of card and ledger: list, and explain"),
            _differences,
            (_differences_options, _json),
        ),
        "lost": (
            Text("挂失卡：余款等谁；两人销账", "lost cards: for whom their balances wait; write-off by two"),
            _lost,
            (_lost_options, _json),
        ),
        "put-back": (
            Text(
                "放回了旧账本：再来的、不会再来的；两人办结",
                "an older ledger was put back: what came again, what is gone",
            ),
            _put_back,
            (_put_back_options, _json),
        ),
    }


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help=Text("一行 JSON", "one line of JSON"))


def _keys(parser: Parser) -> None:
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="SOCKET",
        help=Text("密钥进程，用来复核 TAC", "the key process, to check TACs again"),
    )


def _verify_options(parser: Parser) -> None:
    saved = Text(
        "另存的检查点，账本须含有它；可重复", "a saved checkpoint that the ledger must contain; may be repeated"
    )
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], metavar="FILE", help=saved)


def _checkpoint_options(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help=Text("写入此文件", "write it into this file"))


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


def _loads_options(parser: Parser) -> None:
    most = Text(
        f"已了的最多列几笔，缺省 {LOADS_LISTED}", f"list at most so many of those that are done ({LOADS_LISTED})"
    )
    parser.add_argument("--last", type=int, default=LOADS_LISTED, metavar="N", help=most)
    parser.add_argument("--open", action="store_true", help=Text("只列未了的", "list open ones only"))


def _ingest_options(parser: Parser) -> None:
    parser.add_argument("--keys", type=Path, required=True, metavar="SOCKET", help=Text("密钥进程", "the key process"))
    parser.add_argument("--broker", required=True, metavar="HOST:PORT")
    parser.add_argument("--broker-login", type=Path, metavar="FILE", help=LOGIN_HELP)
    parser.add_argument(
        "--tls",
        action="store_true",
        help=Text("双向 TLS，证书在 DATA/cloud", "mutual TLS with the certificate in DATA/cloud"),
    )
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("回放用的校园时钟", "the campus clock of a replay")
    )
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )


def _deposit_options(parser: Parser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", metavar="LABEL", help=str(LABEL_HELP))
    which.add_argument("--all", action="store_true", help=str(Text("所有卡", "every card")))
    form = '{"card": LABEL, "fen": N, "key": TEXT}'
    which.add_argument("--file", type=Path, help=str(Text(f"每行一笔：{form}", f"a line each: {form}")))
    _sum(parser)
    parser.add_argument(
        "--key", metavar="TEXT", help=Text("幂等键：同键只入账一次", "a name for it: the same key is posted once")
    )
    _who(parser)


def _grant_options(parser: Parser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", metavar="LABEL", help=str(LABEL_HELP))
    columns = Text(
        "CSV 文件，首行：卡号,金额(元),缘由[,幂等键]；UTF-8 或 GB18030",
        "a CSV file, first line: card,amount,reason[,key]; UTF-8 or GB18030",
    )
    which.add_argument("--file", type=Path, metavar="CSV", help=str(columns))
    _sum(parser)
    parser.add_argument(
        "--reason", metavar="TEXT", help=Text("缘由；各行可自带", "why; lines of a file may have their own")
    )
    _who(parser)
    payer = Text("出资方：fund 补助基金（缺省），bank 银行专户", "who pays: the subsidy fund (as without), or the bank")
    parser.add_argument("--from", dest="payer", choices=("fund", "bank"), default="fund", help=payer)
    parser.add_argument(
        "--key",
        metavar="TEXT",
        help=Text("幂等键，同键只发放一次；文件则为批次号", "the same key is granted once; of a file: its batch"),
    )


def _sum(parser: Parser) -> None:
    """In yuan; --fen of before is understood, and no longer told."""
    parser.add_argument(
        "--yuan",
        type=typed_sum,
        dest="fen",
        metavar="SUM",
        help=Text(f"金额，元：{AMOUNT_HELP}", f"sum in yuan: {AMOUNT_HELP}"),
    )
    parser.add_argument("--fen", type=int, help=argparse.SUPPRESS, default=argparse.SUPPRESS)


def _who(parser: Parser) -> None:
    told = Text("经手人，缺省为系统登录名", "who does it (the login name)")
    parser.add_argument("--who", metavar="NAME", help=told)


def _theft_options(parser: Parser) -> None:
    parser.add_argument(
        "--psam",
        type=_psam,
        required=True,
        metavar="HEX",
        help=Text("PSAM 号，12 位十六进制", "number of the PSAM, 12 hexadecimal digits"),
    )
    parser.add_argument(
        "--since",
        metavar="TIME",
        help=Text("何时起失控，如 2026-11-26T11:30", "out of our hands since, as 2026-11-26T11:30"),
    )
    parser.add_argument("--who", required=True, metavar="NAME", help=Text("经手人", "who reports it"))
    parser.add_argument("--reason", required=True, metavar="TEXT", help=Text("缘由", "why"))
    parser.add_argument("--body", action="store_true", help=Text("机身一并被盗", "the body that it is in is gone, too"))
    parser.add_argument(
        "--found", action="store_true", help=Text("撤销：已找回，可再营业", "found again: it may sell again")
    )
    parser.add_argument(
        "--unlisted",
        action="store_true",
        help=Text("它本就不在清单中，如库存的", "it is in no inventory, as one of the stock"),
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="S",
        help=Text("等各网关确认几秒，逾时退出码 1", "wait so many seconds for every box; if late, the exit code is 1"),
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=Text("涉及的卡全部写入此文件", "write all cards touched by it into this file"),
    )


def _held_options(parser: Parser) -> None:
    steps = ("list", "propose", "confirm", "reject")
    told = Text("列出、提议、另一人确认、否决", "list; propose: one person; confirm, reject: another")
    parser.add_argument("step", choices=steps, metavar="|".join(steps), help=told)
    parser.add_argument(
        "--psam",
        type=_psam,
        metavar="HEX",
        help=Text("此 PSAM（及同被盗机身）的", "those of this PSAM, and of the body stolen with it"),
    )
    parser.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="LABEL",
        help=Text("此卡的，可重复", "those of this card; may be repeated"),
    )
    parser.add_argument(
        "--entry",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help=Text("此分录，可重复", "this entry; may be repeated"),
    )
    voids = Text("此记录号的待核撤销，可重复", "the held void of this record; may be repeated")
    parser.add_argument("--void", type=int, action="append", default=[], metavar="N", help=voids)
    side = Text(
        "merchant 放行给商户，holder 退到持卡人的过渡余额",
        "merchant: released to the merchant; holder: returned to the pending load",
    )
    parser.add_argument("--to", choices=("merchant", "holder"), help=side)
    parser.add_argument("--proposal", type=int, metavar="N", help=Text("提议号", "number of the proposal"))
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（提议、否决）", "why (propose, reject)"))


def _device_options(parser: Parser) -> None:
    steps = ("list", "move", "epoch", "confirm", "reject")
    told = Text(
        "列出、移到别的网关、放行存储代；另一人确认或否决", "list; move, epoch: one person; confirm, reject: another"
    )
    parser.add_argument("step", choices=steps, nargs="?", default="list", metavar="|".join(steps), help=told)
    parser.add_argument("name", nargs="?", metavar="NAME", help=Text("终端名或终端号", "the terminal (move, epoch)"))
    parser.add_argument("--to", metavar="BOX", help=Text("移到此网关", "the box that it moves to"))
    parser.add_argument("--epoch", type=int, metavar="N", help=Text("放行到此存储代", "the epoch that is to count"))
    parser.add_argument("--proposal", type=int, metavar="N", help=Text("提议号", "number of the proposal"))
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（确认不需要）", "why (confirm needs none)"))


def _swap_options(parser: Parser) -> None:
    steps = ("list", "propose", "confirm", "reject")
    told = Text(
        "列出（缺省）、提议、另一人确认、否决", "list (as without); propose: one person; confirm, reject: another"
    )
    parser.add_argument("step", choices=steps, nargs="?", default="list", metavar="|".join(steps), help=told)
    parser.add_argument("--number", type=int, metavar="N", help=Text("换机号（提议）", "number of the swap (propose)"))
    parser.add_argument(
        "--proposal",
        type=int,
        metavar="N",
        help=Text("提议号（确认、否决）", "number of the proposal (confirm, reject)"),
    )
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（提议、否决）", "why (propose, reject)"))


def _swap(chosen: argparse.Namespace) -> int:
    from cloud.commands import swaps

    where = (chosen.data, chosen.dsn)
    needed = {"list": (), "propose": ("number", "who", "reason"), "confirm": ("proposal", "who")}
    for name in needed.get(chosen.step, ("proposal", "who", "reason")):
        if getattr(chosen, name) is None:
            raise ConfigFault(Text(f"缺少 --{name}", f"--{name} is missing"))
    match chosen.step:
        case "list":
            return swaps.listing(*where, as_json=chosen.json)
        case "propose":
            return swaps.propose(*where, chosen.number, chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return swaps.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return swaps.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)


def _differences_options(parser: Parser) -> None:
    steps = ("list", "explain")
    told = Text("列出（缺省）、说明", "list (as without), explain")
    parser.add_argument("step", choices=steps, nargs="?", default="list", metavar="|".join(steps), help=told)
    parser.add_argument("--number", type=int, metavar="N", help=Text("差异号", "number of the difference"))
    parser.add_argument("--who", metavar="NAME", help=Text("谁查明的", "who found out"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("查明的缘由", "what it was"))


def _put_back_options(parser: Parser) -> None:
    steps = ("list", "propose", "confirm", "reject")
    told = Text(
        "列出（缺省）、提议办结、另一人确认、否决", "list (as without); propose: one person; confirm, reject: another"
    )
    parser.add_argument("step", choices=steps, nargs="?", default="list", metavar="|".join(steps), help=told)
    parser.add_argument("--proposal", type=int, metavar="N", help=Text("提议号", "number of the proposal"))
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("如何查明、补记", "how it was seen to (propose, reject)"))


def _checkpoint(chosen: argparse.Namespace) -> int:
    from cloud.commands.checkpoint import checkpoint

    return checkpoint(chosen.data, chosen.dsn, chosen.out, as_json=chosen.json)


def _put_back(chosen: argparse.Namespace) -> int:
    from cloud.commands import put_back

    where = (chosen.data, chosen.dsn)
    needed = {"list": (), "propose": ("who", "reason"), "confirm": ("proposal", "who")}
    for name in needed.get(chosen.step, ("proposal", "who", "reason")):
        if getattr(chosen, name) is None:
            raise ConfigFault(Text(f"缺少 --{name}", f"--{name} is missing"))
    match chosen.step:
        case "list":
            return put_back.listing(*where, as_json=chosen.json)
        case "propose":
            return put_back.propose(*where, chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return put_back.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return put_back.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)


def _lost_options(parser: Parser) -> None:
    steps = ("list", "explain", "write-off", "reject")
    told = Text(
        "列出（缺省）、说明、销账（一人提议，另一人以 --proposal 确认）、否决",
        "list (as without), explain, write-off: one person, then another with --proposal; reject",
    )
    parser.add_argument("step", choices=steps, nargs="?", default="list", metavar="|".join(steps), help=told)
    parser.add_argument("--card", metavar="LABEL", help=LABEL_HELP)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--terminal",
        action="append",
        default=[],
        metavar="NAME",
        help=str(Text("此终端，可重复", "this terminal; may be repeated")),
    )
    due = Text("所有已三个上课日未联系的", "all that were silent for three school days")
    which.add_argument("--due", action="store_true", help=str(due))
    which.add_argument("--every", action="store_true", help=str(Text("所有还等的终端", "all that it waits for")))
    parser.add_argument(
        "--proposal",
        type=int,
        metavar="N",
        help=Text("提议号：另一人确认或否决它", "number of the proposal, to confirm or reject it"),
    )
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（提议、否决）", "why (propose, reject)"))


def _lost(chosen: argparse.Namespace) -> int:
    from cloud.commands import lost

    where = (chosen.data, chosen.dsn)
    confirms = chosen.step == "write-off" and chosen.proposal is not None
    needed = {"list": (), "explain": ("card",), "reject": ("proposal", "who", "reason")}
    _need(chosen, *needed.get(chosen.step, ("who",) if confirms else ("card", "who")))
    match chosen.step:
        case "list":
            return lost.listing(*where, as_json=chosen.json)
        case "explain":
            return lost.explain(*where, chosen.card, as_json=chosen.json)
        case "reject":
            return lost.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)
    if confirms:
        return lost.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    terminals = tuple(chosen.terminal)
    wish = lost.Wish(chosen.card, terminals, chosen.due, chosen.every, chosen.who, chosen.reason)
    return lost.propose(*where, wish, as_json=chosen.json)


def _need(chosen: argparse.Namespace, *names: str) -> None:
    for name in names:
        if getattr(chosen, name) is None:
            raise ConfigFault(Text(f"缺少 --{name}", f"--{name} is missing"))


def _differences(chosen: argparse.Namespace) -> int:
    from cloud.commands import differences

    if chosen.step == "list":
        return differences.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    for name in ("number", "who", "reason"):
        if getattr(chosen, name) is None:
            raise ConfigFault(Text(f"缺少 --{name}", f"--{name} is missing"))
    said = (chosen.number, chosen.who, chosen.reason)
    return differences.explain(chosen.data, chosen.dsn, *said, as_json=chosen.json)


def _device(chosen: argparse.Namespace) -> int:
    from cloud.commands import devices

    where = (chosen.data, chosen.dsn)
    needed = {
        "list": (), "move": ("name", "to", "who", "reason"), "epoch": ("name", "epoch", "who", "reason"),
        "confirm": ("proposal", "who"), "reject": ("proposal", "who", "reason"),
    }  # fmt: skip
    for name in needed[chosen.step]:
        if getattr(chosen, name) is None:
            named = "NAME" if name == "name" else f"--{name}"
            raise ConfigFault(Text(f"缺少 {named}", f"{named} is missing"))
    said = (chosen.who, chosen.reason)
    match chosen.step:
        case "list":
            return devices.listing(*where, as_json=chosen.json)
        case "move":
            return devices.move(*where, chosen.name, chosen.to, *said, as_json=chosen.json)
        case "epoch":
            return devices.epoch(*where, chosen.name, chosen.epoch, *said, as_json=chosen.json)
        case "confirm":
            return devices.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return devices.reject(*where, chosen.proposal, *said, as_json=chosen.json)


def _held(chosen: argparse.Namespace) -> int:
    from cloud.commands import held
    from cloud.ledger.held.releases import Side

    where = (chosen.data, chosen.dsn)
    proposed = ("who", "reason") if chosen.void else ("to", "who", "reason")
    needed = {"list": (), "propose": proposed, "confirm": ("proposal", "who")}
    for name in needed.get(chosen.step, ("proposal", "who", "reason")):
        if getattr(chosen, name) is None:
            raise ConfigFault(Text(f"缺少 --{name}", f"--{name} is missing"))
    choice = held.Choice(chosen.psam, tuple(chosen.card), tuple(chosen.entry))
    match chosen.step:
        case "list":
            return held.listing(*where, choice, as_json=chosen.json)
        case "propose" if chosen.void:
            return held.propose_voids(*where, tuple(chosen.void), chosen.who, chosen.reason, as_json=chosen.json)
        case "propose":
            return held.propose(*where, choice, Side(chosen.to), chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return held.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return held.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)


def _psam(text: str) -> PsamId:
    try:
        return psam_id(bytes.fromhex(text))
    except (ValueError, WireFault):
        raise argparse.ArgumentTypeError(Text("12 位十六进制", "12 hexadecimal digits")) from None


def _psam_stolen(chosen: argparse.Namespace) -> int:
    from cloud.commands.thefts import Wish, psam_stolen

    wish = Wish(
        chosen.psam,
        chosen.since,
        chosen.who,
        chosen.reason,
        chosen.body,
        chosen.found,
        chosen.wait,
        chosen.csv,
        chosen.unlisted,
    )
    return psam_stolen(chosen.data, chosen.dsn, wish, as_json=chosen.json)


def _ingest(chosen: argparse.Namespace) -> int:
    from cloud.ingest.worker import Options, run_ingest
    from cloud.process.settings import load_settings
    from shared.clocks.campus_clock import parse_clock
    from shared.input.endpoint import host_port
    from shared.input.login import read_login

    settings = load_settings(chosen.data)
    host, port = host_port(chosen.broker, "--broker")
    clock, login = parse_clock(chosen.clock), read_login(chosen.broker_login)
    books, to_end = settings.dsn(chosen.dsn), chosen.end_with_stdin
    return run_ingest(Options(settings, chosen.keys, host, port, chosen.tls, books, clock, to_end, login))


def _import(chosen: argparse.Namespace) -> int:
    from cloud.commands.intake import import_campus

    return import_campus(chosen.data, chosen.dsn, chosen.keys)


def _deposit(chosen: argparse.Namespace) -> int:
    from cloud.commands.intake import Wish, deposit

    wish = Wish(chosen.card, chosen.all, chosen.file, chosen.fen, chosen.key, _named(chosen))
    return deposit(chosen.data, chosen.dsn, wish)


def _grant(chosen: argparse.Namespace) -> int:
    from cloud.commands.grants import Wish, grant

    wish = Wish(chosen.card, chosen.fen, chosen.reason, chosen.file, chosen.payer, chosen.key, _named(chosen))
    return grant(chosen.data, chosen.dsn, wish, as_json=chosen.json)


def _named(chosen: argparse.Namespace) -> str:
    from cloud.commands.opening import login_name

    return login_name() if chosen.who is None else str(chosen.who)


def _verify(chosen: argparse.Namespace) -> int:
    from cloud.commands.check import verify

    return verify(chosen.data, chosen.dsn, chosen.keys, chosen.checkpoint, as_json=chosen.json)


def _report(chosen: argparse.Namespace) -> int:
    from cloud.commands.check import report

    return report(chosen.data, chosen.dsn, as_json=chosen.json)


def _loads(chosen: argparse.Namespace) -> int:
    from cloud.commands.loads import loads

    return loads(chosen.data, chosen.dsn, max(0, chosen.last), open_only=chosen.open, as_json=chosen.json)


def _cashier(chosen: argparse.Namespace) -> int:
    from cloud.desk.cashiers import admit
    from cloud.process.settings import FOLDER, load_settings

    kept = admit(load_settings(chosen.data).data / FOLDER, chosen.name)
    sys.stdout.write(f"{Text('令牌文件：', 'token file:')} {kept}\n")
    return 0


def _sign_in(chosen: argparse.Namespace) -> int:
    from cloud.console.app import sign_in_link
    from cloud.process.settings import load_settings

    link = sign_in_link(load_settings(chosen.data), chosen.address)
    said = Text("登录链接（24 小时内用一次）：", "sign-in link, to be used once within 24 hours:")
    sys.stdout.write(f"{said} {link}\n")
    return 0


def _server(module: str, words: list[str]) -> int:
    code: int = importlib.import_module(module).main(words)
    return code


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    sys.exit(main())
