"""A field to play the edge core on: bodies that speak the terminal link, a ledger that signs, an outbox in memory."""

import sqlite3
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.box.box import Box
from edge.box.values.effects import Command, DocumentKept, Effect, KeepDocument, Now, Outcome, Publish, Send
from edge.box.values.ranges import Ranges
from edge.box.values.streams import ref_of, stream_device, stream_epoch
from edge.link import messages as link
from edge.link.messages import AuthEpoch, Type
from edge.link.seal import Direction, Session, session_key
from edge.outbox.group import commit_group
from edge.outbox.store import OutboxStore
from edge.settings import BoxSettings, LinkKind, LinkSetting, OutboxSetting, TerminalSetting
from shared.fleet.document import DocumentKind
from shared.fleet.revocations import revocations_body
from shared.ids import BoxId, CardId, DeviceId, LedgerId, PsamId, StorageId
from shared.inventory import DeviceKind
from shared.records import NO_TAC, CounterKind, Flags, Kind, LoadRecord, PaymentRecord, Proof, PurchaseRecord, encode
from shared.wire import topics
from shared.wire.fleet_lane import FleetDown, Held, PagesWanted, Reported, encode_fleet_down
from shared.wire.messages import (
    ACK_CONTEXT,
    REVOCATIONS_CONTEXT,
    AckBody,
    Batch,
    Bound,
    DeviceMark,
    EpochAnswer,
    EpochRequest,
    EpochStatus,
    Fact,
    Hello,
    LedgerTime,
    NowUp,
    Recover,
    Revocations,
    SignedAck,
    SignedAnswer,
    SignedRevocations,
    covered,
    decode_batch,
    decode_now_up,
    encode_ack,
    encode_ack_body,
    encode_now,
    encode_revocations,
)
from tests.edge.fleet_rig import CAMPUS_KEY, HOTLIST, Centre, Holder

ACK_KEY = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
BOX = BoxId("canteen-1")
PARTITION = 7
NO_PSAM = PsamId(b"")
STORAGE = StorageId(b"storage1")
LEDGER = LedgerId(b"LEDGER-1")
OPEN: list[sqlite3.Connection] = []
"""Databases of the fields of one test; conftest closes them."""
STORE_IDS = (n.to_bytes(8, "big") for n in count(1))


def device(number: int) -> DeviceId:
    return DeviceId(b"\0\1" + number.to_bytes(4, "big"))


def psam(number: int) -> PsamId:
    return PsamId(b"\x51\0" + number.to_bytes(4, "big"))


def settings(
    bodies: int = 2, on: str = "tcp", outbox: OutboxSetting | None = None, folder: Path = Path()
) -> BoxSettings:
    """A box with a CAN bus and a TCP link, and bodies 1..n on one of them."""
    terminals = tuple(
        TerminalSetting(
            device(n), f"pos-{n:02d}", DeviceKind.POS, on, n if on == "can0" else 0, bytes((n,)) * 16, 1
        )
        for n in range(1, bodies + 1)
    )
    links = LinkSetting("can0", LinkKind.CAN, 125_000, 0), LinkSetting("tcp", LinkKind.TCP, 0, 0)
    public = ACK_KEY.public_key().public_bytes_raw()
    limits = outbox or OutboxSetting(ballast_bytes=0)
    campus = CAMPUS_KEY.public_key().public_bytes_raw()
    return BoxSettings(folder, BOX, PARTITION, 1, True, campus, public, 1, 1, links, terminals, limits, None)


def purchase(seq: int, amount: int = 100, kind: Kind = Kind.PURCHASE) -> bytes:
    """Wire bytes of a purchase-shaped record."""
    proof = Proof.DEBIT if kind in (Kind.PURCHASE, Kind.RECOVERED) else Proof.NONE
    flags = Flags(proof, CounterKind.OFFLINE).to_int()
    tac = b"TAC!" if proof is Proof.DEBIT else NO_TAC
    record = PurchaseRecord(
        1, kind, flags, seq, seq, CardId(b"\0\1" + bytes(8)), 7, 9, 0x21, amount, 5000, 800_000_000 + seq, 1, 0, tac,
        b"\0\0\0", 1, 1, 1, 0, 0,
    )  # fmt: skip
    return encode(record)


def load(seq: int, amount: int = 5000) -> bytes:
    """Wire bytes of a load record."""
    flags = Flags(Proof.DEBIT, CounterKind.ONLINE).to_int()
    card = CardId(b"\0\1" + bytes(8))
    return encode(
        LoadRecord(1, Kind.LOAD, flags, seq, 1, card, 3, 2, 0x21, amount, 0, 800_000_000, 1, 0, b"TAC!", 1, 1, 1, 0)
    )


