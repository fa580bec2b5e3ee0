"""One builder per command that a terminal sends. Bytes out; the values have been judged before.

Coding: pboc research section 2 (FMCOS manual; PSAM rows from toll and campus terminals). P2 = 02: the EP purse.
"""

from __future__ import annotations

from struct import Struct

from shared.purse.profiles import SFI_CAPP as SFI_CAPP  # the commands' users find them here
from shared.purse.profiles import SFI_LOG as SFI_LOG
from shared.purse.profiles import PurchaseForm, Purse

SFI_PUBLIC = 0x15
SFI_HOLDER = 0x16
PSAM_APPLICATIONS = (0x1001, 0xDF01)
"""Where PSAMs in the field keep their purchase keys: tried in this order."""
COUNTER_MAX = 0xFFFF
"""At this value INIT answers 9402: the card has made its last transaction of that kind."""

_INIT = Struct(">5sBI6sB")
_DEBIT = Struct(">5sI7s4sB")
_CREDIT = Struct(">5s7s4sB")
_PROVE = Struct(">5sHB")
_SAM = Struct(">4sHIB7sBB")

_INIT_LOAD = {Purse.ED: bytes.fromhex("805000010B"), Purse.EP: bytes.fromhex("805000020B")}
_INIT_UNLOAD = {Purse.ED: bytes.fromhex("805005010B"), Purse.EP: bytes.fromhex("805005020B")}
_INIT_PURCHASE = {
    (PurchaseForm.PLAIN, Purse.ED): bytes.fromhex("805001010B"),
    (PurchaseForm.PLAIN, Purse.EP): bytes.fromhex("805001020B"),
    (PurchaseForm.CAPP, Purse.ED): bytes.fromhex("805003010B"),
    (PurchaseForm.CAPP, Purse.EP): bytes.fromhex("805003020B"),
}
_INIT_SIZE = 0x0B
_DEBIT_HEAD = bytes.fromhex("805401000F")
_CREDIT_HEAD = bytes.fromhex("805200000B")
_UNLOAD_HEAD = bytes.fromhex("805403000B")
_OVERDRAFT_HEAD = bytes.fromhex("805800000E")

GET_AUTH_ID = bytes.fromhex("80CA000009")
"""A city card's 安全认证识别码. Answer: AUTH_ID_SIZE bytes."""
AUTH_ID_SIZE = 9
GET_BALANCE = bytes.fromhex("805C000204")
GET_BALANCE_ED = bytes.fromhex("805C000104")


def select_name(aid: bytes) -> bytes:
    """SELECT by DF name."""
    return b"\x00\xa4\x04\x00" + bytes((len(aid),)) + aid + b"\x00"


def select_file(fid: int) -> bytes:
    """SELECT by file id."""
    return b"\x00\xa4\x00\x00\x02" + fid.to_bytes(2, "big") + b"\x00"


def read_binary(sfi: int, size: int, offset: int = 0) -> bytes:
    return bytes((0x00, 0xB0, 0x80 | sfi, offset, size & 0xFF))


def read_record(sfi: int, number: int) -> bytes:
    """By number; in a cyclic file 1 is the newest."""
    return bytes((0x00, 0xB2, number, sfi << 3 | 4, 0x00))


def read_tagged(sfi: int, tag: int) -> bytes:
    """The first record with this tag."""
    return bytes((0x00, 0xB2, tag, sfi << 3, 0x00))


def get_challenge(size: int = 4) -> bytes:
    return bytes((0x00, 0x84, 0x00, 0x00, size))


def init_purchase(
    form: PurchaseForm, key_id: int, amount_fen: int, terminal_id: bytes, purse: Purse = Purse.EP
) -> bytes:
    """Answer: balance 4, offline counter 2, overdraft 3, key version 1, algorithm 1, random 4."""
    return _INIT.pack(_INIT_PURCHASE[form, purse], key_id, amount_fen, terminal_id, 0x0F)


def update_capp(tag: int, record: bytes, sfi: int = SFI_CAPP) -> bytes:
    """80DC into file 0017, held until the debit."""
    return bytes((0x80, 0xDC, tag, sfi << 3, len(record))) + record


def debit(ttn: int, date_time: bytes, mac1: bytes) -> bytes:
    """8054 of a plain and of a CAPP purchase. Answer: TAC 4, MAC2 4."""
    return _DEBIT.pack(_DEBIT_HEAD, ttn, date_time, mac1, 0x08)


