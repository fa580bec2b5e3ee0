"""Sealed software key store: one file per level, AES-256-GCM. Only the key process and provisioning open one.

What it is: the software keeper's file, for test campuses and small schools. The key that seals it comes from a
passphrase (scrypt), or from random bytes: joined from officers' shares, or, for a demonstration, in an unlock file
beside it, which protects against nobody who can read the folder.
Keys in it say what they are for; use for anything else is refused. No repr and no error shows key material.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shared.errors import KeyFault, WireFault
from shared.purse.crypto import ALGORITHM_3DES, Key, suite_of
from shared.wire import codec
from shared.words.voice import Text

FORMAT = 1
UNLOCK_SIZE = 32
SALT_SIZE = 16
NONCE_SIZE = 12
_CONTEXT = b"openykt key store v1\0"
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 15, 8, 1


class WrongKeyUse(KeyFault):
    """Happens when a key is asked to do what it was not made for."""


class StoreLocked(KeyFault):
    """Happens when a store does not open: wrong passphrase or unlock file, or damaged bytes."""


class Level(StrEnum):
    """Whose keys: each level diversifies those of the next (pboc part 4)."""

    ROOT = "root"
    REGION = "region"
    SCHOOL = "school"
    FIRMWARE = "firmware"
    """No level of cards: the key that signs firmware, in a store of its own that no process on line opens."""


CARD_LEVELS = (Level.ROOT, Level.REGION, Level.SCHOOL)
"""Those of cards, from above."""


class KeyKind(StrEnum):
    """What a key is for, and for nothing else. In brackets the name that PBOC texts give the card's key.

    PURCHASE to INTERNAL_AUTH: a master of each level, diversified for a card. PSAM_CONTROL: the same, for a PSAM.
    """

    PURCHASE = "purchase"
    """消费 (DPK)."""
    LOAD = "load"
    """圈存 (DLK)."""
    TAC = "tac"
    """交易验证 (DTK)."""
    UNLOAD = "unload"
    """圈提 (DULK)."""
    OVERDRAFT = "overdraft"
    """修改透支限额 (DUK)."""
    MAINTENANCE = "maintenance"
    """应用维护: line protection of file updates, block, unblock (DAMK)."""
    CONTROL = "control"
    """主控: writes keys, EXTERNAL AUTHENTICATE (DCCK)."""
    PIN_UNBLOCK = "pin-unblock"
    """口令解锁 (DPUK)."""
    PIN_RELOAD = "pin-reload"
    """口令重装 (DRPK)."""
    INTERNAL_AUTH = "internal-auth"
    """内部认证 (DIK)."""
    PSAM_CONTROL = "psam-control"
    """PSAM 主控: writes a PSAM's keys."""
    TRANSPORT = "transport"
    """传输: keys travel under it, nothing else."""
    LINK = "link"
    SIGNING = "signing"
    AUTHORITY = "authority"
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key with its purpose, version and algorithm selector (a key of no purse has the one of 3DES)."""

    kind: KeyKind
    version: int
    octets: bytes = field(repr=False)
    algorithm: int = ALGORITHM_3DES

    def for_use(self, kind: KeyKind) -> bytes:
        """Its bytes, for this use; WrongKeyUse when it was made for another."""
        if kind is not self.kind:
            raise WrongKeyUse(f"a {self.kind} key cannot do the work of a {kind} key")
        return self.octets

    def card_key(self, kind: KeyKind) -> Key:
        """The same as a key of the purse, with its suite."""
        return Key(self.for_use(kind), suite_of(self.algorithm))


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The keys of one level."""

    level: Level
    campus: int
    keys: tuple[StoredKey, ...]

    def versions(self, kind: KeyKind) -> dict[int, StoredKey]:
        """All keys of a kind by version."""
        return {key.version: key for key in self.keys if key.kind is kind}

    def one(self, kind: KeyKind, version: int) -> StoredKey:
        """A key; KeyFault when the store has none of this kind and version."""
        found = self.versions(kind).get(version)
        if found is None:
            raise KeyFault(
                Text(
                    f"{self.level} 级没有 {kind} 密钥，版本 {version}",
                    f"no {kind} key of version {version} at level {self.level}",
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class Unlock:
    """What opens a store: random bytes, or a passphrase that scrypt makes expensive to guess."""

    secret: bytes = field(repr=False)
    is_passphrase: bool = False

    @property
    def method(self) -> str:
        """How the sealing key comes from the secret; stands in the store's head."""
        return "scrypt" if self.is_passphrase else "hkdf"

    def sealing_key(self, salt: bytes) -> bytes:
        """32 bytes for AES-256-GCM, another one for each salt."""
        if self.is_passphrase:
            return Scrypt(salt, 32, _SCRYPT_N, _SCRYPT_R, _SCRYPT_P).derive(self.secret)
        return HKDF(SHA256(), 32, salt, _CONTEXT).derive(self.secret)


def seal(store: KeyStore, unlock: Unlock, salt: bytes, nonce: bytes) -> bytes:
    """The file of a store. salt (16 B) and nonce (12 B) are fresh random bytes."""
    head = [FORMAT, unlock.method, salt, nonce]
    body = [store.level.value, store.campus, [_row(key) for key in store.keys]]
    sealed = AESGCM(unlock.sealing_key(salt)).encrypt(nonce, codec.dumps(body), _bound_to(head))
    return codec.pack([*head, sealed])


def open_store(raw: bytes, unlock: Unlock, level: Level, forget: Callable[[bytes], None] = lambda _: None) -> KeyStore:
    """The store of that level; StoreLocked when it does not open, or is another level's.

    forget: is given every copy of secrets that was made on the way.
    """
    try:
        *head, sealed = codec.fields(codec.unpack_file(raw), int, str, bytes, bytes, bytes, what="key store")
        if head[:2] != [FORMAT, unlock.method] or len(head[2]) != SALT_SIZE or len(head[3]) != NONCE_SIZE:
            raise StoreLocked(
                Text("密钥库须用另一种方式打开", "the key store opens in another way, or has another format")
            )
        sealing = unlock.sealing_key(head[2])
        body = AESGCM(sealing).decrypt(head[3], sealed, _bound_to(head))
        store = _parse(body)
        forget(sealing)
        forget(body)
    except InvalidTag as fault:
        told = Text(
            "密钥库打不开：口令或份额不对，或已损坏",
            "the key store does not open: wrong passphrase, share or unlock file, or damaged",
        )
        raise StoreLocked(told) from fault
    except (WireFault, ValueError) as fault:
        raise StoreLocked(Text("不是密钥库文件", "not a key store")) from fault
    if store.level is not level:
        raise StoreLocked(
            Text(f"密钥库级别是 {store.level}，不是 {level}", f"the key store holds level {store.level}, not {level}")
        )
    return store


def _parse(body: bytes) -> KeyStore:
    level, campus, rows = codec.fields(codec.loads(body), str, int, list, what="key store")
    return KeyStore(Level(level), campus, tuple(map(_key, rows)))


def _row(key: StoredKey) -> list[object]:
    """Kind, version, bytes, and the algorithm when it is not 3DES: stores of earlier campuses have no such column."""
    row: list[object] = [key.kind.value, key.version, key.octets]
    return row if key.algorithm == ALGORITHM_3DES else [*row, key.algorithm]


def _key(row: object) -> StoredKey:
    columns = row if isinstance(row, list) else []
    types = (str, int, bytes, int)[: max(3, len(columns))]
    kind, version, octets, *algorithm = codec.fields(columns, *types, what="key")
    return StoredKey(KeyKind(kind), version, octets, *algorithm)


def _bound_to(head: list[object]) -> bytes:
    return _CONTEXT + codec.dumps(head)
