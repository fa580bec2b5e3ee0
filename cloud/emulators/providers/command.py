"""`python -m cloud.emulators wechat|alipay|bank`: one provider on loopback, for a demonstration campus.

It writes its section of DATA/cloud/payments.toml with keys of its own making. `READY wechat http://127.0.0.1:PORT` when
it listens; it ends when standard input closes.
"""

import sys
import time
from pathlib import Path
from threading import Event, Thread

from cloud.emulators.providers.alipay import AlipayEmulator
from cloud.emulators.providers.bank import BankEmulator
from cloud.emulators.providers.mood import MOODS, Mood
from cloud.emulators.providers.serving import Emulator, ProviderServer
from cloud.emulators.providers.setting_up import APPID, MCHID, SELLER, set_up
from cloud.emulators.providers.trades import Trades, day_of
from cloud.emulators.providers.wechat import WeChatEmulator
from cloud.process.life import say
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text

NAMES = ("wechat", "alipay", "bank")
LOOK_S = 0.2


def main(arguments: list[str]) -> int:
    """Serve until standard input closes."""
    said = Text("支付渠道的对端", "a payment provider as a peer")
    parser = Parser(prog="python -m cloud.emulators", description=said)
    parser.add_argument("provider", choices=NAMES, help=Text("哪一个渠道", "which provider"))
    add_data(parser)
    parser.add_argument("--port", type=int, default=0, metavar="PORT", help=Text("端口", "port"))
    parser.add_argument("--notify", default="", metavar="URL", help=Text("回调地址", "where callbacks go"))
    parser.add_argument("--mood", choices=sorted(MOODS), default="honest", help=Text("脾气", "its mood"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=Text("种子", "seed of its mood"))
    parser.add_argument("--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end with stdin"))
    given = parser.parse_args(arguments)
    mood = MOODS[given.mood].changed(b'{"seed": %d}' % given.seed)
    stop = Event()
    Thread(target=_attend, args=(stop,), daemon=True).start()
    if given.provider == "bank":
        return _bank(given.data, mood, stop)
    return _online(given.provider, given.data, given.port, given.notify, mood, stop)


def _online(provider: str, data: Path, port: int, notify: str, mood: Mood, stop: Event) -> int:
    trades = Trades(mood)
    keys = set_up(data, provider, port, notify)
    emulator: Emulator = (
        WeChatEmulator(trades, keys, MCHID, APPID)
        if provider == "wechat" else AlipayEmulator(trades, keys, APPID, SELLER)
    )  # fmt: skip
    with ProviderServer(emulator, port, notify) as server:
        set_up(data, provider, server.port, notify)
        say(f"READY {provider} http://127.0.0.1:{server.port}")
        stop.wait()
    return 0


def _bank(data: Path, mood: Mood, stop: Event) -> int:
    folder, bank = data / "cloud" / "payments" / "bank", BankEmulator(Trades(mood))
    for part in ("out", "in"):
        (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    say("READY bank")
    while not stop.wait(LOOK_S):
        now_s = int(time.time())
        bank.serve(folder, day_of(now_s).replace("-", ""), now_s)
    return 0


def _attend(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()