def init_load(key_id: int, amount_fen: int, terminal_id: bytes, purse: Purse = Purse.EP) -> bytes:
    """Answer: balance 4, online counter 2, key version 1, algorithm 1, random 4, MAC1 4."""
    return _INIT.pack(_INIT_LOAD[purse], key_id, amount_fen, terminal_id, 0x10)


def credit(date_time: bytes, mac2: bytes) -> bytes:
    """8052 of a load. Answer: TAC 4."""
    return _CREDIT.pack(_CREDIT_HEAD, date_time, mac2, 0x04)


def for_one_fen(init: bytes) -> bytes:
    """The same 8050 with an amount of 1 fen; one that has no amount is as it was."""
    return init[:6] + b"\0\0\0\1" + init[10:] if init[4] == _INIT_SIZE else init


def init_unload(key_id: int, amount_fen: int, terminal_id: bytes, purse: Purse) -> bytes:
    """8050 05. Answer: as init_load."""
    return _INIT.pack(_INIT_UNLOAD[purse], key_id, amount_fen, terminal_id, 0x10)


def unload(date_time: bytes, mac2: bytes) -> bytes:
    """8054 03 of an unload. Answer: MAC3 4."""
    return _CREDIT.pack(_UNLOAD_HEAD, date_time, mac2, 0x04)


def init_overdraft(key_id: int, terminal_id: bytes) -> bytes:
    """8050 04 on the ED. Answer: balance 4, online counter 2, limit 3, key version 1, algorithm 1, random 4, MAC1 4."""
    return b"\x80\x50\x04\x01\x07" + bytes((key_id,)) + terminal_id + b"\x13"


def update_overdraft(limit_fen: int, date_time: bytes, mac2: bytes) -> bytes:
    """8058. Answer: TAC 4."""
    return _OVERDRAFT_HEAD + limit_fen.to_bytes(3, "big") + date_time + mac2 + b"\x04"


def verify_pin(pin_id: int, pin: bytes) -> bytes:
    """0020. 63Cx: x tries are left."""
    return bytes((0x00, 0x20, 0x00, pin_id, len(pin))) + pin


def change_pin(pin_id: int, old: bytes, new: bytes) -> bytes:
    """805E 01: old PIN, FF, new PIN."""
    data = old + b"\xff" + new
    return bytes((0x80, 0x5E, 0x01, pin_id, len(data))) + data


def reload_pin(pin_id: int, new: bytes, mac: bytes) -> bytes:
    """805E 00: new PIN and its MAC under DRPK."""
    data = new + mac
    return bytes((0x80, 0x5E, 0x00, pin_id, len(data))) + data


def external_authenticate(key_id: int, cryptogram: bytes) -> bytes:
    """0082 with 8 bytes over the challenge that the card gave just before."""
    return bytes((0x00, 0x82, 0x00, key_id, len(cryptogram))) + cryptogram


def internal_authenticate(key_id: int, data: bytes) -> bytes:
    """0088 00: the card encrypts these 8 bytes."""
    return bytes((0x00, 0x88, 0x00, key_id, len(data))) + data + bytes((len(data),))


def prove(kind: int, number: int) -> bytes:
    """805A: MAC and TAC of the last committed transaction of this type, 8 bytes."""
    return _PROVE.pack(bytes((0x80, 0x5A, 0x00, kind, 0x02)), number, 0x08)


def init_sam_purchase(
    rnd: bytes,
    counter: int,
    amount_fen: int,
    kind: int,
    date_time: bytes,
    key_version: int,
    algorithm: int,
    factors: tuple[bytes, ...],
) -> bytes:
    """8070 to the PSAM; one 8-byte factor per level, the PSAM applies the last first. Answer: ttn 4, MAC1 4."""
    data = _SAM.pack(rnd, counter, amount_fen, kind, date_time, key_version, algorithm) + b"".join(factors)
    return b"\x80\x70\x00\x00" + bytes((len(data),)) + data + b"\x08"


def take_auth_id(code: bytes) -> bytes:
    """80CA to the PSAM: the code of the city card whose MAC1 is asked for next."""
    return GET_AUTH_ID + code


def credit_sam_purchase(mac2: bytes) -> bytes:
    """8072: the PSAM says whether the card's MAC2 is right."""
    return b"\x80\x72\x00\x00\x04" + mac2
