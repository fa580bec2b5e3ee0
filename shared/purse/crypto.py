"""The only place with purse cryptography: diversification, session keys, MAC1, MAC2, TAC, secure messaging, KCV.

PBOC 2.0 electronic purse (JR/T 0025 parts 1 and 2): what is covered by which MAC. Which cipher does it is the key's
own suite (`suite`): 3DES session keys are 8 bytes, one block, MACs under them single-DES CBC-MACs with zero IV; SM4
has 16-byte ones. 80 00.. padding is always added. Line protection and authentication are 3DES: their keys have a try
counter where money keys have the algorithm, so no card can say that it wants another cipher there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from shared.purse.errors import KeyShapeError, LayoutError, UnsupportedAlgorithm
from shared.purse.suite import ALGORITHM_3DES as ALGORITHM_3DES
from shared.purse.suite import ALGORITHM_SM4_CAMPUS as ALGORITHM_SM4_CAMPUS
from shared.purse.suite import CARD_KEY_CONTEXTS as CARD_KEY_CONTEXTS
from shared.purse.suite import SESSION_CONTEXTS as SESSION_CONTEXTS
from shared.purse.suite import TRIPLE_DES, Blocks
from shared.purse.suite import Key as Key
from shared.purse.suite import Suite as Suite
from shared.purse.suite import block_cipher as block_cipher
from shared.purse.suite import factor_pair as factor_pair
from shared.purse.suite import is_supported as is_supported
from shared.purse.suite import require_suite as require_suite
from shared.purse.suite import require_supported as require_supported
from shared.purse.suite import suite_of as suite_of

TYPE_ED_LOAD = 0x01
TYPE_EP_LOAD = 0x02
TYPE_UNLOAD = 0x03
TYPE_ED_CASH = 0x04
TYPE_ED_PURCHASE = 0x05
TYPE_EP_PURCHASE = 0x06
TYPE_OVERDRAFT = 0x07
TYPE_CAPP_PURCHASE = 0x09

OVERDRAFT_MAX_FEN = 0xFF_FFFF

_PADDING = TRIPLE_DES.padding
_SESSION_INPUT = Struct(">4sHH")
_MAC1_PURCHASE = Struct(">IB6s7s")
_MAC1_LOAD = Struct(">IIB6s")
_TAC_PURCHASE = Struct(">IB6sI7s")
_TAC_LOAD = Struct(">IHIB6s7s")
_MAC1_OVERDRAFT = Struct(">I3sB6s")
_MAC2_OVERDRAFT = Struct(">3sB6s7s")
_TAC_OVERDRAFT = Struct(">IH3sB6s7s")
_LOAD_TAIL = 0x8000


# --- key hierarchy -----------------------------------------------------------------------------------------------


def diversify(master: Key, *factors: bytes) -> Key:
    """One level per 8-byte factor, first factor first: DK = E(MK, F) || E(MK, ~F); SM4 takes both in one block."""
    key, suite = master, master.suite
    for factor in factors:
        key = Key(suite.cards(key.octets)(factor_pair(factor)), suite)
    return key


def diversify_many(master: Key, factors: Sequence[bytes]) -> list[Key]:
    """One level for many cards in a single pass; the keys come in the order of the factors."""
    if not factors:
        return []
    joined = master.suite.cards(master.octets)(b"".join(map(factor_pair, factors)))
    return [Key(joined[at : at + 16], master.suite) for at in range(0, len(joined), 16)]


def kcv(key: Key) -> bytes:
    """3-byte key check value: E(K, one block of zeros)[0:3]."""
    return key.suite.cards(key.octets)(bytes(key.suite.block))[:3]


# --- purchase and CAPP -------------------------------------------------------------------------------------------


def purchase_session_key(dpk: Key, rnd: bytes, counter: int, ttn: int) -> Key:
    """SESPK from the card's 4-byte random, its offline counter and the right two bytes of the terminal's number."""
    return session_key(dpk, _SESSION_INPUT.pack(_exact(rnd, 4), counter, ttn & 0xFFFF))


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
    return session_key(dlk, load_session_seed(rnd, counter))


def session_key(key: Key, seed: bytes) -> Key:
    """The session key of a card key and the 8-byte seed of a transaction; it runs the same suite."""
    suite = key.suite
    return Key(suite.cards(key.octets)(suite.session_input(seed)), suite)


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
    """4 bytes of CBC-MAC under a session key."""
    return _cbc_mac(session.suite.sessions(session.octets), data, session.suite)[:4]


def tac(dtk: Key, data: bytes) -> bytes:
    """4-byte TAC over a TAC input under the card's 16-byte DTK."""
    return _cbc_mac(dtk.suite.macs(dtk.octets), data, dtk.suite)[:4]


