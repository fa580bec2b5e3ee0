"""The PKCS#11 keeper: a school's card masters in a token, and what leaves it.

Never leaves: any master. Inside the token happen the diversification of a card's key, session keys and their MACs
(load, unload, overdraft), line-protection MACs and cryptograms, internal and external authentication, check values.
Leaves, as far as this process's memory and no further:
- the TAC keys of the cards whose TACs are asked for, kept warm in the checker's bounded cache: the token has no
  operation that folds a key, and 80,000 checks a second are beyond it;
- one card's PIN reload key, for the time of one MAC, for the same reason;
- one card's own new key, for the time of one WRITE KEY cryptogram: the field in front of it is no whole block.
So a thief of this process's memory has keys of cards, and each of them only what that card is worth; who takes the
token and its PIN can use it, and still reads no master. In the token a master is named by its kind (label) and
campus 2 ‖ version 1 (id); one that is not guarded as it should be is not used.
"""

from collections.abc import Sequence
from typing import Any

from provisioning.keeper import CardKeyName, Session, UnknownKey, Use, require_use
from provisioning.key_store import KeyKind, StoredKey
from provisioning.levels import MASTERS
from provisioning.pkcs11_door import Ability, Held, Token
from shared.errors import KeyFault
from shared.purse.crypto import (
    ALGORITHM_3DES,
    Key,
    Suite,
    factor_pair,
    kcv,
    mac_blocks,
    secure_messaging_block,
    secure_messaging_input,
    suite_of,
    tac,
)

MAC_SIZE = 4
KEY_SIZE = 16
_ID_SIZE = 3
_LETS_OUT = (KeyKind.TAC, KeyKind.PIN_RELOAD)
_NO_CHAIN = bytes(8)


class Pkcs11Keeper:
    """See provisioning.keeper.Keeper. KeyFault when the token holds masters of no campus, or of two."""

    def __init__(self, token: Token) -> None:
        self._token = token
        found = {(held.id[:2], KeyKind(held.label), held.id[2]): held for held in token.masters() if _is_ours(held)}
        campuses = {campus for campus, _, _ in found}
        if len(campuses) != 1:
            raise KeyFault("密码设备里应有且只有一所学校的密钥 / the token must hold the masters of one campus")
        self.campus = int.from_bytes(campuses.pop(), "big")
        self._masters = {(kind, version): held.handle for (_, kind, version), held in found.items()}
        if not all(map(token.is_guarded, self._masters.values())):
            raise KeyFault("密码设备里有可导出的密钥 / the token holds a master that could be read")

    def __repr__(self) -> str:
        return f"Pkcs11Keeper({len(self._masters)} masters)"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        return tuple(sorted(version for held, version in self._masters if held is kind))

    def suite(self, kind: KeyKind, version: int) -> Suite:
        self._master(kind, version)
        return suite_of(ALGORITHM_3DES)

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        return self._token.check_value(self._master(kind, version))

    def session(self, name: CardKeyName, seed: bytes) -> Session:
        require_use(name.kind, Use.SESSION)
        with self._token.derived(self._of(name), factor_pair(name.factor)) as card_key:
            return _Session(self._token, self._token.derive(card_key, seed * 2))

    def protect_mac(self, name: CardKeyName, challenge: bytes, command: bytes) -> bytes:
        """Retail MAC: DES under the left half up to the last block, then 3DES."""
        require_use(name.kind, Use.PROTECT)
        state, blocks = secure_messaging_input(challenge, command)
        head, last = blocks[:-8], blocks[-8:]
        token, master = self._token, self._of(name)
        if head:
            with token.derived(master, name.factor * 2) as left:
                state = token.cbc_end(left, state, head)
        with token.derived(master, factor_pair(name.factor)) as card_key:
            return token.cbc_end(card_key, state, last)[:MAC_SIZE]

    def protect_field(self, name: CardKeyName, field: bytes) -> bytes:
        require_use(name.kind, Use.PROTECT)
        with self._token.derived(self._of(name), factor_pair(name.factor)) as card_key:
            return self._token.ecb(card_key, secure_messaging_block(field))

    def protect_key(self, control: CardKeyName, head: bytes, new: CardKeyName) -> bytes:
        require_use(control.kind, Use.WRITE_KEY)
        require_use(new.kind, Use.BE_WRITTEN)
        block = secure_messaging_block(head + self._let_out(new))
        with self._token.derived(self._of(control), factor_pair(control.factor)) as card_key:
            return self._token.ecb(card_key, block)

    def folded_mac(self, name: CardKeyName, data: bytes) -> bytes:
        require_use(name.kind, Use.FOLD)
        return tac(Key(self._let_out(name)), data)

    def encrypt_block(self, name: CardKeyName, block: bytes) -> bytes:
        require_use(name.kind, Use.AUTHENTICATE)
        with self._token.derived(self._of(name), factor_pair(name.factor)) as card_key:
            return self._token.ecb(card_key, block)

    def tac_keys(self, version: int, factors: Sequence[bytes]) -> list[Key]:
        if not factors:
            return []
        joined = self._token.ecb(self._master(KeyKind.TAC, version), b"".join(map(factor_pair, factors)))
        return [Key(joined[at : at + KEY_SIZE]) for at in range(0, len(joined), KEY_SIZE)]

    def card_key(self, name: CardKeyName) -> Key:
        """A card's own key, let out to be written onto that card (Use.BE_WRITTEN); not an operation of the seam."""
        require_use(name.kind, Use.BE_WRITTEN)
        return Key(self._let_out(name))

    def close(self) -> None:
        self._masters.clear()
        self._token.close()

    def _let_out(self, name: CardKeyName) -> bytes:
        pair = factor_pair(name.factor)
        if name.kind in _LETS_OUT:
            return self._token.ecb(self._of(name), pair)
        return self._token.derive_out(self._of(name), pair)

    def _of(self, name: CardKeyName) -> Any:  # noqa: ANN401  # a handle of PyKCS11
        return self._master(name.kind, name.version)

    def _master(self, kind: KeyKind, version: int) -> Any:  # noqa: ANN401
        found = self._masters.get((kind, version))
        if found is None:
            raise UnknownKey(f"no {kind} key of version {version}")
        return found


