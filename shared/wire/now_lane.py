"""The now lane: what cannot wait, up and down. Frozen values with one encoding each.

What comes all the time is a named tuple: it is made in a fifth of the time of a frozen dataclass.

Refuses, with WireFault, what is malformed, and a message that belongs to the other direction.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.facts.told import Params
from shared.ids import (
    DeviceId,
    LedgerId,
    PsamId,
    StorageId,
    StoreId,
    device_id,
    ledger_id,
    psam_id,
    storage_id,
    store_id,
)
from shared.wire import codec
from shared.wire.awaited import Awaited, awaited
from shared.wire.fleet_lane import FLEET_UP, FleetUp, Held, PagesWanted, Reported, fleet_up_body
from shared.wire.money_lane import SignedAck
from shared.wire.revocation import SignedRevocations
from shared.wire.signed_answer import SignedAnswer, kind_of, signed_answer
from shared.wire.tags import (
    EPOCH_MAX,
    EPOCHS_MAX,
    FORM_1,
    FORM_2,
    NUMBER_MAX,
    SHORT_MAX,
    SLOTS_MAX,
    Tag,
    later_form,
    payload_of,
    within,
)
from shared.wire.told import pack_told, read_told

MS_MAX = (1 << 48) - 1
"""Unix ms far beyond any clock: what is above is malformed."""
SIGNATURE_SIZE = 64
NONCE_SIZE = 16
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
    """up/now. A load record running ahead of its outbox row; it settles nothing."""

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
        """Of the wire, that this box speaks."""
        return FORM_2 if self.nonce else FORM_1

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


NowUp = EpochRequest | OnlineRequest | RecordCopy | Hello | DeviceStatus | Fact | Swap | FleetUp
Bound = EpochAnswer | Recover | LedgerTime
"""Answers that are bound to box and question, for a box of form 2."""
NowDown = Bound | OnlineAnswer | SignedAnswer | SignedRevocations | Awaited | HelloWanted


def encode_now(m: NowUp | NowDown) -> bytes:
    """Bytes of any message of the `now` lanes."""
    return codec.pack(_now_body(m))


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


def _now_body(m: NowUp | NowDown) -> list[object]:
    match m:
        case EpochRequest():
            nonce = [m.nonce] if m.nonce else []
            return [Tag.EPOCH_REQUEST, m.request, m.device, m.storage, m.psam, m.highest, *nonce]
        case OnlineRequest():
            form = [] if m.form == FORM_1 else [m.form]
            return [Tag.ONLINE_REQUEST, m.device, m.epoch, m.psam, m.request, m.payload, m.until_ms, *form]
        case RecordCopy():
            return [Tag.RECORD_COPY, m.stored]
        case Hello():
            ack = [m.ack.body, m.ack.signature] if m.ack else []
            return [Tag.HELLO, m.store, m.row_settled, m.row_last, ack, *([m.nonce] if m.nonce else [])]
        case DeviceStatus():
            return _status_body(m)
        case Swap():
            return [Tag.SWAP, m.spare, m.broken, m.storage, m.psam, m.epoch, m.at_s, m.who]
        case Fact():
            return [Tag.FACT, m.code, m.level, m.at_ms, m.device, pack_told(m.told)]
        case Held() | PagesWanted() | Reported():
            return fleet_up_body(m)
        case _:
            return _down_body(m)


def _down_body(m: NowDown) -> list[object]:
    match m:
        case EpochAnswer():
            return [Tag.EPOCH_ANSWER, m.request, m.device, m.storage, m.psam, m.epoch, m.reason]
        case OnlineAnswer():
            return [Tag.ONLINE_ANSWER, m.device, m.epoch, m.request, m.payload]
        case Recover():
            return [Tag.RECOVER, m.ledger, m.store, m.row_cumulative]
        case LedgerTime():
            return [Tag.LEDGER_TIME, m.unix_ms]
        case SignedAnswer():
            return [Tag.SIGNED_ANSWER, m.asked, m.body, m.signature]
        case SignedRevocations():
            return [Tag.REVOCATIONS, m.body, m.signature]
        case Awaited():
            return [Tag.AWAITED, list(m.cards)]
        case HelloWanted():
            return [Tag.HELLO_WANTED, m.store]


def _status_body(m: DeviceStatus) -> list[object]:
    epochs = [[e.epoch, e.psam, e.oldest, e.last, e.settled, e.open_slots] for e in m.epochs]
    versions = [m.hotlist_version, m.parameter_version, m.slots_left, m.clock_set, m.day, m.day_first_seq]
    return [Tag.STATUS, m.device, epochs, *versions]


def _decode(message: bytes, table: dict[int, Any]) -> Any:  # noqa: ANN401  # typed by the two public functions
    body = codec.unpack(message)
    parse = table.get(body[0]) if body and isinstance(body[0], int) else None
    if parse is None:
        raise WireFault("unknown message tag on this lane")
    return parse(body[1:])


def _epoch_request(b: list[Any]) -> EpochRequest:
    types = _EPOCH_REQUEST if len(b) == len(_EPOCH_REQUEST) else (*_EPOCH_REQUEST, bytes)
    n, device, storage, psam, highest, *nonce = codec.fields(b, *types, what="epoch request")
    triple = device_id(device), storage_id(storage), psam_id(psam)
    return EpochRequest(n, *triple, within(highest, EPOCH_MAX), _nonce(nonce[0]) if nonce else b"")


_EPOCH_REQUEST = (int, bytes, bytes, bytes, int)


def _epoch_answer(b: list[Any]) -> EpochAnswer:
    n, device, storage, psam, epoch, why = codec.fields(b, int, bytes, bytes, bytes, int, str, what="epoch answer")
    return EpochAnswer(n, device_id(device), storage_id(storage), psam_id(psam), within(epoch, EPOCH_MAX), why)


def _online_request(b: list[Any]) -> OnlineRequest:
    types = _ONLINE_REQUEST if len(b) == len(_ONLINE_REQUEST) else (*_ONLINE_REQUEST, int)
    device, epoch, psam, n, payload, until, *form = codec.fields(b, *types, what="online request")
    within(until, MS_MAX)
    within(n, NUMBER_MAX)
    of = device_id(device), within(epoch, EPOCH_MAX), psam_id(psam)
    return OnlineRequest(*of, n, payload_of(payload), until, later_form(form))


_ONLINE_REQUEST = (bytes, int, bytes, int, bytes, int)


def _online_answer(b: list[Any]) -> OnlineAnswer:
    device, epoch, n, payload = codec.fields(b, bytes, int, int, bytes, what="online answer")
    return OnlineAnswer(device_id(device), within(epoch, EPOCH_MAX), within(n, NUMBER_MAX), payload_of(payload))


def _record_copy(b: list[Any]) -> RecordCopy:
    (stored,) = codec.fields(b, bytes, what="record copy")
    return RecordCopy(payload_of(stored))


def _hello(b: list[Any]) -> Hello:
    types = _HELLO if len(b) == len(_HELLO) else (*_HELLO, bytes)
    store, settled, last, ack, *nonce = codec.fields(b, *types, what="hello")
    signed = SignedAck(*codec.fields(ack, bytes, bytes, what="hello ack")) if ack else None
    return Hello(store_id(store), settled, last, signed, _nonce(nonce[0]) if nonce else b"")


_HELLO = (bytes, int, int, list)


def _nonce(raw: bytes) -> bytes:
    if len(raw) != NONCE_SIZE:
        raise WireFault(f"a nonce has {NONCE_SIZE} bytes")
    return raw


def _recover(b: list[Any]) -> Recover:
    ledger, store, rows = codec.fields(b, bytes, bytes, int, what="recover")
    return Recover(ledger_id(ledger), store_id(store), rows)


def _ledger_time(b: list[Any]) -> LedgerTime:
    (unix_ms,) = codec.fields(b, int, what="ledger time")
    return LedgerTime(within(unix_ms, MS_MAX))


def _revocations(b: list[Any]) -> SignedRevocations:
    body, signature = codec.fields(b, bytes, bytes, what="revocations")
    if len(signature) != SIGNATURE_SIZE:
        raise WireFault(f"revocations: a signature has {SIGNATURE_SIZE} bytes")
    return SignedRevocations(body, signature)


def _awaited(b: list[Any]) -> Awaited:
    (cards,) = codec.fields(b, list, what="awaited cards")
    return awaited(cards)


def _status(b: list[Any]) -> DeviceStatus:
    device, epochs, hot, param, left, clock, day, first = codec.fields(
        b, bytes, list, int, int, int, bool, int, int, what="status"
    )
    if len(epochs) > EPOCHS_MAX:
        raise WireFault(f"status: {len(epochs)} epochs")
    for value in (hot, param, first):
        within(value, NUMBER_MAX)
    for value in (left, day):
        within(value, SHORT_MAX)
    return DeviceStatus(device_id(device), tuple(map(_epoch_status, epochs)), hot, param, left, clock, day, first)


def _epoch_status(row: Any) -> EpochStatus:  # noqa: ANN401  # straight from CBOR
    epoch, psam, oldest, last, settled, slots = codec.fields(row, int, bytes, int, int, int, int, what="epoch status")
    for value in (oldest, last, settled):
        within(value, NUMBER_MAX)
    return EpochStatus(within(epoch, EPOCH_MAX), psam_id(psam), oldest, last, settled, within(slots, SLOTS_MAX))


def _fact(b: list[Any]) -> Fact:
    code, level, at_ms, device, told = codec.fields(b, str, str, int, bytes, (str, list), what="fact")
    return Fact(code, level, at_ms, device, read_told(told))


def _hello_wanted(b: list[Any]) -> HelloWanted:
    (store,) = codec.fields(b, bytes, what="hello wanted")
    return HelloWanted(store_id(store))


def _swap(b: list[Any]) -> Swap:
    spare, broken, storage, psam, epoch, at_s, who = codec.fields(
        b, bytes, bytes, bytes, bytes, int, int, str, what="swap"
    )
    if not epoch or not 0 < len(who) <= WHO_MAX or "\0" in who:
        raise WireFault("swap: an epoch from 1 on, and somebody's name")
    triple = device_id(spare), device_id(broken), storage_id(storage), psam_id(psam)
    return Swap(*triple, within(epoch, EPOCH_MAX), within(at_s, NUMBER_MAX), who)


_NOW_UP: dict[int, Any] = {
    Tag.EPOCH_REQUEST: _epoch_request,
    Tag.ONLINE_REQUEST: _online_request,
    Tag.RECORD_COPY: _record_copy,
    Tag.HELLO: _hello,
    Tag.STATUS: _status,
    Tag.FACT: _fact,
    Tag.SWAP: _swap,
    **FLEET_UP,
}
_NOW_DOWN: dict[int, Any] = {
    Tag.EPOCH_ANSWER: _epoch_answer,
    Tag.ONLINE_ANSWER: _online_answer,
    Tag.RECOVER: _recover,
    Tag.LEDGER_TIME: _ledger_time,
    Tag.REVOCATIONS: _revocations,
    Tag.SIGNED_ANSWER: signed_answer,
    Tag.AWAITED: _awaited,
    Tag.HELLO_WANTED: _hello_wanted,
}
