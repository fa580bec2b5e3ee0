"""`python -m edge`: enrol and run a box, swap a body for a spare, check outboxes. Exit 0 true, 1 false, 2 wrong use."""

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import argparse
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from edge.doctor.options import diagnostics_options, doctor_options
from edge.files.disk import keep_private
from edge.outbox.opening import FILE
from edge.outbox.store import OutboxStore, connect_to_check
from edge.process.wiring import TCP_HOST, Endpoints
from edge.settings import BoxSettings, OutboxSetting, TlsSetting, load
from shared.clocks.campus_clock import parse_clock
from shared.errors import ConfigFault, LinkFault, StoreFault, WireFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import host_port, listening_port
from shared.input.login import LOGIN_HELP, read_login
from shared.support.logs import set_up
from shared.words.columns import left
from shared.words.ending import end, reader_is_gone
from shared.words.screen import Ink, Inks
from shared.words.voice import Language, Text, speak, wanted

SAID_MAX = 3
"""Damages named in a check's text; `--json` names as many."""
NAME_WIDTH = 24


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _VERBS[options.verb](options)
    except ConfigFault as fault:
        sys.stderr.write(f"{Text(f'配置错误：{fault}', f'configuration: {fault}')}\n")
        return 2
    except (LinkFault, StoreFault, WireFault, OSError) as fault:
        if reader_is_gone(fault):
            raise
        sys.stderr.write(f"{fault}\n")
        return 1


def _run(options: argparse.Namespace) -> int:
    from edge.process import agent  # the broker's and the links' libraries are not needed for a check
    from edge.process.identity import install
    from edge.process.identity.place import broker_of

    install.finish(options.data)
    box = options.box or _only_box(options.data)
    settings = load(options.data / "boxes" / box / "edge.json")
    if settings.box != box:
        raise ConfigFault(Text(f"box: edge.json 属于 {settings.box}", f"box: edge.json belongs to {settings.box}"))
    host, port = host_port(broker_of(settings.folder, options.broker), "--broker")
    endpoints = Endpoints(
        can=dict(_can(word) for word in options.can),
        rs485=dict(_named(word, "--rs485") for word in options.rs485),
        tcp_port=options.tcp_port,
        tcp_host=options.tcp_host,
    )
    clock = parse_clock(options.clock)
    login = read_login(options.broker_login)
    gc.freeze()  # what was imported stays; the collector need not look at it again
    return agent.run(settings, agent.Options(host, port, options.tls, endpoints, clock, options.end_with_stdin, login))


def _enrol(options: argparse.Namespace) -> int:
    from edge.process.identity.enrolling import enrol
    from shared.wire.enrol.code import parse_ticket

    ticket = parse_ticket(options.code, options.server)
    host_port(ticket.server, "--server")
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    box = enrol(options.data, ticket, _say)
    _say(Text(f"已入网：{box}。启动：edge run --tls", f"enrolled: {box}. Start it: edge run --tls"))
    return 0


def _say(text: Text) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _swap(options: argparse.Namespace) -> int:
    from edge.process.swap_command import Wish, swap

    box = options.box or _only_box(options.data)
    wish = Wish(box, options.broken, options.spare, options.who, options.undo)
    sys.stdout.write("".join(f"{line}\n" for line in swap(options.data, wish, parse_clock(options.clock))))
    return 0


def _only_box(data: Path) -> str:
    boxes = sorted(folder.parent.name for folder in (data / "boxes").glob("*/edge.json"))
    if len(boxes) != 1:
        raise ConfigFault(
            Text(
                f"--box: 请指明是哪一台：{'、'.join(boxes) or '一台也没有'}",
                f"--box: say which: {', '.join(boxes) or 'there is none'}",
            )
        )
    return boxes[0]


def _verify(options: argparse.Namespace) -> int:
    folders = [options.data / "boxes" / options.box] if options.box else sorted((options.data / "boxes").glob("*"))
    if not any(folder.is_dir() for folder in folders):
        raise ConfigFault(Text(f"--data {options.data}: 没有数据网关", f"--data {options.data}: no edge boxes here"))
    checks = [_check(folder) for folder in folders if folder.is_dir()]
    true = all(check["ok"] for check in checks)
    if options.json:
        plain = [check | {"first": _in_english(check["first"])} for check in checks]
        sys.stdout.write(json.dumps({"ok": true, "checks": plain}, ensure_ascii=False) + "\n")
        return 0 if true else 1
    for check in checks:
        sys.stdout.write(f"{_row(check)}\n")
    return 0 if true else 1


