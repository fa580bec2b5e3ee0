"""The verb about docked devices. It imports what it needs when it runs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, need
from cloud.verbs.fleet import number_of
from shared.input.command_line import Parser
from shared.input.functions import Function, require_on
from shared.words.voice import Text

STEPS = (LIST, "show", "add", "remove", "command", "commands", "check", "push", "history", "rollback", "rights")
_NEEDED = {
    "show": ("WHAT",), "add": ("WHAT", "who"), "remove": ("WHAT", "who"), "command": ("WHAT", "METRIC", "VALUE", "who"),
    "check": ("WHAT",), "push": ("WHAT", "who"), "rollback": ("WHAT", "who"),
}  # fmt: skip
_SPEECHES = ("sparkplug", "mqtt", "http")


def docking_verbs() -> dict[str, Made]:
    """Who docked."""
    told = Text(
        "对接设备：列出、准许、命令、映射模板", "docked devices: list, admit, command, the template of mappings"
    )
    return {"docking": (told, _docking, (_options, add_json))}


def _options(parser: Parser) -> None:
    told = Text(
        "列出、查看、准许、不再准许、下命令、已下的命令；模板：校验、推送、历史、退回；写权限文件",
        "list, show, admit, admit no longer, command, what was commanded; template: check, push, history, take back; "
        "write the files of rights",
    )
    add_steps(parser, STEPS, told)
    what = Text(
        "账号，或 组/节点[/设备]，或模板文件、第几次", "account, or group/node[/device], or template file, number"
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", help=what)
    parser.add_argument("metric", nargs="?", metavar="METRIC", help=Text("指标名", "the metric"))
    parser.add_argument("value", nargs="?", metavar="VALUE", help=Text("要写的值", "the value to write"))
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))
    by = Text("准许：怎么说话，缺省 sparkplug", "to admit: how it speaks (sparkplug)")
    parser.add_argument("--by", choices=_SPEECHES, default=_SPEECHES[0], help=by)
    parser.add_argument(
        "--group", default="campus", metavar="ID", help=Text("准许：组，缺省 campus", "its group (campus)")
    )
    parser.add_argument("--node", default="", metavar="ID", help=Text("准许：节点，缺省同账号", "its node (its name)"))


def _docking(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import docking
    from cloud.process.functions import read_off
    from cloud.watch.docking.rights.accounts import Speech

    if chosen.step != "rights":  # whoever starts a broker has them written, on or off
        require_on(read_off(chosen.data), Function.DOCKING)
    need(chosen, *_NEEDED.get(chosen.step, ()))
    data, what, who = chosen.data, chosen.what, chosen.who
    match chosen.step:
        case "show":
            return docking.show(data, what, as_json=chosen.json)
        case "add":
            return docking.add(data, what, Speech(chosen.by), chosen.group, chosen.node, who)
        case "remove":
            return docking.remove(data, what, who)
        case "command":
            return docking.command(data, what, chosen.metric, chosen.value, who)
        case "commands":
            return docking.commands(data, as_json=chosen.json)
    return _template(chosen)


def _template(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import docking

    match chosen.step:
        case "rights":
            return docking.rights(chosen.data)
        case "check":
            return docking.check(Path(chosen.what))
        case "push":
            return docking.push(chosen.data, Path(chosen.what), chosen.who, chosen.reason)
        case "rollback":
            return docking.rollback(chosen.data, number_of(chosen), chosen.who, chosen.reason)
        case "history":
            return docking.history(chosen.data)
    return docking.listing(chosen.data, as_json=chosen.json)
