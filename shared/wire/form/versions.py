"""Which forms of the wire each end understands, said in a way that an end of before does not stumble over. Pure.

A box says its own in the nonce of its Hello: to a ledger of before these are random bytes like any other, which it
gives back. The ledger answers with its own (VERSIONS), only to a box that has said so. Both then speak the highest form
that both understand; where there is none, the ledger says NOT_UNDERSTOOD and takes nothing from that box but its Hello.
"""

from typing import NamedTuple

from shared.wire.form.fields import NONCE_SIZE
from shared.wire.tags import FORM_1, FORM_2, FORM_4, FORM_MAX

MARK = b"ykt"
"""What a nonce begins with that says versions: by chance once in sixteen million."""
RANDOM_SIZE = NONCE_SIZE - len(MARK) - 2


class Versions(NamedTuple):
    """From the lowest form to the highest."""

    least: int
    most: int

    def common(self, other: "Versions") -> int:
        """The highest one that both understand; 0: there is none."""
        most = min(self.most, other.most)
        return most if most >= max(self.least, other.least) else 0


OF_BOX = Versions(FORM_2, FORM_4)
"""A box of now takes no bare answers any more, so it speaks no form 1."""
OF_LEDGER = Versions(FORM_1, FORM_4)


def nonce_of(said: Versions, random: bytes) -> bytes:
    """random: RANDOM_SIZE bytes, other ones each time."""
    return MARK + bytes(said) + random


def said_in(nonce: bytes) -> Versions:
    """What a Hello's nonce says; of a box of before, what it was known to speak."""
    if not nonce:
        return Versions(FORM_1, FORM_1)
    least, most = nonce[len(MARK) : len(MARK) + 2]
    if not nonce.startswith(MARK) or not FORM_1 <= least <= most <= FORM_MAX:
        return Versions(FORM_2, FORM_2)
    return Versions(least, most)
