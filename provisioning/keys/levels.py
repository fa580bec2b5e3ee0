"""Three levels of keys: root → region/city → school, and the keys of cards and terminals below a school.

Each level diversifies by an 8-byte code, right-justified: region by its number, school by its issuer code (so a
region's PSAM reaches the same card key with two factors, profile campus-region), card by its serial. K_term is HKDF
of the link master over the device id, an operator card's key over the card's. Pure: random bytes come in.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from provisioning.plan.numbers import city, issuer
from shared.ids import CardId, DeviceId, PsamId
from shared.purse.crypto import Key, Suite, diversify, diversify_many
from shared.purse.suite import TRIPLE_DES

CARD_MASTERS = (
    KeyKind.PURCHASE,
    KeyKind.LOAD,
    KeyKind.TAC,
    KeyKind.UNLOAD,
    KeyKind.OVERDRAFT,
    KeyKind.MAINTENANCE,
    KeyKind.CONTROL,
    KeyKind.PIN_UNBLOCK,
    KeyKind.PIN_RELOAD,
    KeyKind.INTERNAL_AUTH,
)
"""Masters with a diversified key on each card. A store of an earlier campus holds only the first three."""
MONEY_MASTERS = CARD_MASTERS[:5]
"""Those whose cards' keys say their algorithm; what protects files and proves identities is 3DES."""
MASTERS = (*CARD_MASTERS, KeyKind.PSAM_CONTROL)
"""What a level hands down to the next."""
HELD = (*MASTERS, KeyKind.LINK)
"""What a keeper works with: the card masters, and LINK, from which the keys of terminals are expanded."""
VERSIONS = (1,)
"""Versions of the card masters that a new campus gets; a further one is added beside them, never in their place."""
LINK_VERSION = 1
_ALWAYS = CARD_MASTERS[:3]
MASTER_SIZE = 16
LINK_MASTER_SIZE = 32
K_TERM_SIZE = 16
OPERATOR_KEY_SIZE = 16

Random = Callable[[int], bytes]


class CardKeySet(NamedTuple):
    """Diversified keys of one card, in the order of CARD_MASTERS; None where the school has no such master."""

    purchase: Key
    load: Key
    tac: Key
    unload: Key | None = None
    overdraft: Key | None = None
    maintenance: Key | None = None
    control: Key | None = None
    pin_unblock: Key | None = None
    pin_reload: Key | None = None
    internal_auth: Key | None = None


def selector(kind: KeyKind, suite: Suite) -> int:
    """The algorithm of a master when the money keys run this suite."""
    return (suite if kind in MONEY_MASTERS else TRIPLE_DES).selector


def new_root(random: Random, versions: Sequence[int] = VERSIONS, suite: Suite = TRIPLE_DES) -> KeyStore:
    """Fresh root masters; suite: of those that move money. campus 0: they are nobody's in particular."""
    keys = [
        StoredKey(kind, version, random(MASTER_SIZE), selector(kind, suite)) for kind in MASTERS for version in versions
    ]
    return KeyStore(Level.ROOT, 0, tuple(keys))


def region_of(root: KeyStore, region: int) -> KeyStore:
    """The masters of a region or city."""
    return KeyStore(Level.REGION, 0, _diversified(root, city(region)))


def school_of(region: KeyStore, campus: int) -> KeyStore:
    """The card masters of a school."""
    return KeyStore(Level.SCHOOL, campus, _diversified(region, issuer(campus)))


def card_keys(school: KeyStore, version: int, serials: Sequence[bytes]) -> list[CardKeySet]:
    """The keys of many cards by their 8-byte serials, in their order; KeyFault without one of the first three."""
    columns = [_column(school, kind, version, serials) for kind in CARD_MASTERS]
    return [CardKeySet(*keys) for keys in zip(*columns, strict=True)]


def psam_control_key(school: KeyStore, psam: PsamId, version: int = 1) -> Key:
    """The key that writes a PSAM's keys: diversified by its 6-byte id, right-justified."""
    master = school.one(KeyKind.PSAM_CONTROL, version).card_key(KeyKind.PSAM_CONTROL)
    return diversify(master, psam.rjust(8, b"\0"))


def terminal_key(school: KeyStore, device: DeviceId, version: int = LINK_VERSION) -> bytes:
    """K_term, 16 B: goes to the device and its box only."""
    master = school.one(KeyKind.LINK, version).for_use(KeyKind.LINK)
    return HKDFExpand(SHA256(), K_TERM_SIZE, terminal_context(device)).derive(master)


def operator_key(school: KeyStore, card: CardId, version: int = LINK_VERSION) -> Key:
    """The key of an operator card 主管卡: goes into its chip only."""
    master = school.one(KeyKind.LINK, version).for_use(KeyKind.LINK)
    return Key(HKDFExpand(SHA256(), OPERATOR_KEY_SIZE, operator_context(card)).derive(master))


def operator_context(card: CardId) -> bytes:
    """What the key of this operator card is expanded by: the same master as K_term, and nothing that K_term can be."""
    return b"openykt operator v1\0" + card


def terminal_context(device: DeviceId) -> bytes:
    """What K_term of this device is expanded by."""
    return b"openykt k-term v1\0" + device


def _diversified(above: KeyStore, code: bytes) -> tuple[StoredKey, ...]:
    factor = code.rjust(8, b"\0")
    return tuple(
        StoredKey(key.kind, key.version, diversify(key.card_key(key.kind), factor).octets, key.algorithm)
        for key in above.keys
        if key.kind in MASTERS
    )


def _column(school: KeyStore, kind: KeyKind, version: int, serials: Sequence[bytes]) -> Sequence[Any]:
    if kind not in _ALWAYS and version not in school.versions(kind):
        return [None] * len(serials)
    return diversify_many(school.one(kind, version).card_key(kind), serials)
