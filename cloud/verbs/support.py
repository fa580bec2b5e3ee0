"""Verbs for whoever looks after a server: what is wrong with it, what to show somebody who helps, and who its people
are."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import Made, add_json, add_who, named, need
from shared.input.command_line import Parser
from shared.support.bundle_options import add_bundle
from shared.words.voice import Text

DEEDS = ("enrol", "import", "link", "letters", "disputes", "answer", "stall", "receipt")
WAYS = ("none", "held", "void", "refund", "meals", "desk", "provider")
"""As cloud/payments/disputes has them; that is loaded when one is answered."""


def support_verbs() -> dict[str, Made]:
    """Doctor, diagnostics, people."""
    listed = Text("人员：名册、登录链接、档口经营户、异议", "people: the list, links, stall keepers, disputes")
    text = Text("这台服务器哪里不对、下一步做什么", "what is wrong with this server, and the next step")
    bundle = Text(
        "诊断包：先预览，再写出；不含密钥与卡号", "a diagnostics bundle, first shown; no keys, no card numbers"
    )
    return {
        "doctor": (text, _doctor, (_places, add_json)),
        "diagnostics": (bundle, _diagnostics, (_places, add_bundle)),
        "people": (listed, _people, (_of_people,)),
    }


def _places(parser: Parser) -> None:
    noted = Text("消息代理；缺省依值守所记", "the broker; as the watch has noted it if not given")
    parser.add_argument("--broker", metavar="HOST:PORT", help=noted)
    keys = Text("密钥进程的套接字；缺省依值守所记", "socket of the key process; as the watch has noted it if not given")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=keys)
    parser.add_argument("--tls", action="store_true", help=Text("与消息代理用双向 TLS", "mutual TLS with the broker"))


def _of_people(parser: Parser) -> None:
    deed = Text(
        "enrol 名册一次入两处（应急餐在册、钱包）；import 只导入钱包名册；link 一次性链接；letters 激活信；"
        "disputes 未答复的异议；answer 答复；stall 档口经营户；receipt 验凭证",
        "enrol: the list into both, meals and wallet; import: the wallet's alone; link: a one-time link; letters: "
        "a class's activation letters; disputes: open ones; answer: to one; stall: who keeps which; receipt: is one as "
        "the books say",
    )
    parser.add_argument("deed", choices=DEEDS, help=deed)
    columns = "number,name,born,class,card,guardians[,teacher]"
    file = Text(f"名册 CSV：{columns}；或凭证", f"CSV: {columns}; or a receipt")
    parser.add_argument("--file", type=Path, metavar="FILE", help=file)
    write = Text("enrol：写入；缺省只列差异", "enrol: write it; without it, tell what would change")
    parser.add_argument("--apply", action="store_true", help=write)
    leave = Text("enrol：允许两成以上离校", "enrol: more than a fifth may leave")
    parser.add_argument("--leavers", action="store_true", help=leave)
    add_who(parser)
    parser.add_argument("--number", metavar="NUMBER", help=Text("学号或工号", "student or staff number"))
    phone = Text("监护人或经营户的手机", "phone of a guardian or a stall keeper")
    parser.add_argument("--phone", metavar="PHONE", help=phone)
    address = Text("钱包地址，缺省依 wallet.toml", "address of the wallet (that of wallet.toml)")
    parser.add_argument("--address", metavar="URL", help=address)
    group = Text("letters：班级；单发一封用 --number", "letters: the class; --number for one letter")
    parser.add_argument("--class", dest="group", metavar="CLASS", help=group)
    out = Text("letters：写到此文件；.html 供打印，其余为 CSV", "letters: the file; .html to print, else CSV")
    parser.add_argument("--out", type=Path, metavar="FILE", help=out)
    _of_school(parser)


def _of_school(parser: Parser) -> None:
    parser.add_argument("--dispute", type=int, metavar="N", help=Text("异议号", "number of the dispute"))
    parser.add_argument("--word", metavar="TEXT", help=Text("答复", "the answer"))
    way = Text("钱怎么退，缺省 none 不涉及", "how money goes back (none)")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0], help=way)
    parser.add_argument("--merchant", metavar="NAME", help=Text("商户", "the merchant"))
    parser.add_argument("--name", metavar="NAME", help=Text("经营户姓名", "name of a stall keeper"))
    parser.add_argument("--end", action="store_true", help=Text("解除", "take it back"))


def _people(chosen: argparse.Namespace) -> int:
    if chosen.deed == "enrol":
        return _enrol(chosen)
    from cloud.wallet.back import by_command, by_school
    from cloud.wallet.back.who.letters import write_letters

    deeds = {
        "import": by_command.take, "link": by_command.link, "letters": write_letters,
        "disputes": by_school.disputes, "answer": by_school.answered, "stall": by_school.stall,
        "receipt": by_school.receipt,
    }  # fmt: skip
    return deeds[chosen.deed](chosen)


def _enrol(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.people import enrol

    need(chosen, "file")
    return enrol(chosen.data, chosen.dsn, chosen.file, named(chosen), apply=chosen.apply, leavers=chosen.leavers)


def _doctor(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch.support.command import doctor

    return doctor(chosen)


def _diagnostics(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch.support.command import diagnostics

    return diagnostics(chosen)
