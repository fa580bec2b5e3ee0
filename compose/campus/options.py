"""What `./ykt up` may be asked for. Refuses what it does not know, in words, with exit code 2."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from compose.campus.trace import TRACE_HELP
from compose.parts.lines import Form
from compose.place import DATA_HELP, ROOT, WrongUse
from compose.servers.ports import take_port
from shared.input.command_line import Parser
from shared.words.voice import Text

ABOUT = Text(
    """在前台运行一个完整的校园：账本、入账、集控平台、数据网关、总线与终端。
Ctrl-C（或 --for 到时）停止营业，闪卡补刷，排空，核对，打印结账表；再按一次 Ctrl-C 不再等排空。
数据留在 --data；再次 up 接着用。""",
    """A whole campus in the foreground: ledger, ingest, console, edge boxes, buses, terminals.
Ctrl-C (or the end of --for) stops selling, presents torn cards again, drains, verifies and prints the
closing sheet; a second Ctrl-C does not wait for the drain. Data stay in --data; the next up goes on.""",
)
EXITS = Text(
    "退出码：0 全部入账且账实相符 · 1 不符、有未结或未能启动 · 2 用法不对",
    "exit codes: 0 all posted and true · 1 not so, or no start · 2 wrong use",
)
CONSOLE_PORT = 8443
SPEED = 1.0
CARDS, CARDS_MAX = 200, 100_000
PORTS_TRIED = 32
PORT_MAX = 65_535
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|)", re.ASCII)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. run_s 0 = until Ctrl-C. port 0 = none was asked for."""

    data: Path
    port: int
    full: bool
    all_can: bool
    sm4: bool
    run_s: float
    report: Path | None
    trace: Path | None
    speed: float
    cards: int
    seed: int
    drill: bool = False
    log: Form = Form.PLAIN
    providers: bool = True
    open: bool = False


def parse(arguments: list[str]) -> Options:
    """Options of a command line; WrongUse or argparse's own exit 2."""
    given = _parser().parse_args(arguments)
    if given.port is not None and not 0 < given.port <= PORT_MAX:
        raise WrongUse(
            Text(f"没有端口 {given.port}，应为 1 到 {PORT_MAX}", f"no port {given.port}: it must be 1 to {PORT_MAX}")
        )
    _refuse_what_would_be_ignored(given)
    speed = SPEED if given.speed is None else given.speed
    cards = CARDS if given.cards is None else given.cards
    if speed <= 0 or not 0 < cards <= CARDS_MAX:
        raise WrongUse(
            Text(
                f"--speed 应大于 0，--cards 应为 1 到 {CARDS_MAX}",
                f"--speed must be above 0, --cards 1 to {CARDS_MAX}",
            )
        )
    return Options(
        given.data.absolute(), given.port or 0, given.full, given.all_can, given.sm4, _seconds(given.run_for),
        given.report, given.trace, speed, cards, given.seed, given.drill, given.log, given.providers,
        given.open,
    )  # fmt: skip


