"""What a terminal and an edge say to each other: the layouts of RECORDS.md, one description per message.

First byte type; second byte, on all but the single-frame forms, protocol version (high nibble) and the index
of the epoch that the message speaks of (low two bits: position in the epoch list of WELCOME). Big-endian.
0x20 to 0x27 carry documents of the fleet (shared/fleet/document.py); 0x28 and 0x29 are of the wire itself; from 0x2A
to 0x2F: kept for broadcasts; 0x30 to 0x32 are what a terminal says at length, and counts.

Not described here, for they carry other bytes: RECORD is sealed record bytes (shared/records/), ACK and SETTLED are
single frames of seal.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from edge.link.layout import PROTOCOL, Form, Layout, Rows, Way
from shared.errors import WireFault
from shared.fleet.delta import Delta, Patch
from shared.fleet.document import (
    CAMPUS,
    DIGEST_SIZE,
    HEAD_SIZE,
    LENGTH_MAX,
    SCOPE_SIZE,
    SIGNATURE_SIZE,
    DocumentKind,
    Head,
    Scope,
    SignedHead,
    page_count,
    scope,
)
from shared.ids import CardId, DeviceId, PsamId, StorageId, StoreId
from shared.keys.document_key import PUBLIC_SIZE, DocumentKey
from shared.wire.fleet_lane import DECLINES_MAX, DETAIL_MAX, Declines, Verdict
from shared.wire.messages import AWAITED_MAX, EPOCHS_MAX, Awaited, EpochStatus, awaited


class Type(IntEnum):
    """Message types."""

    HELLO = 0x01
    CHALLENGE = 0x02
    AUTH = 0x03
    WELCOME = 0x04
    REFUSE = 0x05
    RECORD = 0x10
    ACK = 0x11
    SETTLED = 0x12
    STATUS = 0x13
    HEARTBEAT = 0x14
    TIME = 0x15
    ONLINE_REQUEST = 0x16
    ONLINE_ANSWER = 0x17
    AWAITED = 0x18
    DOCUMENT_KEY = 0x20
    DOCUMENT_HEAD = 0x21
    DOCUMENT_DELTA = 0x22
    DOCUMENT_PAGE = 0x23
    DOCUMENT_WANT = 0x24
    DOCUMENT_REPORT = 0x25
    EMCY = 0x28
    SILENCE = 0x29
    PIECE = 0x30
    PIECE_TAKEN = 0x31
    TALLY = 0x32


TYPES = {int(kind): kind for kind in Type}
"""By number: a table is a quarter of the time of an enum's call."""
SHORT = frozenset({Type.ACK, Type.SETTLED})
"""Single-frame forms: type, low 16 bits of seq, CMAC 4."""
_HEADLESS = SHORT | {Type.HEARTBEAT}


class Refusal(IntEnum):
    """Why a join is refused. Not authenticated: a hint that makes the terminal wait longer."""

    UNKNOWN_DEVICE = 1
    WRONG_KEY = 2
    PSAM_MOVED = 3
    UNKNOWN_PSAM = 4
    OTHER_BOX = 5
    TOO_MANY_EPOCHS = 6
    BUSY = 7
    LIVE_TWICE = 8
    REVOKED = 9


@dataclass(frozen=True, slots=True)
class Hello:
    """Up, 40 B, no MAC."""

    device: DeviceId
    storage: StorageId
    psam: PsamId
    model: int
    firmware: int
    boot: int
    r_term: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """Down, 23 B, no MAC. time: campus-local seconds since 2000, a hint until WELCOME proves the edge."""

    r_edge: bytes
    key_version: int
    time: int


class Refused(NamedTuple):
    """Down, 3 B: a hint. The same sealed, 1 B: what the terminal must believe."""

    reason: Refusal


@dataclass(frozen=True, slots=True)
class AuthEpoch:
    """One undrained epoch of a terminal: records oldest..last are not settled (oldest = last + 1: none)."""

    epoch: int
    psam: PsamId
    oldest: int
    last: int


@dataclass(frozen=True, slots=True)
class Auth:
    """Up, sealed: its MAC is the terminal's proof."""

    epochs: tuple[AuthEpoch, ...]


@dataclass(frozen=True, slots=True)
class WelcomeEpoch:
    """What this edge holds of one epoch: contiguous up to `held`; `settled` by the ledger."""

    epoch: int
    held: int
    settled: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """Down, sealed: its MAC is the edge's proof. current 0 = no epoch yet: do not sell, join again soon."""

    store: StoreId
    current: int
    time: int
    hotlist_version: int
    parameter_version: int
    epochs: tuple[WelcomeEpoch, ...]


