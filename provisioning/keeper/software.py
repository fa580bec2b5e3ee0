"""The software keeper: a school's card masters as cipher contexts in this process.

The bytes of a master are in no object of ours once the keeper stands: the cipher library keeps its own key schedule,
and each copy that is made on the way goes to `forget`, which the key process lets overwrite it. That is as far as it
goes: keys of cards stand in bounded caches of this process, the interpreter may have copied bytes where nobody reaches
them, and who can read the process's memory can use the schedules. A token (pkcs11.py) ends that.
"""

from collections.abc import Callable, Iterable, Sequence

from provisioning.keeper.keeper import CardKeyName, Session, Use, known, require_use
from provisioning.keys.levels import HELD
from provisioning.keys.store import KeyKind, KeyStore, StoredKey
from provisioning.keys.terminals import TerminalKeys, expanding
from shared.purse.crypto import (
    Key,
    Suite,
    block_cipher,
    encrypt_block,
    factor_pair,
    secure_messaging_encrypt,
    secure_messaging_mac,
    session_mac,
    suite_of,
    tac,
)

KEY_SIZE = 16
KCV_SIZE = 3
Forget = Callable[[bytes], None]
_Blocks = Callable[[bytes], bytes]


def keeper_of(school: KeyStore, forget: Forget = lambda _: None) -> "SoftwareKeeper":
    """A keeper of a store's card masters and LINK; WrongKeyUse when the store mislabels one."""
    held = [(kind, key) for kind in HELD for key in school.versions(kind).values()]
    masters = (StoredKey(kind, key.version, key.for_use(kind), key.algorithm) for kind, key in held)
    return SoftwareKeeper(masters, forget)


class SoftwareKeeper:
    """See provisioning.keeper.keeper.Keeper. forget: is given every copy of a key that the keeper is done with."""

    def __init__(self, masters: Iterable[StoredKey], forget: Forget = lambda _: None) -> None:
        self._forget = forget
        self._masters: dict[tuple[KeyKind, int], tuple[Suite, _Blocks]] = {}
        links = {}
        for key in masters:
            if key.kind is KeyKind.LINK:
                links[key.version] = expanding(key)
            else:
                suite = suite_of(key.algorithm)
                self._masters[key.kind, key.version] = suite, block_cipher(key.octets, forget, suite)
            forget(key.octets)
        self._terminals = TerminalKeys(links)

    def __repr__(self) -> str:
        return f"SoftwareKeeper({len(self._masters)} masters)"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        if kind is KeyKind.LINK:
            return self._terminals.versions
        return tuple(sorted(version for held, version in self._masters if held is kind))

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        if kind is KeyKind.LINK:
            return known(self._terminals.check_value(version), kind, version)
        suite, blocks = self._master(kind, version)
        return blocks(bytes(suite.block))[:KCV_SIZE]

    def suite(self, kind: KeyKind, version: int) -> Suite:
        return self._master(kind, version)[0]

    def session(self, name: CardKeyName, seed: bytes) -> Session:
        key, suite = self._card_key(name, Use.SESSION), self.suite(name.kind, name.version)
        return _Session(Key(block_cipher(key.octets, self._forget, suite)(suite.session_input(seed)), suite))

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
        suite, blocks = self._master(KeyKind.TAC, version)
        joined = blocks(b"".join(map(factor_pair, factors)))
        return [Key(joined[at : at + KEY_SIZE], suite) for at in range(0, len(joined), KEY_SIZE)]

    def own_key(self, name: CardKeyName) -> Key:
        return self._card_key(name, Use.BE_ISSUED)

    def terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes:
        return known(self._terminals.mac(version, device, covered), KeyKind.LINK, version)

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes:
        return known(self._terminals.operator_answer(version, card, challenge), KeyKind.LINK, version)

    def close(self) -> None:
        self._masters.clear()
        self._terminals.clear()

    def _card_key(self, name: CardKeyName, use: Use) -> Key:
        require_use(name.kind, use)
        suite, blocks = self._master(name.kind, name.version)
        return Key(blocks(factor_pair(name.factor)), suite)

    def _master(self, kind: KeyKind, version: int) -> tuple[Suite, _Blocks]:
        return known(self._masters.get((kind, version)), kind, version)


class _Session:
    """A session key."""

    __slots__ = ("_key",)

    def __init__(self, key: Key) -> None:
        self._key = key

    def mac(self, data: bytes) -> bytes:
        return session_mac(self._key, data)

    def close(self) -> None:
        """The library's context of it stays in a cache of crypto.SESSION_CONTEXTS."""
