"""The list of stolen devices 失窃设备名单 that counts at this box: its document's, or that of its outbox. Pure.

A box that held a list before there were documents goes on with that until a document says no older one. What a list
names may not join to sell; what it still owes is taken. Never backwards, and nothing forged: documents.py.
"""

from collections.abc import Mapping

from edge.box.down.documents import Document, Name
from shared.fleet.document import CAMPUS, DocumentKind
from shared.fleet.revocations import Revocations, read_revocations
from shared.ids import DeviceId, PsamId

NAME: Name = (DocumentKind.REVOCATIONS, CAMPUS)


class RevokedHere:
    """documents: what is durable here. former: the list of the outbox; version 0 = none."""

    def __init__(self, documents: Mapping[Name, Document], former: Revocations) -> None:
        self._documents, self._former = documents, former
        self._read = b"", former
        """Digest of the document that was read last, and what it says."""

    @property
    def held(self) -> Revocations:
        """The list that counts."""
        document = self._documents.get(NAME)
        if document is not None and document.head.digest != self._read[0]:
            found = read_revocations(document.kept.body)
            self._read = document.head.digest, found if found.version >= self._former.version else self._former
        return self._read[1]

    def names(self, device: DeviceId, psam: PsamId) -> bool:
        """May this body, with this PSAM, not sell any more?"""
        return self.held.names(device, psam)
