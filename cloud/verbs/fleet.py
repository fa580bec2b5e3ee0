"""Verbs about the fleet: what terminals should have, which cards they refuse, what they do. Each imports its own."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.verbs.arguments import LABEL_HELP, LIST, Made, add_json, add_steps, add_who, named, need, span_s
from shared.errors import ConfigFault, WireFault
from shared.input.amount import typed_yuan
from shared.input.command_line import Parser
from shared.words.voice import Text

if TYPE_CHECKING:
    from cloud.commands.fleet.jobs import Place, Targets
    from shared.fleet.order import Deed

SHOW = "show"
CARD_STEPS = (LIST, SHOW, "report-lost", "cancel-report", "hotlist", "unlist", "policy", "floor", "auto-load")
FINDINGS = ("negative", "chain", "none")
JOB_STEPS = (LIST, "run", "show", "cancel", "retry", "log")
ORDERED = ("lock", "unlock", "reboot", "locate", "silence", "reread", "send-log", "close-shift")
EXPIRES_S = 600
"""An order that no terminal has begun by then is begun by none."""
LOCATE_S, SILENCE_S = 30, 60
_KEYS = Text("密钥进程的指令接口；缺省找运行中的", "the key process's socket for orders (the running one's)")


def fleet_verbs() -> dict[str, Made]:
    """What goes down to every terminal."""
    return {
        "documents": (
            Text("下发文件：每台终端应有与实有", "documents: what each terminal should have, and what it uses"),
            _documents,
            (_documents_options, add_who, add_json),
        ),
        "card": (
            Text(
                "卡：一卡始末；挂失、解挂、黑名单，各终端即拒收",
                "cards: a card's whole story; lost, found, hotlist: terminals refuse at once",
            ),
            _card,
            (_card_options, add_who, add_json),
        ),
        "operators": (
            Text("主管卡：哪些可撤销，即刻下发", "operator cards: which may void, sent to every till at once"),
            _operators,
            (_operator_options, add_who, add_json),
        ),
        "job": (
            Text(
                "任务：锁定、解锁、重启、寻机……逐台答复", "jobs: lock, unlock, restart, locate …, each terminal answers"
            ),
            _job,
            (_job_options, _job_targets, _job_bounds, add_who, add_json),
        ),
    }


def _operator_options(parser: Parser) -> None:
    told = Text(
        "列出、下发（依 provision operator 的目录）", "list; push what provision operator keeps in its index"
    )
    add_steps(parser, (LIST, "push"), told)
    index = Text("主管卡目录；缺省 DATA/operators/index.json", "the index (DATA/operators/index.json)")
    parser.add_argument("--index", type=Path, metavar="FILE", help=index)
    _wait_and_keys(parser)


def _wait_and_keys(parser: Parser) -> None:
    wait = Text(
        "等各在线终端生效几秒，逾时退出码 1",
        "wait so many seconds for every terminal that is online; if late, the exit code is 1",
    )
    parser.add_argument("--wait", type=float, default=0.0, metavar="S", help=wait)
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=_KEYS)


def _documents_options(parser: Parser) -> None:
    told = Text("列出；分叉的人工文件换号重发", "list; make documents of persons that are a fork anew")
    add_steps(parser, (LIST, "mend"), told)
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=_KEYS)
    parser.add_argument("--device", metavar="NAME", help=Text("只看此终端", "this terminal alone"))


def _card_options(parser: Parser) -> None:
    told = Text(
        "列出、一卡始末（可只写卡面号）、挂失、解挂、列入、移出黑名单、自动列入的条件、电子账户保底、自动圈存",
        "list; a card's whole story (its label alone will do); report and cancel a loss; put on the hotlist, take "
        "off; which findings list a card; what stays in online accounts; what is loaded by rule",
    )
    parser.add_argument("step", nargs="?", default=LIST, metavar="|".join(CARD_STEPS), help=told)
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
    number = Text(
        "floor、auto-load：卡类号；不写则列出", "floor, auto-load: of which card class; without it they are listed"
    )
    parser.add_argument("--class", type=int, dest="card_class", metavar="N", help=number)
    least = Text("floor：至少留多少，元；0 取消", "floor: what stays, in yuan; 0 lifts it")
    parser.add_argument("--yuan", type=typed_yuan, dest="fen", metavar="SUM", help=least)
    below = Text("auto-load：卡内低于几元才补", "auto-load: when the purse is below so many yuan")
    parser.add_argument("--below", type=typed_yuan, metavar="SUM", help=below)
    target = Text("auto-load：补到几元", "auto-load: up to so many")
    parser.add_argument("--target", type=typed_yuan, metavar="SUM", help=target)
    day = Text("auto-load：每日至多补几元；缺省同 --target", "auto-load: so many on a day at most (as --target)")
    parser.add_argument("--day", type=typed_yuan, metavar="SUM", help=day)
    parser.add_argument("--off", action="store_true", help=Text("auto-load：关闭", "auto-load: switch it off"))


def _documents(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet.documents import documents
    from cloud.commands.fleet.operators import Where, mend

    if chosen.step == "mend":
        return mend(Where(chosen.data, chosen.dsn, keys=chosen.keys), named(chosen))
    return documents(chosen.data, chosen.dsn, chosen.device, as_json=chosen.json)


def _operators(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import operators

    where = operators.Where(chosen.data, chosen.dsn, chosen.index, chosen.keys, chosen.json)
    if chosen.step == LIST:
        return operators.listing(where)
    return operators.push(where, named(chosen), chosen.wait)


def _card(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import cards

    _name_the_card(chosen)
    if chosen.step == LIST:
        return cards.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    if chosen.step == SHOW:
        return _story(chosen)
    if chosen.step == "floor":
        return _floor(chosen)
    if chosen.step == "auto-load":
        return _auto_load(chosen)
    if chosen.step == "policy":
        return cards.policy(chosen.data, chosen.dsn, chosen.finding, named(chosen), as_json=chosen.json)
    need(chosen, "LABEL", *(("reason",) if chosen.step in ("hotlist", "unlist") else ()))
    deed = cards.Deed(chosen.step, chosen.label, named(chosen), chosen.reason or "", chosen.wait)
    return cards.act(chosen.data, chosen.dsn, deed, as_json=chosen.json)


def _name_the_card(chosen: argparse.Namespace) -> None:
    """A label alone asks for that card's story. ConfigFault for a step that there is none of."""
    if chosen.step in CARD_STEPS:
        return
    if chosen.label is not None:
        steps = ", ".join(CARD_STEPS)
        raise ConfigFault(Text(f"没有 {chosen.step[:20]}：{steps}", f"there is no {chosen.step[:20]}: {steps}"))
    chosen.step, chosen.label = SHOW, chosen.step