class _Session:
    """A session key in the token."""

    __slots__ = ("_key", "_token")

    def __init__(self, token: Token, key: Any) -> None:  # noqa: ANN401
        self._token = token
        self._key = key

    def mac(self, data: bytes) -> bytes:
        return self._token.cbc_end(self._key, _NO_CHAIN, mac_blocks(data))[:MAC_SIZE]

    def close(self) -> None:
        if self._key is not None:
            key, self._key = self._key, None
            self._token.destroy(key)


def ability_of(kind: KeyKind) -> Ability:
    """How a master of this kind stands in a token."""
    return Ability.ENCRYPT if kind in _LETS_OUT else Ability.DERIVE


def take_in(token: Token, campus: int, key: StoredKey) -> None:
    """Put a card master of this campus into the token; one that is there already is a success.

    KeyFault when another key is in its place, it is no card master, or it is none of 3DES: PKCS#11 has no SM4.
    """
    require_3des(key)
    there = _there(token, campus, key.kind, key.version)
    if there is None:
        _store(token, campus, key)
    elif token.check_value(there.handle) != kcv(key.card_key(key.kind)):
        raise KeyFault(f"the token has another {key.kind} key of version {key.version}")


def require_3des(key: StoredKey) -> None:
    """KeyFault for a master that no token can work with."""
    if suite_of(key.algorithm) is not suite_of(ALGORITHM_3DES):
        raise KeyFault(f"密码设备只存 3DES 密钥 / the token keeps 3DES keys: {key.kind} {key.version}")


def _store(token: Token, campus: int, key: StoredKey) -> None:
    token.store(key.kind.value, _id(campus, key.version), key.for_use(key.kind), ability_of(key.kind))


def generate(token: Token, campus: int, kind: KeyKind, version: int) -> None:
    """Let the token make a card master itself; KeyFault when it has one of this version, or makes no card master."""
    if _there(token, campus, kind, version) is not None:
        raise KeyFault(f"the token has a {kind} key of version {version}")
    token.generate(kind.value, _id(campus, version), ability_of(kind))


def _there(token: Token, campus: int, kind: KeyKind, version: int) -> Held | None:
    if kind not in MASTERS:
        raise KeyFault(f"a {kind} key does not belong into the token")
    name = (kind.value, _id(campus, version))
    return next((held for held in token.masters() if (held.label, held.id) == name), None)


def _id(campus: int, version: int) -> bytes:
    return campus.to_bytes(2, "big") + version.to_bytes(1, "big")


def _is_ours(held: Held) -> bool:
    return held.label in _LABELS and len(held.id) == _ID_SIZE


_LABELS = frozenset(kind.value for kind in MASTERS)
