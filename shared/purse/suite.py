"""The algorithm selector 算法标识, in its one place: which cipher a key of the purse runs, and what each cipher does.

INIT answers one byte; record, PSAM and key tables carry it. Here alone it becomes a suite:

| byte | suite | source |
|---|---|---|
| 00, 01 | 3DES | JR/T 0025 parts 1 and 2; real cards that answer 01 with 16-byte keys use 3DES, too |
| E4 | SM4, campus form 校园国密 | the parts stand in documents, their combination is ours: see `SM4_CAMPUS` |
| 04 | not built | SM4 in JR/T 0025.17 table A.4, for debit and credit; no public text gives the purse's forms |

A key of a selector that is not built can be stored and moved, and does nothing: `UNBUILT` answers every use with
UnsupportedAlgorithm. Two suites never meet, for a key carries its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from shared.purse.errors import KeyShapeError, UnsupportedAlgorithm

CARD_KEY_CONTEXTS = 4096
SESSION_CONTEXTS = 64

ALGORITHM_3DES = 0x00
ALGORITHM_SM4_CAMPUS = 0xE4

Blocks = Callable[[bytes], bytes]
"""ECB over whole blocks. ECB keeps no state between them, so a context may be kept."""
_ALL_ONES = 0xFFFF_FFFF_FFFF_FFFF


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """One cipher as the purse uses it. `block` bytes; `selector`: the byte that new cards of it answer.

    cards, sessions, macs: a key's bytes → ECB in a context that is kept (card keys, session keys, TAC keys).
    fresh: the same, kept nowhere. decipher: backwards. session_input: what of an 8-byte seed is enciphered to be the
    session key. mac_octets: the key that a TAC is made with, from the card's DTK.
    """

    name: str
    selector: int
    sizes: tuple[int, ...]
    block: int
    fresh: Callable[[bytes], Blocks]
    cards: Callable[[bytes], Blocks]
    sessions: Callable[[bytes], Blocks]
    macs: Callable[[bytes], Blocks]
    decipher: Callable[[bytes], Blocks]
    session_input: Callable[[bytes], bytes]
    mac_octets: Callable[[bytes], bytes]
    padding: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Suite({self.name})"


def factor_pair(factor: bytes) -> bytes:
    """F || ~F: 16 bytes whose cryptogram under a master is the diversified key (3DES: two blocks, SM4: one)."""
    if len(factor) != 8:
        raise KeyShapeError(f"8 bytes wanted, got {len(factor)}")
    return factor + (int.from_bytes(factor, "big") ^ _ALL_ONES).to_bytes(8, "big")


def _paddings(block: int) -> tuple[bytes, ...]:
    """80 00.. by how many bytes stand in the last block; a full one gets a block of its own."""
    return tuple(b"\x80" + bytes(block - 1 - n) for n in range(block))


# --- 3DES ----------------------------------------------------------------------------------------------------------


def _triple(octets: bytes) -> bytes:
    """24 bytes for the library, which knows neither DES nor two-key 3DES."""
    return octets * 3 if len(octets) == 8 else octets + octets[:8]


def _des(octets: bytes) -> Cipher[modes.ECB]:
    # ECB of single blocks is the standard's own primitive; every chaining is done in crypto.py.
    return Cipher(TripleDES(_triple(octets)), modes.ECB())  # noqa: S305


def _des_fresh(octets: bytes) -> Blocks:
    return _des(octets).encryptor().update


def _fold(octets: bytes) -> bytes:
    if len(octets) != 16:
        raise KeyShapeError(f"16 bytes wanted, got {len(octets)}")
    left, right = int.from_bytes(octets[:8], "big"), int.from_bytes(octets[8:], "big")
    return (left ^ right).to_bytes(8, "big")


TRIPLE_DES = Suite(
    name="3des",
    selector=ALGORITHM_3DES,
    sizes=(8, 16),
    block=8,
    fresh=_des_fresh,
    cards=lru_cache(maxsize=CARD_KEY_CONTEXTS)(_des_fresh),
    sessions=lru_cache(maxsize=SESSION_CONTEXTS)(_des_fresh),
    macs=lru_cache(maxsize=CARD_KEY_CONTEXTS)(lambda octets: _des_fresh(_fold(octets))),
    decipher=lru_cache(maxsize=SESSION_CONTEXTS)(lambda octets: _des(octets).decryptor().update),
    session_input=lambda seed: seed,
    mac_octets=_fold,
    padding=_paddings(8),
)
"""JR/T 0025.1/.2: session keys are one block under the card key, MACs single-DES CBC-MACs, a DTK is folded."""


# --- SM4 -----------------------------------------------------------------------------------------------------------


def _sm4(octets: bytes) -> Cipher[modes.ECB]:
    return Cipher(SM4(octets), modes.ECB())  # noqa: S305  # as above


def _sm4_fresh(octets: bytes) -> Blocks:
    return _sm4(octets).encryptor().update


SM4_CAMPUS = Suite(
    name="sm4-campus",
    selector=ALGORITHM_SM4_CAMPUS,
    sizes=(16,),
    block=16,
    fresh=_sm4_fresh,
    cards=lru_cache(maxsize=CARD_KEY_CONTEXTS)(_sm4_fresh),
    sessions=lru_cache(maxsize=SESSION_CONTEXTS)(_sm4_fresh),
    macs=lru_cache(maxsize=CARD_KEY_CONTEXTS)(_sm4_fresh),
    decipher=lru_cache(maxsize=SESSION_CONTEXTS)(lambda octets: _sm4(octets).decryptor().update),
    session_input=factor_pair,
    mac_octets=lambda octets: octets,
    padding=_paddings(16),
)
"""What a document gives: the cipher (GB/T 32907-2016); DK = SM4(MK, F || ~F) (JR/T 0025.17, sub-key derivation); the
MAC as SM4-CBC-MAC, zero IV, 80 00.. always added, left 4 bytes (JR/T 0025.17; GB/T 15852.1-2020 MAC 1, padding 2).
What none gives, so that it is ours and claims no interworking: that a session key is the card key diversified by the
purse's 8-byte seed, and that a TAC is that MAC under the whole DTK. What is covered by which MAC stays JR/T 0025."""


