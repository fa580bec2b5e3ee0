"""How a terminal signs what no card has signed: voids, account payments, reversals."""

from collections.abc import Callable

from edge.terminal.store.flash import Flash
from shared.errors import RuleBroken
from shared.ids import DeviceId
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.records import Stored

Sign = Callable[[bytes], bytes]
"""Wire bytes without their MAC → the MAC."""


def signer(flash: Flash, device: DeviceId, key: bytes) -> Sign:
    """For records of the current epoch. key: K_term."""

    def sign(before: bytes) -> bytes:
        return terminal_mac(key, mac_input(stored(flash, device, before)))

    return sign


def stored(flash: Flash, device: DeviceId, wire: bytes) -> bytes:
    """As the box will keep it."""
    epoch = flash.current
    if epoch is None:
        raise RuleBroken("no epoch, nothing to sign")
    return Stored(device, epoch.epoch, epoch.psam, wire).to_bytes()
