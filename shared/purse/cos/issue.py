"""Issuing on the software card: CREATE FILE, ERASE DF, WRITE KEY. A blank card becomes a personal one by these alone.

A directory below the MF has no directory below it. A key that came by 84D4 is changed by 84D4 only; its control key is
number 00 of the directory, or of the MF while the directory has none. Forms: pboc research, "Issuing" (FMCOS).
Ours: 80E0 of a purse may go on with load log 1, away log 1, options 1, home 2, ceiling 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.auth import PIN_SIZES
from shared.purse.cos.cardfs import (
    COUNTED,
    DIRECTORIES_MAX,
    FILES_MAX,
    KEY_SIZE,
    KIND_MASK,
    PURSE_ALLOTMENT,
    Directory,
    Ef,
    FileKind,
    KeyKind,
    KeySlot,
    Purse,
    Stored,
)
from shared.purse.cos.chip import OK, Chip, Refused
from shared.purse.cos.images import CEILING_FEN
from shared.purse.cos.layout import ED, EP
from shared.purse.cos.secure import unwrap

FILE_EXISTS = 0x6A89
NAME_EXISTS = 0x6A8A
ADD_KEY = 0x01
_PROTECTED_CLA = 0x04
_DIRECTORY = Struct(">BHBBB2x")
_KEY_FILE = Struct(">BHBB2x")
_EF = Struct(">BHBBxB")
_PURSE = Struct(">B2sBxxB")
_PURSE_MORE = Struct(">BBB2sI")
_KEY_HEAD = Struct(">BBBBB")
_NAME_SIZES = range(1, 17)
_KINDS = frozenset(KeyKind)
_BOTH_SIZES = frozenset((KeyKind.ENCRYPT, KeyKind.DECRYPT, KeyKind.MAC, KeyKind.MAINTENANCE, KeyKind.CONTROL))


# --- CREATE FILE ---------------------------------------------------------------------------------------------------


def create_file(chip: Chip, command: CommandApdu) -> bytes:
    """80E0: directory, key file, elementary file or purse, with its rights. 6982, 6A80, 6A84, 6A89, 6A8A."""
    chip.require(chip.here.create)
    if not command.data:
        raise Refused(Sw.WRONG_LENGTH)
    fid = command.p1 << 8 | command.p2
    kind = command.data[0]
    if kind == FileKind.DIRECTORY:
        _create_directory(chip, fid, command.data)
    elif kind == FileKind.KEYS:
        _create_key_file(chip, command.data)
    elif kind == FileKind.PURSE:
        _create_purse(chip, fid, command.data)
    else:
        _create_ef(chip, fid, command.data)
    chip.commit()
    return OK


def _create_directory(chip: Chip, fid: int, data: bytes) -> None:
    if chip.here is not chip.mf:
        raise Refused(Sw.CONDITIONS)
    name = data[_DIRECTORY.size :]
    if len(name) not in _NAME_SIZES:
        raise Refused(Sw.WRONG_LENGTH)
    card = chip.powered
    if card.by_fid(fid) is not None or chip.mf.by_fid(fid) is not None:
        raise Refused(FILE_EXISTS)
    if card.by_name(name) is not None:
        raise Refused(NAME_EXISTS)
    if len(card.directories) >= DIRECTORIES_MAX:
        raise Refused(Sw.NO_SPACE)
    _, size, create, erase, app = _DIRECTORY.unpack_from(data)
    stored = Stored.of(Directory(fid, name, size, create, erase, app))
    chip.need_room(len(stored.raw) + 2)
    card.directories.append(stored)


def _create_key_file(chip: Chip, data: bytes) -> None:
    if len(data) != _KEY_FILE.size:
        raise Refused(Sw.WRONG_LENGTH)
    if chip.here.key_add is not None:
        raise Refused(FILE_EXISTS)
    _, space, _sfi, add = _KEY_FILE.unpack(data)
    chip.need_room(space)
    chip.here.key_add, chip.here.key_space = add, space


def _create_purse(chip: Chip, fid: int, data: bytes) -> None:
    if len(data) not in (_PURSE.size, _PURSE.size + _PURSE_MORE.size):
        raise Refused(Sw.WRONG_LENGTH)
    if fid not in (ED, EP) or chip.here is chip.mf:
        raise Refused(Sw.WRONG_DATA)
    _need_free(chip, fid)
    _, _size, use, log = _PURSE.unpack_from(data)
    purse = Purse(fid, use, log, log, CEILING_FEN)
    if len(data) > _PURSE.size:
        fields = _PURSE_MORE.unpack_from(data, _PURSE.size)
        purse.load_log, purse.away_log, purse.options, purse.home, purse.ceiling_fen = fields
    chip.need_room(PURSE_ALLOTMENT)
    chip.here.purses.append(purse)


def _create_ef(chip: Chip, fid: int, data: bytes) -> None:
    if len(data) != _EF.size:
        raise Refused(Sw.WRONG_LENGTH)
    kind, size, read, write, access = _EF.unpack(data)
    plain = kind & KIND_MASK
    if plain not in (FileKind.BINARY, FileKind.FIXED, FileKind.VARIABLE, FileKind.CYCLIC):
        raise Refused(Sw.WRONG_DATA)
    _need_free(chip, fid)
    ef = Ef(kind, fid, read, write, access, size)
    if not ef.space:
        raise Refused(Sw.WRONG_DATA)
    ef.content = bytes(size) if plain == FileKind.BINARY else b""
    chip.need_room(len(ef.encode()) - len(ef.content) + ef.space)
    if sum(one.space for one in chip.here.files) + ef.space > _room(chip.here):
        raise Refused(Sw.NO_SPACE)
    chip.here.files.append(ef)


def _need_free(chip: Chip, fid: int) -> None:
    here = chip.here
    if here.by_fid(fid) is not None or here.purse(fid) is not None:
        raise Refused(FILE_EXISTS)
    if len(here.files) >= FILES_MAX:
        raise Refused(Sw.NO_SPACE)


def _room(directory: Directory) -> int:
    """What a directory said it would take; the MF and a directory that said nothing take what the card has."""
    return directory.size or 0xFFFF


def erase_directory(chip: Chip, command: CommandApdu) -> bytes:
    """800E: everything in the current directory goes, purses and keys too; at the MF, all of the card's files."""
    if command.data or command.p1 or command.p2:
        raise Refused(Sw.WRONG_P1P2)
    here = chip.here
    chip.require(here.erase)
    here.key_add, here.key_space, here.keys, here.files, here.purses = None, 0, b"", [], []
    if here is chip.mf:
        del chip.powered.directories[1:]
    chip.stand_on(None)
    chip.commit()
    return OK


