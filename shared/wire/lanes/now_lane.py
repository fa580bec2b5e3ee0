"""The now lane: what cannot wait, up and down. Frozen values with one encoding each.

What comes all the time is a named tuple: it is made in a fifth of the time of a frozen dataclass.

Refuses, with WireFault, what is malformed, and a message that belongs to the other direction.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.facts.told import Params
from shared.ids import DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.wire import codec, topics
from shared.wire.awaited import AWAITED, Awaited
from shared.wire.fleet_lane import (
    FIRMWARE_PROGRESS,
    HELD,
    ON_LINK,
    PAGES_WANTED,
    PIECE,
    REPORTED,
    TALLIED,
    FleetUp,
)
from shared.wire.form import fields
from shared.wire.form.fields import NONCE_SIZE
from shared.wire.form.layout import Field, Layout, Message
from shared.wire.form.told import pack_told, read_told
from shared.wire.form.versions import Versions, said_in
from shared.wire.lanes.money_lane import SignedAck
from shared.wire.lanes.release_lane import (
    RELEASES_DOWN,
    RELEASES_UP,
    LedgerVersions,
    NotUnderstood,
    ReleasePartWanted,
    ReleaseSaid,
    ReleaseWanted,
)
from shared.wire.revocation import REVOCATIONS, SignedRevocations
from shared.wire.signed_answer import SIGNED_ANSWER, SignedAnswer, kind_of
from shared.wire.tags import EPOCHS_MAX, FORM_1, FORM_2, FORM_MAX, NUMBER_MAX, SHORT_MAX, SLOTS_MAX, Tag

MS_MAX = (1 << 48) - 1
"""Unix ms far beyond any clock: what is above is malformed."""
WHO_MAX = 64
"""Characters of a person's name."""


@dataclass(frozen=True, slots=True)
class EpochRequest:
    """up/now. Which epoch has this (device, storage, PSAM)? `highest`: the highest the box knows.

    nonce: NONCE_SIZE random bytes that the answer is bound to; b"" from a box of form 1.
    """

    request: int
    device: DeviceId
    storage: StorageId
    psam: PsamId
    highest: int
    nonce: bytes = b""

    @property
    def asked(self) -> bytes:
        """What its signed answer names."""
        return self.nonce


@dataclass(frozen=True, slots=True)
class EpochAnswer:
    """down/now. epoch 0 = refused, with the reason (unknown-device, other-box, psam-moved, unknown-psam, …)."""

    request: int
    device: DeviceId
    storage: StorageId
    psam: PsamId
    epoch: int
    reason: str


class OnlineRequest(NamedTuple):
    """up/now. A terminal's online payload, verbatim; (device, epoch, request) names it for ever.

    until_ms: the ledger's own Unix ms from which on the answer would come too late, for the terminal has given up;
    0 = nobody gives up. Counted from a LedgerTime, so that no clock at the edge has to be right. form: of the wire,
    that the box speaks.
    """

    device: DeviceId
    epoch: int
    psam: PsamId
    request: int
    payload: bytes
    until_ms: int = 0
    form: int = FORM_1

    @property
    def asked(self) -> bytes:
        """What a signed LedgerTime names that answers it when it is late: this very request, said at this time."""
        numbers = (self.epoch, 2), (self.request, 4), (self.until_ms, 8)
        return self.device + b"".join(value.to_bytes(size, "big") for value, size in numbers)

    def is_late(self, ledger_ms: int) -> bool:
        """Is this a request that nobody waits for any more?"""
        return bool(self.until_ms) and ledger_ms >= self.until_ms


class OnlineAnswer(NamedTuple):
    """down/now. The answer to that request, verbatim to the terminal."""

    device: DeviceId
    epoch: int
    request: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class RecordCopy:
    """up/now. A record of a load or a reversal running ahead of its outbox row; it settles nothing."""

    stored: bytes


