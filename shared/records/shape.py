"""The bytes of a class of records: described once, its fields in order; their codec and length check follow. Pure."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from shared.errors import WireFault
from shared.records.widths import parsed, struct_of

R = TypeVar("R", bound=tuple[Any, ...])


class Presence(Enum):
    """Does a kind's record hold the part that its shape may hold?"""

    NEVER = "never"
    ALWAYS = "always"
    EITHER = "either"


_NEVER, _ALWAYS = Presence.NEVER, Presence.ALWAYS
"""An enum's own look-up takes a tenth of the time of reading a record."""


class Part(NamedTuple):
    """What a shape may hold more: the last field of its class, and in the bytes in front of the field `before`.

    absent: the value of none. pack, read: a value's bytes, and back; without them bytes as they are, and last.
    """

    name: str
    fields: str
    absent: Any
    pack: Callable[[Any], bytes] | None = None
    read: Callable[[bytes], Any] | None = None
    before: str = ""


class Shape(Generic[R]):
    """A named tuple's bytes. fields: "name width, name width", in the order of the class and of the bytes."""

    def __init__(self, make: Callable[[Iterable[Any]], R], fields: str, part: Part | None = None) -> None:
        self.make, self.fields, self.part = make, parsed(fields), part
        names = [name for name, _ in self.fields]
        self.part_at = names.index(part.before) if part and part.before else len(names)
        self._bare = struct_of(self.fields)
        self._pack, self._unpack = self._bare.pack, self._bare.unpack
        self._front, self._back = struct_of(self.fields[: self.part_at]), struct_of(self.fields[self.part_at :])
        self._absent = (part.absent,) if part else ()
        self._is_plain = part is not None and part.pack is None
        self.size = self._bare.size
        self.whole_size = self.size + (struct_of(parsed(part.fields)).size if part else 0)

    def encode(self, record: R) -> bytes:
        """Its bytes; what the fields hold is not judged."""
        part = self.part
        if part is None:
            return self._pack(*record)
        bare, held = self._pack(*record[:-1]), record[-1]
        if not held:
            return bare
        if self._is_plain:
            return bare + held  # type: ignore[no-any-return]  # bytes
        return self._around(bare, part, held)

    def decode(self, wire: bytes, presence: Presence) -> R:
        """WireFault when the length is another one."""
        size = len(wire)
        if size == self.size and presence is not _ALWAYS:
            return self.make(self._unpack(wire) + self._absent)
        if size == self.whole_size and presence is not _NEVER and self.part is not None:
            return self._with_part(wire, self.part)
        raise WireFault(f"record of {size} bytes, its kind has {self.size_of(presence)}")

    def size_of(self, presence: Presence) -> int:
        """Bytes of a record that holds the part, or need not."""
        return self.whole_size if presence is Presence.ALWAYS else self.size

    def _around(self, bare: bytes, part: Part, held: Any) -> bytes:  # noqa: ANN401  # the part's
        at, packed = self._front.size, part.pack(held) if part.pack else held
        return bare[:at] + packed + bare[at:]

    def _with_part(self, wire: bytes, part: Part) -> R:
        if part.read is None:
            return self.make((*self._bare.unpack_from(wire), wire[self.size :]))
        begin, end = self._front.size, len(wire) - self._back.size
        around = self._front.unpack_from(wire) + self._back.unpack_from(wire, end)
        return self.make((*around, part.read(wire[begin:end])))
