"""A card's files, keys and purses as values, and image format 2: how they lie in its memory.

One CRC-closed image holds everything, so that what changes together is stored together. Directories are opened when
they are selected; the others stay bytes. Knows no command and no right; holds keys, so its values show none.
Model: FMCOS (pboc research, sections 1 and 2): MF and directories below it, elementary files, one key file each.

Image: C1 02 | flags 1 | auth id (length 1) | count 1 | count x (length 2, directory) | CRC-32. Big-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct, error
from typing import NamedTuple
from zlib import crc32

from shared.purse.crypto import Key, suite_of
from shared.purse.errors import LayoutError

CARD_MARK = b"\xc1\x02"
CARD_SPACE = 8_192
"""Bytes of an image: the chip's 8 KiB. CREATE and APPEND answer 6A84 beyond."""
DIRECTORIES_MAX = 8
FILES_MAX = 31
FID_MF = 0x3F00
AID_MIN = 5
"""Bytes of the shortest name that may stand for a longer one: a registered provider's (ISO 7816-4)."""
PROOFS_MAX = 5
"""Proofs of a purse: one per transaction type that it knows."""

_CRC = 4
_BLOCKED = 0x01
_DIRECTORY = Struct(">HHBBBBBBHBB")
_EF = Struct(">BHBBBHH")
_KEY = Struct(">BBBBBBBB16s")
_PURSE = Struct(">HBBBBB2sIIHHIB")
_PROOF = Struct(">BH4s4s")
KEY_SIZE: int = _KEY.size
PURSE_ALLOTMENT = _PURSE.size + PROOFS_MAX * _PROOF.size


class FileKind(IntEnum):
    """File types of CREATE FILE, without the protection bits."""

    BINARY = 0x28
    FIXED = 0x2A
    VARIABLE = 0x2C
    CYCLIC = 0x2E
    PURSE = 0x2F
    DIRECTORY = 0x38
    KEYS = 0x3F


KIND_MASK = 0x3F
PROTECT_MAC = 0x80
PROTECT_ENCRYPT = 0x40


class KeyKind(IntEnum):
    """Key types of WRITE KEY (FMCOS numbers)."""

    ENCRYPT = 0x30
    DECRYPT = 0x31
    MAC = 0x32
    TAC = 0x34
    MAINTENANCE = 0x36
    PIN_UNBLOCK = 0x37
    PIN_RELOAD = 0x38
    CONTROL = 0x39
    PIN = 0x3A
    OVERDRAFT = 0x3C
    UNLOAD = 0x3D
    PURCHASE = 0x3E
    LOAD = 0x3F


COUNTED = frozenset(
    (KeyKind.MAINTENANCE, KeyKind.PIN_UNBLOCK, KeyKind.PIN_RELOAD, KeyKind.CONTROL, KeyKind.PIN)
)
"""Kinds whose second attribute is a try counter: high half tries at most, low half tries left."""


_RAISING = frozenset((KeyKind.CONTROL, KeyKind.PIN))
"""Kinds that give a state to whoever proves one of them."""
MONEY = frozenset((KeyKind.TAC, KeyKind.OVERDRAFT, KeyKind.UNLOAD, KeyKind.PURCHASE, KeyKind.LOAD))
"""Kinds whose second attribute is the algorithm of the key."""


class Block(IntEnum):
    """State of an application."""

    NONE = 0
    TEMPORARY = 1
    PERMANENT = 2


class PurseOption(IntEnum):
    """Bits of `Purse.options`. The first three say where a number means after +1, and the order of 805A."""

    LOG_AFTER = 0x01
    PROVE_AFTER = 0x02
    TAC_FIRST = 0x04
    AUTH_ID = 0x08
    EP_UNLOAD = 0x10
    NO_ZERO = 0x20