def _row(check: dict[str, object]) -> str:
    """As the rows of `cloud verify`, under which it may stand."""
    box = str(check["name"]).partition(" ")[2]
    name = Text(f"发件箱 {box}", f"outbox {box}")
    mark = Inks(sys.stdout, os.environ)(*((Ink.GOOD, "✓") if check["ok"] else (Ink.BAD, "✗")))
    return f"  {mark} {left(name, NAME_WIDTH)}{check['count']:>10}  {check['first']}".rstrip()


def _in_english(said: object) -> str:
    """What a program reads does not depend on the language of the process that wrote it."""
    return said.in_language(Language.EN) if isinstance(said, Text) else str(said)


def _check(folder: Path) -> dict[str, object]:
    name = f"outbox {folder.name}"
    if not (folder / FILE).exists():
        return {"name": name, "ok": True, "count": 0, "first": Text("（尚无记录）", "(none yet)")}
    try:
        store = OutboxStore(connect_to_check(folder / FILE), OutboxSetting(), bytes(8))
        damages, rows = store.check(), store.depth().last_row
        store.close()
    except StoreFault as fault:
        return {"name": name, "ok": False, "count": 0, "first": fault.args[0] if fault.args else ""}
    named = damages[:SAID_MAX]
    first = Text(
        "；".join(f"第 {damage.row} 行：{damage.reason}" for damage in named),
        "; ".join(f"row {damage.row}: {damage.reason}" for damage in named),
    )
    return {"name": name, "ok": not damages, "count": rows, "first": first}


def _named(word: str, option: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not value:
        raise ConfigFault(Text(f"{option}: 应为 NAME=…", f"{option}: must be NAME=…"))
    return name, value


def _can(word: str) -> tuple[str, tuple[str, str]]:
    name, value = _named(word, "--can")
    interface, colon, channel = value.partition(":")
    if not colon or not channel:
        raise ConfigFault(Text("--can: 应为 NAME=INTERFACE:CHANNEL", "--can: must be NAME=INTERFACE:CHANNEL"))
    return name, (interface, channel)


CAN_HELP = Text(
    "edge.json 中的 CAN 线路，如 can0=socketcan:can0（先用 ip link 启用），可重复",
    "a CAN link of edge.json, such as can0=socketcan:can0, set up by ip link before; once for each",
)
RS485_HELP = Text(
    "edge.json 中的 RS-485 线路及串口，如 line0=/dev/ttyUSB0，可重复",
    "an RS-485 link of edge.json and its serial port, such as line0=/dev/ttyUSB0; once for each",
)
CLOCK_HELP = Text("校园时钟，演示用", "campus clock, of a demonstration")


def _parser() -> Parser:
    parser = Parser(prog="./ykt edge", description=Text("数据网关", "the edge box"))
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help=Text("运行一台网关", "run a box"))
    add_data(run)
    run.add_argument("--box", default="", help=Text("网关编号，只有一台时可省", "box id, where there are several"))
    broker_help = Text("MQTT 消息代理；用入网码入网的不必给", "MQTT broker; one that came by a code knows it")
    run.add_argument("--broker", default="", metavar="HOST:PORT", help=broker_help)
    run.add_argument("--broker-login", type=Path, metavar="FILE", help=LOGIN_HELP)
    run.add_argument("--tls", action="store_true", help=Text("与消息代理用双向 TLS", "mutual TLS with the broker"))
    run.add_argument(
        "--tcp-port",
        type=listening_port,
        help=Text("TCP 终端的端口，0 为任选", "port for TCP terminals, 0 for any"),
    )
    run.add_argument("--tcp-host", default=TCP_HOST, help=Text("TCP 监听地址", "address to listen on"))
    run.add_argument("--can", action="append", default=[], metavar="NAME=INTERFACE:CHANNEL", help=CAN_HELP)
    run.add_argument("--rs485", action="append", default=[], metavar="NAME=PORT", help=RS485_HELP)
    run.add_argument("--clock", metavar="T0:REAL0:SPEED", help=CLOCK_HELP)
    run.add_argument("--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when stdin closes"))
    enrol_help = Text("用入网码入网：密钥在本机生成", "enrol by a code: the key is made here")
    _enrol_options(verbs.add_parser("enrol", help=enrol_help))
    swap_help = Text("备用机顶替坏机，不需要中心", "a spare stands in for a broken body; needs no centre")
    _swap_options(verbs.add_parser("swap", help=swap_help))
    commission_help = Text("CAN 线路验收，或先判旧线", "accept a CAN line, or judge an old one")
    _commission_options(verbs.add_parser("commission", help=commission_help))
    doctor_help = Text("这台网关哪里不对、下一步做什么", "what is wrong with this box, and the next step")
    doctor_options(verbs.add_parser("doctor", help=doctor_help))
    bundle_help = Text("诊断包：先预览，再写出；不含密钥与卡号", "a diagnostics bundle: shown, then written")
    diagnostics_options(verbs.add_parser("diagnostics", help=bundle_help))
    prove_help = Text("网关发行是否为保管员所签（openykt-box 用）", "is a release the officers'? (for openykt-box)")
    _prove_options(verbs.add_parser("prove", help=prove_help))
    verify = verbs.add_parser("verify", help=Text("核对发件箱", "check outboxes"))
    add_data(verify)
    verify.add_argument("--box", help=Text("只查这一台", "only this one"))
    verify.add_argument("--json", action="store_true", help=Text("机器可读", "for programs"))
    return parser


