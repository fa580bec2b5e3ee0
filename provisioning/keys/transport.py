"""Keys on the way, in the manner of mother cards 母卡: each under a transport key, with its check value, MAC over all.

Three things travel apart: the control mother card 主控母卡 (the keys, enciphered), and the two halves A and B of its
authentication card 认证卡 (the transport key, in two officers' hands, each under his own passphrase). A transport key
serves one export. File form: one CBOR file each. APDU form: one WRITE KEY 84D4 for each key, enciphered and MACed under
the transport key with the receiving card's challenge (pboc part 4; vector of published PSAM loading). Refuses halves of
another export, a wrong MAC, a wrong check value, a key of a kind that no card holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioning.keys.components import Random, halves, joined, require_check
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import NONCE_SIZE, SALT_SIZE, KeyKind, KeyStore, Level, StoredKey, Unlock, open_store, seal
from shared.errors import KeyFault, WireFault
from shared.purse.crypto import (
    Key,
    is_supported,
    kcv,
    secure_messaging_decrypt,
    secure_messaging_encrypt,
    secure_messaging_mac,
)
from shared.purse.errors import LayoutError
from shared.wire import codec
from shared.words.voice import Text

FORMAT = 1
KEYS_MAX = 256
_NONCE = 8
_MAC = 4
KEY_TYPES = {
    KeyKind.PURCHASE: 0x3E,
    KeyKind.LOAD: 0x3F,
    KeyKind.TAC: 0x34,
    KeyKind.UNLOAD: 0x3D,
    KeyKind.OVERDRAFT: 0x3C,
    KeyKind.MAINTENANCE: 0x36,
    KeyKind.CONTROL: 0x39,
    KeyKind.PIN_UNBLOCK: 0x37,
    KeyKind.PIN_RELOAD: 0x38,
    KeyKind.INTERNAL_AUTH: 0x30,
}
"""FMCOS key types of a card's keys."""
_CODES = KEY_TYPES | {KeyKind.PSAM_CONTROL: 0xB9}
_KINDS = {code: kind for kind, code in _CODES.items()}
PSAM_USAGE = {1: 0x22, 2: 0x42, 3: 0x62}
"""Usage byte of a purchase key in a PSAM, by its levels of diversification."""
PSAM_NO_USE = 0x00
"""Usage byte of a key that may do nothing any more."""


class TransportFault(KeyFault):
    """Happens when keys do not arrive as they were sent. Never carries key material."""


@dataclass(frozen=True, slots=True)
class Export:
    """What leaves: three files for three hands."""

    mother: bytes
    half_a: bytes = field(repr=False)
    half_b: bytes = field(repr=False)


def export(store: KeyStore, officers: tuple[Unlock, Unlock], random: Random) -> Export:
    """The masters of a store as a mother card and two halves, each sealed under its officer's passphrase."""
    transport = random(16)
    part_a, part_b = halves(transport, random)
    sealed = [_seal_half(store, n, part, officers[n], random) for n, part in enumerate((part_a, part_b))]
    return Export(mother_card(store, Key(transport), random(_NONCE)), *sealed)


def mother_card(store: KeyStore, transport: Key, nonce: bytes) -> bytes:
    """The file of a control mother card; TransportFault when the store has nothing that travels this way."""
    keys = [key for key in store.keys if key.kind in MASTERS]
    if not 0 < len(keys) <= KEYS_MAX:
        raise TransportFault(Text(f"应有 1..{KEYS_MAX} 个主密钥", f"wants 1..{KEYS_MAX} masters"))
    rows = [[_CODES[key.kind], key.version, kcv(key.card_key(key.kind)), _cryptogram(transport, key)] for key in keys]
    body = codec.dumps([FORMAT, store.level.value, store.campus, kcv(transport), nonce, rows])
    return codec.pack([body, secure_messaging_mac(transport, nonce, body)])


