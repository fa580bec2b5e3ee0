"""The command line of `edge.terminal`: run, serve, interactive, cards, adopt. Refuses what it does not know."""

import argparse
from pathlib import Path
from typing import NamedTuple

from edge.terminal.firmware.firmware import QUIET_S
from edge.terminal.front.serve import FrontOptions
from edge.terminal.play.customers import Habits
from edge.terminal.play.run import RunOptions
from edge.terminal.station.wires import Wire
from shared.clocks.campus_clock import parse_clock
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text

ABOUT = Text(
    "终端：run 无人值守运行，serve 真机（键盘、显示屏、读卡器），interactive 亲手收银，cards 汇总卡内余额，\n"
    "adopt 备用机装上坏机的 PSAM。",
    "A terminal: run as a process, serve a real body (keypad, display, readers), interactive to sell at by hand,\n"
    "cards to sum up what the cards hold,\n"
    "adopt to put a broken body's PSAM into a spare.",
)
RATE = 0.35
TEAR = 0.01
SCREEN = Path("/dev/fb0")


class CounterWords(NamedTuple):
    """What was asked of `interactive`; empty = find it."""

    data: Path
    name: str
    wire: Wire
    clock: str | None
    card: str
    console: str
    token: Path | None
    ca: Path | None
    box_kill: str
    reader: str
    psam_reader: str


class CardsWords(NamedTuple):
    """What was asked of `cards`."""

    data: Path
    as_json: bool


class AdoptWords(NamedTuple):
    """What was asked of `adopt`: a spare's name, and whose place it takes."""

    data: Path
    name: str
    broken: str


Words = RunOptions | FrontOptions | CounterWords | CardsWords | AdoptWords


def parse(arguments: list[str]) -> Words:
    """ConfigFault, or argparse's own exit 2."""
    given = _parser().parse_args(["interactive" if word == "--interactive" else word for word in arguments])
    if given.verb == "cards":
        return CardsWords(given.data, given.json)
    if given.verb == "adopt":
        return AdoptWords(given.data, given.name, given.broken)
    wire = Wire(given.tcp, given.can, given.rs485)
    if given.verb == "serve":
        return FrontOptions(
            data=given.data, name=given.name, wire=wire, clock=parse_clock(given.clock), screen=given.screen,
            size=given.size, keypad=given.keypad, beeper=given.beeper, reader=given.reader,
            psam_reader=given.psam_reader, clock_set=not given.clock_unset, shows=given.show,
        )  # fmt: skip
    if given.verb == "interactive":
        return CounterWords(
            given.data, given.name, wire, given.clock, given.card, given.console, given.token, given.ca, given.box_kill,
            given.reader, given.psam_reader,
        )  # fmt: skip
    habits = Habits(given.rate, given.tear, given.seed) if given.customers else None
    return RunOptions(
        data=given.data,
        name=given.name,
        wire=wire,
        clock=parse_clock(given.clock),
        habits=habits,
        script=given.script,
        clock_set=not given.clock_unset,
        ends_with_stdin=given.end_with_stdin,
        shows=given.show,
        quiet_s=given.quiet,
        phones=given.phones,
    )


CAN_HELP = Text(
    "如 socketcan:can0（先用 ip link 启用）；simbus:SOCKET 为模拟总线",
    "such as socketcan:can0, set up by ip link before; simbus:SOCKET: a simulated bus",
)


