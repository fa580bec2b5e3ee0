"""The ledger's door for phones' certificates: given out, looked at, ended. What the accounts service asks of it.

A certificate is a row of the books before anybody signs it, so none is out there that the books do not know. The key
process signs it outside of any transaction, by an operation that signs nothing else.

    call      who may ask (the table of calls judges)     key        may be repeated
    certify   the holder himself                          his own    yes: the same key is the same certificate
    of_card   the holder himself, or who sees him         none       reads
    end       the holder himself; the desk by its report  none       yes: it has ended already
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from cloud.ledger.funds.offline.terms import CertificateRow, CodeRule, EndWhy
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.ids import CardId
from shared.keys.document_key import DocumentKey
from shared.keys.offline_code import Certificate, Phone


class PhoneSigner(Protocol):
    """The two questions of cloud.keys.client. KeyFault when refused or away."""

    def certify_phone(self, phone: Phone) -> Certificate:
        """With the signature of the campus's key for phones."""

    def document_keys(self) -> list[DocumentKey]:
        """The public halves, as the campus certified them."""


class Issued(NamedTuple):
    """A phone's certificate. certificate: the 129 bytes that the phone shows, b"" where nobody has signed them yet (ask
    again under the same key). from_s, until_s: campus seconds. taken: those of its uses that terminals have brought to
    the centre; a phone that was off line knows more. ended: why it ended before its time, None: it has not."""

    number: int
    certificate: bytes
    public: bytes
    from_s: int
    until_s: int
    uses: int
    one_fen: int
    taken: tuple[int, ...] = ()
    ended: EndWhy | None = None
    again: bool = False

    def is_living(self, now_s: int) -> bool:
        """May it pay now? now_s: campus seconds."""
        return bool(self.certificate) and self.ended is None and self.from_s <= now_s < self.until_s


class OfflineDoor:
    """Over an opened ledger; belongs to one thread at a time. signer None: nobody signs here, and certify refuses.
    random_bytes(n): n unpredictable bytes."""

    def __init__(
        self, opened: OpenedLedger, signer: PhoneSigner | None, random_bytes: Callable[[int], bytes]
    ) -> None:  # fmt: skip
        self._opened = opened
        self._signer = signer
        self._random_bytes = random_bytes

    def rule(self) -> CodeRule:
        """What the school allows now; not `is_on`: no page offers codes."""
        raise NotImplementedError

    def certify(self, card: CardId, public: bytes, key: str, now: Now) -> Issued:
        """A certificate for this card's phone. public: 33 bytes, a compressed point of P-256; key: of the wallet's own
        choosing, 1 to 64 bytes. A repeat under this key is the first one, and so is a call by the same phone while its
        own certificate is young and has a use left. Another phone's certificates end. When this returns it is durable.

        OfflineRefused: nothing was changed. KeyFault: the key process is away; ask again under the same key.
        """
        raise NotImplementedError

    def of_card(self, card: CardId, now: Now) -> list[Issued]:
        """Of this card all that are not over yet by their time, the newest first, ended ones too."""
        raise NotImplementedError

    def end(self, card: CardId, number: int, now: Now, why: EndWhy = EndWhy.HOLDER, who: str = "") -> bool:
        """It counts no more; terminals hear of it with the next document. False: this card has no such one, or it has
        ended or is over already."""
        raise NotImplementedError


__all__ = ["CertificateRow", "CodeRule", "EndWhy", "Issued", "OfflineDoor", "PhoneSigner"]
