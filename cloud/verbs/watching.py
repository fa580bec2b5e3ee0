"""Verbs about alarms and about the persons who answer them. Each imports what it needs."""

import argparse

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, need, span_s
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Language, Text

STEPS = (LIST, "show", "ack", "take", "shelve", "unshelve", "stop", "start", "assign", "comment")
_NEEDED: dict[str, tuple[str, ...]] = {
    "ack": ("who",), "take": ("who",), "shelve": ("who", "note", "for"), "unshelve": ("who",),
    "stop": ("who", "note"), "start": ("who",), "assign": ("who", "to"), "comment": ("who", "note"),
}  # fmt: skip


def watching_verbs() -> dict[str, Made]:
    """What the watch keeps."""
    return {
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
    }


def _alarm_options(parser: Parser) -> None:
    told = Text(
        "列出、查看、确认、接单、搁置、取消搁置、停报、恢复报警、指派、备注",
        "list, show, acknowledge, take, shelve, unshelve, out of service, in service, assign, comment",
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
    parser.add_argument("--to", metavar="NAME", help=Text("指派给谁", "to whom it is assigned"))


def _alarms(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import alarms

    if chosen.step == LIST:
        return alarms.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    need(chosen, "ALARM", "SOURCE", *_NEEDED.get(chosen.step, ()))
    if chosen.step == "show":
        return alarms.show(chosen.data, chosen.dsn, chosen.alarm, chosen.source, as_json=chosen.json)
    word = alarms.Word(chosen.step, chosen.who, chosen.note or "", getattr(chosen, "for") or 0, chosen.to or "")
    return alarms.act(chosen.data, chosen.dsn, chosen.alarm, chosen.source, word)


def _person_options(parser: Parser) -> None:
    add_steps(parser, (LIST, "add", "leave"), Text("列出、登记、离开", "list, take up, leave"))
    parser.add_argument("name", nargs="?", metavar="NAME", help=Text("姓名", "name"))
    parser.add_argument("--phone", default="", metavar="N", help=Text("手机", "mobile phone"))
    parser.add_argument("--mail", default="", metavar="ADDRESS", help=Text("邮箱", "e-mail"))
    parser.add_argument("--english", action="store_true", help=Text("用英文通知", "is written to in English"))


def _person(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import alarms
    from cloud.watch.notify.persons import Person

    if chosen.step == LIST:
        return alarms.list_persons(chosen.data, as_json=chosen.json)
    if not chosen.name:
        raise ConfigFault(Text("缺少姓名", "the name is missing"))
    if chosen.step == "leave":
        return alarms.person_leaves(chosen.data, chosen.name)
    language = Language.EN if chosen.english else Language.ZH
    return alarms.add_person(chosen.data, Person(0, chosen.name, chosen.phone, chosen.mail, language))
