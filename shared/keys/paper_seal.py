"""Bytes sealed by a passphrase that stands on paper: keys and configuration of a school, apart from its books. Pure.

The passphrase is made by the software, never by a person: 24 characters of 32 (120 bits) and a check character, in five
groups. A sealed file begins with `OYKTKEYS`, version 1, scrypt's log2 n, r, p (a byte each), salt 16, nonce 12; then
AES-256-GCM with all of that as associated data, under scrypt(passphrase, salt). Whoever holds the key may seal anew
without the paper; whoever has the paper and the file needs nothing else.

Refuses, with KeyFault and without a word of its content, what does not open; with WireFault a passphrase that was
mistyped, and a file that is none.
"""

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shared.errors import KeyFault, WireFault
from shared.keys import paper_text
from shared.words.voice import Text

DRAWN, GROUP = 24, 5
SALT_SIZE, NONCE_SIZE, KEY_SIZE = 16, 12, 32
COST, COST_MAX, BLOCK, BLOCK_MAX, LANES, LANES_MAX = 15, 20, 8, 8, 1, 4
"""scrypt's log2 n, r and p as they are written, and the most that is read: more would stop a machine."""
MAGIC, VERSION = b"OYKTKEYS", 1
_HEAD = Struct(f">8sBBBB{SALT_SIZE}s{NONCE_SIZE}s")


class Costs(NamedTuple):
    """What deriving the key costs: scrypt's log2 n, r, p."""

    cost: int
    block: int
    lanes: int


COSTS = Costs(COST, BLOCK, LANES)
"""Of what is sealed today."""


@dataclass(frozen=True, slots=True, repr=False)
class SealKey:
    """What a passphrase and a salt make."""

    key: bytes
    salt: bytes
    costs: Costs


def written(drawn: bytes) -> str:
    """A passphrase of these 24 random bytes (5 bits of each are used), as it is put on paper."""
    if len(drawn) != DRAWN:
        raise ValueError(f"{DRAWN} random bytes")
    return paper_text.written(drawn, GROUP)


def typed(text: str) -> str:
    """As it was written, whatever groups, case and look-alikes somebody typed. WireFault: a character is wrong."""
    return paper_text.typed(text, DRAWN)


def key_of(passphrase: str, salt: bytes, costs: Costs = COSTS) -> SealKey:
    """Takes a moment, on purpose. WireFault as `typed`."""
    secret = typed(passphrase).encode("ascii")
    derive = Scrypt(salt=salt, length=KEY_SIZE, n=1 << costs.cost, r=costs.block, p=costs.lanes)
    return SealKey(derive.derive(secret), salt, costs)


def seal(content: bytes, key: SealKey, nonce: bytes) -> bytes:
    """nonce: NONCE_SIZE random bytes, other ones each time."""
    head = _HEAD.pack(MAGIC, VERSION, *key.costs, key.salt, nonce)
    return head + AESGCM(key.key).encrypt(nonce, content, head)


def opened(sealed: bytes, key: SealKey) -> bytes:
    """What was sealed. KeyFault: another passphrase, or the file was changed."""
    _, _, nonce = _read(sealed)
    head, body = sealed[: _HEAD.size], sealed[_HEAD.size :]
    try:
        return AESGCM(key.key).decrypt(nonce, body, head)
    except InvalidTag:
        raise KeyFault(Text("口令不对，或文件已变", "another passphrase, or the file was changed")) from None


def opened_by(sealed: bytes, passphrase: str) -> bytes:
    """From paper and file alone. KeyFault, WireFault."""
    salt, costs, _ = _read(sealed)
    return opened(sealed, key_of(passphrase, salt, costs))


def _read(sealed: bytes) -> tuple[bytes, Costs, bytes]:
    if len(sealed) < _HEAD.size:
        raise WireFault(Text("不是封存的密钥", "no sealed keys"))
    magic, version, cost, block, lanes, salt, nonce = _HEAD.unpack_from(sealed)
    known = (magic, version) == (MAGIC, VERSION) and 1 <= cost <= COST_MAX
    if not known or not (1 <= block <= BLOCK_MAX and 1 <= lanes <= LANES_MAX):
        raise WireFault(Text("不是封存的密钥", "no sealed keys"))
    return salt, Costs(cost, block, lanes), nonce
