"""The first halves at the purse: GET BALANCE, INITIALIZE FOR everything, GET TRANSACTION PROVE.

Refuses in this order: unknown parameters 6A86, no purse 6A82, length 6700, rights 6982, no key 9403, counter 9402,
amount 9401 / 6985. A key's right of use says whether a PIN is needed first. Table: pboc research, section 2.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.commands import COUNTER_MAX
from shared.purse.cos.cardfs import KeyKind, Purse, PurseOption
from shared.purse.cos.chip import OK, Chip, DebitSession, OnlineSession, Refused, no_data
from shared.purse.cos.layout import ED, EP

_MONEY_MAX = 0xFFFF_FFFF
_INIT_DATA = Struct(">BI6s")
_LIMIT_DATA = Struct(">B6s")
_DEBIT_ANSWER = Struct(">IHBHBB4s")
_ONLINE_ANSWER = Struct(">IHBB4s4s")
_LIMIT_ANSWER = Struct(">IH3sBB4s4s")


class _Begin(NamedTuple):
    """What 8050 P1 P2 begins."""

    kind: int
    key_kind: int


_BEGINS = {
    (0x00, ED): _Begin(crypto.TYPE_ED_LOAD, KeyKind.LOAD),
    (0x00, EP): _Begin(crypto.TYPE_EP_LOAD, KeyKind.LOAD),
    (0x01, ED): _Begin(crypto.TYPE_ED_PURCHASE, KeyKind.PURCHASE),
    (0x01, EP): _Begin(crypto.TYPE_EP_PURCHASE, KeyKind.PURCHASE),
    (0x02, ED): _Begin(crypto.TYPE_ED_CASH, KeyKind.PURCHASE),
    (0x03, EP): _Begin(crypto.TYPE_CAPP_PURCHASE, KeyKind.PURCHASE),
    (0x04, ED): _Begin(crypto.TYPE_OVERDRAFT, KeyKind.OVERDRAFT),
    (0x05, ED): _Begin(crypto.TYPE_UNLOAD, KeyKind.UNLOAD),
    (0x05, EP): _Begin(crypto.TYPE_UNLOAD, KeyKind.UNLOAD),
}


def get_balance(chip: Chip, command: CommandApdu) -> bytes:
    """805C: what may be spent; ED's includes its overdraft limit."""
    if command.p1:
        raise Refused(Sw.WRONG_P1P2)
    purse = _purse(chip, command)
    no_data(command)
    chip.require(purse.use)
    return purse.balance_fen.to_bytes(4, "big") + OK


def initialize(chip: Chip, command: CommandApdu) -> bytes:
    """8050: loads 00, purchases 01, cash 02, CAPP 03, overdraft 04, unload 05."""
    purse = _purse(chip, command)
    begin = _BEGINS.get((command.p1, command.p2))
    if begin is None or (begin.kind == crypto.TYPE_UNLOAD and not _may_unload(purse)):
        raise Refused(Sw.WRONG_P1P2)
    data = _LIMIT_DATA if begin.kind == crypto.TYPE_OVERDRAFT else _INIT_DATA
    if len(command.data) != data.size:
        raise Refused(Sw.WRONG_LENGTH)
    chip.require(purse.use)
    if begin.key_kind == KeyKind.PURCHASE:
        return _begin_debit(chip, purse, begin, *_INIT_DATA.unpack(command.data))
    if begin.kind == crypto.TYPE_OVERDRAFT:
        return _begin_limit(chip, purse, *_LIMIT_DATA.unpack(command.data))
    return _begin_online(chip, purse, begin, *_INIT_DATA.unpack(command.data))


def prove(chip: Chip, command: CommandApdu) -> bytes:
    """805A: MAC and TAC of the last committed transaction of the type. Unload: MAC2 and MAC3. 9406 otherwise."""
    if command.p1:
        raise Refused(Sw.WRONG_P1P2)
    if not chip.here.purses:
        raise Refused(Sw.CONDITIONS)
    if len(command.data) != 2:
        raise Refused(Sw.WRONG_LENGTH)
    wanted = int.from_bytes(command.data, "big")
    for purse in chip.here.purses:
        found = purse.proof(command.p2)
        if found is not None and found[0] == wanted:
            mac, tac = found[1:]
            return (tac + mac if purse.options & PurseOption.TAC_FIRST else mac + tac) + OK
    raise Refused(Sw.NO_PROOF)


