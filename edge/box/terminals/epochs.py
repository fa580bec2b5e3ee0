"""Which storage epoch a (device, storage, PSAM) has: asked of the cloud once, durable here before it is used. Pure.

RECORDS.md "Who". Refuses to invent an epoch: until the cloud has answered, the terminal is
told 0 and does not sell. A spare that stands in for a broken body is the exception: an order at the box gives it one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge.box.values.effects import KeepEpoch, Now
from edge.link.messages import Hello, Refusal
from shared.ids import DeviceId, PsamId, StorageId
from shared.wire.messages import EPOCH_MAX, NONCE_SIZE, EpochAnswer, EpochRequest

ASK_AGAIN_S = 3.0
"""A request without an answer is repeated no sooner; a terminal joins again all the time until it has its epoch."""
REFUSED_S = 30.0
"""A refusal is believed for so long; then the registration may have been put right, and we ask again."""

Triple = tuple[DeviceId, StorageId, PsamId]

PSAM_MOVED = "psam-moved"
REVOKED = "revoked"
"""The reason for a body or PSAM that the cloud, or the list held here, has revoked."""

_REFUSALS = {
    "unknown-device": Refusal.UNKNOWN_DEVICE,
    "other-box": Refusal.OTHER_BOX,
    PSAM_MOVED: Refusal.PSAM_MOVED,
    "unknown-psam": Refusal.UNKNOWN_PSAM,
    "too-many-epochs": Refusal.TOO_MANY_EPOCHS,
    REVOKED: Refusal.REVOKED,
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """epoch 0: not known yet, or refused with a reason. ask: what to send up now, if anything. keep: an epoch that this
    box gives itself, once it is durable."""

    epoch: int
    refused: str = ""
    ask: EpochRequest | None = None
    keep: KeepEpoch | None = None

    @property
    def refusal(self) -> Refusal:
        """The hint for the terminal."""
        return _REFUSALS.get(self.refused, Refusal.BUSY)


class Epochs:
    """Bounded by the registry: one request and one refusal per device of this box, known triples for ever."""

    def __init__(self, known: Iterable[KeepEpoch], random: Callable[[int], bytes]) -> None:
        self._random = random
        self._known: dict[Triple, int] = {}
        self._highest: dict[DeviceId, int] = {}
        self._asked: dict[DeviceId, tuple[EpochRequest, float]] = {}
        self._refused: dict[DeviceId, tuple[Triple, str, float]] = {}
        self._number = 0
        for one in known:
            self.kept(one)

    def resolve(self, now: Now, hello: Hello, highest: int) -> Resolved:
        """The epoch of this body. highest: the highest epoch that the terminal itself names."""
        triple = (hello.device, hello.storage, hello.psam)
        if triple in self._known:
            return Resolved(self._known[triple])
        refused, reason, until_s = self._refused.get(hello.device, (None, "", 0.0))
        if refused == triple and now.mono_s < until_s:
            return Resolved(0, reason)
        return Resolved(0, ask=self._ask(now, triple, max(highest, self._highest.get(hello.device, 0))))

    def given(self, hello: Hello, highest: int) -> Resolved:
        """The epoch of a spare that stands in for a broken body: this box gives it, and asks nobody."""
        triple = (hello.device, hello.storage, hello.psam)
        known, top = self._known.get(triple, 0), max(highest, self._highest.get(hello.device, 0))
        if known or top >= EPOCH_MAX:
            return Resolved(known, "" if known else "too-many-epochs")
        return Resolved(0, keep=KeepEpoch(*triple, top + 1))

    def of(self, device: DeviceId) -> list[KeepEpoch]:
        """All that are durable here of this body."""
        return [KeepEpoch(*triple, epoch) for triple, epoch in self._known.items() if triple[0] == device]

    def psams_of(self, device: DeviceId) -> set[PsamId]:
        """The PSAMs that this body has had here."""
        return {psam for known, _, psam in self._known if known == device}

    def unanswered(self, now: Now) -> list[EpochRequest]:
        """All requests without an answer, to be sent again after a reconnect."""
        for device, (request, _) in self._asked.items():
            self._asked[device] = (request, now.mono_s)
        return [request for request, _ in self._asked.values()]

    def answer(self, now: Now, answer: EpochAnswer) -> KeepEpoch | None:
        """What to make durable; None when it was refused, or nobody asked for this triple."""
        triple = (answer.device, answer.storage, answer.psam)
        request, _ = self._asked.get(answer.device, (None, 0.0))
        if request is None or (request.device, request.storage, request.psam) != triple:
            return None
        if not answer.epoch:
            del self._asked[answer.device]
            self._refused[answer.device] = (triple, answer.reason, now.mono_s + REFUSED_S)
            return None
        return KeepEpoch(*triple, answer.epoch)

    def kept(self, kept: KeepEpoch) -> None:
        """It is durable: from now on it is used."""
        self._known[(kept.device, kept.storage, kept.psam)] = kept.epoch
        self._highest[kept.device] = max(kept.epoch, self._highest.get(kept.device, 0))
        self._asked.pop(kept.device, None)
        self._refused.pop(kept.device, None)

    def _ask(self, now: Now, triple: Triple, highest: int) -> EpochRequest | None:
        request, sent_s = self._asked.get(triple[0], (None, 0.0))
        same = request is not None and (request.device, request.storage, request.psam) == triple
        if same and now.mono_s - sent_s < ASK_AGAIN_S:
            return None
        self._number += 1
        request = EpochRequest(self._number, *triple, min(highest, EPOCH_MAX), self._random(NONCE_SIZE))
        self._asked[triple[0]] = (request, now.mono_s)
        return request
