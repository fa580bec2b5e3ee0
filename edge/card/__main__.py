"""`python -m edge.card serve | readers | relay`. Exit 0 clean, 1 broken, 2 wrong use or something is missing."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import argparse
import os
import sys
import tempfile
from pathlib import Path

from edge.card.reader.reader import FoundReader, found_readers
from edge.card.relay import serve_input as serve_relay
from edge.card.sim.pcscd import PrivatePcscd
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.card.sim.server import CardServer, Dial, dial_loopback
from edge.card.sim.serving import HELP, Hands, ServeOptions, serve_input
from edge.files.disk import keep_private
from edge.life import exit_code, say
from shared.errors import ConfigFault, StoreFault
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "读卡器：serve 把演示卡和 PSAM 放进虚拟读卡器（自带一个 pcscd），\nreaders 列出本机的读卡器。",
    "Readers: serve puts demonstration cards and a PSAM into virtual readers (with a pcscd\n"
    "of its own), readers lists those of this machine.",
)


IN_USE = Text("被占用", "in use")


def main(arguments: list[str]) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    if given.verb == "relay":
        return exit_code(lambda: serve_relay(given.reader))
    return exit_code(lambda: _readers() if given.verb == "readers" else _serve(given))


def _readers() -> int:
    sys.stdout.writelines(f"{_line(reader)}\n" for reader in found_readers())
    return 0


def _line(reader: FoundReader) -> str:
    atr = reader.atr.hex().upper()
    card = Text(f"有卡 {atr}", f"card {atr}") if atr else Text("空", "empty")
    return f"{reader.name}\t{card}" + (f"\t{IN_USE}" if reader.is_held else "")


def _serve(given: argparse.Namespace) -> int:
    options = ServeOptions(given.data, given.card, given.psam, given.card_t0, given.psam_t0)
    if given.system:
        return _hold(options, dial_loopback)
    with tempfile.TemporaryDirectory(prefix="ykt-", ignore_cleanup_errors=True) as run, PrivatePcscd(Path(run)) as own:
        for name, value in own.environment.items():
            say(f"export {name}={value}")
        say(f"--reader '{CARD_READER}' --psam-reader '{PSAM_READER}'")
        return _hold(options, own.dial)


def _hold(options: ServeOptions, dial: Dial) -> int:
    server = CardServer(dial)
    try:
        hands = Hands(server, options)
    except (ConfigFault, StoreFault):
        server.close()
        raise
    try:
        say(str(HELP))
        say("READY cards")
        serve_input(hands)
    finally:
        hands.close()
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m edge.card", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("readers", help=Text("列出本机的读卡器", "list the readers of this machine"))
    relay = verbs.add_parser(
        "relay", help=Text("把一台读卡器交给另一个程序用", "lend one reader to another program, by lines")
    )
    relay.add_argument("--reader", required=True, metavar="NAME", help=Text("读卡器名", "the reader's name"))
    serve = verbs.add_parser(
        "serve", help=Text("把演示卡放进虚拟读卡器", "put demonstration cards into virtual readers")
    )
    add_data(serve)
    serve.add_argument("--card", default="", metavar="LABEL", help=Text("先放哪张卡", "the card to begin with"))
    serve.add_argument(
        "--psam", default="", metavar="NAME", help=Text("放哪台终端的 PSAM", "the terminal whose PSAM it is")
    )
    serve.add_argument("--card-t0", action="store_true", help=Text("用户卡用 T=0", "the user card speaks T=0"))
    serve.add_argument("--psam-t0", action="store_true", help=Text("PSAM 用 T=0", "the PSAM speaks T=0"))
    serve.add_argument(
        "--system",
        action="store_true",
        help=Text("用系统的 pcscd 和 vpcd", "use the system's pcscd and vpcd, not our own"),
    )
    return parser


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
