"""Line protection of the software card: a MAC under a key of the card, over a fresh challenge, maybe around a cipher.

Refuses without a challenge (6984), without a MAC (6987), with a wrong one (6988, and a try of the key is gone).
Form: pboc research, "Secure messaging"; key 8 bytes CBC-MAC, 16 bytes retail MAC; E(LD || data).
"""

from __future__ import annotations

from typing import NoReturn

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.cardfs import Directory, KeySlot
from shared.purse.cos.chip import Chip, Refused
from shared.purse.errors import LayoutError

MAC_SIZE = 4
_FULL_PADDING = b"\x80" + bytes(7)


def unwrap(chip: Chip, command: CommandApdu, owner: Directory, slot: KeySlot, *, hidden: bool = False) -> bytes:
    """The payload of a protected command, once its MAC was right; the key has all its tries again, in RAM.

    The caller commits. Refused otherwise, and then one try is durably gone.
    """
    payload = split(chip, command)[0]
    chip.pay_try(owner, slot)
    if not genuine(chip, command, slot):
        chip.fail(owner, slot, Sw.SM_WRONG)
    try:
        clear = _reveal(slot.key, payload) if hidden else payload
    except LayoutError:
        _malformed(chip, owner, slot)
    chip.give_back(owner, slot)
    return clear


def split(chip: Chip, command: CommandApdu) -> tuple[bytes, bytes]:
    """Payload and MAC of a command that comes right after GET CHALLENGE."""
    if not chip.fresh:
        raise Refused(Sw.NO_CHALLENGE)
    if len(command.data) < MAC_SIZE:
        raise Refused(Sw.SM_MISSING)
    return command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]


def genuine(chip: Chip, command: CommandApdu, slot: KeySlot) -> bool:
    """Whether the MAC is right; it covers the header, Lc and the payload."""
    payload, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    head = bytes((command.cla, command.ins, command.p1, command.p2, len(command.data)))
    return mac == crypto.secure_messaging_mac(slot.key, chip.fresh, head + payload)


def wrap(chip: Chip, slot: KeySlot, data: bytes, *, hidden: bool) -> bytes:
    """A protected answer: the data, encrypted if asked, and its MAC over the command's challenge."""
    body = crypto.secure_messaging_encrypt(slot.key, data) if hidden else data
    return body + crypto.secure_messaging_mac(slot.key, chip.fresh, body)


def _malformed(chip: Chip, owner: Directory, slot: KeySlot) -> NoReturn:
    """A right MAC around a cipher that opens to nothing: no attack on the key, so its try comes back."""
    chip.give_back(owner, slot)
    chip.commit()
    raise Refused(Sw.WRONG_DATA)


def _reveal(key: crypto.Key, hidden: bytes) -> bytes:
    """The clear field. Terminals in the field also pad a full field by a whole block: taken off, too."""
    try:
        return crypto.secure_messaging_decrypt(key, hidden)
    except LayoutError:
        if len(hidden) < 16 or crypto.decrypt_block(key, hidden[-8:]) != _FULL_PADDING:
            raise
        return crypto.secure_messaging_decrypt(key, hidden[:-8])
