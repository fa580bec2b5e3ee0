"""The purse's cryptography once more, from its clauses and without a line of ours: keys and data are bytes.

Session keys are one 3DES block of 8 bytes; MACs under them are single-DES CBC, zero IV, padded 80 00.. always; the
TAC key is DTK left XOR right. Source: pboc research, parts 0 and 2.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes


def ecb(key, block):
    triple = key * 3 if len(key) == 8 else key + key[:8]
    return Cipher(TripleDES(triple), modes.ECB()).encryptor().update(block)  # noqa: S305 - one block, as the standard


def mac(key, *parts):
    data = b"".join(parts) + b"\x80"
    chain = bytes(8)
    for at in range(0, len(data), 8):
        block = data[at : at + 8].ljust(8, b"\0")
        chain = ecb(key, bytes(a ^ b for a, b in zip(chain, block, strict=True)))
    return chain[:4]


def card_key(master, factor):
    return ecb(master, factor) + ecb(master, bytes(byte ^ 0xFF for byte in factor))


def load_session(dlk, rnd, online):
    return ecb(dlk, rnd + online + b"\x80\x00")


def purchase_session(dpk, rnd, offline, ttn):
    return ecb(dpk, rnd + offline + ttn[2:])


def tac(dtk, *parts):
    return mac(bytes(a ^ b for a, b in zip(dtk[:8], dtk[8:], strict=True)), *parts)


def fen(amount):
    return amount.to_bytes(4, "big")


def decipher(key, block):
    triple = key * 3 if len(key) == 8 else key + key[:8]
    return Cipher(TripleDES(triple), modes.ECB()).decryptor().update(block)  # noqa: S305 - one block, as the standard


def line_mac(key, start, data):
    """Of secure messaging: CBC under the left half from the card's challenge; the last block once through the right."""
    chain = start.ljust(8, b"\0")
    data += b"\x80"
    for at in range(0, len(data), 8):
        block = data[at : at + 8].ljust(8, b"\0")
        chain = ecb(key[:8], bytes(a ^ b for a, b in zip(chain, block, strict=True)))
    return (ecb(key[:8], decipher(key[8:], chain)) if len(key) == 16 else chain)[:4]


def line_cipher(key, data):
    """Of secure messaging: the length, the data, and 80 00.. where that is no whole block."""
    clear = bytes((len(data),)) + data
    if len(clear) % 8:
        clear += b"\x80"
    clear = clear.ljust(-(-len(clear) // 8) * 8, b"\0")
    return b"".join(ecb(key, clear[at : at + 8]) for at in range(0, len(clear), 8))


def folded(key):
    return bytes(a ^ b for a, b in zip(key[:8], key[8:], strict=True))
