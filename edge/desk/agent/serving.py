"""The agent's turn: ask the console, do what it wants once, tell it; for ever. One question at a time.

A console that is away is asked again after PAUSE_S, doubled up to PAUSE_MAX_S. What it did not hear of an order is told
before anything else is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.desk.agent.orders import Bench, carry_out
from edge.desk.doors import pairing
from edge.desk.doors.console import ConsoleLine, require_https
from edge.desk.doors.pairing import Paired
from shared.errors import ConfigFault, WireFault
from shared.wire import codec
from shared.wire.desk.line import Deed, End, Ended, LineOp, Order, parse_order
from shared.words.voice import Text

PAUSE_S, PAUSE_MAX_S = 1.0, 30.0
NO_CONSOLE = Text("第一次须说明 --console https://…", "the first time it needs --console https://…")
AWAY = Text("集控平台没有应答，或证书不是本校签发", "no answer from the console, or its certificate is not the campus'")
STOPPED = Text("代理在办理中停过：先读卡查明", "the agent stopped in the middle of it: read the card first")
_TOLD = {
    End.DONE: Text("已办", "done"),
    End.FAILED: Text("未办", "not done"),
    End.UNKNOWN: Text("结果未知", "not known"),
}


def paired(folder: Path, console: str, ca: Path, typed: Callable[[], str], *, anew: bool) -> Paired:
    """As it is kept, or by a code that somebody types. ConfigFault when the console refuses it or is away."""
    kept = pairing.load(folder)
    address = require_https(console) if console else kept.console if kept else ""
    if kept is not None and not anew and address == kept.console:
        return kept
    if not address:
        raise ConfigFault(NO_CONSOLE)
    answer = ConsoleLine(address, ca).ask(LineOp.PAIR, [typed()])
    if not isinstance(answer, list):
        raise ConfigFault(answer or AWAY)
    token, name = codec.fields(answer, str, str, what="pair")
    return pairing.begin(folder, address, name, token)


def serve(kept: Paired, ca: Path, bench: Bench, say: Callable[[Text], object]) -> bool:
    """Until it is ended or revoked (ConfigFault)."""
    line = ConsoleLine(kept.console, ca, kept.token)
    say(Text(f"READY agent {kept.name}", f"READY agent {kept.name}"))
    pause_s = PAUSE_S
    while True:
        answer = _told(line, kept)
        if isinstance(answer, list):
            kept = kept.told() if kept.untold else kept
            answer = line.ask(LineOp.NEXT)
        if isinstance(answer, list):
            kept, pause_s = _turn(kept, answer, bench, say), PAUSE_S
            continue
        say(answer or AWAY)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)


def _told(line: ConsoleLine, kept: Paired) -> list[Any] | Text | None:
    """What the console has not heard yet; told again is no harm."""
    if not kept.untold or kept.ended is None:
        return []
    return line.ask(LineOp.DONE, kept.ended.to_list())


def _turn(kept: Paired, answer: list[Any], bench: Bench, say: Callable[[Text], object]) -> Paired:
    order = _order(answer) if answer else None
    if order is None:
        return kept
    ended = _once(kept, order)
    if ended is None:
        kept = kept.begun(order)
        ended = carry_out(order, bench)
        word = _TOLD[ended.end]
        say(Text(f"{order.deed.value}: {word.zh}", f"{order.deed.value}: {word.en}"))
    return kept.over(ended)


def _once(kept: Paired, order: Order) -> Ended | None:
    """What is known of it already; None: it is new, or a look, which does no harm twice."""
    if order.id != kept.last:
        return None
    if kept.ended is not None:
        return kept.ended
    return None if order.deed is Deed.READ else Ended(order.id, End.UNKNOWN, (STOPPED,))


def _order(answer: list[Any]) -> Order | None:
    """None for one of a console that is newer than this desk: nothing is done, and it ends by its time there."""
    try:
        return parse_order(*codec.fields(answer, list, what="next"))
    except WireFault:
        return None
