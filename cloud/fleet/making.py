"""The centre makes documents: read, signed by the key process outside of any transaction, kept if still the next one.

The hotlist follows the books by itself: looked at whenever they have changed, and its newest head is signed
again before it is FRESH_S old, so that its age is honest at every terminal. A key process that is away stops nothing
but progress: the look is made again after RETRY_MS. A campus without document keys makes none.
"""

from collections.abc import Sequence

from cloud.fleet.signing import DocumentSigner, newest_key
from cloud.ledger.fleet.documents.door import HOTLIST, DocumentLedger
from cloud.ledger.fleet.documents.rows import Document, Which
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault, KeyFault, WireFault
from shared.facts.fleet import DocumentUnmade
from shared.fleet.document import DocumentKind
from shared.keys.document_key import DocumentKey
from shared.words.voice import Text

FRESH_S = 600
"""The newest head of the hotlist is never older than this, as long as somebody signs."""
AGAIN_S = 300
RETRY_MS = 5_000
KEYS_MS = 60_000
"""The document keys are asked for again after this: one may have been renewed."""
CENTRE = "centre"
"""Who makes the hotlist: nobody, it follows from the books."""


class Maker:
    """Belongs to one thread, with the ledger."""

    def __init__(self, ledger: DocumentLedger, signer: DocumentSigner) -> None:
        self._ledger = ledger
        self._signer = signer
        self._keys: Sequence[DocumentKey] = ()
        self._keys_until_ms = 0
        self._looked_at = -1
        """Version of the books that the newest hotlist is of."""
        self._signed_s = 0
        self._not_before_ms = 0
        self._unmade = ""

    def keys(self, now: Now) -> Sequence[DocumentKey]:
        """The public halves, not older than KEYS_MS; those of before for RETRY_MS after a KeyFault."""
        if not 0 < self._keys_until_ms - now.unix_ms <= KEYS_MS:
            self._keys_until_ms = now.unix_ms + RETRY_MS
            self._keys = self._signer.document_keys()
            self._keys_until_ms = now.unix_ms + KEYS_MS
        return self._keys

    def make(self, which: Which, body: bytes, who: str, now: Now) -> Document | None:
        """The next generation with these bytes; None: the newest one has them. KeyFault, WireFault, ConfigFault."""
        key = newest_key(self.keys(now), which[0])
        if key is None:
            raise _no_key(which[0])
        draft = self._ledger.draft(which, body, key.version, now)
        return self._ledger.keep(draft, self._signer.sign_document(draft.head), who, now) if draft else None

    def doubt(self) -> None:
        """Somebody has something else than what was made here: the next look asks what the next number is."""
        self._looked_at = -1

    def look(self, books: int, now: Now) -> None:
        """Let the hotlist follow the books, which are at this version. StoreFault. Never KeyFault."""
        is_due = books != self._looked_at or not 0 <= now.campus_s - self._signed_s < AGAIN_S
        if not is_due or 0 < self._not_before_ms - now.unix_ms <= RETRY_MS:
            return
        self._not_before_ms = now.unix_ms + RETRY_MS
        try:
            self._follow(now)
        except KeyFault:
            return
        except WireFault as fault:
            self._tell_unmade(str(fault), now)
            return
        self._looked_at, self._not_before_ms, self._unmade = books, 0, ""

    def _follow(self, now: Now) -> None:
        key = newest_key(self.keys(now), DocumentKind.HOTLIST)
        if key is None:
            self._signed_s = now.campus_s
            return
        found = self._ledger.draft_hotlist(key.version, now)
        if found is not None:
            draft, names = found
            self._ledger.keep(draft, self._signer.sign_document(draft.head), CENTRE, now, names)
            self._signed_s = now.campus_s
        elif not 0 <= now.campus_s - self._signed_s < AGAIN_S:
            self._sign_again(key.version, now)

    def _sign_again(self, version: int, now: Now) -> None:
        head = self._ledger.refreshed(HOTLIST, version, now)
        if head is not None:
            self._ledger.keep_refreshed(head, self._signer.sign_document(head), now)
        self._signed_s = now.campus_s

    def _tell_unmade(self, fault: str, now: Now) -> None:
        if fault != self._unmade:
            self._ledger.tell(DocumentUnmade(DocumentKind.HOTLIST.name.lower(), fault), now)
            self._unmade = fault


def _no_key(kind: DocumentKind) -> ConfigFault:
    name = kind.name.lower()
    return ConfigFault(Text(f"本校没有{name}的文件密钥", f"this campus has no document key for {name}"))