def reversal(seq: int, amount: int = 5000) -> bytes:
    """Wire bytes of the reversal of an account payment."""
    flags = Flags(Proof.NONE, CounterKind.ONLINE, online=True).to_int()
    card = CardId(b"\0\1" + bytes(8))
    return encode(PaymentRecord(1, Kind.REVERSAL, flags, seq, 1, card, amount, 800_000_000, 1, 0, 1, 1, 0, b"MAC!"))


@dataclass
class Body:
    """A terminal as the edge sees it: it keeps records until SETTLED and believes nothing that is not proven."""

    number: int
    key: bytes = b""
    psam: PsamId = NO_PSAM
    storage: StorageId = STORAGE
    rings: dict[int, dict[int, bytes]] = field(default_factory=dict)
    written: dict[tuple[int, int], bytes] = field(default_factory=dict)
    psams: dict[int, PsamId] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    settled: dict[int, int] = field(default_factory=dict)
    current: int = 0
    refused: link.Refusal | None = None
    welcome: link.Welcome | None = None
    store: bytes = b""
    times: list[int] = field(default_factory=list)
    answers: list[link.Online] = field(default_factory=list)
    awaited: list[bytes] = field(default_factory=list)
    silences: list[int] = field(default_factory=list)
    """Seconds for which it was sent off its bus."""
    seal: Session | None = None
    faults: int = 0
    holder: Holder | None = None
    """What it does with documents; a terminal of release 0.1 knows none."""
    barred: bool = False
    """It was proven that it is revoked."""

    def __post_init__(self) -> None:
        self.key = self.key or bytes((self.number,)) * 16
        self.psam = self.psam or psam(self.number)
        self._epochs: list[int] = []

    @property
    def device(self) -> DeviceId:
        return device(self.number)

    def hello(self) -> bytes:
        """The first message of a join."""
        self.seal = self.welcome = self.refused = None
        self._r_term = b"r_term%02d" % self.number
        return link.HELLO.encode(link.Hello(self.device, self.storage, self.psam, 1, 1, 1, self._r_term))

    def auth_epochs(self) -> tuple[AuthEpoch, ...]:
        """Every epoch that is not drained, and the current one."""
        rows = []
        for epoch, ring in self.rings.items():
            last = self.last[epoch]
            oldest = min(ring, default=last + 1)
            if ring or epoch == self.current:
                rows.append(AuthEpoch(epoch, self.psams[epoch], oldest, last))
        return tuple(rows)

    def hear(self, message: bytes) -> list[bytes]:
        """Take a message from the edge; what to answer."""
        kind = link.type_of(message)
        if kind is Type.CHALLENGE:
            return [self._auth(link.CHALLENGE.decode(message))]
        if kind is Type.REFUSE and len(message) == link.REFUSE.size:
            self.refused = link.REFUSE.decode(message).reason
        elif self.seal is None:
            pass
        elif kind in link.SHORT:
            self._short(kind, message)
        else:
            return self._sealed(message)
        return []

    def reports(self) -> list[bytes]:
        """What it says of documents after its first STATUS: of the hotlist at least, whether it has one or not."""
        names = dict.fromkeys([HOTLIST, *self.holder.in_use])
        return [self.say(*self.holder.report(name)) for name in names]

    def sell(self, amount: int = 100, make=purchase) -> bytes:
        """A new record in the ring of the current epoch; its sealed message."""
        epoch = self.current
        seq = self.last[epoch] = self.last[epoch] + 1
        self.rings[epoch][seq] = self.written[(epoch, seq)] = make(seq, amount)
        return self.record(seq)

    def record(self, seq: int, epoch: int = 0) -> bytes:
        """A record of the ring, sealed."""
        epoch = epoch or self.current
        return self.say(Type.RECORD, self.rings[epoch][seq], epoch)

    def resend(self) -> list[bytes]:
        """All that is not ACKed, of every epoch."""
        return [
            self.record(seq, epoch)
            for epoch in self._epochs
            for seq in sorted(self.rings.get(epoch, {}))
            if seq > self.acked.get(epoch, 0)
        ]

    def say(self, kind: Type, payload: bytes, epoch: int = 0) -> bytes:
        """A sealed message."""
        return self.seal.seal(kind, payload, self._epochs.index(epoch or self.current) if self._epochs else 0)

    def status(self, clock_set: bool = True) -> bytes:
        """A STATUS of every epoch."""
        rows = tuple(
            EpochStatus(a.epoch, a.psam, a.oldest, a.last, self.settled.get(a.epoch, 0), 0) for a in self.auth_epochs()
        )
        return self.say(Type.STATUS, link.STATUS.encode(link.Status(rows, 1, 0, 0, 1, 9000, 1, 100, clock_set)))

    def change_psam(self, to: PsamId) -> None:
        """Another PSAM in this body: it needs another epoch."""
        self.psam, self.current = to, 0

    def _auth(self, challenge: link.Challenge) -> bytes:
        key = session_key(self.key, challenge.r_edge, self._r_term, self.device)
        self.seal = Session(key, self.device, Direction.UP)
        epochs = self.auth_epochs()
        self._epochs = [epoch.epoch for epoch in epochs]
        return self.seal.seal(Type.AUTH, link.AUTH.encode(link.Auth(epochs)))

    def _sealed(self, message: bytes) -> list[bytes]:
        opened = self.seal.open(message)
        if opened.type is Type.WELCOME:
            self._welcome(link.WELCOME.decode(opened.payload))
        elif opened.type is Type.TIME:
            self.times.append(link.TIME.decode(opened.payload).time)
        elif opened.type is Type.REFUSE:
            self.barred = link.REFUSE_SEALED.decode(opened.payload).reason is link.Refusal.REVOKED
        elif opened.type is Type.ONLINE_ANSWER:
            self.answers.append(link.ONLINE_ANSWER.decode(opened.payload))
        elif opened.type is Type.AWAITED:
            self.awaited.append(opened.payload)
        elif opened.type is Type.SILENCE:
            self.silences.append(link.SILENCE.decode(opened.payload).seconds)
        elif self.holder is not None:
            return [self.say(*said) for said in self.holder.hear(opened.type, opened.payload)]
        return []

    def _welcome(self, welcome: link.Welcome) -> None:
        self.welcome = welcome
        self.barred = self.barred and not welcome.current
        if self.store != welcome.store:
            self.acked = dict(self.settled)
        self.store = welcome.store
        self._epochs = [epoch.epoch for epoch in welcome.epochs]
        self.current = welcome.current
        if self.current:
            self.rings.setdefault(self.current, {})
            self.last.setdefault(self.current, 0)
            self.psams.setdefault(self.current, self.psam)
        for epoch in welcome.epochs:
            self.acked[epoch.epoch] = max(epoch.held, self.settled.get(epoch.epoch, 0))
            self._free(epoch.epoch, epoch.settled)

    def _short(self, kind: Type, message: bytes) -> None:
        marks = self.acked if kind is Type.ACK else self.settled
        heard = self.seal.open_seq(message, [(epoch, marks.get(epoch, 0)) for epoch in self._epochs])
        if heard is None:
            return
        epoch, seq = heard
        if kind is Type.ACK:
            self.acked[epoch] = seq
        elif seq <= self.acked.get(epoch, 0):
            self._free(epoch, seq)

    def _free(self, epoch: int, seq: int) -> None:
        self.settled[epoch] = max(seq, self.settled.get(epoch, 0))
        for old in [old for old in self.rings.get(epoch, {}) if old <= seq]:
            del self.rings[epoch][old]


