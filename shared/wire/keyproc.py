"""What may be asked of the key process, and by whom: operations, not keys (DESIGN 10).

A local stream socket carries 4-byte big-endian length + CBOR. Request [op, *arguments]; answer [True, result]
or [False, reason]. The reason never names key material. Each socket serves one role; an operation of another role is
refused there, and counted. A card is its 10-byte id, a key version one byte, a challenge what the card gave just now.
"""

import struct
from collections.abc import Mapping
from enum import StrEnum

from shared.fleet.document import DocumentKind

LENGTH = struct.Struct(">I")
FRAME_MAX = 1 << 20
"""Largest request or answer; larger closes the connection."""
AWAY = "keeper-away"
"""The reason that means: not now. Every other one means: asking again is useless."""


class Op(StrEnum):
    """Operations.

    TAC: [items] → verdict bytes, one per 41-byte item of shared.purse.tac; of cards, of terminals, of operator cards.
    LOAD_CHECK: [LoadAuth fields] → bool: is MAC1 the card's?
    LOAD_MAC2: [LoadAuth fields, host time s since 2000] → 4-byte MAC2, only if MAC1 is right.
    UNLOAD_CHECK, UNLOAD_MAC2: the same for an unload 圈提.
    UNLOAD_MAC3: [LoadAuth fields, host time of MAC2, MAC3] → bool: has the card debited itself?
    OVERDRAFT_CHECK, OVERDRAFT_MAC2: [OverdraftAuth fields], [..., host time]. The TAC then goes to TAC.
    UPKEEP: [card, key version, challenge, operation of shared.wire.upkeep_frames] → the protected command APDU.
    PIN_RELOAD: [card, key version, new PIN] → 4-byte MAC.
    EXTERNAL_AUTH: [card, key version, challenge 4 or 8] → 8-byte cryptogram under the card's control key.
    INTERNAL_AUTH: [card, key version, 8 bytes, the card's 8 bytes] → bool: did the card's own key make them?
    SIGN_LIST: [head of a document] → 64-byte signature; of a list that follows from the ledger: hotlist, revocations,
    awaited cards.
    SIGN_ORDER: the same of what persons decide: parameters, operators, orders.
    CERTIFY_PHONE: [what of a phone is signed, shared/keys/offline_code.py] → 64-byte signature, within its bounds.
    SIGN_TRUST: [bytes] → 64-byte signature; of a snapshot or a timestamp of firmware releases (shared/keys/trust.py).
    DOCUMENT_KEYS: [] → [[kind, key version, public key, the campus key's certificate], ...].
    KCV: [kind, version] → 3-byte check value of a master.
    STATUS: [] → [[kind, version, 3-byte check value], ...] of all masters that are held.
    """

    TAC = "tac"
    LOAD_CHECK = "load-check"
    LOAD_MAC2 = "load-mac2"
    UNLOAD_CHECK = "unload-check"
    UNLOAD_MAC2 = "unload-mac2"
    UNLOAD_MAC3 = "unload-mac3"
    OVERDRAFT_CHECK = "overdraft-check"
    OVERDRAFT_MAC2 = "overdraft-mac2"
    UPKEEP = "upkeep"
    PIN_RELOAD = "pin-reload"
    EXTERNAL_AUTH = "external-auth"
    INTERNAL_AUTH = "internal-auth"
    SIGN_LIST = "sign-list"
    SIGN_ORDER = "sign-order"
    SIGN_TRUST = "sign-trust"
    CERTIFY_PHONE = "certify-phone"
    DOCUMENT_KEYS = "document-keys"
    KCV = "kcv"
    STATUS = "status"


class Role(StrEnum):
    """Who may ask at a socket."""

    MONEY = "money"
    """The ledger's process: what a posting stands on."""
    DESK = "desk"
    """The card desk: what changes a card, and never its money."""
    AUDIT = "audit"
    """A check of the books: TACs, and which keys there are."""
    FLEET = "fleet"
    """Whoever orders terminals about: parameters, operators, commands. It proves nothing and moves no money."""
    WALLET = "wallet"
    """The accounts service behind the wallet: certificates of phones for offline codes, and nothing else."""


SIGNS: Mapping[Op, frozenset[DocumentKind]] = {
    Op.SIGN_LIST: frozenset(
        (
            DocumentKind.HOTLIST, DocumentKind.CAPPED, DocumentKind.REVOCATIONS, DocumentKind.AWAITED,
            DocumentKind.TRUST, DocumentKind.ENROLLED, DocumentKind.WALLETS,
        )
    ),
    Op.SIGN_ORDER: frozenset(
        (DocumentKind.PARAMETERS, DocumentKind.OPERATORS, DocumentKind.ORDER, DocumentKind.PERMIT)
    ),
}
"""Which documents each operation signs. Firmware is signed by nobody on line."""

_NAMES = frozenset((Op.KCV, Op.STATUS))
ALLOWED: Mapping[Role, frozenset[str]] = {
    Role.MONEY: _NAMES
    | {
        Op.TAC,
        Op.LOAD_CHECK,
        Op.LOAD_MAC2,
        Op.UNLOAD_CHECK,
        Op.UNLOAD_MAC2,
        Op.UNLOAD_MAC3,
        Op.OVERDRAFT_CHECK,
        Op.OVERDRAFT_MAC2,
        Op.SIGN_LIST,
        Op.SIGN_TRUST,
        Op.DOCUMENT_KEYS,
    },
    Role.DESK: _NAMES | {Op.UPKEEP, Op.PIN_RELOAD, Op.EXTERNAL_AUTH, Op.INTERNAL_AUTH},
    Role.AUDIT: _NAMES | {Op.TAC},
    Role.FLEET: _NAMES | {Op.SIGN_ORDER, Op.DOCUMENT_KEYS},
    Role.WALLET: _NAMES | {Op.CERTIFY_PHONE, Op.DOCUMENT_KEYS},
}
