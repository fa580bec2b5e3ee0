"""SELECT, READ, UPDATE and APPEND of the software card.

Each file says who may read and write it, and whether only under line protection with the application's maintenance
key. Purses are no files here. Access byte and P2 of records: pboc research, section 2; klks/fmcos-python notes.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.purse.apdu import CommandApdu, Sw
from shared.purse.commands import SFI_PUBLIC
from shared.purse.cos.cardfs import (
    KIND_MASK,
    PROTECT_ENCRYPT,
    PROTECT_MAC,
    Block,
    Directory,
    Ef,
    FileKind,
    KeyKind,
    KeySlot,
    Stored,
)
from shared.purse.cos.chip import OK, Chip, Refused, need_le, no_data
from shared.purse.cos.layout import FREE
from shared.purse.cos.secure import unwrap, wrap
from shared.purse.files import encode_directory_fci, encode_fci

_PROTECTED_CLA = 0x04
_BY_FILE_ID, _BY_NAME, _NEXT_BY_NAME = _SELECTS = ((0x00, 0x00), (0x04, 0x00), (0x04, 0x02))
"""P1 and P2 of SELECT (ISO 7816-4)."""
_FIRST, _LAST, _NEXT, _PREVIOUS, _BY_NUMBER = range(5)
"""Low bits of a record command's P2 (ISO 7816-4; FMCOS): the first four look for the tag in P1, 00 being any record."""
_ANSWER_MAX = 256
_UNUSED_P1 = 0x60
"""Bits between the mark of a short identifier and the identifier itself."""
_FREE_READ = 0x80
"""Bit of the access byte: set = the file is read without line protection."""
_Change = Callable[[bytes], bytes]
_RECORDS = frozenset((FileKind.FIXED, FileKind.VARIABLE, FileKind.CYCLIC))


# --- SELECT --------------------------------------------------------------------------------------------------------


def select(chip: Chip, command: CommandApdu) -> bytes:
    """By name, whole or its beginning: a directory, the next one too. By file id: a directory, or a file of this one.

    Without a name or id: the MF.
    """
    parameters = command.p1, command.p2
    if parameters not in _SELECTS:
        raise Refused(Sw.WRONG_P1P2)
    if not command.data:
        return _select_directory(chip, command, chip.powered.directories[0])
    if parameters == _NEXT_BY_NAME:
        return _select_directory(chip, command, chip.powered.beginning(command.data, chip.here))
    if parameters == _BY_NAME:
        whole = chip.powered.by_name(command.data)
        return _select_directory(chip, command, whole or chip.powered.beginning(command.data))
    if len(command.data) != 2:
        raise Refused(Sw.FILE_NOT_FOUND)
    fid = int.from_bytes(command.data, "big")
    ef = chip.here.by_fid(fid)
    if ef is None:
        return _select_directory(chip, command, chip.powered.by_fid(fid))
    if chip.here.block:
        raise Refused(Sw.CONDITIONS)
    chip.stand_on(ef)
    return OK


def _select_directory(chip: Chip, command: CommandApdu, stored: Stored | None) -> bytes:
    if stored is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    directory = stored.open()
    fci = _fci(chip, directory)
    if not directory.block:
        need_le(command, len(fci))
    chip.enter(directory)
    if directory.block:
        raise Refused(Sw.APP_BLOCKED if directory.block == Block.TEMPORARY else Sw.LOCKED_FOR_EVER)
    return fci + OK


def _fci(chip: Chip, directory: Directory) -> bytes:
    public = None if directory is chip.mf else directory.by_sfi(SFI_PUBLIC)
    if public is None or public.read != FREE:
        return encode_directory_fci(directory.name, has_directory_file=directory is chip.mf)
    return encode_fci(directory.name, public.content)


# --- READ ----------------------------------------------------------------------------------------------------------


def read_binary(chip: Chip, command: CommandApdu) -> bytes:
    """00B0 / 04B0 of a transparent file."""
    ef, offset = _transparent(chip, command)
    chip.require(ef.read)
    left = len(ef.content) - offset
    if left <= 0:
        raise Refused(Sw.WRONG_OFFSET)
    wanted = min(left, _ANSWER_MAX) if command.le in (None, 256) else command.le or 0
    if wanted > left:
        return bytes((0x6C, left & 0xFF))
    return _answer(chip, command, ef, ef.content[offset : offset + wanted])


