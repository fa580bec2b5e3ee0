"""A document is made: its next generation, pages, delta and signed head in one transaction, linked as decisions are.

Nothing here signs: a draft is read, signed by the key process outside of any transaction, and kept if it is still the
next one. Equal bytes make no generation. The numbers go on above whatever a box or a terminal says that it holds: a
ledger that was put back must not say another thing under a number that is out there.
"""

import hashlib
from typing import NamedTuple

from cloud.ledger.fleet.documents.rows import COLUMNS, Document, Which, body_of, newest
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.readers import DOCUMENTS
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.errors import WireFault
from shared.facts.fleet import DocumentMade
from shared.fleet.delta import delta_between
from shared.fleet.document import (
    GENERATION_MAX,
    LENGTH_MAX,
    DocumentKind,
    Head,
    SignedHead,
    pages_of,
)
from shared.fleet.document import digest_of as digest_of_body

AHEAD_MAX = 1000
"""So far above ours a box's or a terminal's word is followed: a liar may burn numbers, and never all of them."""
AHEAD_AGAIN_MS = 60_000
"""A document is made anew for such a word alone no sooner than this after it was made last."""
WHO_MAX = 100
_TOLD_ELSEWHERE = (
    DocumentKind.HOTLIST, DocumentKind.ORDER, DocumentKind.PERMIT, DocumentKind.FIRMWARE, DocumentKind.TRUST,
)  # fmt: skip
"""What lists a card is told of that card, what orders terminals about of its job, firmware of its roll-out."""


class Draft(NamedTuple):
    """What is to be signed, and the bytes behind it. before: the generation that it follows, 0: the first."""

    head: Head
    body: bytes
    before: int


def draft(db: Database, which: Which, body: bytes, key_version: int, now: Now) -> Draft | None:
    """The next generation; None where the newest one has these bytes. WireFault: too long. Inside of a transaction."""
    kind, scope = which
    if len(body) > LENGTH_MAX[kind]:
        raise WireFault(f"document of {len(body)} bytes, at most {LENGTH_MAX[kind]}")
    last, digest = newest(db, kind, scope), digest_of_body(body)
    before = last.generation if last else 0
    told = told_of(db, which, before)
    if last is not None and last.digest == digest and not _is_overtaken(db, last, told, now):
        return None
    generation = min(max(before, told) + 1, GENERATION_MAX)
    head = Head(key_version, kind, scope, generation, now.campus_s, len(body), digest)
    return Draft(head, body, before)


def keep(writing: Writing, made: Draft, signed: SignedHead, who: str) -> Document | None:
    """Durable with the commit, and sent. None: another one was made meanwhile, and nothing is done."""
    last = newest(writing.db, made.head.kind, made.head.scope)
    document = keep_unsent(writing, made, who)
    if document is not None:
        _keep_delta(writing.db, last, made)
        send(writing, made.head, signed)
    return document


def keep_unsent(writing: Writing, made: Draft, who: str) -> Document | None:
    """As `keep`, and nobody is sent it: what was sent before goes on."""
    db, head = writing.db, made.head
    last = newest(db, head.kind, head.scope)
    if (last.generation if last else 0) != made.before:
        return None
    document = Document(
        _next_number(db), head.kind, head.scope, head.generation, head.length, head.digest, _keep_pages(db, made.body),
        who[:WHO_MAX], writing.now.unix_ms, writing.now.campus_s,
    )  # fmt: skip
    row = (document.number, int(document.kind), *document[2:])
    db.insert("document", COLUMNS, [row])
    writing.booking.link(BookLinkKind.DOCUMENT, document.number, digest_of(row))
    writing.booking.need(DOCUMENTS.get(head.kind, ""))
    if head.kind not in _TOLD_ELSEWHERE:
        writing.notes.tell(DocumentMade(head.kind.name.lower(), head.generation, head.length, document.who))
    return document


def refreshed(db: Database, which: Which, key_version: int, now: Now) -> Head | None:
    """The newest head with the time of now, to be signed; None: there is none. Inside of a transaction."""
    last = newest(db, *which)
    if last is None:
        return None
    return Head(key_version, last.kind, last.scope, last.generation, now.campus_s, last.length, last.digest)


def keep_refreshed(writing: Writing, head: Head, signed: SignedHead) -> None:
    """Said later; nothing else of it changes. Of another generation than the newest: nothing is done."""
    last = newest(writing.db, head.kind, head.scope)
    if last is not None and last.generation == head.generation:
        send(writing, head, signed)


