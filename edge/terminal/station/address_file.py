"""The address on a bus that the edge gave a body: in a file, so that all of a bus join at once after a power cut."""

import logging
import os
from pathlib import Path
from zlib import crc32

from edge.files.disk import sync_folder
from edge.link.port import FIRST_TERMINAL, LAST_TERMINAL
from shared.words.refused import why_not
from shared.words.voice import Text

log = logging.getLogger(__name__)

FILE = "address.bin"
_NEW = ".new"


class AddressFile:
    """DATA/terminals/NAME/address.bin: address 1 ‖ CRC-32 4 over device number and address."""

    def __init__(self, folder: Path, device: bytes) -> None:
        self._path = folder / FILE
        self._device = device

    def read(self) -> int:
        """0 when there is none that can be read, and for another body's: it is claimed anew."""
        try:
            raw = self._path.read_bytes()
        except OSError:
            return 0
        is_ours = len(raw) == 5 and raw == self._row(raw[0]) and FIRST_TERMINAL <= raw[0] <= LAST_TERMINAL
        return raw[0] if is_ours else 0

    def keep(self, address: int) -> None:
        """Durable when it returns. A medium that refuses it is told; then it is claimed again at the next power-on."""
        fresh = self._path.with_suffix(_NEW)
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(self._row(address))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._path)
            sync_folder(self._path.parent)
        except OSError as fault:
            why = why_not(fault)
            log.warning("%s", Text(f"地址未能保存：{why}", f"{self._path}: the address is not kept: {why}"))

    def _row(self, address: int) -> bytes:
        return bytes((address,)) + crc32(self._device + bytes((address,))).to_bytes(4, "big")
