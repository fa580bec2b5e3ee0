"""Documents as rows: every generation that was made, in pages of which each is kept once, and the newest head of each.

Inside of a transaction. Bytes are frozen in shared/fleet; a page that is gone is a StoreFault, for nothing may go.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.store.db import Database, Row
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind, Head, Scope, SignedHead, decode_head

COLUMNS = "id, kind, scope, generation, length, digest, pages, who, made_ms, made_s"
HASH_SIZE = 32
_NEWEST = f"SELECT {COLUMNS} FROM document WHERE kind = ? AND scope = ? ORDER BY generation DESC LIMIT 1"  # noqa: S608  # ours
_OF = f"SELECT {COLUMNS} FROM document WHERE kind = ? AND scope = ? AND generation = ?"  # noqa: S608  # ours
Which = tuple[DocumentKind, Scope]


class Document(NamedTuple):
    """One generation. pages: the SHA-256 of each, joined; who: made it."""

    number: int
    kind: DocumentKind
    scope: Scope
    generation: int
    length: int
    digest: bytes
    pages: bytes
    who: str
    made_ms: int
    made_s: int

    @property
    def which(self) -> Which:
        """What its generations have in common."""
        return self.kind, self.scope

    @property
    def hashes(self) -> list[bytes]:
        """Of its pages, in order."""
        return [self.pages[at : at + HASH_SIZE] for at in range(0, len(self.pages), HASH_SIZE)]


class Wanted(NamedTuple):
    """The newest generation of a document, as its head was signed last. delta: from the one before it, which
    has the digest `before`; empty: there is none."""

    document: Document
    signed: SignedHead
    head: Head
    delta: bytes
    before: bytes


def newest(db: Database, kind: DocumentKind, scope: Scope) -> Document | None:
    """None before the first one was made."""
    return _first(db.run(_NEWEST, (int(kind), scope)))


def generation_of(db: Database, kind: DocumentKind, scope: Scope, generation: int) -> Document | None:
    """None: we never made it."""
    return _first(db.run(_OF, (int(kind), scope, generation)))


def documents(db: Database) -> list[Document]:
    """Every generation, oldest first."""
    return [_document(row) for row in db.run(f"SELECT {COLUMNS} FROM document ORDER BY kind, scope, generation")]  # noqa: S608  # ours


def wanted(db: Database, kind: DocumentKind | None = None, scopes: Sequence[Scope] = ()) -> list[Wanted]:
    """All that terminals should have, by kind and scope; of one kind, or of these scopes alone, if that is said."""
    of_kind = "" if kind is None else f"WHERE h.kind = {int(kind)} "
    of_kind += f"WHERE h.scope IN ({', '.join('?' * len(scopes))}) " if scopes else ""
    rows = db.run(
        f"SELECT {', '.join(f'd.{name}' for name in COLUMNS.split(', '))}, h.raw, h.signature, x.raw, b.digest "  # noqa: S608  # our own names
        "FROM document_head h JOIN document d ON d.kind = h.kind AND d.scope = h.scope AND d.generation = h.generation "
        "LEFT JOIN document_delta x ON x.kind = h.kind AND x.scope = h.scope AND x.generation = h.generation "
        "LEFT JOIN document b ON b.kind = h.kind AND b.scope = h.scope AND b.generation = h.generation - 1 "
        f"{of_kind}ORDER BY d.kind, d.scope",
        scopes,
    )
    return [_wanted(row) for row in rows]


def body_of(db: Database, document: Document) -> bytes:
    """All of its bytes."""
    return b"".join(pages_at(db, document, range(len(document.hashes))))


def pages_at(db: Database, document: Document, numbers: Sequence[int]) -> list[bytes]:
    """These of its pages; StoreFault when one is gone."""
    hashes = document.hashes
    asked = [hashes[number] for number in numbers]
    found = {bytes(digest): bytes(data) for data, digest in db.find(_PAGE, list(dict.fromkeys(asked)))}
    if len(found) < len(set(asked)):
        raise StoreFault(f"document {document.number}: a page is gone")
    return [found[digest] for digest in asked]


_PAGE = "SELECT data, digest FROM document_page WHERE digest"


def _first(rows: Sequence[Row]) -> Document | None:
    return _document(rows[0]) if rows else None


def _document(row: Row) -> Document:
    number, kind, scope, generation, length, digest, pages, *made = row
    return Document(
        number, DocumentKind(kind), Scope(bytes(scope)), generation, length, bytes(digest), bytes(pages), *made
    )


def _wanted(row: Row) -> Wanted:
    *document, raw, signature, delta, before = row
    signed = SignedHead(bytes(raw), bytes(signature))
    made = _document(tuple(document))
    return Wanted(made, signed, decode_head(signed.raw), bytes(delta or b""), bytes(before or b""))
