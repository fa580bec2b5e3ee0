"""The software keeper: a school's card masters as cipher contexts in this process.

The bytes of a master are in no object of ours once the keeper stands: the cipher library keeps its own key schedule,
and each copy that is made on the way goes to `forget`, which the key process lets overwrite it. That is as far as it
goes: keys of cards stand in bounded caches of this process, the interpreter may have copied bytes where nobody reaches
them, and who can read the process's memory can use the schedules. A token (keeper_pkcs11.py) ends that.
"""

from collections.abc import Callable, Iterable, Sequence

from provisioning.keeper import CardKeyName, Session, UnknownKey, Use, require_use
from provisioning.key_store import KeyKind, KeyStore, StoredKey
from provisioning.levels import MASTERS
from shared.purse.crypto import (
    Key,
    block_cipher,
    encrypt_block,
    factor_pair,
    secure_messaging_encrypt,
    secure_messaging_mac,
    session_mac,
    tac,
)

KEY_SIZE = 16
KCV_SIZE = 3
Forget = Callable[[bytes], None]
_Blocks = Callable[[bytes], bytes]


def keeper_of(school: KeyStore, forget: Forget = lambda _: None) -> "SoftwareKeeper":
    """A keeper of a store's card masters; WrongKeyUse when the store mislabels one."""
    held = [(kind, key) for kind in MASTERS for key in school.versions(kind).values()]
    return SoftwareKeeper((StoredKey(kind, key.version, key.for_use(kind)) for kind, key in held), forget)


class SoftwareKeeper:
    """See provisioning.keeper.Keeper. forget: is given every copy of a key that the keeper is done with."""

    def __init__(self, masters: Iterable[StoredKey], forget: Forget = lambda _: None) -> None:
        self._forget = forget
        self._masters: dict[tuple[KeyKind, int], _Blocks] = {}
        for key in masters:
            self._masters[key.kind, key.version] = block_cipher(key.octets, forget)
            forget(key.octets)

    def __repr__(self) -> str:
        return f"SoftwareKeeper({len(self._masters)} masters)"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        return tuple(sorted(version for held, version in self._masters if held is kind))

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        return self._master(kind, version)(bytes(8))[:KCV_SIZE]

    def session(self, name: CardKeyName, seed: bytes) -> Session:
        key = self._card_key(name, Use.SESSION)
        return _Session(Key(block_cipher(key.octets, self._forget)(seed)))

    def protect_mac(self, name: CardKeyName, challenge: bytes, command: bytes) -> bytes:
        return secure_messaging_mac(self._card_key(name, Use.PROTECT), challenge, command)

    def protect_field(self, name: CardKeyName, field: bytes) -> bytes:
        return secure_messaging_encrypt(self._card_key(name, Use.PROTECT), field)

    def protect_key(self, control: CardKeyName, head: bytes, new: CardKeyName) -> bytes:
        key = self._card_key(new, Use.BE_WRITTEN)
        return secure_messaging_encrypt(self._card_key(control, Use.WRITE_KEY), head + key.octets)

    def folded_mac(self, name: CardKeyName, data: bytes) -> bytes:
        return tac(self._card_key(name, Use.FOLD), data)

    def encrypt_block(self, name: CardKeyName, block: bytes) -> bytes:
        return encrypt_block(self._card_key(name, Use.AUTHENTICATE), block)

    def tac_keys(self, version: int, factors: Sequence[bytes]) -> list[Key]:
        require_use(KeyKind.TAC, Use.VERIFY_TAC)
        joined = self._master(KeyKind.TAC, version)(b"".join(map(factor_pair, factors)))
        return [Key(joined[at : at + KEY_SIZE]) for at in range(0, len(joined), KEY_SIZE)]

    def close(self) -> None:
        self._masters.clear()

    def _card_key(self, name: CardKeyName, use: Use) -> Key:
        require_use(name.kind, use)
        return Key(self._master(name.kind, name.version)(factor_pair(name.factor)))

    def _master(self, kind: KeyKind, version: int) -> _Blocks:
        found = self._masters.get((kind, version))
        if found is None:
            raise UnknownKey(f"no {kind} key of version {version}")
        return found


class _Session:
    """A session key of 8 bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: Key) -> None:
        self._key = key

    def mac(self, data: bytes) -> bytes:
        return session_mac(self._key, data)

    def close(self) -> None:
        """The library's context of it stays in a cache of crypto.SESSION_CONTEXTS."""
