"""The only place with purse cryptography: diversification, session keys, MAC1, MAC2, TAC, secure messaging, KCV.

PBOC 2.0 electronic purse (JR/T 0025 parts 1 and 2) in its 3DES form. Session keys are 8 bytes, one 3DES block;
MACs under them are single-DES CBC-MACs with zero IV and 80 00.. padding that is always added. Contexts are ECB and
cached: ECB keeps no state between whole blocks, and only whole blocks are ever given to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from shared.purse.errors import KeyShapeError, LayoutError, UnsupportedAlgorithm

CARD_KEY_CONTEXTS = 4096
SESSION_CONTEXTS = 64

TYPE_ED_LOAD = 0x01
TYPE_EP_LOAD = 0x02
TYPE_UNLOAD = 0x03
TYPE_ED_CASH = 0x04
TYPE_ED_PURCHASE = 0x05
TYPE_EP_PURCHASE = 0x06
TYPE_OVERDRAFT = 0x07
TYPE_CAPP_PURCHASE = 0x09

OVERDRAFT_MAX_FEN = 0xFF_FFFF

ALGORITHM_3DES = 0x00
_RUNS_3DES = frozenset((0x00, 0x01))
"""Real cards that answer 01 with 16-byte keys still use 3DES; 04 is SM4, whose purse forms no public text gives."""

_Blocks = Callable[[bytes], bytes]
_PADDING = tuple(b"\x80" + bytes(7 - n) for n in range(8))
_SESSION_INPUT = Struct(">4sHH")
_MAC1_PURCHASE = Struct(">IB6s7s")
_MAC1_LOAD = Struct(">IIB6s")
_TAC_PURCHASE = Struct(">IB6sI7s")
_TAC_LOAD = Struct(">IHIB6s7s")
_MAC1_OVERDRAFT = Struct(">I3sB6s")
_MAC2_OVERDRAFT = Struct(">3sB6s7s")
_TAC_OVERDRAFT = Struct(">IH3sB6s7s")
_ALL_ONES = 0xFFFF_FFFF_FFFF_FFFF
_LOAD_TAIL = 0x8000


class Key:
    """A DES (8 bytes) or two-key 3DES (16 bytes) key. Its repr shows nothing; `octets` is for images and ciphers."""

    __slots__ = ("octets",)
    octets: bytes

    def __init__(self, octets: bytes) -> None:
        if len(octets) not in (8, 16):
            raise KeyShapeError("a key has 8 or 16 bytes")
        self.octets = octets

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other.octets == self.octets

    def __hash__(self) -> int:
        return hash(self.octets)


def require_supported(algorithm: int) -> None:
    """UnsupportedAlgorithm unless the card's selector byte stands for 3DES."""
    if algorithm not in _RUNS_3DES:
        raise UnsupportedAlgorithm(f"algorithm selector {algorithm:02X} is not built")


def is_supported(algorithm: int) -> bool:
    return algorithm in _RUNS_3DES


# --- key hierarchy -----------------------------------------------------------------------------------------------


def diversify(master: Key, *factors: bytes) -> Key:
    """One level per 8-byte factor, first factor first: DK = E(MK, F) || E(MK, ~F)."""
    key = master
    for factor in factors:
        key = Key(_cipher(key.octets)(factor_pair(factor)))
    return key


def diversify_many(master: Key, factors: Sequence[bytes]) -> list[Key]:
    """One level for many cards in a single pass; the keys come in the order of the factors."""
    if not factors:
        return []
    joined = _cipher(master.octets)(b"".join(map(factor_pair, factors)))
    return [Key(joined[at : at + 16]) for at in range(0, len(joined), 16)]


def block_cipher(octets: bytes, forget: Callable[[bytes], None] = lambda _: None) -> Callable[[bytes], bytes]:
    """ECB under a key of 8 or 16 bytes, in a context of its own that no cache keeps. `forget` is given the copy."""
    triple = _triple(octets)
    blocks = Cipher(TripleDES(triple), modes.ECB()).encryptor().update  # noqa: S305  # as in _ecb below
    forget(triple)
    return blocks


