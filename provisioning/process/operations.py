"""What the key process answers: any bytes get an answer. Pure: bytes in, bytes out.

Which operations there are: shared/wire/keyproc.py. Refuses unknown operations, those of another role, malformed
arguments, and whatever the keeper refuses: keys that it does not hold, work that a key was not made for. No answer
names key material or a card.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning.keeper.keeper import Keeper, KeeperAway, RetiredKey, UnknownKey
from provisioning.keys.documents import DocumentKeys
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind, WrongKeyUse
from provisioning.plan.numbers import issuer
from provisioning.process.documents import DocumentOperations
from provisioning.process.money import MoneyOperations
from provisioning.process.refusal import Reason, Refused, exact
from provisioning.process.upkeep import UpkeepOperations
from shared.errors import WireFault
from shared.purse.errors import KeyShapeError, LayoutError, UnsupportedAlgorithm
from shared.wire import codec
from shared.wire.keyproc import ALLOWED, Op, Role

_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (UnsupportedAlgorithm, Reason.UNKNOWN_ALGORITHM),
    (WrongKeyUse, Reason.WRONG_USE),
    (RetiredKey, Reason.RETIRED_KEY),
    (UnknownKey, Reason.UNKNOWN_KEY),
    (KeeperAway, Reason.KEEPER_AWAY),
    (WireFault, Reason.MALFORMED),
    (LayoutError, Reason.MALFORMED),
    (KeyShapeError, Reason.MALFORMED),
)
_FAULTS = tuple(fault for fault, _ in _REASONS)


@dataclass(slots=True)
class Counts:
    """Since the start; the numbers of STATUS."""

    requests: int = 0
    refused: int = 0
    forbidden: int = 0
    tac_items: int = 0
    tac_wrong: int = 0
    load_checks: int = 0
    load_mac2: int = 0
    unload_mac2: int = 0
    overdraft_mac2: int = 0
    upkeep: int = 0
    authentications: int = 0
    documents: int = 0
    phones: int = 0


class KeyOperations:
    """The operations over one school's keeper. documents: what it signs documents with. Not thread-safe."""

    def __init__(self, keeper: Keeper, campus: int, documents: DocumentKeys | None = None) -> None:
        self._keeper = keeper
        self.counts = Counts()
        self._answers: dict[str, Callable[[Sequence[Any]], object]] = {
            **MoneyOperations(keeper, issuer(campus), self.counts).answers(),
            **UpkeepOperations(keeper, issuer(campus), self.counts).answers(),
            **DocumentOperations(documents or DocumentKeys(campus), self.counts).answers(),
            Op.KCV: self._kcv,
            Op.STATUS: self._status,
        }

    def answer(self, request: bytes, role: Role = Role.MONEY) -> bytes:
        """CBOR of [True, result] or [False, reason] to the CBOR of [op, *arguments]; never raises for bad bytes."""
        self.counts.requests += 1
        try:
            return codec.dumps([True, self._result(request, role)])
        except Refused as refused:
            reason = refused.reason
        except _FAULTS as fault:
            reason = next(reason for kind, reason in _REASONS if isinstance(fault, kind))
        self.counts.refused += 1
        return codec.dumps([False, reason.value])

    def _result(self, request: bytes, role: Role) -> object:
        body = codec.loads(request)
        if not body or not isinstance(body[0], str):
            raise Refused(Reason.MALFORMED)
        operation = self._answers.get(body[0])
        if operation is None:
            raise Refused(Reason.UNKNOWN_OP)
        if body[0] not in ALLOWED[role]:
            self.counts.forbidden += 1
            raise Refused(Reason.FORBIDDEN)
        return operation(body[1:])

    def _kcv(self, arguments: Sequence[Any]) -> bytes:
        kind, version = exact(arguments, 0, 0xFF, types=(str, int))
        if kind not in _KINDS:
            raise Refused(Reason.UNKNOWN_KEY)
        return self._keeper.check_value(KeyKind(kind), version)

    def _status(self, arguments: Sequence[Any]) -> list[list[object]]:
        exact(arguments, types=())
        held = [(kind, version) for kind in MASTERS for version in self._keeper.versions(kind)]
        return [[kind.value, version, self._keeper.check_value(kind, version)] for kind, version in held]


_KINDS = frozenset(kind.value for kind in MASTERS)