class KeySlot(NamedTuple):
    """One key. `first`: version, or the state after success. `second`: algorithm, or the try counter.

    `protected`: written by 84D4, so that only 84D4 may change it.
    """

    kind: int
    key_id: int
    use: int
    change: int
    first: int
    second: int
    octets: bytes
    protected: bool = False

    def __repr__(self) -> str:
        return f"KeySlot({self.kind:02X}, {self.key_id:02X}, hidden)"

    @property
    def key(self) -> Key:
        """With its suite; one of an algorithm that is not built does nothing (`suite.UNBUILT`)."""
        return Key(self.octets, suite_of(self.second)) if self.kind in MONEY else Key(self.octets)

    def encode(self) -> bytes:
        size = len(self.octets)
        if not 2 <= size <= 16:
            raise LayoutError("a key has 8 or 16 bytes, a PIN 2 to 8")
        return _KEY.pack(*self[:6], size, self.protected, self.octets)


@dataclass(slots=True)
class Ef:
    """An elementary file. `size`: bytes, or count and length of records as in CREATE FILE; newest record first."""

    kind: int
    fid: int
    read: int
    write: int
    access: int
    size: int
    content: bytes = field(default=b"", repr=False)

    @property
    def space(self) -> int:
        """Bytes that its records or content may take."""
        by_count = self.kind & KIND_MASK in (FileKind.FIXED, FileKind.CYCLIC)
        return (self.size >> 8) * (self.size & 0xFF) if by_count else self.size

    def encode(self) -> bytes:
        head = _EF.pack(self.kind, self.fid, self.read, self.write, self.access, self.size, len(self.content))
        return head + self.content


@dataclass(slots=True)
class Purse:
    """ED (file 0001) or EP (file 0002). `balance_fen` includes the overdraft limit. `log` etc. are SFIs, 0 = none.

    Debits of a terminal whose id does not begin with `home` go to `away_log`, if there is one.
    """

    fid: int
    use: int
    log: int
    load_log: int
    ceiling_fen: int
    options: int = PurseOption.LOG_AFTER | PurseOption.PROVE_AFTER
    balance_fen: int = 0
    online: int = 0
    offline: int = 0
    limit_fen: int = 0
    away_log: int = 0
    home: bytes = bytes(2)
    proofs: dict[int, bytes] = field(default_factory=dict)
    """Packed type, number, MAC and TAC, by type."""

    @property
    def own_fen(self) -> int:
        """What was loaded and not spent: negative while the overdraft is in use."""
        return self.balance_fen - self.limit_fen

    def proof(self, kind: int) -> tuple[int, bytes, bytes] | None:
        """Number, MAC and TAC of the last committed transaction of this type."""
        raw = self.proofs.get(kind)
        if raw is None:
            return None
        _, number, mac, tac = _PROOF.unpack(raw)
        return number, mac, tac

    def prove(self, kind: int, number: int, mac: bytes, tac: bytes) -> None:
        """Keeps this proof in the place of the last one of its type."""
        self.proofs[kind] = _PROOF.pack(kind, number, mac, tac)

    def encode(self) -> bytes:
        proofs = b"".join(self.proofs.values())
        head = _PURSE.pack(
            self.fid, self.use, self.log, self.load_log, self.away_log, self.options, self.home, self.ceiling_fen,
            self.balance_fen, self.online, self.offline, self.limit_fen, len(self.proofs),
        )  # fmt: skip
        return head + proofs