def kcv(key: Key) -> bytes:
    """3-byte key check value: E(K, 0^8)[0:3]."""
    return _cipher(key.octets)(bytes(8))[:3]


# --- purchase and CAPP -------------------------------------------------------------------------------------------


def purchase_session_key(dpk: Key, rnd: bytes, counter: int, ttn: int) -> Key:
    """SESPK from the card's 4-byte random, its offline counter and the right two bytes of the terminal's number."""
    return Key(_cipher(dpk.octets)(_SESSION_INPUT.pack(_exact(rnd, 4), counter, ttn & 0xFFFF)))


def purchase_mac1(
    session: Key, amount: int, kind: int, terminal_id: bytes, date_time: bytes, auth_id: bytes = b""
) -> bytes:
    """MAC1 the PSAM makes and the card checks; `auth_id` is the 9-byte code of MoC city cards."""
    return session_mac(session, _MAC1_PURCHASE.pack(amount, kind, terminal_id, date_time) + auth_id)


def purchase_mac2(session: Key, amount: int) -> bytes:
    """MAC2 the card makes and the PSAM checks: over the amount alone."""
    return session_mac(session, amount.to_bytes(4, "big"))


def purchase_tac_input(amount: int, kind: int, terminal_id: bytes, ttn: int, date_time: bytes) -> bytes:
    """22 bytes: amount 4, type 1, terminal id 6, terminal number 4, date 4, time 3."""
    return _TAC_PURCHASE.pack(amount, kind, terminal_id, ttn, date_time)


# --- load --------------------------------------------------------------------------------------------------------


def load_session_key(dlk: Key, rnd: bytes, counter: int) -> Key:
    """SESLK from the card's 4-byte random and its online counter before +1."""
    return Key(_cipher(dlk.octets)(load_session_seed(rnd, counter)))


def load_session_seed(rnd: bytes, counter: int) -> bytes:
    """8 bytes whose cryptogram under the card's key is the session key of a load, unload or overdraft change."""
    return _SESSION_INPUT.pack(_exact(rnd, 4), counter, _LOAD_TAIL)


def load_mac1(session: Key, balance: int, amount: int, kind: int, terminal_id: bytes) -> bytes:
    """MAC1 the card makes and the host checks; `balance` is the one before the load."""
    return session_mac(session, load_mac1_input(balance, amount, kind, terminal_id))


def load_mac1_input(balance: int, amount: int, kind: int, terminal_id: bytes) -> bytes:
    """15 bytes, for a MAC that is made where the session key is; unload has the same."""
    return _MAC1_LOAD.pack(balance, amount, kind, terminal_id)


def load_mac2(session: Key, amount: int, kind: int, terminal_id: bytes, date_time: bytes) -> bytes:
    """MAC2 the host makes and the card checks."""
    return session_mac(session, load_mac2_input(amount, kind, terminal_id, date_time))


def load_mac2_input(amount: int, kind: int, terminal_id: bytes, date_time: bytes) -> bytes:
    """18 bytes; unload has the same."""
    return _MAC1_PURCHASE.pack(amount, kind, terminal_id, date_time)


def load_tac_input(
    new_balance: int, counter: int, amount: int, kind: int, terminal_id: bytes, date_time: bytes
) -> bytes:
    """24 bytes: balance after 4, online counter before +1 2, amount 4, type 1, terminal id 6, date 4, time 3."""
    return _TAC_LOAD.pack(new_balance, counter, amount, kind, terminal_id, date_time)


# --- unload and overdraft ----------------------------------------------------------------------------------------

# An unload 圈提 has the load's session key (from DULK), MAC1 and MAC2, all with TYPE_UNLOAD; it has no TAC.


def unload_mac3(
    session: Key, new_balance: int, counter: int, amount: int, terminal_id: bytes, date_time: bytes
) -> bytes:
    """MAC3 the card makes after an unload and the host checks; `counter` is the online one before +1."""
    return session_mac(session, load_tac_input(new_balance, counter, amount, TYPE_UNLOAD, terminal_id, date_time))


