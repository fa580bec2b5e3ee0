"""`edge.terminal run | serve | interactive | cards | adopt`. Exit 0 clean, 1 broken, 2 wrong use or in use."""

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import asyncio
import json
import os
import sys
from pathlib import Path

from edge.files.deck import Deck
from edge.files.disk import keep_private
from edge.life import exit_code
from edge.terminal import options
from edge.terminal.counter.entries import Console
from edge.terminal.counter.interactive import CounterOptions, interact
from edge.terminal.front.serve import FrontOptions, serve
from edge.terminal.options import AdoptWords, CardsWords, CounterWords
from edge.terminal.play.run import RunOptions, run
from edge.terminal.settings import settings
from edge.terminal.station import running
from edge.terminal.station.adopting import adopt
from edge.terminal.station.wires import Wire
from shared.clocks.campus_clock import parse_clock
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.money import yuan
from shared.support.logs import set_up
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted


def main(arguments: list[str]) -> int:
    """The exit code."""
    return exit_code(lambda: _do(arguments))


def _do(arguments: list[str]) -> int:
    given = options.parse(arguments)
    match given:
        case RunOptions():
            return asyncio.run(run(given))
        case FrontOptions():
            return asyncio.run(serve(given))
        case CounterWords():
            return asyncio.run(interact(_counter(given)))
        case CardsWords():
            return _cards(given)
        case AdoptWords():
            sys.stdout.write(f"{adopt(given.data, given.name, given.broken)}\n")
            return 0


def _cards(given: CardsWords) -> int:
    deck = Deck(given.data)
    held = [card.balances_fen() for card in deck.cards]
    main_fen, subsidy_fen = sum(main for main, _ in held), sum(subsidy or 0 for _, subsidy in held)
    if given.as_json:
        subsidies = sum(subsidy is not None for _, subsidy in held)
        found = {"cards": len(held), "cards_fen": main_fen + subsidy_fen}
        found |= {"subsidies": subsidies, "subsidy_fen": subsidy_fen}
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    for card, (main, subsidy) in zip(deck.cards, held, strict=True):
        beside = "" if subsidy is None else Text(f"  补助 ¥{yuan(subsidy)}", f"  subsidy ¥{yuan(subsidy)}")
        sys.stdout.write(f"  {card.label}  ¥{yuan(main)}{beside}\n")
    whole, subsidies_yuan = yuan(main_fen + subsidy_fen), yuan(subsidy_fen)
    said = Text(
        f"{len(held)} 张卡，共 ¥{whole}，其中补助 ¥{subsidies_yuan}",
        f"{len(held)} cards, ¥{whole}, of which subsidy ¥{subsidies_yuan}",
    )
    sys.stdout.write(f"{said}\n")
    return 0


def _counter(given: CounterWords) -> CounterOptions:
    """Fill in what can be found: bodies, wire, console."""
    data = given.data

    def wire(name: str) -> Wire:
        return given.wire if given.wire != Wire() else _found_wire(data, name)

    return CounterOptions(
        data=data,
        names=(given.name,) if given.name else _bodies(data, DeviceKind.POS),
        load_names=_bodies(data, DeviceKind.LOAD_MACHINE),
        wire=wire,
        clock=parse_clock(given.clock),
        card=given.card,
        console=_console(given),
        box=lambda name: _raw(data, name)["box"],
        box_kill=given.box_kill,
        reader=given.reader,
        psam_reader=given.psam_reader,
    )


def _bodies(data: Path, kind: DeviceKind) -> tuple[str, ...]:
    """Bodies of a kind that hang on TCP, by name."""
    folders = sorted(path.parent.name for path in (data / "terminals").glob("*/terminal.json"))
    found = ((name, settings.load(data / "terminals" / name / "terminal.json")) for name in folders)
    return tuple(name for name, body in found if body.kind is kind and not body.bitrate)


def _found_wire(data: Path, name: str) -> Wire:
    box = _raw(data, name)["box"]
    edge = running.edge_of(data, box)
    port = edge.option("--tcp-port") if edge else ""
    if not port:
        # nobody listens there: the counter sells offline until the box is up
        return Wire(tcp="127.0.0.1:9")
    return Wire(tcp=f"127.0.0.1:{port}")


def _console(given: CounterWords) -> Console | None:
    """Where to look entries up; None without a token, or when no console is known."""
    url = given.console
    if not url:
        found = running.console_of(given.data)
        port = found.option("--port") if found else ""
        url = f"https://127.0.0.1:{port}" if port else ""
    token = given.token or given.data / "cloud" / "api.token"
    if not url or not token.exists():
        return None
    ca = given.ca or given.data / "cloud" / "ca.pem"
    return Console(url, token.read_text(encoding="ascii").strip(), ca if ca.exists() else None)


def _raw(data: Path, name: str) -> dict[str, str]:
    try:
        raw: dict[str, str] = json.loads((data / "terminals" / name / "terminal.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ConfigFault(Text(f"{name}: 没有这台终端", f"{name}: no such terminal")) from fault
    return raw


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    set_up("terminal", os.environ)
    end(lambda: main(sys.argv[1:]))