def _enrol_options(parser: Parser) -> None:
    add_data(parser)
    code_help = Text("二维码的文本，或 16 位入网码", "the text of the QR, or the code of 16")
    parser.add_argument("code", metavar="CODE", help=code_help)
    server_help = Text("入网服务地址，只有入网码时须给", "the enrolment door, beside a typed code")
    parser.add_argument("--server", default="", metavar="HOST:PORT", help=server_help)


def _swap_options(swap: Parser) -> None:
    add_data(swap)
    swap.add_argument("--box", default="", help=Text("网关编号，只有一台时可省", "box id, where there are several"))
    broken_help = Text("坏机；不给则列出备用机与换机单", "broken body; without it spares and orders are listed")
    swap.add_argument("--broken", default="", metavar="NAME", help=broken_help)
    swap.add_argument("--spare", default="", metavar="NAME", help=Text("备用机", "spare body"))
    swap.add_argument("--who", default="", metavar="NAME", help=Text("谁换的", "who does it"))
    swap.add_argument("--undo", action="store_true", help=Text("撤回换机单", "take the swap order back"))
    swap.add_argument("--clock", metavar="T0:REAL0:SPEED", help=CLOCK_HELP)


def _commission_options(parser: Parser) -> None:
    link_help = Text("要测的 CAN 线路，如 can0；先停下网关", "the CAN line to measure, such as can0; stop its box")
    parser.add_argument("--link", default="", metavar="NAME", help=link_help)
    at_help = Text("接口，缺省 socketcan:NAME", "its interface; socketcan:NAME unless given")
    parser.add_argument("--can", default="", metavar="INTERFACE:CHANNEL", help=at_help)
    parser.add_argument("--bitrate", type=int, default=125_000, help=Text("比特率（125000）", "bit/s (125000)"))
    minutes_help = Text("分钟，一半静止一半加载（10）", "minutes, half at rest and half under load (10)")
    parser.add_argument("--minutes", type=float, default=10.0, help=minutes_help)
    ohms_help = Text("断电后量得的电阻，应为 60", "ohms measured with the power off; 60 are right")
    parser.add_argument("--ohms", type=int, help=ohms_help)
    wire_help = Text("旧线长度（米）：买机前先判", "metres of an old line: judge it before tills are bought")
    parser.add_argument("--wire", type=int, metavar="LENGTH", help=wire_help)
    parser.add_argument("--stubs", type=int, default=0, metavar="N", help=Text("支线条数（0）", "its stubs (0)"))
    parser.add_argument("--stub-metres", type=int, default=3, help=Text("每条支线多少米（3）", "metres of each (3)"))
    parser.add_argument("--terminals", type=int, default=1, metavar="N", help=Text("终端数（1）", "terminals (1)"))
    parser.add_argument("--json", action="store_true", help=Text("机器可读", "for programs"))
    sheet_help = Text("写出用网关密钥签名的验收单；已有的线路保留", "a sheet signed by the box's key; lines in it stay")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help=sheet_help)
    parser.add_argument("--who", default="", metavar="NAME", help=Text("谁验收", "who accepts it"))
    parser.add_argument("--box", default="", help=Text("网关编号，只有一台时可省", "box id, where there are several"))
    add_data(parser)


