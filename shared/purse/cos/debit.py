"""The second halves at the purse: 80DC, 8054, 8052, 8058. Everything that they change is durable by one store.

Refuse without their first half (6901) and with a wrong MAC (9302), which also ends what was begun. Balance, counter,
log, proof and the records of 80DC's files change together or not at all. Formulas: pboc research, section 2.
"""

from __future__ import annotations

from struct import Struct

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.cardfs import KIND_MASK, Ef, FileKind, Purse, PurseOption
from shared.purse.cos.chip import OK, Chip, DebitSession, OnlineSession, Refused
from shared.purse.cos.files import cycled, record_at, records
from shared.purse.files import LOG_RECORD_SIZE

_DEBIT_DATA = Struct(">I7s4s")
_ONLINE_DATA = Struct(">7s4s")
_LIMIT_DATA = Struct(">3s7s4s")
_LOG = Struct(">H3sIB6s7s")
_LOCK_FLAG = 2
_CAPP_MODES = frozenset((0, 4))
"""P2 of 80DC: P1 is a tag, or a number."""
_MONEY_MAX = 0xFFFF_FFFF


def update_cache(chip: Chip, command: CommandApdu) -> bytes:
    """80DC by tag or number, between 8050 03 and 8054: the record is held until the debit. One or more of them."""
    session = chip.begun
    if not isinstance(session, DebitSession) or session.kind != crypto.TYPE_CAPP_PURCHASE:
        raise Refused(Sw.ORDER)
    chip.session = session
    sfi = command.p2 >> 3
    ef = _capp_file(chip, sfi)
    if ef is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    if command.p2 & 7 not in _CAPP_MODES:
        raise Refused(Sw.WRONG_P1P2)
    found = records(ef)
    place = record_at(found, command.p1, command.p2) if command.p1 else None
    if place is None:
        raise Refused(Sw.RECORD_NOT_FOUND)
    old = session.records.get((sfi, place)) or found[place]
    if len(old) <= _LOCK_FLAG or old[_LOCK_FLAG]:
        raise Refused(Sw.CAPP_LOCKED)
    if len(command.data) != len(old):
        raise Refused(Sw.WRONG_LENGTH)
    if command.data[:2] != old[:2]:
        raise Refused(Sw.WRONG_DATA)
    session.records[sfi, place] = command.data
    return OK


def debit(chip: Chip, command: CommandApdu) -> bytes:
    """8054 01 of a purchase, cash withdrawal or CAPP: TAC, MAC2. 8054 03 of an unload: MAC3."""
    session = chip.begun
    if isinstance(session, DebitSession):
        return _debit(chip, command, session)
    if isinstance(session, OnlineSession) and session.kind == crypto.TYPE_UNLOAD:
        return _unload(chip, command, session)
    raise Refused(Sw.ORDER)


def credit(chip: Chip, command: CommandApdu) -> bytes:
    """8052 of a load: TAC over the new balance."""
    session = chip.begun
    if not isinstance(session, OnlineSession) or session.kind not in _LOADS or session.tac is None:
        raise Refused(Sw.ORDER)
    date_time, mac2 = _online_data(command, session, (0x00, 0x00))
    purse, amount, kind = session.purse, session.amount_fen, session.kind
    before, balance = purse.online, purse.balance_fen + amount
    data = crypto.load_tac_input(balance, before, amount, kind, session.terminal_id, date_time)
    tac = crypto.tac(session.tac, data)
    purse.balance_fen = balance
    _close(chip, session, amount, date_time, mac2, tac)
    return tac + OK


def update_limit(chip: Chip, command: CommandApdu) -> bytes:
    """8058: the overdraft limit of ED, and its balance with it. 6985 when more than the new limit is in use."""
    session = chip.begun
    if not isinstance(session, OnlineSession) or session.kind != crypto.TYPE_OVERDRAFT or session.tac is None:
        raise Refused(Sw.ORDER)
    _expect(command, (0x00, 0x00), _LIMIT_DATA.size)
    raw, date_time, mac2 = _LIMIT_DATA.unpack(command.data)
    purse, limit = session.purse, int.from_bytes(raw, "big")
    if mac2 != crypto.overdraft_mac2(session.session, limit, session.terminal_id, date_time):
        raise Refused(Sw.MAC_WRONG)
    balance = purse.own_fen + limit
    if not 0 <= balance <= _MONEY_MAX:
        raise Refused(Sw.CONDITIONS)
    data = crypto.overdraft_tac_input(balance, purse.online, limit, session.terminal_id, date_time)
    tac = crypto.tac(session.tac, data)
    purse.balance_fen, purse.limit_fen = balance, limit
    _close(chip, session, limit, date_time, mac2, tac)
    return tac + OK


