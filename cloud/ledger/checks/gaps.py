"""Nothing that a terminal was told SETTLED is missing from the books: the sign of a loss that no store can repair.

A ledger that was put back gets it all again from the outboxes; only if they are gone as well, or what they kept was
dropped, numbers stay that nobody will send any more. While the terminal's box has rows to send they are on their way;
so are those that it had made at a box that it has left, while that one has.
"""

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.former import former_holds
from cloud.ledger.fleet.heard import box_states, terminals
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.receive.backup_marks import covered, rows_held
from cloud.store.db import Database
from shared.wire.messages import BoxState
from shared.words.voice import Text

NAME = "gaps"
COVERED = "backup-marks"


def check_gaps(db: Database) -> Check:
    """Every epoch of every terminal by its newest STATUS."""
    states = {box: state for box, (_, state) in box_states(db).items()}
    sent_again = former_holds(db, lambda box: _sends(states.get(box)))
    off_line = former_holds(db, lambda box: _is_off_line(states.get(box)))
    rows, waiting = terminals(db), 0
    for terminal in rows:
        lost = _settled_and_missing(terminal)
        if not lost:
            continue
        key, state = (terminal.device, terminal.epoch), states.get(terminal.box)
        lost = _above(lost, sent_again.get(key, 0))
        if not lost or _sends(state):
            waiting += 1
            continue
        may_hold = _is_off_line(state) or lost[0][0] <= off_line.get(key, 0)
        hint = " (its box is off line, and may still hold them)" if may_hold else ""
        shown = ", ".join(f"{low}-{high}" for low, high in lost)
        return Check(NAME, len(rows), f"terminal {terminal.name} epoch {terminal.epoch}: {shown} are lost{hint}")
    note = Text(f"网关正在重发：{waiting}", f"being sent again: {waiting}") if waiting else None
    return Check(NAME, len(rows), "", note)


def check_backup_marks(db: Database) -> Check:
    """No box is told that a backup holds rows which these books have not."""
    held, marks = rows_held(db), covered(db)
    for (box, store), mark in sorted(marks.items()):
        if mark.row > held.get((box, store), 0):
            ours = held.get((box, store), 0)
            return Check(COVERED, len(marks), f"{box} is told that rows up to {mark.row} are kept; {ours} are here")
    return Check(COVERED, len(marks))


def _settled_and_missing(terminal: TerminalView) -> list[tuple[int, int]]:
    return [(low, min(high, terminal.settled)) for low, high in terminal.owed if low <= terminal.settled]


def _above(spans: list[tuple[int, int]], seq: int) -> list[tuple[int, int]]:
    return [(max(low, seq + 1), high) for low, high in spans if high > seq]


def _sends(state: BoxState | None) -> bool:
    """Has it rows to send, or was it never heard?"""
    return state is None or state.unsettled > 0


def _is_off_line(state: BoxState | None) -> bool:
    return state is not None and not state.online
