"""The pre-shared key by which a terminal and its box open TLS (RFC 5489): AES-CMAC under K_term, 16 bytes.

Both ends have K_term, so nothing more is provisioned or stored. The label keeps it apart from the keys of a session
and from a record's MAC: who reads one of these learns none of the others. The identity is the terminal's number, as 12
hexadecimal digits; it goes in clear, and proves nothing until the handshake is over.
"""

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from shared.ids import DeviceId

PSK_SIZE = 16
_LABEL = b"openykt tls psk v1\0"


def terminal_psk(key: bytes, device: DeviceId) -> bytes:
    """16 bytes. key: K_term of this device, 16 bytes."""
    made = CMAC(AES(key))
    made.update(_LABEL + device)
    return made.finalize()


def psk_identity(device: DeviceId) -> str:
    """What the terminal calls itself in the handshake."""
    return device.hex()
