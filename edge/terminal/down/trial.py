"""Firmware on trial: how often an image was tried that has not passed its self-test yet, and which one failed. Pure.

It is written down before anything of an image runs, so that one which takes the body down with it is tried no more than
TRIES_MAX times; then, or when it says itself that it is wrong, the body goes on with what ran before, and that image is
condemned by its digest. Frozen bytes: form 1 ‖ tries 1 ‖ condemned 1 ‖ digest 32 ‖ CRC-32 4.
"""

import struct
from zlib import crc32

from edge.terminal.store.papers import Papers

NAME = "firmware-trial"
TRIES_MAX = 3
_FIXED = struct.Struct(">BB?32s")
_CRC = struct.Struct(">I")


class Trials:
    """Of one body. What was kept and cannot be read is as if nothing had been tried."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._digest, self._tries, self._is_condemned = b"", 0, False

    def boot(self) -> None:
        """StoreFault when the medium refuses."""
        raw = self._papers.read(NAME) if NAME in self._papers.names() else b""
        if len(raw) == _FIXED.size + _CRC.size and _CRC.pack(crc32(raw[: _FIXED.size])) == raw[_FIXED.size :]:
            _, self._tries, self._is_condemned, self._digest = _FIXED.unpack_from(raw)

    def is_condemned(self, digest: bytes) -> bool:
        """It failed, or was tried too often."""
        return digest == self._digest and (self._is_condemned or self._tries >= TRIES_MAX)

    def begin(self, digest: bytes) -> None:
        """It is about to run. StoreFault: then it must not."""
        self._keep(digest, self._tries + 1 if digest == self._digest else 1, is_condemned=False)

    def end(self, digest: bytes, *, has_passed: bool) -> None:
        """StoreFault: then it is tried again."""
        self._keep(digest, 0, is_condemned=not has_passed)

    def _keep(self, digest: bytes, tries: int, *, is_condemned: bool) -> None:
        raw = _FIXED.pack(1, tries, is_condemned, digest)
        self._papers.keep(NAME, raw + _CRC.pack(crc32(raw)))
        self._digest, self._tries, self._is_condemned = digest, tries, is_condemned
