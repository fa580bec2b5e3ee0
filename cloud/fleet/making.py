"""The centre makes documents: read, signed by the key process outside of any transaction, kept if still the next one.

Hotlist, revocations and awaited cards follow the books by themselves (following.py): looked at whenever they have
changed, and the newest head of the hotlist is signed again before it is FRESH_S old, so that its age is honest at every
terminal. A campus without document keys makes none.
"""

from collections.abc import Sequence

from cloud.fleet.following import FORMS, RETRY_MS, Drawn, Follower
from cloud.fleet.signing import DocumentSigner
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.making import Books
from cloud.ledger.fleet.documents.rows import Document, Which
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault, KeyFault
from shared.facts.fleet import DocumentUnmade
from shared.fleet.document import DocumentKind, Head, SignedHead
from shared.keys.document_key import DocumentKey, newest_key
from shared.words.voice import Text

FRESH_S = 600
"""The newest head of the hotlist is never older than this, as long as somebody signs."""
KEYS_MS = 60_000
"""The document keys are asked for again after this: one may have been renewed."""
CENTRE = "centre"
"""Who makes these lists: nobody, they follow from the books."""


class Maker:
    """Belongs to one thread, with the ledger."""

    def __init__(self, ledger: DocumentLedger, signer: DocumentSigner) -> None:
        self._ledger = ledger
        self._signer = signer
        self._keys: Sequence[DocumentKey] = ()
        self._keys_until_ms = 0
        self._lists = [Follower(form) for form in FORMS]

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

    def sign(self, head: Head) -> SignedHead:
        """KeyFault."""
        return self._signer.sign_document(head)

    def doubt(self) -> None:
        """Somebody has something else than what was made here: the next look asks what the next number is."""
        for one in self._lists:
            one.doubt()

    def look(self, books: Books, now: Now) -> None:
        """Let each list follow the books, which are at this version. StoreFault. Never KeyFault."""
        due = [one for one in self._lists if one.is_due(books, now)]
        try:
            keys = self.keys(now) if due else ()
        except KeyFault:
            for one in self._lists:
                one.put_off(now)
            return
        for one in due:
            self._look(one, newest_key(keys, one.form.which[0]), books, now)

    def _look(self, one: Follower, key: DocumentKey | None, books: Books, now: Now) -> None:
        fault = one.look(
            self._ledger, key.version if key else None, books, now,
            lambda drawn: self._keep(drawn, now), lambda which, version: self._sign_again(which, version, now),
        )  # fmt: skip
        if fault and fault != one.told:
            self._ledger.tell(DocumentUnmade(one.form.which[0].name.lower(), fault), now)
            one.told = fault

    def _keep(self, drawn: Drawn, now: Now) -> Document | None:
        draft, names = drawn
        return self._ledger.keep(draft, self._signer.sign_document(draft.head), CENTRE, now, names)

    def _sign_again(self, which: Which, version: int, now: Now) -> None:
        head = self._ledger.refreshed(which, version, now)
        if head is not None:
            self._ledger.keep_refreshed(head, self._signer.sign_document(head), now)


def _no_key(kind: DocumentKind) -> ConfigFault:
    name = kind.name.lower()
    return ConfigFault(Text(f"本校没有{name}的文件密钥", f"this campus has no document key for {name}"))
