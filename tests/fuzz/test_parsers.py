"""Every parser of bytes against bad bytes: a value, or an error of ours; never another exception, never a long time.

Seeded by the parser's name, and bounded: what failed once fails again.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from os import urandom
from random import Random

import pytest

from cloud.watch.docking.sparkplug import payload as docked_payload
from cloud.watch.docking.sparkplug import state as docked_state
from cloud.watch.docking.sparkplug import topics as docked_topics
from compose.campus import trace
from edge.link import messages as link
from edge.link.can import frame as can_frame
from edge.link.can import isotp
from edge.link.rs485 import cobs
from edge.link.rs485 import frame as rs485_frame
from edge.link.sim import can_wire as sim_can_wire
from edge.link.tcp import framing as tcp_framing
from edge.process.identity import own
from edge.terminal.counter import commands
from edge.terminal.down import orders as kept_orders
from edge.terminal.store import layout as flash_layout
from provisioning.certificates import authority
from provisioning.custody import lines as journal_lines
from provisioning.enrolment import register
from provisioning.issue import order as production_order
from shared import inventory, online, records
from shared.clocks import campus_clock, clock
from shared.errors import WireFault, YktError
from shared.fleet import cards as fleet_cards
from shared.fleet import order as fleet_order
from shared.fleet import revocations as fleet_revocations
from shared.ids import BoxId, CardId, DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.input import amount
from shared.keys import shares
from shared.purse import apdu, caps, files
from shared.purse.cos import cardfs, images, psam_image
from shared.purse.cos.psam_image import PsamMaster
from shared.purse.crypto import Key
from shared.records import kinds, slot_file
from shared.transit import ride_record, trip
from shared.wire import codec, messages, topics
from shared.wire.desk import calls as desk
from shared.wire.enrol import code, sheet
from shared.wire.enrol import messages as enrol
from tests.fuzz.mutations import mutated, other_values, sealed_again

INPUTS = 1500
SLOW_S = 1.0
"""Far above any parser's time on a busy machine; what made one think took longer."""
OURS = (YktError, cobs.CobsError, rs485_frame.FrameError, can_frame.FrameError, sim_can_wire.PacketError,
        sim_can_wire.JoinRefusedError)  # fmt: skip

DEVICE, STORAGE, PSAM = DeviceId(b"\1\2\3\4\5\6"), StorageId(b"storage1"), PsamId(b"psam01")
STORE, LEDGER = StoreId(b"store--1"), LedgerId(b"ledger01")
RECORD = records.PurchaseRecord(
    1, records.Kind.PURCHASE, 64, 9, 7, CardId(b"0123456789"), 5, 9, 0x21, 1250, 5000, 800_000_000, 1, 0, b"tac!",
    b"\0\0\1", 0, 1, 1, 0, 0,
)  # fmt: skip
WIRE = records.encode(RECORD)
STORED = records.Stored(DEVICE, 1, PSAM, WIRE).to_bytes()
ACK = messages.AckBody(
    LEDGER, 5, 9, BoxId("box"), STORE, 7, ((9, 12),), (messages.DeviceMark(DEVICE, 1, 4, ((6, 8),)),), 2000
)  # fmt: skip
FORM_2_ACK = ACK._replace(apart=((2, 3),), heads=messages.Heads(bytes(32), 4, b"h" * 32))
SIGNED = messages.SignedAck(messages.encode_ack_body(ACK), bytes(64))
CARD = images.blank_card_image(Key(bytes(range(16))))
CHIP = psam_image.new_psam_image(PSAM, {1: PsamMaster(Key(bytes(range(16))), 1)})
PAGE = flash_layout.render_page(
    flash_layout.Page(2, STORAGE, 16, 0, 0, 0, 0, 0, 0, 0, STORE, (flash_layout.EpochRow(1, PSAM, 0, 0, 0),), ())
)  # fmt: skip
SLOT = flash_layout.render_record(flash_layout.RingSlot(1, 1, 1, WIRE))
FRAME = rs485_frame.encode_frame(rs485_frame.LineFrame(1, True, rs485_frame.Kind.EXCHANGE, b"hi"))[1:-1]
JOIN = sim_can_wire.encode_join(sim_can_wire.Join(125_000, sim_can_wire.NodeSettings((), True, True, 0.0)))
DAY = "时间,卡号,终端,金额\n2025-09-01 11:32:05,0012,1,12.5\n".encode()
ORDER = json.dumps({"batch": "a1", "cards": [{"class": "1班", "label": "1", "name": "x", "card_class": 1}]}).encode()
DOCKED = docked_payload.encoded(
    docked_payload.Payload(9, 1, (docked_payload.metric("bdSeq", docked_payload.DataType.INT64, 7, 9, 3),))
)
SHARE = shares.split(bytes(range(16)), 2, 3, urandom)[0]


