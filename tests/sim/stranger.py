"""A stranger on the broker who says what only the ledger may say, and the law that no box acts on it.

He hears every answer that goes down and says old ones again, to their box or another; he signs with a key of his own,
or not at all. The law is checked from outside: by what the ledger has answered, and by what boxes do.
"""

from collections import deque
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.box.values.effects import Effect, KeepEpoch, Publish, Unsettle
from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire.messages import (
    EPOCH_MAX,
    Bound,
    EpochAnswer,
    EpochRequest,
    Hello,
    LedgerTime,
    OnlineRequest,
    Recover,
    SignedAnswer,
    covered,
    decode_bound,
    decode_now_down,
    decode_now_up,
    encode_now,
)
from shared.wire.tags import Tag
from shared.wire.topics import UP_NOW, parse
from tests.sim.world import Violation, World

HEARD_MAX = 64
KEY = Ed25519PrivateKey.from_private_bytes(b"a stranger's key, of 32 bytes...")
YEAR_MS = 365 * 86_400_000
PATIENCE_MS = 60_000
"""No terminal waits so long: a request that says more was told a false time."""


@dataclass(slots=True)
class Answers:
    """What the ledger's own seal has answered, and to whom; heard: the newest, as they went down."""

    heard: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HEARD_MAX))
    _recovers: dict[tuple[str, int], int] = field(default_factory=dict)
    _epochs: set[tuple[str, bytes, int]] = field(default_factory=set)
    _unsettles: dict[str, list[Unsettle]] = field(default_factory=dict)

    def told(self, topic: str, payload: bytes) -> None:
        """An answer leaves the ledger."""
        self.heard.append((topic, payload))
        message, box = decode_now_down(payload), parse(topic).box
        if not isinstance(message, SignedAnswer):
            return
        answer = decode_bound(message.body)
        if isinstance(answer, Recover):
            place = box, max(0, answer.row_cumulative)
            self._recovers[place] = self._recovers.get(place, 0) + 1
        elif isinstance(answer, EpochAnswer):
            self._epochs.add((box, answer.device, answer.epoch))

    def done(self, box: str, effect: Effect, ledger_ms: int) -> None:
        """A box does something that follows from an answer."""
        match effect:
            case Unsettle():
                self._unsettle(box, effect)
            case KeepEpoch() if (box, effect.device, effect.epoch) not in self._epochs:
                raise Violation("forged", f"{box} keeps epoch {effect.epoch} of {effect.device.hex()}: nobody gave it")
            case Publish() if effect.lane == UP_NOW:
                self._said(box, effect, ledger_ms)

    def _unsettle(self, box: str, effect: Unsettle) -> None:
        done = self._unsettles.setdefault(box, [])
        if any(effect is one for one in done):
            return  # it failed, and is tried again
        done.append(effect)
        same = sum(one.above == effect.above for one in done)
        if same > self._recovers.get((box, effect.above), 0):
            raise Violation("forged", f"{box} sends rows above {effect.above} again, and nobody asked for it")

    def _said(self, box: str, effect: Publish, ledger_ms: int) -> None:
        if not is_of(effect.payload, Tag.ONLINE_REQUEST):
            return
        message = decode_now_up(effect.payload)
        if isinstance(message, OnlineRequest) and message.until_ms - ledger_ms > PATIENCE_MS:
            ahead_s = (message.until_ms - ledger_ms) // 1000
            raise Violation("forged", f"{box} asks until {ahead_s} s from now: it was told a false time")


_TAGS = [bytes((tag,)) if tag < 24 else bytes((24, tag)) for tag in range(256)]  # CBOR's own


def is_of(payload: bytes, tag: int) -> bool:
    """Does this message begin as one with this tag? Its first bytes: the form, an array, and a small number."""
    return payload[2 : 2 + len(_TAGS[tag])] == _TAGS[tag]


class Stranger:
    """Says something at the broker, each time another thing."""

    def __init__(self, world: World, answers: Answers) -> None:
        self._world, self._answers = world, answers
        self._asked: deque[tuple[str, bytes]] = deque(maxlen=HEARD_MAX)

    def overhear(self, topic: str, lane: str, payload: bytes) -> None:
        """What goes up names the questions."""
        if lane != UP_NOW:
            return
        try:
            message = decode_now_up(payload)
        except WireFault:
            return
        if isinstance(message, Hello | EpochRequest):
            self._asked.append((topic, message.asked))

    def word(self, topics: list[str]) -> tuple[str, bytes]:
        """To whom, and what."""
        random = self._world.random
        to, heard = random.choice(topics), self._answers.heard
        if heard and self._world.chance(0.4):
            where, payload = random.choice(heard)
            return (where if self._world.chance(0.7) else to), payload
        answer = self._false(to)
        if self._world.chance(0.3):
            return to, encode_now(answer)
        return to, encode_now(_signed(parse(to).box, self._question(), answer))

    def _question(self) -> bytes:
        return self._world.random.choice(self._asked)[1] if self._asked else bytes(16)

    def _false(self, to: str) -> Bound:
        """A time in the far future, an epoch out of nowhere, a call for all that ever was."""
        random = self._world.random
        known = [decode_now_down(payload) for where, payload in self._answers.heard if where == to]
        bodies = [decode_bound(one.body) for one in known if isinstance(one, SignedAnswer)]
        epochs = [one for one in bodies if isinstance(one, EpochAnswer)]
        recovers = [one for one in bodies if isinstance(one, Recover)]
        match random.randrange(3):
            case 0 if epochs:
                one = random.choice(epochs)
                return EpochAnswer(one.request, one.device, one.storage, one.psam, EPOCH_MAX, "")
            case 1 if recovers:
                one = random.choice(recovers)
                return Recover(one.ledger, one.store, 0)
            case _:
                return LedgerTime(1_784_000_000_000 + random.choice((-9, 70)) * YEAR_MS)


def _signed(box: BoxId, asked: bytes, answer: Bound) -> SignedAnswer:
    body = encode_now(answer)
    return SignedAnswer(asked, body, KEY.sign(covered(box, asked, body)))
