"""What the key process does with keys: TAC batches, MAC1 check and MAC2 of loads. Pure: bytes in, bytes out.

Any bytes get an answer. Refuses unknown operations, malformed arguments, cards of another issuer, key versions that it
does not hold, algorithms that are not built, MAC2 for a wrong MAC1. A load key never works on a purchase, and a TAC
master never on a load: each is asked for by its use. No answer names key material or a card.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provisioning.key_store import KeyKind, KeyStore
from provisioning.numbers import issuer
from shared.errors import WireFault
from shared.purse.crypto import TYPE_EP_LOAD, Key, diversify
from shared.purse.errors import LayoutError, UnsupportedAlgorithm
from shared.purse.load_auth import LoadAuth, authorise, mac1_is_right
from shared.purse.tac import ITEM_SIZE, TacChecker, TacVerdict
from shared.wire import codec
from shared.wire.keyproc import Op


class Reason(StrEnum):
    """Why an operation was refused: the text of [False, reason]."""

    MALFORMED = "malformed"
    UNKNOWN_OP = "unknown-op"
    UNKNOWN_KEY = "unknown-key"
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    WRONG_USE = "wrong-use"
    WRONG_MAC1 = "wrong-mac1"


class _Refused(Exception):
    """Leaves an operation; answered, never seen outside."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(slots=True)
class Counts:
    """Since the start; the numbers of STATUS."""

    requests: int = 0
    refused: int = 0
    tac_items: int = 0
    tac_wrong: int = 0
    load_checks: int = 0
    load_mac2: int = 0


class KeyOperations:
    """The operations over one school's keys. Not thread-safe."""

    def __init__(self, school: KeyStore) -> None:
        self._issuer = issuer(school.campus)
        tac = {version: key.card_key(KeyKind.TAC) for version, key in school.versions(KeyKind.TAC).items()}
        self._checker = TacChecker({(self._issuer, version): key for version, key in tac.items()})
        self._load = {version: key.card_key(KeyKind.LOAD) for version, key in school.versions(KeyKind.LOAD).items()}
        self._answers: dict[str, Callable[[Sequence[Any]], object]] = {
            Op.TAC: self._tac,
            Op.LOAD_CHECK: self._load_check,
            Op.LOAD_MAC2: self._load_mac2,
        }
        self.counts = Counts()

    def answer(self, request: bytes) -> bytes:
        """CBOR of [True, result] or [False, reason] to the CBOR of [op, *arguments]; never raises for bad bytes."""
        self.counts.requests += 1
        try:
            return codec.dumps([True, self._result(request)])
        except _Refused as refused:
            reason = refused.reason
        except UnsupportedAlgorithm:
            reason = Reason.UNKNOWN_ALGORITHM
        except (WireFault, LayoutError):
            reason = Reason.MALFORMED
        self.counts.refused += 1
        return codec.dumps([False, reason.value])

    def _result(self, request: bytes) -> object:
        body = codec.loads(request)
        if not body or not isinstance(body[0], str):
            raise _Refused(Reason.MALFORMED)
        operation = self._answers.get(body[0])
        if operation is None:
            raise _Refused(Reason.UNKNOWN_OP)
        return operation(body[1:])

    def _tac(self, arguments: Sequence[Any]) -> bytes:
        (items,) = codec.fields(arguments, bytes, what="TAC")
        verdicts = self._checker.check(items)
        self.counts.tac_items += len(items) // ITEM_SIZE
        self.counts.tac_wrong += verdicts.count(TacVerdict.WRONG)
        return verdicts

    def _load_check(self, arguments: Sequence[Any]) -> bool:
        self.counts.load_checks += 1
        auth = _auth(arguments)
        return mac1_is_right(self._card_load_key(auth), auth)

    def _load_mac2(self, arguments: Sequence[Any]) -> bytes:
        auth, time_s = _auth(arguments[:-1]), arguments[-1]
        if not isinstance(time_s, int) or isinstance(time_s, bool) or not 0 <= time_s <= _U32:
            raise _Refused(Reason.MALFORMED)
        mac2 = authorise(self._card_load_key(auth), auth, time_s)
        if mac2 is None:
            raise _Refused(Reason.WRONG_MAC1)
        self.counts.load_mac2 += 1
        return mac2

    def _card_load_key(self, auth: LoadAuth) -> Key:
        if auth.type != TYPE_EP_LOAD:
            raise _Refused(Reason.WRONG_USE)
        master = self._load.get(auth.key_version)
        if master is None or auth.card[:2] != self._issuer:
            raise _Refused(Reason.UNKNOWN_KEY)
        return diversify(master, auth.card[2:])


_U32 = 0xFFFF_FFFF
_AUTH_TYPES = (bytes, int, int, bytes, int, int, int, int, bytes, bytes)
_AUTH_BOUNDS = (10, 0xFF, 0xFF, 4, 0xFFFF, _U32, _U32, 0xFF, 6, 4)
"""Exact length of each byte string, highest value of each number."""


def _auth(arguments: Sequence[Any]) -> LoadAuth:
    values = codec.fields(arguments, *_AUTH_TYPES, what="load")
    for value, bound in zip(values, _AUTH_BOUNDS, strict=True):
        fits = len(value) == bound if isinstance(value, bytes) else 0 <= value <= bound
        if not fits:
            raise _Refused(Reason.MALFORMED)
    return LoadAuth._make(values)
