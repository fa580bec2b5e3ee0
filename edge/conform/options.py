"""The command line of `./ykt conform terminal`. Refuses what it does not know."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from edge.conform.subject import Subject
from edge.link.can.door import CanBusSettings
from edge.link.can.link import CanLink, CanLinkSettings
from edge.link.port import MessageLink
from edge.link.rs485.link import Rs485Link, Rs485LinkSettings
from edge.link.rs485.polling import PollSettings
from edge.link.tcp.door import HAS_PSK, TlsServer
from edge.link.tcp.link import TcpLink
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.keys.terminal_psk import psk_identity, terminal_psk
from shared.words.voice import Text

ABOUT = Text(
    "符合性试验台：扮演数据网关，逐项检查别人的终端是否遵守 docs/protocol。\n"
    "终端文件（JSON）写明设备号和密钥；不要用真实校园的密钥。",
    "A bench: it plays the edge box and checks whether somebody else's terminal keeps docs/protocol.\n"
    "The terminal's file (JSON) has its device id and its key; never use a key of a real campus.",
)
TAP_S, TAP_MAX_S = 20.0, 3600.0
PORT_MAX = 0xFFFF


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for."""

    terminal: Path
    tcp: int | None
    host: str
    rs485: str
    can: str
    tap_s: float
    takes: bool
    cuts: bool
    json: Path | None


def parse(arguments: list[str]) -> Given:
    """argparse's own exit 2 for wrong use."""
    given = _parser().parse_args(arguments)
    tap_s = 0.0 if given.no_taps else given.tap_wait
    wire = given.tcp, given.host, given.rs485, given.can
    return Given(given.terminal, *wire, tap_s, given.take_records, given.power, given.json)


def open_link(given: Given, subject: Subject) -> MessageLink:
    """The edge's end of that wire. ConfigFault when the terminal's file lacks what a bus needs."""
    if given.tcp is not None:
        return TcpLink(given.host, given.tcp, tls=_tls(subject))
    if not subject.address or not subject.bitrate:
        raise ConfigFault(
            Text("address, bitrate: 总线终端须有地址和速率", "address, bitrate: a terminal on a bus has both")
        )
    if given.rs485:
        poll = PollSettings(baud=subject.bitrate)
        return Rs485Link(Rs485LinkSettings(given.rs485, (subject.address,), poll))
    interface, colon, channel = given.can.partition(":")
    if not colon or not channel:
        raise ConfigFault(Text("--can: 应为 INTERFACE:CHANNEL", "--can: must be INTERFACE:CHANNEL"))
    return CanLink(CanLinkSettings(CanBusSettings(interface, channel, subject.bitrate)))


def _tls(subject: Subject) -> TlsServer | None:
    """By the terminal's own key, beside plain; None where this Python has no PSK."""
    key = {psk_identity(subject.device): terminal_psk(subject.key, subject.device)}
    return TlsServer(key) if HAS_PSK else None


def _parser() -> Parser:
    parser = Parser(prog="./ykt conform", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_terminal(verbs.add_parser("terminal", help=Text("检查一台终端", "examine a terminal")))
    return parser


def _add_terminal(verb: Parser) -> None:
    file = Text("终端文件：设备号、密钥、总线地址", "its file: device id, key, address on a bus")
    verb.add_argument("--terminal", type=Path, required=True, metavar="FILE", help=file)
    wire = verb.add_mutually_exclusive_group(required=True)
    port = Text("在此端口等终端来联（0 为任选）", "wait for it on this port (0: any)")
    wire.add_argument("--tcp", type=_port, metavar="PORT", help=str(port))
    serial = Text("RS-485 串口，如 /dev/ttyUSB0", "serial port of the line, such as /dev/ttyUSB0")
    wire.add_argument("--rs485", default="", metavar="PORT", help=str(serial))
    bus = Text("CAN，如 socketcan:can0", "CAN, such as socketcan:can0")
    wire.add_argument("--can", default="", metavar="INTERFACE:CHANNEL", help=str(bus))
    verb.add_argument("--host", default="127.0.0.1", help=Text("TCP 监听地址", "TCP address to listen at"))
    wait = Text(f"等一次刷卡的秒数（{TAP_S:g}）", f"seconds to wait for a tap ({TAP_S:g})")
    verb.add_argument("--tap-wait", type=_positive, default=TAP_S, metavar="S", help=wait)
    verb.add_argument("--no-taps", action="store_true", help=Text("没有人刷卡", "nobody is there to tap"))
    takes = Text("终端里原有的记录可以丢弃", "records that it holds already may be lost")
    verb.add_argument("--take-records", action="store_true", help=takes)
    power = Text("有人可以断电：检查断电之后记录还在", "somebody can cut the power: records must survive it")
    verb.add_argument("--power", action="store_true", help=power)
    verb.add_argument("--json", type=Path, metavar="FILE", help=Text("报告写到此文件", "write the report here"))


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= PORT_MAX:
        raise argparse.ArgumentTypeError(str(Text(f"应在 0..{PORT_MAX}", f"must be in 0..{PORT_MAX}")))
    return port


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= TAP_MAX_S:
        raise argparse.ArgumentTypeError(str(Text(f"应在 0..{TAP_MAX_S:g}", f"must be in 0..{TAP_MAX_S:g}")))
    return seconds
