"""What orders of the centre do to a body: they are begun between taps, never inside of one. Pure.

The lock is the store's (`down/orders.py`); here is what needs line, display and flash. A restart is the station's: it
is asked for, and done by the boot that follows.
"""

from edge.terminal.down.orders import Answer, Orders
from edge.terminal.firmware.line import Line
from edge.terminal.firmware.written import log_text, record_line, slip_text
from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind
from shared.fleet.order import WHOLE, CloseShift, Deed, Locate, Order, Reboot, Reread, SendLog, Silence
from shared.wire.fleet_lane import Verdict

LOCATE_EVERY_S = 5.0
"""A terminal that is looked for beeps so often."""
ALL_SAID = Answer(Verdict.IN_USE, b"all of it is said")
NOBODY_TAKES = Answer(Verdict.REFUSED, b"nobody takes it")
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
        due_s = min(self._beep_s, self._line.saying.give_up_s())
        return min(due_s, documents.orders.due_s(documents.order_held))

    def resume(self) -> None:
        """After a power-on: a shift whose close was begun is closed, by the same order and once."""
        orders = self._body.documents.orders
        answer = self._close_shift() if orders.is_running else None
        if answer is not None:
            orders.answer(answer, self._body.now.mono_s)

    def due(self) -> None:
        """No tap is under way: go on with what was ordered. Answers go out by the line."""
        orders = self._body.documents.orders
        self._beep()
        mono_s = self._body.now.mono_s
        self._said(orders.unkept(mono_s))
        self._line.saying.expire(mono_s)
        if self._is_over(orders):
            self._said(orders.answer(self._over(), mono_s))
        self._begin(orders)

    def _is_over(self, orders: Orders) -> bool:
        is_under_way = self.wants_restart or not self._line.rereading.is_over or not self._line.saying.is_over
        return orders.is_running and not is_under_way

    def _over(self) -> Answer:
        """The answer to what took its time."""
        order, saying = self._body.documents.meaning(DocumentKind.ORDER), self._line.saying
        match order.deed if order else None:
            case CloseShift():
                return Answer(Verdict.IN_USE, self._body.shifts.slip().short().encode())
            case SendLog():
                return ALL_SAID if not saying.has_failed else NOBODY_TAKES
        return Answer(Verdict.IN_USE, self._count())

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
            case CloseShift():
                return self._close_shift()
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

    def _log(self, back: int) -> Answer | None:
        """64 bytes carry figures, or one line of the records; all of it goes out in pieces."""
        if back == WHOLE:
            raw = log_text(self._figures(), self._body.diary, self._body.flash)
            self._line.saying.begin(self._body.documents.order_held, raw, self._body.now.mono_s)
            return None
        if not back:
            return Answer(Verdict.IN_USE, self._figures().encode())
        epoch = self._body.flash.current
        line = record_line(self._body.flash, epoch.last - back + 1) if epoch else None
        return Answer(Verdict.REFUSED, NOT_HERE) if line is None else Answer(Verdict.IN_USE, line.encode())

    def _close_shift(self) -> Answer | None:
        """What lies open on a card is of the next shift. The slip is said, and shown."""
        body = self._body
        generation = body.documents.order_held
        try:
            slip = body.shifts.close(generation, body.time().seconds)
        except StoreFault:
            return Answer(Verdict.NO_ROOM)
        body.show(display.shift_closed(slip.mark.number, slip.sales.times, slip.net_fen))
        self._line.saying.begin(generation, slip_text(body.settings.device, slip).encode(), body.now.mono_s)
        return None

    def _figures(self) -> str:
        flash, line, body = self._body.flash, self._line, self._body
        epoch = flash.current
        newest = f"{epoch.epoch}/{epoch.last}" if epoch else "0/0"
        return (
            f"boot {flash.boot} last {newest} owed {flash.unsettled} open {body.book.without_record} "
            f"free {flash.free} join {line.joins} bad {line.faults}"
        )