def _commission(options: argparse.Namespace) -> int:
    from edge.commission import sheet
    from edge.commission.wire import OldLine

    if (options.wire is None) is not bool(options.link):
        raise ConfigFault(Text("--link 与 --wire 须给且只给一个", "one of --link and --wire is needed"))
    if options.wire is not None:
        numbers = options.wire, options.stubs, options.terminals, options.stub_metres
        if min(numbers) < 0 or not options.wire or not options.terminals:
            raise ConfigFault(Text("--wire、--terminals 须为正数", "--wire and --terminals must be above 0"))
        line = OldLine(*numbers)
        _write(options.json, sheet.line_json(line), sheet.line_sheet(line))
        return 0
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from edge.commission import sheet
    from edge.commission.judge import Fit
    from edge.commission.measuring import BusLostError, measure
    from edge.link.can.door import CanBusSettings

    signer = _signer(options) if options.sheet else None
    if options.minutes <= 0:
        raise ConfigFault(Text("--minutes: 须为正数", "--minutes: must be above 0"))
    _, (interface, channel) = _can(f"{options.link}={options.can or f'socketcan:{options.link}'}")
    try:
        rest, load, heard = measure(CanBusSettings(interface, channel, options.bitrate), options.minutes * 60)
    except BusLostError as lost:
        raise ConfigFault(Text(f"--link {options.link}: {lost}", f"--link {options.link}: {lost}")) from lost
    found = sheet.bus_json(options.link, options.bitrate, rest, load, options.ohms)
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    _write(options.json, found, sheet.bus_sheet(options.link, options.bitrate, rest, load, options.ohms, when))
    if signer is not None:
        _sign(options, signer, found, heard)
    return 1 if found["judged"] == Fit.NOT_FIT else 0


class Signer(NamedTuple):
    """The box whose key signs."""

    settings: BoxSettings
    tls: TlsSetting


def _signer(options: argparse.Namespace) -> Signer:
    """Of the box whose key signs. ConfigFault before anything is measured."""
    if not options.who:
        raise ConfigFault(Text("--sheet 须同时给 --who", "--sheet wants --who beside it"))
    settings = load(options.data / "boxes" / (options.box or _only_box(options.data)) / "edge.json")
    if settings.tls is None or not settings.tls.key.exists():
        raise ConfigFault(Text("此处没有网关的密钥", "the box's key is not here"))
    return Signer(settings, settings.tls)


def _sign(options: argparse.Namespace, signer: Signer, found: dict[str, Any], heard: frozenset[int]) -> None:
    """The sheet as a file. Lines that an earlier sheet of this box has in that file stay in it."""
    from edge.commission.whole import Clock, content_of
    from edge.process.identity.clock import BoxClock
    from shared.wire.enrol.sheet import open_sheet, sign_sheet

    settings, own = signer
    lines, addresses = [found], set(heard)
    if options.sheet.exists():
        before = open_sheet(options.sheet.read_bytes()).content
        lines = [*(one for one in before["lines"] if one["link"] != found["link"] and "ohms" in one), found]
        addresses |= set(before.get("heard", ()))
    clock = BoxClock(settings.folder, 0)
    told = Clock(int(clock.now()), clock.is_trusted, _platform_ahead_s(signer))
    content = content_of(settings, lines, addresses, told, options.who) | {"heard": sorted(addresses)}
    options.sheet.write_bytes(sign_sheet(content, own.key.read_bytes(), own.certificate.read_bytes()))
    _say(Text(f"已签名：{options.sheet}", f"signed: {options.sheet}"))


def _platform_ahead_s(signer: Signer) -> float | None:
    """By the enrolment door's time; None where there is none, or it does not answer."""
    from edge.process.identity.asking import DoorSetting, fetch_time
    from edge.process.identity.place import place_of

    place = place_of(signer.settings.folder)
    if place is None:
        return None
    try:
        said_ms = fetch_time(DoorSetting(place.server, signer.tls.ca.read_bytes(), is_dated=False))
    except (LinkFault, WireFault):
        return None
    return round(said_ms / 1000 - time.time(), 1)


def _write(is_json: bool, found: dict[str, Any], lines: list[str]) -> None:
    said = json.dumps(found, ensure_ascii=False) if is_json else "\n".join(lines)
    sys.stdout.write(said + "\n")


def _doctor(options: argparse.Namespace) -> int:
    from edge.doctor.command import doctor

    return doctor(options)


def _diagnostics(options: argparse.Namespace) -> int:
    from edge.doctor.command import diagnostics

    return diagnostics(options)


def _prove(options: argparse.Namespace) -> int:
    from edge.process.proving import prove

    why = prove(options.archive, options.trust, options.campus, options.number)
    sys.stdout.write(f"{why or Text('保管员所签', 'signed by the officers')}\n")
    return 1 if why else 0


def _prove_options(parser: Parser) -> None:
    for name, said in (
        ("archive", Text("网关发行的归档", "the archive of a box's release")),
        ("trust", Text("保管员所签", "what the officers have signed")),
        ("campus", Text("校园编号与密钥", "number and key of the campus")),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=said)
    parser.add_argument("--number", type=int, required=True, metavar="N", help=Text("发行编号", "its number"))


_VERBS = {
    "enrol": _enrol, "run": _run, "verify": _verify, "swap": _swap, "commission": _commission,
    "doctor": _doctor, "diagnostics": _diagnostics, "prove": _prove,
}  # fmt: skip


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    set_up("edge", os.environ)
    end(lambda: main(sys.argv[1:]))
