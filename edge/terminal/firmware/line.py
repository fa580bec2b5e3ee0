"""The terminal's end of its link: join, sealed session, records out, ACK and SETTLED in, STATUS and HEARTBEAT. Pure.

Messages and `now` in, messages out (`out`). Refuses what is not sealed by the edge that proved K_term in this join;
CHALLENGE and a REFUSE that is not sealed are hints. No message is trusted to arrive: all is repeated until answered.
"""

from collections.abc import Callable
from enum import Enum

from edge.link import messages as link
from edge.link.messages import Refusal, Type, Welcome
from edge.link.port import BusReport
from edge.link.seal import Direction, Opened, Session, SessionOver, session_key
from edge.terminal.down.documents import Say
from edge.terminal.firmware.rereading import Rereading
from edge.terminal.firmware.saying import Saying
from edge.terminal.firmware.tallies import Tallies
from edge.terminal.firmware.window import WINDOW, WINDOW_BUS, Window
from edge.terminal.store.flash import Epoch
from edge.terminal.taps.asking import Asking
from edge.terminal.taps.body import Body
from shared.errors import WireFault
from shared.fleet.order import Reread
from shared.wire.messages import EpochStatus

JOIN_S = 2.0
JOIN_MAX_S = 16.0
"""An unanswered HELLO is repeated, byte for byte, after JOIN_S, doubling up to this."""
NO_EPOCH_S = 0.25
"""After a WELCOME without an epoch the terminal joins again so soon, then after twice as long, up to JOIN_MAX_S: the
cloud answers within milliseconds, or is away for long, and a bus has no room for joins that cannot succeed."""
SILENCE_S = 60.0
UNACKED_S = 12.0
"""An edge that is silent so long (with records in flight: so long) has forgotten us: join again."""
UNACKED_TCP_S = 6.0
"""On TCP, where nothing of others goes before an ACK: the connection may be dead, as when a radio cell has changed or a
NAT has forgotten it, and neither end is told."""
HELLOS_MAX = 2
"""So many HELLOs without any answer, and the connection counts as dead, too."""
HINT_S = 2.0
"""A REFUSE in a conversation counts as a hint when nothing proven came for this long."""
STATUS_S = 10.0
STATUS_MIN_S = 0.5
HEARTBEAT_S = 5.0
REPORTS_S, REPORTS_MAX_S = 10.0, 320.0
"""Words on documents are answered by nobody, and a bus may lose one: they are said again after the first of these, then
after twice as long each time, up to the second; and from a message of the edge about documents on after the second."""
_SPREAD = 16
"""Bodies of a bus that have joined together do not repeat together."""
EMCY_S = 5.0
"""What the controller counts of errors is said at most so often, and only when it has grown."""
FIRST_EMCY_S = 2.0
"""For the first time so long after a join: a bus on which all join has no room before, and an edge that has not heard
how a node stands sees nothing of it grow."""
SILENCE_MAX_S = 300
"""No edge sends a terminal off the wire for longer."""
R_TERM_SIZE = 8
_NEVER = float("inf")
_U32 = 0xFFFF_FFFF


class State(Enum):
    """Of the join."""

    NO_WIRE = "no-wire"
    HELLO = "hello"
    AUTH = "auth"
    JOINED = "joined"


