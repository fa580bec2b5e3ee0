"""The PKCS#11 keeper: a school's card masters and LINK in a token, and what leaves it.

Never leaves: any master. Inside the token happen the diversification of a card's key, session keys and their MACs
(load, unload, overdraft), line-protection MACs and cryptograms, internal and external authentication, the expansion of
K_term, check values.
Leaves, as far as this process's memory and no further:
- the TAC keys of the cards whose TACs are asked for, kept warm in the checker's bounded cache: the token has no
  operation that folds a key, and 80,000 checks a second are beyond it;
- one card's PIN reload key, for the time of one MAC, for the same reason;
- one card's own new key, for the time of one WRITE KEY cryptogram: the field in front of it is no whole block;
- one terminal's K_term or one operator card's key, for the time of one MAC: the token expands it from LINK and makes no
  MAC under what leaves;
- what is made or written on this very machine: one card's own keys, one PSAM's own control key.
So a thief of this process's memory has keys of cards, and each of them only what that card is worth; who takes the
token and its PIN can use it, and still reads no master. In the token a master is named by its kind (label) and
campus 2 ‖ version 1 (id); one that is not guarded as it should be is not used.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from provisioning.keeper.keeper import CardKeyName, Session, Use, known, require_use
from provisioning.keeper.pkcs11_door import Ability, Held, Token
from provisioning.keys.levels import HELD, MASTERS
from provisioning.keys.store import KeyKind, StoredKey
from provisioning.keys.terminals import TerminalKeys, expanding, link_check
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
from shared.words.voice import Text

MAC_SIZE = 4
KEY_SIZE = 16
_ID_SIZE = 3
_LETS_OUT = (KeyKind.TAC, KeyKind.PIN_RELOAD)
_NO_CHAIN = bytes(8)


class Pkcs11Keeper:
    """See provisioning.keeper.keeper.Keeper. KeyFault when the token holds masters of no campus, or of two."""

    def __init__(self, token: Token) -> None:
        self._token = token
        found = {(held.id[:2], KeyKind(held.label), held.id[2]): held for held in token.masters() if _is_ours(held)}
        campuses = {campus for campus, _, _ in found}
        if len(campuses) != 1:
            raise KeyFault(Text("密码设备里应有且只有一所学校的密钥", "the token must hold the masters of one campus"))
        self.campus = int.from_bytes(campuses.pop(), "big")
        self._masters = {(kind, version): held.handle for (_, kind, version), held in found.items()}
        if not all(map(token.is_guarded, self._masters.values())):
            raise KeyFault(Text("密码设备里有可导出的密钥", "the token holds a master that could be read"))
        links = {version: handle for (kind, version), handle in self._masters.items() if kind is KeyKind.LINK}
        self._terminals = TerminalKeys({version: partial(token.hmac, handle) for version, handle in links.items()})

    def __repr__(self) -> str:
        return f"Pkcs11Keeper({len(self._masters)} masters)"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        return tuple(sorted(version for held, version in self._masters if held is kind))

    def suite(self, kind: KeyKind, version: int) -> Suite:
        self._master(kind, version)
        return suite_of(ALGORITHM_3DES)

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        if kind is KeyKind.LINK:
            return known(self._terminals.check_value(version), kind, version)
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

    def own_key(self, name: CardKeyName) -> Key:
        require_use(name.kind, Use.BE_ISSUED)
        return Key(self._let_out(name))

    def terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes:
        return known(self._terminals.mac(version, device, covered), KeyKind.LINK, version)

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes:
        return known(self._terminals.operator_answer(version, card, challenge), KeyKind.LINK, version)

    def destroy(self, kind: KeyKind, version: int) -> None:
        """A master, for ever; UnknownKey, TokenFault."""
        self._token.destroy(self._master(kind, version))
        del self._masters[kind, version]

    def close(self) -> None:
        self._masters.clear()
        self._terminals.clear()
        self._token.close()

    def _let_out(self, name: CardKeyName) -> bytes:
        pair = factor_pair(name.factor)
        if name.kind in _LETS_OUT:
            return self._token.ecb(self._of(name), pair)
        return self._token.derive_out(self._of(name), pair)

    def _of(self, name: CardKeyName) -> Any:  # noqa: ANN401  # a handle of PyKCS11
        return self._master(name.kind, name.version)

    def _master(self, kind: KeyKind, version: int) -> Any:  # noqa: ANN401
        return known(self._masters.get((kind, version)), kind, version)


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


def holds_masters(token: Token) -> bool:
    """Is there any master of ours in it?"""
    return any(map(_is_ours, token.masters()))


def ability_of(kind: KeyKind) -> Ability:
    """How a master of this kind stands in a token."""
    if kind is KeyKind.LINK:
        return Ability.SIGN
    return Ability.ENCRYPT if kind in _LETS_OUT else Ability.DERIVE


def take_in(token: Token, campus: int, key: StoredKey) -> None:
    """Put a master of this campus into the token; one that is there already is a success.

    KeyFault when another key is in its place, or it is none that a keeper works with; NoSm4InToken.
    """
    if is_sm4(key):
        raise NoSm4InToken((key.version,))
    if _there(token, campus, key.kind, key.version) is None:
        _store(token, campus, key)
    require_held(token, campus, key)


def require_held(token: Token, campus: int, key: StoredKey) -> None:
    """KeyFault when the token has not this very key, guarded."""
    there = _there(token, campus, key.kind, key.version)
    if there is None or not token.is_guarded(there.handle):
        raise KeyFault(
            Text(
                f"密码设备未按要求留住 {key.kind} 密钥，版本 {key.version}",
                f"the token did not keep the {key.kind} key of version {key.version} as it should",
            )
        )
    if _check_value(token, there) != _own_check(key):
        raise KeyFault(
            Text(
                f"密码设备里已有另一把 {key.kind} 密钥，版本 {key.version}",
                f"the token has another {key.kind} key of version {key.version}",
            )
        )


class NoSm4InToken(KeyFault):
    """Happens when a SM4 master is to go into a token: PKCS#11 names no such mechanism, and SoftHSM has none."""

    def __init__(self, versions: Sequence[int]) -> None:
        which = ", ".join(map(str, versions))
        super().__init__(
            Text(
                f"密码设备只收 3DES 主密钥；SM4 版本 {which} 留在密封库，与其同时打开",
                f"a token takes 3DES masters; version {which} in SM4 stays in the sealed store, opened beside it",
            )
        )


