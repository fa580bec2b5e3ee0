"""What the parts of release 0.1 said to each other and wrote down: fixed values, by seam, and today's codec of each.

`python -m tests.released.seams_0_1 FILE` wrote 0.1/wire.json, once. The values may be made in another way when their
classes change; what they meant, and the bytes, stand in that file and stay.
"""

import json
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.keys.client import KeyClient
from cloud.keys.faults import KeyRefused
from edge.link import messages
from edge.link.can.ids import CanId, parse_id
from edge.link.can.isotp import CONTINUE_FRAME, Reassembler, ReassemblyLimits, Transfer, TransferLimits
from edge.link.messages import (
    Ask,
    Auth,
    AuthEpoch,
    Challenge,
    Heartbeat,
    Online,
    Refusal,
    Status,
    Type,
    Welcome,
    WelcomeEpoch,
)
from edge.link.messages import Hello as TerminalHello
from edge.link.rs485 import frame as rs485_frame
from edge.link.rs485.frame import LineFrame
from edge.link.seal import Direction, Session, session_key
from edge.link.tcp import framing as tcp_framing
from edge.terminal.store import layout as flash_layout
from edge.terminal.store.layout import AskedLoad, EpochRow, KnownEpoch, OpenSlot, Page, RingSlot
from provisioning.keeper.software import keeper_of
from provisioning.keys.levels import card_keys, terminal_key
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from provisioning.plan import numbers
from provisioning.process.operations import KeyOperations
from shared import inventory, online, records
from shared.clocks.clock import date_time_bcd
from shared.errors import KeyFault
from shared.ids import BoxId, CardId, DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.online import LoadAnswer, LoadRequest, LoadResult, Purpose
from shared.purse.crypto import (
    TYPE_EP_LOAD,
    TYPE_UNLOAD,
    Key,
    load_mac1,
    load_session_key,
    overdraft_mac1,
    purchase_tac_input,
    tac,
)
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.tac import tac_item, terminal_item
from shared.purse.upkeep import (
    AppendRecord,
    BlockApplication,
    BlockCard,
    CardKeyType,
    ExternalAuthAsk,
    InternalAuthAsk,
    PinReloadAsk,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpdateRecord,
    Upkeep,
    UpkeepAsk,
    WriteKey,
)
from shared.records import (
    Cause,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    Pair,
    Proof,
    PurchaseRecord,
    Stored,
    VoidRecord,
    purse_byte,
)
from shared.wire import messages as wire
from shared.wire.desk import calls as desk
from shared.wire.desk.calls import CardAsk, CardBooks, CardState, DaySheet, DeskOp, No, OpenMatter, Replaced, SheetRow
from shared.wire.keyproc import LENGTH, Role
from shared.wire.messages import (
    ACK_CONTEXT,
    REVOCATIONS_CONTEXT,
    AckBody,
    Awaited,
    Batch,
    BoxState,
    DeviceMark,
    DeviceStatus,
    EpochAnswer,
    EpochRequest,
    EpochStatus,
    Fact,
    Hello,
    LedgerTime,
    OnlineAnswer,
    OnlineRequest,
    RecordCopy,
    Recover,
    Revocations,
    SignedAck,
    SignedRevocations,
    TerminalState,
)
from shared.wire.upkeep_frames import to_frame