@dataclass(frozen=True, slots=True)
class Hello:
    """up/now, at each connect. The box's store, what it has settled, and its highest ledger ack verbatim.

    nonce: NONCE_SIZE random bytes, other ones in every Hello, that the answers are bound to; b"" from a box of form 1.
    """

    store: StoreId
    row_settled: int
    row_last: int
    ack: SignedAck | None
    nonce: bytes = b""

    @property
    def form(self) -> int:
        """Of the wire, in which this Hello is said."""
        return FORM_2 if self.nonce else FORM_1

    @property
    def versions(self) -> Versions:
        """The forms that it understands."""
        return said_in(self.nonce)

    @property
    def asked(self) -> bytes:
        """What its signed answers name."""
        return self.nonce


@dataclass(frozen=True, slots=True)
class Recover:
    """down/now. The ledger is older than the box's ack: unsettle every row above, and send again."""

    ledger: LedgerId
    store: StoreId
    row_cumulative: int


@dataclass(frozen=True, slots=True)
class LedgerTime:
    """down/now, with the answer to a Hello and to a request that is late. The ledger's Unix ms."""

    unix_ms: int


@dataclass(frozen=True, slots=True)
class BackupMark:
    """down/now, with the answer to a Hello, to a box of form 3. All rows of this store up to `row` stand in a backup
    of this ledger that was archived and verified; made_ms: of that backup. It counts until the next one, which may
    name fewer: a ledger that was put back begins anew with what it knows to be kept."""

    ledger: LedgerId
    store: StoreId
    row: int
    made_ms: int


@dataclass(frozen=True, slots=True)
class HelloWanted:
    """down/now, to boxes of form 2. This process of the ledger's has not heard yet what the box bears witness of.

    Unsigned: a forged one makes a box say Hello, which it does no oftener than it likes.
    """

    store: StoreId


@dataclass(frozen=True, slots=True)
class Swap:
    """up/now. A spare body sells with the PSAM of a broken one, by the word of one person at the box (换机单).

    Said at each connection and every minute for as long as the order stands there. at_s: campus seconds of the order.
    """

    spare: DeviceId
    broken: DeviceId
    storage: StorageId
    psam: PsamId
    epoch: int
    at_s: int
    who: str


class EpochStatus(NamedTuple):
    """One epoch of a terminal's STATUS: oldest unsettled, last written, settled seq; open slots."""

    epoch: int
    psam: PsamId
    oldest: int
    last: int
    settled: int
    open_slots: int


class DeviceStatus(NamedTuple):
    """up/now. A terminal's STATUS: completeness stands on it, not on clocks."""

    device: DeviceId
    epochs: tuple[EpochStatus, ...]
    hotlist_version: int
    parameter_version: int
    slots_left: int
    clock_set: bool
    day: int
    day_first_seq: int


@dataclass(frozen=True, slots=True)
class Fact:
    """up/now. Something an alarm rule may want: its code, its level, the device if any, and its parameters.

    told: a text is what a box of before has said in its own words.
    """

    code: str
    level: str
    at_ms: int
    device: bytes
    told: Params | str


ReleaseUp = ReleaseSaid | ReleasePartWanted
NowUp = EpochRequest | OnlineRequest | RecordCopy | Hello | DeviceStatus | Fact | Swap | FleetUp | ReleaseUp
Bound = EpochAnswer | Recover | LedgerTime | BackupMark | ReleaseWanted
"""Answers that are bound to box and question, for a box of form 2."""
NowDown = (
    Bound | OnlineAnswer | SignedAnswer | SignedRevocations | Awaited | HelloWanted | LedgerVersions | NotUnderstood
)


def encode_now(m: NowUp | NowDown) -> bytes:
    """Bytes of any message of the `now` lanes."""
    return _BY_TYPE[type(m)].encode(m)


def decode_now_up(message: bytes) -> NowUp:
    """A message of up/now; WireFault when malformed or not for this lane."""
    return _decode(message, _NOW_UP)  # type: ignore[no-any-return]  # the table below fixes the types


def decode_now_down(message: bytes) -> NowDown:
    """A message of down/now; WireFault when malformed or not for this lane."""
    return _decode(message, _NOW_DOWN)  # type: ignore[no-any-return]  # the table below fixes the types