def _parser() -> Parser:
    parser = Parser(
        prog="./ykt terminal", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_run(verbs.add_parser("run", help=Text("无人值守运行", "run as a process")))
    real = Text("真机：键盘、显示屏、读卡器", "a real body: keypad, display, readers")
    _add_front(verbs.add_parser("serve", help=real))
    by_hand = Text("亲手收银（也可写 --interactive）", "sell at by hand (also --interactive)")
    _add_counter(verbs.add_parser("interactive", help=by_hand))
    cards = verbs.add_parser("cards", help=Text("汇总卡内余额", "what the cards hold"))
    add_data(cards)
    cards.add_argument("--json", action="store_true", help=Text("输出一行 JSON", "one line of JSON"))
    adopting = Text("备用机装上坏机的 PSAM，接替其点位", "a spare takes a broken body's PSAM and position")
    adopt = verbs.add_parser("adopt", help=adopting)
    add_data(adopt)
    adopt.add_argument("--name", required=True, help=Text("备用机", "the spare"))
    adopt.add_argument("--from", dest="broken", required=True, metavar="NAME", help=Text("坏机", "the broken body"))
    return parser


def _add_run(run: Parser) -> None:
    add_data(run)
    run.add_argument("--name", required=True, help=Text("终端名", "which terminal"))
    _add_wire(run, is_required=True)
    customers = Text("演示顾客来刷卡", "people of the demonstration come")
    run.add_argument("--customers", action="store_true", help=customers)
    rate = Text(f"每秒几笔（{RATE}）", f"taps per second ({RATE})")
    run.add_argument("--rate", type=_positive, default=RATE, help=rate)
    tear = Text(f"中途拔卡的比例（{TEAR}）", f"share of pulled cards ({TEAR})")
    run.add_argument("--tear", type=_share, default=TEAR, help=tear)
    run.add_argument("--seed", type=int, default=1, help=Text("顾客的随机种子（1）", "seed of the people (1)"))
    run.add_argument("--script", type=Path, help=Text("改为照脚本（JSONL）收款", "play a script (JSONL) instead"))
    phones = Text("演示手机（JSONL），出脱机付款码", "phones of the demonstration (JSONL), for offline codes")
    run.add_argument("--phones", type=Path, metavar="FILE", help=phones)
    unset = Text("如同时钟丢了时间", "as if the clock had lost its time")
    run.add_argument("--clock-unset", action="store_true", help=unset)
    ends = Text("标准输入关闭即结束", "end when stdin closes")
    run.add_argument("--end-with-stdin", action="store_true", help=ends)
    quiet = Text(
        f"末次刷卡后几秒试用新固件（{QUIET_S:g}）", f"seconds after the last card until firmware is tried ({QUIET_S:g})"
    )
    run.add_argument("--quiet", type=_positive, default=QUIET_S, metavar="S", help=quiet)
    run.add_argument("--show", action="store_true", help=Text("打印每次显示的内容", "print every display"))


def _add_front(front: Parser) -> None:
    add_data(front)
    front.add_argument("--name", default="", help=Text("终端名", "which terminal"))
    _add_wire(front, is_required=True)
    screen = Text(f"帧缓冲设备（{SCREEN}）", f"the framebuffer ({SCREEN})")
    front.add_argument("--screen", type=Path, default=SCREEN, metavar="FILE", help=screen)
    size = Text("以文件代替显示屏时的尺寸，如 480x320x16", "of a file that stands for a display, as 480x320x16")
    front.add_argument("--size", default="", help=size)
    keypad = Text("键盘 /dev/input/by-id/…-event-kbd", "the keypad, /dev/input/by-id/…-event-kbd")
    front.add_argument("--keypad", type=_path, metavar="FILE", help=keypad)
    beeper = Text("蜂鸣器的输入设备", "the buzzer's input device")
    front.add_argument("--beeper", type=_path, metavar="FILE", help=beeper)
    reader = Text("放卡的 PC/SC 读卡器", "PC/SC reader for cards")
    front.add_argument("--reader", default="", metavar="NAME", help=reader)
    psam = Text("PSAM 所在的 PC/SC 读卡器（缺省用 psam.bin）", "PC/SC reader with the PSAM (else psam.bin)")
    front.add_argument("--psam-reader", default="", metavar="NAME", help=psam)
    unset = Text("如同时钟丢了时间", "as if the clock had lost its time")
    front.add_argument("--clock-unset", action="store_true", help=unset)
    front.add_argument("--show", action="store_true", help=Text("打印每次显示的内容", "print every display"))


def _path(text: str) -> Path | None:
    """Empty: none, as a settings file has it."""
    return Path(text) if text else None


def _add_counter(counter: Parser) -> None:
    add_data(counter)
    name = Text("终端名（缺省为第一台空闲的 TCP 消费机）", "which terminal (the first free POS on TCP)")
    counter.add_argument("--name", default="", help=name)
    _add_wire(counter, is_required=False)
    counter.add_argument("--card", default="", help=Text("先用哪张卡", "the card to begin with"))
    reader = Text("放真卡的 PC/SC 读卡器", "PC/SC reader for real cards")
    counter.add_argument("--reader", default="", metavar="NAME", help=reader)
    psam = Text("PSAM 所在的 PC/SC 读卡器", "PC/SC reader that holds the PSAM")
    counter.add_argument("--psam-reader", default="", metavar="NAME", help=psam)
    console = Text("集控平台地址（缺省自动查找）", "address of the console (found by itself)")
    counter.add_argument("--console", default="", metavar="URL", help=console)
    counter.add_argument("--token", type=Path, help=Text("只读接口的令牌文件", "token file of the read API"))
    counter.add_argument("--ca", type=Path, help=Text("集控平台证书的 CA", "authority of the console's certificate"))
    kill = Text("box kill 执行的命令", "what `box kill` runs")
    counter.add_argument("--box-kill", default="", metavar="CMD", help=kill)


def _add_wire(parser: Parser, *, is_required: bool) -> None:
    wire = parser.add_mutually_exclusive_group(required=is_required)
    box = Text("数据网关的地址", "address of the edge box")
    wire.add_argument("--tcp", default="", metavar="HOST:PORT", help=str(box))
    wire.add_argument("--can", default="", metavar="INTERFACE:CHANNEL", help=str(CAN_HELP))
    serial = Text("串口，如 /dev/ttyUSB0", "serial port, such as /dev/ttyUSB0")
    wire.add_argument("--rs485", default="", metavar="PORT", help=str(serial))
    parser.add_argument("--clock", metavar="T0:REAL0:SPEED", help=Text("流水文件的时钟，演示用", "clock of a trace"))


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(str(Text("须大于 0", "must be above 0")))
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(str(Text("须在 0..1 之间", "must be in 0..1")))
    return value
