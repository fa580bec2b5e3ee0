"""The virtual reader that both ends agree on: its name, its two slots, its ports, and its entry for pcscd.

Debian's vpcd gives every reader exactly two slots, and a second entry in the configuration kills all readers. Its way
of dialling out (DEVICENAME host:port) is not used: when the line drops, pcscd aborts.
"""

from __future__ import annotations

from pathlib import Path

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SLOTS = 2
FIRST_PORT = 35963
"""vpcd's own port; slot n listens at the first port + n."""
READER = "OpenYKT virtual"
CARD_READER = f"{READER} 00 00"
PSAM_READER = f"{READER} 00 01"
HIDDEN = "hidden"
"""Said to a room with mounts of its own."""
SOCKET = "pcscd.comm"
PID = "pid"
READERS = "reader.conf.d/openykt"
"""In the folder of a private pcscd, as its socket and its number; empty: no reader is plugged in."""


def configuration(driver: Path = DRIVER) -> str:
    """reader.conf with the one reader."""
    return (
        f'FRIENDLYNAME "{READER}"\nDEVICENAME   /dev/null:0x{FIRST_PORT:04X}\n'
        f"LIBPATH      {driver}\nCHANNELID    0x{FIRST_PORT:04X}\n"
    )