def overdraft_mac1(session: Key, balance: int, old_limit: int, terminal_id: bytes) -> bytes:
    """MAC1 the card makes before an overdraft change 修改透支限额; its session key is the load's, from DUK."""
    return session_mac(session, overdraft_mac1_input(balance, old_limit, terminal_id))


def overdraft_mac1_input(balance: int, old_limit: int, terminal_id: bytes) -> bytes:
    """14 bytes, for a MAC that is made where the session key is."""
    return _MAC1_OVERDRAFT.pack(balance, _limit(old_limit), TYPE_OVERDRAFT, terminal_id)


def overdraft_mac2(session: Key, new_limit: int, terminal_id: bytes, date_time: bytes) -> bytes:
    """MAC2 the host makes and the card checks."""
    return session_mac(session, overdraft_mac2_input(new_limit, terminal_id, date_time))


def overdraft_mac2_input(new_limit: int, terminal_id: bytes, date_time: bytes) -> bytes:
    """17 bytes."""
    return _MAC2_OVERDRAFT.pack(_limit(new_limit), TYPE_OVERDRAFT, terminal_id, date_time)


def overdraft_tac_input(new_balance: int, counter: int, new_limit: int, terminal_id: bytes, date_time: bytes) -> bytes:
    """23 bytes: balance after 4 (it includes the limit), online counter before +1 2, new limit 3, type 1, ..."""
    return _TAC_OVERDRAFT.pack(new_balance, counter, _limit(new_limit), TYPE_OVERDRAFT, terminal_id, date_time)


def _limit(fen: int) -> bytes:
    if not 0 <= fen <= OVERDRAFT_MAX_FEN:
        raise KeyShapeError("an overdraft limit has 3 bytes")
    return fen.to_bytes(3, "big")


# --- PIN ---------------------------------------------------------------------------------------------------------


def pin_reload_mac(drpk: Key, pin: bytes) -> bytes:
    """4-byte MAC of 805E 00 over the new PIN's bytes, under DRPK left half XOR right half."""
    return tac(drpk, pin)


# --- MACs --------------------------------------------------------------------------------------------------------


def session_mac(session: Key, data: bytes) -> bytes:
    """4 bytes of single-DES CBC-MAC under an 8-byte session key."""
    return _cbc_mac(_session_cipher(session.octets), data)[:4]


def tac(dtk: Key, data: bytes) -> bytes:
    """4-byte TAC over a TAC input under the card's 16-byte DTK."""
    return _cbc_mac(_tac_cipher(dtk.octets), data)[:4]


def tac_key(dtk: Key) -> Key:
    """The 8-byte key a TAC is made with: left half XOR right half."""
    return Key(_fold(dtk.octets))


def tac_calculator(dtk: Key) -> Callable[[bytes], bytes]:
    """A warm TAC function for a caller who keeps its own bounded cache, as the batch checker does."""
    blocks = _context(_fold(dtk.octets))
    return lambda data: _cbc_mac(blocks, data)[:4]


def secure_messaging_mac(key: Key, challenge: bytes, command: bytes) -> bytes:
    """4-byte line-protection MAC over CLA INS P1 P2 Lc data, with Lc counting the MAC.

    A 4-byte challenge is completed with zeros, an 8-byte one is the whole initial value. An 8-byte key makes a
    CBC-MAC, a 16-byte key the retail MAC.
    """
    initial, padded = secure_messaging_input(challenge, command)
    head, last = padded[:-8], padded[-8:]
    left = _cipher(key.octets[:8])
    state = initial
    for at in range(0, len(head), 8):
        state = left(_xor(state, head[at : at + 8]))
    return _cipher(key.octets)(_xor(state, last))[:4]


def secure_messaging_input(challenge: bytes, command: bytes) -> tuple[bytes, bytes]:
    """Initial value (8 bytes) and padded blocks of a line-protection MAC."""
    initial = challenge + bytes(4) if len(challenge) == 4 else _exact(challenge, 8)
    return initial, command + _PADDING[len(command) & 7]