class Line:
    """One link. `out`: messages for the edge, emptied by the owner. The time of an input is the body's `now`."""

    def __init__(self, body: Body, random_bytes: Callable[[int], bytes]) -> None:
        self._body = body
        self._flash = body.flash
        self._random = random_bytes
        self.window = Window(body.flash, WINDOW_BUS if body.settings.bitrate else WINDOW)
        self.rereading = Rereading(body.flash, self.window)
        self.saying = Saying()
        self.tallies = Tallies()
        self.asking = Asking()
        self.out: list[bytes] = []
        self.state = State.NO_WIRE
        self.refusal: Refusal | None = None
        self.welcome: Welcome | None = None
        self.faults = 0
        self.joins = 0
        self.is_stale = False
        """As far as we can tell this wire is dead: its owner should have it anew, where that can be had."""
        self._session: Session | None = None
        self._r_term = b""
        self._hello_s = _NEVER
        self._wait_s = JOIN_S
        self._unanswered = 0
        self._unacked_s = UNACKED_S if body.settings.bitrate else UNACKED_TCP_S
        self._epoch_wait_s = NO_EPOCH_S
        self._heard_s = 0.0
        self._status_s = _NEVER
        self._status_sent_s = -_NEVER
        self._heartbeat_s = _NEVER
        self._reports_s, self._reports_wait_s = _NEVER, REPORTS_S
        self._hushed_until_s = -_NEVER
        self._bus: BusReport | None = None
        self._bus_told: BusReport | None = None
        self._emcy_s = -_NEVER
        self.leave_s = 0
        """Ordered by the edge: to be off the wire for so long. Its owner does it, and sets it to 0."""

    # --- inputs ---------------------------------------------------------------------------------------------------

    def wire(self, up: bool) -> None:  # the port's own word: the wire is there or not
        """The wire came or went. A new wire is a new conversation."""
        self._part(State.HELLO if up else State.NO_WIRE)
        self._hello_s = self._mono_s if up else _NEVER
        self._wait_s = JOIN_S
        self._answered()

    def rejoin(self) -> None:
        """Begin the conversation anew."""
        if self.state is not State.NO_WIRE:
            self._part(State.HELLO)
            self._hello_s = self._mono_s

    def message(self, raw: bytes) -> None:
        """A message from the edge. Malformed or unproven ones are counted and change nothing."""
        try:
            self._take(raw)
        except SessionOver:
            self.faults += 1
            self.rejoin()
        except WireFault:
            self.faults += 1

    def bus(self, report: BusReport) -> None:
        """What the wire's controller counts of errors now."""
        self._bus = report

    def tick(self) -> None:
        """Whatever is due. StoreFault when the store cannot read a record."""
        mono_s = self._body.now.mono_s
        if self.is_hushed:
            self._hushed(mono_s)
            return
        if mono_s >= self._hello_s:
            self._hello()
        if self.state is State.JOINED:
            self._check_silence()
        self.asking.expire(mono_s)
        if self.state is not State.JOINED:
            return
        if not self.asking.is_settled:
            self._ask()
        for index, wire in self.window.take(mono_s) + self.rereading.take(mono_s):
            self._seal(Type.RECORD, wire, index)
        if mono_s >= self._status_s:
            self._status()
        if mono_s >= self._heartbeat_s:
            self._heartbeat()
        if self._has_errors() and mono_s >= self._emcy_s + EMCY_S:
            self._emcy()
        self._say_more(mono_s)

    def _say_more(self, mono_s: float) -> None:
        """What money and STATUS do not wait for."""
        self._say(self._body.documents.tick(mono_s))
        if mono_s >= self._reports_s:
            self._say(self._body.documents.words())
            self._reports_in(min(2 * self._reports_wait_s, REPORTS_MAX_S))
        self._say_at_length(mono_s)

    def due_s(self) -> float:
        """Monotonic second of the next thing that is due."""
        if self.is_hushed:
            return min(self._hushed_until_s, self.asking.due_s(can_send=False))
        due_s = self._hello_s
        if not self.asking.is_settled:
            due_s = min(due_s, self.asking.due_s(can_send=self.is_joined))
        if self.state is not State.JOINED:
            return due_s
        due_s = min(due_s, self.window.due_s(), self._status_s, self._heartbeat_s, self._body.documents.due_s())
        due_s = min(due_s, self._reports_s)
        due_s = min(due_s, self.saying.due_s(), self.tallies.due_s())
        due_s = min(due_s, self.rereading.due_s(), self._emcy_s + EMCY_S if self._has_errors() else _NEVER)
        return due_s if due_s <= self._trusted_till() else min(due_s, self._silent_at())

    def status_due(self) -> None:
        """Something worth a STATUS has changed: send it soon."""
        if self.state is State.JOINED:
            self._status_s = min(self._status_s, max(self._mono_s, self._status_sent_s + STATUS_MIN_S))

    def hush(self, seconds: int) -> None:
        """Send nothing for so long, 0: speak again. What is due is kept, and said in a new conversation."""
        was_hushed = self.is_hushed
        self._hushed_until_s = self._mono_s + seconds if seconds else -_NEVER
        if was_hushed and not seconds:
            self.rejoin()

    @property
    def is_hushed(self) -> bool:
        """Has somebody ordered silence?"""
        return self._hushed_until_s != -_NEVER

    def reread(self, order: Reread) -> bool:
        """Send records again; False: nothing of that epoch is here."""
        return self.rereading.begin(order, self._mono_s)

    def say_order(self) -> None:
        """What became of the order that is held; without a conversation the next join says it."""
        self.tell(self._body.documents.order_said())

    @property
    def _mono_s(self) -> float:
        return self._body.now.mono_s

    @property
    def is_joined(self) -> bool:
        return self.state is State.JOINED and not self.is_hushed

    @property
    def is_registered(self) -> bool:
        """Whether the edge has welcomed us with an epoch."""
        return self.is_joined and self.welcome is not None and self.welcome.current != 0

    def held_of(self, epoch: int) -> int:
        """What the edge says it holds of an epoch, 0 when it does not speak of it."""
        rows = self.welcome.epochs if self.welcome else ()
        return next((row.held for row in rows if row.epoch == epoch), 0)

    def epoch_began(self, row: Epoch) -> None:
        """An epoch has begun in this conversation: its records may go out if WELCOME lists it."""
        rows = self.welcome.epochs if self.welcome else ()
        for index, told in enumerate(rows):
            if told.epoch == row.epoch:
                self.window.add_epoch(row.epoch, index, row.settled)
        self.status_due()

    # --- join -----------------------------------------------------------------------------------------------------

    def _hello(self) -> None:
        if self.state is not State.HELLO or not self._r_term:
            self._part(State.HELLO)
            self._r_term = self._random(R_TERM_SIZE)
        settings, flash = self._body.settings, self._flash
        hello = link.Hello(
            settings.device, flash.storage, self._body.psam, self._body.model, self._body.release, flash.boot,
            self._r_term,
        )  # fmt: skip
        self.out.append(link.HELLO.encode(hello))
        self.is_stale = self.is_stale or self._unanswered >= HELLOS_MAX
        self._unanswered += 1
        self._hello_s = self._mono_s + self._wait_s
        self._wait_s = min(self._wait_s * 2, JOIN_MAX_S)

    def _answered(self) -> None:
        self.is_stale, self._unanswered = False, 0

    def _challenged(self, raw: bytes) -> None:
        challenge = link.CHALLENGE.decode(raw)
        self._answered()
        if self.state is not State.HELLO or not self._r_term:
            return
        device = self._body.settings.device
        key = session_key(self._body.settings.key, challenge.r_edge, self._r_term, device)
        self._session = Session(key, device, Direction.UP)
        self.state = State.AUTH
        self._seal(Type.AUTH, link.AUTH.encode(link.Auth(self._auth_epochs())), 0)

    def _auth_epochs(self) -> tuple[link.AuthEpoch, ...]:
        flash = self._flash
        listed = [
            row for row in flash.epochs if not row.drained or (row is flash.current and row.psam == self._body.psam)
        ]
        return tuple(link.AuthEpoch(row.epoch, row.psam, row.settled + 1, row.last) for row in listed)

    def _welcomed(self, opened: Opened) -> None:
        welcome = link.WELCOME.decode(opened.payload)
        if self.state is not State.AUTH:
            return
        self.state = State.JOINED
        self.joins += 1
        self.refusal = None
        self.welcome = welcome
        if welcome.current:
            self._flash.keep_revoked(False)
        self._wait_s = JOIN_S
        self._hello_s = _NEVER if welcome.current else self._mono_s + self._epoch_wait_s
        self._epoch_wait_s = NO_EPOCH_S if welcome.current else min(self._epoch_wait_s * 2, JOIN_MAX_S)
        self._body.take_time(welcome.time)
        same = welcome.store == self._flash.store
        self.window.begin(welcome.epochs, self._mono_s, same_store=same)
        if not same:
            self._flash.keep_store(welcome.store)
        self._status_s = self._heartbeat_s = self._mono_s
        self._bus_told = None
        self._emcy_s = max(self._emcy_s, self._mono_s + FIRST_EMCY_S - EMCY_S)
        said = self._body.documents.joined()
        self._reports_s = _NEVER
        self.tell(said)
        self.tallies.joined(self._mono_s)

    def _refused(self, raw: bytes) -> None:
        refusal = link.REFUSE.decode(raw).reason
        self._answered()
        if self.state is State.JOINED:
            if self._mono_s - self._heard_s >= HINT_S:
                self.rejoin()
            return
        self.refusal = refusal
        self._hello_s = max(self._hello_s, self._mono_s + self._wait_s) if self.state is not State.NO_WIRE else _NEVER

    def _barred(self, refusal: Refusal) -> None:
        """The edge has proven it: this body or its PSAM is revoked. It sells no more, and hands over what it owes."""
        if refusal is not Refusal.REVOKED:
            return
        self.refusal = refusal
        self._flash.keep_revoked(True)
        if self.is_registered:
            self.rejoin()

    def _part(self, state: State) -> None:
        self.state = state
        self._session = None
        self.welcome = None
        self._r_term = b""
        self._body.awaited.told = set()
        self.window.end()
        self._status_s = self._heartbeat_s = self._reports_s = _NEVER

    def _check_silence(self) -> None:
        mono_s = self._mono_s
        if mono_s >= self._trusted_till() and mono_s >= self._silent_at():
            self.is_stale = True
            self.rejoin()
            self._hello()

    def _trusted_till(self) -> float:
        """Nothing makes an edge that was heard count as silent before."""
        return self._heard_s + self._unacked_s

    def _silent_at(self) -> float:
        if self.window.is_flying():
            return max(self._heard_s, self.window.flying_s) + self._unacked_s
        return self._heard_s + SILENCE_S

    # --- messages -------------------------------------------------------------------------------------------------

    def _take(self, raw: bytes) -> None:
        kind = self._type_of(raw)
        if kind is Type.CHALLENGE:
            self._challenged(raw)
        elif kind is Type.REFUSE and len(raw) == link.REFUSE.size:
            self._refused(raw)
        elif self._session is None:
            raise WireFault("sealed message outside a conversation")
        elif kind in link.SHORT:
            self._short(self._session, kind, raw)
        else:
            opened = self._session.open(raw)
            self._heard_s = self._mono_s
            self._sealed(opened)

    def _type_of(self, raw: bytes) -> Type:
        """WireFault for one that is not known: a newer edge's, which moves the counter all the same."""
        try:
            return link.type_of(raw)
        except WireFault:
            if self._session is not None:
                self._session.pass_over(raw)
            raise

    def _short(self, session: Session, kind: Type, raw: bytes) -> None:
        if self.state is not State.JOINED:
            raise WireFault("ACK or SETTLED before WELCOME")
        lanes = self.window.lanes
        if kind is Type.ACK:
            named = session.open_seq(raw, [(lane.epoch, lane.acked) for lane in lanes])
        else:
            rows = ((lane.epoch, self._flash.epoch(lane.epoch)) for lane in lanes)
            named = session.open_seq(raw, [(epoch, row.settled) for epoch, row in rows if row is not None])
        self._heard_s = self._mono_s
        if named is None:
            return
        if kind is Type.ACK:
            self.window.ack(*named, self._mono_s)
        elif self.window.settled(*named):
            self.status_due()

    def _sealed(self, opened: Opened) -> None:
        if opened.type is Type.WELCOME:
            self._welcomed(opened)
        elif opened.type is Type.TIME and opened.is_late:
            raise WireFault("TIME that was overtaken")
        elif opened.type is Type.TIME:
            self._body.take_time(link.TIME.decode(opened.payload).time)
        elif opened.type is Type.ONLINE_ANSWER:
            answer = link.ONLINE_ANSWER.decode(opened.payload)
            self.asking.answered(answer.request, answer.payload)
        elif opened.type is Type.AWAITED:
            self._body.awaited.told = set(link.AWAITED.decode(opened.payload).cards)
        elif opened.type is Type.REFUSE:
            self._barred(link.REFUSE_SEALED.decode(opened.payload).reason)
        elif opened.type is Type.SILENCE:
            self._silenced(link.SILENCE.decode(opened.payload).seconds)
        elif opened.type is Type.PIECE_TAKEN:
            self.saying.taken(link.PIECE_TAKEN.decode(opened.payload), self._mono_s)
        else:
            self._document(opened)

    def _silenced(self, seconds: int) -> None:
        """A bus is being searched for who disturbs it. Records stay here and go out afterwards."""
        self.leave_s = min(seconds, SILENCE_MAX_S)
        self.hush(self.leave_s)

    def _document(self, opened: Opened) -> None:
        documents, last = self._body.documents, self.last_seq
        self._reports_in(REPORTS_MAX_S)  # the edge has heard us, and offers anew what we do not answer
        if opened.type is Type.DOCUMENT_KEY:
            documents.key(link.DOCUMENT_KEY.decode(opened.payload))
        elif opened.type is Type.DOCUMENT_HEAD:
            self._say(documents.head(link.DOCUMENT_HEAD.decode(opened.payload), last, self._mono_s))
        elif opened.type is Type.DOCUMENT_DELTA:
            self._say(documents.delta(link.DOCUMENT_DELTA.decode(opened.payload), last))
        elif opened.type is Type.DOCUMENT_PAGE:
            self._say(documents.page(link.DOCUMENT_PAGE.decode(opened.payload), last, self._mono_s))
        else:
            raise WireFault(f"{opened.type.name} goes up, never down")

    def _say_at_length(self, mono_s: float) -> None:
        """Behind everything else: what is said at length, and what was counted."""
        for piece in self.saying.take(mono_s):
            self._seal(Type.PIECE, link.PIECE.encode(piece), 0)
        for tally in self.tallies.take(self._flash.boot, mono_s):
            self._seal(Type.TALLY, link.TALLY.encode(tally), 0)

    def _hushed(self, mono_s: float) -> None:
        self.asking.expire(mono_s)
        if mono_s >= self._hushed_until_s:
            self._hushed_until_s = -_NEVER
            self.rejoin()
            self._hello()

    def tell(self, said: list[Say]) -> None:
        """What the body says of its documents by itself; at the next join all of it is said anyhow."""
        if self.state is State.JOINED and said:
            self._say(said)
            self._reports_in(REPORTS_S)

    def _reports_in(self, wait_s: float) -> None:
        self._reports_wait_s = wait_s
        self._reports_s = self._mono_s + wait_s * (1 + self._body.settings.device[-1] % _SPREAD / _SPREAD)

    @property
    def last_seq(self) -> int:
        """Of the newest record, 0 where there is none."""
        return self._flash.epochs[-1].last if self._flash.epochs else 0

    def _say(self, said: list[Say]) -> None:
        """The names of these messages are those of their types."""
        for one in said:
            self._seal(Type[one.layout.name], one.layout.encode(one.message), 0)

    def _ask(self) -> None:
        """On a bus the request overtakes the records that are under way."""
        question = self.asking.to_send(self._mono_s) if self.is_joined else None
        if question is None:
            return
        lane = next((lane for lane in self.window.lanes if lane.epoch == question.epoch), None)
        if lane is not None:
            wait_ms = question.wait_ms(self._mono_s)
            payload = link.ONLINE_REQUEST.encode(link.Ask(question.number, wait_ms, question.payload))
            self._seal(Type.ONLINE_REQUEST, payload, lane.index)

    def _status(self) -> None:
        flash = self._flash
        clock_set = self._body.time().is_set
        rows = [row for row in flash.epochs if not row.drained or row is flash.current]
        current = flash.current
        epochs = tuple(
            EpochStatus(
                row.epoch,
                row.psam,
                row.settled + 1,
                row.last,
                row.settled,
                self._body.book.without_record if row is current else 0,
            )
            for row in rows
        )
        status = link.Status(
            epochs, flash.hotlist_version, self._body.hotlist_crc, flash.hotlist_seq, flash.parameter_version,
            flash.day, flash.day_first_seq, min(flash.free, 0xFFFF), clock_set,
        )  # fmt: skip
        self._seal(Type.STATUS, link.STATUS.encode(status), 0)
        self._status_sent_s = self._mono_s
        self._status_s = self._mono_s + STATUS_S

    def _heartbeat(self) -> None:
        unsent = min(self.window.unsent, 0xFFFF)
        beat = link.Heartbeat(0, unsent, self._flash.hotlist_version & 0xFF, self._flash.boot & 0xFF)
        self.out.append(link.HEARTBEAT.encode(beat))
        self._heartbeat_s = self._mono_s + HEARTBEAT_S

    def _has_errors(self) -> bool:
        """Once in a conversation it is said how it stands, so that what comes later is seen to have grown."""
        now, said = self._bus, self._bus_told
        if now is None or self.state is not State.JOINED:
            return False
        return said is None or (now.errors, now.throttled) != (said.errors, said.throttled)

    def _emcy(self) -> None:
        bus = self._bus or BusReport()
        emcy = link.Emcy(
            min(bus.tec_peak, 255), min(bus.rec_peak, 255), bus.tec_sum & _U32, bus.rec_sum & _U32, bus.frames & _U32,
            min(bus.offs, 0xFFFF), bus.throttled & _U32,
        )  # fmt: skip
        self._seal(Type.EMCY, link.EMCY.encode(emcy), 0)
        self._bus_told, self._emcy_s = bus, self._mono_s

    def _seal(self, kind: Type, payload: bytes, index: int) -> None:
        if self._session is not None and not self.is_hushed:
            self.out.append(self._session.seal(kind, payload, index))
