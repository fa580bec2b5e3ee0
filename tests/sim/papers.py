"""A terminal's papers in memory: each is replaced whole or not at all, and the power may go on either side of that.

What is durable is read off the bytes, by their frozen places, and not by the core that wrote them.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple
from zlib import crc32

from edge.terminal.store.papers import MemoryPapers
from shared.errors import WireFault
from shared.fleet.document import HEAD_SIZE, SIGNATURE_SIZE, DocumentKind, Scope, decode_head, digest_of

_CRC_SIZE = 4
_WAITING, _MOMENT_SIZE = 2, 5
_HEAD_AT = 1 + 4 + 1 + 32 + 64
_BODY_AT = _HEAD_AT + HEAD_SIZE + SIGNATURE_SIZE


class OnPaper(NamedTuple):
    """What a paper says that it is. digest: of its bytes."""

    generation: int
    digest: bytes


class SimPapers(MemoryPapers):
    """step: asked on both sides of each write; it may raise PowerCut, or StoreFault where the medium refuses."""

    def __init__(self, step: Callable[[str, str, bytes], None]) -> None:
        super().__init__()
        self._step = step

    def keep(self, name: str, raw: bytes) -> None:
        """As the real one."""
        self._step("before", name, raw)
        super().keep(name, raw)
        self._step("behind", name, raw)

    def rot(self, random: Random) -> str:
        """A bit of one of them flips; which one, empty where there is none."""
        if not self.held:
            return ""
        name = random.choice(sorted(self.held))
        raw = bytearray(self.held[name])
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        self.held[name] = bytes(raw)
        return name

    def find(self, kind: DocumentKind, scope: Scope) -> list[OnPaper]:
        """Of this document, what counts and what waits."""
        name = f"{kind.name.lower()}-{scope.hex()}"
        found = (_read(self.held.get(one, b"")) for one in (name, f"{name}-next"))
        return [one for one in found if one is not None]


def _read(raw: bytes) -> OnPaper | None:
    if raw[-_CRC_SIZE:] != crc32(raw[:-_CRC_SIZE]).to_bytes(_CRC_SIZE, "big"):
        return None
    if raw[:1] == bytes((_WAITING,)):
        raw = raw[_MOMENT_SIZE:-_CRC_SIZE]
    if len(raw) < _BODY_AT + _CRC_SIZE:
        return None
    try:
        head = decode_head(raw[_HEAD_AT : _HEAD_AT + HEAD_SIZE])
    except WireFault:
        return None
    return OnPaper(head.generation, digest_of(raw[_BODY_AT:-_CRC_SIZE]))
