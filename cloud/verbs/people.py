"""The verb about people: the roster, and a one-time link for the wallet."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import Made
from shared.input.command_line import Parser
from shared.words.voice import Text

ADDRESS = "https://127.0.0.1:8453/"


def people_verbs() -> dict[str, Made]:
    """people import · people link."""
    text = Text("人员：导入名册，给持卡人或家长一次性登录链接", "people: take the roster, make a one-time wallet link")
    return {"people": (text, _people, (_options,))}


def _options(parser: Parser) -> None:
    deed = Text("import 导入名册；link 一次性链接", "import: take the roster; link: a one-time link")
    parser.add_argument("deed", choices=("import", "link"), help=deed)
    file = Text("名册 CSV：number,name,born,class,card,guardians", "CSV: number,name,born,class,card,guardians")
    parser.add_argument("--file", type=Path, metavar="FILE", help=file)
    parser.add_argument("--number", metavar="NUMBER", help=Text("学号或工号", "student or staff number"))
    parser.add_argument("--phone", metavar="PHONE", help=Text("名册上的监护人手机", "a guardian's phone of the roster"))
    address = Text(f"钱包地址，缺省 {ADDRESS}", f"address of the wallet ({ADDRESS})")
    parser.add_argument("--address", default=ADDRESS, metavar="URL", help=address)


def _people(chosen: argparse.Namespace) -> int:
    from cloud.commands import people

    return people.take(chosen) if chosen.deed == "import" else people.link(chosen)
