"""A user card in software: the card operating system of an electronic purse, APDU bytes in and out.

Enforces the standard's files, rights, order, counters, floor, ceiling and MACs with the standard's status words, and
answers a change only after its memory said that it is durable. Knows no clock. A blank card is personalised by APDUs
alone (`issue`), or its image is made whole (`images`). Any bytes get a status word; only a lost card raises.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.purse.apdu import CommandApdu, Sw, word_of_unheard
from shared.purse.cos import auth as cos_auth
from shared.purse.cos import block as cos_block
from shared.purse.cos import debit as cos_debit
from shared.purse.cos import files as cos_files
from shared.purse.cos import issue as cos_issue
from shared.purse.cos import purse as cos_purse
from shared.purse.cos.cardfs import Card
from shared.purse.cos.chip import OK, Chip, Refused, no_data
from shared.purse.cos.images import CardMemory
from shared.purse.errors import ApduError, CardLost, LayoutError

ATR = bytes.fromhex("3B8180018080")
"""As PC/SC makes one for a contactless card: T=1 offered beside T=0, one historical byte 80."""
_WRONG_LENGTH = Sw.WRONG_LENGTH.to_bytes(2, "big")
_CHECKSUM = Sw.KEY_CHECKSUM.to_bytes(2, "big")


def _get_data(chip: Chip, command: CommandApdu) -> bytes:
    """80CA 0000: the chip's 安全认证识别码, if it has one."""
    auth_id = chip.powered.auth_id
    if command.p1 or command.p2 or not auth_id:
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    no_data(command)
    if command.le not in (None, 256, len(auth_id)):
        return bytes((0x6C, len(auth_id)))
    return auth_id + OK


COMMANDS: dict[int, Callable[[Chip, CommandApdu], bytes]] = {
    0x0020: cos_auth.verify_pin,
    0x0082: cos_auth.external_authenticate,
    0x0084: cos_auth.get_challenge,
    0x0088: cos_auth.internal_authenticate,
    0x00A4: cos_files.select,
    0x00B0: cos_files.read_binary,
    0x00B2: cos_files.read_record,
    0x00D6: cos_files.update_binary,
    0x00DC: cos_files.update_record,
    0x00E2: cos_files.append_record,
    0x04B0: cos_files.read_binary,
    0x04B2: cos_files.read_record,
    0x04D6: cos_files.update_binary,
    0x04DC: cos_files.update_record,
    0x04E2: cos_files.append_record,
    0x800E: cos_issue.erase_directory,
    0x8050: cos_purse.initialize,
    0x8052: cos_debit.credit,
    0x8054: cos_debit.debit,
    0x8058: cos_debit.update_limit,
    0x805A: cos_purse.prove,
    0x805C: cos_purse.get_balance,
    0x805E: cos_auth.change_pin,
    0x80CA: _get_data,
    0x80D4: cos_issue.write_key,
    0x80DC: cos_debit.update_cache,
    0x80E0: cos_issue.create_file,
    0x8416: cos_block.block_card,
    0x8418: cos_block.unblock_application,
    0x841E: cos_block.block_application,
    0x8424: cos_auth.unblock_pin,
    0x84D4: cos_issue.write_key,
}
"""By CLA and INS; each has a row in docs/conformance.md."""


_INS_BALANCE = 0x5C
_ANSWERS = {
    (0x50, 0x00): 16, (0x50, 0x01): 15, (0x50, 0x02): 15, (0x50, 0x03): 15, (0x50, 0x04): 19, (0x50, 0x05): 16,
    (0x52, 0x00): 4, (0x54, 0x01): 8, (0x54, 0x03): 4, (0x58, 0x00): 4, (0x5A, 0x00): 8, (0x5C, 0x00): 4,
}  # fmt: skip
"""Bytes that the purse's commands answer, by INS and P1."""


def _too_short(command: CommandApdu) -> bytes:
    """6Cxx for an Le that the answer would not fit into: said before anything is done, so it may be asked again."""
    if command.le is None or command.cla != 0x80 or not (command.data or command.ins == _INS_BALANCE):
        return b""
    size = _ANSWERS.get((command.ins, command.p1), 0)
    return bytes((0x6C, size)) if command.le < size else b""


def _decoded(apdu: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.decode(apdu)
    except ApduError:
        return None


class UserCard:
    """One card. `random_bytes(n)` gives n bytes; `memory` is durable when its `store` returns."""

    def __init__(self, memory: CardMemory, random_bytes: Callable[[int], bytes]) -> None:
        self._memory = memory
        self._chip = Chip(memory, random_bytes)

    def power_on(self) -> bytes:
        """Power or reset: reads the memory, forgets selection, states and session, answers the ATR.

        LayoutError if the memory holds no sound image.
        """
        self._chip.power_on()
        return ATR

    def reset(self) -> bytes:
        """The same as power_on: a reset loses every session."""
        return self.power_on()

    def power_off(self) -> None:
        self._chip.power_off()

    def transmit(self, apdu: bytes, /) -> bytes:
        """One command, one answer. CardLost without power, or when the memory lost it."""
        chip = self._chip
        card = chip.card
        if card is None:
            raise CardLost("the card has no power")
        command = _decoded(apdu)
        is_open = not (card.blocked or chip.here.block)
        if command is not None and is_open and (again := _too_short(command)):
            return again
        # What was left for "the next command" is this one's now, and nobody else's.
        chip.fresh, chip.challenge = chip.challenge, b""
        chip.begun, chip.session = chip.session, None
        if command is None:
            return _WRONG_LENGTH
        return self._run(chip, card, command)

    def _run(self, chip: Chip, card: Card, command: CommandApdu) -> bytes:
        try:
            if card.blocked or chip.here.block:
                cos_block.gate(chip, command.ins)
            run = COMMANDS.get(command.cla << 8 | command.ins)
            if run is None:
                raise Refused(word_of_unheard(command, COMMANDS))
            return run(chip, command)
        except Refused as refused:
            return refused.answer
        except LayoutError:  # a directory that only now was opened, and is none
            return _CHECKSUM
