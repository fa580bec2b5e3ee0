"""What `./ykt cloud open` may be asked for: to serve, or one command about applications, webhooks and documents."""

import argparse
from collections.abc import Callable
from pathlib import Path

from cloud.open.commands import by_command, orders
from cloud.open.store.apps import PER_DAY, PER_MINUTE, SCOPES
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.words.voice import Text

PROG = "./ykt cloud open"
ABOUT = Text("开放平台：第三方程序的接口", "the open platform: the interface for programs of third parties")
Act = Callable[[argparse.Namespace], int]


def parser() -> Parser:
    """run: what acts; None: serve."""
    made = Parser(prog=PROG, description=ABOUT)
    made.set_defaults(run=None)
    _serving(made)
    verbs = made.add_subparsers(metavar="VERB")
    _apps(verbs.add_parser("app", help=Text("应用及其密钥", "applications and their keys")))
    _webhooks(verbs.add_parser("webhook", help=Text("回调", "webhooks")))
    _hosts(verbs.add_parser("host", help=Text("允许的内网回调主机", "private hosts that webhooks may lead to")))
    _orders(verbs.add_parser("order", help=Text("应用的付款", "what was paid to applications")))
    told = Text("写出接口文件", "write the documents of the interfaces")
    document = verbs.add_parser("document", help=told, description=told)
    document.add_argument("--out", type=Path, required=True, metavar="DIR", help=Text("写到哪里", "where to"))
    document.set_defaults(run=by_command.write_documents)
    return made


def _serving(made: Parser) -> None:
    add_data(made)
    ledger = Text("账本，只用于命令；缺省依数据目录", "the ledger, for commands (the data folder's)")
    made.add_argument("--dsn", metavar="DSN", help=ledger)
    behind = Text("账户服务地址", "address of the accounts service")
    made.add_argument("--accounts", metavar="https://HOST:PORT", help=behind)
    made.add_argument("--port", type=listening_port, help=Text("监听端口", "port to listen at"))
    made.add_argument(
        "--host", default="127.0.0.1", help=Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    )
    own = Text("证书，PEM；缺省 DATA/open/open.pem", "a certificate, PEM (DATA/open/open.pem)")
    made.add_argument("--certificate", type=Path, metavar="FILE", help=own)
    made.add_argument("--key", type=Path, metavar="FILE", help=Text("其私钥，PEM", "its key, PEM"))
    made.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    add_health(made)


def _apps(app: Parser) -> None:
    steps = app.add_subparsers(required=True, metavar="STEP")
    add = _leaf(
        steps.add_parser, "add", by_command.add, Text("新应用；密钥只显示一次", "a new one; its key is shown once")
    )
    add.add_argument("--name", required=True, metavar="NAME", help=Text("名称，持有人会看到", "as holders see it"))
    add.add_argument(
        "--merchant", metavar="NAME", help=Text("所属商户；沙箱不需要", "its merchant; none in the sandbox")
    )
    scopes = Text(f"权限：{','.join(SCOPES)}", f"of {','.join(SCOPES)}")
    add.add_argument("--scopes", required=True, metavar="A,B", help=scopes)
    quota = Text(f"每分钟/每日次数，缺省 {PER_MINUTE}/{PER_DAY}", f"calls a minute/a day ({PER_MINUTE}/{PER_DAY})")
    add.add_argument("--quota", default=f"{PER_MINUTE}/{PER_DAY}", metavar="N/M", help=quota)
    add.add_argument("--until", metavar="DATE", help=Text("末日；缺省无", "its last day, as 2027-07-31; none without"))
    sandbox = Text("沙箱：演示商户，没有真钱", "of the sandbox: no real money")
    add.add_argument("--sandbox", action="store_true", help=sandbox)
    _dsn(add)
    _who(add)
    _leaf(steps.add_parser, "list", by_command.listing, Text("所有应用", "all of them"))
    revoke = _leaf(steps.add_parser, "revoke", orders.end, Text("作废，立即生效", "no call of it counts any more"))
    _app(revoke)
    _dsn(revoke)
    turn = _leaf(steps.add_parser, "rotate", by_command.turn_key, Text("换密钥", "a new key beside the old one"))
    _app(turn)
    overlap = Text("旧密钥再有效几小时，缺省 24", "hours that the old one still counts (24)")
    turn.add_argument("--overlap", type=int, default=24, metavar="HOURS", help=overlap)
    told = Text("沙箱演示应用的新密钥，写入文件", "a new key of the sandbox's demonstration, into a file")
    new = _leaf(steps.add_parser, "sandbox-key", by_command.sandbox_key, told)
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help=Text("写到哪里", "where to"))