def _purse(chip: Chip, command: CommandApdu) -> Purse:
    """P2 names ED or EP (else 6A86), and the application has it (else 6A82)."""
    if command.p2 not in (ED, EP):
        raise Refused(Sw.WRONG_P1P2)
    purse = chip.here.purse(command.p2)
    if purse is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    return purse


def _may_unload(purse: Purse) -> bool:
    return purse.fid == ED or bool(purse.options & PurseOption.EP_UNLOAD)


def _begin_debit(
    chip: Chip, purse: Purse, begin: _Begin, key_id: int, amount: int, terminal_id: bytes
) -> bytes:
    slot = chip.money_key(begin.key_kind, key_id)
    tac = chip.tac_key(slot)
    if purse.offline >= COUNTER_MAX:
        raise Refused(Sw.COUNTER_FULL)
    if not amount and purse.options & PurseOption.NO_ZERO and begin.kind != crypto.TYPE_CAPP_PURCHASE:
        raise Refused(Sw.WRONG_DATA)
    if amount > purse.balance_fen:
        raise Refused(Sw.BALANCE)
    rnd = chip.random_bytes(4)
    chip.session = DebitSession(begin.kind, purse, slot.key, tac, amount, terminal_id, rnd)
    limit = purse.limit_fen
    return (
        _DEBIT_ANSWER.pack(
            purse.balance_fen, purse.offline, limit >> 16, limit & 0xFFFF, slot.first, slot.second, rnd
        )
        + OK
    )  # fmt: skip


def _begin_online(
    chip: Chip, purse: Purse, begin: _Begin, key_id: int, amount: int, terminal_id: bytes
) -> bytes:
    slot = chip.money_key(begin.key_kind, key_id)
    unload = begin.kind == crypto.TYPE_UNLOAD
    tac = None if unload else chip.tac_key(slot)
    if purse.online >= COUNTER_MAX:
        raise Refused(Sw.COUNTER_FULL)
    if unload:
        _need_own(purse, amount)
    else:
        _need_below_ceiling(purse, amount)
    rnd = chip.random_bytes(4)
    session = crypto.load_session_key(slot.key, rnd, purse.online)
    mac1 = crypto.load_mac1(session, purse.balance_fen, amount, begin.kind, terminal_id)
    chip.session = OnlineSession(begin.kind, purse, session, tac, amount, terminal_id)
    return _ONLINE_ANSWER.pack(purse.balance_fen, purse.online, slot.first, slot.second, rnd, mac1) + OK


def _begin_limit(chip: Chip, purse: Purse, key_id: int, terminal_id: bytes) -> bytes:
    slot = chip.money_key(KeyKind.OVERDRAFT, key_id)
    tac = chip.tac_key(slot)
    if purse.online >= COUNTER_MAX:
        raise Refused(Sw.COUNTER_FULL)
    rnd = chip.random_bytes(4)
    session = crypto.load_session_key(slot.key, rnd, purse.online)
    mac1 = crypto.overdraft_mac1(session, purse.balance_fen, purse.limit_fen, terminal_id)
    chip.session = OnlineSession(crypto.TYPE_OVERDRAFT, purse, session, tac, 0, terminal_id)
    limit = purse.limit_fen.to_bytes(3, "big")
    return _LIMIT_ANSWER.pack(purse.balance_fen, purse.online, limit, slot.first, slot.second, rnd, mac1) + OK


def _need_own(purse: Purse, amount: int) -> None:
    """The bank's credit is not for unloading."""
    if amount > purse.own_fen:
        raise Refused(Sw.BALANCE)


def _need_below_ceiling(purse: Purse, amount: int) -> None:
    if purse.own_fen + amount > purse.ceiling_fen or purse.balance_fen + amount > _MONEY_MAX:
        raise Refused(Sw.CONDITIONS)