@dataclass(slots=True)
class Directory:
    """MF or ADF. `key_add` None: it has no key file. `keys` are its slots as bytes, looked up in place."""

    fid: int
    name: bytes
    size: int
    create: int
    erase: int
    app: int = 0
    block: int = Block.NONE
    failures: int = 0
    key_add: int | None = None
    key_space: int = 0
    keys: bytes = field(default=b"", repr=False)
    files: list[Ef] = field(default_factory=list)
    purses: list[Purse] = field(default_factory=list)

    def slot(self, kind: int, key_id: int) -> KeySlot | None:
        """The key of this kind and id."""
        at = self._find(bytes((kind, key_id)))
        return None if at < 0 else _slot(self.keys, at)

    def slots(self, kind: int) -> Iterator[KeySlot]:
        """All keys of this kind, in the order they were written."""
        return (_slot(self.keys, at) for at in range(0, len(self.keys), KEY_SIZE) if self.keys[at] == kind)

    def put(self, slot: KeySlot) -> None:
        """Writes the slot over the one with its kind and id, or behind all others."""
        raw = slot.encode()
        at = self._find(raw[:2])
        if at < 0:
            self.keys += raw
        else:
            self.keys = self.keys[:at] + raw + self.keys[at + KEY_SIZE :]

    def _find(self, head: bytes) -> int:
        """Where the slot that begins so lies, or -1; the bytes may also stand inside another slot."""
        keys = self.keys
        at = keys.find(head)
        while at % KEY_SIZE and at > 0:
            at = keys.find(head, at + 1)
        return at

    @property
    def can_raise_state(self) -> bool:
        """Whether it has a control key or a PIN."""
        return not _RAISING.isdisjoint(self.keys[::KEY_SIZE])

    def by_sfi(self, sfi: int) -> Ef | None:
        """The elementary file with this short identifier."""
        for ef in self.files:
            if ef.fid & 0x1F == sfi:
                return ef
        return None

    def by_fid(self, fid: int) -> Ef | None:
        for ef in self.files:
            if ef.fid == fid:
                return ef
        return None

    def purse(self, fid: int) -> Purse | None:
        for purse in self.purses:
            if purse.fid == fid:
                return purse
        return None

    @property
    def allotted(self) -> int:
        """Bytes that it may grow to: every file filled, every key slot and proof written."""
        head = _DIRECTORY.size + 1 + len(self.name) + max(self.key_space, len(self.keys))
        files = sum(_EF.size + max(ef.space, len(ef.content)) for ef in self.files)
        return head + files + len(self.purses) * PURSE_ALLOTMENT

    def encode(self) -> bytes:
        counts = len(self.keys) // KEY_SIZE, len(self.files), len(self.purses)
        add = (0, 0) if self.key_add is None else (1, self.key_add)
        head = _DIRECTORY.pack(
            self.fid, self.size, self.create, self.erase, self.app, self.block << 4 | self.failures, *add,
            self.key_space, counts[0], counts[1] << 2 | counts[2],
        )  # fmt: skip
        parts = [head, bytes((len(self.name),)), self.name, self.keys]
        parts += [ef.encode() for ef in self.files]
        parts += [purse.encode() for purse in self.purses]
        return b"".join(parts)

    @classmethod
    def decode(cls, raw: bytes) -> Directory:
        """LayoutError unless the bytes are one whole directory."""
        try:
            return _decode_directory(raw)
        except (error, IndexError) as fault:
            raise LayoutError("a directory of the image ends too early") from fault


class Stored:
    """A directory in its image: bytes until somebody opens it."""

    __slots__ = ("_directory", "fid", "name", "raw")

    def __init__(self, raw: bytes, directory: Directory | None = None) -> None:
        if len(raw) <= _DIRECTORY.size:
            raise LayoutError("a directory of the image ends too early")
        self.raw = raw
        self.fid = raw[0] << 8 | raw[1]
        at = _DIRECTORY.size
        self.name = raw[at + 1 : at + 1 + raw[at]]
        self._directory = directory

    @classmethod
    def of(cls, directory: Directory) -> Stored:
        return cls(directory.encode(), directory)

    def open(self) -> Directory:
        """The directory; LayoutError when its bytes are none."""
        if self._directory is None:
            self._directory = Directory.decode(self.raw)
        return self._directory

    def encode(self) -> bytes:
        return self.raw if self._directory is None else self._directory.encode()