def _parser() -> Parser:
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt up", description=ABOUT, epilog=EXITS, formatter_class=form)
    add = parser.add_argument
    add("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    add(
        "--port", type=int, metavar="N",
        help=Text("集控平台端口，缺省 8443 或其后空闲的", "console port (8443, or the next free one)"),
    )  # fmt: skip
    add(
        "--full", action="store_true",
        help=Text(
            "用 mosquitto（双向 TLS）、PostgreSQL、VictoriaMetrics，而非内置的；另有邮件与短信的对端；\n"
            "数据目录建好后不可改",
            "mosquitto (mutual TLS), PostgreSQL, VictoriaMetrics, not what is built in; peers for mail\n"
            "and SMS; fixed once the data folder is made",
        ),
    )  # fmt: skip
    add(
        "--all-can", action="store_true",
        help=Text(
            "圈存机与车载机也上 CAN，只在新数据目录可选", "load machine and validators on CAN; new data folders only"
        ),
    )  # fmt: skip
    add(
        "--sm4", action="store_true",
        help=Text(
            "交易密钥用 SM4（本项目的形式，不声明互通），只在新数据目录可选",
            "SM4 money keys (a form of ours, no interworking claimed); new data folders only",
        ),
    )  # fmt: skip
    add(
        "--for", dest="run_for", default="", metavar="60s",
        help=Text("到时有序结束，如 60、60s、5m、1h", "end in order after: 60, 60s, 5m, 1h"),
    )  # fmt: skip
    add(
        "--report", type=Path, metavar="FILE",
        help=Text("结账表另存为 JSON（金额单位：分）", "the sheet as JSON, too, sums in fen"),
    )  # fmt: skip
    add("--trace", type=Path, metavar="CSV", help=TRACE_HELP)
    add(
        "--speed", type=float, metavar="N",
        help=Text("重放速度上限，几倍，随 --trace，缺省 1", "ceiling of the speed of a --trace, times (1)"),
    )  # fmt: skip
    add(
        "--cards", type=int, metavar="N",
        help=Text("演示卡数，只用于新数据目录，缺省 200", "cards of a new demonstration (200)"),
    )  # fmt: skip
    add(
        "--drill", action="store_true",
        help=Text(
            "演练：有意触发一条无害的报警，看它送到人、确认、恢复",
            "a drill: a harmless alarm on purpose, told, acknowledged, over",
        ),
    )  # fmt: skip
    add(
        "--without-providers", dest="providers", action="store_false",
        help=Text("不启动模拟的支付渠道", "no emulated payment providers"),
    )  # fmt: skip
    add(
        "--open", action="store_true",
        help=Text("也启动开放平台，并给出沙箱密钥", "the open platform, too, with a key of its sandbox"),
    )  # fmt: skip
    add(
        "--seed", type=int, default=1, metavar="N",
        help=Text("演示顾客的随机种子，缺省 1", "seed of the demonstration's customers (1)"),
    )  # fmt: skip
    add(
        "--log", type=Form, choices=list(Form), default=Form.PLAIN,
        help=Text("log/ 里每行怎么写：plain，或 json 供程序读", "how lines stand in log/: plain, or json for programs"),
    )  # fmt: skip
    return parser


def _refuse_what_would_be_ignored(given: argparse.Namespace) -> None:
    if given.speed is not None and given.trace is None:
        raise WrongUse(Text("--speed 只用于 --trace", "--speed goes with --trace"))
    if given.trace is not None and (given.all_can or given.sm4 or given.cards is not None):
        raise WrongUse(
            Text(
                "重放时卡与终端由文件决定，不能用 --all-can、--sm4、--cards",
                "the cards and terminals of a replay are those of the file: no --all-can, --sm4, --cards",
            )
        )


WALLET_STEP, OPEN_STEP = 10, 20
"""The wallet's port is the console's and this much, and so is the open platform's."""


def console_port(wanted: int) -> int:
    """The wanted port, kept for this process; 0: the first free one from 8443 on. WrongUse when there is none."""
    tried = [wanted] if wanted else range(CONSOLE_PORT, CONSOLE_PORT + PORTS_TRIED)
    for port in tried:
        if take_port(port):
            return port
    raise WrongUse(
        Text(
            f"端口 {tried[0]} 已被占用，请用 --port 另选", f"port {tried[0]} is taken; choose another with --port"
        )
    )


def wallet_port(console: int) -> int:
    """The first free one behind the console's, so that a phone finds the wallet again where it was; 0: there is none,
    and no wallet. An installed wallet belongs to its port."""
    return _port_behind(console, WALLET_STEP)


def open_port(console: int) -> int:
    """As wallet_port, of the open platform."""
    return _port_behind(console, OPEN_STEP)


def _port_behind(console: int, step: int) -> int:
    tried = range(console + step, min(console + step + PORTS_TRIED, 1 << 16))
    return next((port for port in tried if take_port(port)), 0)


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    found = _DURATION.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise WrongUse(
            Text(f"--for {text}：时长应如 60、60s、5m、1h", f"--for {text}: a time is wanted, as 60, 60s, 5m, 1h")
        )
    return float(found[1]) * _UNIT_S[found[2]]
