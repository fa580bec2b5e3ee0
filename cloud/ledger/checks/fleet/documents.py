"""Documents of the fleet: each generation's bytes are those of its digest; the newest lists are as the books say.

That a document was made at all, and by whom, is the book-only chain's. What another process has listed since the last
making is told, not blamed: the ingest follows.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.documents.rows import Document, Wanted, body_of, documents, wanted
from cloud.ledger.journal.theft_rows import read_stolen
from cloud.store.db import Database
from shared.errors import StoreFault, WireFault
from shared.fleet.capped import read_capped
from shared.fleet.cards import read_awaited, read_operators
from shared.fleet.document import CAMPUS, DocumentKind, digest_of, page_count
from shared.fleet.hotlist import Hotlist
from shared.fleet.revocations import Revocations, read_revocations
from shared.fleet.wallets import read_wallets
from shared.ids import CardId, hotlist_index
from shared.words.voice import Text

NAME = "documents"
_IN_TURN = (DocumentKind.ORDER, DocumentKind.PERMIT)
"""One is sent until it is answered."""


def check_documents(db: Database) -> Check:
    """Every generation; the bytes of the newest ones whole."""
    made, heads = documents(db), wanted(db)
    broken = next((fault for one in made if (fault := _row_fault(one))), "")
    broken = broken or next((fault for one in heads if (fault := _head_fault(db, one))), "")
    broken = broken or _newest_fault(made, heads) or _flags_fault(db)
    fault, late = _hotlist_fault(db, heads)
    wrong, is_late = _lists_fault(db, heads)
    return Check(NAME, len(made), broken or fault or wrong, _note(late, is_late=is_late))


def _note(cards: int, *, is_late: bool) -> Text | None:
    said = [Text(f"待入黑名单 {cards}", f"to be put into the hotlist: {cards}")] if cards else []
    said += [Text("失窃设备名单待下发", "stolen devices are not in a document yet")] if is_late else []
    return Text("；".join(one.zh for one in said), "; ".join(one.en for one in said)) if said else None


def _row_fault(one: Document) -> str:
    if sha256(one.pages).digest() != one.digest or len(one.hashes) != page_count(one.length):
        return f"document {one.number}: its pages are not those of its digest"
    return ""


def _head_fault(db: Database, one: Wanted) -> str:
    """Is the signed head about these bytes?"""
    head, document = one.head, one.document
    try:
        is_whole = digest_of(body_of(db, document)) == head.digest == document.digest
    except StoreFault as fault:
        return str(fault)
    said = head.kind, head.scope, head.generation, head.length
    is_same = said == (*document.which, document.generation, document.length)
    return "" if is_whole and is_same else f"document {document.number}: its head says something else"


def _newest_fault(made: list[Document], heads: list[Wanted]) -> str:
    newest = {one.which: one.generation for one in made}
    signed = {one.document.which: one.document.generation for one in heads}
    answered = {which for which in newest if which[0] in _IN_TURN and which not in signed}
    answered |= {which for which in newest if which[0] is DocumentKind.FIRMWARE}  # a release waits for its roll-out
    wanted_now, signed = ({w: g for w, g in each.items() if w not in answered} for each in (newest, signed))
    return "" if wanted_now == signed else "a document has no head, or an older one"


def _flags_fault(db: Database) -> str:
    """A card is refused by loads and desks as long as there is a reason, and no longer."""
    rows = db.run(
        "SELECT c.label FROM card c WHERE c.hotlisted <> (CASE WHEN EXISTS (SELECT 1 FROM hotlisted h "
        "WHERE h.card = c.card) THEN 1 ELSE 0 END) ORDER BY c.label LIMIT 1"
    )
    return f"card {rows[0][0]}: is on the hotlist without a reason, or the other way round" if rows else ""


def _hotlist_fault(db: Database, heads: list[Wanted]) -> tuple[str, int]:
    """What is wrong, and how many cards the books have listed, or taken off, since it was made."""
    made = next((one.document for one in heads if one.document.which == (DocumentKind.HOTLIST, CAMPUS)), None)
    if made is None:
        return "", 0
    named = {CardId(bytes(card)) for (card,) in db.run("SELECT card FROM hotlist_named WHERE until IS NULL")}
    listed = {CardId(bytes(card)) for (card,) in db.run("SELECT card FROM hotlisted")}
    try:
        body = Hotlist(body_of(db, made))
    except (WireFault, StoreFault) as fault:
        return str(fault), 0
    there = {card for card in named if body.contains(card, hotlist_index(card))}
    expired = {CardId(bytes(card)) for (card,) in db.run("SELECT card FROM card WHERE expires <= ?", (made.made_s,))}
    if named - there - expired or len(body) != len({_place(body, card) for card in there}):
        return f"document {made.number}: names other cards than it is told to", 0
    return "", len(named ^ listed)


def _place(body: Hotlist, card: CardId) -> object:
    """Two cards of one dense number, of which one has expired, are one entry."""
    at, mask = body.bit_of(card)
    return card if at is None else (at, mask)


def _lists_fault(db: Database, heads: list[Wanted]) -> tuple[str, bool]:
    """What is wrong with another list; and do the books know of stolen devices that none names yet?"""
    ours, newest = read_stolen(db).revocations, Revocations()
    for one in heads:
        reader = _READERS.get(one.document.kind)
        try:
            found = reader(body_of(db, one.document)) if reader else None
        except (WireFault, StoreFault) as fault:
            return f"document {one.document.number}: {fault}", False
        newest = found if isinstance(found, Revocations) else newest
    if newest.version > ours.version or (newest.version == ours.version and newest != ours):
        return f"revocations {newest.version}: not what the books say", False
    return "", newest != ours


_READERS: Mapping[DocumentKind, Callable[[bytes], object]] = {
    DocumentKind.REVOCATIONS: read_revocations,
    DocumentKind.AWAITED: read_awaited,
    DocumentKind.CAPPED: read_capped,
    DocumentKind.OPERATORS: read_operators,
    DocumentKind.WALLETS: read_wallets,
}
