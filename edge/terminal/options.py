"""The command line of `python -m edge.terminal`: run, interactive, cards, adopt. Refuses what it does not know."""

import argparse
from pathlib import Path
from typing import NamedTuple

from edge.terminal.play.customers import Habits
from edge.terminal.play.run import RunOptions
from edge.terminal.station.wires import Wire
from shared.clocks.campus_clock import parse_clock
from shared.input.command_line import Parser
from shared.input.data_folder import add_data

ABOUT = """\
终端：run 无人值守运行，interactive 亲手收银，cards 汇总卡内余额，adopt 备用机装上坏机的 PSAM。
A terminal: run as a process, interactive to sell at by hand, cards to sum up what the cards hold, adopt to put a
broken body's PSAM into a spare."""
RATE = 0.35
TEAR = 0.01


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


Words = RunOptions | CounterWords | CardsWords | AdoptWords


def parse(arguments: list[str]) -> Words:
    """ConfigFault, or argparse's own exit 2."""
    given = _parser().parse_args(["interactive" if word == "--interactive" else word for word in arguments])
    if given.verb == "cards":
        return CardsWords(given.data, given.json)
    if given.verb == "adopt":
        return AdoptWords(given.data, given.name, given.broken)
    wire = Wire(given.tcp, given.can, given.rs485)
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
    )


CAN_HELP = (
    "如 socketcan:can0（先用 ip link 启用）；simbus:SOCKET 为模拟总线\n"
    "python-can's interface and channel, set up by ip link; simbus: a simulated bus"
)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="./ykt terminal", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_run(verbs.add_parser("run", help="无人值守运行 · as a process"))
    _add_counter(verbs.add_parser("interactive", help="亲手收银 · sell at by hand (also --interactive)"))
    cards = verbs.add_parser("cards", help="汇总卡内余额 · what the cards hold")
    add_data(cards)
    cards.add_argument("--json", action="store_true", help="一行 JSON · one line of JSON")
    adopt = verbs.add_parser("adopt", help="备用机装上坏机的 PSAM · a spare takes a broken body's PSAM and place")
    add_data(adopt)
    adopt.add_argument("--name", required=True, help="备用机 · the spare")
    adopt.add_argument("--from", dest="broken", required=True, metavar="NAME", help="坏机 · the broken body")
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    add_data(run)
    run.add_argument("--name", required=True, help="终端名 · which terminal")
    _add_wire(run, is_required=True)
    run.add_argument("--customers", action="store_true", help="演练顾客 · people of the demonstration come")
    run.add_argument("--rate", type=_positive, default=RATE, help=f"每秒几笔 · taps per second ({RATE})")
    run.add_argument("--tear", type=_share, default=TEAR, help=f"拔卡概率 · share of pulled cards ({TEAR})")
    run.add_argument("--seed", type=int, default=1, help="随机种子 · seed of the people (1)")
    run.add_argument("--script", type=Path, help="脚本 JSONL · play a script instead")
    run.add_argument("--clock-unset", action="store_true", help="时钟未设 · the clock lost its time")
    run.add_argument("--end-with-stdin", action="store_true", help="标准输入关闭即结束 · end when stdin closes")
    run.add_argument("--show", action="store_true", help="打印显示内容 · print every display")


def _add_counter(counter: argparse.ArgumentParser) -> None:
    add_data(counter)
    counter.add_argument("--name", default="", help="终端名 · which terminal (first free POS on TCP)")
    _add_wire(counter, is_required=False)
    counter.add_argument("--card", default="", help="先用哪张卡 · first card")
    counter.add_argument("--reader", default="", metavar="NAME", help="PC/SC 读卡器，放真卡 · a reader for real cards")
    counter.add_argument("--psam-reader", default="", metavar="NAME", help="PSAM 所在的读卡器 · the PSAM's reader")
    counter.add_argument("--console", default="", metavar="URL", help="集控平台地址 · console (found by itself)")
    counter.add_argument("--token", type=Path, help="只读接口令牌文件 · token file of the read API")
    counter.add_argument("--ca", type=Path, help="CA 证书 · authority of the console's certificate")
    counter.add_argument("--box-kill", default="", metavar="CMD", help="box kill 执行的命令 · what `box kill` runs")


def _add_wire(parser: argparse.ArgumentParser, *, is_required: bool) -> None:
    wire = parser.add_mutually_exclusive_group(required=is_required)
    wire.add_argument("--tcp", default="", metavar="HOST:PORT", help="数据网关的地址 · of the edge box")
    wire.add_argument("--can", default="", metavar="INTERFACE:CHANNEL", help=CAN_HELP)
    wire.add_argument("--rs485", default="", metavar="PORT", help="串口，如 /dev/ttyUSB0 · a serial port")
    parser.add_argument("--clock", help="T0:REAL0:SPEED 流水时钟 · clock of a trace")


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be in 0..1")
    return value
