"""`cloud box`: codes by which boxes come in, the words that persons compare, revoking, and how the list stands."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, add_who, named, need
from shared.input.command_line import Parser
from shared.words.voice import Text

STEPS = (LIST, "add", "approve", "reject", "cancel", "revoke", "status")
HOURS = 24


def box_verbs() -> dict[str, Made]:
    """The one verb."""
    told = Text("数据网关：入网码、核对、吊销", "edge boxes: enrolment codes, comparing words, revoking")
    return {"box": (told, _box, (_options, add_who, add_json))}


def _options(parser: Parser) -> None:
    told = Text(
        "列出、出码（新网关、替换网关）、四词相同、四词不同、作废码、吊销、吊销列表的状况",
        "list; a code (new box, or in the place of one); the words are the same; are not; no code; revoke; the list",
    )
    add_steps(parser, STEPS, told)
    parser.add_argument("box", nargs="?", metavar="BOX", help=Text("网关编号", "box id"))
    hours = Text(f"码的有效小时数（{HOURS}）", f"hours that the code lives ({HOURS})")
    parser.add_argument("--hours", type=int, default=HOURS, metavar="N", help=hours)
    compare = Text("扫码入网的也须核对四个词", "compare words even where the QR was read")
    parser.add_argument("--compare", action="store_true", help=compare)
    parser.add_argument("--qr", type=Path, metavar="FILE.svg", help=Text("二维码另存为图", "the QR as a picture"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（吊销）", "why (revoke)"))
    words = Text("网关显示的四个词（approve）", "the four words that the box shows (approve)")
    parser.add_argument("--words", metavar="WORDS", help=words)
    signer = Text("签发进程的接口；缺省找运行中的", "the signer's socket (the running one's)")
    parser.add_argument("--signer", type=Path, metavar="SOCKET", help=signer)


def _box(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import boxes

    at = boxes.At(chosen.data, chosen.signer, chosen.json)
    if chosen.step == LIST:
        return boxes.listing(at)
    if chosen.step == "status":
        return boxes.status(at)
    need(chosen, "BOX", *_needed(chosen.step))
    who = named(chosen)
    match chosen.step:
        case "add":
            return boxes.add(at, chosen.box, boxes.Wish(chosen.hours, chosen.compare, chosen.qr), who)
        case "cancel":
            return boxes.cancel(at, chosen.box, who)
        case "revoke":
            return boxes.revoke(at, chosen.box, chosen.reason, who)
    return boxes.compared(at, chosen.box, who, (chosen.words or "").lower(), same=chosen.step == "approve")


def _needed(step: str) -> tuple[str, ...]:
    return {"revoke": ("reason",), "approve": ("words",)}.get(step, ())