def decode_bound(message: bytes) -> Bound:
    """The body of a SignedAnswer; WireFault when it is none. Check the signature before it is believed."""
    kind_of(message)
    return _decode(message, _NOW_DOWN)  # type: ignore[no-any-return]  # the kinds that are signed


def _decode(message: bytes, table: dict[int, Layout[Any]]) -> Any:  # noqa: ANN401  # typed by the public functions
    body = codec.unpack(message)
    layout = table.get(body[0]) if body and isinstance(body[0], int) else None
    if layout is None:
        raise WireFault("unknown message tag on this lane")
    return layout.value(body[1:])


_SIGNED = Layout("hello ack", SignedAck, fields.octets("body"), fields.octets("signature"))
_EPOCH_STATUS = Layout(
    "epoch status", EpochStatus, fields.epoch(), fields.psam(), fields.whole("oldest", NUMBER_MAX),
    fields.whole("last", NUMBER_MAX), fields.whole("settled", NUMBER_MAX), fields.whole("open_slots", SLOTS_MAX),
)  # fmt: skip
_DEVICE, _SPARE, _PSAM = DeviceId(b"\0\1\0\0\0\1"), DeviceId(b"\0\1\0\0\0\2"), PsamId(b"\x51\0\0\0\0\x23")
_STORAGE, _STORE, _LEDGER = StorageId(b"flash--1"), StoreId(b"store--1"), LedgerId(b"ledger-1")
_NONCE, _UNIX_MS = b"n" * NONCE_SIZE, 1_784_000_000_000
_TRIPLE = fields.device(), fields.storage(), fields.psam()
_FORM = fields.whole("form", FORM_MAX, FORM_2)

