"""Which releases of firmware a box passes on: those that the officers and the centre stand for, by a TUF chain. Pure.

The chain comes as a document of its own and is durable like every other. It is judged when it is taken, at the time
that its signed head says: nothing of it goes backwards, time goes on by bounded steps, and what has expired is not
taken. What terminals run is not asked again. A chain that grows old, by the newest time that the centre has signed for
anything here, passes nothing new on. A box that has never had a chain passes on what the officers' key has signed.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from shared.errors import WireFault
from shared.fleet.document import Head
from shared.fleet.firmware import decode_image

if TYPE_CHECKING:
    from shared.keys.trust import Chain, Proven


class Trust:
    """Of one box. time_s: the newest campus second that the centre has signed for anything here."""

    def __init__(self, campus: int, campus_key: bytes) -> None:
        self._campus, self._campus_key = campus, campus_key
        self._chain: Chain | None = None
        self._proven: Proven | None = None
        self._at_s = 0
        self._passed: dict[bytes, bool] = {}
        self.time_s = 0

    def judge(self, head: Head, body: bytes) -> str:
        """Why this chain is not to be taken; empty: it is."""
        try:
            self._judged(head, body)
        except WireFault as fault:
            return str(fault)
        return ""

    def adopt(self, head: Head, body: bytes) -> None:
        """It is durable. One that was taken is as good as it was then."""
        self._chain, self._proven = self._judged(head, body)
        self._at_s = max(self._at_s, head.as_of)
        self._passed.clear()

    def passes(self, head: Head, body: bytes) -> bool:
        """May this release go on to terminals?"""
        if self._proven is None:
            return True
        if self.time_s > self._proven.until_s:
            return False
        if head.digest not in self._passed:
            self._passed[head.digest] = self._proven.proves(decode_image(body), len(body), sha256(body).hexdigest())
        return self._passed[head.digest]

    def stands_for(self, path: str, length: int, digest: str) -> bool:
        """Is this among what the officers and the centre stand for now? Without a chain nothing is."""
        if self._proven is None or self.time_s > self._proven.until_s:
            return False
        return self._proven.releases.get(path) == (length, digest)

    @property
    def officers(self) -> bytes:
        """The officers' part, for who proves it once more; empty where there is no chain."""
        if self._chain is None:
            return b""
        from shared.keys import trust  # it is here already

        return trust.encode_officers(self._chain.officers)

    @property
    def releases(self) -> Mapping[str, tuple[int, str]]:
        """What the chain stands for."""
        return self._proven.releases if self._proven is not None else {}

    def _judged(self, head: Head, body: bytes) -> "tuple[Chain, Proven]":
        from shared.keys import trust  # a box without firmware needs none of it

        if self._at_s and head.as_of > self._at_s + trust.STEP_MAX_S:
            raise WireFault("a time that is too far ahead")
        chain = trust.decode_chain(body)
        at_s = max(head.as_of, self._at_s)
        return chain, trust.proven(chain, self._chain, self._campus, self._campus_key, at_s)