class Status(NamedTuple):
    """Up, sealed. Completeness stands on this."""

    epochs: tuple[EpochStatus, ...]
    hotlist_version: int
    hotlist_crc: int
    hotlist_seq: int
    parameter_version: int
    day: int
    day_first_seq: int
    slots_left: int
    clock_set: bool


class Heartbeat(NamedTuple):
    """Up, one frame, not authenticated: a hint."""

    state: int
    unsent: int
    hotlist_low: int
    boot_low: int


class Time(NamedTuple):
    """Down, sealed. Campus-local seconds since 2000."""

    time: int


@dataclass(frozen=True, slots=True)
class Online:
    """ONLINE_ANSWER, sealed: the terminal's request number and an opaque payload."""

    request: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """ONLINE_REQUEST, sealed: a number, how many ms the terminal will still wait (0–65535), an opaque payload."""

    request: int
    wait_ms: int
    payload: bytes


class Emcy(NamedTuple):
    """Up, sealed: a terminal's edge.link.port.BusReport. Totals since its link began, so that none of these is missed
    when one is lost; junk stays with it. No till is named on anybody's unproven word."""

    tec_peak: int
    rec_peak: int
    tec_sum: int
    rec_sum: int
    frames: int
    offs: int
    throttled: int


class Quiet(NamedTuple):
    """SILENCE. Down, sealed: leave the wire for so long, and keep what there is to say."""

    seconds: int


class DocumentHead(NamedTuple):
    """Down, sealed: a head, signed by the centre, and the CRC-32 of each page."""

    raw: bytes
    signature: bytes
    table: tuple[int, ...]

    @property
    def head(self) -> SignedHead:
        """What is to be judged."""
        return SignedHead(self.raw, self.signature)


class DocumentDelta(NamedTuple):
    """Down, sealed: from the generation before this head's."""

    raw: bytes
    signature: bytes
    delta: bytes

    @property
    def head(self) -> SignedHead:
        """What is to be judged."""
        return SignedHead(self.raw, self.signature)


class DocumentPage(NamedTuple):
    """Down, sealed."""

    kind: DocumentKind
    scope: Scope
    generation: int
    number: int
    data: bytes


class DocumentWant(NamedTuple):
    """Up, sealed: no pages wants the head and its table."""

    kind: DocumentKind
    scope: Scope
    generation: int
    numbers: tuple[int, ...]


class DocumentReport(NamedTuple):
    """Up, sealed: what shared.wire.fleet_lane.Reported says of this terminal, in its own words."""

    kind: DocumentKind
    scope: Scope
    generation: int
    digest: bytes
    echo: int
    seq: int
    as_of: int
    offered: int
    verdict: Verdict
    detail: bytes = b""


class Piece(NamedTuple):
    """Up, sealed: part of what a terminal says at length about an order (shared.wire.fleet_lane.Piece)."""

    generation: int
    crc: int
    number: int
    total: int
    data: bytes


class PieceTaken(NamedTuple):
    """Down, sealed: that part has left the box; the next one may come."""

    generation: int
    number: int


class Tally(NamedTuple):
    """Up, sealed: what was served and refused (shared.wire.fleet_lane.Tallied)."""

    boot: int
    day: int
    generation: int
    served: int
    declines: tuple[Declines, ...]


WANT_MAX = 8
"""Pages that a terminal asks for at a time: what it can write before the next come."""

_STORE, _STORAGE = StoreId(b"store--1"), StorageId(b"flash--1")
_DEVICE, _PSAM = DeviceId(b"\0\1\0\0\0\1"), PsamId(b"\x51\0\0\0\0\x23")
_CARDS = CardId(b"\x53\3\0\0\0\0\0\0\x47\x11"), CardId(b"\x53\3\0\0\0\0\0\0\x47\x12")
_TIME = 848_000_000

