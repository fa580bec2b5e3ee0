"""Verbs that bring something into the books. Each imports only what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LABEL_HELP, Made, add_json, add_keys, add_sum, add_who, named
from shared.input.command_line import Parser
from shared.input.health_port import add_health
from shared.input.login import LOGIN_HELP
from shared.words.voice import Text


def money_verbs() -> dict[str, Made]:
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
            (_grant_options, add_json),
        ),
        "code": (
            Text("演示：出一个付款码", "demonstrations: a payment code of a card"),
            _code,
            (_code_options, add_json),
        ),
        "import": (
            Text("导入签名清单，期初余额入账", "take the signed inventory, post opening balances"),
            _import,
            (add_keys,),
        ),
    }


def _ingest_options(parser: Parser) -> None:
    parser.add_argument("--keys", type=Path, required=True, metavar="SOCKET", help=Text("密钥进程", "the key process"))
    parser.add_argument("--broker", required=True, metavar="HOST:PORT", help=Text("MQTT 消息代理", "MQTT broker"))
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


    add_health(parser)


def _deposit_options(parser: Parser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", metavar="LABEL", help=str(LABEL_HELP))
    which.add_argument("--all", action="store_true", help=str(Text("所有卡", "every card")))
    form = '{"card": LABEL, "fen": N, "key": TEXT}'
    which.add_argument("--file", type=Path, help=str(Text(f"每行一笔：{form}", f"a line each: {form}")))
    add_sum(parser)
    parser.add_argument(
        "--key", metavar="TEXT", help=Text("幂等键：同键只入账一次", "a name for it: the same key is posted once")
    )
    add_who(parser)


def _code_options(parser: Parser) -> None:
    parser.add_argument("--card", metavar="LABEL", required=True, help=str(LABEL_HELP))


def _grant_options(parser: Parser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", metavar="LABEL", help=str(LABEL_HELP))
    columns = Text(
        "CSV 文件，首行：卡号,金额(元),缘由[,幂等键]；UTF-8 或 GB18030",
        "a CSV file, first line: card,amount,reason[,key]; UTF-8 or GB18030",
    )
    which.add_argument("--file", type=Path, metavar="CSV", help=str(columns))
    add_sum(parser)
    parser.add_argument(
        "--reason", metavar="TEXT", help=Text("缘由；各行可自带", "why; lines of a file may have their own")
    )
    add_who(parser)
    payer = Text("出资方：fund 补助基金（缺省），bank 银行专户", "who pays: the subsidy fund (as without), or the bank")
    parser.add_argument("--from", dest="payer", choices=("fund", "bank"), default="fund", help=payer)
    parser.add_argument(
        "--key",
        metavar="TEXT",
        help=Text("幂等键，同键只发放一次；文件则为批次号", "the same key is granted once; of a file: its batch"),
    )


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
    return run_ingest(
        Options(settings, chosen.keys, host, port, chosen.tls, books, clock, to_end, login, chosen.health)
    )


def _import(chosen: argparse.Namespace) -> int:
    from cloud.commands.imports import import_campus

    return import_campus(chosen.data, chosen.dsn, chosen.keys)


def _deposit(chosen: argparse.Namespace) -> int:
    from cloud.commands.imports import Wish, deposit

    wish = Wish(chosen.card, chosen.all, chosen.file, chosen.fen, chosen.key, named(chosen))
    return deposit(chosen.data, chosen.dsn, wish)


def _code(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.codes import show_code

    return show_code(chosen.data, chosen.dsn, chosen.card, as_json=chosen.json)


def _grant(chosen: argparse.Namespace) -> int:
    from cloud.commands.grants import Wish, grant

    wish = Wish(chosen.card, chosen.fen, chosen.reason, chosen.file, chosen.payer, chosen.key, named(chosen))
    return grant(chosen.data, chosen.dsn, wish, as_json=chosen.json)
