"""Opening a card image of version 1: one application with an EP, as a campus of an earlier release left it.

Only opened, never written: the first change of the card stores format 2. Refuses damage as `cardfs` does.
"""

from __future__ import annotations

from struct import Struct, error

from shared.purse.cos.cardfs import Card, KeyKind, sealed_body
from shared.purse.cos.layout import EP, money_slot, new_card, new_directory, new_purse
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_EP_LOAD, TYPE_EP_PURCHASE, Key
from shared.purse.errors import LayoutError
from shared.purse.files import LOG_DEPTH, LOG_RECORD_SIZE

CARD_V1_MARK = b"\xc1\x01"
_CAPP_SIZE = 48
_DYNAMIC = Struct(f">2sIHH3s10s10s10s{_CAPP_SIZE}s{LOG_DEPTH * LOG_RECORD_SIZE}s")
_STATIC = Struct(">IBBB")
_SLOT = Struct(">BBBB16s")
_PROOF = Struct(">H4s4s")
_PROOF_KINDS = (TYPE_EP_LOAD, TYPE_EP_PURCHASE, TYPE_CAPP_PURCHASE)


def open_card_v1(raw: bytes) -> Card:
    """The same card as format 2 holds it; LayoutError for a torn or damaged image."""
    body = sealed_body(raw, CARD_V1_MARK)
    try:
        return _open(body)
    except (error, IndexError) as fault:
        raise LayoutError("the image ends too early") from fault


def _open(body: bytes) -> Card:
    _, balance, online, offline, limit, *proofs, capp, log = _DYNAMIC.unpack_from(body)
    at = _DYNAMIC.size
    ceiling, conventions, purchases, loads = _STATIC.unpack_from(body, at)
    at += _STATIC.size
    fields = []
    for _ in range(3):
        end = at + 1 + body[at]
        fields.append(body[at + 1 : end])
        at = end
    aid, public, holder = fields
    purse = new_purse(EP, ceiling, conventions, balance_fen=balance)
    purse.online, purse.offline, purse.limit_fen = online, offline, int.from_bytes(limit, "big")
    for kind, raw in zip(_PROOF_KINDS, proofs, strict=True):
        if any(raw[2:]):
            purse.prove(kind, *_PROOF.unpack(raw))
    directory = new_directory(aid, public, holder, (capp,), (purse,))
    log_file = directory.files[-1]
    written = (log[n : n + LOG_RECORD_SIZE] for n in range(0, len(log), LOG_RECORD_SIZE))
    log_file.content = b"".join(record for record in written if any(record))
    for place in range(purchases + loads):
        key_id, version, algorithm, _, octets = _SLOT.unpack_from(body, at + place * _SLOT.size)
        kind = KeyKind.PURCHASE if place < purchases else KeyKind.LOAD
        directory.put(money_slot(kind, key_id, version, Key(octets), algorithm))
    tac = body[at + (purchases + loads) * _SLOT.size :]
    if len(tac) != 16:
        raise LayoutError("the image has another length")
    directory.put(money_slot(KeyKind.TAC, 0, 1, Key(tac)))
    return new_card([directory])