# --- the selector --------------------------------------------------------------------------------------------------


def _unbuilt(_: bytes) -> NoReturn:
    raise UnsupportedAlgorithm("a key of an algorithm that is not built")


UNBUILT = Suite(
    "not built", 0xFF, (8, 16), 8, _unbuilt, _unbuilt, _unbuilt, _unbuilt, _unbuilt, _unbuilt, _unbuilt, _paddings(8)
)
_BY_SELECTOR = {0x00: TRIPLE_DES, 0x01: TRIPLE_DES, ALGORITHM_SM4_CAMPUS: SM4_CAMPUS}
SUITES = {suite.name: suite for suite in (TRIPLE_DES, SM4_CAMPUS)}
"""By the name that profiles and plans give them."""


def suite_of(algorithm: int) -> Suite:
    """What this selector byte stands for; UNBUILT when it stands for nothing here. Never raises."""
    return _BY_SELECTOR.get(algorithm, UNBUILT)


def is_supported(algorithm: int) -> bool:
    return algorithm in _BY_SELECTOR


def require_supported(algorithm: int) -> None:
    """UnsupportedAlgorithm unless the card's selector byte stands for a suite."""
    if algorithm not in _BY_SELECTOR:
        raise UnsupportedAlgorithm(f"algorithm selector {algorithm:02X} is not built")


def require_suite(algorithm: int, suite: Suite) -> None:
    """The same, and that it is this one: a card that names another cipher than its key's is not believed."""
    require_supported(algorithm)
    if _BY_SELECTOR[algorithm] is not suite:
        raise UnsupportedAlgorithm(f"algorithm selector {algorithm:02X} is not that of the key")


def block_cipher(
    octets: bytes, forget: Callable[[bytes], None] = lambda _: None, suite: Suite = TRIPLE_DES
) -> Blocks:
    """ECB under a key of this suite, in a context of its own that no cache keeps. `forget` is given every copy."""
    if suite is not TRIPLE_DES:
        return suite.fresh(octets)
    copy = _triple(octets)
    blocks = Cipher(TripleDES(copy), modes.ECB()).encryptor().update  # noqa: S305  # as above
    forget(copy)
    return blocks


class Key:
    """A key and its suite: DES 8 bytes, two-key 3DES 16, SM4 16. Its repr shows nothing; `octets` is for images."""

    __slots__ = ("octets", "suite")
    octets: bytes
    suite: Suite

    def __init__(self, octets: bytes, suite: Suite = TRIPLE_DES) -> None:
        if len(octets) not in suite.sizes:
            raise KeyShapeError(f"a key has {' or '.join(map(str, suite.sizes))} bytes")
        self.octets = octets
        self.suite = suite

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other.octets == self.octets and other.suite is self.suite

    def __hash__(self) -> int:
        return hash(self.octets)