def import_mother(raw: bytes, sealed: Sequence[bytes], officers: Sequence[Unlock], level: Level) -> KeyStore:
    """The store of that level, opened with both halves; TransportFault, WrongCheckValue, StoreLocked."""
    parts = [_open_half(half, unlock, level) for half, unlock in zip(sealed, officers, strict=True)]
    if sorted(version for version, _ in parts) != [1, 2]:
        raise TransportFault(Text("须有认证卡 A 和 B 各一", "wants one half A and one half B"))
    return open_mother(raw, Key(joined([octets for _, octets in parts])), level)


def open_mother(raw: bytes, transport: Key, level: Level) -> KeyStore:
    """The store on a mother card; WrongCheckValue for another transport key or a damaged key, TransportFault."""
    try:
        body, mac = codec.fields(codec.unpack_file(raw), bytes, bytes, what="mother card")
        form, named, campus, check, nonce, rows = codec.fields(
            codec.loads(body), int, str, int, bytes, bytes, list, what="mother card"
        )
    except WireFault as fault:
        raise TransportFault(Text("不是母卡文件", "not a mother card")) from fault
    if form != FORMAT or len(nonce) != _NONCE or named != level.value:
        raise TransportFault(
            Text(f"母卡的级别或版本不符，应为 {level}", f"the mother card is of another level or form than {level}")
        )
    require_check(kcv(transport), check, Text("传输密钥", "transport key"))
    if secure_messaging_mac(transport, nonce, body) != mac:
        raise TransportFault(Text("母卡 MAC 错误", "the mother card's MAC is wrong"))
    return KeyStore(level, campus, tuple(_opened(row, transport) for row in rows))


def key_field(key_type: int, version: int, algorithm: int, octets: bytes) -> bytes:
    """What WRITE KEY hides: type or usage, version, algorithm, key."""
    return bytes((key_type, version, algorithm)) + octets


def write_key(transport: Key, challenge: bytes, p1: int, p2: int, content: bytes) -> bytes:
    """84D4: a key under a transport or control key, with the MAC over the receiving card's 4-byte challenge."""
    cryptogram = secure_messaging_encrypt(transport, content)
    head = bytes((0x84, 0xD4, p1, p2, len(cryptogram) + _MAC))
    return head + cryptogram + secure_messaging_mac(transport, challenge, head + cryptogram)


def _cryptogram(transport: Key, key: StoredKey) -> bytes:
    return secure_messaging_encrypt(transport, key_field(_CODES[key.kind], key.version, key.algorithm, key.octets))


def _opened(row: object, transport: Key) -> StoredKey:
    try:
        parts = row if isinstance(row, list) else []
        code, version, check, cryptogram = codec.fields(parts, int, int, bytes, bytes, what="mother card")
        content = secure_messaging_decrypt(transport, cryptogram)
    except (WireFault, LayoutError) as fault:
        raise TransportFault(Text("母卡上有损坏的密钥", "a key on the mother card is damaged")) from fault
    if code not in _KINDS or content[:2] != bytes((code, version & 0xFF)) or len(content) != 19:
        raise TransportFault(Text("母卡上的密钥种类不符", "a key on the mother card is not of the kind that it says"))
    if not is_supported(content[2]):
        raise TransportFault(
            Text(
                f"母卡上的密钥算法 {content[2]:02X} 不支持",
                f"a key on the mother card has an algorithm that is not built: {content[2]:02X}",
            )
        )
    key = StoredKey(_KINDS[code], version, content[3:], content[2])
    require_check(kcv(key.card_key(key.kind)), check, f"{key.kind} {version}")
    return key


def _seal_half(store: KeyStore, number: int, octets: bytes, unlock: Unlock, random: Random) -> bytes:
    half = KeyStore(store.level, store.campus, (StoredKey(KeyKind.TRANSPORT, number + 1, octets),))
    return seal(half, unlock, random(SALT_SIZE), random(NONCE_SIZE))


def _open_half(sealed: bytes, unlock: Unlock, level: Level) -> tuple[int, bytes]:
    half = open_store(sealed, unlock, level)
    if len(half.keys) != 1:
        raise TransportFault(Text("不是认证卡", "not half an authentication card"))
    return half.keys[0].version, half.keys[0].for_use(KeyKind.TRANSPORT)
