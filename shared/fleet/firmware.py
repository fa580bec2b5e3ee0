"""Firmware 固件 as a document: an image for one hardware model, and its release. Frozen bytes. Pure.

The manifest that a terminal checks is the document's head, 117 bytes with its signature: hardware (a model's scope),
release counter (the generation), length and digest. It has no expiry, and no clock is asked: whoever holds a release
takes no older one. The image says model and release again, so that a head is never put before another one's bytes.

Form 1 is the byte 1, model 2, release 4, length of the name 1, the name, the program: source of one Python module.
Form 2 says before the program which key comes next: version 1, public key 32, and that key's own signature 64 (of
shared/keys/firmware_key.py). The head covers it, so the change is signed by the old key and by the new one.
"""

import struct
from typing import NamedTuple

from shared.errors import WireFault
from shared.fleet.document import GENERATION_MAX, LENGTH_MAX, DocumentKind, Head, model_scope

FORM, WITH_NEXT_KEY = 1, 2
NAME_MAX = 32
MODELS = {"pos": 1, "validator": 2, "load": 3, "desk": 4}
"""Hardware models by the kind of terminal, as HELLO says them."""
_HEAD = struct.Struct(">BHIB")
_NEXT = struct.Struct(">B32s64s")


class NextKey(NamedTuple):
    """The firmware key that a terminal believes besides, once it runs this image. proof: of whoever holds it."""

    version: int
    public: bytes
    proof: bytes


class Image(NamedTuple):
    """release: from 2 on, for 1 is what a terminal is built with."""

    model: int
    release: int
    name: str
    program: bytes
    next_key: NextKey | None = None

    def encode(self) -> bytes:
        """The document's bytes. WireFault where a value is out of its bounds."""
        name = self.name.encode()
        form = FORM if self.next_key is None else WITH_NEXT_KEY
        following = b"" if self.next_key is None else _NEXT.pack(*self.next_key)
        raw = _HEAD.pack(form, self.model, self.release, len(name)) + name + following + self.program
        if decode_image(raw) != self:
            raise WireFault("an image that is none")
        return raw

    def is_of(self, head: Head) -> bool:
        """Is it what this head stands before?"""
        return (head.kind, head.scope, head.generation) == (
            DocumentKind.FIRMWARE, model_scope(self.model), self.release,
        )  # fmt: skip


def decode_image(raw: bytes) -> Image:
    """WireFault when malformed."""
    if len(raw) < _HEAD.size or len(raw) > LENGTH_MAX[DocumentKind.FIRMWARE] or raw[0] not in (FORM, WITH_NEXT_KEY):
        raise WireFault(f"an image of {len(raw)} bytes")
    form, model, release, size = _HEAD.unpack_from(raw)
    name, program = raw[_HEAD.size : _HEAD.size + size], raw[_HEAD.size + size :]
    next_key = None
    if form == WITH_NEXT_KEY and len(program) >= _NEXT.size:
        next_key, program = NextKey._make(_NEXT.unpack_from(program)), program[_NEXT.size :]
    elif form == WITH_NEXT_KEY:
        raise WireFault("an image without the key that it names")
    if not 1 < release <= GENERATION_MAX or not 0 < size <= NAME_MAX or not program:
        raise WireFault(f"an image: release {release}, a name of {size} bytes")
    return Image(model, release, _name(name), program, next_key)


def _name(raw: bytes) -> str:
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError as wrong:
        raise WireFault("an image's name that is no text") from wrong
    if not name.isprintable():
        raise WireFault("an image's name that is not printable")
    return name
