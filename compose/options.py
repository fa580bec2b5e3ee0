"""What `./ykt up` may be asked for. Refuses what it does not know, in words, with exit code 2."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from compose.servers import is_free
from compose.trace import TRACE_HELP
from compose.verbs import ROOT, WrongUse

ABOUT = "在前台运行一个完整的校园；Ctrl-C 有序结束。\nA whole campus in the foreground; Ctrl-C ends it in order."
CONSOLE_PORT = 8443
PORTS_TRIED = 32
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|)", re.ASCII)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. run_s 0 = until Ctrl-C."""

    data: Path
    port: int
    full: bool
    all_can: bool
    run_s: float
    report: Path | None
    trace: Path | None
    speed: float
    cards: int
    seed: int


def parse(arguments: list[str]) -> Options:
    """Options of a command line; WrongUse or argparse's own exit 2."""
    parser = argparse.ArgumentParser(prog="./ykt up", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "var", help="数据目录 · data folder (var/)")
    parser.add_argument("--port", type=int, help="集控平台端口 · console port (8443, or the next free one)")
    parser.add_argument("--full", action="store_true", help="mosquitto（双向 TLS）与 PostgreSQL · the real servers")
    parser.add_argument(
        "--all-can", action="store_true", help="圈存机与车载机也上 CAN · load machine, validators on CAN"
    )
    parser.add_argument(
        "--for", dest="run_for", default="", metavar="60s", help="运行多久后有序结束 · end in order after"
    )
    parser.add_argument("--report", type=Path, help="结账报告 JSON 文件 · write the closing report")
    parser.add_argument("--trace", type=Path, metavar="CSV", help=TRACE_HELP)
    parser.add_argument("--speed", type=float, default=1.0, help="重放速度上限 · replay ceiling (1)")
    parser.add_argument("--cards", type=int, default=200, help="演练卡数 · cards of the demonstration (200)")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 · seed of the demonstration's customers (1)")
    given = parser.parse_args(arguments)
    port = _console_port(given.port)
    if given.speed <= 0 or not 0 < given.cards <= 100_000:
        raise WrongUse("--speed > 0, --cards 1..100000")
    return Options(
        given.data.absolute(), port, given.full, given.all_can, _seconds(given.run_for), given.report,
        given.trace, given.speed, given.cards, given.seed,
    )  # fmt: skip


def _console_port(wanted: int | None) -> int:
    """The wanted port, which must be free; without a wish the first free one from 8443 on."""
    tried = range(CONSOLE_PORT, CONSOLE_PORT + PORTS_TRIED) if wanted is None else [wanted]
    for port in tried:
        if 0 < port < 65_536 and is_free(port):
            return port
    raise WrongUse(f"端口 {tried[0]} 已被占用，请用 --port 另选 / port {tried[0]} is taken; choose another with --port")


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    found = _DURATION.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise WrongUse(f"--for {text}: 60, 60s, 5m, 1h")
    return float(found[1]) * _UNIT_S[found[2]]