def tac_key(dtk: Key) -> Key:
    """The key a TAC is made with: 3DES 8 bytes, left half XOR right half; SM4 the DTK itself."""
    return Key(dtk.suite.mac_octets(dtk.octets), dtk.suite)


def tac_calculator(dtk: Key) -> Callable[[bytes], bytes]:
    """A warm TAC function for a caller who keeps its own bounded cache, as the batch checker does."""
    suite = dtk.suite
    blocks = suite.fresh(suite.mac_octets(dtk.octets))
    return lambda data: _cbc_mac(blocks, data, suite)[:4]


def secure_messaging_mac(key: Key, challenge: bytes, command: bytes) -> bytes:
    """4-byte line-protection MAC over CLA INS P1 P2 Lc data, with Lc counting the MAC.

    A 4-byte challenge is completed with zeros, an 8-byte one is the whole initial value. An 8-byte key makes a
    CBC-MAC, a 16-byte key the retail MAC.
    """
    initial, padded = secure_messaging_input(challenge, command)
    head, last = padded[:-8], padded[-8:]
    whole = _line_cipher(key)
    left = TRIPLE_DES.cards(key.octets[:8])
    state = initial
    for at in range(0, len(head), 8):
        state = left(_xor(state, head[at : at + 8]))
    return whole(_xor(state, last))[:4]


def secure_messaging_input(challenge: bytes, command: bytes) -> tuple[bytes, bytes]:
    """Initial value (8 bytes) and padded blocks of a line-protection MAC."""
    initial = challenge + bytes(4) if len(challenge) == 4 else _exact(challenge, 8)
    return initial, command + _PADDING[len(command) & 7]


def secure_messaging_encrypt(key: Key, field: bytes) -> bytes:
    """E(length || field), 80 00.. padded only when it is no multiple of 8 (the one place with optional padding)."""
    return _line_cipher(key)(secure_messaging_block(field))


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
    block = _line_decipher(key)(cipher_text)
    size = block[0] + 1
    rest = block[size:]
    if size > len(block) or rest != (b"" if size % 8 == 0 else _PADDING[size & 7]):
        raise LayoutError("a protected field does not end where it says")
    return block[1:size]


def encrypt_block(key: Key, block: bytes) -> bytes:
    """One ECB block: external and internal authentication."""
    return _line_cipher(key)(_exact(block, 8))


def decrypt_block(key: Key, block: bytes) -> bytes:
    """One ECB block backwards: internal authentication with P1 = 01."""
    return _line_decipher(key)(_exact(block, 8))


def protected_command(key: Key, challenge: bytes, header: bytes, field: bytes, *, is_hidden: bool) -> bytes:
    """A whole command under line protection 线路保护: CLA INS P1 P2, then Lc, field (encrypted if hidden), MAC."""
    data = secure_messaging_encrypt(key, field) if is_hidden else field
    head = _exact(header, 4) + bytes((len(data) + 4,)) + data
    return head + secure_messaging_mac(key, challenge, head)


# --- the cipher --------------------------------------------------------------------------------------------------


def _line_cipher(key: Key) -> Blocks:
    """Of a key with a try counter: no document gives it another cipher."""
    _require_3des(key)
    return TRIPLE_DES.cards(key.octets)


def _line_decipher(key: Key) -> Blocks:
    _require_3des(key)
    return TRIPLE_DES.decipher(key.octets)


def _require_3des(key: Key) -> None:
    if key.suite is not TRIPLE_DES:
        raise UnsupportedAlgorithm("line protection and authentication are 3DES")


def mac_blocks(data: bytes) -> bytes:
    """data || 80 00.. to whole blocks, as every MAC of a session or TAC key takes it."""
    return data + _PADDING[len(data) & 7]


def _cbc_mac(blocks: Blocks, data: bytes, suite: Suite) -> bytes:
    size = suite.block
    padded = data + suite.padding[len(data) % size]
    state = blocks(padded[:size])
    for at in range(size, len(padded), size):
        mixed = int.from_bytes(state, "big") ^ int.from_bytes(padded[at : at + size], "big")
        state = blocks(mixed.to_bytes(size, "big"))
    return state


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(8, "big")


def _exact(octets: bytes, size: int) -> bytes:
    if len(octets) != size:
        raise KeyShapeError(f"{size} bytes wanted, got {len(octets)}")
    return octets