def _padded(parse: Callable[[bytes], object], size: int) -> Callable[[bytes], object]:
    return lambda raw: parse(raw.ljust(size, b"\0")[:size])


def _said_on(lane: str) -> list[bytes]:
    said = [one for one in messages.MESSAGES if one.lane == lane]
    return [one.encode(example) for one in said for example in one.examples]


def _as_text(parse: Callable[[str, str], object]) -> Callable[[bytes], object]:
    return lambda raw: parse(raw.decode("utf-8", "replace"), "a:1")


TICKET = code.Ticket("onecard.example:8460", code.code_of(bytes(range(16))), bytes(32))
BOX = register.revoked(
    register.BoxRecord(
        "bus-1", register.Order("0123", bytes(32), "王", 1, 9, True), (register.Issued(7, b"spki", 1, 9, b"pem"),)
    ), 5, "被盗",
)  # fmt: skip
_KEY, _MADE = authority.new_key(), datetime(2026, 11, 1, tzinfo=UTC)
_CA = authority.new_authority("school", _MADE)
GIVEN = authority.issue_client(_CA, _KEY.public_key(), "bus-1", _MADE)
SHEET_KEY = authority.private_pem(_KEY)
SHEET_CERTIFICATE = authority.issue_own(_KEY, "bus-1", _MADE)
MESSAGE = "lanes: "
DEEDS = (fleet_order.Lock("盘点"), fleet_order.Unlock(), fleet_order.Locate(30), fleet_order.Reread(2, 5, 9),
         fleet_order.SendLog(1), fleet_order.Cancel(7), fleet_order.Foreign(200, b"later"))  # fmt: skip
KEPT = kept_orders.OrderState(7, lock="盘点", detail=b"ok").encode()

PARSERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "record": (records.decode, [records.encode(one.example) for one in kinds.KINDS]),
    "stored record": (records.parse_stored, [STORED]),
    "ack body": (messages.decode_ack_body, [SIGNED.body, messages.encode_ack_body(FORM_2_ACK)]),
    **{MESSAGE + one.layout.name: (one.decode, list(map(one.encode, one.examples))) for one in messages.MESSAGES},
    "now up": (messages.decode_now_up, _said_on(topics.UP_NOW)),
    "now down": (messages.decode_now_down, _said_on(topics.DOWN_NOW)),
    "revocations": (messages.decode_revocations, [messages.encode_revocations(messages.Revocations(1, (PSAM,)))]),
    "file of ours": (codec.unpack_file, [codec.pack([1, [2, b"3", "4", None, True]])]),
    "box's code": (_as_text(code.parse_ticket), [code.qr_text(TICKET).encode(), TICKET.code.text.encode()]),
    "enrol ask": (enrol.enrol_ask, [enrol.EnrolAsk("0123", bytes(32), True, b"csr").encode()]),
    "renew ask": (enrol.renew_ask, [enrol.RenewAsk(b"pem", b"csr").encode()]),
    "enrol answer": (enrol.answer_of, [enrol.time_answer(1, bytes(16)).encode()]),
    "grant": (enrol.grant_of, [enrol.Grant("bus-1", b"pem", "a:1", (("edge.json", b"{}"),)).encode()]),
    "request of a box": (authority.open_request, [authority.new_request(_KEY, "bus-1")]),
    "certificate at a box": (own.look_at, [GIVEN]),
    "certificate of a box": (partial(authority.open_given, _CA), [GIVEN]),
    "register of a box": (register.decode, [register.encode(BOX)]),
    "signed sheet": (sheet.open_sheet, [sheet.sign_sheet({"box": "bus-1"}, SHEET_KEY, SHEET_CERTIFICATE)]),
    "desk ask": (desk.decode_ask, [desk.encode_ask("find", ["0012"])]),
    "desk answer": (desk.decode_answer, [desk.encode_answer([1, 2]), desk.encode_answer(desk.No("a", "b", "c"))]),
    "replaced": (lambda raw: desk.parse_replaced(codec.loads(raw)),
                 [codec.dumps([1, 2, [1, 2, 3, 4, 5], [["pos", "place", 1, 0, True]], False])]),
    "day sheet": (lambda raw: desk.parse_day_sheet(codec.loads(raw)),
                  [codec.dumps(["a", 1, 1, 2, [["load", 1, 5]], 5, None, [1, 2, 3, 4, 5], None])]),
    "load request": (online.parse_request, [bytes((1,)) + bytes(32)]),
    "load answer": (online.parse_answer, [bytes((1,)) + bytes(13)]),
    "code's answer": (online.parse_code_answer, [bytes((1, 7)) + bytes(12), bytes((2,)) + bytes(9)]),
    "slot file": (slot_file.choose, [slot_file.render_initial(b"hello", 64)]),
    **{one.name: (one.decode, [one.encode(one.example)]) for one in link.MESSAGES},
    "message type": (link.type_of, [b"\1\x10"]),
    "COBS": (cobs.decode, [cobs.encode(b"abc\0def")]),
    "RS-485 frame": (rs485_frame.decode_frame, [FRAME]),
    "CAN frame": (can_frame.unpack, [bytes(16)]),
    "CAN join": (sim_can_wire.decode_join, [JOIN]),
    "CAN answer": (sim_can_wire.decode_answer, [sim_can_wire.encode_welcome(1), sim_can_wire.encode_refusal("x")]),
    "command APDU": (apdu.CommandApdu.decode, [bytes.fromhex("00a4040006112233445566")]),
    "response APDU": (apdu.ResponseApdu.decode, [b"\x90\0", b"abc\x90\0"]),
    "docked payload": (docked_payload.decoded, [DOCKED]),
    "docked host's state": (docked_state.read_state, [b'{"online": true, "timestamp": 1764300000000}']),
    "trip": (trip.parse_trip, [bytes(12)]),
    "ride record": (ride_record.parse_ride, [bytes(48)]),
    "card counters": (caps.parse_counters, [bytes(48)]),
    "card log": (files.parse_log, [bytes(23)]),
    "card": (cardfs.decode_card, [CARD]),
    "card, its CRC right": (lambda raw: images.decode_card_image(sealed_again(raw)), [CARD]),
    "PSAM": (psam_image.decode_psam_image, [CHIP]),
    "PSAM, its CRC right": (lambda raw: psam_image.decode_psam_image(sealed_again(raw)), [CHIP]),
    "flash page": (_padded(flash_layout.parse_page, flash_layout.PAGE_SIZE), [PAGE]),
    "ring slot": (_padded(flash_layout.parse_record, flash_layout.SLOT_SIZE), [SLOT]),
    "trace": (lambda raw: trace.read(raw, date(2026, 1, 1)), [DAY, DAY.decode().encode("gb18030")]),
    "journal": (lambda raw: journal_lines.decode(raw, "journal"), [journal_lines.encode({"a": 1}) * 3]),
    "order": (production_order.parse_order, [ORDER]),
    "order of a terminal": (fleet_order.decode_order,
                            [fleet_order.Order(one, 848_000_000).encode() for one in DEEDS]),
    "awaited cards": (fleet_cards.read_awaited, [fleet_cards.awaited_body([CardId(b"0123456789")])]),
    "operator cards": (fleet_cards.read_operators, [fleet_cards.operators_body([CardId(b"0123456789")])]),
    "listed devices": (fleet_revocations.read_revocations,
                       [fleet_revocations.revocations_body(messages.Revocations(1, (PSAM,), (DEVICE,)))]),
    "kept orders": (kept_orders.read_state, [KEPT]),
    "kept orders, their CRC right": (lambda raw: kept_orders.read_state(sealed_again(raw)), [KEPT]),
    "share": (shares.from_bytes, [SHARE.to_bytes()]),
}  # fmt: skip

