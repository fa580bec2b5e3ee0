"""What persons order as documents beside parameters and jobs: operator cards; and a document that is a fork, made anew.

The key process signs by the order of a person, at its own socket. KeyFault: it is away or refuses; ConfigFault: this
campus has no such key. Then nothing was ordered.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.fleet.making import Maker
from cloud.fleet.signing import DocumentSigner
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.lists import OPERATORS
from cloud.ledger.fleet.documents.rows import Document, Wanted
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.fleet.cards import operators_body, read_operators
from shared.fleet.document import DocumentKind
from shared.ids import CardId

BY_PERSONS = (DocumentKind.PARAMETERS, DocumentKind.OPERATORS)
"""Kinds that no process makes anew by itself."""


class Mended(NamedTuple):
    """A document that was made anew with the same bytes. left: it has a trial that ends by itself, and was not."""

    document: Document
    is_left: bool = False


def newest_operators(documents: DocumentLedger) -> tuple[Document, frozenset[CardId]] | None:
    """The list of them; None: none was ever made, and each till goes by its settings."""
    for one in documents.wanted():
        if one.document.which == OPERATORS:
            return one.document, read_operators(documents.body(one.document))
    return None


class Office:
    """Belongs to one thread, with the ledger."""

    def __init__(self, opened: OpenedLedger, signer: DocumentSigner) -> None:
        self._documents, self._parameters = DocumentLedger(opened), ParameterLedger(opened)
        self._maker = Maker(self._documents, signer)

    def let_void(self, cards: Iterable[CardId], who: str, now: Now) -> Document | None:
        """These operator cards and no others. None: so it is already. WireFault: too many."""
        return self._maker.make(OPERATORS, operators_body(cards), who, now)

    def mend(self, who: str, now: Now) -> list[Mended]:
        """Every document of persons of which a box or a terminal has another one under the same or a higher number is
        made anew above that. What is in order stays."""
        found = [one for one in self._documents.wanted() if one.document.kind in BY_PERSONS]
        mended = [self._mend(one, who, now) for one in found]
        return [one for one in mended if one is not None]

    def _mend(self, one: Wanted, who: str, now: Now) -> Mended | None:
        which, version = one.document.which, one.head.key_version
        draft = self._documents.draft(which, self._documents.body(one.document), version, now)
        if draft is None:
            return None
        if one.document.kind is not DocumentKind.PARAMETERS:
            made = self._documents.keep(draft, self._maker.sign(draft.head), who, now)
            return Mended(made) if made is not None else None
        if not self._parameters.say_again(one.document, draft, self._maker.sign(draft.head), who, now):
            return Mended(one.document, is_left=True)
        return Mended(one.document._replace(generation=draft.head.generation))