_LOADS = frozenset((crypto.TYPE_ED_LOAD, crypto.TYPE_EP_LOAD))


def _debit(chip: Chip, command: CommandApdu, session: DebitSession) -> bytes:
    _expect(command, (0x01, 0x00), _DEBIT_DATA.size)
    if session.kind == crypto.TYPE_CAPP_PURCHASE and not session.records:
        raise Refused(Sw.CONDITIONS)
    ttn, date_time, mac1 = _DEBIT_DATA.unpack(command.data)
    purse, amount, kind, terminal_id = session.purse, session.amount_fen, session.kind, session.terminal_id
    key = crypto.purchase_session_key(session.key, session.rnd, purse.offline, ttn)
    auth_id = chip.powered.auth_id if purse.options & PurseOption.AUTH_ID else b""
    if mac1 != crypto.purchase_mac1(key, amount, kind, terminal_id, date_time, auth_id):
        raise Refused(Sw.MAC_WRONG)
    mac2 = crypto.purchase_mac2(key, amount)
    tac = crypto.tac(session.tac, crypto.purchase_tac_input(amount, kind, terminal_id, ttn, date_time))
    _write_records(chip, session.records)
    away = purse.away_log and terminal_id[:2] != purse.home
    before = purse.offline
    purse.balance_fen -= amount
    purse.offline = before + 1
    _note(chip, purse, purse.away_log if away else purse.log, before, amount, kind, terminal_id, date_time)
    _prove(purse, kind, before, mac2, tac)
    chip.commit()
    return tac + mac2 + OK


def _unload(chip: Chip, command: CommandApdu, session: OnlineSession) -> bytes:
    date_time, mac2 = _online_data(command, session, (0x03, 0x00))
    purse, amount = session.purse, session.amount_fen
    balance = purse.balance_fen - amount
    mac3 = crypto.unload_mac3(session.session, balance, purse.online, amount, session.terminal_id, date_time)
    purse.balance_fen = balance
    _close(chip, session, amount, date_time, mac2, mac3)
    return mac3 + OK


def _online_data(
    command: CommandApdu, session: OnlineSession, parameters: tuple[int, int]
) -> tuple[bytes, bytes]:
    """Date and time, and the MAC2 that was right."""
    _expect(command, parameters, _ONLINE_DATA.size)
    date_time, mac2 = _ONLINE_DATA.unpack(command.data)
    if mac2 != crypto.load_mac2(session.session, session.amount_fen, session.kind, session.terminal_id, date_time):
        raise Refused(Sw.MAC_WRONG)
    return date_time, mac2


def _close(
    chip: Chip, session: OnlineSession, amount: int, date_time: bytes, mac: bytes, tac: bytes
) -> None:
    """What every online transaction leaves: its counter, log record and proof; then the store."""
    purse = session.purse
    before = purse.online
    purse.online = before + 1
    _note(chip, purse, purse.load_log, before, amount, session.kind, session.terminal_id, date_time)
    _prove(purse, session.kind, before, mac, tac)
    chip.commit()


def _note(
    chip: Chip, purse: Purse, sfi: int, before: int, amount: int, kind: int, terminal_id: bytes, date_time: bytes
) -> None:
    """A record in the purse's log; a purse without a cyclic file of the standard's size has none."""
    ef = chip.here.by_sfi(sfi) if sfi else None
    if ef is None or ef.kind & KIND_MASK != FileKind.CYCLIC or ef.size & 0xFF != LOG_RECORD_SIZE:
        return
    number = before + (purse.options & PurseOption.LOG_AFTER)
    limit = purse.limit_fen.to_bytes(3, "big")
    ef.content = cycled(ef, _LOG.pack(number, limit, amount, kind, terminal_id, date_time))


def _prove(purse: Purse, kind: int, before: int, mac: bytes, tac: bytes) -> None:
    purse.prove(kind, before + (purse.options >> 1 & 1), mac, tac)


def _capp_file(chip: Chip, sfi: int) -> Ef | None:
    """A file of variable records: 0017 of a city card, 0019 of a toll card."""
    ef = chip.here.by_sfi(sfi) if sfi else None
    return ef if ef is not None and ef.kind & KIND_MASK == FileKind.VARIABLE else None


def _write_records(chip: Chip, changed: dict[tuple[int, int], bytes]) -> None:
    for sfi in {sfi for sfi, _ in changed}:
        ef = _capp_file(chip, sfi)
        if ef is not None:
            ef.content = b"".join(changed.get((sfi, place), record) for place, record in enumerate(records(ef)))


def _expect(command: CommandApdu, parameters: tuple[int, int], size: int) -> None:
    if (command.p1, command.p2) != parameters:
        raise Refused(Sw.WRONG_P1P2)
    if len(command.data) != size:
        raise Refused(Sw.WRONG_LENGTH)
