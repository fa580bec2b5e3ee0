"""One builder per command that a terminal sends. Bytes out; the values have been judged before.

Coding: pboc research section 2 (FMCOS manual; PSAM rows from toll and campus terminals). P2 = 02: the EP purse.
"""

from __future__ import annotations

from struct import Struct

from shared.purse.profiles import PurchaseForm

SFI_PUBLIC = 0x15
SFI_HOLDER = 0x16
SFI_CAPP = 0x17
SFI_LOG = 0x18
PSAM_APPLICATION = 0x1001
COUNTER_MAX = 0xFFFF
"""At this value INIT answers 9402: the card has made its last transaction of that kind."""

_INIT = Struct(">5sBI6sB")
_DEBIT = Struct(">5sI7s4sB")
_CREDIT = Struct(">5s7s4sB")
_PROVE = Struct(">5sHB")
_SAM = Struct(">4sHIB7sBB")

_INIT_LOAD = bytes.fromhex("805000020B")
_INIT_PURCHASE = {PurchaseForm.PLAIN: bytes.fromhex("805001020B"), PurchaseForm.CAPP: bytes.fromhex("805003020B")}
_DEBIT_HEAD = bytes.fromhex("805401000F")
_CREDIT_HEAD = bytes.fromhex("805200000B")

GET_BALANCE = bytes.fromhex("805C000204")


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


def init_purchase(form: PurchaseForm, key_id: int, amount_fen: int, terminal_id: bytes) -> bytes:
    """Answer: balance 4, offline counter 2, overdraft 3, key version 1, algorithm 1, random 4."""
    return _INIT.pack(_INIT_PURCHASE[form], key_id, amount_fen, terminal_id, 0x0F)


def update_capp(tag: int, record: bytes) -> bytes:
    """80DC into file 0017, held until the debit."""
    return bytes((0x80, 0xDC, tag, SFI_CAPP << 3, len(record))) + record


def debit(ttn: int, date_time: bytes, mac1: bytes) -> bytes:
    """8054 of a plain and of a CAPP purchase. Answer: TAC 4, MAC2 4."""
    return _DEBIT.pack(_DEBIT_HEAD, ttn, date_time, mac1, 0x08)


def init_load(key_id: int, amount_fen: int, terminal_id: bytes) -> bytes:
    """Answer: balance 4, online counter 2, key version 1, algorithm 1, random 4, MAC1 4."""
    return _INIT.pack(_INIT_LOAD, key_id, amount_fen, terminal_id, 0x10)


def credit(date_time: bytes, mac2: bytes) -> bytes:
    """8052 of a load. Answer: TAC 4."""
    return _CREDIT.pack(_CREDIT_HEAD, date_time, mac2, 0x04)


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


def credit_sam_purchase(mac2: bytes) -> bytes:
    """8072: the PSAM says whether the card's MAC2 is right."""
    return b"\x80\x72\x00\x00\x04" + mac2
