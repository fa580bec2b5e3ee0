"""The PSAM in its reader: opened again by itself after it was lost, and then only if it is still the same one.

A session of 8070 does not survive that: 8072 then gets the PSAM's own refusal, and the purchase stays "not checked".
An 8070 itself is sent once more: it begins a session, and the number that it may have spent is never used again. So a
PSAM that was reseated between two sales costs no customer a tap.
"""

from __future__ import annotations

import time
from contextlib import suppress

from edge.card.reader.reader import LaidCard, Reader
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows.till import open_psam
from shared.purse.outcomes import PsamIdentity

_INIT_SAM = 0x70
SETTLE_S, SETTLE_PAUSE_S = 3.0, 0.1


class PsamReader:
    """A CardChannel. `identity` is None until the PSAM has been opened once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._laid: LaidCard | None = None
        self.identity: PsamIdentity | None = None

    def transmit(self, apdu: bytes, /) -> bytes:
        """CardLost without a PSAM, with another one, or when it is lost; the next command tries anew."""
        if self._laid is not None and apdu[1] == _INIT_SAM:
            with suppress(CardLost):
                return self._ask(self._laid, apdu)
        return self._ask(self._laid or self._open(), apdu)

    def settle(self) -> None:
        """Wait until it is open, SETTLE_S at most: pcscd sees what was laid in a moment ago only then."""
        until_s = time.monotonic() + SETTLE_S
        while self._laid is None:
            try:
                self._open()
            except CardLost:
                if time.monotonic() > until_s:
                    return  # whoever needs it next is told why
                time.sleep(SETTLE_PAUSE_S)

    def close(self) -> None:
        """Let go of PSAM and reader."""
        if self._laid is not None:
            self._laid.close()
        self._reader.close()

    def _ask(self, laid: LaidCard, apdu: bytes) -> bytes:
        try:
            return laid.transmit(apdu)
        except CardLost:
            self._laid = None
            raise

    def _open(self) -> LaidCard:
        laid = self._reader.lay()
        found = drive(open_psam(), psam=laid)
        if not isinstance(found, PsamIdentity):
            laid.close()
            raise CardLost("the PSAM cannot be opened")
        if self.identity not in (None, found):
            laid.close()
            raise CardLost("another PSAM lies in the reader; start the terminal anew")
        self.identity, self._laid = found, laid
        return laid