def _floor(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.floors import listing, set_floor

    if chosen.card_class is None:
        return listing(chosen.data, chosen.dsn, as_json=chosen.json)
    if chosen.fen is None:
        raise ConfigFault(Text("缺少 --yuan", "--yuan is missing"))
    told = chosen.card_class, chosen.fen, named(chosen), chosen.reason or ""
    return set_floor(chosen.data, chosen.dsn, *told, as_json=chosen.json)


def _auto_load(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.split import Told, Where, rules, set_rule
    from cloud.ledger.loads.split.moving import Quota
    from cloud.ledger.loads.split.rules import OFF

    where = Where(chosen.data, chosen.dsn, chosen.json)
    if chosen.label is None and chosen.card_class is None:
        return rules(where)
    if chosen.label is not None and chosen.card_class is not None:
        raise ConfigFault(Text("卡面号与 --class 只写一个", "either a label or --class"))
    if not chosen.off:
        need(chosen, "below", "target")
    day_fen = chosen.target if chosen.day is None else chosen.day
    quota = OFF if chosen.off else Quota(chosen.below, chosen.target, day_fen)
    return set_rule(where, Told(chosen.card_class, chosen.label, quota, named(chosen), chosen.reason or ""))


def _story(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.story import story

    need(chosen, "LABEL")
    return story(chosen.data, chosen.dsn, chosen.label, as_json=chosen.json)


def _job_options(parser: Parser) -> None:
    told = Text("列出、下达、查看、撤回、重试未成的", "list, order, show, cancel, try again what failed")
    add_steps(parser, JOB_STEPS, told)
    what = Text(
        f"run 后：{'、'.join(ORDERED)}；其余：任务号", f"behind run: {', '.join(ORDERED)}; else the job's number"
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", help=what)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由；锁定时终端显示", "why; a lock shows it"))
    seconds = Text("秒数（寻机、静默）", "seconds (locate, silence)")
    parser.add_argument("--seconds", type=int, metavar="N", help=seconds)
    records = Text("存储代:首号..末号（重读流水）", "epoch:first..last (reread)")
    parser.add_argument("--records", metavar="E:A..B", help=records)
    back = Text("倒数第几笔，缺省 0 为统计（取日志）", "how far back, 0: figures (send-log)")
    parser.add_argument("--back", type=int, default=0, metavar="N", help=back)
    whole = Text("整份日志（取日志）", "the whole log (send-log)")
    parser.add_argument("--whole", action="store_true", help=whole)
    out = Text("写入此文件夹（log）；缺省显示", "into this folder (log); else shown")
    parser.add_argument("--out", type=Path, metavar="DIR", help=out)
    follow = Text("跟踪到结束", "follow it to its end")
    parser.add_argument("--follow", action="store_true", help=follow)
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=_KEYS)
    clock = Text("回放用的校园时钟；缺省找运行中的", "the campus clock of a replay (the running one's)")
    parser.add_argument("--clock", default="", metavar="T0:REAL0:SPEED", help=clock)


def _job_targets(parser: Parser) -> None:
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--to", metavar="NAME,…", help=str(Text("这些终端，或 model:pos", "these, or model:pos")))
    whom.add_argument("--box", metavar="BOX", help=str(Text("此网关的全部终端", "all terminals of this box")))
    whom.add_argument("--all", action="store_true", help=str(Text("全部终端", "all terminals")))
    sure = Text("知道锁定会停止哪些终端", "I know which terminals a lock stops")
    parser.add_argument("--yes", action="store_true", help=sure)


def _job_bounds(parser: Parser) -> None:
    expires = Text("过期：30s、10m、2h、3d，0 永不；缺省 10m", "expires after 30s, 10m, 2h, 3d, 0 never (10m)")
    parser.add_argument("--expires", type=span_s, default=EXPIRES_S, metavar="SPAN", help=expires)
    width = Text("同时在途至多几台，缺省不限", "terminals under way at a time (all)")
    parser.add_argument("--width", type=int, default=0, metavar="N", help=width)
    stop = Text("未成（含无答复）达此百分比即停", "stop at so many per cent of failures, silence too")
    parser.add_argument("--stop-at", type=int, default=0, metavar="PERCENT", help=stop)
    least = Text("至少几台未成才停，缺省 1", "and not before so many have failed (1)")
    parser.add_argument("--stop-min", type=int, default=1, metavar="N", help=least)


def _job(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import jobs

    place = jobs.Place(chosen.data, chosen.dsn, chosen.keys, chosen.clock)
    match chosen.step:
        case "run":
            return _job_run(chosen, place)
        case "show":
            return jobs.show(place, number_of(chosen), as_json=chosen.json, follow=chosen.follow)
        case "log":
            chosen_ones = targets_of(chosen, is_needed=False)
            return jobs.log(place, number_of(chosen), chosen_ones, chosen.out, as_json=chosen.json)
        case "cancel":
            said = number_of(chosen), named(chosen), chosen.reason or ""
            return jobs.cancel(place, *said, as_json=chosen.json, follow=chosen.follow)
        case "retry":
            said = number_of(chosen), named(chosen), chosen.reason or ""
            return jobs.retry(place, *said, chosen.expires, as_json=chosen.json, follow=chosen.follow)
    return jobs.listing(place, as_json=chosen.json)


def _job_run(chosen: argparse.Namespace, place: "Place") -> int:
    from cloud.commands.fleet import jobs

    need(chosen, "WHAT", "reason")
    bounds = chosen.width, chosen.stop_at, chosen.stop_min
    if min(bounds) < 0 or chosen.stop_at > 100:
        raise ConfigFault(Text("--width、--stop-at、--stop-min 应为正数", "--width, --stop-at, --stop-min: above 0"))
    said = named(chosen), chosen.reason, chosen.expires
    asked = jobs.Asked(_deed(chosen), targets_of(chosen), *said, *bounds, chosen.yes)
    return jobs.run(place, asked, as_json=chosen.json, follow=chosen.follow)


def targets_of(chosen: argparse.Namespace, *, is_needed: bool = True) -> "Targets":
    """Those of --to, --box, --all. ConfigFault: none of them was said, and one is needed."""
    from cloud.commands.fleet.jobs import Targets

    names = tuple(name for name in (chosen.to or "").split(",") if name)
    if is_needed and not names and not chosen.box and not chosen.all:
        raise ConfigFault(Text("缺少 --to、--box 或 --all", "one of --to, --box, --all is missing"))
    return Targets(names, chosen.box or "", chosen.all)


def _deed(chosen: argparse.Namespace) -> "Deed":
    """ConfigFault for a verb that there is none of, and for arguments out of bounds."""
    from shared.fleet import order

    seconds = chosen.seconds
    simple: dict[str, Deed] = {
        "unlock": order.Unlock(), "reboot": order.Reboot(), "close-shift": order.CloseShift(),
        "lock": order.Lock(chosen.reason), "send-log": order.SendLog(order.WHOLE if chosen.whole else chosen.back),
        "locate": order.Locate(LOCATE_S if seconds is None else seconds),
        "silence": order.Silence(SILENCE_S if seconds is None else seconds),
    }  # fmt: skip
    deed = _reread(chosen) if chosen.what == "reread" else simple.get(chosen.what)
    if deed is None:
        verbs = ", ".join(ORDERED)
        raise ConfigFault(Text(f"没有指令 {chosen.what[:20]}：{verbs}", f"no order {chosen.what[:20]}: {verbs}"))
    try:
        order.Order(deed).encode()
    except WireFault as fault:
        raise ConfigFault(Text(f"超出范围：{fault}", f"out of bounds: {fault}")) from fault
    return deed


def _reread(chosen: argparse.Namespace) -> "Deed":
    from shared.fleet.order import Reread

    need(chosen, "records")
    found = re.fullmatch(r"(\d{1,5}):(\d{1,10})\.\.(\d{1,10})", chosen.records)
    if found is None:
        raise ConfigFault(Text("--records：应如 1:20..35", "--records: as 1:20..35"))
    return Reread(*map(int, found.groups()))


def number_of(chosen: argparse.Namespace) -> int:
    """Of a job, or a roll-out. ConfigFault: it is none."""
    need(chosen, "WHAT")
    if not str(chosen.what).isdecimal():
        raise ConfigFault(Text(f"应为编号：{chosen.what[:20]}", f"not a number: {chosen.what[:20]}"))
    return int(chosen.what)
