"""Nothing that a terminal was told SETTLED is missing from the books: the sign of a loss that no store can repair.

A ledger that was put back gets it all again from the outboxes; only if they are gone as well, or what they kept was
dropped, numbers stay that nobody will send any more. While the terminal's box has rows to send they are on their way.
"""

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.heard import box_states, terminals
from cloud.ledger.fleet.views import TerminalView
from cloud.store.db import Database
from shared.words.voice import Text

NAME = "gaps"


def check_gaps(db: Database) -> Check:
    """Every epoch of every terminal by its newest STATUS."""
    states = {box: state for box, (_, state) in box_states(db).items()}
    rows, waiting = terminals(db), 0
    for terminal in rows:
        lost = _settled_and_missing(terminal)
        if not lost:
            continue
        state = states.get(terminal.box)
        if state is None or state.unsettled:
            waiting += 1
            continue
        hint = "" if state.online else " (its box is off line, and may still hold them)"
        shown = ", ".join(f"{low}-{high}" for low, high in lost)
        return Check(NAME, len(rows), f"terminal {terminal.name} epoch {terminal.epoch}: {shown} are lost{hint}")
    note = Text(f"网关正在重发：{waiting}", f"being sent again: {waiting}") if waiting else None
    return Check(NAME, len(rows), "", note)


def _settled_and_missing(terminal: TerminalView) -> list[tuple[int, int]]:
    return [(low, min(high, terminal.settled)) for low, high in terminal.owed if low <= terminal.settled]
