"""Blocking on the software card: applications for a while or for ever, and the whole card.

Each command is a bare MAC under the application's maintenance key. A third wrong unblocking, and a maintenance key
without tries, block for ever. Rows 841E, 8418, 8416 of pboc research, section 2.
"""

from __future__ import annotations

from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.cardfs import Block, KeyKind, KeySlot
from shared.purse.cos.chip import OK, Chip, Refused
from shared.purse.cos.secure import genuine, split, unwrap

UNBLOCK_TRIES = 3
INS_UNBLOCK = 0x18
_ALWAYS = frozenset((0xA4, 0x84, INS_UNBLOCK))
"""SELECT, GET CHALLENGE and APPLICATION UNBLOCK: what a blocked application still hears."""


def gate(chip: Chip, ins: int) -> None:
    """What a blocked card, or a command to a blocked application, is told."""
    if chip.powered.blocked:
        raise Refused(Sw.APP_BLOCKED)
    block = chip.here.block
    if block and ins not in _ALWAYS:
        raise Refused(Sw.CONDITIONS if block == Block.TEMPORARY else Sw.LOCKED_FOR_EVER)


def block_application(chip: Chip, command: CommandApdu) -> bytes:
    """841E: P2 00 for a while, 01 for ever. Never the MF."""
    if command.p1 or command.p2 not in (0x00, 0x01):
        raise Refused(Sw.WRONG_P1P2)
    if chip.here is chip.mf:
        raise Refused(Sw.CONDITIONS)
    _maintained(chip, command)
    chip.here.block = Block.PERMANENT if command.p2 else Block.TEMPORARY
    chip.commit()
    return OK


def unblock_application(chip: Chip, command: CommandApdu) -> bytes:
    """8418: opens what 841E 00 closed. The third failure in a row closes for ever: 9303."""
    if command.p1 or command.p2:
        raise Refused(Sw.WRONG_P1P2)
    here = chip.here
    if here.block == Block.PERMANENT:
        raise Refused(Sw.LOCKED_FOR_EVER)
    if here.block == Block.NONE:
        raise Refused(Sw.CONDITIONS)
    slot = _bare(chip, command)
    if here.failures >= UNBLOCK_TRIES:
        _close(chip)
    here.failures += 1
    chip.commit()
    if not genuine(chip, command, slot):
        if here.failures >= UNBLOCK_TRIES:
            _close(chip)
        raise Refused(Sw.SM_WRONG)
    here.failures, here.block = 0, Block.NONE
    chip.commit()
    return OK


def block_card(chip: Chip, command: CommandApdu) -> bytes:
    """8416: the card answers 6A81 to everything from now on."""
    if command.p1 or command.p2:
        raise Refused(Sw.WRONG_P1P2)
    _maintained(chip, command)
    chip.powered.blocked = True
    chip.commit()
    return OK


def _maintained(chip: Chip, command: CommandApdu) -> None:
    unwrap(chip, command, chip.here, _bare(chip, command))


def _bare(chip: Chip, command: CommandApdu) -> KeySlot:
    """The maintenance key of a command that is nothing but a MAC."""
    if split(chip, command)[0]:
        raise Refused(Sw.WRONG_LENGTH)
    return chip.key(KeyKind.MAINTENANCE, 0)


def _close(chip: Chip) -> None:
    chip.here.block = Block.PERMANENT
    chip.commit()
    raise Refused(Sw.LOCKED_FOR_EVER)
