"""The chain that boxes believe firmware by: the officers' part, and the centre's snapshot and timestamp over it.

The timestamp is signed again every RENEW_S, by itself: so a box that was away for months catches up with one that is
good, and a chain that somebody holds back grows old. Without an officers' part there is none. Never raises KeyFault.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from cloud.fleet.making import CENTRE, Maker
from cloud.fleet.signing import TrustSigner
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.rows import Which
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.records.values import Now
from shared.clocks.clock import DAY_S
from shared.errors import KeyFault
from shared.fleet.document import CAMPUS, DocumentKind

if TYPE_CHECKING:
    from shared.keys import trust

TRUST: Which = (DocumentKind.TRUST, CAMPUS)
RENEW_S = DAY_S
"""A timestamp is good for a week."""
LOOK_MS = 1_000


class Trusting:
    """Belongs to the ledger thread."""

    def __init__(
        self, firmware: FirmwareLedger, documents: DocumentLedger, maker: Maker, signer: TrustSigner
    ) -> None:  # fmt: skip
        self._firmware, self._documents = firmware, documents
        self._maker, self._signer = maker, signer
        self._done = (0, 0)
        """Of which part of the officers the newest chain is, and when it was made."""
        self._looked_ms = 0

    def look(self, now: Now) -> None:
        """Make the next chain where one is due. StoreFault."""
        if 0 <= now.unix_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now.unix_ms
        found = self._firmware.trust()
        if found is None or (found[0] == self._done[0] and 0 <= now.campus_s - self._done[1] < RENEW_S):
            return
        with suppress(KeyFault):
            self._make(found[1], now)
            self._done = found[0], now.campus_s

    def _make(self, raw: bytes, now: Now) -> None:
        from shared.keys import trust  # a centre without firmware needs none of it

        officers, former = trust.decode_officers(raw), self._former()
        snapshot = trust.next_snapshot(former, officers, now.campus_s)
        covered = self._signer.sign_trust(trust.covered(snapshot))
        signed = trust.signed_on_line(snapshot, officers, covered)
        timestamp = trust.next_timestamp(former, signed, now.campus_s)
        covered = self._signer.sign_trust(trust.covered(timestamp))
        chain = trust.Chain(officers, signed, trust.signed_on_line(timestamp, officers, covered))
        self._maker.make(TRUST, chain.encode(), CENTRE, now)

    def _former(self) -> "trust.Chain | None":
        from shared.keys import trust

        made = self._documents.newest(TRUST)
        return None if made is None else trust.decode_chain(self._documents.body(made))