def _orders(order: Parser) -> None:
    steps = order.add_subparsers(required=True, metavar="STEP")
    seen = _leaf(steps.add_parser, "list", orders.listing, Text("最近的付款", "the newest payments"))
    back = _leaf(
        steps.add_parser, "refund", orders.refund,
        Text("替已作废的应用退款", "give back in the name of one that ended"),
    )  # fmt: skip
    for made in (seen, back):
        _app(made)
        _dsn(made)
    number = Text("付款号，见 list", "number of the payment, as list has it")
    back.add_argument("--payment", type=int, required=True, metavar="N", help=number)
    back.add_argument("--fen", type=int, required=True, metavar="FEN", help=Text("金额，分", "the sum in fen"))
    reason = Text("缘由，持有人会看到", "why; its holder sees it")
    back.add_argument("--reason", required=True, metavar="TEXT", help=reason)
    _who(back)


def _webhooks(webhook: Parser) -> None:
    steps = webhook.add_subparsers(required=True, metavar="STEP")
    put = _leaf(steps.add_parser, "set", by_command.set_url, Text("设回调地址", "tell its events there"))
    _app(put)
    put.add_argument("--url", required=True, metavar="URL", help=Text("https 地址", "an address of https"))
    _app(_leaf(steps.add_parser, "remove", by_command.remove_url, Text("不再回调", "tell them nowhere")))
    dead = _leaf(steps.add_parser, "dead", by_command.dead, Text("放弃的回调", "what was given up"))
    dead.add_argument("--app", default="", metavar="ID", help=Text("应用号；缺省全部", "of one application (all)"))
    again = _leaf(steps.add_parser, "replay", by_command.replay, Text("重发放弃的", "tell once more what was given up"))
    _app(again)
    which = again.add_mutually_exclusive_group()
    which.add_argument("--event", type=int, metavar="N", help=str(Text("事件序号；缺省全部", "an event (all)")))
    since = Text("此后放弃的和已送达的全部重发", "all of then and later, heard or given up, as 2026-11-26T11:30")
    which.add_argument("--since", metavar="TIME", help=str(since))


def _hosts(host: Parser) -> None:
    steps = host.add_subparsers(required=True, metavar="STEP")
    name = Text("主机名或地址", "name or address")
    allow = _leaf(steps.add_parser, "allow", by_command.allow, Text("允许", "allow"))
    allow.add_argument("--name", required=True, metavar="HOST", help=name)
    _who(allow)
    forbid = _leaf(steps.add_parser, "forbid", by_command.forbid, Text("不再允许", "allow no longer"))
    forbid.add_argument("--name", required=True, metavar="HOST", help=name)
    _leaf(steps.add_parser, "list", by_command.allowed, Text("已允许的", "those that are allowed"))


def _leaf(add: Callable[..., Parser], name: str, run: Act, told: Text) -> Parser:
    made = add(name, help=told, description=told)
    made.set_defaults(run=run)
    add_data(made, again=True)
    return made


def _dsn(made: Parser) -> None:
    made.add_argument("--dsn", default=argparse.SUPPRESS, metavar="DSN", help=Text("账本", "the ledger"))


def _app(made: Parser) -> None:
    made.add_argument("--app", required=True, metavar="ID", help=Text("应用号", "number of the application"))


def _who(made: Parser) -> None:
    told = Text("经手人，缺省为系统登录名", "who does it (the login name)")
    made.add_argument("--who", metavar="NAME", help=told)