# --- WRITE KEY -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A key as WRITE KEY brings it."""

    slot: KeySlot
    is_new: bool


def write_key(chip: Chip, command: CommandApdu) -> bytes:
    """80D4 / 84D4: P1 01 adds, P1 = type replaces (whole field, or the bare key). 6982, 6A80, 6A84, 6A88, 9403."""
    if chip.here.key_add is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    protected = bool(command.cla & _PROTECTED_CLA)
    field = _protected_field(chip, command) if protected else command.data
    try:
        wanted = _parse(chip, command, field, protected=protected)
        _permit(chip, wanted, protected=protected)
    except Refused:
        if protected:
            chip.commit()  # the MAC was right: its try is given back
        raise
    chip.here.put(wanted.slot)
    chip.commit()
    return OK


def _protected_field(chip: Chip, command: CommandApdu) -> bytes:
    owner = chip.here
    slot = owner.slot(KeyKind.CONTROL, 0)
    if slot is None:
        owner = chip.mf
        slot = owner.slot(KeyKind.CONTROL, 0)
    if slot is None:
        raise Refused(Sw.KEY_NOT_FOUND)
    return unwrap(chip, command, owner, slot, hidden=True)


def _parse(chip: Chip, command: CommandApdu, field: bytes, *, protected: bool) -> _Wanted:
    old = None if command.p1 == ADD_KEY else chip.here.slot(command.p1, command.p2)
    if old is not None and old.kind != KeyKind.PIN and len(field) == len(old.octets):
        return _Wanted(old._replace(octets=field, protected=protected), is_new=False)
    if len(field) <= _KEY_HEAD.size:
        raise Refused(Sw.WRONG_LENGTH)
    typed, use, change, first, second = _KEY_HEAD.unpack_from(field)
    octets = field[_KEY_HEAD.size :]
    kind = typed & KIND_MASK
    _check_form(kind, second, octets)
    if command.p1 not in (ADD_KEY, kind):
        raise Refused(Sw.WRONG_P1P2)
    slot = KeySlot(kind, command.p2, use, change, first, second, octets, protected)
    return _Wanted(slot, is_new=command.p1 == ADD_KEY)


def _check_form(kind: int, second: int, octets: bytes) -> None:
    if kind not in _KINDS:
        raise Refused(Sw.WRONG_DATA)
    sizes = PIN_SIZES if kind == KeyKind.PIN else (8, 16) if kind in _BOTH_SIZES else (16,)
    if len(octets) not in sizes:
        raise Refused(Sw.WRONG_LENGTH)
    if kind in COUNTED and not 0 < second & 15 <= second >> 4:
        raise Refused(Sw.WRONG_DATA)


def _permit(chip: Chip, wanted: _Wanted, *, protected: bool) -> None:
    here, slot = chip.here, wanted.slot
    old = here.slot(slot.kind, slot.key_id)
    if wanted.is_new:
        if old is not None:
            raise Refused(FILE_EXISTS)
        chip.require(_add_right(here))
        if len(here.keys) + KEY_SIZE > here.key_space:
            raise Refused(Sw.NO_SPACE)
        return
    if old is None:
        raise Refused(Sw.KEY_NOT_FOUND)
    if old.protected and not protected:
        raise Refused(Sw.SM_MISSING)
    chip.require(old.change)


def _add_right(directory: Directory) -> int:
    if directory.key_add is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    return directory.key_add