@dataclass(slots=True)
class Card:
    """All of a card. The first directory is the MF."""

    directories: list[Stored] = field(repr=False)
    blocked: bool = False
    auth_id: bytes = b""

    @property
    def mf(self) -> Directory:
        return self.directories[0].open()

    @property
    def allotted(self) -> int:
        """Bytes of the largest image that this card may come to. Opens every directory."""
        return sum(stored.open().allotted + 2 for stored in self.directories) + 5 + len(self.auth_id) + _CRC

    def by_fid(self, fid: int) -> Stored | None:
        return next((stored for stored in self.directories if stored.fid == fid), None)

    def by_name(self, name: bytes) -> Stored | None:
        """The directory with this whole name."""
        return next((stored for stored in self.directories if stored.name == name), None)

    def beginning(self, name: bytes, after: Directory | None = None) -> Stored | None:
        """The first directory, or the first after this one, whose name begins so; AID_MIN bytes at the least."""
        places = [stored.fid for stored in self.directories]
        start = 0 if after is None else places.index(after.fid) + 1
        alike = (stored for stored in self.directories[start:] if stored.name.startswith(name))
        return next(alike, None) if len(name) >= AID_MIN else None

    def encode(self) -> bytes:
        head = bytes((self.blocked, len(self.auth_id))) + self.auth_id + bytes((len(self.directories),))
        parts = [CARD_MARK, head]
        for stored in self.directories:
            raw = stored.encode()
            parts += (len(raw).to_bytes(2, "big"), raw)
        body = b"".join(parts)
        return body + crc32(body).to_bytes(_CRC, "big")


def decode_card(raw: bytes) -> Card:
    """A card of format 2; LayoutError for another mark, a wrong CRC, or directories that do not fill it."""
    body = sealed_body(raw, CARD_MARK)
    try:
        flags, size = body[2], body[3]
        at = 4 + size
        auth_id, count = body[4:at], body[at]
        at += 1
        directories = []
        for _ in range(count):
            end = at + 2 + (body[at] << 8 | body[at + 1])
            directories.append(Stored(body[at + 2 : end]))
            at = end
    except IndexError as fault:
        raise LayoutError("the image ends too early") from fault
    if at != len(body) or not directories or directories[0].fid != FID_MF:
        raise LayoutError("the image goes on too long, or has no MF")
    return Card(directories, bool(flags & _BLOCKED), auth_id)


def sealed_body(raw: bytes, mark: bytes) -> bytes:
    """The bytes before the CRC; LayoutError for another mark or a wrong CRC."""
    body, crc = raw[:-_CRC], raw[-_CRC:]
    if raw[:2] != mark or len(body) < 4:
        raise LayoutError("not an image of this kind and version")
    if crc32(body).to_bytes(_CRC, "big") != crc:
        raise LayoutError("the image is damaged")
    return body


def _slot(keys: bytes, at: int) -> KeySlot:
    kind, key_id, use, change, first, second, size, protected, octets = _KEY.unpack_from(keys, at)
    return KeySlot(kind, key_id, use, change, first, second, octets[:size], bool(protected))


def _decode_directory(raw: bytes) -> Directory:
    fid, size, create, erase, app, state, has_keys, add, key_space, keys, counts = _DIRECTORY.unpack_from(raw)
    at = _DIRECTORY.size
    start = at + 1 + raw[at]
    end = start + keys * KEY_SIZE
    files, at = _take_files(raw, end, counts >> 2)
    purses, at = _take_purses(raw, at, counts & 3)
    if at != len(raw):
        raise LayoutError("a directory of the image has another length")
    return Directory(
        fid, raw[_DIRECTORY.size + 1 : start], size, create, erase, app, state >> 4, state & 15,
        add if has_keys else None, key_space, raw[start:end], files, purses,
    )  # fmt: skip


def _take_files(raw: bytes, at: int, count: int) -> tuple[list[Ef], int]:
    files = []
    for _ in range(count):
        kind, fid, read, write, access, size, length = _EF.unpack_from(raw, at)
        start = at + _EF.size
        at = start + length
        files.append(Ef(kind, fid, read, write, access, size, raw[start:at]))
    return files, at


def _take_purses(raw: bytes, at: int, count: int) -> tuple[list[Purse], int]:
    purses = []
    for _ in range(count):
        fid, use, log, load_log, away, options, home, ceiling, balance, online, offline, limit, proofs = (
            _PURSE.unpack_from(raw, at)
        )
        start = at + _PURSE.size
        at = start + proofs * _PROOF.size
        packed = {raw[n]: raw[n : n + _PROOF.size] for n in range(start, at, _PROOF.size)}
        purses.append(
            Purse(fid, use, log, load_log, ceiling, options, balance, online, offline, limit, away, home, packed)
        )
    return purses, at