HELLO = Layout(
    "HELLO", Type.HELLO, Way.UP, Form.OPEN, Hello,
    "device 6s, storage 8s, psam 6s, model H, firmware I, boot I, r_term 8s",
    example=Hello(_DEVICE, _STORAGE, _PSAM, 1, 2, 3, b"terminal"),
)  # fmt: skip
CHALLENGE = Layout(
    "CHALLENGE", Type.CHALLENGE, Way.DOWN, Form.OPEN, Challenge, "r_edge 16s, key_version B, time I",
    example=Challenge(b"e" * 16, 1, _TIME),
)  # fmt: skip
REFUSE = Layout(
    "REFUSE", Type.REFUSE, Way.DOWN, Form.OPEN, Refused, "reason B",
    example=Refused(Refusal.BUSY), read={"reason": Refusal},
)  # fmt: skip
REFUSE_SEALED = Layout(
    "REFUSE, sealed", Type.REFUSE, Way.DOWN, Form.SEALED, Refused, "reason B",
    example=Refused(Refusal.REVOKED), read={"reason": Refusal},
)  # fmt: skip
AUTH = Layout(
    "AUTH", Type.AUTH, Way.UP, Form.SEALED, Auth, "",
    rows=Rows("epochs", "epoch H, psam 6s, oldest I, last I", EPOCHS_MAX, AuthEpoch),
    example=Auth((AuthEpoch(1, _PSAM, 5, 9), AuthEpoch(2, _PSAM, 1, 0))),
)  # fmt: skip
WELCOME = Layout(
    "WELCOME", Type.WELCOME, Way.DOWN, Form.SEALED, Welcome,
    "store 8s, current H, time I, hotlist_version I, parameter_version I",
    rows=Rows("epochs", "epoch H, held I, settled I", EPOCHS_MAX, WelcomeEpoch),
    example=Welcome(_STORE, 2, _TIME, 1, 1, (WelcomeEpoch(1, 9, 8), WelcomeEpoch(2, 0, 0))),
)  # fmt: skip
STATUS = Layout(
    "STATUS", Type.STATUS, Way.UP, Form.SEALED, Status,
    "hotlist_version I, hotlist_crc I, hotlist_seq I, parameter_version I, day H, day_first_seq I, slots_left H, "
    "clock_set ?",
    rows=Rows("epochs", "epoch H, psam 6s, oldest I, last I, settled I, open_slots B", EPOCHS_MAX, EpochStatus),
    example=Status((EpochStatus(1, _PSAM, 5, 9, 4, 1),), 1, 0xABCDEF01, 7, 1, 9828, 2, 30000, True),
)  # fmt: skip
HEARTBEAT = Layout(
    "HEARTBEAT", Type.HEARTBEAT, Way.UP, Form.FRAME, Heartbeat, "state B, unsent H, hotlist_low B, boot_low B",
    example=Heartbeat(1, 2, 3, 4),
)  # fmt: skip
TIME = Layout("TIME", Type.TIME, Way.DOWN, Form.SEALED, Time, "time I", example=Time(_TIME))
ONLINE_REQUEST = Layout(
    "ONLINE_REQUEST", Type.ONLINE_REQUEST, Way.UP, Form.SEALED, Ask, "request I, wait_ms H", rest="payload",
    example=Ask(9, 2000, b"payload"),
)  # fmt: skip
ONLINE_ANSWER = Layout(
    "ONLINE_ANSWER", Type.ONLINE_ANSWER, Way.DOWN, Form.SEALED, Online, "request I", rest="payload",
    example=Online(9, b"answer"),
)  # fmt: skip
AWAITED = Layout(
    "AWAITED", Type.AWAITED, Way.DOWN, Form.SEALED, lambda cards: awaited(cards), "",
    rows=Rows("cards", "card 10s", AWAITED_MAX, counted=False),
    example=Awaited(_CARDS),
)  # fmt: skip
_HEAD = Head(1, DocumentKind.HOTLIST, CAMPUS, 7, _TIME, 1025, b"d" * DIGEST_SIZE).encode()
_READ_NAME: dict[str, Callable[[Any], Any]] = {"kind": DocumentKind, "scope": scope}
DOCUMENT_KEY = Layout(
    "DOCUMENT_KEY", Type.DOCUMENT_KEY, Way.DOWN, Form.SEALED, DocumentKey,
    f"kind B, version B, public {PUBLIC_SIZE}s, certificate {SIGNATURE_SIZE}s",
    example=DocumentKey(DocumentKind.HOTLIST, 1, b"p" * PUBLIC_SIZE, b"c" * SIGNATURE_SIZE),
    read={"kind": DocumentKind},
)  # fmt: skip
DOCUMENT_HEAD = Layout(
    "DOCUMENT_HEAD", Type.DOCUMENT_HEAD, Way.DOWN, Form.SEALED, DocumentHead,
    f"raw {HEAD_SIZE}s, signature {SIGNATURE_SIZE}s",
    rows=Rows("table", "crc I", page_count(max(LENGTH_MAX.values())), counted=False),
    example=DocumentHead(_HEAD, b"s" * SIGNATURE_SIZE, (0x12345678, 0x9ABCDEF0)),
)  # fmt: skip
DOCUMENT_DELTA = Layout(
    "DOCUMENT_DELTA", Type.DOCUMENT_DELTA, Way.DOWN, Form.SEALED, DocumentDelta,
    f"raw {HEAD_SIZE}s, signature {SIGNATURE_SIZE}s", rest="delta",
    example=DocumentDelta(_HEAD, b"s" * SIGNATURE_SIZE, Delta(1025, (Patch(8, b"x"),)).encode()),
)  # fmt: skip
DOCUMENT_PAGE = Layout(
    "DOCUMENT_PAGE", Type.DOCUMENT_PAGE, Way.DOWN, Form.SEALED, DocumentPage,
    f"kind B, scope {SCOPE_SIZE}s, generation I, number H", rest="data", read=_READ_NAME,
    example=DocumentPage(DocumentKind.HOTLIST, CAMPUS, 7, 1, b"page"),
)  # fmt: skip
DOCUMENT_WANT = Layout(
    "DOCUMENT_WANT", Type.DOCUMENT_WANT, Way.UP, Form.SEALED, DocumentWant,
    f"kind B, scope {SCOPE_SIZE}s, generation I", rows=Rows("numbers", "number H", WANT_MAX), read=_READ_NAME,
    example=DocumentWant(DocumentKind.HOTLIST, CAMPUS, 7, (0, 1)),
)  # fmt: skip
DOCUMENT_REPORT = Layout(
    "DOCUMENT_REPORT", Type.DOCUMENT_REPORT, Way.UP, Form.SEALED,
    lambda detail, **of: DocumentReport(**of, detail=bytes(detail)),
    f"kind B, scope {SCOPE_SIZE}s, generation I, digest {DIGEST_SIZE}s, echo I, seq I, as_of I, offered I, verdict B",
    rows=Rows("detail", "byte B", DETAIL_MAX), read=_READ_NAME | {"verdict": Verdict},
    example=DocumentReport(
        DocumentKind.HOTLIST, CAMPUS, 7, b"d" * DIGEST_SIZE, 0xABCDEF01, 12, _TIME, 8, Verdict.WRONG_DIGEST, b"why",
    ),
)  # fmt: skip
EMCY = Layout(
    "EMCY", Type.EMCY, Way.UP, Form.SEALED, Emcy,
    "tec_peak B, rec_peak B, tec_sum I, rec_sum I, frames I, offs H, throttled I",
    example=Emcy(136, 9, 240, 12, 5000, 1, 0),
)  # fmt: skip
SILENCE = Layout("SILENCE", Type.SILENCE, Way.DOWN, Form.SEALED, Quiet, "seconds H", example=Quiet(46))
PIECE = Layout(
    "PIECE", Type.PIECE, Way.UP, Form.SEALED, Piece, "generation I, crc I, number B, total B", rest="data",
    example=Piece(9, 0xABCDEF01, 1, 2, b"data"),
)  # fmt: skip
PIECE_TAKEN = Layout(
    "PIECE_TAKEN", Type.PIECE_TAKEN, Way.DOWN, Form.SEALED, PieceTaken, "generation I, number B",
    example=PieceTaken(9, 1),
)  # fmt: skip
TALLY = Layout(
    "TALLY", Type.TALLY, Way.UP, Form.SEALED, Tally, "boot I, day H, generation I, served I",
    rows=Rows("declines", "reason B, times I", DECLINES_MAX, Declines),
    example=Tally(3, 9828, 9, 120, (Declines(23, 4), Declines(33, 1))),
)  # fmt: skip
MESSAGES: tuple[Layout[Any], ...] = (
    HELLO, CHALLENGE, REFUSE, REFUSE_SEALED, AUTH, WELCOME, STATUS, HEARTBEAT, TIME, ONLINE_REQUEST, ONLINE_ANSWER,
    AWAITED, DOCUMENT_KEY, DOCUMENT_HEAD, DOCUMENT_DELTA, DOCUMENT_PAGE, DOCUMENT_WANT, DOCUMENT_REPORT, EMCY,
    SILENCE, PIECE, PIECE_TAKEN, TALLY,
)  # fmt: skip
"""All that are described here, for fuzz, vectors and docs/messages.md."""


def type_of(message: bytes) -> Type:
    """The type of a message; WireFault when empty, unknown or of another protocol version."""
    kind = TYPES.get(message[0]) if message else None
    if kind is None:
        raise WireFault("unknown message type")
    if kind in _HEADLESS:
        return kind
    if len(message) < 2 or message[1] >> 4 != PROTOCOL or message[1] & 0x0C:
        raise WireFault("unknown protocol version or flags")
    return kind
