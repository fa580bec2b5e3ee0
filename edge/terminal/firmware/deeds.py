"""What orders of the centre do to a body: they are begun between taps, never inside of one. Pure.

The lock is the store's (`down/orders.py`); here is what needs line, display and flash. A restart is the station's: it
is asked for, and done by the boot that follows.
"""

from edge.terminal.down.orders import Answer, Orders
from edge.terminal.firmware.line import Line
from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from shared.clocks.clock import time_text
from shared.fleet.document import DocumentKind
from shared.fleet.order import Deed, Locate, Order, Reboot, Reread, SendLog, Silence
from shared.money import yuan
from shared.records import Kind, decode
from shared.wire.fleet_lane import Verdict

LOCATE_EVERY_S = 5.0
"""A terminal that is looked for beeps so often."""
NOT_HERE, NO_EPOCH = b"no such record here", b"no such epoch here"
_NEVER = float("inf")


class Deeds:
    """Of one body. wants_restart: whoever drives it boots it anew, from flash."""

    def __init__(self, body: Body, line: Line) -> None:
        self._body = body
        self._line = line
        self._locating_until_s = self._beep_s = _NEVER
        self.wants_restart = False

    def due_s(self) -> float:
        """Monotonic second of the next `due` that does anything."""
        documents = self._body.documents
        if self._is_over(documents.orders):
            return self._body.now.mono_s
        return min(self._beep_s, documents.orders.due_s(documents.order_held))

    def due(self) -> None:
        """No tap is under way: go on with what was ordered. Answers go out by the line."""
        orders = self._body.documents.orders
        self._beep()
        mono_s = self._body.now.mono_s
        self._said(orders.unkept(mono_s))
        if self._is_over(orders):
            self._said(orders.answer(Answer(Verdict.IN_USE, self._count()), mono_s))
        self._begin(orders)

    def _is_over(self, orders: Orders) -> bool:
        return orders.is_running and not self.wants_restart and self._line.rereading.is_over

    def _begin(self, orders: Orders) -> None:
        body = self._body
        order: Order | None = body.documents.meaning(DocumentKind.ORDER)
        if order is None:
            return
        lock, time = orders.lock, body.time()
        campus_s = time.seconds if time.is_set else None
        done = orders.begin(body.documents.order_held, order, campus_s, body.now.mono_s, self._act)
        if orders.lock != lock:
            body.show(display.unlocked() if orders.lock is None else display.locked(orders.lock))
        self._said(done)

    def _said(self, answer: Answer | None) -> None:
        if answer is not None:
            self._line.say_order()
            answer.then()

    def _act(self, deed: Deed) -> Answer | None:
        match deed:
            case Locate(seconds):
                return Answer(Verdict.IN_USE, then=lambda: self._locate(seconds))
            case Silence(seconds):
                return Answer(Verdict.IN_USE, then=lambda: self._line.hush(seconds))
            case SendLog(back):
                return self._log(back)
            case Reread():
                return None if self._line.reread(deed) else Answer(Verdict.REFUSED, NO_EPOCH)
            case Reboot():
                self.wants_restart = True
                return None
        return Answer(Verdict.UNSUPPORTED)

    def _locate(self, seconds: int) -> None:
        self._beep_s = self._body.now.mono_s
        self._locating_until_s = self._beep_s + seconds
        self._beep()

    def _beep(self) -> None:
        now_s = self._body.now.mono_s
        if now_s < self._beep_s:
            return
        self._beep_s += LOCATE_EVERY_S
        if now_s >= self._locating_until_s:
            self._beep_s = self._locating_until_s = _NEVER
        else:
            self._body.show(display.looked_for())

    def _count(self) -> bytes:
        order = self._body.documents.meaning(DocumentKind.ORDER)
        wanted = order.deed.last - order.deed.first + 1 if order and isinstance(order.deed, Reread) else 0
        return f"sent {self._line.rereading.sent} of {wanted}".encode()

    def _log(self, back: int) -> Answer:
        """64 bytes carry figures, or one line of the records that were shown: no more is promised."""
        if not back:
            return Answer(Verdict.IN_USE, self._figures().encode())
        line = self._record(back)
        return Answer(Verdict.REFUSED, NOT_HERE) if line is None else Answer(Verdict.IN_USE, line.encode())

    def _figures(self) -> str:
        flash, line, body = self._body.flash, self._line, self._body
        epoch = flash.current
        newest = f"{epoch.epoch}/{epoch.last}" if epoch else "0/0"
        return (
            f"boot {flash.boot} last {newest} owed {flash.unsettled} open {body.book.without_record} "
            f"free {flash.free} join {line.joins} bad {line.faults}"
        )

    def _record(self, back: int) -> str | None:
        epoch = self._body.flash.current
        seq = epoch.last - back + 1 if epoch else 0
        wire = self._body.flash.kept(seq)
        if epoch is None or wire is None:
            return None
        row = decode(wire)
        kind = Kind(row.kind).name.lower()
        return f"{epoch.epoch}/{seq} {kind} {yuan(row.amount_fen)} {row.card[-2:].hex()} {time_text(row.time)}"