EPOCH_REQUEST = Message(
    Tag.EPOCH_REQUEST, topics.UP_NOW,
    Layout(
        "epoch request", EpochRequest, fields.whole("request"), *_TRIPLE, fields.epoch("highest"),
        later=(fields.nonce(),), absent=(b"",),
    ),
    (EpochRequest(1, _DEVICE, _STORAGE, _PSAM, 3, _NONCE), EpochRequest(1, _DEVICE, _STORAGE, _PSAM, 3)),
)  # fmt: skip
EPOCH_ANSWER = Message(
    Tag.EPOCH_ANSWER,
    topics.DOWN_NOW,
    Layout("epoch answer", EpochAnswer, fields.whole("request"), *_TRIPLE, fields.epoch(), fields.text("reason")),
    (EpochAnswer(1, _DEVICE, _STORAGE, _PSAM, 0, "psam-moved"),),
)
ONLINE_REQUEST = Message(
    Tag.ONLINE_REQUEST, topics.UP_NOW,
    Layout(
        "online request", OnlineRequest, fields.device(), fields.epoch(), fields.psam(),
        fields.whole("request", NUMBER_MAX), fields.payload(), fields.whole("until_ms", MS_MAX),
        later=(_FORM,), absent=(FORM_1,),
    ),
    (
        OnlineRequest(_DEVICE, 1, _PSAM, 9, b"payload", _UNIX_MS, FORM_2),
        OnlineRequest(_DEVICE, 1, _PSAM, 9, b"payload"),
    ),
)  # fmt: skip
ONLINE_ANSWER = Message(
    Tag.ONLINE_ANSWER, topics.DOWN_NOW,
    Layout(
        "online answer", OnlineAnswer, fields.device(), fields.epoch(), fields.whole("request", NUMBER_MAX),
        fields.payload(),
    ),
    (OnlineAnswer(_DEVICE, 1, 9, b"answer"),),
)  # fmt: skip
RECORD_COPY = Message(
    Tag.RECORD_COPY, topics.UP_NOW, Layout("record copy", RecordCopy, fields.payload("stored")),
    (RecordCopy(b"stored record"),),
)  # fmt: skip
HELLO = Message(
    Tag.HELLO, topics.UP_NOW,
    Layout(
        "hello", Hello, fields.store(), fields.whole("row_settled"), fields.whole("row_last"),
        Field(
            "ack", list, "nothing, or body bytes, signature bytes",
            lambda row: _SIGNED.value(row) if row else None, lambda ack: _SIGNED.row(ack) if ack else [],
        ),
        later=(fields.nonce(),), absent=(b"",),
    ),
    (
        Hello(_STORE, 10, 12, SignedAck(b"body", bytes(fields.SIGNATURE_SIZE)), _NONCE), Hello(_STORE, 10, 12, None),
    ),
)  # fmt: skip
RECOVER = Message(
    Tag.RECOVER,
    topics.DOWN_NOW,
    Layout("recover", Recover, fields.ledger(), fields.store(), fields.whole("row_cumulative")),
    (Recover(_LEDGER, _STORE, 5),),
)
STATUS = Message(
    Tag.STATUS, topics.UP_NOW,
    Layout(
        "status", DeviceStatus, fields.device(), fields.rows("epochs", _EPOCH_STATUS, EPOCHS_MAX),
        fields.whole("hotlist_version", NUMBER_MAX), fields.whole("parameter_version", NUMBER_MAX),
        fields.whole("slots_left", SHORT_MAX), fields.truth("clock_set"), fields.whole("day", SHORT_MAX),
        fields.whole("day_first_seq", NUMBER_MAX),
    ),
    (DeviceStatus(_DEVICE, (EpochStatus(1, _PSAM, 5, 9, 4, 1),), 1, 1, 30000, True, 9000, 2),),
)  # fmt: skip
FACT = Message(
    Tag.FACT, topics.UP_NOW,
    Layout(
        "fact", Fact, fields.text("code"), fields.text("level"), fields.whole("at_ms"), fields.octets("device"),
        Field("told", (str, list), "[[name, value], …], or text of a box of before", read_told, pack_told),
    ),
    (Fact("wrong-key", "major", 1, _DEVICE, (("epoch", 1),)), Fact("wrong-key", "major", 1, b"", "in its own words")),
)  # fmt: skip
LEDGER_TIME = Message(
    Tag.LEDGER_TIME, topics.DOWN_NOW, Layout("ledger time", LedgerTime, fields.whole("unix_ms", MS_MAX)),
    (LedgerTime(_UNIX_MS),),
)  # fmt: skip
BACKUP_MARK = Message(
    Tag.BACKUP_MARK, topics.DOWN_NOW,
    Layout(
        "backup mark", BackupMark, fields.ledger(), fields.store(), fields.whole("row", least=0),
        fields.whole("made_ms", MS_MAX),
    ),
    (BackupMark(_LEDGER, _STORE, 900, _UNIX_MS),),
)  # fmt: skip
SWAP = Message(
    Tag.SWAP, topics.UP_NOW,
    Layout(
        "swap", Swap, fields.device("spare"), fields.device("broken"), fields.storage(), fields.psam(),
        fields.epoch(least=1), fields.whole("at_s", NUMBER_MAX), fields.text("who", WHO_MAX),
    ),
    (Swap(_SPARE, _DEVICE, _STORAGE, _PSAM, 1, 849_140_407, "Zhang San"),),
)  # fmt: skip
HELLO_WANTED = Message(
    Tag.HELLO_WANTED, topics.DOWN_NOW, Layout("hello wanted", HelloWanted, fields.store()), (HelloWanted(_STORE),)
)
NOW: tuple[Message[Any], ...] = (
    EPOCH_REQUEST, EPOCH_ANSWER, ONLINE_REQUEST, ONLINE_ANSWER, RECORD_COPY, HELLO, RECOVER, STATUS, FACT, LEDGER_TIME,
    REVOCATIONS, AWAITED, SIGNED_ANSWER, SWAP, HELLO_WANTED, HELD, PAGES_WANTED, REPORTED,
    FIRMWARE_PROGRESS, PIECE, TALLIED, ON_LINK, BACKUP_MARK, *RELEASES_UP, *RELEASES_DOWN,
)  # fmt: skip
"""All messages of the two lanes, by their tags."""
_BY_TYPE: dict[type, Message[Any]] = {type(one.examples[0]): one for one in NOW}
_NOW_UP = {one.tag: one.layout for one in NOW if one.lane == topics.UP_NOW}
_NOW_DOWN = {one.tag: one.layout for one in NOW if one.lane == topics.DOWN_NOW}