class Seam(NamedTuple):
    """encode: of each value; decode: of the bytes."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    values: dict[str, Any]


KEY_PROCESS = "key process"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
TERMINAL_KEY = bytes(range(16, 32))
DEVICE, OTHER = DeviceId(b"\0\1\0\0\0\1"), DeviceId(b"\0\1\0\0\0\2")
PSAM, BOX = PsamId(b"\x51\0\0\0\0\x23"), BoxId("canteen-1")
CARD, SECOND = CardId(bytes.fromhex("00010001000100000007")), CardId(bytes.fromhex("00010001000100000008"))
STORE, LEDGER, STORAGE = StoreId(b"store-01"), LedgerId(b"ledger-1"), StorageId(b"flash-01")
TIME, MS = 849_140_407, 1_795_796_407_000
TAC = bytes.fromhex("0DEA51C3")
TRIP = bytes.fromhex("000C000701220003000200C8")


# ---- records


def _flags(proof: Proof, counter: CounterKind = CounterKind.OFFLINE, **more: Any) -> int:
    return Flags(proof, counter, **more).to_int()


PURCHASE = PurchaseRecord(
    1, Kind.PURCHASE, _flags(Proof.DEBIT), 7, 0x12A7, CARD, 0x4D, 9, purse_byte(0, 2, 1), 1250, 9875, TIME, 1, 0, TAC,
    b"\0\0\0", 3, 1, 1, -50, 0,
)  # fmt: skip
NO_PROOF = PURCHASE._replace(kind=Kind.UNPROVEN, flags=_flags(Proof.NONE), tac=records.NO_TAC)
LOAD = LoadRecord(
    1, Kind.LOAD, _flags(Proof.DEBIT, CounterKind.ONLINE, online=True), 8, 5, CARD, 0x13, 2, purse_byte(0, 2, 1), 20000,
    9875, TIME, 1, 0, bytes.fromhex("BFB64611"), 0, 1, 1, 0,
)  # fmt: skip
NO_LOAD = LOAD._replace(
    kind=Kind.LOAD_UNPROVEN, flags=_flags(Proof.NONE, CounterKind.ONLINE, online=True), tac=records.NO_TAC
)
VOID = VoidRecord(
    1, Kind.VOID, _flags(Proof.NONE), 9, 0x12A7, CARD, 0x4D, purse_byte(1, 2, 1), 1250, TIME, Cause.CASHIER, 1, 3, 1, 1,
    2, bytes.fromhex("C0FFEE11"),
)  # fmt: skip
RECORDS = {
    "purchase": PURCHASE,
    "purchase, subsidy, first half": PURCHASE._replace(
        flags=_flags(Proof.DEBIT, pair=Pair.FIRST), purse=purse_byte(1, 2, 1)
    ),
    "purchase, second half, clock unset": PURCHASE._replace(
        flags=_flags(Proof.PROVE, pair=Pair.SECOND, clock_set=False), seq=0xFFFF_FFFF
    ),
    "purchase, SM4, overdraft": PURCHASE._replace(algorithm=0xE4, overdraft=b"\0\x27\x10"),
    "ride": PURCHASE._replace(kind=Kind.COMPOSITE, trip=TRIP),
    "unproven": NO_PROOF,
    "unproven ride": NO_PROOF._replace(trip=TRIP),
    "recovered": PURCHASE._replace(kind=Kind.RECOVERED, flags=_flags(Proof.PROVE), linked=3),
    "recovered ride": PURCHASE._replace(kind=Kind.RECOVERED, flags=_flags(Proof.PROVE), linked=3, trip=TRIP),
    "not debited": NO_PROOF._replace(kind=Kind.NOT_DEBITED, linked=4),
    "load": LOAD,
    "claim": LOAD._replace(flags=_flags(Proof.DEBIT, CounterKind.ONLINE, online=True, claim=True)),
    "load unproven": NO_LOAD,
    "load recovered": LOAD._replace(kind=Kind.LOAD_RECOVERED, linked=1),
    "not credited": NO_LOAD._replace(kind=Kind.NOT_CREDITED, linked=2),
    "void by the cashier": VOID,
    "void of a torn pair": VOID._replace(cause=Cause.TORN_PAIR),
}
STORED = Stored(DEVICE, 2, PSAM, records.encode(PURCHASE))


# ---- edge and cloud

ACK = AckBody(
    LEDGER, 42, 17, BOX, STORE, 900, ((905, 910), (912, 912)), (DeviceMark(DEVICE, 1, 40, ((42, 44),)),), 2048
)
REVOKED = Revocations(3, (PSAM,), (DEVICE, OTHER))
UP = {
    "epoch request": EpochRequest(1, DEVICE, STORAGE, PSAM, 3),
    "online request": OnlineRequest(DEVICE, 1, PSAM, 9, b"payload", MS),
    "online request for ever": OnlineRequest(DEVICE, 1, PSAM, 9, b"payload"),
    "record copy": RecordCopy(STORED.to_bytes()),
    "hello": Hello(STORE, 10, 12, None),
    "hello with an ack": Hello(STORE, 10, 12, SignedAck(b"body", b"x" * 64)),
    "status": DeviceStatus(DEVICE, (EpochStatus(1, PSAM, 5, 9, 4, 1),), 1, 1, 30000, True, 9828, 2),
}
FACTS = {
    "of a terminal": Fact("terminal-wrong-key", "important", MS, DEVICE, "钥匙不符 wrong key"),
    "of a box": Fact("outbox-refused", "urgent", MS, b"", "发件箱已满 the outbox is full"),
}
"""A message that a later release may write in another form: what 0.1 wrote must still be understood."""
DOWN = {
    "epoch answer": EpochAnswer(1, DEVICE, STORAGE, PSAM, 4, ""),
    "epoch refused": EpochAnswer(1, DEVICE, STORAGE, PSAM, 0, "psam-moved"),
    "online answer": OnlineAnswer(DEVICE, 1, 9, b"answer"),
    "recover": Recover(LEDGER, STORE, 5),
    "ledger time": LedgerTime(MS),
    "revocations": SignedRevocations(b"body", b"x" * 64),
    "nobody awaited": Awaited(),
    "awaited": Awaited((CARD, SECOND)),
}
TERMINAL = TerminalState(DEVICE, "can0/1", "can", "joined", 1, 2, 3, 4, 0)
KINDS = DeviceKind.POS, DeviceKind.VALIDATOR, DeviceKind.LOAD_MACHINE, DeviceKind.DESK
INVENTORY = Inventory(
    2, 1, "演练校园", True, TIME,
    (
        CardRow(CARD, "0007", "campus", 1, 0, 1, 7, TIME, TIME + 9, 5000),
        CardRow(SECOND, "0008", "campus-sm4", 2, 0xE4, 2, 8, TIME, TIME + 9, 0, 800),
    ),
    (PsamRow(PSAM, DEVICE, TIME),),
    tuple(DeviceRow(DeviceId(bytes(5) + bytes((n,))), kind, BOX, f"body-{n}", "1号窗口", "一楼大伙")
          for n, kind in enumerate(KINDS, 1)),
    (BoxRow(BOX, 42, "第一食堂", bytes(32)),),
)  # fmt: skip


def _signed_ack(body: AckBody) -> bytes:
    raw = wire.encode_ack_body(body)
    return wire.encode_ack(SignedAck(raw, KEY.sign(ACK_CONTEXT + raw)))


def _signed_revocations(revoked: Revocations) -> bytes:
    raw = wire.encode_revocations(revoked)
    return wire.encode_now(SignedRevocations(raw, KEY.sign(REVOCATIONS_CONTEXT + raw)))


# ---- terminal and edge

SESSION_KEY = session_key(TERMINAL_KEY, b"e" * 16, b"terminal", DEVICE)


class Sealed(NamedTuple):
    """The first message of a session."""

    type: Type
    epoch_index: int
    payload: bytes


class Short(NamedTuple):
    """A single-frame form."""

    type: Type
    epoch: int
    seq: int


def _seal(m: Sealed) -> bytes:
    return Session(SESSION_KEY, DEVICE, Direction.UP).seal(m.type, m.payload, m.epoch_index)


def _open(raw: bytes) -> Sealed:
    opened = Session(SESSION_KEY, DEVICE, Direction.DOWN).open(raw)
    return Sealed(opened.type, opened.epoch_index, opened.payload)


def _seal_short(m: Short) -> bytes:
    return Session(SESSION_KEY, DEVICE, Direction.DOWN).seal_seq(m.type, m.epoch, m.seq)


def _open_short(raw: bytes) -> Short:
    found = Session(SESSION_KEY, DEVICE, Direction.UP).open_seq(raw, [(1, 0), (3, 70_000)])
    assert found is not None
    return Short(messages.type_of(raw), *found)


def _isotp(message: bytes) -> bytes:
    """The frames of a transfer one after another, as a receiver that holds nothing up makes it send."""
    transfer, sent = Transfer(message, TransferLimits()), b""
    while not transfer.done:
        sent += transfer.next_frame(0.0) or b""
        transfer.hear_flow_control(CONTINUE_FRAME, 0.0)
    return sent


def _joined(sent: bytes) -> bytes | None:
    """The message of these frames, of which the last alone may be short."""
    receiver = Reassembler(ReassemblyLimits())
    return [receiver.hear(1, sent[at : at + 8], 0.0).message for at in range(0, len(sent), 8)][-1]


# ---- a terminal's flash

PENDING = PendingPurchase(CARD, 0x4D, 9875, b"\0\0\0", 1250, 9, 0x21, PSAM, 0x12A7, TIME, 1, 0, b"MAC1", -50)
REQUEST = LoadRequest(CARD, 0x13, 9875, 20000, 2, 1, 0, 1, b"RRRR", b"MAC1")
OPEN = {
    "purchase": OpenSlot(5, 1, True, 0, PENDING, 0),
    "ride": OpenSlot(5, 1, False, 0, PENDING._replace(trip=TRIP), 0),
    "half of a pair": OpenSlot(5, 1, True, 0, PENDING._replace(pair=Pair.SECOND, other_fen=800), 0),
    "asked load": OpenSlot(5, 1, True, 9, AskedLoad(REQUEST, 0x21, DEVICE), 0),
    "granted load": OpenSlot(5, 1, True, 9, PendingLoad(REQUEST, 0x21, DEVICE, TIME, b"MAC2"), 0),
    "granted load of before, without MAC2": OpenSlot(5, 1, True, 9, PendingLoad(REQUEST, 0x21, DEVICE, TIME), 0),
}
PAGE = Page(
    7, STORAGE, 4096, 3, 64, 1, 12, 2, 9828, 30, STORE, (EpochRow(1, PSAM, 0, 40, 38), EpochRow(2, PSAM, 40, 9, 4)),
    (KnownEpoch(1, PSAM, 40),), True,
)  # fmt: skip


def _filled(size: int, render: Callable[[Any], bytes], value: object) -> bytes:
    return render(value).ljust(size, b"\0")


# ---- the desk


def _answer(value: Any) -> bytes:
    return desk.encode_answer(value.to_list())


def _answered(parse: Callable[[list[Any]], Any]) -> Callable[[bytes], Any]:
    def decode(raw: bytes) -> Any:
        answer = desk.decode_answer(raw)
        assert not isinstance(answer, No)
        return parse(answer)

    return decode


BOOKS = CardBooks(
    "0007", 1, 2, CardState.LOST, "0009", True, 100, 200, 300, 400, 500, 1, (7, 5), (3,),
    (OpenMatter("load", 3, 5000, MS),), ((PSAM, "pos-01", "1号窗口"),),
)  # fmt: skip
SHEET = DaySheet("王芳", 9828, 3, 7, (SheetRow("cash-in", 2, 5000),), 15000, None, 10, 5, 3, 1, 11, None)
REPLACED = Replaced(9, 600, 100, 200, 300, 50, 25, (("pos-01", "1号窗口", 2, 1, True),), False)
RECEIPT = desk.ReceiptSaid("王芳", 7, 5000, TIME, 15000, True)


SEAMS: dict[str, Seam] = {
    "record": Seam(records.encode, records.decode, RECORDS),
    "stored record": Seam(Stored.to_bytes, records.parse_stored, {"purchase": STORED}),
    "money up: batch": Seam(
        wire.encode_batch, wire.decode_batch, {"two": Batch(STORE, 5, (STORED.to_bytes(), b"no record at all"))}
    ),
    "money down: ack body": Seam(wire.encode_ack_body, wire.decode_ack_body, {"ranges and marks": ACK}),
    "money down: signed ack": Seam(
        _signed_ack, lambda raw: wire.decode_ack_body(wire.decode_ack(raw).body), {"signed": ACK}
    ),
    "now up": Seam(wire.encode_now, wire.decode_now_up, UP),
    "now up: fact": Seam(wire.encode_now, wire.decode_now_up, FACTS),
    "now down": Seam(wire.encode_now, wire.decode_now_down, DOWN),
    "now down: signed revocations": Seam(
        _signed_revocations,
        lambda raw: wire.decode_revocations(wire.decode_now_down(raw).body),
        {"three": REVOKED},
    ),
    "revocations": Seam(wire.encode_revocations, wire.decode_revocations, {"three": REVOKED}),
    "state": Seam(
        wire.encode_state,
        wire.decode_state,
        {
            "on line": BoxState(BOX, STORE, MS, True, 2, 3, 4, 5, 0, (TERMINAL,), wire.revocations_mark(REVOKED)),
            "last will": BoxState(BOX, STORE, MS, False, 2, 3, 4, 5, 0),
        },
    ),
    "inventory": Seam(
        partial(inventory.seal, key=KEY), partial(inventory.open_sealed, key=KEY.public_key()), {"signed": INVENTORY}
    ),
    "online request": Seam(
        LoadRequest.to_bytes,
        online.parse_request,
        {purpose.name: REQUEST._replace(purpose=purpose) for purpose in Purpose},
    ),
    "online answer": Seam(
        LoadAnswer.to_bytes,
        online.parse_answer,
        {result.name: LoadAnswer(result, TIME, b"MAC2", 20000) for result in LoadResult},
    ),
    "terminal: hello": Seam(
        messages.HELLO.encode,
        messages.HELLO.decode,
        {"40 B": TerminalHello(DEVICE, STORAGE, PSAM, 1, 2, 3, b"terminal")},
    ),
    "terminal: challenge": Seam(
        messages.CHALLENGE.encode, messages.CHALLENGE.decode, {"23 B": Challenge(b"e" * 16, 1, TIME)}
    ),
    "terminal: refuse": Seam(
        lambda one: messages.REFUSE.encode(messages.Refused(one)),
        lambda raw: messages.REFUSE.decode(raw).reason,
        {one.name: one for one in Refusal},
    ),
    "terminal: refusal, to be sealed": Seam(
        lambda one: messages.REFUSE_SEALED.encode(messages.Refused(one)),
        lambda raw: messages.REFUSE_SEALED.decode(raw).reason,
        {"revoked": Refusal.REVOKED},
    ),
    "terminal: auth": Seam(
        messages.AUTH.encode,
        messages.AUTH.decode,
        {"no epoch": Auth(()), "two": Auth((AuthEpoch(1, PSAM, 5, 9), AuthEpoch(2, PSAM, 1, 0)))},
    ),
    "terminal: welcome": Seam(
        messages.WELCOME.encode,
        messages.WELCOME.decode,
        {
            "no epoch": Welcome(STORE, 0, TIME, 1, 1, ()),
            "two": Welcome(STORE, 2, TIME, 1, 1, (WelcomeEpoch(1, 9, 8), WelcomeEpoch(2, 0, 0))),
        },
    ),
    "terminal: status": Seam(
        messages.STATUS.encode,
        messages.STATUS.decode,
        {"one epoch": Status((EpochStatus(1, PSAM, 5, 9, 4, 1),), 1, 0xABCDEF01, 7, 1, 9828, 2, 30000, True)},
    ),
    "terminal: heartbeat": Seam(messages.HEARTBEAT.encode, messages.HEARTBEAT.decode, {"6 B": Heartbeat(1, 2, 3, 4)}),
    "terminal: time": Seam(
        lambda time: messages.TIME.encode(messages.Time(time)),
        lambda raw: messages.TIME.decode(raw).time,
        {"4 B": TIME},
    ),
    "terminal: online answer": Seam(
        messages.ONLINE_ANSWER.encode, messages.ONLINE_ANSWER.decode, {"9": Online(9, b"answer")}
    ),
    "terminal: online request": Seam(
        messages.ONLINE_REQUEST.encode, messages.ONLINE_REQUEST.decode, {"9": Ask(9, 2000, b"payload")}
    ),
    "terminal: awaited": Seam(messages.AWAITED.encode, messages.AWAITED.decode, {"two": Awaited((CARD, SECOND))}),
    "terminal: sealed": Seam(
        _seal,
        _open,
        {kind.name: Sealed(kind, 2, b"payload") for kind in Type if kind not in (Type.ACK, Type.SETTLED)},
    ),
    "terminal: single frame": Seam(
        _seal_short, _open_short, {"ack": Short(Type.ACK, 1, 7), "settled": Short(Type.SETTLED, 3, 70_003)}
    ),
    "line: TCP": Seam(tcp_framing.encode, lambda raw: next(tcp_framing.FrameDecoder().feed(raw)), {"7 B": b"message"}),
    "line: RS-485": Seam(
        rs485_frame.encode_frame,
        lambda raw: rs485_frame.decode_frame(raw[1:-1]),
        {
            "reset": LineFrame(1, False, rs485_frame.Kind.RESET),
            "answer": LineFrame(7, True, rs485_frame.Kind.EXCHANGE, b"a\0b", True, 1, 1, True),
        },
    ),
    "line: CAN id": Seam(
        lambda one: one.word.to_bytes(4, "big"),
        lambda raw: parse_id(int.from_bytes(raw, "big")),
        {"up": CanId(6, 0xF0, 1), "to all": CanId(3, 0xFF, 0xF0, 0xDB)},
    ),
    "line: ISO-TP": Seam(_isotp, _joined, {"one frame": b"single", "eleven": bytes(range(70))}),
    "flash: page": Seam(
        partial(_filled, flash_layout.PAGE_SIZE, flash_layout.render_page), flash_layout.parse_page, {"revoked": PAGE}
    ),
    "flash: record": Seam(
        partial(_filled, flash_layout.SLOT_SIZE, flash_layout.render_record),
        flash_layout.parse_record,
        {"ride": RingSlot(41, 5, 2, records.encode(RECORDS["ride"]))},
    ),
    "flash: pending": Seam(flash_layout.render_open, flash_layout.parse_open, OPEN),
    "desk: ask": Seam(
        lambda ask: desk.encode_ask(*ask),
        desk.decode_ask,
        {op.name: (op.value, [b"k" * 16, "0007", 5000]) for op in DeskOp},
    ),
    "desk: refusal": Seam(desk.encode_answer, desk.decode_answer, {"no": No("lost", "已挂失", "reported lost")}),
    "desk: card ask": Seam(
        lambda ask: desk.encode_ask(DeskOp.CARD, ask.to_list()),
        lambda raw: desk.parse_card_ask(desk.decode_ask(raw)[1]),
        {"one": CardAsk(CARD, 7, 3, (PSAM,))},
    ),
    "desk: card": Seam(_answer, _answered(desk.parse_card_books), {"lost": BOOKS}),
    "desk: sheet": Seam(_answer, _answered(desk.parse_day_sheet), {"open day": SHEET}),
    "desk: receipt": Seam(_answer, _answered(desk.parse_receipt), {"told before": RECEIPT}),
    "desk: replaced": Seam(_answer, _answered(desk.parse_replaced), {"owing": REPLACED}),
}


# ---- ledger and key process

MASTER_KINDS = (
    KeyKind.PURCHASE, KeyKind.LOAD, KeyKind.TAC, KeyKind.UNLOAD, KeyKind.OVERDRAFT, KeyKind.MAINTENANCE,
    KeyKind.CONTROL, KeyKind.PIN_UNBLOCK, KeyKind.PIN_RELOAD, KeyKind.INTERNAL_AUTH, KeyKind.PSAM_CONTROL,
)  # fmt: skip
MASTERS = tuple(
    StoredKey(kind, 1, bytes((2 * n,)) * 8 + bytes((2 * n + 0x80,)) * 8) for n, kind in enumerate(MASTER_KINDS, 1)
)
SCHOOL = KeyStore(Level.SCHOOL, 1, (*MASTERS, StoredKey(KeyKind.LINK, 1, bytes(range(32)))))
KEY_CARD = numbers.card(1, 1, 7)
(CARD_KEYS,) = card_keys(SCHOOL, 1, [KEY_CARD[2:]])
RND, CHALLENGE = bytes.fromhex("E07742B9"), bytes(range(8))


def _load_auth(key: Key | None, kind: int) -> LoadAuth:
    mac1 = load_mac1(_session(key), 9_875, 2_000, kind, PSAM)
    return LoadAuth(KEY_CARD, 1, 0, RND, 19, 9_875, 2_000, kind, PSAM, mac1)


def _session(key: Key | None) -> Key:
    assert key is not None
    return load_session_key(key, RND, 19)


LOAD_AUTH, UNLOAD_AUTH = _load_auth(CARD_KEYS.load, TYPE_EP_LOAD), _load_auth(CARD_KEYS.unload, TYPE_UNLOAD)
OVERDRAFT_AUTH = OverdraftAuth(
    KEY_CARD, 1, 0, RND, 19, 9_875, 0, 5_000, PSAM, overdraft_mac1(_session(CARD_KEYS.overdraft), 9_875, 0, PSAM)
)
COVERED = purchase_tac_input(1_250, 9, PSAM, 4_775, date_time_bcd(TIME))
ITEMS = (
    tac_item(KEY_CARD, 1, 0, COVERED, tac(CARD_KEYS.tac, COVERED))
    + tac_item(KEY_CARD, 1, 0, COVERED, TAC)
    + terminal_item(DEVICE, 1, mac_input(b"a void"), terminal_mac(terminal_key(SCHOOL, DEVICE), mac_input(b"a void")))
)
OPERATIONS = (
    UpdateFile(0x15, 8, b"\1"), UpdateRecord(0x17, 1, bytes(48)), AppendRecord(0x17, bytes(48)), BlockApplication(),
    BlockApplication(forever=True), UnblockApplication(), BlockCard(), UnblockPin(0, b"123456"),
    WriteKey(CardKeyType.LOAD, 1, 1),
)  # fmt: skip
_UPKEEP = {
    f"upkeep: {to_frame(one)[0]} {n}": (Role.DESK, lambda keys, one=one: keys.upkeep(_protected(one), 1))
    for n, one in enumerate(OPERATIONS)
}


def _protected(operation: Upkeep) -> UpkeepAsk:
    return UpkeepAsk(KEY_CARD, CHALLENGE, operation)


KEY_ASKS: dict[str, tuple[Role, Callable[[KeyClient], object]]] = {
    "tac": (Role.MONEY, lambda keys: keys.check_tac(ITEMS)),
    "load check": (Role.MONEY, lambda keys: keys.load_check(LOAD_AUTH)),
    "load mac2": (Role.MONEY, lambda keys: keys.load_mac2(LOAD_AUTH, TIME)),
    "unload check": (Role.MONEY, lambda keys: keys.unload_check(UNLOAD_AUTH)),
    "unload mac2": (Role.MONEY, lambda keys: keys.unload_mac2(UNLOAD_AUTH, TIME)),
    "unload mac2 for a wrong mac1": (Role.MONEY, lambda keys: keys.unload_mac2(LOAD_AUTH._replace(type=3), TIME)),
    "unload mac3": (Role.MONEY, lambda keys: keys.unload_mac3(UNLOAD_AUTH, TIME, b"MAC3")),
    "overdraft check": (Role.MONEY, lambda keys: keys.overdraft_check(OVERDRAFT_AUTH)),
    "overdraft mac2": (Role.MONEY, lambda keys: keys.overdraft_mac2(OVERDRAFT_AUTH, TIME)),
    "kcv": (Role.AUDIT, lambda keys: keys.check_value("tac", 1)),
    "status": (Role.AUDIT, lambda keys: keys.masters()),
    "pin reload": (Role.DESK, lambda keys: keys.pin_reload(PinReloadAsk(KEY_CARD, b"123456"), 1)),
    "external auth": (Role.DESK, lambda keys: keys.external_auth(ExternalAuthAsk(KEY_CARD, CHALLENGE), 1)),
    "internal auth": (Role.DESK, lambda keys: keys.internal_auth(InternalAuthAsk(KEY_CARD, CHALLENGE, bytes(8)), 1)),
    "not of this role": (Role.DESK, lambda keys: keys.check_tac(ITEMS)),
    **_UPKEEP,
}


def key_operations() -> KeyOperations:
    """What a key process of this school answers with."""
    return KeyOperations(keeper_of(SCHOOL), 1)


@contextmanager
def one_answer(answer: Callable[[bytes], bytes]) -> Iterator[tuple[KeyClient, list[bytes]]]:
    """A client, and a key process that answers it once. What it was asked stands in the list."""
    asked: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/keys")
        listening.listen()

        def serve() -> None:
            peer, _ = listening.accept()
            with peer, peer.makefile("rb") as stream:
                asked.append(stream.read(LENGTH.unpack(stream.read(LENGTH.size))[0]))
                body = answer(asked[0])
                peer.sendall(LENGTH.pack(len(body)) + body)

        serving = Thread(target=serve)
        serving.start()
        with KeyClient(Path(folder) / "keys") as client:
            yield client, asked
        serving.join()


def outcome(ask: Callable[[KeyClient], object], client: KeyClient) -> Any:
    """What a question came to, as JSON."""
    try:
        return told(ask(client))
    except KeyRefused as refused:
        return f"refused: {refused}"
    except KeyFault as fault:
        return f"not understood: {fault}"


def _key_process() -> dict[str, Any]:
    kept = {}
    for name, (role, ask) in KEY_ASKS.items():
        answers: list[bytes] = []

        def answer(request: bytes, role: Role = role, answers: list[bytes] = answers) -> bytes:
            answers.append(key_operations().answer(request, role))
            return answers[0]

        with one_answer(answer) as (client, asked):
            means = outcome(ask, client)
        kept[name] = {"request": asked[0].hex(), "answer": answers[0].hex(), "means": means}
    return kept


# ---- what a value means, as JSON


def told(value: object) -> Any:
    """Fields by name, bytes as hexadecimal; of an enum its value."""
    if isinstance(value, Enum):
        return told(value.value)
    if isinstance(value, bytes | bytearray):
        return f"hex:{value.hex()}"
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: told(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: told(getattr(value, name)) for name in value._fields}
    if isinstance(value, tuple | list):
        return [told(one) for one in value]
    return value


def main(file: Path) -> None:
    """Write the file."""
    kept = {
        name: {case: {"bytes": seam.encode(value).hex(), "means": told(value)} for case, value in seam.values.items()}
        for name, seam in SEAMS.items()
    }
    kept[KEY_PROCESS] = _key_process()
    file.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
