"""A terminal that belongs to us, has its right key, and lies: a body of its own, at which nobody buys.

It sends records with TACs that no card has made, leaves gaps, says other bytes under a number that it has used, tells
huge numbers in STATUS and joins without end. What it says may be kept and told; it moves no money, and nobody else
waits for it. Its chance is its own, so that seeds without it stay as they are.
"""

from random import Random

from edge.link import messages as link
from edge.link.messages import Auth, AuthEpoch, Hello, Status, Type
from edge.link.seal import Direction, SealFault, Session, session_key
from shared.errors import WireFault
from shared.ids import CardId, PsamId, StorageId
from shared.records import (
    MAC_SIZE,
    SEQ_MAX,
    VERSION,
    CounterKind,
    Flags,
    Kind,
    Proof,
    PurchaseRecord,
    encode,
    purse_byte,
)
from shared.wire.messages import EpochStatus
from tests.sim.blueprint import TerminalMade
from tests.sim.edge_part import EdgePart
from tests.sim.world import World

SHARE = 0.3
"""Of the seeds."""
EVERY_S = 0.7
GAP_MAX = 400
COUNTER_MIN = 0x8000
"""No card of the campus gets so far: what it says of them cannot be true."""


class HostileBody:
    """Heard by its box as any terminal. Quiet until `begin` and after `quiet`."""

    def __init__(self, world: World, edge: EdgePart, made: TerminalMade, psam: PsamId, cards: list[CardId]) -> None:
        self.device = made.settings.device
        self.said = 0
        self._world, self._edge, self._made, self._psam, self._cards = world, edge, made, psam, cards
        self._random = Random(world.seed ^ 0x0DD)
        self._storage = StorageId(self._random.randbytes(8))
        self._peer = 0
        self._r_term = b""
        self._session: Session | None = None
        self._epoch = self._seq = 0
        self._on = False
        edge.lines.append(self._gone)

    def begin(self) -> None:
        """From now on."""
        self._on = True
        self._next()

    def quiet(self) -> None:
        """Nothing more."""
        self._on = False

    def send(self, message: bytes) -> None:
        """Down from its box."""
        kind = message[0]
        try:
            if kind == Type.CHALLENGE:
                challenge = link.CHALLENGE.decode(message)
                key = session_key(self._made.settings.key, challenge.r_edge, self._r_term, self.device)
                self._session = Session(key, self.device, Direction.UP)
                self._auth()
            elif kind == Type.WELCOME and self._session is not None:
                self._epoch = link.WELCOME.decode(self._session.open(message).payload).current
        except (WireFault, SealFault):
            return

    def _next(self) -> None:
        self._world.after(self._random.expovariate(1 / EVERY_S), self._act)

    def _act(self) -> None:
        if not self._on:
            return
        if self._edge.alive:
            acts = (self._join, self._record, self._record, self._gap, self._other_bytes, self._status, self._auth)
            self._random.choice(acts if self._epoch else (self._join,))()
        self._next()

    def _gone(self) -> None:
        self._peer, self._session = 0, None

    def _up(self, message: bytes) -> None:
        if not self._peer:
            self._peer = self._edge.new_peer()
            self._edge.peer(self._made.link, self._peer, self)
        self.said += 1
        self._world.note("hostile terminal", message[0])
        self._edge.hear(self._made.link, self._peer, message)

    def _sealed(self, kind: Type, payload: bytes) -> None:
        if self._session is not None and self._peer:
            self._up(self._session.seal(kind, payload, 0))

    def _join(self) -> None:
        self._r_term = self._random.randbytes(8)
        self._up(link.HELLO.encode(Hello(self.device, self._storage, self._psam, 1, 1, 1, self._r_term)))

    def _auth(self) -> None:
        epoch = self._epoch or self._random.choice((0, 1))
        rows = (AuthEpoch(epoch, self._psam, self._seq + 1, self._seq),) if epoch else ()
        self._sealed(Type.AUTH, link.AUTH.encode(Auth(rows)))

    def _record(self) -> None:
        self._seq += 1
        self._sealed(Type.RECORD, self._lie(self._seq))

    def _gap(self) -> None:
        self._seq += self._random.randrange(2, GAP_MAX)
        self._sealed(Type.RECORD, self._lie(self._seq))

    def _other_bytes(self) -> None:
        self._sealed(Type.RECORD, self._lie(self._random.randint(1, max(self._seq, 1))))

    def _lie(self, seq: int) -> bytes:
        random = self._random
        record = PurchaseRecord(
            VERSION, Kind.PURCHASE, Flags(Proof.DEBIT, CounterKind.OFFLINE).to_int(), seq, random.getrandbits(16),
            random.choice(self._cards), random.randint(COUNTER_MIN, 0xFFFF), 6, purse_byte(0, 2, 1),
            random.randint(1, 5_000), random.randint(0, 60_000), random.getrandbits(30), 1, 0,
            random.randbytes(MAC_SIZE), bytes(3), 0, 1, 1, 0, 0,
        )  # fmt: skip
        return encode(record)

    def _status(self) -> None:
        huge = self._random.choice((self._seq + 1, SEQ_MAX, SEQ_MAX // 2))
        rows = (EpochStatus(self._epoch, self._psam, 1, huge, 0, 255),)
        self._sealed(Type.STATUS, link.STATUS.encode(Status(rows, SEQ_MAX, SEQ_MAX, SEQ_MAX, 1, 1, 1, 0, True)))


def is_hostile(seed: int) -> bool:
    """Is it there in this seed?"""
    return Random(seed ^ 0xBAD).random() < SHARE