def secure_messaging_encrypt(key: Key, field: bytes) -> bytes:
    """E(length || field), 80 00.. padded only when it is no multiple of 8 (the one place with optional padding)."""
    return _cipher(key.octets)(secure_messaging_block(field))


def secure_messaging_block(field: bytes) -> bytes:
    """length || field, padded: what is encrypted."""
    if len(field) > 255:
        raise KeyShapeError("a protected field has at most 255 bytes")
    block = bytes((len(field),)) + field
    return block if len(block) % 8 == 0 else block + _PADDING[len(block) & 7]


def secure_messaging_decrypt(key: Key, cipher_text: bytes) -> bytes:
    """The field that `secure_messaging_encrypt` hid; LayoutError when it is no whole, rightly padded field."""
    if not cipher_text or len(cipher_text) % 8:
        raise LayoutError("a protected field has whole blocks")
    block = _decipher(key.octets)(cipher_text)
    size = block[0] + 1
    rest = block[size:]
    if size > len(block) or rest != (b"" if size % 8 == 0 else _PADDING[size & 7]):
        raise LayoutError("a protected field does not end where it says")
    return block[1:size]


def encrypt_block(key: Key, block: bytes) -> bytes:
    """One ECB block: external and internal authentication."""
    return _cipher(key.octets)(_exact(block, 8))


def decrypt_block(key: Key, block: bytes) -> bytes:
    """One ECB block backwards: internal authentication with P1 = 01."""
    return _decipher(key.octets)(_exact(block, 8))


def protected_command(key: Key, challenge: bytes, header: bytes, field: bytes, *, is_hidden: bool) -> bytes:
    """A whole command under line protection 线路保护: CLA INS P1 P2, then Lc, field (encrypted if hidden), MAC."""
    data = secure_messaging_encrypt(key, field) if is_hidden else field
    head = _exact(header, 4) + bytes((len(data) + 4,)) + data
    return head + secure_messaging_mac(key, challenge, head)


# --- the cipher --------------------------------------------------------------------------------------------------


def _context(octets: bytes) -> _Blocks:
    return _ecb(octets).encryptor().update


def _ecb(octets: bytes) -> Cipher[modes.ECB]:
    # ECB of single blocks is the standard's own primitive; every chaining is done above.
    return Cipher(TripleDES(_triple(octets)), modes.ECB())  # noqa: S305


def _triple(octets: bytes) -> bytes:
    return octets * 3 if len(octets) == 8 else octets + octets[:8]


_cipher = lru_cache(maxsize=CARD_KEY_CONTEXTS)(_context)
_session_cipher = lru_cache(maxsize=SESSION_CONTEXTS)(_context)


@lru_cache(maxsize=SESSION_CONTEXTS)
def _decipher(octets: bytes) -> _Blocks:
    return _ecb(octets).decryptor().update


@lru_cache(maxsize=CARD_KEY_CONTEXTS)
def _tac_cipher(dtk: bytes) -> _Blocks:
    return _context(_fold(dtk))


def _fold(octets: bytes) -> bytes:
    return _xor(octets[:8], _exact(octets, 16)[8:])


def mac_blocks(data: bytes) -> bytes:
    """data || 80 00.. to whole blocks, as every MAC of a session or TAC key takes it."""
    return data + _PADDING[len(data) & 7]


def _cbc_mac(blocks: _Blocks, data: bytes) -> bytes:
    padded = data + _PADDING[len(data) & 7]
    state = blocks(padded[:8])
    for at in range(8, len(padded), 8):
        state = blocks((int.from_bytes(state, "big") ^ int.from_bytes(padded[at : at + 8], "big")).to_bytes(8, "big"))
    return state


def factor_pair(factor: bytes) -> bytes:
    """F || ~F: 16 bytes whose cryptogram under a master is the diversified key."""
    return _exact(factor, 8) + (int.from_bytes(factor, "big") ^ _ALL_ONES).to_bytes(8, "big")


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(8, "big")


def _exact(octets: bytes, size: int) -> bytes:
    if len(octets) != size:
        raise KeyShapeError(f"{size} bytes wanted, got {len(octets)}")
    return octets
