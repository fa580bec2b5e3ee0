"""The edge's end for one terminal, in the hands of a check: what it says, and what it waits for. Pure.

A check is a generator: it yields the monotonic second until which it waits, and gets the next message from the wire, or
None when that second has come. Everything that comes is held against the laws of watch.py, and records are
acknowledged, unless the check has set `acks` to False.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from edge.conform.report import Failed, Hopeless, Skipped
from edge.conform.subject import Subject
from edge.conform.watch import KNOWN, PROOF, Watch
from edge.link import messages as link
from edge.link.messages import AuthEpoch, DocumentReport, Hello, Refusal, Status, Type, WelcomeEpoch
from edge.link.seal import Direction, SealFault, Session, session_key
from edge.terminal.firmware.line import HINT_S, JOIN_MAX_S
from edge.terminal.firmware.window import WINDOW, WINDOW_BUS
from shared.errors import WireFault
from shared.fleet.document import DocumentKind, Scope
from shared.ids import PsamId, StoreId
from shared.words.voice import Text

T = TypeVar("T")
Steps = Generator[float, bytes | None, T]

COME_S = 60.0
"""So long a terminal may take to say its first HELLO: it is being switched on."""
PATIENCE_S = JOIN_MAX_S * 1.25
"""So long for the next HELLO of one that is there."""
ANSWER_S = 3.0
"""So long for what comes at once, over the slowest wire."""
STORE = StoreId(b"bench--1")
_R_EDGE_SIZE = 16


class Now(NamedTuple):
    """The time of an input."""

    mono_s: float
    campus_s: int


class Heard(NamedTuple):
    """A message that came, opened. kind None: one of no conversation, or that is none."""

    kind: Type | None
    raw: bytes
    payload: bytes = b""
    epoch: int = 0
    seq: int = 0


@dataclass(slots=True)
class Talk:
    """A join that got a CHALLENGE. epochs: in the order of WELCOME. has_spoken: something came behind its AUTH.

    owed: ACKs that wait for that: on CAN a single frame overtakes the WELCOME before it.
    """

    hello: Hello
    challenge: bytes
    session: Session
    rows: tuple[AuthEpoch, ...] = ()
    epochs: tuple[int, ...] = ()
    has_spoken: bool = False
    owed: dict[int, int] = field(default_factory=dict)


class Stand:
    """out: messages for the terminal; said: words for the person at the bench; hangs_up: end the TCP connection."""

    def __init__(
        self, subject: Subject, random: Callable[[int], bytes], *, is_bus: bool, tap_s: float, takes: bool, cuts: bool
    ) -> None:
        """tap_s: how long to wait for a tap, 0: nobody taps. takes: records that are no work of this bench, too.

        cuts: somebody is there to cut the power.
        """
        self.subject, self.is_bus, self.tap_s, self.takes, self.cuts = subject, is_bus, tap_s, takes, cuts
        self.watch = Watch(WINDOW_BUS if is_bus else WINDOW)
        self.now = Now(0.0, 0)
        self.out: list[bytes] = []
        self.said: list[Text] = []
        self.hangs_up = False
        self.wires_lost = 0
        self.hello: bytes | None = None
        self.talk: Talk | None = None
        self.acks = True
        self.epoch = 0
        self.seen: dict[int, int] = {}
        self.acked: dict[int, int] = {}
        self.settled: dict[int, int] = {}
        self.status: Status | None = None
        self.papers: dict[tuple[DocumentKind, Scope], DocumentReport] = {}
        """What it has said last of each document."""
        self._random = random

    # --- what comes -----------------------------------------------------------------------------------------------

    def hear(self, until_s: float) -> Steps[Heard | None]:
        """The next message; None when it is until_s."""
        raw = yield until_s
        return None if raw is None else self._understood(raw)

    def until(self, within_s: float, *kinds: Type) -> Steps[Heard | None]:
        """The next message of these kinds, whatever comes before."""
        until_s = self.now.mono_s + within_s
        while True:
            heard = yield from self.hear(until_s)
            if heard is None or heard.kind in kinds:
                return heard

    def record(self, within_s: float, epoch: int, seq: int) -> Steps[Heard | None]:
        """This record."""
        until_s = self.now.mono_s + within_s
        while True:
            heard = yield from self.until(until_s - self.now.mono_s, Type.RECORD)
            if heard is None or (heard.epoch, heard.seq) == (epoch, seq):
                return heard

    def tap(self, what: Text) -> Steps[Heard]:
        """Ask for a tap; the record that came of it. Skipped when nobody taps."""
        if not self.tap_s:
            raise Skipped(Text("没有人刷卡（--no-taps）", "nobody taps (--no-taps)"))
        newest = self.seen.get(self.epoch, 0)
        self.said.append(what)
        until_s = self.now.mono_s + self.tap_s
        while True:
            heard = yield from self.until(until_s - self.now.mono_s, Type.RECORD)
            if heard is None:
                raise Skipped(Text(f"{self.tap_s:g} 秒内没有新记录", f"no new record within {self.tap_s:g} s"))
            if heard.epoch == self.epoch and newest < heard.seq <= self.seen.get(self.epoch, 0):
                return heard

    # --- what is said ---------------------------------------------------------------------------------------------

    def say(self, raw: bytes) -> None:
        """Any bytes."""
        self.watch.transcript.note("down", raw)
        self.out.append(raw)

    def sealed(self, kind: Type, payload: bytes) -> bytes:
        """With the next counter; not said yet."""
        return self.session.seal(kind, payload)

    def time(self, campus_s: int | None = None) -> bytes:
        """A TIME, not said yet."""
        seconds = self.now.campus_s if campus_s is None else campus_s
        return self.sealed(Type.TIME, link.TIME.encode(link.Time(seconds)))

    def breathe(self) -> None:
        """Something proven, so that the terminal knows that we are there."""
        self.say(self.time())

    def ack(self, epoch: int, seq: int) -> None:
        """All up to seq is durable here."""
        self.acked[epoch] = max(seq, self.acked.get(epoch, 0))
        if self.talk is not None and not self.talk.has_spoken:
            self.talk.owed[epoch] = seq
        else:
            self.say(self.session.seal_seq(Type.ACK, epoch, seq))

    def settle(self, epoch: int, seq: int) -> None:
        """The ledger has all up to seq."""
        self.settled[epoch] = max(seq, self.settled.get(epoch, 0))
        self.say(self.session.seal_seq(Type.SETTLED, epoch, seq))

    def refuse(self, reason: Refusal) -> None:
        """The hint."""
        self.say(link.REFUSE.encode(link.Refused(reason)))

    def catch_up(self) -> None:
        """Acknowledge what a check has left open."""
        if not self.acks and self.talk is not None:
            for epoch in self.talk.epochs:
                self.ack(epoch, self.seen.get(epoch, 0))
        self.acks = True

    # --- the join -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """Of the conversation; Failed when there is none."""
        if self.talk is None:
            raise Failed(Text("会话已断", "the conversation has ended"))
        return self.talk.session

    @property
    def psam(self) -> PsamId:
        """Of the terminal in this conversation; Failed when there is none."""
        if self.talk is None:
            raise Failed(Text("会话已断", "the conversation has ended"))
        return self.talk.hello.psam

    def called(self, within_s: float = PATIENCE_S) -> Steps[bytes]:
        """The next HELLO that was not answered. Failed when none comes."""
        if self.hello is None:
            heard = yield from self.until(within_s, Type.HELLO)
            if heard is None:
                raise Failed(Text(f"{within_s:g} 秒内没有 HELLO", f"no HELLO within {within_s:g} s"))
        hello, self.hello = self.hello, None
        return hello or b""

    def challenged(self) -> Steps[Talk]:
        """HELLO, CHALLENGE, AUTH. Failed when no AUTH comes that proves the key."""
        for _ in range(3):
            raw = yield from self.called()
            talk = self.challenge(raw)
            heard = yield from self.until(ANSWER_S, Type.AUTH, Type.HELLO)
            if heard is not None and heard.kind is Type.AUTH:
                talk.rows = self._auth(heard.payload)
                return talk
        raise Failed(Text("CHALLENGE 之后没有 AUTH", "no AUTH after CHALLENGE"))

    def challenge(self, raw: bytes) -> Talk:
        """Answer this HELLO."""
        hello, subject = link.HELLO.decode(raw), self.subject
        r_edge = self._random(_R_EDGE_SIZE)
        key = session_key(subject.key, r_edge, hello.r_term, subject.device)
        challenge = link.CHALLENGE.encode(link.Challenge(r_edge, subject.key_version, self.now.campus_s))
        self.talk = Talk(hello, challenge, Session(key, subject.device, Direction.DOWN))
        self.say(challenge)
        return self.talk

    def welcome(self, talk: Talk, current: int, store: StoreId = STORE) -> bytes:
        """WELCOME for it, not said yet: what we have ACKed and settled."""
        listed = [row.epoch for row in talk.rows]
        talk.epochs = tuple(listed if current in (0, *listed) else [*listed, current])
        if current not in (0, *listed):
            for known in (self.seen, self.acked, self.settled):
                known.setdefault(current, 0)
        if self.acks:
            self.acked |= {one: self.seen[one] for one in talk.epochs if one in self.seen}
        rows = tuple(WelcomeEpoch(one, self.acked.get(one, 0), self.settled.get(one, 0)) for one in talk.epochs)
        payload = link.WELCOME.encode(link.Welcome(store, current, self.now.campus_s, 0, 0, rows))
        return talk.session.seal(Type.WELCOME, payload)

    def joined(self, store: StoreId = STORE) -> Steps[None]:
        """In a conversation with an epoch: the one there is, or a new one."""
        if self.talk is not None and self.epoch in self.talk.epochs and self.epoch:
            return
        talk = yield from self.challenged()
        self.epoch = self.epoch_for(talk)
        self.say(self.welcome(talk, self.epoch, store))

    def epoch_for(self, talk: Talk) -> int:
        """The one it has for its PSAM, else a new one above all."""
        own = [row.epoch for row in talk.rows if row.psam == talk.hello.psam]
        return max(own) if own else max((row.epoch for row in talk.rows), default=0) + 1

    def parted(self) -> Steps[None]:
        """End the conversation as an edge does that has forgotten it: nothing proven, then the hint, until it joins."""
        if self.talk is None and self.hello is not None:
            return
        self.talk, self.hello = None, None
        if not self.is_bus:
            self.hangs_up = True
            return
        wait_s = HINT_S * 1.25
        for _ in range(8):
            if (yield from self.until(wait_s, Type.HELLO)) is not None:
                return
            self.refuse(Refusal.BUSY)

    def wire(self, up: bool) -> None:  # the port's own word
        """A connection came or went. A new one is a new conversation."""
        self.talk = None
        self.hello = None
        self.wires_lost += not up

    # --- inside ---------------------------------------------------------------------------------------------------

    def _understood(self, raw: bytes) -> Heard:
        self.watch.transcript.note("up", raw)
        try:
            kind = link.type_of(raw)
            if kind is Type.HELLO:
                return self._called(raw)
            if kind is Type.HEARTBEAT:
                link.HEARTBEAT.decode(raw)
                return Heard(kind, raw)
            return self._opened(raw)
        except SealFault as fault:
            self.watch.breach(PROOF, Text(f"信封不能验证：{fault}", f"an envelope that does not prove: {fault}"))
        except WireFault as fault:
            self.watch.breach(KNOWN, Text(f"消息无法解读：{fault}", f"a message that is none: {fault}"))
        return Heard(None, raw)

    def _called(self, raw: bytes) -> Heard:
        hello = link.HELLO.decode(raw)
        if hello.device != self.subject.device:
            said = hello.device.hex()
            raise Hopeless(Text(f"来的是设备 {said}", f"this is device {said}"))
        self.hello, self.talk = raw, None
        return Heard(Type.HELLO, raw)

    def _opened(self, raw: bytes) -> Heard:
        if self.talk is None:
            return Heard(None, raw)
        opened = self.talk.session.open(raw)
        self.watch.sealed += 1
        heard = Heard(opened.type, raw, opened.payload)
        if opened.type is not Type.AUTH and not self.talk.has_spoken:
            self._pay(self.talk)
        if opened.type is Type.RECORD:
            return self._record(self.talk, opened.epoch_index, heard)
        if opened.type is Type.STATUS:
            self.status = link.STATUS.decode(opened.payload)
            self.watch.status(self.status.epochs, self.seen)
        elif opened.type is Type.DOCUMENT_REPORT:
            report = link.DOCUMENT_REPORT.decode(opened.payload)
            self.papers[report.kind, report.scope] = report
        return heard

    def _pay(self, talk: Talk) -> None:
        """The ACKs that waited for it to speak."""
        talk.has_spoken = True
        for epoch, seq in talk.owed.items():
            self.ack(epoch, seq)

    def _record(self, talk: Talk, index: int, heard: Heard) -> Heard:
        if index >= len(talk.epochs):
            raise WireFault(f"epoch index {index} of {len(talk.epochs)}")
        epoch = talk.epochs[index]
        seen = self.seen.get(epoch, 0)
        seq = self.watch.record(epoch, heard.payload, self.acked.get(epoch, 0), seen)
        if seq == seen + 1:
            seen = self.seen[epoch] = seq
        if self.acks and seq:
            self.ack(epoch, seen)
        return heard._replace(epoch=epoch, seq=seq)

    def _auth(self, payload: bytes) -> tuple[AuthEpoch, ...]:
        rows = link.AUTH.decode(payload).epochs
        for row in rows:
            if not 1 <= row.oldest <= row.last + 1:
                raise Failed(Text(f"AUTH：最旧 {row.oldest}，最新 {row.last}", f"AUTH: {row.oldest}..{row.last}"))
            if row.epoch not in self.seen and row.oldest <= row.last and not self.takes:
                raise Hopeless(
                    Text(
                        "终端里有未入账的记录：试验台不能收（--take-records 表示可以丢弃）",
                        "the terminal holds records that no ledger has; --take-records says that they may be lost",
                    )
                )
            for known in (self.seen, self.acked, self.settled):
                known.setdefault(row.epoch, row.oldest - 1)
        return rows