def read_record(chip: Chip, command: CommandApdu) -> bytes:
    """00B2 / 04B2: by number (1 is the newest of a cyclic file, 0 the current one), or by tag, which moves there."""
    ef = _record_file(chip, command)
    chip.require(ef.read)
    found = records(ef)
    place = record_at(found, command.p1, command.p2, chip.record)
    if place is None:
        raise Refused(Sw.RECORD_NOT_FOUND)
    record = found[place]
    if command.le not in (None, 256, len(record)):
        return bytes((0x6C, len(record)))
    answer = _answer(chip, command, ef, record)
    _move_to(chip, command, place)
    return answer


def _answer(chip: Chip, command: CommandApdu, ef: Ef, data: bytes) -> bytes:
    if not command.cla & _PROTECTED_CLA:
        if not ef.access & _FREE_READ:
            raise Refused(Sw.SM_MISSING)
        no_data(command)
        return data + OK
    slot = chip.key(KeyKind.MAINTENANCE, ~ef.access >> 2 & 3)
    unwrap(chip, command, chip.here, slot)
    chip.commit()
    return wrap(chip, slot, data, hidden=bool(ef.kind & PROTECT_ENCRYPT)) + OK


# --- UPDATE and APPEND ---------------------------------------------------------------------------------------------


def update_binary(chip: Chip, command: CommandApdu) -> bytes:
    """00D6 / 04D6: writes inside the file, never beyond its end (6A84)."""
    ef, offset = _transparent(chip, command)
    if offset >= len(ef.content):
        raise Refused(Sw.WRONG_OFFSET)
    return _write(chip, command, ef, lambda data: _patched(ef.content, offset, data))


def update_record(chip: Chip, command: CommandApdu) -> bytes:
    """00DC / 04DC of a fixed or variable file; a number one past the last adds a record. A cyclic file: 6981."""
    ef = _record_file(chip, command)
    if ef.kind & KIND_MASK == FileKind.CYCLIC:
        raise Refused(Sw.FILE_KIND)
    place = 0

    def changed(data: bytes) -> bytes:
        nonlocal place
        place = _place(chip, ef, command)
        return _replaced(ef, place, data)

    answer = _write(chip, command, ef, changed)
    _move_to(chip, command, place)
    return answer


def append_record(chip: Chip, command: CommandApdu) -> bytes:
    """00E2 / 04E2: behind the others, or as the newest of a cyclic file, whose oldest goes."""
    if command.p1 or command.p2 & 7 not in (0, _BY_NUMBER):
        raise Refused(Sw.WRONG_P1P2)
    ef = _record_file(chip, command)
    if ef.kind & KIND_MASK == FileKind.CYCLIC:
        answer, chip.record = _write(chip, command, ef, lambda data: cycled(ef, _whole(ef, data))), 0
        return answer
    place = len(records(ef))
    answer, chip.record = _write(chip, command, ef, lambda data: _replaced(ef, place, data)), place
    return answer


def _write(chip: Chip, command: CommandApdu, ef: Ef, changed: _Change) -> bytes:
    """Rights, then line protection, then the change: what the data cannot be is refused with nothing changed."""
    chip.require(ef.write)
    slot, data = _incoming(chip, command, ef)
    try:
        content = changed(data)
    except Refused:
        if slot is not None:
            chip.commit()  # the MAC was right: its try is given back
        raise
    ef.content = content
    chip.commit()
    return OK


def _incoming(chip: Chip, command: CommandApdu, ef: Ef) -> tuple[KeySlot | None, bytes]:
    """What a command wants to write, and the key that protected it."""
    if not command.cla & _PROTECTED_CLA:
        if ef.kind & (PROTECT_MAC | PROTECT_ENCRYPT):
            raise Refused(Sw.SM_MISSING)
        return None, command.data
    slot = chip.key(KeyKind.MAINTENANCE, ~ef.access & 3)
    return slot, unwrap(chip, command, chip.here, slot, hidden=bool(ef.kind & PROTECT_ENCRYPT))


# --- what a record file holds --------------------------------------------------------------------------------------


