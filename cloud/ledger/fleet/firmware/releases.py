"""Releases of firmware that the officers signed and somebody brought here: proven by the campus key, kept, not sent.

A release is a document like any other, whose generation is its number; its head is the officers' own and is sent only
by a roll-out. One whose program is that of an earlier release is a way back to it: never backwards in number. Inside of
a transaction, but for what is pure.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.fleet.documents.making import Draft, keep_unsent, send
from cloud.ledger.fleet.documents.rows import Which, body_of, generation_of, newest
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.errors import ConfigFault
from shared.facts.fleet import FirmwareReleased
from shared.fleet.document import DocumentKind, Head, SignedHead, decode_head, model_scope
from shared.fleet.firmware import MODELS, Image, decode_image
from shared.keys.document_key import DocumentKey
from shared.keys.firmware_file import SignedImage
from shared.words.voice import Text

_COLUMNS = (
    "model, release, name, length, digest, key_version, public, certificate, raw, signature, returns_to, who, at_ms"
)
_MODEL_NAMES = {number: name for name, number in MODELS.items()}


class Release(NamedTuple):
    """returns_to: the earlier release with this very program, 0: none. key: the officers' key that signed it."""

    model: int
    release: int
    name: str
    length: int
    digest: bytes
    key: DocumentKey
    head: SignedHead
    returns_to: int
    who: str
    at_ms: int

    @property
    def which(self) -> Which:
        """Its document."""
        return which_of(self.model)

    @property
    def text(self) -> str:
        """As a person names it: 'pos:3'."""
        return release_text(self.model, self.release)


def which_of(model: int) -> Which:
    """The document of a model's firmware."""
    return DocumentKind.FIRMWARE, model_scope(model)


def model_text(model: int) -> str:
    """'pos'; the number of one that is not known here."""
    return _MODEL_NAMES.get(model, str(model))


def release_text(model: int, release: int) -> str:
    """'pos:3'."""
    return f"{model_text(model)}:{release}"


def releases(db: Database) -> list[Release]:
    """All, by model and number."""
    return [_release(row) for row in db.run(f"SELECT {_COLUMNS} FROM firmware_release ORDER BY model, release")]  # noqa: S608  # ours


def release_of(db: Database, model: int, number: int) -> Release | None:
    """None: nobody brought it here."""
    return next((one for one in releases(db) if (one.model, one.release) == (model, number)), None)


def firmware_keys(db: Database) -> list[DocumentKey]:
    """Of all releases, once each; where one was made anew, the newest."""
    return list({(one.model, one.key.version, one.key.public): one.key for one in releases(db)}.values())


def take(writing: Writing, found: SignedImage, head: Head, image: Image, who: str) -> tuple[Release, bool]:
    """It is kept, and whether it was not here before. ConfigFault: another one has its number, or a higher one."""
    db = writing.db
    known = release_of(db, image.model, image.release)
    if known is not None and known.digest == head.digest:
        return known, False
    last = newest(db, head.kind, head.scope)
    if last is not None and last.generation >= head.generation:
        raise _not_above(image, last.generation)
    keep_unsent(writing, Draft(head, found.body, last.generation if last else 0), who)
    made = Release(
        image.model, image.release, image.name, head.length, head.digest, found.key, found.signed,
        _same_program(db, image), who, writing.now.unix_ms,
    )  # fmt: skip
    db.insert("firmware_release", _COLUMNS, [_row(made)])
    writing.booking.link(BookLinkKind.RELEASE, image.release, digest_of(_row(made)))
    writing.notes.tell(FirmwareReleased(model_text(made.model), made.release, made.name, made.length, made.who))
    return made, True


def take_trust(writing: Writing, raw: bytes, who: str) -> None:
    """What the officers stand for now; said again it is no other. It was proven."""
    known = newest_trust(writing.db)
    if known is not None and known[1] == raw:
        return
    row = ((known[0] if known else 0) + 1, raw, who, writing.now.unix_ms)
    writing.db.insert("firmware_trust", "id, raw, who, at_ms", [row])
    writing.booking.link(BookLinkKind.RELEASE, 0, digest_of(row))


def newest_trust(db: Database) -> tuple[int, bytes] | None:
    """Its number and bytes; None: they have said nothing of the kind."""
    found = db.run("SELECT id, raw FROM firmware_trust ORDER BY id DESC LIMIT 1")
    return (int(found[0][0]), bytes(found[0][1])) if found else None


def offer(writing: Writing, one: Release) -> None:
    """Every box is to have it. ConfigFault: they have a later one, and take none before it."""
    sent = _rolled_out(writing.db, one.model)
    if sent > one.release:
        raise ConfigFault(
            Text(
                f"网关已有第 {sent} 版，不再收第 {one.release} 版：请把旧程序签为更高的版本号",
                f"boxes have release {sent} and take {one.release} no more: sign that program under a higher number",
            )
        )
    send(writing, decode_head(one.head.raw), one.head)


def _rolled_out(db: Database, model: int) -> int:
    """The highest release that was ever sent."""
    return int(db.run("SELECT COALESCE(MAX(release), 0) FROM rollout WHERE model = ?", (model,))[0][0])


def _same_program(db: Database, image: Image) -> int:
    """The newest earlier release with these very bytes of program."""
    for one in reversed([one for one in releases(db) if one.model == image.model]):
        document = generation_of(db, *one.which, one.release)
        if document is not None and decode_image(body_of(db, document)).program == image.program:
            return one.returns_to or one.release
    return 0


def _not_above(image: Image, newest_here: int) -> ConfigFault:
    return ConfigFault(
        Text(
            f"{model_text(image.model)} 固件第 {image.release} 版不高于已有的第 {newest_here} 版",
            f"firmware of {model_text(image.model)}: release {image.release} is not above {newest_here}, which is here",
        )
    )


def way_back(found: Sequence[Release], model: int, release: int) -> Release | None:
    """The newest one above it that carries the program of one below it. Pure."""
    ways = [one for one in found if one.model == model and one.release > release and 0 < one.returns_to < release]
    return ways[-1] if ways else None


def _row(one: Release) -> Row:
    return (
        one.model, one.release, one.name, one.length, one.digest, one.key.version, one.key.public, one.key.certificate,
        one.head.raw, one.head.signature, one.returns_to, one.who, one.at_ms,
    )  # fmt: skip


def _release(row: Row) -> Release:
    model, number, name, length, digest, version, public, certificate, raw, signature, returns_to, who, at_ms = row
    key = DocumentKey(DocumentKind.FIRMWARE, version, bytes(public), bytes(certificate))
    head = SignedHead(bytes(raw), bytes(signature))
    return Release(model, number, name, length, bytes(digest), key, head, returns_to, who, at_ms)
