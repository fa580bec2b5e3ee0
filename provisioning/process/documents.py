"""Heads of documents that the key process signs: what the ledger decides at one socket, what persons order at another;
and phones' certificates for offline codes, at the wallet's.

Refuses a head that is malformed, of a kind that this operation does not sign, or of a key that is not held; and a phone
of another campus, or one that may pay more than any campus allows. Pure.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from provisioning.keys.documents import TRUST_ROLES, DocumentKeys
from provisioning.process.refusal import Reason, Refused, exact
from shared.fleet.document import HEAD_SIZE, decode_head
from shared.keys.offline_code import CERTIFICATE_SIZE, SIGNATURE_SIZE, phone_of
from shared.wire.keyproc import SIGNS, Op

TRUST_MAX = 4096
"""Bytes of a snapshot or a timestamp."""
_SIZES = tuple(range(1, TRUST_MAX + 1))


class DocumentCounts(Protocol):
    """What is counted here."""

    documents: int
    phones: int


class DocumentOperations:
    """Over the document keys of one campus. Not thread-safe."""

    def __init__(self, keys: DocumentKeys, counts: DocumentCounts) -> None:
        self._keys = keys
        self._counts = counts

    def answers(self) -> dict[str, Callable[[Sequence[Any]], object]]:
        """What answers which operation."""
        found: dict[str, Callable[[Sequence[Any]], object]] = {op: partial(self._sign, op) for op in SIGNS}
        return {**found, **self._others()}

    def _others(self) -> dict[str, Callable[[Sequence[Any]], object]]:
        return {
            Op.SIGN_TRUST: self._sign_trust, Op.CERTIFY_PHONE: self._certify_phone, Op.DOCUMENT_KEYS: self._public,
        }  # fmt: skip

    def _certify_phone(self, arguments: Sequence[Any]) -> bytes:
        (raw,) = exact(arguments, CERTIFICATE_SIZE - SIGNATURE_SIZE, types=(bytes,))
        certificate = self._keys.certify_phone(phone_of(raw))
        if certificate is None:
            raise Refused(Reason.UNKNOWN_KEY)
        self._counts.phones += 1
        return certificate.signature

    def _sign(self, op: Op, arguments: Sequence[Any]) -> bytes:
        (raw,) = exact(arguments, HEAD_SIZE, types=(bytes,))
        head = decode_head(raw)
        if head.kind not in SIGNS[op]:
            raise Refused(Reason.WRONG_USE)
        signed = self._keys.sign(head)
        if signed is None:
            raise Refused(Reason.UNKNOWN_KEY)
        self._counts.documents += 1
        return signed.signature

    def _sign_trust(self, arguments: Sequence[Any]) -> bytes:
        (raw,) = exact(arguments, _SIZES, types=(bytes,))
        signature = self._keys.sign_trust(_role_of(raw), raw)
        if signature is None:
            raise Refused(Reason.UNKNOWN_KEY)
        self._counts.documents += 1
        return signature

    def _public(self, arguments: Sequence[Any]) -> list[list[object]]:
        exact(arguments, types=())
        return [[key.kind, key.version, key.public, key.certificate] for key in self._keys.public]


def _role_of(raw: bytes) -> str:
    """Of a snapshot or a timestamp, by its own word: each role has a key of its own, so it cannot stand for another."""
    try:
        role = json.loads(raw)["_type"]
    except (ValueError, KeyError, TypeError) as fault:
        raise Refused(Reason.MALFORMED) from fault
    if role not in TRUST_ROLES:
        raise Refused(Reason.WRONG_USE)
    return str(role)