def records(ef: Ef) -> list[bytes]:
    """All records: of one length, or tag, length and body each."""
    raw = ef.content
    if ef.kind & KIND_MASK != FileKind.VARIABLE:
        size = ef.size & 0xFF
        return [raw[at : at + size] for at in range(0, len(raw), size)]
    found, at = [], 0
    while at < len(raw):
        end = at + 2 + raw[at + 1]
        found.append(raw[at:end])
        at = end
    return found


def cycled(ef: Ef, record: bytes) -> bytes:
    """The content of a cyclic file with this record as its newest."""
    return (record + ef.content)[: ef.space]


def record_at(found: list[bytes], p1: int, p2: int, current: int | None = None) -> int | None:
    """The place of the record that P1 and P2 name, or None. current: where the record pointer stands, None: nowhere."""
    by = p2 & 7
    if by == _BY_NUMBER:
        place = p1 - 1 if p1 else current
        return place if place is not None and place < len(found) else None
    if by > _BY_NUMBER:
        raise Refused(Sw.WRONG_P1P2)
    marked = [place for place, record in enumerate(found) if p1 in (0, record[0])]
    if by == _NEXT and current is not None:
        marked = [place for place in marked if place > current]
    if by == _PREVIOUS and current is not None:
        marked = [place for place in marked if place < current]
    if not marked:
        return None
    return marked[0] if by in (_FIRST, _NEXT) else marked[-1]


def _move_to(chip: Chip, command: CommandApdu, place: int) -> None:
    """A record that was named by its tag is the current one; a number moves nothing."""
    if command.p2 & 7 != _BY_NUMBER:
        chip.record = place


def _place(chip: Chip, ef: Ef, command: CommandApdu) -> int:
    found = records(ef)
    place = record_at(found, command.p1, command.p2, chip.record)
    if place is None and command.p2 & 7 == _BY_NUMBER and command.p1 == len(found) + 1:
        return command.p1 - 1
    if place is None:
        raise Refused(Sw.RECORD_NOT_FOUND)
    return place


def _replaced(ef: Ef, place: int, record: bytes) -> bytes:
    kept = records(ef)
    kept[place : place + 1] = [_whole(ef, record)]
    content = b"".join(kept)
    if len(content) > ef.space:
        raise Refused(Sw.NO_SPACE)
    return content


def _whole(ef: Ef, record: bytes) -> bytes:
    """The record, if it has the form of the file: 6700, or 6A80 for a length that lies."""
    if ef.kind & KIND_MASK == FileKind.VARIABLE:
        if len(record) < 2 or len(record) != 2 + record[1]:
            raise Refused(Sw.WRONG_DATA)
    elif len(record) != ef.size & 0xFF:
        raise Refused(Sw.WRONG_LENGTH)
    return record


def _patched(content: bytes, offset: int, data: bytes) -> bytes:
    if not data:
        raise Refused(Sw.WRONG_LENGTH)
    if offset + len(data) > len(content):
        raise Refused(Sw.NO_SPACE)
    return content[:offset] + data + content[offset + len(data) :]


# --- which file ----------------------------------------------------------------------------------------------------


def _transparent(chip: Chip, command: CommandApdu) -> tuple[Ef, int]:
    """The file and the offset: by short identifier, or the current file."""
    if command.p1 & 0x80:
        if command.p1 & _UNUSED_P1:
            raise Refused(Sw.WRONG_P1P2)
        ef, offset = _by_sfi(chip, command.p1 & 0x1F), command.p2
    else:
        ef, offset = _current(chip), command.p1 << 8 | command.p2
    if ef.kind & KIND_MASK != FileKind.BINARY:
        raise Refused(Sw.FILE_KIND)
    return ef, offset


def _record_file(chip: Chip, command: CommandApdu) -> Ef:
    sfi = command.p2 >> 3
    ef = _by_sfi(chip, sfi) if sfi else _current(chip)
    if ef.kind & KIND_MASK not in _RECORDS:
        raise Refused(Sw.FILE_KIND)
    return ef


def _by_sfi(chip: Chip, sfi: int) -> Ef:
    ef = chip.here.by_sfi(sfi) if sfi else None
    if ef is None:
        raise Refused(Sw.FILE_NOT_FOUND)
    if ef is not chip.file:
        chip.stand_on(ef)
    return ef


def _current(chip: Chip) -> Ef:
    if chip.file is None:
        raise Refused(Sw.NO_CURRENT_FILE)
    return chip.file