CBOR = {"ack body": 0, "replaced": 0, "day sheet": 0, "revocations": 0} | dict.fromkeys(
    ("now up", "now down", "desk ask", "desk answer", *(name for name in PARSERS if name.startswith(MESSAGE))), 1
)
"""Of these, where the CBOR begins."""
BLANK = frozenset({"ride record", "card counters", "trip", "load request", "load answer"})
"""Begun with zeros of the right length."""

TEXTS: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "topic": (topics.parse, ["oykt/v1/p05/canteen-1/up/now"]),
    "docked topic": (docked_topics.read_topic, ["spBv1.0/g/DDATA/n/d", "spBv1.0/STATE/h"]),
    "time": (clock.parse_time, ["2026-11-26T11:30:00", "2026-11-26"]),
    "campus clock": (campus_clock.parse_clock, ["817300805.0:1784000000.0:60"]),
    "yuan": (amount.parse_yuan, ["12.50", "¥1"]),
    "time of a trace": (lambda text: trace.parse_time(text, date(2026, 1, 1)), ["2025年9月1日 11:32:05", "11:32"]),
    "amount of a trace": (amount.parse_amount, ["1,234.50元"]),
    "counter command": (commands.parse, ["buy 12.5", "load 50", "0001 12.5"]),
    "share by hand": (shares.from_text, [SHARE.to_text()]),
}


def _try(parse: Callable[[bytes], object], raw: bytes) -> None:
    begun_s = time.process_time()
    try:
        parse(raw)
    except OURS:
        pass
    except Exception as fault:
        fault.add_note(f"input: {raw[:400]!r}")
        raise
    took_s = time.process_time() - begun_s
    assert took_s < SLOW_S, f"{took_s:.1f} s for {raw[:200]!r}"


@pytest.mark.parametrize("name", PARSERS)
def test_bad_bytes_end_as_a_value_or_an_error_of_ours(name: str) -> None:
    parse, good = PARSERS[name]
    rng = Random(name)
    if name not in BLANK:
        parse(good[0])  # what is made worse was good
    for _ in range(INPUTS):
        _try(parse, mutated(rng, rng.choice(good)))


@pytest.mark.parametrize("name", CBOR)
def test_other_values_end_as_a_value_or_an_error_of_ours(name: str) -> None:
    (parse, good), begins = PARSERS[name], CBOR[name]
    rng = Random(name)
    for _ in range(INPUTS):
        raw = rng.choice(good)
        _try(parse, raw[:begins] + other_values(rng, raw[begins:]))


@pytest.mark.parametrize("name", TEXTS)
def test_bad_text_ends_as_a_value_or_an_error_of_ours(name: str) -> None:
    parse, good = TEXTS[name]
    rng = Random(name)
    parse(good[0])
    for _ in range(INPUTS):
        raw = mutated(rng, rng.choice(good).encode())
        _try(lambda raw: parse(raw.decode("utf-8", "replace")), raw)
        _try(lambda raw: parse(raw.decode("latin-1")), raw)


def test_streams_of_anything_hold_no_more_than_one_message() -> None:
    rng = Random("streams")
    line, limits = rs485_frame.FrameReader(), isotp.ReassemblyLimits()
    bus = isotp.Reassembler(limits)
    for n in range(20 * INPUTS):
        line.feed(rng.randbytes(rng.randrange(60)))
        assert len(line._buffer) <= rs485_frame.FRAME_MAX_BYTES
        bus.hear(rng.randrange(500), rng.randbytes(rng.randrange(9)), n / 1000, rng.random() < 0.2)
        assert len(bus._running) + len(bus._waiting) <= limits.receptions_max
        assert len(bus._replies) <= 2 * limits.receptions_max
        if rng.random() < 0.01:
            bus.expire(n / 1000)
    for _ in range(INPUTS):
        calls = tcp_framing.FrameDecoder()
        with suppress(tcp_framing.FramingError):
            for _ in range(20):
                list(calls.feed(rng.choice((b"\0\5", b"\x0f\xff", b"")) + rng.randbytes(rng.randrange(300))))
                assert len(calls._buffer) < 4095 + 2 + 302


def test_a_sealed_inventory_of_strangers_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key, rng = Ed25519PrivateKey.generate(), Random("inventory")
    good = codec.pack([inventory.FORMAT, b"body", bytes(64)])
    for _ in range(INPUTS):
        with pytest.raises(WireFault):
            inventory.open_sealed(mutated(rng, good), key.public_key())
