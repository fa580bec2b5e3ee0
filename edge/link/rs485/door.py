"""The one door to pyserial: open a port with everything set at once, then read and write without waiting.

Nothing is changed on an open port: a setting that fails stays half set and breaks every later one. Who drives the
transmitter is configuration, never found out by trying (research "links" part 5).
"""

import contextlib
import os
import select
from dataclasses import dataclass
from enum import Enum

import serial
import serial.rs485

_READ_BYTES = 4096


class LineLostError(Exception):
    """The port cannot be opened now, or went away."""


class Direction(Enum):
    """Who switches the RS-485 transmitter on and off."""

    NONE = "none"
    ADAPTER = "adapter"
    KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """8 data bits, no parity, 1 stop bit: what every RS-485 adapter can do."""

    port: str
    baud: int = 115_200
    direction: Direction = Direction.ADAPTER


class SerialDoor:
    """An open port. Raises LineLostError from everything; `settings` out of range raise ValueError."""

    def __init__(self, settings: SerialSettings) -> None:
        line = serial.Serial()
        line.port = settings.port
        line.baudrate = settings.baud
        line.timeout = 0
        line.write_timeout = 0
        line.exclusive = True
        if settings.direction is Direction.KERNEL:
            line.rs485_mode = serial.rs485.RS485Settings()
        try:
            line.open()
        except (OSError, ValueError) as trouble:
            # pyserial says ValueError when the driver has no RS-485 mode; SerialException is an OSError.
            line.close()
            raise LineLostError(str(trouble)) from trouble
        self._line = line
        self._descriptor: int = line.fileno()

    def fileno(self) -> int:
        """The descriptor, readable when bytes are there."""
        return self._descriptor

    def read(self) -> bytes:
        """What is there, perhaps nothing."""
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as trouble:
            raise LineLostError(str(trouble)) from trouble
        # pyserial opens with VMIN 0: no bytes is nothing to read, or the end of a port that was pulled out.
        if not data and self._is_hung_up():
            raise LineLostError("the port was hung up")
        return data

    def write(self, data: bytes) -> int:
        """How many bytes the driver took, perhaps none."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as trouble:
            raise LineLostError(str(trouble)) from trouble

    def _is_hung_up(self) -> bool:
        poller = select.poll()
        poller.register(self._descriptor, 0)
        return bool(poller.poll(0))

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):
            self._line.close()
