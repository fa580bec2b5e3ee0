"""Verbs by which a person reports, finds out, or decides with a second one. Each imports only what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import (
    DECIDES,
    LABEL_HELP,
    LIST,
    Made,
    add_decision,
    add_json,
    add_steps,
    add_who,
    campus_day,
    named,
    need,
    psam,
)
from shared.input.command_line import Parser
from shared.words.voice import Text


def deciding_verbs() -> dict[str, Made]:
    """What a person reports, finds out, or decides with a second one."""
    return {
        "psam-stolen": (
            Text("PSAM 被盗挂失、找回；可反复执行", "a PSAM was stolen, or found again; may be repeated"),
            _psam_stolen,
            (_theft_options, add_json),
        ),
        "held": (
            Text(
                "待核：列出；一人提议、另一人确认放行或退还",
                "held entries: list; one person proposes, another confirms",
            ),
            _held,
            (_held_options, add_json),
        ),
        "device": (
            Text(
                "终端移到别的网关、放行存储代：双人", "a terminal moves to another box, or an epoch counts: two persons"
            ),
            _device,
            (_device_options, add_json),
        ),
        "swap": (
            Text(
                "换机：备用机顶替坏机；一人提议、另一人确认",
                "spares in broken bodies' places: one proposes, another confirms",
            ),
            _swap,
            (_swap_options, add_json),
        ),
        "differences": (
            Text("卡与账本的差异：列出；查明后说明", "differences of card and ledger: list, and explain"),
            _differences,
            (_differences_options, add_json),
        ),
        "findings": (
            Text("发现：复制、重放、计数器、透支；确认或解除", "findings of cards: clones, replays …; confirm or undo"),
            _findings,
            (_findings_options, add_json),
        ),
        "reconcile": (
            Text("卡账核对：哪些卡不平；或一张卡", "cards that do not close; or one card, as it stands"),
            _reconcile,
            (_reconcile_options, add_json),
        ),
        "lost": (
            Text("挂失卡：余款等谁；两人销账", "lost cards: for whom their balances wait; write-off by two"),
            _lost,
            (_lost_options, add_json),
        ),
        "day": (
            Text(
                "校园日结：各日状态；日结，或两人注明缺口日结",
                "business days of the campus: how they stand; close one, with gaps by two persons",
            ),
            _day,
            (_day_options, add_json),
        ),
        "morning": (
            Text(
                "晨间核对：卡、过渡、电子账户、未领之和对银行专户；填入银行数",
                "the morning check: cards, pending, online and unclaimed against the bank; type its figure in",
            ),
            _morning,
            (_morning_options, add_who, add_json),
        ),
        "put-back": (
            Text(
                "放回了旧账本：再来的、不会再来的；两人办结",
                "an older ledger was put back: what came again, what is gone",
            ),
            _put_back,
            (_put_back_options, add_json),
        ),
    }


def _theft_options(parser: Parser) -> None:
    parser.add_argument(
        "--psam",
        type=psam,
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
        type=psam,
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
    reversals = Text("此记录号的待核冲正，可重复", "the held reversal of this record; may be repeated")
    parser.add_argument("--reversal", type=int, action="append", default=[], metavar="N", help=reversals)
    side = Text(
        "merchant 放行给商户，holder 退到持卡人的过渡余额",
        "merchant: released to the merchant; holder: returned to the pending load",
    )
    parser.add_argument("--to", choices=("merchant", "holder"), help=side)
    add_decision(parser)


def _device_options(parser: Parser) -> None:
    steps = ("list", "move", "epoch", "confirm", "reject")
    told = Text(
        "列出、移到别的网关、放行存储代；另一人确认或否决", "list; move, epoch: one person; confirm, reject: another"
    )
    add_steps(parser, steps, told)
    parser.add_argument("name", nargs="?", metavar="NAME", help=Text("终端名或终端号", "the terminal (move, epoch)"))
    parser.add_argument("--to", metavar="BOX", help=Text("移到此网关", "the box that it moves to"))
    parser.add_argument("--epoch", type=int, metavar="N", help=Text("放行到此存储代", "the epoch that is to count"))
    add_decision(parser, Text("缘由（确认不需要）", "why (confirm needs none)"))


def _swap_options(parser: Parser) -> None:
    steps = ("list", "propose", "confirm", "reject")
    told = Text(
        "列出（缺省）、提议、另一人确认、否决", "list (as without); propose: one person; confirm, reject: another"
    )
    add_steps(parser, steps, told)
    parser.add_argument("--number", type=int, metavar="N", help=Text("换机号（提议）", "number of the swap (propose)"))
    add_decision(parser)


def _differences_options(parser: Parser) -> None:
    steps = ("list", "explain")
    told = Text("列出（缺省）、说明", "list (as without), explain")
    add_steps(parser, steps, told)
    parser.add_argument("--number", type=int, metavar="N", help=Text("差异号", "number of the difference"))
    parser.add_argument("--who", metavar="NAME", help=Text("谁查明的", "who found out"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("查明的缘由", "what it was"))


def _findings_options(parser: Parser) -> None:
    steps = ("list", "show", "confirm", "undo")
    told = Text("列出（缺省）、查看、确认、解除", "list (as without), show, confirm, undo")
    add_steps(parser, steps, told)
    parser.add_argument("--number", type=int, metavar="N", help=Text("发现号", "number of the finding"))
    parser.add_argument("--who", metavar="NAME", help=Text("谁查明的", "who found out"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("查明的缘由", "what it was"))


def _reconcile_options(parser: Parser) -> None:
    parser.add_argument("label", nargs="?", metavar="CARD", help=LABEL_HELP)


def _day_options(parser: Parser) -> None:
    steps = ("list", "close", "propose", "confirm", "reject")
    told = Text(
        "列出（缺省）、日结；有缺口时一人提议，另一人确认或否决",
        "list (as without), close; with gaps one person proposes, another confirms or rejects",
    )
    add_steps(parser, steps, told)
    parser.add_argument(
        "--day", type=campus_day, metavar="DATE", help=Text("营业日，如 2026-11-27", "the business day, as 2026-11-27")
    )
    add_decision(parser)


def _morning_options(parser: Parser) -> None:
    told = Text("查看（缺省）、填银行数", "show (as without); bank: type in, or read, what the bank's statement says")
    add_steps(parser, (LIST, "bank"), told)
    figure = Text("银行专户余额，元", "the bank's balance in yuan")
    parser.add_argument("--yuan", metavar="SUM", help=figure)
    file = Text("银行文件（CSV：日期,余额），取 --day 那天", "the bank's file (CSV: date,balance), of --day")
    parser.add_argument("--file", type=Path, metavar="CSV", help=file)
    day = Text("文件中的日期，缺省昨天", "the date in the file (yesterday)")
    parser.add_argument("--day", type=campus_day, metavar="DATE", help=day)
    item = Text(
        "在途项，可重复：银行已有而账上没有为正，反之为负",
        "an item on its way, may be repeated: above zero what the bank has and the books do not yet, else below",
    )
    parser.add_argument("--item", action="append", default=[], metavar="NAME=SUM", help=item)


def _lost_options(parser: Parser) -> None:
    steps = ("list", "explain", "write-off", "reject")
    told = Text(
        "列出（缺省）、说明、销账（一人提议，另一人以 --proposal 确认）、否决",
        "list (as without), explain, write-off: one person, then another with --proposal; reject",
    )
    add_steps(parser, steps, told)
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
    add_decision(parser)


def _put_back_options(parser: Parser) -> None:
    steps = ("list", "propose", "confirm", "reject")
    told = Text(
        "列出（缺省）、提议办结、另一人确认、否决", "list (as without); propose: one person; confirm, reject: another"
    )
    add_steps(parser, steps, told)
    add_decision(parser, Text("如何查明、补记", "how it was seen to (propose, reject)"))


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


def _held(chosen: argparse.Namespace) -> int:
    from cloud.commands import held
    from cloud.ledger.held.releases import Side

    where = (chosen.data, chosen.dsn)
    proposed = ("who", "reason") if chosen.void or chosen.reversal else ("to", "who", "reason")
    needed = {LIST: (), "propose": proposed, **DECIDES}
    need(chosen, *needed[chosen.step])
    choice = held.Choice(chosen.psam, tuple(chosen.card), tuple(chosen.entry))
    match chosen.step:
        case "list":
            return held.listing(*where, choice, as_json=chosen.json)
        case "propose" if chosen.reversal:
            wanted = tuple(chosen.reversal)
            return held.propose_reversals(*where, wanted, chosen.who, chosen.reason, as_json=chosen.json)
        case "propose" if chosen.void:
            return held.propose_voids(*where, tuple(chosen.void), chosen.who, chosen.reason, as_json=chosen.json)
        case "propose":
            return held.propose(*where, choice, Side(chosen.to), chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return held.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return held.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)


def _device(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import devices

    where = (chosen.data, chosen.dsn)
    ordered = ("who", "reason")
    needed = {LIST: (), "move": ("NAME", "to", *ordered), "epoch": ("NAME", "epoch", *ordered), **DECIDES}
    need(chosen, *needed[chosen.step])
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


def _swap(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import swaps

    where = (chosen.data, chosen.dsn)
    needed = {LIST: (), "propose": ("number", "who", "reason"), **DECIDES}
    need(chosen, *needed[chosen.step])
    match chosen.step:
        case "list":
            return swaps.listing(*where, as_json=chosen.json)
        case "propose":
            return swaps.propose(*where, chosen.number, chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return swaps.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return swaps.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)


def _differences(chosen: argparse.Namespace) -> int:
    from cloud.commands import differences

    if chosen.step == "list":
        return differences.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    need(chosen, "number", "who", "reason")
    said = (chosen.number, chosen.who, chosen.reason)
    return differences.explain(chosen.data, chosen.dsn, *said, as_json=chosen.json)


def _findings(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import findings

    where = (chosen.data, chosen.dsn)
    if chosen.step == LIST:
        return findings.listing(*where, as_json=chosen.json)
    need(chosen, *(("number",) if chosen.step == "show" else ("number", "who", "reason")))
    if chosen.step == "show":
        return findings.show(*where, chosen.number, as_json=chosen.json)
    does = findings.confirm if chosen.step == "confirm" else findings.undo
    return does(*where, chosen.number, chosen.who, chosen.reason, as_json=chosen.json)


def _reconcile(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import findings

    return findings.reconcile(chosen.data, chosen.dsn, chosen.label, as_json=chosen.json)


def _day(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import days

    where = (chosen.data, chosen.dsn)
    if chosen.step == LIST:
        return days.listing(*where, chosen.day, as_json=chosen.json)
    if chosen.step in DECIDES:
        need(chosen, *DECIDES[chosen.step])
        if chosen.step == "confirm":
            return days.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
        return days.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)
    if chosen.step == "close":
        need(chosen, "day", "who")
        return days.close(*where, chosen.day, chosen.who, as_json=chosen.json)
    need(chosen, "day", "who", "reason")
    return days.propose(*where, chosen.day, chosen.who, chosen.reason, as_json=chosen.json)


def _morning(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance import morning

    where = morning.Where(chosen.data, chosen.dsn, chosen.json)
    if chosen.step == LIST:
        return morning.show(where)
    told = morning.Told(chosen.yuan, chosen.file, chosen.day, tuple(chosen.item), named(chosen))
    return morning.bank(where, told)


def _lost(chosen: argparse.Namespace) -> int:
    from cloud.commands import lost

    where = (chosen.data, chosen.dsn)
    confirms = chosen.step == "write-off" and chosen.proposal is not None
    needed = {"list": (), "explain": ("card",), "reject": ("proposal", "who", "reason")}
    need(chosen, *needed.get(chosen.step, ("who",) if confirms else ("card", "who")))
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


def _put_back(chosen: argparse.Namespace) -> int:
    from cloud.commands.chains import put_back

    where = (chosen.data, chosen.dsn)
    needed = {LIST: (), "propose": ("who", "reason"), **DECIDES}
    need(chosen, *needed[chosen.step])
    match chosen.step:
        case "list":
            return put_back.listing(*where, as_json=chosen.json)
        case "propose":
            return put_back.propose(*where, chosen.who, chosen.reason, as_json=chosen.json)
        case "confirm":
            return put_back.confirm(*where, chosen.proposal, chosen.who, as_json=chosen.json)
    return put_back.reject(*where, chosen.proposal, chosen.who, chosen.reason, as_json=chosen.json)