def withdraw(db: Database, which: Which, generation: int) -> None:
    """Nobody is to be sent this generation any more, if it is the newest: an order that is over. It stays made."""
    kind, scope = which
    where = "WHERE kind = ? AND scope = ? AND generation = ?"
    for table in ("document_head", "document_delta"):
        db.run(f"DELETE FROM {table} {where}", (int(kind), scope, generation))  # noqa: S608  # ours
    touch_documents(db)


def touch_documents(db: Database) -> None:
    """Tell every process that there is something to send."""
    db.run("UPDATE watermark SET value = value + 1 WHERE name = 'documents'")


class Books(NamedTuple):
    """Versions of what lists are made of: cards, devices and thefts; the cards that are listed; who is enrolled, and
    what an emergency meal is; what is said of offline codes."""

    registry: int
    hotlist: int
    meals: int = 0
    codes: int = 0


_MEALS = "SELECT (SELECT COALESCE(MAX(id), 0) FROM roster), (SELECT COALESCE(MAX(id), 0) FROM meal_rule)"
"""Both only ever rise."""
_CODES = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM offline_rule), "
    "(SELECT COALESCE(MAX(id), 0) FROM certificate_step WHERE why > 0)"
)
"""As those of meals: the rule, and certificates that ended."""


def versions(db: Database) -> tuple[Books, int]:
    """Of the books, and of the documents: each rises with a change, by whichever process. Cheap."""
    names = "'registry', 'hotlist', 'documents'"
    found: dict[str, int] = dict(db.run(f"SELECT name, value FROM watermark WHERE name IN ({names})"))  # noqa: S608  # ours
    ((rosters, rules),), ((limits, ends),) = db.run(_MEALS), db.run(_CODES)
    return Books(found["registry"], found["hotlist"], rosters + rules, limits + ends), found["documents"]


def told_of(db: Database, which: Which, before: int) -> int:
    """The highest generation that somebody says he has, as far as it is followed; 0: nobody says anything."""
    kind, scope = which
    highest = [
        db.run(
            f"SELECT COALESCE(MAX(generation), 0) FROM {table} WHERE kind = ? AND scope = ? AND generation <= ?",  # noqa: S608  # ours
            (int(kind), scope, before + AHEAD_MAX),
        )[0][0]
        for table in ("document_held", "document_reported")
    ]
    return int(max(highest))


def _is_overtaken(db: Database, last: Document, told: int, now: Now) -> bool:
    """Is its number above ours out there, or ours with other bytes?"""
    if 0 <= now.unix_ms - last.made_ms < AHEAD_AGAIN_MS:
        return False
    return told > last.generation or any(
        db.run(
            f"SELECT 1 FROM {table} WHERE kind = ? AND scope = ? AND generation = ? AND digest <> ? LIMIT 1",  # noqa: S608  # ours
            (int(last.kind), last.scope, last.generation, last.digest),
        )
        for table in ("document_held", "document_reported")
    )


def _next_number(db: Database) -> int:
    return int(db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM document")[0][0])


def _keep_pages(db: Database, body: bytes) -> bytes:
    """Those that no generation had before; the hash of each, joined."""
    pages = [(hashlib.sha256(page).digest(), page) for page in pages_of(body)]
    by_hash = dict(pages)
    known = {bytes(digest) for (digest,) in db.find("SELECT digest FROM document_page WHERE digest", list(by_hash))}
    db.insert("document_page", "digest, data", [(h, page) for h, page in by_hash.items() if h not in known])
    return b"".join(digest for digest, _ in pages)


def _keep_delta(db: Database, last: Document | None, made: Draft) -> None:
    """Only from the number before: whoever has another one repairs by pages."""
    kind, scope, generation = made.head.kind, made.head.scope, made.head.generation
    db.run("DELETE FROM document_delta WHERE kind = ? AND scope = ?", (int(kind), scope))
    if last is None or last.generation != generation - 1:
        return
    delta = delta_between(body_of(db, last), made.body)
    if delta is not None:
        row = (int(kind), scope, generation, delta.encode())
        db.insert("document_delta", "kind, scope, generation, raw", [row])


def send(writing: Writing, head: Head, signed: SignedHead) -> None:
    """Whoever lacks this generation, which was made, is sent it from now on."""
    row = (
        int(head.kind), head.scope, head.generation, head.as_of, signed.raw, signed.signature, writing.now.unix_ms,
    )  # fmt: skip
    columns = "kind, scope, generation, as_of, raw, signature, signed_ms"
    writing.db.upsert("document_head", columns, "kind, scope", [row])
    touch_documents(writing.db)

