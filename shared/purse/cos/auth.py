"""Proofs of identity at the software card: PINs, external and internal authentication, challenges.

Every comparison costs a try that is durable before it is made. A success gives the state that the key names, and all
its tries. PIN bytes end at the first FF (FMCOS pads with it). Commands: pboc research, section 2.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.cardfs import KeyKind, KeySlot
from shared.purse.cos.chip import OK, Chip, Refused, need_le, no_data, plain_parameters
from shared.purse.cos.secure import MAC_SIZE, unwrap

_TRIES_LEFT = 0x63C0
_PIN_END = b"\xff"
_BLOCK = 8
_Step = Callable[[crypto.Key, bytes], bytes]
PIN_SIZES = range(2, 9)


def get_challenge(chip: Chip, command: CommandApdu) -> bytes:
    """4 or 8 random bytes, good for the next command only."""
    plain_parameters(command)
    no_data(command)
    if command.le not in (4, 8):
        raise Refused(Sw.WRONG_LENGTH)
    chip.challenge = chip.random_bytes(command.le)
    return chip.challenge + OK


def external_authenticate(chip: Chip, command: CommandApdu) -> bytes:
    """0082: E(key, challenge), a challenge of 4 completed with zeros. 63Cx when wrong, 6983 when no try is left."""
    if command.p1:
        raise Refused(Sw.WRONG_P1P2)
    if not chip.fresh:
        raise Refused(Sw.NO_CHALLENGE)
    if len(command.data) != _BLOCK:
        raise Refused(Sw.WRONG_LENGTH)
    slot = _key(chip, KeyKind.CONTROL, command.p2)
    chip.pay_try(chip.here, slot)
    if command.data != crypto.encrypt_block(slot.key, chip.fresh.ljust(_BLOCK, b"\0")):
        raise Refused(_TRIES_LEFT | slot.second - 1 & 15)
    return _succeed(chip, slot)


def internal_authenticate(chip: Chip, command: CommandApdu) -> bytes:
    """0088: P1 00 encrypts, 01 decrypts, 02 makes a MAC, each under a key that can do nothing else."""
    if not command.data:
        raise Refused(Sw.WRONG_LENGTH)
    answer = _computed(chip, command)
    need_le(command, len(answer))
    return answer + OK


def _computed(chip: Chip, command: CommandApdu) -> bytes:
    match command.p1:
        case 0x00:
            return _blocks(_key(chip, KeyKind.ENCRYPT, command.p2), command.data, crypto.encrypt_block)
        case 0x01:
            return _blocks(_key(chip, KeyKind.DECRYPT, command.p2), command.data, crypto.decrypt_block)
        case 0x02:
            slot = _key(chip, KeyKind.MAC, command.p2)
            return crypto.secure_messaging_mac(slot.key, bytes(_BLOCK), command.data)
        case _:
            raise Refused(Sw.WRONG_P1P2)


def verify_pin(chip: Chip, command: CommandApdu) -> bytes:
    """0020: 63Cx when wrong, 6983 when no try is left, 9403 when there is no such PIN."""
    if command.p1 or len(command.data) not in PIN_SIZES:
        raise Refused(Sw.WRONG_P1P2 if command.p1 else Sw.WRONG_LENGTH)
    slot = chip.key(KeyKind.PIN, command.p2)
    _compare(chip, slot, command.data)
    return _succeed(chip, slot)


def change_pin(chip: Chip, command: CommandApdu) -> bytes:
    """805E 01: old FF new, at the price of a try. 805E 00: new and a MAC under DRPK left XOR right; it unblocks."""
    if command.p1 == 0x01:
        return _change(chip, command)
    if command.p1 == 0x00:
        return _reload(chip, command)
    raise Refused(Sw.WRONG_P1P2)


def unblock_pin(chip: Chip, command: CommandApdu) -> bytes:
    """8424 id 00: the PIN itself, encrypted and with a MAC under DPUK, gives its tries back. 9403, 6988, 9303."""
    if command.p2:
        raise Refused(Sw.WRONG_P1P2)
    slot = _pin(chip, command.p1)
    keeper = _keeper(chip, KeyKind.PIN_UNBLOCK, command.p1)
    pin = unwrap(chip, command, chip.here, keeper, hidden=True)
    if _end(pin) != _end(slot.octets):
        chip.commit()
        raise Refused(Sw.WRONG_DATA)
    chip.give_back(chip.here, slot)
    chip.commit()
    return OK


def _change(chip: Chip, command: CommandApdu) -> bytes:
    old, _, rest = command.data.partition(_PIN_END)
    new = rest.lstrip(_PIN_END)
    if len(new) not in PIN_SIZES or not old:
        raise Refused(Sw.WRONG_LENGTH)
    slot = chip.key(KeyKind.PIN, command.p2)
    _compare(chip, slot, old)
    return _succeed(chip, slot._replace(octets=new))


def _reload(chip: Chip, command: CommandApdu) -> bytes:
    new, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    if len(new) not in PIN_SIZES:
        raise Refused(Sw.WRONG_LENGTH)
    slot = _pin(chip, command.p2)
    keeper = _keeper(chip, KeyKind.PIN_RELOAD, command.p2)
    chip.pay_try(chip.here, keeper)
    if mac != crypto.pin_reload_mac(keeper.key, new):
        chip.fail(chip.here, keeper, Sw.MAC_WRONG)
    chip.give_back(chip.here, keeper)
    chip.give_back(chip.here, slot._replace(octets=new))
    chip.commit()
    return OK


def _compare(chip: Chip, slot: KeySlot, pin: bytes) -> None:
    chip.pay_try(chip.here, slot)
    if _end(pin) != _end(slot.octets):
        raise Refused(_TRIES_LEFT | slot.second - 1 & 15)


def _succeed(chip: Chip, slot: KeySlot) -> bytes:
    chip.give_back(chip.here, slot)
    chip.commit()
    chip.raise_state(slot.first)
    return OK


def _key(chip: Chip, kind: int, key_id: int) -> KeySlot:
    """As `chip.key`, with the word that authentications use for a key that is not there."""
    if chip.here.slot(kind, key_id) is None:
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    return chip.key(kind, key_id)


def _pin(chip: Chip, key_id: int) -> KeySlot:
    slot = chip.here.slot(KeyKind.PIN, key_id)
    if slot is None:
        raise Refused(Sw.KEY_NOT_FOUND)
    return slot


def _keeper(chip: Chip, kind: int, pin_id: int) -> KeySlot:
    """DPUK or DRPK of this PIN: the key with the PIN's id, else number 0."""
    return chip.key(kind, pin_id if chip.here.slot(kind, pin_id) else 0)


def _blocks(slot: KeySlot, data: bytes, step: _Step) -> bytes:
    if len(data) % _BLOCK:
        raise Refused(Sw.WRONG_LENGTH)
    return b"".join(step(slot.key, data[at : at + _BLOCK]) for at in range(0, len(data), _BLOCK))


def _end(pin: bytes) -> bytes:
    return pin.partition(_PIN_END)[0]