def is_sm4(key: StoredKey) -> bool:
    """A master that no token can work with: any cipher but 3DES, which LINK is not asked for."""
    return key.kind in MASTERS and suite_of(key.algorithm) is not suite_of(ALGORITHM_3DES)


def _check_value(token: Token, held: Held) -> bytes:
    if held.label == KeyKind.LINK:
        return link_check(partial(token.hmac, held.handle))
    return token.check_value(held.handle)


def _own_check(key: StoredKey) -> bytes:
    return link_check(expanding(key)) if key.kind is KeyKind.LINK else kcv(key.card_key(key.kind))


def _store(token: Token, campus: int, key: StoredKey) -> None:
    token.store(key.kind.value, _id(campus, key.version), key.for_use(key.kind), ability_of(key.kind))


def generate(token: Token, campus: int, kind: KeyKind, version: int) -> None:
    """Let the token make a card master itself; KeyFault when it has one of this version, or makes no card master."""
    if kind is KeyKind.LINK:
        raise KeyFault(
            Text(
                "LINK 须在密封库里产生，终端密钥由它分散",
                "LINK begins in the sealed store: the terminals' keys are made from it",
            )
        )
    if _there(token, campus, kind, version) is not None:
        raise KeyFault(
            Text(f"密码设备里已有 {kind} 密钥，版本 {version}", f"the token has a {kind} key of version {version}")
        )
    token.generate(kind.value, _id(campus, version), ability_of(kind))


def _there(token: Token, campus: int, kind: KeyKind, version: int) -> Held | None:
    if kind not in HELD:
        raise KeyFault(Text(f"{kind} 密钥不进密码设备", f"a {kind} key does not belong into the token"))
    name = (kind.value, _id(campus, version))
    return next((held for held in token.masters() if (held.label, held.id) == name), None)


def _id(campus: int, version: int) -> bytes:
    return campus.to_bytes(2, "big") + version.to_bytes(1, "big")


def _is_ours(held: Held) -> bool:
    return held.label in _LABELS and len(held.id) == _ID_SIZE


_LABELS = frozenset(kind.value for kind in HELD)
