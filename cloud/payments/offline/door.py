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

from cloud.ledger.funds.offline.certificates import certificate_of, end, give, of_card, sign, taken_of
from cloud.ledger.funds.offline.rules import code_rule, set_code_rule
from cloud.ledger.funds.offline.terms import Against, CertificateRow, CodeRule, EndWhy, OfflineRefused
from cloud.ledger.held.two_persons import REASON_MAX, person
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.fleet.document import DocumentKind
from shared.ids import CardId
from shared.keys.document_key import DocumentKey, newest_key
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
        with self._opened.database.reading():
            return code_rule(self._opened.database)

    def set_rule(self, rule: CodeRule, who: str, reason: str, now: Now) -> CodeRule:
        """Counts when this returns, at terminals with the next document. The same again changes nothing.
        CodeRuleRefused, ProposalRefused for a name that is none."""
        with self._opened.writing(now) as writing:
            return set_code_rule(writing, rule, person(who), " ".join(reason.split())[:REASON_MAX])

    def certify(self, card: CardId, public: bytes, key: str, now: Now) -> Issued:
        """A certificate for this card's phone. public: 33 bytes, a compressed point of P-256; key: of the wallet's own
        choosing, 1 to 64 bytes. A repeat under this key is the first one, and so is a call by the same phone while its
        own certificate is young and has a use left. Another phone's certificates end. When this returns it is durable.

        OfflineRefused: nothing was changed. KeyFault: the key process is away; ask again under the same key.
        """
        signer = self._signer
        version = newest_key(signer.document_keys(), DocumentKind.WALLETS) if signer is not None else None
        if signer is None or version is None:
            raise OfflineRefused(Against.NOT_HERE)
        with self._opened.writing(now) as writing:
            row, again = give(writing, card, public, key, version.version, self._random_bytes)
            campus = writing.registry.campus
        if not row.signature and not row.ended_why:
            signed = signer.certify_phone(row.phone(campus))
            with self._opened.writing(now) as writing:
                row = sign(writing, row.number, signed.signature)
        return self._issued(row, campus)._replace(again=again)

    def of_card(self, card: CardId, now: Now) -> list[Issued]:
        """Of this card all that are not over yet by their time, the newest first, ended ones too."""
        with self._opened.database.reading():
            rows = of_card(self._opened.database, card, now.campus_s)
        return [self._issued(row, self._opened.picture.registry.campus) for row in rows]

    def end(self, card: CardId, number: int, now: Now, why: EndWhy = EndWhy.HOLDER, who: str = "") -> bool:
        """It counts no more; terminals hear of it with the next document. False: this card has no such one, or it has
        ended or is over already."""
        with self._opened.writing(now) as writing:
            row = certificate_of(writing.db, number)
            return row is not None and row.card == card and end(writing, row, why, who)

    def _issued(self, row: CertificateRow, campus: int) -> Issued:
        with self._opened.database.reading():
            taken = taken_of(self._opened.database, row.number)
        raw = Certificate(row.phone(campus), row.signature).encode() if row.signature else b""
        return Issued(
            row.number, raw, row.public, row.from_s, row.until_s, row.uses, row.one_fen, taken,
            EndWhy(row.ended_why) if row.ended_why else None,
        )  # fmt: skip


__all__ = ["Against", "CodeRule", "EndWhy", "Issued", "OfflineDoor", "OfflineRefused", "PhoneSigner"]
