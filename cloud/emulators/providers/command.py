"""`python -m cloud.emulators wechat|alipay|bank|providers`: one provider on loopback, for a demonstration campus.

It writes its section of DATA/cloud/payments.toml with keys of its own making. `READY wechat http://127.0.0.1:PORT` when
it listens; it ends when standard input closes. `providers`: all three in one process, `--port` is WeChat's, callbacks
go to NOTIFY and the provider's name; it knows its orders again at its next start.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from cloud.emulators.providers.alipay import AlipayEmulator
from cloud.emulators.providers.bank import BankEmulator
from cloud.emulators.providers.mood import MOODS, Mood
from cloud.emulators.providers.payer import PAGE
from cloud.emulators.providers.serving import Emulator, ProviderServer, keep_known, know_again
from cloud.emulators.providers.setting_up import APPID, MCHID, SELLER, keep_of, set_up, set_up_bank
from cloud.emulators.providers.trades import Trades, day_of
from cloud.emulators.providers.wechat import WeChatEmulator
from cloud.process.life import say
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text

NAMES = ("wechat", "alipay", "bank", "providers")
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
    if given.provider == "providers":
        return _all(given.data, given.port, given.notify, mood, stop)
    if given.provider == "bank":
        return _bank(set_up_bank(given.data), BankEmulator(Trades(mood)), stop)
    with _online(given.provider, given.data, given.port, given.notify, mood) as server:
        say(f"READY {given.provider} http://127.0.0.1:{server.port}")
        stop.wait()
    return 0


@contextmanager
def _online(
    provider: str, data: Path, port: int, notify: str, mood: Mood, keep: Path | None = None
) -> Iterator[ProviderServer]:
    trades = Trades(mood)
    keys = set_up(data, provider, port, notify)
    emulator: Emulator = (
        WeChatEmulator(trades, keys, MCHID, APPID)
        if provider == "wechat" else AlipayEmulator(trades, keys, APPID, SELLER)
    )  # fmt: skip
    ca = data / "front" / "ca.pem" if notify.startswith("https:") else None
    with ProviderServer(emulator, port, notify, ca=ca, keep=keep) as server:
        if server.port != port:
            set_up(data, provider, server.port, notify)
        yield server


def _all(data: Path, port: int, notify: str, mood: Mood, stop: Event) -> int:
    with ExitStack() as open_until_end:
        places = []
        for name, at in (("wechat", port), ("alipay", 0)):
            online = _online(name, data, at, f"{notify}{name}" if notify else "", mood, keep_of(data, name))
            places.append(f"http://127.0.0.1:{open_until_end.enter_context(online).port}{PAGE}")
        bank, keep = BankEmulator(Trades(mood)), keep_of(data, "bank")
        folder, kept = set_up_bank(data), know_again(bank, keep)
        say(f"READY providers {' '.join(places)}")
        while not stop.wait(LOOK_S):
            now_s = int(time.time())
            bank.serve(folder, day_of(now_s).replace("-", ""), now_s)
            kept = keep_known(bank, keep, kept)
    return 0


def _bank(folder: Path, bank: BankEmulator, stop: Event) -> int:
    say("READY bank")
    while not stop.wait(LOOK_S):
        now_s = int(time.time())
        bank.serve(folder, day_of(now_s).replace("-", ""), now_s)
    return 0


def _attend(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()
