"""Documents of the fleet in an outbox: the newest of each kind and scope, with the key that proves it.

Takes a connection, opens none. A damaged one is as good as not there: the platform sends it again. Signatures and
digests are the core's to judge.
"""

import struct
from typing import Any

from edge.box.values.effects import KeepDocument
from edge.outbox.crc import pair_crc
from shared.errors import WireFault
from shared.fleet.document import HEAD_SIZE, SIGNATURE_SIZE, SignedHead, decode_head
from shared.keys.document_key import PUBLIC_SIZE, document_key

_HEAD = struct.Struct(f">{HEAD_SIZE}s{SIGNATURE_SIZE}sBB{PUBLIC_SIZE}s{SIGNATURE_SIZE}s")
_WRITE = (
    "INSERT INTO document VALUES (?, ?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET head = excluded.head, body = excluded.body, crc = excluded.crc"
)
"""An update of a row that keeps its size writes only the pages of the file that differ."""


def write_document(db: Any, wanted: KeepDocument) -> None:  # noqa: ANN401  # DB-API connections differ
    """In the place of the one of its kind and scope."""
    signed, key, head = wanted.signed, wanted.key, wanted.head
    name = bytes((head.kind,)) + head.scope
    raw = _HEAD.pack(signed.raw, signed.signature, key.kind, key.version, key.public, key.certificate)
    db.execute(_WRITE, (name, raw, wanted.body, _crc(name, raw, wanted.body)))


def read_documents(db: Any) -> tuple[KeepDocument, ...]:  # noqa: ANN401  # DB-API connections differ
    """All that are as they were written."""
    rows = db.execute("SELECT name, head, body, crc FROM document ORDER BY name")
    found = (_document(*row) for row in rows.fetchall())
    return tuple(one for one in found if one is not None)


def _document(name: object, raw: object, body: object, crc: object) -> KeepDocument | None:
    if not (isinstance(name, bytes) and isinstance(raw, bytes) and isinstance(body, bytes)):
        return None
    if crc != _crc(name, raw, body):
        return None
    try:
        head, signature, *key = _HEAD.unpack(raw)
        decode_head(head)
        return KeepDocument(SignedHead(head, signature), document_key(*key), body)
    except (WireFault, struct.error):
        return None


def _crc(name: bytes, raw: bytes, body: bytes) -> bytes:
    return pair_crc(name, raw + body).to_bytes(4, "big")