class Ledger:
    """What the cloud has committed, and acks that name it."""

    def __init__(self, ident: LedgerId = LEDGER, key: Ed25519PrivateKey = ACK_KEY) -> None:
        self.ident = ident
        self.key = key
        self.number = 0
        self.credit = 2000
        self.rows: dict[bytes, Ranges] = {}
        self.stored: dict[bytes, int] = {}
        self.seqs: dict[bytes, Ranges] = {}
        self.epochs: dict[tuple[bytes, bytes, bytes], int] = {}
        self.refuse = ""

    def take(self, batch: Batch) -> bytes:
        """Commit a batch; the encoded ack."""
        self.number += 1
        for offset, stored in enumerate(batch.records):
            self.rows.setdefault(batch.store, Ranges()).add(batch.first_row + offset)
            self.stored[stored] = self.stored.get(stored, 0) + 1
            ref = ref_of(stored)
            self.seqs.setdefault(ref.stream, Ranges()).add(ref.seq)
        return encode_ack(self.sign(self.ack(batch.store, {ref_of(stored).stream for stored in batch.records})))

    def ack(self, store: bytes, streams=()) -> AckBody:
        """What is committed, as an ack body."""
        rows = self.rows.get(store, Ranges())
        top = rows.run(0)
        marks = []
        for stream in sorted(streams):
            seqs = self.seqs[stream]
            low = seqs.run(0)
            above = tuple(piece for piece in seqs.pieces() if piece[0] > low)
            marks.append(DeviceMark(stream_device(stream), stream_epoch(stream), low, above))
        ranges = tuple(piece for piece in rows.pieces() if piece[0] > top)
        return AckBody(self.ident, PARTITION, self.number, BOX, store, top, ranges, tuple(marks), self.credit)

    def sign(self, body: AckBody) -> SignedAck:
        """The signed ack."""
        raw = encode_ack_body(body)
        return SignedAck(raw, self.key.sign(ACK_CONTEXT + raw))

    def sign_revocations(self, wanted: Revocations) -> bytes:
        """The signed list, as it goes down."""
        raw = encode_revocations(wanted)
        return encode_now(SignedRevocations(raw, self.key.sign(REVOCATIONS_CONTEXT + raw)))

    def sign_answer(self, asked: bytes, answer: Bound, box: BoxId = BOX) -> bytes:
        """The answer to this question, signed, as it goes down."""
        body = encode_now(answer)
        return encode_now(SignedAnswer(asked, body, self.key.sign(covered(box, asked, body))))

    def epoch(self, request: EpochRequest) -> EpochAnswer:
        """The epoch of a triple, registered on the first question."""
        triple = (request.device, request.storage, request.psam)
        if self.refuse:
            return EpochAnswer(request.request, *triple, 0, self.refuse)
        known = [epoch for (device, _, _), epoch in self.epochs.items() if device == request.device]
        epoch = self.epochs.setdefault(triple, max([request.highest, *known]) + 1)
        return EpochAnswer(request.request, *triple, epoch, "")


