"""Offline pay codes 脱机付款码 as a document: what the school allows, and which certificates count no more. Pure.

Form 1, uses of a certificate 1 (0: none is taken), fen of one 4, fen of a business day at one terminal 4, number of
certificates 2 (big-endian), then their numbers, ascending, each once, 4 each. Certificates end within three days, so
one stands here no longer than it could still be shown. Off is the default: a school that never allowed codes has no
document, and a terminal without one takes none; a school that stops says uses 0. The kind is optional: a terminal that
does not know it takes no codes. The key of this kind certifies phones, too (shared/keys/offline_code.py).

Refuses, with WireFault, what is not so.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from shared.errors import WireFault

FORM = 1
USES_MAX = 2
ONE_MAX_FEN = 30_00
"""Bounds of a certificate that no campus goes beyond, whatever it says."""
ENDED_MAX = 2_000
"""Certificates: 8 KB at a terminal. A school in which more phones are lost in three days says uses 0."""
DAY_MAX_FEN = 5_000_00
"""What one terminal may take by codes in a business day, whatever the school says."""
_HEAD = struct.Struct(">BBIIH")
_NUMBER = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Wallets:
    """What a terminal makes of it. uses: of a certificate, 0: none is taken; ended: certificates by number."""

    uses: int
    one_fen: int
    day_fen: int
    ended: frozenset[int] = frozenset()

    @property
    def is_on(self) -> bool:
        """Are codes taken at all?"""
        return self.uses > 0


def wallets_body(wallets: Wallets) -> bytes:
    """The bytes. WireFault above ENDED_MAX and for limits beyond what any school may allow."""
    numbers = sorted(wallets.ended)
    _require_sound(wallets, numbers)
    head = _HEAD.pack(FORM, wallets.uses, wallets.one_fen, wallets.day_fen, len(numbers))
    return head + b"".join(map(_NUMBER.pack, numbers))


def read_wallets(body: bytes) -> Wallets:
    """What a document of its kind says."""
    if len(body) < _HEAD.size:
        raise WireFault(f"limits of codes: {len(body)} bytes")
    form, uses, one_fen, day_fen, count = _HEAD.unpack_from(body)
    if form != FORM or len(body) != _HEAD.size + count * _NUMBER.size:
        raise WireFault(f"limits of codes of form {form}: {count} certificates in {len(body)} bytes")
    numbers = [number for (number,) in _NUMBER.iter_unpack(body[_HEAD.size :])]
    found = Wallets(uses, one_fen, day_fen, frozenset(numbers))
    _require_sound(found, numbers)
    return found


def _require_sound(wallets: Wallets, numbers: Iterable[int]) -> None:
    listed = list(numbers)
    if len(listed) > ENDED_MAX:
        raise WireFault(f"limits of codes: {len(listed)} certificates, at most {ENDED_MAX}")
    if any(a >= b for a, b in pairwise(listed)):
        raise WireFault("limits of codes: out of order, or one twice")
    if wallets.uses > USES_MAX or wallets.one_fen > ONE_MAX_FEN or wallets.day_fen > DAY_MAX_FEN:
        raise WireFault("limits of codes beyond what any school may allow")
    if wallets.is_on and not 0 < wallets.one_fen <= wallets.day_fen:
        raise WireFault("limits of codes under which nothing could be paid")
