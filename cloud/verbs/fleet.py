"""Verbs about the fleet: what terminals should have, and which cards they are to refuse. Each imports what it needs."""

import argparse

from cloud.verbs.arguments import LABEL_HELP, LIST, Made, add_json, add_steps, add_who, named, need
from shared.input.command_line import Parser
from shared.words.voice import Text

CARD_STEPS = (LIST, "report-lost", "cancel-report", "hotlist", "unlist", "policy")
FINDINGS = ("negative", "chain", "none")


def fleet_verbs() -> dict[str, Made]:
    """What goes down to every terminal."""
    return {
        "documents": (
            Text("下发文件：每台终端应有与实有", "documents: what each terminal should have, and what it uses"),
            _documents,
            (_documents_options, add_json),
        ),
        "card": (
            Text("卡：挂失、解挂、黑名单，各终端即拒收", "cards: lost, found, hotlist; terminals refuse at once"),
            _card,
            (_card_options, add_who, add_json),
        ),
    }


def _documents_options(parser: Parser) -> None:
    parser.add_argument("--device", metavar="NAME", help=Text("只看此终端", "this terminal alone"))


def _card_options(parser: Parser) -> None:
    told = Text(
        "列出、挂失、解挂、列入、移出黑名单、自动列入的条件",
        "list; report and cancel a loss; put on the hotlist, take off; which findings list a card",
    )
    add_steps(parser, CARD_STEPS, told)
    parser.add_argument("label", nargs="?", metavar="LABEL", help=LABEL_HELP)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))
    wait = Text(
        "等各在线终端生效几秒，逾时退出码 1",
        "wait so many seconds for every terminal that is online; if late, the exit code is 1",
    )
    parser.add_argument("--wait", type=float, default=0.0, metavar="S", help=wait)
    finding = Text(
        "policy：何种账目发现即列入，可重复；none 为都不",
        "policy: findings by which a card is listed, may be repeated; none: by no finding",
    )
    parser.add_argument("--finding", choices=FINDINGS, action="append", help=finding)


def _documents(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet.documents import documents

    return documents(chosen.data, chosen.dsn, chosen.device, as_json=chosen.json)


def _card(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import cards

    if chosen.step == LIST:
        return cards.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    if chosen.step == "policy":
        return cards.policy(chosen.data, chosen.dsn, chosen.finding, named(chosen), as_json=chosen.json)
    need(chosen, "LABEL", *(("reason",) if chosen.step in ("hotlist", "unlist") else ()))
    deed = cards.Deed(chosen.step, chosen.label, named(chosen), chosen.reason or "", chosen.wait)
    return cards.act(chosen.data, chosen.dsn, deed, as_json=chosen.json)
