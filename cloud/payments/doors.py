"""The doors of payments over an opened ledger, with the operating system's own randomness."""

import secrets

from cloud.ledger.journal.opened import OpenedLedger
from cloud.payments.codes.door import CodeDoor
from cloud.payments.offline.door import OfflineDoor, PhoneSigner
from cloud.payments.orders.door import OrderDoor


def codes(opened: OpenedLedger) -> CodeDoor:
    """Of payment codes."""
    return CodeDoor(opened, secrets.token_bytes)


def orders(opened: OpenedLedger) -> OrderDoor:
    """Of pay orders."""
    return OrderDoor(opened, secrets.token_bytes)


def offline(opened: OpenedLedger, signer: PhoneSigner | None) -> OfflineDoor:
    """Of phones' certificates. signer: the key process at the wallet's socket; None: nobody signs here."""
    return OfflineDoor(opened, signer, secrets.token_bytes)