class Field:
    """A box over an outbox, bodies at places, a ledger behind a broker that can be taken away. Synchronous."""

    def __init__(self, given: BoxSettings | None = None, ledger: Ledger | None = None) -> None:
        self.settings = given or settings()
        self.ledger = ledger or Ledger()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        OPEN.append(self.db)
        self.s = 1000.0
        self.places: dict[tuple[str, int], Body] = {}
        self.facts: list[Fact] = []
        self.starts: list[Fact] = []
        """That it has started is told by every box."""
        self.up: list[object] = []
        self.sent: list[Send] = []
        self.batches: list[Batch] = []
        self.online = False
        self.asked = b""
        """Of the newest Hello."""
        self.answering = True
        self.greeting = True
        self.hold_acks = False
        self.held_acks: list[bytes] = []
        self.kept: list[KeepDocument] = []
        """Documents, in the order in which they became durable."""
        self.centre = Centre()
        """It has no document to begin with."""
        self._randoms = 0
        self.boot()

    def boot(self) -> None:
        """The box starts on what its outbox holds."""
        self.store = OutboxStore(self.db, self.settings.outbox, next(STORE_IDS))
        self.box = Box(self.settings, self.store.snapshot(), self._random)
        self.online = False

    def crash(self) -> None:
        """The box is killed: what is in memory and in an open transaction is gone."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self.boot()

    def now(self) -> Now:
        return Now(self.s, int(self.s * 1000), 800_000_000 + int(self.s))

    def wait(self, seconds: float) -> None:
        """Time passes; the box ticks."""
        self.s += seconds
        self.run(self.box.tick(self.now()))

    def connect(self) -> None:
        self.online = True
        self.run(self.box.on_connected(self.now()))

    def disconnect(self) -> None:
        self.online = False
        self.run(self.box.on_disconnected(self.now()))

    def join(self, body: Body, place: tuple[str, int] = ("tcp", 1)) -> Body:
        """HELLO and all that follows."""
        self.places[place] = body
        self.hear(place, body.hello())
        return body

    def offer(self, *messages: FleetDown) -> None:
        """The centre says these on down/bulk."""
        for message in messages:
            self.down(topics.DOWN_BULK, encode_fleet_down(message))

    def holding(self, number: int = 1, place: tuple[str, int] = ("tcp", 1)) -> Body:
        """A terminal that knows documents: joined, and it has said what it holds."""
        body = self.joined(number, place)
        body.holder = body.holder or Holder()
        self.hear(place, body.status(), *body.reports())
        return body

    def joined(self, number: int = 1, place: tuple[str, int] = ("tcp", 1)) -> Body:
        """A connected box and a body with an epoch."""
        if not self.online:
            self.connect()
        body = self.join(Body(number), place)
        return body if body.current else self.join(body, place)

    def hear(self, place: tuple[str, int], *messages: bytes) -> None:
        """Messages from a place."""
        for message in messages:
            self.run(self.box.on_message(self.now(), *place, message))

    def down(self, lane: str, message: bytes) -> None:
        """A message from the cloud."""
        self.run(self.box.on_downlink(self.now(), lane, message))

    def revoke(self, version: int, psams=(), devices=()) -> None:
        """The centre has this list of stolen devices now, and offers it to a box that is there."""
        body = revocations_body(Revocations(version, tuple(psams), tuple(devices)))
        made = self.centre.make(body, DocumentKind.REVOCATIONS)
        if self.online:
            self.offer(self.centre.key(DocumentKind.REVOCATIONS), made.offer())

    def release_acks(self) -> None:
        """Acks that were held arrive now."""
        acks, self.held_acks = self.held_acks, []
        for ack in acks:
            self.down(topics.DOWN_MONEY, ack)

    def codes(self) -> list[str]:
        """Codes of the facts that reached the cloud."""
        return [fact.code for fact in self.facts]

    def run(self, effects: list[Effect]) -> None:
        """Carry out effects until there are none."""
        queue = deque(effects)
        while queue:
            commands = []
            while queue:
                effect = queue.popleft()
                if isinstance(effect, Send):
                    queue.extend(self._deliver(effect))
                elif isinstance(effect, Publish):
                    queue.extend(self._publish(effect))
                else:
                    commands.append(effect)
            if commands:
                queue.extend(self.box.on_outcomes(self.now(), self._commit(commands)))

    def _commit(self, commands: list[Command]) -> list[Outcome]:
        outcomes = commit_group(self.store, commands, lambda: False)
        self.kept += [one.kept for one in outcomes if isinstance(one, DocumentKept)]
        return outcomes

    def _deliver(self, effect: Send) -> list[Effect]:
        self.sent.append(effect)
        body = self.places.get((effect.link, effect.peer))
        out: list[Effect] = []
        for answer in body.hear(effect.message) if body else []:
            out += self.box.on_message(self.now(), effect.link, effect.peer, answer)
        return out

    def _publish(self, effect: Publish) -> list[Effect]:
        out = self.box.on_published(self.now(), effect.token, 0)
        if effect.lane == topics.UP_MONEY:
            batch = decode_batch(effect.payload)
            self.batches.append(batch)
            if self.answering:
                ack = self.ledger.take(batch)
                if self.hold_acks:
                    self.held_acks.append(ack)
                else:
                    out += self.box.on_downlink(self.now(), topics.DOWN_MONEY, ack)
            return out
        return out + self._hear_now(decode_now_up(effect.payload))

    def _hear_now(self, message: NowUp) -> list[Effect]:
        out: list[Effect] = []
        self.up.append(message)
        if isinstance(message, Fact):
            (self.starts if message.code == "box-started" else self.facts).append(message)
        if isinstance(message, EpochRequest) and self.answering:
            answer = self.ledger.epoch(message)
            signed = self.ledger.sign_answer(message.asked, answer)
            out += self.box.on_downlink(self.now(), topics.DOWN_NOW, signed)
        if isinstance(message, Held | PagesWanted | Reported):
            for one in self.centre.answers(message):
                out += self.box.on_downlink(self.now(), topics.DOWN_BULK, encode_fleet_down(one))
        if isinstance(message, Hello):
            self.asked = message.asked
        if isinstance(message, Hello) and self.greeting:
            ack = self.ledger.sign(self.ledger.ack(message.store))
            out += self.box.on_downlink(self.now(), topics.DOWN_MONEY, encode_ack(ack))
            time = self.ledger.sign_answer(message.asked, LedgerTime(self.ledger_ms()))
            out += self.box.on_downlink(self.now(), topics.DOWN_NOW, time)
        return out

    def recover(self, rows: int, ledger: LedgerId = LEDGER, store: bytes = b"") -> None:
        """The ledger asks for all rows above, in answer to the newest Hello, and to the one that a box says instead."""
        asked, self.greeting, greeting = self.asked, False, self.greeting
        self.answer(Recover(ledger, store or self.store.store, rows))
        if self.asked != asked:
            self.answer(Recover(ledger, store or self.store.store, rows))
        self.greeting = greeting

    def answer(self, answer: Bound) -> None:
        """The ledger's signed answer to the newest Hello."""
        self.down(topics.DOWN_NOW, self.ledger.sign_answer(self.asked, answer))

    def ledger_ms(self) -> int:
        """The ledger's clock, which is not the box's."""
        return 1_784_000_000_000 + int(self.s * 1000)

    def _random(self, size: int) -> bytes:
        self._randoms += 1
        return self._randoms.to_bytes(size, "big")
