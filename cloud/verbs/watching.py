"""Verbs about alarms and about the persons who answer them. Each imports what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, need, span_s
from cloud.verbs.fleet import number_of
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Language, Text

STEPS = (
    LIST, "show", "ack", "take", "shelve", "unshelve", "stop", "start", "assign", "comment", "link", "figures", "drill",
)  # fmt: skip
NOTIFY_STEPS = (LIST, "check", "push", "history", "rollback", "duty", "test")
RULES_STEPS = (LIST, "check", "try", "diff", "push", "history", "rollback")
LAST_S, FIGURES_S = 7 * 86_400, 30 * 86_400
_NEEDED: dict[str, tuple[str, ...]] = {
    "ack": ("who",), "take": ("who",), "shelve": ("who", "note", "for"), "unshelve": ("who",),
    "stop": ("who", "note"), "start": ("who",), "assign": ("who", "to"), "comment": ("who", "note"),
    "link": ("who", "to"),
}  # fmt: skip


def watching_verbs() -> dict[str, Made]:
    """What the watch keeps."""
    return {
        "status": (
            Text("服务器、服务、设备：一棵树，附缘由", "server, services, devices: one tree, with reasons"),
            _status,
            (_status_options, add_json),
        ),
        "slo": (
            Text("服务目标：本月刷卡、入账、在线各达到多少", "goals of the month: taps, time to ledger, boxes heard"),
            _slo,
            (_slo_options, add_json),
        ),
        "alarms": (
            Text("报警：列出、确认、接单、搁置、指派", "alarms: list, acknowledge, take, shelve, assign"),
            _alarms,
            (_alarm_options, add_json),
        ),
        "person": (
            Text("人员：谁答复报警、通知谁", "persons: who answers alarms and is told"),
            _person,
            (_person_options, add_json),
        ),
        "series": (
            Text("指标曲线：列出、查看", "metrics over time: list, look at"),
            _series,
            (_series_options, add_json),
        ),
        "notify": (
            Text("通知：路由、值班、已发消息、试发", "notify: routes, duty, what was told, a trial"),
            _notify,
            (_notify_options, add_json),
        ),
        "rules": (
            Text(
                "报警规则：列出、试算、推送、退回",
                "alarm rules: list, try on the past, push, take back",
            ),
            _rules,
            (_rules_options, add_json),
        ),
    }


def _status_options(parser: Parser) -> None:
    parser.add_argument("--all", action="store_true", help=Text("正常的也逐项列出", "list what is well, too"))


def _status(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import status

    return status.show(chosen.data, chosen.dsn, is_all=chosen.all, as_json=chosen.json)


def _slo_options(parser: Parser) -> None:
    parser.add_argument("--month", metavar="2026-11", help=Text("哪个月，缺省本月", "which month (this one)"))


def _slo(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import slo

    return slo.show(chosen.data, chosen.dsn, chosen.month, as_json=chosen.json)


def _alarm_options(parser: Parser) -> None:
    told = Text(
        "列出、查看、确认、接单、搁置、取消搁置、停报、恢复报警、指派、备注、关联、质量指标、演练",
        "list, show, acknowledge, take, shelve, unshelve, out of service, in service, assign, comment, link, figures, "
        "drill",
    )
    add_steps(parser, STEPS, told)
    rule = Text("规则名，如列表方括号中", "the rule, as in the brackets")
    parser.add_argument("alarm", nargs="?", metavar="RULE", help=rule)
    source = Text("来源，如 box:canteen-1", "the source, such as box:canteen-1")
    parser.add_argument("source", nargs="?", metavar="SOURCE", help=source)
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    note = Text("说明；紧急报警、搁置、停报须写", "a note; urgent alarms, shelves and stops want one")
    parser.add_argument("--note", metavar="TEXT", help=note)
    long = Text("多久：10m、2h、3d", "how long: 10m, 2h, 3d")
    parser.add_argument("--for", dest="for", type=span_s, metavar="SPAN", help=long)
    parser.add_argument(
        "--to",
        metavar="NAME",
        help=Text("指派给谁，或关联什么：job:7、load:…、difference:…", "whose it is, or what it is linked to: job:7 …"),
    )
    last = Text("质量指标看最近多久，缺省 30d", "figures look at this much of the past (30d)")
    parser.add_argument("--last", type=span_s, default=FIGURES_S, metavar="SPAN", help=last)


def _alarms(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import alarms
    from cloud.watch.people.answers import Word

    if chosen.step == LIST:
        return alarms.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    if chosen.step == "figures":
        from cloud.commands.watch import figures

        return figures.show(chosen.data, chosen.dsn, chosen.last, as_json=chosen.json)
    if chosen.step == "drill":
        from cloud.commands.watch.drill import drill

        return drill(chosen.data, getattr(chosen, "for") or 0)
    need(chosen, "ALARM", "SOURCE", *_NEEDED.get(chosen.step, ()))
    if chosen.step == "show":
        return alarms.show(chosen.data, chosen.dsn, chosen.alarm, chosen.source, as_json=chosen.json)
    word = Word(chosen.step, chosen.who, chosen.note or "", getattr(chosen, "for") or 0, chosen.to or "")
    return alarms.act(chosen.data, chosen.dsn, chosen.alarm, chosen.source, word)


def _person_options(parser: Parser) -> None:
    add_steps(parser, (LIST, "add", "change", "leave"), Text("列出、登记、更改、离开", "list, take up, change, leave"))
    parser.add_argument("name", nargs="?", metavar="NAME", help=Text("姓名", "name"))
    parser.add_argument("--phone", default="", metavar="N", help=Text("手机", "mobile phone"))
    parser.add_argument("--mail", default="", metavar="ADDRESS", help=Text("邮箱", "e-mail"))
    role = Text("财务、食堂经理：另告知涉及个人钱款的差额", "finance, canteen: is told of differences of money as well")
    parser.add_argument("--role", choices=("finance", "canteen"), default="", help=role)
    parser.add_argument("--english", action="store_true", help=Text("用英文通知", "is written to in English"))
    parser.add_argument("--chinese", action="store_true", help=Text("用中文通知", "is written to in Chinese"))


def _person(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import alarms
    from cloud.watch.notify.persons import Person, Role

    if chosen.step == LIST:
        return alarms.list_persons(chosen.data, as_json=chosen.json)
    if not chosen.name:
        raise ConfigFault(Text("缺少姓名", "the name is missing"))
    if chosen.step == "leave":
        return alarms.person_leaves(chosen.data, chosen.name)
    if chosen.step == "change":
        language = Language.EN if chosen.english else Language.ZH if chosen.chinese else None
        said = Person(0, chosen.name, chosen.phone, chosen.mail, role=Role(chosen.role))
        return alarms.change_person(chosen.data, said, language)
    language = Language.EN if chosen.english else Language.ZH
    person = Person(0, chosen.name, chosen.phone, chosen.mail, language, role=Role(chosen.role))
    return alarms.add_person(chosen.data, person)


def _series_options(parser: Parser) -> None:
    name = Text("曲线名；不写则列出全部", "the series; all are listed without")
    parser.add_argument("name", nargs="?", metavar="NAME", help=name)
    board = Text("输出 Grafana 面板（JSON）", "a Grafana dashboard of all of them, as JSON")
    parser.add_argument("--grafana", action="store_true", help=board)
    last = Text("最近多久，缺省 1d", "how far back (1d)")
    parser.add_argument("--last", type=span_s, default=86_400, metavar="SPAN", help=last)


def _series(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import series

    if chosen.grafana:
        return series.grafana()
    if not chosen.name:
        return series.listing(as_json=chosen.json)
    return series.show(chosen.data, chosen.name, chosen.last, as_json=chosen.json)


def _notify_options(parser: Parser) -> None:
    told = Text(
        "列出消息、校验、推送、历史、退回、此刻谁值班、试发",
        "list messages, check, push, history, take back, who is on duty now, try a way",
    )
    add_steps(parser, NOTIFY_STEPS, told)
    parser.add_argument(
        "what", nargs="?", metavar="FILE|N|NAME", help=Text("文件、第几次、或发给谁", "file, number, or to whom")
    )
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))
    parser.add_argument(
        "--by", choices=("mail", "sms", "webhook", "chat"), default="mail", help=Text("试发的方式", "the way to try")
    )


def _notify(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import telling
    from cloud.watch.notify.terms import Channel

    match chosen.step:
        case "check" | "push" | "rollback" | "test":
            need(chosen, "WHAT", *(() if chosen.step == "check" else ("who",)))
        case "history":
            return telling.history(chosen.data)
        case "duty":
            return telling.duty(chosen.data, chosen.dsn)
        case _:
            return telling.messages(chosen.data, as_json=chosen.json)
    match chosen.step:
        case "check":
            return telling.check(chosen.data, Path(chosen.what))
        case "push":
            return telling.push(chosen.data, Path(chosen.what), chosen.who, chosen.reason)
        case "rollback":
            return telling.rollback(chosen.data, number_of(chosen), chosen.who, chosen.reason)
    return telling.test(chosen.data, chosen.what, Channel(chosen.by), chosen.who)


def _rules_options(parser: Parser) -> None:
    told = Text(
        "列出、校验、用过去的记录试算、比较、推送、历史、退回",
        "list, check, try on what was recorded, compare, push, history, take back",
    )
    add_steps(parser, RULES_STEPS, told)
    what = Text("规则文件（TOML），或第几次推送", "the file (TOML), or the number of a push")
    parser.add_argument("what", nargs="?", metavar="FILE|N", help=what)
    last = Text("试算最近多久，缺省 7d", "try on this much of the past (7d)")
    parser.add_argument("--last", type=span_s, default=LAST_S, metavar="SPAN", help=last)
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))


def _rules(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import rules

    if chosen.step == LIST:
        return rules.listing(chosen.data, as_json=chosen.json)
    if chosen.step == "history":
        return rules.history(chosen.data)
    need(chosen, "WHAT", *(("who",) if chosen.step in ("push", "rollback") else ()))
    match chosen.step:
        case "check":
            return rules.check(chosen.data, Path(chosen.what))
        case "try":
            return rules.trial(chosen.data, chosen.dsn, Path(chosen.what), chosen.last)
        case "diff":
            return rules.diff(chosen.data, Path(chosen.what))
        case "push":
            return rules.push(chosen.data, Path(chosen.what), chosen.who, chosen.reason)
    return rules.rollback(chosen.data, number_of(chosen), chosen.who, chosen.reason)
